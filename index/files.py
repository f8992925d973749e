"""The files that a person names: single ones, and all below folders, each with the name that it is recorded
under."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.loaders import SUFFIXES

_SKIPPED = frozenset(("thumbs.db", "desktop.ini", "__macosx", "node_modules"))


@dataclass(frozen=True, slots=True)
class Found:
    """A file to index: where it is, by one spelling (``place``), and the name that a person sees for it;
    ``known`` is whether its kind can be read."""

    path: Path
    source: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies below a folder, and the folders below it that could not be looked into."""

    root: Path
    files: tuple[Found, ...]
    unreadable: tuple[Path, ...] = ()


def place(path: Path) -> Path:
    """The one spelling of a path: absolute, without ``..`` and links, however the person came to it."""
    return Path(os.path.realpath(path))


def expand(paths: Iterable[Path], below: Path | None = None) -> list[Found]:
    """Files named, and all files below folders named, in a stable order, each once.

    A file in a folder is recorded by its path within that folder (``2024/通知.docx``), and so is a file
    named itself that lies ``below`` one. Hidden files, Office
    lock files and system litter in folders are skipped; links to folders are not followed.
    """
    root = place(below) if below else None
    found: dict[Path, Found] = {}
    for given in paths:
        path = place(given)
        files = look_into(path).files if path.is_dir() else (Found(path, _name(path, given, root)),)
        for one in files:
            found.setdefault(one.path, one)
    return list(found.values())


def _name(path: Path, given: Path, root: Path | None) -> str:
    return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else Path(given).name


def look_into(folder: Path) -> Folder:
    """All files below a folder, as of :func:`expand`."""
    root = place(folder)
    files: list[Found] = []
    unreadable: list[Path] = []
    for inner, folders, names in os.walk(
        root, onerror=lambda error: unreadable.append(Path(str(error.filename)))
    ):
        folders[:] = sorted(name for name in folders if not litter(name))
        within = Path(inner).relative_to(root).as_posix()
        above = "" if within == "." else f"{within}/"
        for name in sorted(names):
            if not litter(name):
                known = os.path.splitext(name)[1].lower() in SUFFIXES
                files.append(Found(Path(inner, name), above + name, known))
    return Folder(root, tuple(files), tuple(unreadable))


def litter(name: str) -> bool:
    """Is a name one of a hidden file, an Office lock file or system litter?"""
    return name.startswith((".", "~$")) or name.lower() in _SKIPPED
