"""One generation of the index, open for reading: documents and passages in SQLite, vectors memory-mapped.

Opening reads the manifest and nothing else, so it takes the same time for a hundred passages and a million.
Rows number the passages 0, 1, 2 ... in the order of the vectors. Safe for threads.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import IndexError_
from index.manifest import CORPUS, FORMAT, MANIFEST, VECTORS, file_sha256, read_manifest
from index.packing import unpack, unpack_blocks
from index.paragraphs import passage_search_text
from index.scope import Scope
from index.superseded import apart
from index.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np

CACHED_CHARS = 20_000_000
"""Documents kept in memory once opened, together at most this many characters (the last one always)."""
SHIFT = 24
"""A passage's key is ``ord << SHIFT | n``: the document's place in the corpus and the passage's, from 0."""

FILE_FACTS = ("loader", "file_sha256", "path")
"""What a document's ``meta`` says of its file."""

_FACTS = "ord, id, title, source, sha256, published, media_type, supersedes, meta"
_LIGHT = f"{_FACTS}, NULL, pages, ''"
_WHOLE = f"{_FACTS}, blocks, pages, (SELECT text FROM texts WHERE texts.ord = documents.ord)"
_PASSAGES = "SELECT key, start, stop, heading, page, text FROM passages WHERE"


