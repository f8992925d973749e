"""Files and folders -> the index: finds what can be read, loads it one by one, reports what cannot.

Two files with the same name keep apart by their path within the folder that was added.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from errors import DocumentError
from index.build import Progress, fingerprint
from index.loaders import LOADER_VERSION, SUFFIXES, document_id
from index.reading import Reader
from index.settings import IndexSettings
from index.store import BuildLexical, IndexStore
from index.types import Document

if TYPE_CHECKING:
    from index.store import BuildDense, Encode

_SKIPPED = frozenset(("thumbs.db", "desktop.ini", "__macosx", "node_modules"))


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the files: names (sources) of documents, the files that failed with their errors, and files of
    folders, archives and messages that are of no kind that can be read (a file that was named itself fails instead)."""

    added: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    failed: tuple[tuple[Path, DocumentError], ...] = ()
    skipped: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A file to index and the name it is recorded under; ``known`` is whether its kind can be read."""

    path: Path
    source: str
    known: bool = True


def expand(paths: Iterable[Path]) -> list[Found]:
    """Files named, and all files below folders named, in a stable order, each once.

    A file in a folder is recorded by its path within that folder (``2024/通知.docx``). Hidden files, Office lock
    files and system litter in folders are skipped; links to folders are not followed.
    """
    found: dict[Path, Found] = {}
    for given in paths:
        path = Path(given)
        if not path.is_dir():
            found.setdefault(path.absolute(), Found(path, path.name))
            continue
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if not _litter(name))
            for name in sorted(files):
                file = Path(folder, name)
                if not _litter(name):
                    known = file.suffix.lower() in SUFFIXES
                    found.setdefault(file.absolute(), Found(file, file.relative_to(path).as_posix(), known))
    return list(found.values())


def _litter(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _SKIPPED


def add_paths(
    paths: Sequence[Path],
    store: IndexStore,
    settings: IndexSettings,
    encode: Encode,
    progress: Progress | None = None,
    *,
    build_dense: BuildDense | None = None,
    build_lexical: BuildLexical | None = None,
    encoder: str = "",
    about: Mapping[str, str] | None = None,
) -> AddReport:
    """Index files and folders in one new generation; what cannot be read is reported, the rest is indexed.

    ``progress`` is called as in :meth:`IndexStore.write`, and with ``load``, files done and files in all.
    The other arguments are those of ``IndexStore.write``.

    Raises:
        IndexError_: the index is busy, damaged, or the disk is full; nothing was changed.
    """
    found = expand(paths)
    with Reader() as reader, suppress(_NothingRead):
        loading = _Loading([one for one in found if one.known], store, progress or (lambda stage, done, total: None), reader)
        store.write(
            loading.documents(), (), settings, encode, progress,
            build_dense=build_dense, build_lexical=build_lexical, encoder=encoder, about=about,
        )  # fmt: skip
    if loading.gone:
        store.write(
            (), loading.gone, settings, encode, progress,
            build_dense=build_dense, build_lexical=build_lexical, encoder=encoder, about=about,
        )  # fmt: skip
    skipped = (*(one.path for one in found if not one.known), *loading.skipped)
    return AddReport(
        tuple(loading.added), tuple(loading.unchanged), tuple(loading.replaced), tuple(loading.failed), skipped
    )


class _NothingRead(Exception):
    """There is no index yet and no file could be read: none is made."""


class _Loading:
    """Loads files one after another and remembers what became of each."""

    def __init__(self, found: list[Found], store: IndexStore, progress: Progress, reader: Reader) -> None:
        self.found, self.store, self.progress, self.reader = found, store, progress, reader
        self.added: list[str] = []
        self.unchanged: list[str] = []
        self.replaced: list[str] = []
        self.failed: list[tuple[Path, DocumentError]] = []
        self.skipped: list[Path] = []
        self.gone: set[str] = set()
        """Ids of documents whose file was read again and no longer holds them (an attachment, a member of an archive)."""

    def documents(self) -> Iterator[Document]:
        """Documents that are new or changed. Read only when the writer asks, so under its lock."""
        current = self.store.current()
        known = current.fingerprints() if current else {}
        indexed = list(current.documents()) if current else []
        hashes = {document_id(file_of(one)): one.meta.get("file_sha256") for one in indexed if one.meta.get("loader") == LOADER_VERSION}
        within: dict[str, set[str]] = {}
        for one in indexed:
            within.setdefault(document_id(file_of(one)), set()).add(one.id)
        seen: dict[str, Path] = {}
        for number, file in enumerate(self.found):
            self.progress("load", number, len(self.found))
            identity = document_id(file.source)
            try:
                if identity in seen:
                    raise DocumentError(
                        f"{file.path}: another file of the same name is added at the same time ({seen[identity]})",
                        "Rename one of them, or add the folder that holds both.",
                    )
                seen[identity] = file.path
                if identity in hashes and hashes[identity] == _file_hash(file.path):
                    self.unchanged.append(file.source)
                    continue
                loaded = self.reader.load_all(file.path, file.source)
            except DocumentError as error:
                self.failed.append((file.path, error))
                continue
            self.failed += [(file.path.parent / one.source, one.error()) for one in loaded.failed]
            self.skipped += [file.path.parent / name for name in loaded.skipped]
            self.gone |= within.get(identity, set()) - {one.id for one in loaded.documents}
            for document in loaded.documents:
                if known.get(document.id) == fingerprint(document):
                    self.unchanged.append(document.source)
                    continue
                (self.replaced if document.id in known else self.added).append(document.source)
                yield document
        self.progress("load", len(self.found), len(self.found))
        if current is None and not self.added:
            raise _NothingRead


def file_of(document: Document) -> str:
    """The source name of the file that a document was read from: its own, or that of the archive or message around it."""
    return document.meta.get("container", document.source)


def _file_hash(path: Path) -> str | None:
    """Hash of the bytes of a readable file; None when loading it will say what is wrong."""
    if path.suffix.lower() not in SUFFIXES:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
