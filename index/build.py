"""Writes one generation's corpus and vectors into a folder of its own. Knows nothing of locks and of what is
current."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from errors import IndexError_
from index.duplicates import copies_of
from index.generation import DECODE, FILE_FACTS, SHIFT, Generation
from index.manifest import CORPUS, VECTORS
from index.packing import pack, pack_blocks
from index.paragraphs import passage_search_text, passages_of
from index.settings import IndexSettings
from index.superseded import superseded_by
from index.types import Document

if TYPE_CHECKING:
    import numpy as np

    Encode = Callable[[list[str]], "np.ndarray"]

Progress = Callable[[str, int, int], None]
"""Called with a stage (``read``, ``encode``, ``dense``, ``lexical``, ``save``), done and total (0 when
unknown)."""


def state(document: Document) -> str:
    """Its fingerprint, then what answers do not depend on: loader, bytes and place of its file. See
    ``Generation.states``."""
    return " ".join([fingerprint(document), *(document.meta.get(name, "") for name in FILE_FACTS)])


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a new generation takes over: the rows ``runs`` (half-open, ascending) of the one in ``folder`` are
    its first rows."""

    folder: Path
    runs: tuple[tuple[int, int], ...]

    @property
    def kept(self) -> int:
        """How many rows these are."""
        return sum(stop - start for start, stop in self.runs)


BATCH = 512
"""Passages encoded by one call."""


_SCHEMA = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA page_size = 8192;
CREATE TABLE documents (
    ord INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, source TEXT NOT NULL,
    sha256 TEXT NOT NULL, published TEXT, media_type TEXT NOT NULL, supersedes TEXT NOT NULL,
    meta TEXT NOT NULL, blocks BLOB NOT NULL, pages BLOB NOT NULL, fingerprint TEXT NOT NULL,
    passages INTEGER NOT NULL, first_row INTEGER, superseded_by TEXT);
