"""What the index asks of a disk: one writer at a time, files that are there after a power cut, errors that
say what to do."""

from __future__ import annotations

import datetime
import errno
import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import IndexError_

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def writing(root: Path, wait: float) -> Iterator[None]:
    """Be the only writer of the index in ``root``; a process that was killed holds nothing.

    Raises:
        IndexError_: another one is writing, for longer than ``wait`` seconds.
    """
    from filelock import FileLock, Timeout

    root.mkdir(parents=True, exist_ok=True)
    holder = root / ".holder"
    try:
        with FileLock(root / ".lock", timeout=wait):
            holder.write_text(
                json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now()}), "utf-8"
            )
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except Timeout:
        raise _busy(root, holder) from None


@contextmanager
def told(root: Path) -> Iterator[None]:
    """Turn what the system says of a full disk or of missing rights into IndexError_; the index in ``root``
    is as it was."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL or (
            error.errno is None and "requested and" in str(error)
        ):  # as numpy tells it
            raise IndexError_.named("index_full", root=str(root)) from error
        if error.errno in _DENIED and str(root) in str(error.filename or root):
            raise IndexError_.named("index_denied", root=str(root), what=str(error.strerror)) from error
        raise
    except (sqlite3.OperationalError, RuntimeError) as error:  # faiss wraps what its writes return
        if any(
            sign in str(error) for sign in ("disk is full", "disk I/O", "No space left", "File too large")
        ):
            raise IndexError_.named("index_full", root=str(root)) from error
        raise


def _busy(root: Path, holder: Path) -> IndexError_:
    try:
        facts = json.loads(holder.read_text("utf-8"))
        by = {name: str(facts[name]) for name in ("pid", "host", "since")}
    except (OSError, ValueError, KeyError):
        return IndexError_.named("index_busy", root=str(root))
    return IndexError_.named("index_busy_by", root=str(root), **by)


def reserve(path: Path, size: int) -> None:
    """Make sure that a file of ``size`` bytes has its place, before it is written through a memory map: there
    a full disk would be a signal that ends the process, here it is an error."""
    if hasattr(os, "posix_fallocate") and size:
        descriptor = os.open(path, os.O_RDWR)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)


def now() -> str:
    """For people to read: nothing is ever decided by it, since clocks jump."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def write_durably(path: Path, text: str) -> None:
    """A small file that is there as a whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def sync(path: Path) -> None:
    """Force a file or folder to disk; folders cannot be opened for that on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
