"""One archive that installs on a machine without any network: ``python -m deploy.bundle FOLDER`` (`make
bundle`).

In it: wheels of the program and of all that it needs, for this system and Python; the models that the
settings use; the sample corpus; install.sh; licences; SHA256SUMS over everything. A plain tar, since weights
and wheels do not compress.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from errors import WenjuError
from models.store import ModelStore
from wenju import __version__
from wenju.settings import load_settings, wanted_models

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ("LICENSE", "NOTICE", "constraints.txt", "docs/INSTALL.md", "docs/DEPLOYMENT.md", "docs/LICENCES.md")
SUMS = "SHA256SUMS"
GPU = ("nvidia", "triton", "cuda")
"""Beginnings of the wheels that a CUDA build of torch brings along: several GB that nothing here uses on a
CPU."""


def name() -> str:
    """``wenju-0.1.0-linux-x86_64-py3.11``: wheels hold for one system, machine and Python."""
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    return "-".join(("wenju", __version__, platform.system().lower(), platform.machine(), python))


def collect_wheels(folder: Path) -> None:
    """Build or fetch the wheels with the pip of this interpreter, in the versions of the constraints.

    Raises:
        WenjuError: a wheel is not to be had, or torch is a CUDA build.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    program = [*pip, "wheel", "--quiet", "--constraint", "constraints.txt", "--wheel-dir", str(folder), "."]
    for command in (program, [*pip, "download", "--quiet", "--no-deps", "--dest", str(folder), "pip"]):
        if subprocess.run(command, cwd=ROOT).returncode:
            raise WenjuError(
                "pip could not collect the wheels.",
                "Its message stands above; docs/INSTALL.md, 'Behind a mirror'.",
            )
    refuse_gpu(folder)


def refuse_gpu(folder: Path) -> None:
    """Raises WenjuError when wheels of a CUDA build came along."""
    if large := sorted(path.name for path in folder.glob("*.whl") if path.name.startswith(GPU)):
        raise WenjuError(
            f"The index has a CUDA build of torch ({large[0]} ...).",
            "Point pip to the CPU build: docs/INSTALL.md, 'torch'.",
        )


def add_program(folder: Path) -> None:
    """install.sh with its facts, the sample corpus, licences and documents."""
    shutil.copy(ROOT / "deploy" / "install.sh", folder / "install.sh")
    (folder / "install.sh").chmod(0o755)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    facts = {
        "VERSION": __version__,
        "PYTHON": version,
        "SYSTEM": platform.system(),
        "MACHINE": platform.machine(),
    }
    (folder / "bundle.env").write_text("".join(f"{key}={value}\n" for key, value in facts.items()), "utf-8")
    (folder / "corpus").mkdir()
    for path in sorted((ROOT / "corpus").glob("*.md")):
        shutil.copy(path, folder / "corpus")
    for text in TEXTS:
        if (ROOT / text).is_file():
            shutil.copy(ROOT / text, folder)


def write_sums(folder: Path) -> None:
    """SHA256SUMS over every file, in the form that sha256sum checks."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS):
        with path.open("rb") as file:
            lines.append(
                f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.relative_to(folder).as_posix()}\n"
            )
    (folder / SUMS).write_text("".join(lines), "utf-8")


def write_archive(folder: Path, out: Path) -> None:
    """The folder as one tar, whole or not at all."""
    partial = out.with_name(out.name + ".part")
    try:
        with tarfile.open(partial, "w") as archive:
            archive.add(folder, arcname=folder.name, filter=_plain)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def make(out: Path) -> Path:
    """Write the archive into the folder ``out`` and return its path. Needs the models in the store, and a
    package index."""
    settings = load_settings()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=out) as scratch:
        folder = Path(scratch) / name()
        (folder / "wheels").mkdir(parents=True)
        ModelStore(settings.models.folder).bundle(folder / "models.tar", wanted_models(settings))
        collect_wheels(folder / "wheels")
        add_program(folder)
        write_sums(folder)
        archive = out / f"{folder.name}.tar"
        write_archive(folder, archive)
    return archive


if __name__ == "__main__":
    try:
        made = make(Path(sys.argv[1] if len(sys.argv) > 1 else "dist"))
    except WenjuError as error:
        sys.exit(f"bundle: {error}")
    print(f"{made}: {made.stat().st_size / 1e9:.2f} GB")