class Generation:
    """A complete index on disk, never changed after it was written.

    Attributes:
        path: its folder; the dense and lexical indexes lie beside the corpus.
        manifest: what made it (see ``index.store``).
        count: number of passages, which is the number of vectors.
    """

    def __init__(self, path: Path, manifest: Mapping[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self.count = int(manifest["passages"])
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, Document] = OrderedDict()
        self._copies: dict[str, str] | None = None
        self._collections: dict[str, frozenset[str]] | None = None
        uri = f"{(path / CORPUS).absolute().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)

    @classmethod
    def open(cls, path: Path) -> Generation:
        """Open a generation after checking its manifest against the files (names and sizes).

        Raises:
            IndexError_: it has no manifest, is of another format, or a file is missing or of another size.
        """
        manifest = read_manifest(path)
        for name, facts in manifest["files"].items():
            file = path / name
            if not file.is_file() or file.stat().st_size != facts["bytes"]:
                raise IndexError_.named("index_size", root=str(path), name=name)
        return cls(path, manifest)

    def verify(self) -> None:
        """Compare every file with the hash in the manifest. Raises IndexError_ for the first that differs."""
        for name, facts in self.manifest["files"].items():
            if file_sha256(self.path / name) != facts["sha256"]:
                raise IndexError_.named("index_changed", root=str(self.path), name=name)

    def close(self) -> None:
        self._db.close()

    @property
    def name(self) -> str:
        """``gen-7``: what an Answer records as its index."""
        return str(self.manifest["name"])

    def documents(self) -> list[Document]:
        """All documents in the order in which they were added, **without** text and blocks; see
        :meth:`document`."""
        light = self._rows(f"SELECT {_LIGHT} FROM documents ORDER BY ord")
        return [self._told_apart(_document(row)) for row in light]

    def document(self, document_id: str) -> Document:
        """One document with its text and blocks. Raises KeyError when there is none with this id."""
        with self._lock:
            if document_id in self._cache:
                self._cache.move_to_end(document_id)
                return self._cache[document_id]
        rows = self._rows(f"SELECT {_WHOLE} FROM documents WHERE id = ?", document_id)
        if not rows:
            raise KeyError(document_id)
        document = self._told_apart(_document(rows[0]))
        with self._lock:
            self._cache[document_id] = document
            total = sum(len(cached.text) for cached in self._cache.values())
            while total > CACHED_CHARS and len(self._cache) > 1:
                total -= len(self._cache.popitem(last=False)[1].text)
        return document

    @cached_property
    def _apart(self) -> dict[str, str]:
        """What tells documents of one title apart, by id."""
        titles = "SELECT title FROM documents GROUP BY title HAVING count(DISTINCT sha256) > 1"
        rows = self._rows(f"SELECT {_LIGHT} FROM documents WHERE title IN ({titles}) ORDER BY title")
        found: dict[str, str] = {}
        for _, same in groupby(map(_document, rows), attrgetter("title")):
            found |= apart(list(same))
        return found

    def _told_apart(self, document: Document) -> Document:
        mark = self._apart.get(document.id)
        return replace(document, apart=mark) if mark else document

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document in reading order; [] when there is no such document."""
        try:
            order, _, count = self._place(document_id)
        except KeyError:
            return []
        low = order << SHIFT
        found = self._rows(f"{_PASSAGES} key >= ? AND key < ? ORDER BY key", low, low + count)
        return [_passage(document_id, row) for row in found]

    def passage(self, passage_id: str) -> Passage:
        """One passage by its id. Raises KeyError when there is none."""
        order, _, number = self._passage_place(passage_id)
        found = _passage(passage_id.rpartition("-")[0], self._passage_row(order, number))
        if found.id != passage_id:
            raise KeyError(passage_id)
        return found

    def passage_at(self, row: int) -> Passage:
        """The passage of a row, 0 <= row < count. Raises KeyError outside."""
        if 0 <= row < self.count:
            ((order, document_id, first),) = self._rows(
                "SELECT ord, id, first_row FROM documents "
                "WHERE first_row <= ? ORDER BY first_row DESC LIMIT 1",
                int(row),
            )
            return _passage(document_id, self._passage_row(order, int(row) - first))
        raise KeyError(row)

    def row_of(self, passage_id: str) -> int:
        """The row of a passage. Raises KeyError when there is none with this id."""
        _, first, number = self._passage_place(passage_id)
        return first + number

    def rows_of(self, document_id: str) -> range:
        """The rows of a document's passages. Raises KeyError when there is none with this id."""
        _, first, count = self._place(document_id)
        return range(first, first + count)

    def _place(self, document_id: str) -> tuple[int, int, int]:
        """A document's place in the corpus, its first row and how many passages it has; KeyError when there
        is none."""
        found = self._rows("SELECT ord, first_row, passages FROM documents WHERE id = ?", document_id)
        if not found:
            raise KeyError(document_id)
        order, first, count = found[0]
        return order, first or 0, count

    def _passage_place(self, passage_id: str) -> tuple[int, int, int]:
        """The place of a passage's document, that document's first row, and the passage's number in it, from
        0; KeyError when there is none."""
        document_id, _, number = passage_id.rpartition("-")
        order, first, count = self._place(document_id)
        if not number.isdecimal() or not 1 <= int(number) <= count:
            raise KeyError(passage_id)
        return order, first, int(number) - 1

    def _passage_row(self, order: int, number: int) -> Any:
        return self._rows(f"{_PASSAGES} key = ?", (order << SHIFT) + number)[0]

    def keys(self, start: int, stop: int) -> Iterator[tuple[int, range]]:
        """Of the rows [start, stop): each document's place in the corpus (``ord``) and the keys of its
        passages.

        Keys stay while rows move: a passage has the same one in every generation that keeps its document as
        it is."""
        sql = (
            "SELECT ord, first_row, passages FROM documents "
            "WHERE first_row + passages > ? AND first_row < ? ORDER BY ord"
        )
        for order, first, count in self._rows(sql, start, stop):
            low, high = max(0, start - first), min(count, stop - first)
            yield order, range((order << SHIFT) + low, (order << SHIFT) + high)

    def rows_at(self, keys: Sequence[int]) -> list[int | None]:
        """The row of each key, None where this generation has no such passage."""
        orders = sorted({key >> SHIFT for key in keys})
        sql = f"SELECT ord, first_row, passages FROM documents WHERE ord IN ({_marks(orders)})"
        known = {order: (first, count) for order, first, count in self._rows(sql, *orders)}
        found: list[int | None] = []
        for key in keys:
            first, count = known.get(key >> SHIFT, (0, 0))
            place = key & ((1 << SHIFT) - 1)
            found.append(first + place if place < count else None)
        return found

    def search_texts_at(self, keys: Sequence[int]) -> list[str]:
        """The search text of each key. Raises KeyError where this generation has no such passage."""
        orders = sorted({key >> SHIFT for key in keys})
        light = f"SELECT {_LIGHT} FROM documents WHERE ord IN ({_marks(orders)})"
        documents = {row[0]: _document(row) for row in self._rows(light, *orders)}
        texts: dict[int, str] = {}
        for row in self._rows(f"{_PASSAGES} key IN ({_marks(keys)})", *keys):
            document = documents[row[0] >> SHIFT]
            texts[row[0]] = passage_search_text(document, _passage(document.id, row))
        return [texts[key] for key in keys]

    def superseded(self) -> set[str]:
        """Ids of documents that another document in this index replaces."""
        return set(self.superseded_by())

    def superseded_by(self) -> dict[str, str]:
        """Id of a superseded document -> id of the one that replaces it."""
        return dict(self._rows("SELECT id, superseded_by FROM documents WHERE superseded_by IS NOT NULL"))

    def copies(self) -> dict[str, str]:
        """Id of each document that is a copy of another -> id of the one that stands for all copies
        (index.duplicates)."""
        if self._copies is None:
            known = self._rows("SELECT name FROM sqlite_master WHERE name = 'copies'")
            self._copies = dict(self._rows("SELECT id, first FROM copies")) if known else {}
        return self._copies

    def collections(self) -> dict[str, int]:
        """Names of the collections, sorted, with the number of their documents."""
        counts = Counter(name for members in self._members().values() for name in members)
        return dict(sorted(counts.items()))

    def rows_in(self, scope: Scope) -> array[int]:
        """The rows of the passages of the documents that a scope holds, ascending."""
        rows: array[int] = array("q")
        found = self._rows(
            "SELECT id, first_row, passages FROM documents WHERE passages > 0 ORDER BY first_row"
        )
        for document_id, first, count in found:
            if scope.holds(self._members().get(document_id, ())):
                rows.extend(range(first, first + count))
        return rows

    def _members(self) -> dict[str, frozenset[str]]:
        """Id of each document that belongs to a collection -> the names of its collections."""
        if self._collections is None:
            found = self._rows(
                "SELECT id, json_extract(meta, '$.collections') FROM documents "
                "WHERE json_extract(meta, '$.collections') IS NOT NULL"
            )
            self._collections = {
                document_id: frozenset(names.split("\n")) - {""} for document_id, names in found
            }
        return self._collections

    def search_texts(self) -> SearchTexts:
        """What is embedded and indexed, by row; read from disk as it is used."""
        return SearchTexts(self)

    def vectors(self) -> np.ndarray:
        """float32 [count, dimension], memory-mapped and read-only."""
        import numpy as np

        array_: np.ndarray = np.load(self.path / VECTORS, mmap_mode="r", allow_pickle=False)
        return array_

    def states(self) -> dict[str, str]:
        """Id -> ``index.build.state`` of every document: what it and its file were when it was indexed."""
        facts = "".join(f" || ' ' || coalesce(json_extract(meta, '$.{name}'), '')" for name in FILE_FACTS)
        return dict(self._rows(f"SELECT id, fingerprint{facts} FROM documents"))

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise IndexError_.named("index_unreadable", root=str(self.path), what=str(error)) from error

    def iterate(self, start: int, stop: int) -> Iterator[tuple[Document, Passage]]:
        """Light documents and passages of the rows [start, stop), in order, one document's passages at a
        time."""
        sql = (
            f"SELECT {_LIGHT}, first_row, passages "
            "FROM documents WHERE first_row + passages > ? AND first_row < ? ORDER BY ord"
        )
        with self._lock:
            documents = self._db.cursor()
            documents.execute(sql, (start, stop))
        while True:
            with self._lock:
                row = documents.fetchone()
            if row is None:
                return
            document, first = _document(row[:-2]), row[-2]
            low = (row[0] << SHIFT) + max(0, start - first)
            high = (row[0] << SHIFT) + min(row[-1], stop - first)
            while low < high:
                part = f"{_PASSAGES} key >= ? AND key < ? ORDER BY key LIMIT 1000"
                for found in self._rows(part, low, high):
                    yield document, _passage(document.id, found)
                    low = found[0] + 1


class SearchTexts(Sequence[str]):
    """The search text of every passage, by row, read lazily: a million of them take no memory."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation

    def __len__(self) -> int:
        return self.generation.count

    def __iter__(self) -> Iterator[str]:
        for document, passage in self.generation.iterate(0, len(self)):
            yield passage_search_text(document, passage)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                return [self[row] for row in range(start, stop, step)]
            return [
                passage_search_text(document, passage)
                for document, passage in self.generation.iterate(start, stop)
            ]
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(index)
        ((document, passage),) = self.generation.iterate(row, row + 1)
        return passage_search_text(document, passage)


def documents_of(path: Path) -> Generation:
    """A generation opened for its documents alone, whatever became of its other files, the manifest among
    them.

    Raises:
        IndexError_: its documents are not what was written, or of another format. OSError, sqlite3.Error:
            they cannot be read.
    """
    try:
        manifest = read_manifest(path)
        sound = file_sha256(path / CORPUS) == manifest["files"][CORPUS]["sha256"]
    except IndexError_:
        with suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads((path / MANIFEST).read_text("utf-8"))["format"] != FORMAT:
                raise
        manifest = {"name": path.name, "passages": 0, "identity": {}, "files": {}}
        with closing(
            sqlite3.connect(f"{(path / CORPUS).absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as db:
            sound = db.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
            manifest["passages"] = db.execute("SELECT count(*) FROM passages").fetchone()[0]
    if not sound:
        raise IndexError_.named("index_documents_changed", root=str(path), name=CORPUS)
    return Generation(path, manifest)


def _marks(values: Sequence[int]) -> str:
    return ",".join("?" * len(values))


DECODE = json.JSONDecoder().raw_decode
"""For what is read ten thousand times: nothing stands around the value."""


def _document(row: Sequence[Any]) -> Document:
    _, id_, title, source, sha256, published, media_type, supersedes, meta, blocks, pages, text = row
    return Document(
        id_,
        title,
        source,
        text or "",
        sha256,
        published,
        media_type,
        unpack_blocks(blocks) if blocks else (),
        tuple(unpack(pages)) if pages else (),
        tuple(json.loads(supersedes)) if supersedes != "[]" else (),
        DECODE(meta)[0],
    )


def _passage(document_id: str, row: Sequence[Any]) -> Passage:
    key, start, stop, heading, page, text = row
    number = (key & ((1 << SHIFT) - 1)) + 1
    return Passage(
        f"{document_id}-{number:04d}", document_id, start, stop, text, tuple(json.loads(heading)), page
    )
