"""The index on disk: generations, of which one is current. A new one is built beside it and swapped in
atomically.

    ROOT/CURRENT      the name of the current generation
    ROOT/gen-7/       corpus.sqlite, vectors.npy, the dense and lexical indexes, manifest.json (written last)
    ROOT/building-8/  a generation being built, or rubbish of a writer that was killed
    ROOT/.lock        held by the one writer; ROOT/.holder says who that is

Readers need no lock: they open what CURRENT names. A writer that is killed, or a disk that is full, leaves
the current generation untouched. Where the current one is damaged, the newest earlier one that is whole
answers, and nothing is written until ``rebuild``. The clock decides nothing: generations are numbered.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import IndexError_
from index import disk
from index.build import CorpusWriter, Earlier, Progress, state, write_vectors
from index.generation import Generation, documents_of
from index.manifest import FORMAT, MANIFEST, file_sha256
from index.settings import IndexSettings
from index.types import Document

if TYPE_CHECKING:
    import numpy as np

    from index.backend import Backend

    Encode = Callable[[list[str]], "np.ndarray"]

PASSAGE_RULES = 3
"""Raised when the same settings cut or describe passages otherwise; all passages are then made and encoded
again."""

log = logging.getLogger("wenju.index")


@dataclass(frozen=True, slots=True)
class Opened:
    """The generation that answers, None when there is none; ``fault`` tells why it is not the one that
    CURRENT names."""

    generation: Generation | None
    fault: IndexError_ | None = None


class IndexStore:
    """The generations in one folder.

    Args:
        root: the index folder, usually ``DATA/index``; made by the first write.
        wait: seconds to wait for another writer before giving up.
    """

    def __init__(self, root: Path, wait: float = 10.0) -> None:
        self.root = Path(root)
        self.wait = wait

    def current(self) -> Generation | None:
        """The generation that answers, None when nothing was indexed yet; see :meth:`opened`.

        Raises:
            IndexError_: none can be used; the message says what is wrong with the newest, and what to do.
        """
        opened = self.opened()
        if opened.generation is None and opened.fault is not None:
            raise opened.fault
        if opened.generation is not None and opened.fault is not None:
            log.warning("%s; %s answers", opened.fault.message, opened.generation.name)
        return opened.generation

    def opened(self) -> Opened:
        """The current generation, or where it is damaged the newest earlier one whose every file is as it was
        written."""
        for _ in range(5):
            name, fault = self._named()
            if name is not None:
                try:
                    return Opened(Generation.open(self.root / name))
                except (FileNotFoundError, sqlite3.OperationalError):
                    fault = IndexError_.named("index_missing_part", root=str(self.root), name=name)
                except IndexError_ as error:
                    fault = error
            if self._named()[0] == name:  # not swapped meanwhile: it is really damaged, or not there
                break
        for number in self._numbers():
            if f"gen-{number}" != name:
                try:
                    earlier = Generation.open(self.root / f"gen-{number}")
                    earlier.verify()
                except (OSError, sqlite3.OperationalError, IndexError_):
                    continue
                return Opened(earlier, fault)
        if fault is None and name is None and self._numbers():
            fault = IndexError_.named("index_missing_part", root=str(self.root), name="CURRENT")
        return Opened(None, fault)

    def current_name(self) -> str | None:
        """``gen-7``, without opening it; None when there is no index. Compare it to tell that a new one is
        there."""
        return self._named()[0]

    def _named(self) -> tuple[str | None, IndexError_ | None]:
        """What CURRENT names, and what is wrong with it. Raises IndexError_ when it may not be read."""
        try:
            name = (self.root / "CURRENT").read_bytes().decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None, None
        except OSError as error:
            raise IndexError_.named(
                "index_current_denied", path=str(self.root / "CURRENT"), what=str(error)
            ) from error
        if not re.fullmatch(r"gen-\d+", name):
            return None, IndexError_.named("index_current", root=str(self.root))
        return name, None

    def _numbers(self) -> list[int]:
        """Of the generations on disk, the newest first."""
        if not self.root.is_dir():
            return []
        found = (re.fullmatch(r"gen-(\d+)", path.name) for path in self.root.iterdir())
        return sorted((int(one[1]) for one in found if one), reverse=True)

    def salvaged(self) -> Generation | None:
        """The newest generation whose documents are whole, whatever became of its other files; to be read for
        documents only."""
        name = self._named()[0]
        names = dict.fromkeys([*([name] if name else []), *(f"gen-{number}" for number in self._numbers())])
        for one in names:
            with suppress(OSError, IndexError_, sqlite3.Error):
                return documents_of(self.root / one)
        if names:
            raise IndexError_.named("index_documents_lost", root=str(self.root))
        return None

    def write(
        self,
        add: Iterable[Document],
        remove: Iterable[str],
        settings: IndexSettings,
        encode: Encode,
        progress: Progress | None = None,
        *,
        backend: Backend | None = None,
        encoder: str = "",
        about: Mapping[str, str] | None = None,
        afresh: bool = False,
    ) -> Generation:
        """Build a generation with documents added, replaced (same id) and removed, and make it current.

        Args:
            add: documents; taken one by one, so that a generator keeps memory small. Unchanged ones cost
                nothing.
            remove: ids, read when ``add`` is used up; unknown ones, and those of documents in ``add``, are
                ignored.
            settings: if the encoder or the passage sizes differ from the current index's, everything is
                encoded again.
            encode: search texts -> float32 [n, dimension].
            progress: called with stage, done and total; what it raises stops the writing, the old index
                stays.
            backend: makes what the new generation is searched with; None: it is not searched.
            encoder: identity of the encoder's weights; default: the name in the settings.
            about: versions and the like, recorded in the manifest.
            afresh: take nothing over but the documents themselves, and those of a damaged index too.

        Returns:
            the new current generation, or the old one when nothing changed.

        Raises:
            IndexError_: another process is writing, the disk is full, or the current index is damaged and
                this is not ``afresh``. The current index is then as it was.
        """
        report = progress or (lambda stage, done, total: None)
        identity = _identity(encoder or settings.encoder, settings)
        with disk.told(self.root), disk.writing(self.root, self.wait):
            old = self.salvaged() if afresh else self._sound()
            if not afresh:
                self._clean(old)
            # Earlier ones did not tell their terms.
            same = old is not None and not afresh and {"terms": 1} | old.manifest["identity"] == identity
            known = old.states() if old else {}
            given: set[str] = set()
            changed = (one for one in add if given.add(one.id) or known.get(one.id) != state(one))  # type: ignore[func-returns-value]
            first = next(changed, None)
            if old is not None and same and first is None and not (set(remove) - given) & set(known):
                return old
            number = max([0, *self._numbers()]) + 1
            folder = self.root / f"building-{number}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                writer = CorpusWriter(folder, settings, old)
                try:
                    for count, document in enumerate(chain([first] if first else [], changed), 1):
                        writer.add(document, reuse=same)
                        report("read", count, 0)
                    gone = (set(remove) - given) & set(known)
                    for document_id in gone:
                        writer.drop(document_id, reuse=same)
                    if old is not None and not same:
                        self._again(old, writer)
                    documents, passages = writer.finish(keep=same)
                finally:
                    writer.close()
                facts: dict[str, Any] = {
                    "format": FORMAT,
                    "name": f"gen-{number}",
                    "documents": documents,
                    "passages": passages,
                }
                lent = old if same else None
                dimension = _searchable(Generation(folder, facts), lent, writer, encode, backend, report)
                report("save", 0, 1)
                facts |= {
                    "dimension": dimension,
                    "identity": identity,
                    "settings": settings.model_dump(mode="json"),
                    "about": dict(about or {}) | _versions(),
                    "created": disk.now(),
                }
                self.swap_in(folder, facts)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            current = Generation.open(self.root / f"gen-{number}")
            self._clean(current, keep=None if gone or afresh else old)
            if backend is not None:
                backend.settle(current)
            report("save", 1, 1)
            return current

    def adopt(self, folder: Path) -> Generation:
        """Make a generation from elsewhere (a backup) the current one; its folder is moved.

        Raises:
            IndexError_: it is damaged or of another format, or another process is writing. The current index
                is then as it was.
        """
        with disk.told(self.root), disk.writing(self.root, self.wait):
            given = Generation.open(folder)
            try:
                given.verify()
            finally:
                given.close()
            number = max([0, *self._numbers()]) + 1
            building = self.root / f"building-{number}"
            shutil.rmtree(building, ignore_errors=True)
            shutil.move(folder, building)
            (building / MANIFEST).unlink()
            self.swap_in(building, dict(given.manifest) | {"name": f"gen-{number}"})
            current = Generation.open(self.root / f"gen-{number}")
            self._clean(current)
            return current

    def _sound(self) -> Generation | None:
        """The current generation, for a writer: nothing is built on an earlier one, whose successor's
        documents would be lost."""
        opened = self.opened()
        if opened.fault is not None:
            raise opened.fault
        return opened.generation

    def _again(self, old: Generation, writer: CorpusWriter) -> None:
        """Passages are cut anew for every document that stays: another encoder or other sizes were asked
        for."""
        for light in old.documents():
            if light.id not in writer.dropped:
                writer.add(old.document(light.id), reuse=False)

    def swap_in(self, folder: Path, facts: dict[str, Any]) -> None:
        """Make everything durable, the manifest last, then name the generation in CURRENT."""
        files: dict[str, dict[str, object]] = {}
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            disk.sync(file)
            files[file.relative_to(folder).as_posix()] = {
                "bytes": file.stat().st_size,
                "sha256": file_sha256(file),
            }
        facts["files"] = files
        disk.write_durably(folder / MANIFEST, json.dumps(facts, ensure_ascii=False, indent=1))
        disk.sync(folder)
        os.replace(folder, self.root / str(facts["name"]))
        disk.sync(self.root)
        disk.write_durably(self.root / "CURRENT", f"{facts['name']}\n")
        disk.sync(self.root)

    def _clean(self, current: Generation | None, keep: Generation | None = None) -> None:
        """Remove what no reader needs: unfinished generations and old ones but ``keep``."""
        names = {generation.path.name for generation in (current, keep) if generation is not None}
        for path in self.root.iterdir():
            rubbish = path.is_dir() and re.fullmatch(r"(?:building|gen)-\d+", path.name)
            if rubbish and path.name not in names:
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.endswith(".new"):
                path.unlink(missing_ok=True)


def _searchable(
    corpus: Generation,
    lent: Generation | None,
    writer: CorpusWriter,
    encode: Encode,
    backend: Backend | None,
    report: Progress,
) -> int:
    """Make vectors and searches of what was written, with what the earlier generation lends; the dimension of
    the vectors."""
    earlier = Earlier(lent.path, tuple(writer.kept_runs)) if lent is not None and lent.count else None
    try:
        dimension = write_vectors(corpus, lent, writer.kept_runs, writer.reusable, encode, report)
        if backend is not None and corpus.count:
            backend.build(corpus, earlier, report)
    finally:
        corpus.close()
    return dimension


def _identity(encoder: str, settings: IndexSettings) -> dict[str, Any]:
    """What an index was made with; where any of it differs, all passages are made, encoded and indexed
    again."""
    from index import terms

    sizes = {"passage_min": settings.passage_min, "passage_max": settings.passage_max}
    return {"encoder": encoder, **sizes, "rules": PASSAGE_RULES, "terms": terms.VERSION}


def _versions() -> dict[str, str]:
    import numpy as np

    from index.loaders import LOADER_VERSION

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "sqlite": sqlite3.sqlite_version,
        "loader": LOADER_VERSION,
    }
