"""BM25: exact against a plain implementation, whatever is skipped on the way; on disk and back."""

from __future__ import annotations

import functools
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from errors import IndexError_
from index import bm25, postings
from index.bm25 import K1, SINGLE_SHARE, SINGLE_WEIGHT, B, LexicalIndex, score_texts
from index.build import Earlier
from index.terms import cut, query_terms

_WORDS = (
    "天津 机关 党建 高质量 发展 服务 企业 群众 走进 系列 活动 会议 报告 2025年 三十五 信息 中心 的 了 在 和"
)
WORDS = _WORDS.split()


def corpus(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(WORDS) + 1)
    return [
        "".join(random.choice(WORDS, int(random.integers(2, 40)), p=weights / weights.sum()))
        for _ in range(count)
    ]


def plain(texts: list[str], query: str) -> list[float]:
    """BM25 as the formula is written, with Python's dictionaries."""
    bags = [Counter(cut([text])[0].tolist()) for text in texts]
    mean = sum(bag.total() for bag in bags) / len(bags)
    having = Counter(code for bag in bags for code in bag)
    scores = []
    for bag in bags:
        score = 0.0
        for code in query_terms(query).tolist():
            idf = math.log(1 + (len(bags) - having[code] + 0.5) / (having[code] + 0.5))
            tf = bag[code]
            weight = 1.0
            if code < 1 << 42:
                weight = 0.0 if having[code] > max(3, SINGLE_SHARE * len(bags)) else SINGLE_WEIGHT
            score += weight * idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * bag.total() / mean))
        scores.append(score)
    return scores


QUERIES = [
    "天津机关党建工作怎么样",
    "走进系列活动2025年举办了多少场",
    "的和在了",
    "35家企业",
    "完全无关",
    "信息中心",
]


@functools.cache
def expected_of(query: str) -> tuple[float, ...]:
    """The scores of 700 texts, computed plainly."""
    return tuple(plain(corpus(700), query))


@pytest.mark.parametrize(("worth", "look_up"), [(1, 0), (1, 10**6), (1, 1), (10**6, 1)])
@pytest.mark.parametrize("group", [1, 64])
@pytest.mark.parametrize("k", [1, 5, 2000])
def test_search_is_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, k: int, group: int, worth: int, look_up: int
) -> None:
    monkeypatch.setattr(bm25, "_WORTH", worth)  # 1: small postings, too, are worth skipping
    monkeypatch.setattr(bm25, "_LOOK_UP", look_up)  # 0: look everything up; many: read all in full
    monkeypatch.setattr(bm25, "_GROUP", group)
    monkeypatch.setattr(bm25, "BATCH", 100)
    index = LexicalIndex.build(iter(corpus(700)), tmp_path)
    assert index.count == 700
    for query in QUERIES:
        rows, scores = index.search(query, k)
        expected = expected_of(query)
        order = sorted(
            (row for row in range(700) if expected[row] > 0), key=lambda row: (-expected[row], row)
        )[:k]
        assert np.allclose(scores, [expected[row] for row in order], rtol=1e-4, atol=1e-4), query
        assert np.allclose([expected[row] for row in rows], scores, rtol=1e-4, atol=1e-4)
        assert len(set(rows.tolist())) == len(rows)


def test_scores_of_given_rows_are_those_of_the_search(tmp_path: Path) -> None:
    index = LexicalIndex.build(corpus(300), tmp_path)
    rows, scores = index.search("天津机关党建", 20)
    shuffled = rows[::-1]
    assert np.allclose(index.scores("天津机关党建", shuffled), scores[::-1], atol=1e-4)


def test_ties_go_to_the_lower_row(tmp_path: Path) -> None:
    index = LexicalIndex.build(["机关党建"] * 50, tmp_path)
    assert index.search("机关党建", 7)[0].tolist() == list(range(7))


