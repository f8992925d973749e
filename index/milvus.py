"""Searches in Milvus: vectors and BM25 of an index in one collection, both asked in one hybrid search. The
only door to pymilvus.

A row is a passage: its key (``Generation.keys``), the number of the generation that brought it (``born``),
its document's place in the corpus and collections, its terms, its vector. A generation sees what was born up
to its own number, so that its readers notice nothing while the next one is written; what that one left behind
is deleted once it is the current one.

BM25 is Milvus's own function over our terms (``index.terms``, as hexadecimal words). It proposes; the scores
that count are made of the candidates' texts and the counts in ``milvus/terms.npz``, so that they are those of
the local index.

    ROOT/.milvus                   how the names of this index's collections begin; the generation that made
                                   one follows
    ROOT/gen-7/milvus/milvus.json  the collection, ``born``, and the documents this generation left behind
"""

from __future__ import annotations

import importlib.util
import json
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from errors import IndexError_
from index.backend import Candidates, Floats, Rows
from index.bm25 import K1, B
from index.build import Earlier, Progress
from index.generation import Generation
from index.paragraphs import passage_search_text
from index.scope import EVERYTHING, Scope
from index.statistics import TermStatistics
from index.terms import cut, is_single

FOLDER, OWNER = "milvus", ".milvus"
BATCH = 1000
"""Rows inserted, or documents deleted, by one call."""
TERMS_MAX = 65_535
"""Bytes of a text field in Milvus; the terms of a longer passage are proposed by its beginning."""
MANY, FEW = 10, 7
"""How often a term stands in what Milvus is asked: single characters count 0.7 of a pair, and the weight is a
count there."""
T = TypeVar("T")
MOST = 16_384
"""Rows that Milvus gives at most."""


class MilvusBackend:
    """See ``index.backend.Backend``. ``address``: http://HOST:19530, or a file ending in .db (Milvus Lite,
    one process)."""

    def __init__(self, address: str, token: str = "") -> None:
        if importlib.util.find_spec("pymilvus") is None:
            raise IndexError_.named("milvus_package")
        self.address = address
        self._token = token
        self._client_: Any = None
        self._lock = threading.Lock()

    @property
    def client(self) -> Any:
        from pymilvus import MilvusClient

        with self._lock:
            if self._client_ is None:
                self._client_ = MilvusClient(self.address, token=self._token, timeout=30)
            return self._client_

    @contextmanager
    def asking(self) -> Iterator[Any]:
        """The client; what it says of a server that cannot be reached, or refuses, becomes IndexError_."""
        from pymilvus.exceptions import MilvusException

        try:
            yield self.client
        except MilvusException as error:
            raise IndexError_.named(
                "milvus_failed", address=self.address, what=str(error.message)[:200]
            ) from error

    def build(self, corpus: Generation, earlier: Earlier | None, report: Progress) -> None:
        number = int(corpus.name.removeprefix("gen-"))
        with self.asking() as client:
            own = _own(corpus.path.parent)
            state = _state(earlier.folder) if earlier else None
            if earlier is None or not (
                state and state["collection"].startswith(own) and client.has_collection(state["collection"])
            ):
                first, statistics = 0, TermStatistics.none()
                gone: list[int] = []
                collection = f"{own}{number}"
                _create(client, collection, int(corpus.vectors().shape[1]))
            else:
                first, collection = earlier.kept, state["collection"]
                self._forget(state)
                client.delete(collection, filter=f"born > {state['born']}")  # of a writer that was killed
                gone, statistics = _left(earlier)
            done = first
            for rows in _batches(_rows(corpus, first, number)):
                client.insert(collection, [row for row, _ in rows])
                statistics = statistics.changed([[text for _, text in rows]])
                done += len(rows)
                report("milvus", done, corpus.count)
            client.flush(collection)
            self._whole(collection, number, gone, corpus.count)
        folder = corpus.path / FOLDER
        folder.mkdir()
        statistics.save(folder)
        facts = {"collection": collection, "born": number, "count": corpus.count, "gone": gone}
        (folder / "milvus.json").write_text(json.dumps(facts), "utf-8")

    def _whole(self, collection: str, born: int, gone: list[int], count: int) -> None:
        """Raise IndexError_ unless the collection holds as many rows of this generation as it has
        passages."""
        found = _count(self.client, collection, f"born <= {born}", "Strong")
        for some in _in_parts(gone):
            found -= _count(self.client, collection, f"document in {some}", "Strong")
        if found != count:
            raise IndexError_.named("milvus_incomplete", found=found, wanted=count, collection=collection)

    def settle(self, current: Generation) -> None:
        state = _state(current.path)
        if state is None and current.count:
            return
        own, kept = _own(current.path.parent), state["collection"] if state else ""
        with self.asking() as client:
            if state is not None:
                self._forget(state)
            for name in client.list_collections():
                if name.startswith(own) and name != kept:
                    client.drop_collection(name)

    def _forget(self, state: dict[str, Any]) -> None:
        """Delete the rows of the documents that a generation left behind; again where that was done
        already."""
        for some in _in_parts(state["gone"]):
            self.client.delete(state["collection"], filter=f"document in {some}")

    def open(self, generation: Rows) -> MilvusSearches:
        state = _state(generation.path)
        if state is None:
            raise IndexError_.named("milvus_other", root=str(generation.path))
        with self.asking() as client:
            there = client.has_collection(state["collection"])
            if not there or _count(client, state["collection"], f"born <= {state['born']}") < state["count"]:
                raise IndexError_.named("milvus_lacks", address=self.address, root=str(generation.path))
        return MilvusSearches(self, generation, state)


