"""Keeps an index in step with a folder: looks every few seconds whether something changed, and syncs once it
has settled.

Two looks are compared by equality, never by which is later, so that a clock that jumps changes nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from errors import WenjuError
from index.documents import AddReport
from index.files import look_into

Look = tuple[tuple[str, int, int, int], ...]


def look(folder: Path) -> Look:
    """Path, size, time of change and number of every file below a folder; () when it is not there."""
    found = []
    for file in look_into(folder).files if folder.is_dir() else ():
        try:
            facts = os.stat(file.path)
        except OSError:
            continue
        found.append((str(file.path), facts.st_size, facts.st_mtime_ns, facts.st_ino))
    return tuple(found)


def watch(
    folder: Path,
    sync: Callable[[], AddReport],
    told: Callable[[AddReport | WenjuError], None],
    every: float = 5.0,
    stop: threading.Event | None = None,
) -> None:
    """Sync now and after every change, until ``stop`` is set.

    A change is taken up when two looks in a row are the same, so that a file is not read while it is being
    copied. What ``sync`` raises is told, and tried again at the next look: the index may be busy, the disk
    full, the drive away.
    """
    stop = stop or threading.Event()
    synced: Look | None = None
    before = look(folder)
    while True:
        now = look(folder)
        if now == before and now != synced:
            try:
                told(sync())
                synced = now
            except WenjuError as error:
                told(error)
        before = now
        if stop.wait(every):
            return