def test_a_question_of_many_reads_few_postings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rare word decides: what is everywhere is looked up for a few passages, not read."""
    texts = [*(["企业服务"] * 3000), *(["天津企业服务"] * 20)]
    index = LexicalIndex.build(texts, tmp_path)
    monkeypatch.setattr(bm25, "_WORTH", 1)
    read: list[int] = []
    whole = LexicalIndex._read

    def counted(self: LexicalIndex, scores: np.ndarray, place: int, weight: float) -> None:
        read.append(int(self._starts[place + 1] - self._starts[place]))
        whole(self, scores, place, weight)

    monkeypatch.setattr(LexicalIndex, "_read", counted)
    assert sorted(index.search("天津企业服务", 5)[0].tolist()) == [3000, 3001, 3002, 3003, 3004]
    assert sum(read) < 1000


def test_coverage_is_the_share_of_the_question_that_a_passage_has(tmp_path: Path) -> None:
    index = LexicalIndex.build(["机关党建", "机关", "企业服务"], tmp_path)
    full, half, none = index.coverage("机关党建", [0, 1, 2])
    assert full == pytest.approx(1.0)
    assert 0 < half < 1
    assert none == 0
    assert index.coverage("机关党建火星", [0])[0] < 0.8, "what no passage has counts as missing"


def test_an_opened_index_gives_the_same(tmp_path: Path) -> None:
    built = LexicalIndex.build(corpus(100), tmp_path)
    opened = LexicalIndex.open(tmp_path)
    assert opened.search("企业服务", 9)[0].tolist() == built.search("企业服务", 9)[0].tolist()
    assert opened.describe()["count"] == 100


def test_an_empty_index_and_an_empty_question(tmp_path: Path) -> None:
    assert LexicalIndex.build([], tmp_path / "a").search("天津", 5)[0].size == 0
    assert LexicalIndex.build(["天津"], tmp_path / "b").search("？", 5)[0].size == 0
    assert LexicalIndex.build(["", ""], tmp_path / "c").search("天津", 5)[0].size == 0
    assert LexicalIndex.open(tmp_path / "b").search("天津", 0)[0].size == 0


def test_long_runs_of_one_term_are_counted(tmp_path: Path) -> None:
    index = LexicalIndex.build(["党" * 1000, "党建"], tmp_path)
    assert index.search("党", 2)[0].size == 2


def test_a_missing_or_foreign_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexError_, match="cannot be read"):
        LexicalIndex.open(tmp_path)
    LexicalIndex.build(["天津"], tmp_path)
    meta = tmp_path / "lexical" / "bm25.json"
    meta.write_text(json.dumps(json.loads(meta.read_text("utf-8")) | {"terms": -1}), "utf-8")
    with pytest.raises(IndexError_, match="another version"):
        LexicalIndex.open(tmp_path)


def test_texts_without_an_index_are_ranked_the_same_way(tmp_path: Path) -> None:
    texts = corpus(30, seed=3)
    scores, coverage, ceiling = score_texts("天津机关党建", texts)
    index = LexicalIndex.build(texts, tmp_path)
    rows = list(range(30))
    assert np.allclose(scores, index.scores("天津机关党建", rows), atol=1e-3)
    assert coverage.max() <= 1.0 + 1e-6
    assert ceiling == pytest.approx(index.ceiling("天津机关党建"), rel=1e-4)
    assert scores.max() <= ceiling
    assert score_texts("天津", [])[0].size == 0


@pytest.mark.parametrize("part", [10**9, 50])
def test_postings_of_kept_rows_are_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(postings, "PART", part)
    texts = corpus(300)
    LexicalIndex.build(texts[:250], tmp_path / "1")
    cut_before = bm25.cut
    seen: list[str] = []
    monkeypatch.setattr(postings, "cut", lambda batch: (seen.extend(batch), cut_before(batch))[1])
    now = texts[:40] + texts[41:100] + texts[120:250] + texts[250:]
    index = LexicalIndex.build(now, tmp_path / "2", Earlier(tmp_path / "1", ((0, 40), (41, 100), (120, 250))))
    assert seen == texts[250:]
    whole = LexicalIndex.build(now, tmp_path / "3")
    for name in postings.ARRAYS:
        a, b = (np.load(tmp_path / folder / "lexical" / f"{name}.npy") for folder in "23")
        assert np.array_equal(a, b), name
    assert index.count == whole.count == len(now)


def test_postings_of_another_version_are_not_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = corpus(30)
    LexicalIndex.build(texts, tmp_path / "1")
    (tmp_path / "1" / "lexical" / "bm25.json").write_text("{}")
    assert LexicalIndex.build(texts, tmp_path / "2", Earlier(tmp_path / "1", ((0, 30),))).count == 30
