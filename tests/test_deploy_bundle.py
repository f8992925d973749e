"""The bundle: what it holds, and that its install script installs without a network, refuses damage and keeps
documents."""

from __future__ import annotations

import ensurepip
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from deploy import bundle
from errors import WenjuError
from wenju import __version__

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux", reason="bundles are made and installed on Linux"
)
TOLD = (
    "import os, sys\ndef main():\n    open(os.environ['TOLD'], 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
)


def wheel(folder: Path) -> None:
    """A program called wenju that writes down how it was called."""
    info = f"wenju-{__version__}.dist-info"
    with zipfile.ZipFile(folder / f"wenju-{__version__}-py3-none-any.whl", "w") as archive:
        archive.writestr("told.py", TOLD)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: wenju\nVersion: {__version__}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\nwenju = told:main\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A bundle made as the real one is, with a scripted program instead of wheels and models; unpacked
    elsewhere."""
    folder = tmp_path / bundle.name()
    (folder / "wheels").mkdir(parents=True)
    (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    shutil.copy(pip, folder / "wheels")
    wheel(folder / "wheels")
    (folder / "models.tar").write_bytes(b"weights")
    bundle.add_program(folder)
    bundle.write_sums(folder)
    archive = tmp_path / "bundle.tar"
    bundle.write_archive(folder, archive)
    assert not list(tmp_path.glob("*.part"))
    with tarfile.open(archive) as tar:
        assert {(info.uid, info.uname) for info in tar} == {(0, "")}
        tar.extractall(tmp_path / "there", filter="data")
    return tmp_path / "there" / folder.name


def install(unpacked: Path, target: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    told = target.parent / "told"
    environment = {
        **os.environ,
        "PYTHON": sys.executable,
        "TOLD": str(told),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    }
    done = subprocess.run([unpacked / "install.sh", target], env=environment, capture_output=True, text=True)
    return done, told.read_text().splitlines() if told.is_file() else []


def test_a_bundle_installs_and_a_second_time_leaves_documents_and_settings(
    unpacked: Path, tmp_path: Path
) -> None:
    target = tmp_path / "in place"
    done, told = install(unpacked, target)
    assert done.returncode == 0, done.stderr
    fetch, add = f"models fetch --from {unpacked}/models.tar", f"index add {unpacked}/corpus"
    assert told == [fetch, add, "doctor --offline"]
    assert (target / "wenju").stat().st_mode & 0o111 and f"Ready: {target}/wenju serve" in done.stdout
    assert len(list((unpacked / "corpus").iterdir())) == 6
    (target / "wenju.toml").write_text("# mine\n")
    (target / "data" / "index").mkdir(parents=True)
    (target / "data" / "index" / "CURRENT").write_text("gen-1")
    done, told = install(unpacked, target)
    assert done.returncode == 0 and told[3:] == [fetch, "doctor --offline"]
    assert (target / "wenju.toml").read_text() == "# mine\n"


def test_a_damaged_bundle_is_refused_before_anything_is_installed(unpacked: Path, tmp_path: Path) -> None:
    (unpacked / "models.tar").write_bytes(b"weight!")
    done, told = install(unpacked, tmp_path / "target")
    assert done.returncode == 1 and "damaged" in done.stderr and not told
    assert not list((tmp_path / "target").iterdir())


@pytest.mark.parametrize(
    ("line", "said"),
    [("PYTHON=9.9", "Python 9.9 is needed"), ("MACHINE=vax", "make one on a machine like this")],
)
def test_another_machine_or_python_is_told(unpacked: Path, tmp_path: Path, line: str, said: str) -> None:
    with (unpacked / "bundle.env").open("a") as facts:
        facts.write(line + "\n")
    bundle.write_sums(unpacked)
    done, told = install(unpacked, tmp_path / "target")
    assert done.returncode == 1 and said.lower() in done.stderr.lower() and not told


def test_a_cuda_build_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl").touch()
    bundle.refuse_gpu(tmp_path)
    (tmp_path / "nvidia_cudnn_cu13-9.0-py3-none-any.whl").touch()
    with pytest.raises(WenjuError, match="nvidia_cudnn"):
        bundle.refuse_gpu(tmp_path)


def test_scripts_are_valid_for_a_plain_shell() -> None:
    for script in ("install.sh", "try_bundle.sh"):
        path = bundle.ROOT / "deploy" / script
        assert os.access(path, os.X_OK)
        subprocess.run(["sh", "-n", path], check=True)
