"""Fakes for tests of the index on disk: documents, an encoder that tells its texts apart, and a full
check."""

from __future__ import annotations

import hashlib

import numpy as np

from index.generation import Generation
from index.loaders import finish
from index.loaders.plain import raw_from_text
from index.paragraphs import passage_search_text, passages_of
from index.settings import IndexSettings
from index.store import IndexStore
from index.types import Document

SETTINGS = IndexSettings()


def document(name: str, paragraphs: int = 3, mark: str = "") -> Document:
    text = "\n\n".join(
        f"{name}的第{n}段说的是一件事情{mark if n == 0 else ''}，" + "内容很多，说得很细。" * 8
        for n in range(paragraphs)
    )
    return finish(raw_from_text(f"# {name}标题\n\n{text}", "text/plain"), f"{name}.txt")


class Encoder:
    """Vectors that tell which text they are of; counts what it encodes."""

    def __init__(self, dimension: int = 4) -> None:
        self.dimension = dimension
        self.seen: list[str] = []

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.seen += texts
        return np.stack([vector(text, self.dimension) for text in texts])


def vector(text: str, dimension: int = 4) -> np.ndarray:
    digest = hashlib.sha256(text.encode()).digest()
    return np.frombuffer(digest[:dimension], np.uint8).astype(np.float32)


def check(generation: Generation) -> None:
    """Everything in a generation agrees with everything else."""
    generation.verify()
    vectors = generation.vectors()
    texts = list(generation.search_texts())
    assert len(vectors) == len(texts) == generation.count == len(generation.search_texts())
    row = 0
    for light in generation.documents():
        whole = generation.document(light.id)
        assert (
            light.text == ""
            and whole.sha256 == light.sha256 == hashlib.sha256(whole.text.encode()).hexdigest()
        )
        passages = generation.passages(light.id)
        assert passages == passages_of(whole, SETTINGS.passage_min, SETTINGS.passage_max)
        assert generation.rows_of(light.id) == range(row, row + len(passages))
        for passage in passages:
            assert whole.text[passage.start : passage.end] == passage.text
            assert generation.passage_at(row) == generation.passage(passage.id) == passage
            assert generation.row_of(passage.id) == row
            assert texts[row] == generation.search_texts()[row] == passage_search_text(whole, passage)
            assert (vectors[row] == vector(texts[row])).all()
            row += 1
    assert row == generation.count


def current(store: IndexStore) -> Generation:
    generation = store.current()
    assert generation is not None
    return generation
