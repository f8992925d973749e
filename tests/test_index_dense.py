"""Nearest vectors: exact search, the graph's recall, ties, files that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from errors import IndexError_
from index import dense
from index.build import Earlier
from index.dense import DenseIndex


def vectors(count: int, dimension: int = 32, seed: int = 0) -> np.ndarray:
    """Unit vectors around 20 centres, as texts of 20 subjects would give."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(20, dimension))
    made = centres[random.integers(20, size=count)] + 0.5 * random.normal(size=(count, dimension))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_exact_search_is_the_sorted_product(tmp_path: Path) -> None:
    base, asked = vectors(500), vectors(7, seed=1)
    rows, scores = DenseIndex.build(base, tmp_path).search(asked, 10)
    expected = np.argsort(-(asked @ base.T), axis=1, kind="stable")[:, :10]
    assert (rows == expected).all()
    assert np.allclose(scores, np.take_along_axis(asked @ base.T, expected, 1), atol=1e-5)


def nearly_all(base: np.ndarray, asked: np.ndarray, rows: np.ndarray, scores: np.ndarray) -> None:
    """At least 98 % of the ten nearest are found, each with its exact score."""
    expected = np.argsort(-(asked @ base.T), axis=1)[:, :10]
    recall = np.mean(
        [len(set(a) & set(b)) / 10 for a, b in zip(rows.tolist(), expected.tolist(), strict=True)]
    )
    assert recall >= 0.98
    assert np.allclose(scores, np.einsum("qkd,qd->qk", base[rows], asked), atol=1e-5)


def test_the_graph_finds_nearly_all_and_scores_exactly(tmp_path: Path) -> None:
    base, asked = vectors(3000), vectors(50, seed=1)
    index = DenseIndex.build(base, tmp_path, exact_max=1000)
    assert index.describe()["kind"] == "graph"
    rows, scores = index.search(asked, 10)
    nearly_all(base, asked, rows, scores)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_the_graph_gives_all_rows_when_all_are_asked_for(tmp_path: Path) -> None:
    index = DenseIndex.build(vectors(300), tmp_path, exact_max=10)
    assert sorted(index.search(vectors(1, seed=2), 300)[0][0].tolist()) == list(range(300))


def test_a_large_graph_is_searched_wider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        DenseIndex.build(vectors(300), tmp_path / "few", exact_max=100).describe()["ef_search"]
        == dense.EF_SEARCH
    )
    monkeypatch.setattr(dense, "EF_MANY", 200)
    index = DenseIndex.build(vectors(300), tmp_path / "many", exact_max=100)
    assert index.describe()["ef_search"] == dense.EF_SEARCH_MANY > dense.EF_SEARCH
    wide: list[int] = []
    monkeypatch.setattr(
        dense, "_propose", lambda graph, query, k, probed, ef: wide.append(ef) or np.arange(k)
    )
    index.search(vectors(1), 3)
    assert wide == [dense.EF_SEARCH_MANY], "as the index says, not as the program would build it"


def test_lists_find_nearly_all_and_score_exactly(tmp_path: Path) -> None:
    base, asked = vectors(6000), vectors(50, seed=1)
    index = DenseIndex.build(base, tmp_path, exact_max=1000, graph_max=2000)
    about = index.describe()
    assert (about["kind"], about["factory"], about["probed"]) == ("lists", "IVF256,SQ8", 128)
    rows, scores = index.search(asked, 10)
    nearly_all(base, asked, rows, scores)
    assert (DenseIndex.open(tmp_path).search(asked, 10)[0] == rows).all()
    assert sorted(index.search(asked[:1], 6000)[0][0].tolist()) == list(range(6000)), (
        "all of them when all are asked for"
    )


def test_an_opened_index_gives_the_same(tmp_path: Path) -> None:
    base, asked = vectors(400), vectors(3, seed=1)
    built = DenseIndex.build(base, tmp_path, exact_max=100)
    opened = DenseIndex.open(tmp_path)
    assert (opened.search(asked, 5)[0] == built.search(asked, 5)[0]).all()
    assert opened.describe() == built.describe()