CREATE TABLE texts (ord INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE passages (
    key INTEGER PRIMARY KEY, start INTEGER NOT NULL, stop INTEGER NOT NULL, heading TEXT NOT NULL,
    page INTEGER, text TEXT NOT NULL);
CREATE TABLE copies (id TEXT PRIMARY KEY, first TEXT NOT NULL);
"""


def fingerprint(document: Document) -> str:
    """Hash of everything in a document that answers depend on: not its path, nor its file's bytes."""
    own = {
        name: value
        for name, value in document.meta.items()
        if name not in ("path", "file_sha256", "loader", "sketch")
    }
    blocks = hashlib.sha256(pack_blocks(document.blocks)).hexdigest()
    facts = [document.title, document.source, document.sha256, document.published, document.media_type]
    rest = [blocks, list(document.pages), list(document.supersedes), sorted(own.items())]
    return hashlib.sha256(json.dumps([facts, rest], ensure_ascii=False).encode()).hexdigest()[:32]


class CorpusWriter:
    """Documents and passages of a new generation; ``old`` lends what stays as it was."""

    def __init__(self, folder: Path, settings: IndexSettings, old: Generation | None) -> None:
        self.folder, self.settings, self.old = folder, settings, old
        self.known = old.states() if old else {}
        self.dropped: set[str] = set()
        self.reusable: dict[bytes, int] = {}
        self.kept_runs: list[tuple[int, int]] = []
        self._db = sqlite3.connect((folder / CORPUS).absolute().as_uri(), uri=True, isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        last = old._rows("SELECT max(ord) FROM documents")[0][0] if old else None
        self._first = self._next = 0 if last is None else last + 1

    def close(self) -> None:
        self._db.close()

    def add(self, document: Document, reuse: bool = True) -> None:
        """Take a new or changed document; the same id given twice: the later one counts."""
        for (order,) in self._db.execute("SELECT ord FROM documents WHERE id = ?", (document.id,)).fetchall():
            self._db.execute("DELETE FROM documents WHERE ord = ?", (order,))
            self._db.execute("DELETE FROM texts WHERE ord = ?", (order,))
            self._db.execute(
                "DELETE FROM passages WHERE key >= ? AND key < ?", (order << SHIFT, (order + 1) << SHIFT)
            )
        if self.old is not None and document.id in self.known and document.id not in self.dropped:
            self.drop(document.id, reuse)
        order = self._next
        self._next += 1
        passages = passages_of(document, self.settings.passage_min, self.settings.passage_max)
        self._db.execute(
            "INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,NULL,NULL)",
            (
                order,
                document.id,
                document.title,
                document.source,
                document.sha256,
                document.published,
                document.media_type,
                json.dumps(list(document.supersedes), ensure_ascii=False),
                json.dumps(dict(document.meta), ensure_ascii=False),
                pack_blocks(document.blocks),
                pack(document.pages),
                fingerprint(document),
                len(passages),
            ),
        )
        self._db.execute("INSERT INTO texts VALUES (?,?)", (order, document.text))
        self._db.executemany(
            "INSERT INTO passages VALUES (?,?,?,?,?,?)",
            (
                (
                    (order << SHIFT) + n,
                    p.start,
                    p.end,
                    json.dumps(p.heading, ensure_ascii=False),
                    p.page,
                    p.text,
                )
                for n, p in enumerate(passages)
            ),
        )

    def drop(self, document_id: str, reuse: bool = True) -> None:
        """Leave a document of the old generation behind; ``reuse``: the vectors of its passages may serve for
        the same ones."""
        self.dropped.add(document_id)
        if reuse:
            self._remember(document_id)

    def _remember(self, document_id: str) -> None:
        assert self.old is not None
        rows = self.old.rows_of(document_id)
        for row, (document, passage) in zip(rows, self.old.iterate(rows.start, rows.stop), strict=True):
            self.reusable[passage_key(passage_search_text(document, passage))] = row

    def finish(self, keep: bool) -> tuple[int, int]:
        """Copy what stays (``keep``), number the rows, settle what is superseded; returns documents and
        passages."""
        if keep and self.old is not None:
            self._copy_kept(self.old)
        row = 0
        numbered: list[tuple[int | None, int]] = []
        for order, count in self._db.execute("SELECT ord, passages FROM documents ORDER BY ord").fetchall():
            numbered.append((row if count else None, order))
            row += count
        self._db.executemany("UPDATE documents SET first_row = ? WHERE ord = ?", numbered)
        self._db.execute("CREATE INDEX by_row ON documents (first_row)")
        rows = self._db.execute(
            "SELECT id, title, source, sha256, published, supersedes, meta FROM documents ORDER BY ord"
        )
        light = [
            Document(
                id_,
                title,
                source,
                "",
                sha,
                published,
                supersedes=tuple(json.loads(wishes)) if wishes != "[]" else (),
                meta=DECODE(meta)[0],
            )
            for id_, title, source, sha, published, wishes, meta in rows
        ]
        copies = copies_of(light)
        self._db.executemany("INSERT INTO copies VALUES (?,?)", copies.items())
        replaced = superseded_by(light)
        replaced = {old: new for old, new in replaced.items() if copies.get(old, old) != copies.get(new, new)}
        replaced |= {
            copy: replaced[first]
            for copy, first in copies.items()
            if first in replaced and copy not in replaced
        }
        self._db.executemany(
            "UPDATE documents SET superseded_by = ? WHERE id = ?",
            [(new, old) for old, new in replaced.items()],
        )
        ((documents,),) = self._db.execute("SELECT count(*) FROM documents").fetchall()
        self._db.execute("COMMIT")
        self.close()
        return documents, row

    def _copy_kept(self, old: Generation) -> None:
        self._db.execute("COMMIT")
        self._db.execute(
            "ATTACH ? AS old", (f"{(old.path / CORPUS).absolute().as_uri()}?mode=ro&immutable=1",)
        )
        self._db.execute("BEGIN")
        self._db.execute("CREATE TEMP TABLE gone (ord INTEGER PRIMARY KEY)")
        self._db.executemany(
            "INSERT INTO gone SELECT ord FROM old.documents WHERE id = ?",
            [(id_,) for id_ in sorted(self.dropped)],
        )
        for table, order in (("documents", "ord"), ("texts", "ord"), ("passages", f"(key >> {SHIFT})")):
            self._db.execute(
                f"INSERT INTO main.{table} SELECT * FROM old.{table} "
                f"WHERE {order} NOT IN (SELECT ord FROM gone)"
            )
        kept = self._db.execute(
            "SELECT first_row, passages FROM old.documents "
            "WHERE passages > 0 AND ord NOT IN (SELECT ord FROM gone) ORDER BY ord"
        )
        for first, count in kept:
            if self.kept_runs and self.kept_runs[-1][1] == first:
                self.kept_runs[-1] = (self.kept_runs[-1][0], first + count)
            else:
                self.kept_runs.append((first, first + count))
        self._db.execute("UPDATE main.documents SET superseded_by = NULL")
        self._db.execute("COMMIT")
        self._db.execute("DETACH old")
        self._db.execute("BEGIN")


def passage_key(text: str) -> bytes:
    """Tells a text that is encoded from every other."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def write_vectors(
    corpus: Generation,
    old: Generation | None,
    runs: Iterable[tuple[int, int]],
    reusable: Mapping[bytes, int],
    encode: Encode,
    progress: Progress,
) -> int:
    """Write vectors.npy: kept rows copied from ``old``, known texts taken from it, the rest encoded.

    Written with plain writes, not through a memory map, so that a full disk is an error and not a signal.
    Returns the dimension. Raises IndexError_ when the encoder's vectors do not fit.
    """
    import numpy as np

    before = old.vectors() if old is not None and old.count else None
    dimension = int(before.shape[1]) if before is not None and (runs or reusable) else 0
    with (corpus.path / VECTORS).open("wb") as file:

        def put(vectors: np.ndarray) -> None:
            nonlocal dimension
            if file.tell() == 0:
                dimension = dimension or int(vectors.shape[1])
                header = {"descr": "<f4", "fortran_order": False, "shape": (corpus.count, dimension)}
                np.lib.format.write_array_header_1_0(file, header)
            if vectors.ndim != 2 or vectors.shape[1] != dimension:
                raise IndexError_.named("vectors_width", found=int(vectors.shape[-1]), wanted=dimension)
            if not np.isfinite(vectors).all():
                raise IndexError_.named("vectors_broken")
            file.write(np.ascontiguousarray(vectors, "<f4").tobytes())

        done = 0
        for start, stop in runs:
            assert before is not None
            for at in range(start, stop, 65_536):
                put(np.asarray(before[at : min(stop, at + 65_536)]))
            done += stop - start
        texts: list[str] = []
        progress("encode", done, corpus.count)
        for document, passage in corpus.iterate(done, corpus.count):
            texts.append(passage_search_text(document, passage))
            if len(texts) == BATCH:
                put(_encoded(texts, before, reusable, encode))
                done += len(texts)
                texts = []
                progress("encode", done, corpus.count)
        if texts:
            put(_encoded(texts, before, reusable, encode))
            progress("encode", corpus.count, corpus.count)
        if file.tell() == 0:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f4", "fortran_order": False, "shape": (0, dimension)}
            )
    return dimension


def _encoded(
    texts: list[str], before: np.ndarray | None, reusable: Mapping[bytes, int], encode: Encode
) -> np.ndarray:
    import numpy as np

    rows = [reusable.get(passage_key(text)) for text in texts] if reusable else [None] * len(texts)
    fresh = [text for text, row in zip(texts, rows, strict=True) if row is None]
    encoded = np.asarray(encode(fresh), dtype=np.float32) if fresh else None
    if encoded is not None and encoded.shape[:1] != (len(fresh),):
        raise IndexError_.named("vectors_count", found=len(encoded), wanted=len(fresh))
    if encoded is not None and len(fresh) == len(texts):
        return encoded
    assert before is not None
    if encoded is not None and encoded.shape[1] != before.shape[1]:
        return encoded  # the caller names the mismatch
    result = np.empty((len(texts), before.shape[1]), dtype=np.float32)
    number = 0
    for place, row in enumerate(rows):
        if row is not None:
            result[place] = before[row]
        else:
            assert encoded is not None
            result[place] = encoded[number]
            number += 1
    return result
