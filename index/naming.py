"""Which document a file is: the one that was read from this place, one that was moved or renamed, or a new
one.

Names are those that a person sees (the path within the folder that was given), and stay as they were first
given: the same file given as a folder and as a folder within it is one document. Two files of one name get
the names of their folders too.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.files import Found
from index.loaders import LOADER_VERSION, document_id
from index.types import Document


@dataclass(frozen=True, slots=True)
class Known:
    """A file that the index has documents of: usually one, several of an archive or a message."""

    source: str
    path: str
    sha256: str
    documents: tuple[Document, ...]

    @property
    def read_alike(self) -> bool:
        """Would the same bytes be read the same way today?"""
        return all(one.meta.get("loader") == LOADER_VERSION for one in self.documents)

    @property
    def gone(self) -> bool:
        """Is there no file any more where it was read from?"""
        return not self.path or not Path(self.path).exists()


@dataclass(frozen=True, slots=True)
class Named:
    """A file with its name in the index, the hash of its bytes ("" when it cannot be read), and what is known
    of it."""

    path: Path
    source: str
    sha256: str
    known: Known | None

    @property
    def same(self) -> bool:
        """Need it not be read, since the index has what would come of it?"""
        return (
            self.known is not None
            and self.sha256 == self.known.sha256
            and self.source == self.known.source
            and self.known.read_alike
        )


def file_of(document: Document) -> str:
    """The source name of the file that a document was read from: its own, or that of the archive or message
    around it."""
    return document.meta.get("container", document.source)


def known_files(documents: Iterable[Document]) -> list[Known]:
    """The files behind documents (which need no text)."""
    groups: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        groups[file_of(document)].append(document)
    return [
        Known(source, group[0].meta.get("path", ""), group[0].meta.get("file_sha256", ""), tuple(group))
        for source, group in groups.items()
    ]


def named(
    files: Sequence[Found], known: Sequence[Known], step: Callable[[int], None] = lambda done: None
) -> list[Named]:
    """Tell for each file which document it is; every known file is taken once at most."""
    by_path = {one.path: one for one in known if one.path}
    by_source = {one.source: one for one in known}
    hashes: list[str] = []
    for done, file in enumerate(files):
        step(done)
        hashes.append(_hash(file.path))
    here = {str(file.path) for file in files}
    owners: dict[int, Known] = {}
    left = dict(by_source)
    for number, file in enumerate(files):
        if (one := by_path.get(str(file.path))) is not None:
            owners[number] = left.pop(one.source)
    for number, file in enumerate(files):  # moved, or another copy of it
        one = left.get(file.source)
        if (
            number not in owners
            and one is not None
            and one.path not in here
            and (one.sha256 == hashes[number] or one.gone)
        ):
            owners[number] = left.pop(one.source)
    renamed = _renamed(
        left.values(), {hashes[number] for number in range(len(files)) if number not in owners}
    )
    for number in range(len(files)):
        if number not in owners and (same := renamed.get(hashes[number])):
            owners[number] = same.pop(0)
    return list(_with_names(files, hashes, owners, set(by_source)))


def _renamed(left: Iterable[Known], wanted: set[str]) -> dict[str, list[Known]]:
    """Of the known files that nobody claimed, those whose place is empty, by the hash of their bytes."""
    found: dict[str, list[Known]] = defaultdict(list)
    for one in left:
        if one.sha256 and one.sha256 in wanted and one.gone:
            found[one.sha256].append(one)
    return found


def _with_names(
    files: Sequence[Found], hashes: Sequence[str], owners: dict[int, Known], taken: set[str]
) -> Iterator[Named]:
    for number, file in enumerate(files):
        one = owners.get(number)
        stays = one is not None and (one.path == str(file.path) or one.source == file.source)
        if one is not None and stays:
            yield Named(file.path, one.source, hashes[number], one)
            continue
        if one is not None:
            taken.discard(one.source)
        source = _free(file, taken)
        taken.add(source)
        yield Named(file.path, source, hashes[number], one)


def _free(file: Found, taken: set[str]) -> str:
    """The file's name, or where another has it, with as many of its folders as tell them apart."""
    parts = file.path.parts[1:]
    for count in range(len(Path(file.source).parts), len(parts) + 1):
        name = "/".join(parts[-count:])
        if count == len(Path(file.source).parts):
            name = file.source
        if name not in taken:
            return name
    number = 2
    while f"{file.source} ({number})" in taken:
        number += 1
    return f"{file.source} ({number})"


def ids(one: Named, documents: Sequence[Document], taken: dict[str, str]) -> list[str]:
    """The ids of the documents that were read from a file: those that they had, also under another name.

    ``taken``: id -> source of everything in the index; it is added to.
    """
    had = (
        {old.source.removeprefix(one.known.source): old.id for old in one.known.documents}
        if one.known
        else {}
    )
    found: list[str] = []
    for document in documents:
        known = had.get(document.source.removeprefix(one.source))
        number, own = 1, document_id(document.source)
        while known is None and taken.get(own, document.source) != document.source:
            number += 1
            own = document_id(f"{document.source}\0{number}")
        found.append(known or own)
        taken[found[-1]] = document.source
    return found


def _hash(path: Path) -> str:
    """Of the bytes of a file; "" when loading it will say what is wrong."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
