"""Files and folders -> the index: finds what can be read, loads it one by one, reports what cannot.

``add_paths`` adds and replaces; ``sync_folder`` also takes out what a folder no longer holds. Files are told
apart by the hash of their bytes, never by their dates: clocks jump, and copies keep old dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import DocumentError
from errors.unread import Unread
from index.build import Progress, state
from index.files import Folder, Found, expand, look_into
from index.naming import Known, Named, ids, known_files, named
from index.reading import Reader
from index.settings import IndexSettings
from index.store import IndexStore
from index.types import Document

if TYPE_CHECKING:
    from index.generation import Generation
    from index.loaders.parts import Loaded
    from index.prepared import Prepared
    from index.store import Encode


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the files: names (sources) of documents (of a file that did not change its own), the
    files that failed with their errors, files of folders, archives and messages that are of no kind that can
    be read (a file that was named itself fails instead), and old and new names of files that were renamed."""

    added: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    failed: tuple[tuple[Path, DocumentError], ...] = ()
    skipped: tuple[Path, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()


def add_paths(
    paths: Sequence[Path],
    store: IndexStore,
    settings: IndexSettings,
    encode: Encode,
    progress: Progress | None = None,
    *,
    collection: str = "",
    below: Path | None = None,
    prepared: Prepared | None = None,
    **building: Any,
) -> AddReport:
    """Index files and folders in one new generation; what cannot be read is reported, the rest is indexed.

    Args:
        progress: called as in :meth:`IndexStore.write`, and with ``load``, files done and files in all.
        collection: the documents belong to it from now on, besides those that they belong to already.
        below: files below this folder are named by their path within it, as when the folder itself is given.
        prepared: files that were read and encoded already (``index.prepared``).
        building: as ``IndexStore.write`` takes them.

    Raises:
        IndexError_: the index is busy, damaged, or the disk is full; nothing was changed.
    """
    found = expand(paths, below)
    return _written(found, None, store, settings, encode, progress, collection, building, prepared)


def sync_folder(
    folder: Path,
    store: IndexStore,
    settings: IndexSettings,
    encode: Encode,
    progress: Progress | None = None,
    *,
    collection: str = "",
    empty: bool = False,
    **building: Any,
) -> AddReport:
    """Make the index hold what the folder holds: files added, changed, renamed and gone, in one new
    generation.

    Documents that were read from elsewhere are left alone, and so are those of files that are there but
    cannot be read (now), or lie in a folder that cannot be looked into.

    Args:
        empty: take out everything even where the folder holds no file at all, which is what a drive that is
            not connected looks like.

    Raises:
        DocumentError: there is no such folder, or it is empty and was not before.
        IndexError_: as for :func:`add_paths`.
    """
    if not Path(folder).is_dir():
        raise DocumentError(
            f"{folder}: no such folder",
            "Check the path, and that the drive is connected; sync takes one folder.",
        )
    inside = look_into(Path(folder))
    if not inside.files and not empty:
        current = store.current()
        many = len(_below(known_files(current.documents()), inside)) if current else 0
        if many or inside.unreadable:
            raise DocumentError(
                f"{folder}: no file in it, but the index holds {many} files of it; nothing was changed",
                "Check that the drive is connected. If they should all go: wenju index sync DIR --empty",
            )
    return _written(list(inside.files), inside, store, settings, encode, progress, collection, building)


def _below(known: Sequence[Known], folder: Folder) -> list[Known]:
    """The known files that were read from below a folder, but for parts of it that cannot be looked into."""
    hidden = [f"{path}/" for path in map(Path.as_posix, folder.unreadable)]
    root = f"{folder.root.as_posix().rstrip('/')}/"
    places = ((one, Path(one.path).as_posix()) for one in known if one.path)
    return [one for one, at in places if at.startswith(root) and not at.startswith(tuple(hidden))]


def _written(
    found: Sequence[Found],
    folder: Folder | None,
    store: IndexStore,
    settings: IndexSettings,
    encode: Encode,
    progress: Progress | None,
    collection: str,
    building: Mapping[str, Any],
    prepared: Prepared | None = None,
) -> AddReport:
    with Reader() as reader, suppress(_NothingRead):
        if folder is None and prepared is None and any(one.known for one in found):
            reader.start()  # a file that was named is new, mostly
        told = progress or (lambda stage, done, total: None)
        loading = _Loading(found, folder, store, told, reader, collection, prepared)
        if prepared is not None:
            encode = prepared.encoding(encode)
        store.write(loading.documents(), loading.gone, settings, encode, progress, **building)
    failed = [(path, Unread("folder", path=str(path))) for path in folder.unreadable] if folder else []
    skipped = (*(one.path for one in found if not one.known), *loading.skipped)
    return AddReport(
        tuple(loading.added),
        tuple(loading.unchanged),
        tuple(loading.replaced),
        (*failed, *loading.failed),
        skipped,
        tuple(loading.renamed),
        tuple(loading.removed),
    )


class _NothingRead(Exception):
    """There is no index yet and no file could be read: none is made."""


class _Loading:
    """Loads files one after another and remembers what became of each."""

    def __init__(
        self,
        found: Sequence[Found],
        folder: Folder | None,
        store: IndexStore,
        progress: Progress,
        reader: Reader,
        collection: str,
        prepared: Prepared | None = None,
    ) -> None:
        self.prepared = prepared
        self.found = [one for one in found if one.known]
        self.folder, self.store, self.progress, self.reader = folder, store, progress, reader
        self.collection = " ".join(collection.split())
        self.added: list[str] = []
        self.unchanged: list[str] = []
        self.replaced: list[str] = []
        self.renamed: list[tuple[str, str]] = []
        self.removed: list[str] = []
        self.failed: list[tuple[Path, DocumentError]] = []
        self.skipped: list[Path] = []
        self.gone: set[str] = set()
        """Ids of documents whose file is gone, or was read again and no longer holds them (an attachment, a
        member of an archive)."""

    def documents(self) -> Iterator[Document]:
        """Documents that are new or changed. Read only when the writer asks, so under its lock."""
        current = self.store.current()
        states = current.states() if current else {}
        files = known_files(current.documents()) if current else []
        taken = {one.id: one.source for file in files for one in file.documents}
        total = len(self.found)
        plan = named(self.found, files)
        for number, one in enumerate(plan):
            self.progress("load", number, total)
            for document in self._loaded(one, current, taken):
                before, now = states.get(document.id), state(document)
                if before is None:
                    self.added.append(document.source)
                elif (
                    before.split(" ")[0] == now.split(" ")[0]
                ):  # at most its file lies elsewhere, or was saved anew
                    self.unchanged.append(document.source)
                elif one.known is None or one.known.source == one.source:  # else it is told as renamed
                    self.replaced.append(document.source)
                if before != now:
                    yield document
        self.progress("load", total, total)
        if self.folder is not None:
            kept = {one.known.source for one in plan if one.known}
            for file in _below(files, self.folder):
                if file.source not in kept:
                    self.removed += [one.source for one in file.documents]
                    self.gone |= {one.id for one in file.documents}
        if current is None and not self.added:
            raise _NothingRead

    def _loaded(self, one: Named, current: Generation | None, taken: dict[str, str]) -> Iterator[Document]:
        """The documents of a file as they are to be stored; nothing where the index has them like that."""
        known = one.known.documents if one.known else ()
        if one.same and current is not None:
            told = [self._told(document, one) for document in known]
            if all(new.meta == old.meta for new, old in zip(told, known, strict=True)):
                self.unchanged.append(one.source)
                return
            for document in told:
                yield replace(current.document(document.id), meta=document.meta)
            return
        try:
            loaded = self._read(one)
        except DocumentError as error:
            self.failed.append((one.path, error))
            return
        if one.known and one.known.source != one.source:
            self.renamed.append((one.known.source, one.source))
        self.failed += [(one.path.parent / part.source, part.error()) for part in loaded.failed]
        self.skipped += [one.path.parent / name for name in loaded.skipped]
        broken = {part.source.removeprefix(one.source) for part in loaded.failed}
        own = ids(one, loaded.documents, taken)
        still = {old.id for old in known if one.known and old.source.removeprefix(one.known.source) in broken}
        left = {old.id for old in known} - set(own) - still
        self.removed += [old.source for old in known if old.id in left]
        self.gone |= left
        collections = {old.id: old.collections for old in known}
        for document, identity in zip(loaded.documents, own, strict=True):
            before = collections.get(identity, known[0].collections if known else ())
            yield self._told(replace(document, id=identity), one, before)

    def _read(self, one: Named) -> Loaded:
        ready = self.prepared.loaded(one.path, one.source, one.sha256) if self.prepared else None
        return ready or self.reader.load_all(one.path, one.source)

    def _told(self, document: Document, one: Named, before: Sequence[str] | None = None) -> Document:
        """With where the file is now and the collections that it belongs to."""
        meta = dict(document.meta)
        was, now = meta.get("path", ""), str(one.path)
        if was != now and not (one.same and Path(was).exists()):  # else a copy of a file that is where it was
            meta["path"] = now
        together = {
            *(document.collections if before is None else before),
            *([self.collection] if self.collection else []),
        }
        if together:
            meta["collections"] = "\n".join(sorted(together))
        return replace(document, meta=meta)