def test_vectors_of_the_generation_are_not_stored_twice(tmp_path: Path) -> None:
    base = vectors(50)
    np.save(tmp_path / "vectors.npy", base)
    index = DenseIndex.build(np.load(tmp_path / "vectors.npy", mmap_mode="r"), tmp_path)
    assert sorted(path.name for path in (tmp_path / "dense").iterdir()) == ["dense.json"]
    assert index.search(base[7:8], 1)[0].item() == 7


def test_ties_go_to_the_lower_row_and_k_is_capped(tmp_path: Path) -> None:
    base = np.repeat(vectors(1), 9, axis=0)
    rows, _ = DenseIndex.build(base, tmp_path).search(base[:1], 4)
    assert rows.tolist() == [[0, 1, 2, 3]]
    assert DenseIndex.open(tmp_path).search(base[:1], 99)[0].shape == (1, 9)
    assert DenseIndex.open(tmp_path).search(base[:1], 0)[0].shape == (1, 0)


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexError_, match="cannot be read"):
        DenseIndex.open(tmp_path)
    DenseIndex.build(vectors(20), tmp_path)
    meta = tmp_path / "dense" / "dense.json"
    meta.write_text(json.dumps(json.loads(meta.read_text("utf-8")) | {"count": 21}), "utf-8")
    with pytest.raises(IndexError_, match="does not fit"):
        DenseIndex.open(tmp_path)


def test_a_damaged_graph_is_named(tmp_path: Path) -> None:
    DenseIndex.build(vectors(300), tmp_path, exact_max=10)
    (tmp_path / "dense" / "graph.faiss").write_bytes(b"nothing of the kind")
    with pytest.raises(IndexError_, match="cannot be read"):
        DenseIndex.open(tmp_path)


def test_only_the_inner_product(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only 'ip'"):
        DenseIndex.build(vectors(5), tmp_path, metric="l2")


@pytest.mark.parametrize("graph_max", [10_000, 500])
def test_a_graph_or_lists_are_taken_over_while_few_rows_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graph_max: int
) -> None:
    base, more, asked = vectors(3000), vectors(60, seed=5), vectors(40, seed=1)
    DenseIndex.build(base, tmp_path / "1", exact_max=400, graph_max=graph_max)
    monkeypatch.setattr(dense, "_write", lambda *_: pytest.fail("built anew"))
    runs = ((0, 100), (130, 3000))  # thirty went
    second = np.concatenate([base[:100], base[130:], more[:40]])
    DenseIndex.build(
        second, tmp_path / "2", Earlier(tmp_path / "1", runs), exact_max=400, graph_max=graph_max
    )
    third = np.concatenate([second[50:], more[40:]])
    index = DenseIndex.build(
        third,
        tmp_path / "3",
        Earlier(tmp_path / "2", ((50, len(second)),)),
        exact_max=400,
        graph_max=graph_max,
    )
    assert (index.count, index.describe()["covered"]) == (len(third), 2920)
    rows, scores = index.search(asked, 10)
    expected = np.argsort(-(asked @ third.T), axis=1)[:, :10]
    recall = np.mean(
        [len(set(a) & set(b)) / 10 for a, b in zip(rows.tolist(), expected.tolist(), strict=True)]
    )
    assert recall >= 0.97 and np.allclose(scores, np.einsum("qkd,qd->qk", third[rows], asked), atol=1e-5)
    assert (
        index.search(more[40:], 1)[0][:, 0] == np.arange(2960, 2980)
    ).all()  # rows that came later are found
    assert sorted(index.search(asked[:1], index.count)[0][0].tolist()) == list(range(index.count))


def test_what_changed_much_or_cannot_be_read_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "CHANGED", 20)
    base = vectors(600)
    DenseIndex.build(base, tmp_path / "1", exact_max=100)
    many = DenseIndex.build(vectors(660), tmp_path / "2", Earlier(tmp_path / "1", ((0, 600),)), exact_max=100)
    assert "covered" not in many.describe()
    (tmp_path / "1" / "dense" / "graph.faiss").unlink()
    assert (
        "covered"
        not in DenseIndex.build(
            vectors(610), tmp_path / "3", Earlier(tmp_path / "1", ((0, 600),)), exact_max=100
        ).describe()
    )
