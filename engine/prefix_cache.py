"""Prefix cache on disk: keys and values of what a model has read, for after they have left memory and for the
next start.

One file a block, named by a hash of the model and of all tokens up to the block's end, so that a file is
never of use to another model or text. It appears whole (written aside, then renamed) and carries a checksum;
so any number of processes may share the folder, and be killed. What nobody used for longest goes first. A
folder that cannot be written to is read only. Knows nothing of memory (``blocks.py``).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import threading
import time
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.passes import BLOCK

log = logging.getLogger("wenju.engine")
FREE = 1 << 30
"""Bytes of the disk that are left to others."""
_LOOK = 64
"""Blocks saved between two looks at what other processes have saved."""
_STALE = 3600
"""Seconds after which a file written aside was left by somebody who was killed."""
_LINE = 64
"""Blocks that may wait to be saved; they stay in memory for it."""


class Kept:
    """The files in ``folder``, of ``most`` bytes together, for a model.

    Args:
        model: everything that keys and values depend on besides the tokens.
        sizes: bytes that a block may have: of the lower layers, of all.
    """

    def __init__(self, folder: Path, most: int, model: str, *sizes: int) -> None:
        self._folder = folder
        self._most = most
        self._sizes = sizes
        self._model = hashlib.blake2b(model.encode(), digest_size=16).digest()
        self._total: int | None = None
        self._saved = 0
        self.writable = True

    def names(self, tokens: Sequence[int]) -> list[str]:
        """A name for each full block of the tokens, and for the rest."""
        return [digest.hex() for digest in self._chain(self._model, tokens)]

    def find(self, tokens: Sequence[int], begin: int) -> list[tuple[str, int]]:
        """Files that go on from the first ``begin`` tokens (full blocks) without a gap: each one's name and
        how many tokens are held with it. The last may hold less than a block."""
        chain = self._chain(self._model, tokens)
        found: list[tuple[str, int]] = []
        at, last = begin, chain[begin // BLOCK - 1] if begin else self._model
        for digest in chain[begin // BLOCK : len(tokens) // BLOCK]:
            if not (self._folder / digest.hex()).exists():
                break
            at, last = at + BLOCK, digest
            found.append((digest.hex(), at))
        for end in range(min(len(tokens), at + BLOCK - 1), at, -1):
            (digest,) = self._chain(last, tokens[at:end])
            if (self._folder / digest.hex()).exists():
                return [*found, (digest.hex(), end)]
        return found

    def load(self, name: str) -> memoryview | None:
        """A block; None when it is gone, or damaged (then it goes)."""
        path = self._folder / name
        try:
            data = memoryview(path.read_bytes())
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if len(data) - 4 not in self._sizes or bytes(data[:4]) != _checksum(name, data[4:]):
                path.unlink()
                return None
            os.utime(path)
        return data[4:]

    def has(self, name: str) -> bool:
        return (self._folder / name).exists()

    @property
    def full(self) -> bool:
        """Whether what is saved now drives out what was used before."""
        if self._total is None:
            self._look()
        return not self.writable or (self._total or 0) > 0.9 * self._most

    def save(self, name: str, data: bytes) -> None:
        """Keep a block, as long as there is room on the disk."""
        if self._total is None or self._total > self._most or self._saved % _LOOK == 0:
            self._look()
        if not self.writable:
            return
        aside = self._folder / f".{name}.{os.getpid()}"
        try:
            with aside.open("wb") as file:
                file.write(_checksum(name, data))
                file.write(data)
            os.replace(aside, self._folder / name)
        except OSError as error:
            self._stop(error)
            with contextlib.suppress(OSError):
                aside.unlink()
            return
        self._saved += 1
        self._total = (self._total or 0) + len(data) + 4

    def _look(self) -> None:
        """Add up what is there, and let go of what is too much."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = shutil.disk_usage(self._folder).free
            files = sorted(self._files(), reverse=True)
        except OSError as error:
            self._total = self._total or 0
            self._stop(error)
            return
        total = sum(size for _, size, _ in files)
        most = min(0.95 * self._most, total + free - FREE)
        while files and total > most:
            _, size, path = files.pop()
            with contextlib.suppress(OSError):
                os.unlink(path)
            total -= size
        self._total = total
        if free < FREE:
            self._stop(OSError(f"less than {FREE >> 20} MB are free"))

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """When each file was last used, its size and path; what was left aside goes."""
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):  # another process let go of it
                stat = entry.stat()
                if not entry.name.startswith("."):
                    yield stat.st_mtime, stat.st_size, entry.path
                elif time.time() - stat.st_mtime > _STALE:
                    os.unlink(entry.path)

    def _stop(self, error: OSError) -> None:
        if self.writable:
            log.warning("what is read is not kept in %s any more: %s", self._folder, error)
        self.writable = False

    @staticmethod
    def _chain(last: bytes, tokens: Sequence[int]) -> list[bytes]:
        """Hash after each block of the tokens, each made with the one before."""
        chain = []
        for at in range(0, len(tokens), BLOCK):
            part = array("I", tokens[at : at + BLOCK]).tobytes()
            last = hashlib.blake2b(part, digest_size=16, key=last).digest()
            chain.append(last)
        return chain


class Disk:
    """Blocks of a model to and from ``kept``. They are saved by a thread of its own, and only while ``quiet``
    is set: nobody's answer waits for it.

    Args:
        dump: what a block holds, of all layers or of the lower ones.
        fill: makes a block hold that; whether it was of all layers.
    """

    def __init__(
        self, kept: Kept, dump: Callable[[int, bool], bytes], fill: Callable[[int, memoryview], bool]
    ) -> None:
        self.kept = kept
        self.quiet = threading.Event()
        self._dump = dump
        self._fill = fill
        self._lock = threading.Lock()
        self._line: deque[tuple[str, int, bool, Callable[[int], None]]] = deque()
        self._running = False
        self._age = 0

    def load(self, name: str, block: int) -> bool | None:
        """Make the block hold what is kept under the name, and tell whether that is of all layers; None, and
        nothing is changed, when it is gone."""
        data = self.kept.load(name)
        return None if data is None else self._fill(block, data)

    def save(self, name: str, block: int, deep: bool, done: Callable[[int], None]) -> bool:
        """Save the block, of all layers where it is ``deep``, when it is quiet; it must not change until
        ``done`` is called. False when too many wait, or it is kept already."""
        if not self.kept.writable or len(self._line) >= _LINE or self.kept.has(name):
            return False
        with self._lock:
            self._line.append((name, block, deep, done))
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="wenju-kept", daemon=True).start()
        return True

    def forget(self) -> None:
        """Blocks that wait hold something else from now on."""
        with self._lock:
            self._line.clear()
            self._age += 1

    def _run(self) -> None:
        while True:
            self.quiet.wait()
            with self._lock:
                if not self._line:
                    self._running = False
                    return
                (name, block, deep, done), age = self._line.popleft(), self._age
            data = self._dump(block, deep)
            if age == self._age:
                self.kept.save(name, data)
            done(block)


def clear(folder: Path) -> None:
    """Let go of everything that is kept there, by whatever process."""
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(entry.path)


def _checksum(name: str, data: bytes | memoryview) -> bytes:
    return zlib.crc32(data, zlib.crc32(name.encode())).to_bytes(4, "little")
