"""Which sentences are worth reading: the fitted ranking, its features and its weights."""

import json

from hit_fakes import hit

from qa.context import candidates
from qa.question import analyse
from qa.selection import WEIGHTS, selection_features, worth

HITS = [
    hit("全市已建成113家就业驿站。有关部门继续做好服务。", 1, 0.9),
    hit("就业驿站由市人社局牵头。它们分布在各区。", 2, 0.6),
    hit("因为居民求职不便，市里决定建设驿站。", 3, 0.3),
]


def ranked(question, hits=HITS):
    spans = candidates(hits)
    rows = selection_features(analyse(question), hits, spans)
    order = sorted(range(len(rows)), key=lambda i: -worth(rows[i]))
    return [spans[i][2].text for i in order], rows


def test_what_is_asked_for_comes_first():
    assert ranked("全市建成了多少家就业驿站？")[0][0] == "全市已建成113家就业驿站。"
    led = hit("就业驿站由市人社局牵头。它们分布在各区。", 2, 0.9)
    assert ranked("就业驿站由哪个局牵头？", [led, HITS[0], HITS[2]])[0][0] == "就业驿站由市人社局牵头。"


def test_every_feature_has_a_weight_and_a_finite_value():
    model = json.loads(WEIGHTS.read_text("utf-8"))
    _, rows = ranked("为什么建设就业驿站？")
    assert {name for row in rows for name in row} == set(model["features"])
    assert all(abs(value) < 100 for row in rows for value in row.values())
    assert [row["cause"] for row in rows] == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert model["out_of_fold"]["auc"] > 0.85


def test_a_question_without_words_in_common_is_ranked_too():
    texts, rows = ranked("？")
    assert len(texts) == 5 and all(row["asked"] == 0.0 for row in rows)
    assert selection_features(analyse("就业驿站？"), [], []) == []
