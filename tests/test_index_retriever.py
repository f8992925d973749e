"""Hybrid retrieval over a generation: order, reasons, ties, and texts given without an index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fake_encoder import FakeEncoder

from index.bm25 import LexicalIndex
from index.dense import DenseIndex
from index.fusion import fuse
from index.retriever import HybridRetriever, rank_texts
from index.settings import IndexSettings
from index.types import Document, Passage

TEXTS = [
    "市级机关工委举办“走进系列”活动，共12场，近2000名党员干部受惠。",
    "天津港集团与气象部门合作，保障港口作业安全。",
    "窗口单位推出二十三条便民措施，群众办事更方便。",
    "和平区建成社区食堂35家，老年人就餐有补贴。",
    "机关食堂开展厉行节约反对浪费主题党日。",
]


@dataclass
class Shelf:
    """A generation of five one-passage documents."""

    path: Path
    count: int = len(TEXTS)

    def passage_at(self, row: int) -> Passage:
        return Passage(f"doc{row}-0001", f"doc{row}", 0, len(TEXTS[row]), TEXTS[row])

    def copies(self) -> dict[str, str]:
        return {}

    def document(self, document_id: str) -> Document:
        return Document(
            document_id, f"文件{document_id[3:]}", document_id, TEXTS[int(document_id[3:])], "0" * 64
        )


@pytest.fixture
def retriever(tmp_path: Path) -> HybridRetriever:
    encoder = FakeEncoder()
    LexicalIndex.build(TEXTS, tmp_path)
    DenseIndex.build(encoder.encode(TEXTS), tmp_path)
    return HybridRetriever(Shelf(tmp_path), encoder, IndexSettings(top_k=3))


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("走进系列活动有多少场", 0),
        ("港口作业安全谁来保障", 1),
        ("23条措施", 2),
        ("社區食堂", 3),
        ("反对浪费", 4),
    ],
)
def test_the_right_passage_comes_first(retriever: HybridRetriever, query: str, row: int) -> None:
    hits = retriever.search(query, 3)
    assert hits[0].passage.text == TEXTS[row]
    assert hits[0].document.id == hits[0].passage.document_id


def test_hits_are_in_order_and_say_why(retriever: HybridRetriever) -> None:
    hits = retriever.search("机关食堂开展了什么活动", 5)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    for hit in hits:
        assert {"dense", "bm25", "coverage", "dense_rank"} <= set(hit.why)
        assert -1.0 <= hit.why["dense"] <= 1.0
        assert 0.0 <= hit.why["coverage"] <= 1.0
        assert ("bm25_rank" in hit.why) == (hit.why["bm25"] > 0)
    assert sorted(hit.why["dense_rank"] for hit in hits) == [1, 2, 3, 4, 5]


def test_k_and_the_setting(retriever: HybridRetriever) -> None:
    assert len(retriever.search("机关", 2)) == 2
    assert len(retriever.search("机关")) == 3
    assert len(retriever.search("机关", 99)) == 5
    assert retriever.search("机关", 0) == []
    assert retriever.search("  ", 5) == []


def test_a_question_that_shares_no_character_still_finds_the_nearest(retriever: HybridRetriever) -> None:
    hits = retriever.search("zebra", 2)
    assert len(hits) == 2
    assert all("bm25_rank" not in hit.why and hit.why["coverage"] == 0 for hit in hits)


def test_an_empty_generation(tmp_path: Path) -> None:
    assert HybridRetriever(Shelf(tmp_path, count=0), FakeEncoder()).search("天津", 5) == []


def test_describe_names_both_indexes(retriever: HybridRetriever) -> None:
    told = retriever.describe()
    assert told["dense"]["kind"] == "exact"  # type: ignore[index]
    assert told["lexical"]["count"] == 5  # type: ignore[index]


def test_texts_given_with_the_question() -> None:
    ranked = rank_texts("23条便民措施", TEXTS, FakeEncoder())
    assert [one.row for one in ranked][0] == 2
    assert sorted(one.row for one in ranked) == [0, 1, 2, 3, 4]
    assert ranked[0].why["dense_rank"] == 1.0 and ranked[0].why["bm25_rank"] == 1.0
    assert rank_texts("天津", [], FakeEncoder()) == []


def test_fusion_weighs_the_two_scales() -> None:
    bm25 = np.array([10, 5, 0], np.float32)
    dense = np.array([0.5, 0.9, 0.4], np.float32)
    assert fuse(bm25, dense, 20.0, 0.0).tolist() == [0.5, 0.25, 0.0]
    assert np.allclose(fuse(bm25, dense, 20.0, 1.0), dense)
    assert np.allclose(fuse(bm25, dense, 20.0, 0.5), [0.5, 0.575, 0.2])
    assert np.allclose(fuse(np.zeros(3, np.float32), dense, 0.0, 0.5), dense / 2)
    assert fuse(np.zeros(0, np.float32), np.zeros(0, np.float32), 0.0).size == 0