class MilvusSearches:
    """See ``index.backend.Searches``."""

    def __init__(self, backend: MilvusBackend, generation: Rows, state: dict[str, Any]) -> None:
        self._backend, self._generation = backend, generation
        self._collection: str = state["collection"]
        self._born: int = state["born"]
        self._statistics = TermStatistics.load(generation.path / FOLDER)

    def describe(self) -> dict[str, object]:
        place = {"address": self._backend.address, "collection": self._collection, "born": self._born}
        return {
            "milvus": place | {"count": self._generation.count, "vocabulary": len(self._statistics.codes)}
        }

    def propose(self, query: str, vector: Floats, wide: int, scope: Scope = EVERYTHING) -> Candidates:
        from pymilvus import AnnSearchRequest, RRFRanker

        seen = f"born <= {self._born}{_held(scope)}"
        wide = min(wide, MOST // 2)
        asked = [AnnSearchRequest([vector.tolist()], "dense", {"metric_type": "IP"}, wide, expr=seen)]
        if words := self._words(query):
            asked.append(AnnSearchRequest([words], "lexical", {"metric_type": "BM25"}, wide, expr=seen))
        with self._backend.asking() as client:
            (hits,) = client.hybrid_search(
                self._collection, asked, RRFRanker(), limit=2 * wide, output_fields=["dense"]
            )
        rows = self._generation.rows_at([hit["key"] for hit in hits])
        # None: a passage of a document that this generation left behind, not deleted yet.
        found = sorted((row, hit["key"], hit) for row, hit in zip(rows, hits, strict=True) if row is not None)
        texts = self._generation.search_texts_at([key for _, key, _ in found])
        bm25, coverage, ceiling = self._statistics.measure(query, texts)
        stored = np.array([hit["entity"]["dense"] for _, _, hit in found], np.float32)
        ordered = np.array([row for row, _, _ in found], np.int64)
        return Candidates(ordered, bm25, stored.reshape(-1, len(vector)) @ vector, coverage, ceiling)

    def _words(self, query: str) -> str:
        codes, weights, _ = self._statistics.weights(query)
        times = np.where(is_single(codes), FEW, MANY)
        words = (f"{code:x}" for code, many in zip(codes, times, strict=True) for _ in range(many))
        known = np.repeat(weights > 0, times)
        return " ".join(word for word, use in zip(words, known, strict=True) if use)


def _held(scope: Scope) -> str:
    """``Scope.holds`` in Milvus' words."""
    said = f" and array_contains(collections, {_quoted(scope.collection)})" if scope.collection else ""
    if scope.closed:
        said += f" and (not array_contains_any(collections, {_quoted(sorted(scope.closed))})"
        said += f" or array_contains_any(collections, {_quoted(sorted(scope.open))}))" if scope.open else ")"
    return said


def _quoted(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _state(folder: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((folder / FOLDER / "milvus.json").read_text("utf-8")))
    except (OSError, ValueError):
        return None


def _own(root: Path) -> str:
    """How the names of this index's collections begin, kept in its folder: two indexes on one Milvus stay
    apart."""
    path = root / OWNER
    if not path.exists():
        path.write_text(f"wenju_{secrets.token_hex(6)}_", "ascii")
    return path.read_text("ascii")


def _in_parts(documents: list[int]) -> list[list[int]]:
    return [documents[at : at + BATCH] for at in range(0, len(documents), BATCH)]


def _create(client: Any, collection: str, dimension: int) -> None:
    from pymilvus import DataType, Function, FunctionType

    client.drop_collection(collection)
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.INT64, is_primary=True)
    schema.add_field("born", DataType.INT64)
    schema.add_field("document", DataType.INT64)
    names = {"element_type": DataType.VARCHAR, "max_capacity": 256, "max_length": 1024}
    schema.add_field("collections", DataType.ARRAY, **names)
    words = {"enable_analyzer": True, "analyzer_params": {"tokenizer": "standard"}}
    schema.add_field("terms", DataType.VARCHAR, max_length=TERMS_MAX, **words)
    schema.add_field("lexical", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dimension)
    bm25 = Function("bm25", FunctionType.BM25, input_field_names=["terms"], output_field_names=["lexical"])
    schema.add_function(bm25)
    indexes = client.prepare_index_params()
    indexes.add_index("dense", index_type="AUTOINDEX", metric_type="IP")
    how = {"bm25_k1": K1, "bm25_b": B}
    indexes.add_index("lexical", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=how)
    client.create_collection(collection, schema=schema, index_params=indexes)


def _rows(corpus: Generation, first: int, born: int) -> Iterator[tuple[dict[str, Any], str]]:
    """What is inserted for the rows from ``first`` on, each with its search text."""
    vectors = corpus.vectors()
    keys = ((ord_, key) for ord_, many in corpus.keys(first, corpus.count) for key in many)
    passages = corpus.iterate(first, corpus.count)
    for at, ((ord_, key), (light, passage)) in enumerate(zip(keys, passages, strict=True), first):
        text = passage_search_text(light, passage)
        terms = " ".join(f"{code:x}" for code in cut([text])[0])[:TERMS_MAX]
        row = {"key": key, "born": born, "document": ord_, "collections": list(light.collections)}
        yield row | {"terms": terms, "dense": np.asarray(vectors[at])}, text


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def _left(earlier: Earlier) -> tuple[list[int], TermStatistics]:
    """Documents (by ``ord``) of an earlier generation whose rows are not taken over, and its statistics
    without them."""
    old = Generation.open(earlier.folder)
    try:
        statistics, gone, at = TermStatistics.load(earlier.folder / FOLDER), [], 0
        for start, stop in [*earlier.runs, (old.count, old.count)]:
            if at < start:
                gone += [ord_ for ord_, _ in old.keys(at, start)]
                texts = (passage_search_text(*one) for one in old.iterate(at, start))
                statistics = statistics.changed(_batches(texts), -1)
            at = stop
        return gone, statistics
    finally:
        old.close()


def _count(client: Any, collection: str, seen: str, consistency: str = "Bounded") -> int:
    found = client.query(collection, filter=seen, output_fields=["count(*)"], consistency_level=consistency)
    return int(found[0]["count(*)"])
