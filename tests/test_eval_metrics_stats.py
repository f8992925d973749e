"""Intervals, tests, refusal, ranking and citation metrics against scipy, scikit-learn, ir-measures' formulas
by hand."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from eval.metrics.citation import citation_precision, citation_recall, set_precision_recall
from eval.metrics.refusal import aurc, risk_coverage
from eval.metrics.retrieval import score_runs
from eval.metrics.stats import (
    Figure,
    mcnemar,
    mean_figure,
    mean_of_shares,
    paired,
    percentile,
    statistic_figure,
    wilson,
)


@pytest.fixture(scope="module")
def scipy_stats() -> Any:
    from scipy import stats  # not where tests are collected: every process would wait for it

    return stats


def test_mcnemar_is_scipys_exact_binomial_test(scipy_stats: Any) -> None:
    for gained in range(0, 40, 3):
        for lost in range(0, 40, 4):
            expected = scipy_stats.binomtest(gained, gained + lost, 0.5).pvalue if gained + lost else 1.0
            assert mcnemar(gained, lost) == pytest.approx(expected, abs=1e-9)
    assert mcnemar(700, 900) == pytest.approx(scipy_stats.binomtest(700, 1600, 0.5).pvalue, abs=1e-9)


def test_percentile_is_numpys() -> None:
    rng = random.Random(1)
    for n in (1, 2, 5, 100):
        values = [rng.expovariate(1) for _ in range(n)]
        for share in (0.0, 0.05, 0.5, 0.95, 1.0):
            assert percentile(values, share) == pytest.approx(
                float(np.percentile(values, 100 * share)), abs=1e-9
            )
    with pytest.raises(ValueError):
        percentile([], 0.5)


def test_bootstrap_interval_is_close_to_scipys_and_seeded(scipy_stats: Any) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0.6, 0.2, 200).tolist()
    mine = mean_figure(values, unscored=3)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=1
    ).confidence_interval
    assert mine.value == pytest.approx(np.mean(values), abs=1e-9) and mine.n == 200 and mine.unscored == 3
    assert mine.low == pytest.approx(theirs.low, abs=0.005) and mine.high == pytest.approx(
        theirs.high, abs=0.005
    )
    assert mean_figure(values, 3) == mine
    assert statistic_figure([values], lambda g: sum(g[0]) / len(g[0])).low == pytest.approx(
        mine.low, abs=0.01
    )


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = random.Random(5)
    covered = 0
    for _ in range(200):
        figure = mean_figure([float(rng.random() < 0.7) for _ in range(100)])
        assert figure.low is not None and figure.high is not None
        covered += figure.low <= 0.7 <= figure.high
    assert 0.88 <= covered / 200 <= 0.99


def test_wilson_is_scipys_and_never_certain(scipy_stats: Any) -> None:
    for n in (2, 9, 50, 500):
        for hits in {0, 1, n // 2, n}:
            theirs = scipy_stats.binomtest(hits, n).proportion_ci(method="wilson")
            assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    sure = mean_figure([1.0] * 9)
    assert sure.value == 1.0 and sure.high == 1.0 and sure.low is not None and sure.low < 0.75


def test_mean_of_two_shares_is_balanced_accuracy_with_an_interval_that_covers() -> None:
    rng = random.Random(9)
    covered = 0
    for _ in range(300):
        a, b = [rng.random() < 0.9 for _ in range(40)], [rng.random() < 0.6 for _ in range(60)]
        figure = mean_of_shares(a, b)
        assert figure.value == pytest.approx((sum(a) / 40 + sum(b) / 60) / 2, abs=1e-9)
        covered += (figure.low or 0) <= 0.75 <= (figure.high or 0)
    assert 0.91 <= covered / 300 <= 0.99
    assert (
        mean_of_shares([True] * 5, []).value is None
        and (mean_of_shares([True] * 5, [True] * 5).low or 1) < 0.85
    )


def test_nothing_to_score_is_not_zero() -> None:
    assert mean_figure([], 4) == Figure(None, None, None, 0, 4)
    assert mean_figure([1.0]).low is None and mean_figure([1.0]).value == 1.0
    assert statistic_figure([[1.0], []], lambda g: 1.0).value is None


def test_paired_difference(scipy_stats: Any) -> None:
    a, b = [0.0] * 30 + [1.0] * 70, [1.0] * 20 + [0.0] * 10 + [1.0] * 65 + [0.0] * 5
    found = paired(a, b)
    assert (found.gained, found.lost, found.test) == (20, 5, "McNemar")
    assert found.value == pytest.approx(0.15) and found.p == pytest.approx(
        scipy_stats.binomtest(5, 25, 0.5).pvalue
    )
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, 80)
    small, large = (
        paired(x.tolist(), (x + rng.normal(0, 1, 80)).tolist()),
        paired(x.tolist(), (x + rng.normal(0.5, 1, 80)).tolist()),
    )
    assert small.test == "paired bootstrap" and large.p < 0.01 < small.p
    assert paired([0.3, 0.4], [0.3, 0.4]).p == 1.0


def test_the_mean_of_both_shares_is_the_balanced_accuracy() -> None:
    from sklearn.metrics import balanced_accuracy_score

    rng = random.Random(2)
    unanswerable = [rng.random() < 0.7 for _ in range(60)]
    answerable = [rng.random() < 0.1 for _ in range(90)]
    truth = [1] * 60 + [0] * 90
    said = [int(refused) for refused in (*unanswerable, *answerable)]
    found = mean_of_shares(unanswerable, [not refused for refused in answerable])
    assert found.value == pytest.approx(balanced_accuracy_score(truth, said), abs=1e-9)


def test_aurc_is_the_mean_over_all_orders_of_ties() -> None:
    by_hand = [(0.9, False), (0.8, True), (0.7, False)]
    assert risk_coverage(by_hand) == [(1 / 3, 0.0), (2 / 3, 0.5), (1.0, pytest.approx(1 / 3))]
    assert aurc(by_hand) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3, abs=1e-9)
    rng = random.Random(4)
    points = [(rng.random(), rng.random() < 0.4) for _ in range(200)]
    wrong = np.array([w for _, w in sorted(points, reverse=True)])
    assert aurc(points) == pytest.approx(float((np.cumsum(wrong) / np.arange(1, 201)).mean()), abs=1e-9)
    assert aurc([(0.5, True), (0.5, False)]) == pytest.approx((1 / 2 + 1 / 2) / 2, abs=1e-9)
    assert aurc([(0.1, w) for _, w in points]) == pytest.approx(sum(w for _, w in points) / 200, abs=1e-9)


def dcg(gains: list[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def test_ranking_measures_agree_with_the_formulas() -> None:
    rng = random.Random(6)
    docs = [f"d{n}" for n in range(30)]
    qrels = {f"q{n}": {d: 1 for d in rng.sample(docs, rng.randint(1, 4))} for n in range(40)}
    runs = {q: rng.sample(docs, rng.randint(0, 20)) for q in qrels}
    runs.pop("q0")
    found = score_runs(qrels, runs, 10)
    assert set(found) == set(qrels)
    for q, gold in qrels.items():
        ranked = runs.get(q, [])
        hits = [int(d in gold) for d in ranked]
        first = next((n for n, hit in enumerate(hits[:10]) if hit), None)
        expected = {
            "mrr@10": 0.0 if first is None else 1 / (first + 1),
            "ndcg@10": dcg(hits[:10]) / dcg([1] * min(10, len(gold))),
        }
        expected |= {f"recall@{k}": sum(hits[:k]) / len(gold) for k in (1, 3, 5, 10)}
        expected |= {f"hit@{k}": float(any(hits[:k])) for k in (1, 3, 5, 10)}
        assert found[q] == pytest.approx(expected, abs=1e-9)


def test_the_engines_order_counts_not_the_names_of_documents() -> None:
    found = score_runs({"q": {"z": 1}}, {"q": ["z", "a", "b"]}, 10)
    assert found["q"]["hit@1"] == 1.0


def test_citation_metrics_by_hand() -> None:
    """Sentence 1 rests on two together; sentence 2 has an idle citation; sentence 3 is not borne out; 4 has
    none."""
    sentences = [("s1", ["half-a", "half-b"]), ("s2", ["full", "other"]), ("s3", ["other"]), ("s4", [])]

    def entails(cited: object, sentence: str) -> bool:
        has = set(cited)  # type: ignore[call-overload]
        return {"s1": {"half-a", "half-b"} <= has, "s2": "full" in has}.get(sentence, False)

    assert citation_recall(sentences, entails) == pytest.approx(2 / 4)
    assert citation_precision(sentences, entails) == pytest.approx(
        3 / 5
    )  # of five, "other" of s2 is idle, s3's is wrong
    assert citation_precision([("s", [])], entails) == 0.0


def test_citations_against_gold_sets() -> None:
    assert set_precision_recall([frozenset({0}), frozenset(), frozenset({0})], 2) == (
        pytest.approx(2 / 3),
        0.5,
    )
    assert set_precision_recall([], 2) == (0.0, 0.0)
