"""The gate's fit against scikit-learn, and the tuning questions it is made from."""

import json

import numpy as np
import pytest

from eval.gate_data import gate_items
from eval.gate_fit import auc, fit, hash_fold, is_right, log_loss, logistic


@pytest.fixture(scope="module")
def noisy():
    draw = np.random.default_rng(7)
    x = draw.normal(size=(240, 5))
    y = (x @ np.array([1.0, -2.0, 0.5, 0.0, 0.3]) + draw.normal(size=240) > 0).astype(float)
    return x, y


def test_logistic_agrees_with_scikit_learn(noisy):
    linear = pytest.importorskip("sklearn.linear_model")
    x, y = noisy
    other = linear.LogisticRegression(C=1 / 3.0, tol=1e-10, max_iter=1000).fit(x, y)
    ours = logistic(x, y, l2=3.0)
    assert np.allclose(ours[:-1], other.coef_[0], atol=1e-5) and np.isclose(ours[-1], other.intercept_[0], atol=1e-5)


def test_auc_and_log_loss_agree_with_scikit_learn(noisy):
    metrics = pytest.importorskip("sklearn.metrics")
    x, y = noisy
    score = np.round(x[:, 1], 1)  # with ties
    assert np.isclose(auc(score, y), metrics.roc_auc_score(y, score), atol=1e-12)
    assert np.isclose(log_loss(score, y), metrics.log_loss(y, 1 / (1 + np.exp(-score))), atol=1e-12)


def test_the_probe_finds_what_the_features_do_not_tell():
    draw = np.random.default_rng(3)
    direction = draw.normal(size=40)
    rows = []
    for n in range(400):
        state = draw.normal(size=40)
        right = bool(state @ direction + draw.normal() > 0)
        rows.append({"id": f"q{n}-1", "right": right, "features": {"noise": float(draw.normal())}, "state": state.tolist()})
    model, probe = fit(rows)
    assert model["with_state"]["out_of_fold"]["auc"] > 0.85 > model["without_state"]["out_of_fold"]["auc"]
    assert probe is not None and probe["weights"].shape == (40,)


def test_without_states_there_is_no_probe():
    draw = np.random.default_rng(5)
    rows = [{"id": f"q{n}-1", "right": n % 2 == 0, "features": {"a": n % 2 + float(draw.normal())}} for n in range(60)]
    model, probe = fit(rows)
    assert probe is None and set(model) == {"without_state"}


def test_questions_of_one_passage_share_a_fold():
    assert hash_fold("1147-5-1") == hash_fold("1147-5-7")
    assert hash_fold("TRIAL_12_QUERY_0") == hash_fold("TRIAL_12_QUERY_3")
    assert len({hash_fold(f"tj-who-{n}") for n in range(40)}) == 5


@pytest.mark.parametrize(
    ("text", "item", "right"),
    [
        ("共113家。", {"answers": ["113家"]}, True),
        ("共一百家。", {"answers": ["113家"]}, False),
        ("开工251公里。", {"answers": ["251和192"], "answer_parts": [["251公里"], ["192公里"]]}, False),
        ("开工251公里，完工192公里。", {"answers": ["251和192"], "answer_parts": [["251公里"], ["192公里"]]}, True),
        ("不知道。", {"answers": []}, False),
    ],
)
def test_a_draft_is_right_when_it_holds_the_answer_or_all_parts(text, item, right):
    assert is_right(text, item) is right


def test_items_with_the_answer_taken_out_hold_no_answer(tmp_path):
    contexts = [f"第{n}号桥建于{1900 + n}年，长{n * 10 + 5}米。" + "它由当地人捐款修成，至今仍在使用。" * 8 for n in range(30)]
    paragraphs = [
        {"context": c, "qas": [{"id": f"b-{n}", "question": f"第{n}号桥建于哪一年？", "answers": [{"text": f"{1900 + n}年", "answer_start": c.index("建于") + 2}]}]}
        for n, c in enumerate(contexts)
    ]  # fmt: skip
    file = tmp_path / "squad.json"
    file.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}, ensure_ascii=False), "utf-8")
    items = gate_items([file], 20)
    assert items == gate_items([file], 20)
    assert len(items) == 20
    for item in items:
        number = int(item.id.split("-")[1])
        held = any(f"{1900 + number}年" in p for p in item.passages)
        assert held == bool(item.answers)


def test_the_weights_that_ship_come_from_the_data_that_ships():
    from eval.gate_fit import PACKED, read
    from qa.gate import WEIGHTS

    rows, shipped = read(PACKED), json.loads(WEIGHTS.read_text("utf-8"))
    assert shipped["data"]["questions"] == len(rows)
    for row in rows:
        row.pop("state")  # the probe's part takes long; the features' part shows the same path
    model, _ = fit(rows)
    assert np.allclose(model["without_state"]["weights"], shipped["without_state"]["weights"], atol=1e-3)
