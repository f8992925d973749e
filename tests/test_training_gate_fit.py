"""The gate's fit against scikit-learn, and the tuning questions it is made from."""

import json

import numpy as np
import pytest

from training.gate_data import gate_items, news_items
from training.gate_fit import fit
from training.gate_model import Probes, States, auc, hash_fold, log_loss, logistic
from training.gate_rows import PACKED, is_right, pack, read


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


def row(draw, n, right, **more):
    """A row as ``collect`` writes it: two evidence sentences, the first holds the answer when there is one."""
    sentences = [[float(right) + draw.normal(), 0.5], [draw.normal() - 1.0, 0.2]]
    features = {"noise": float(draw.normal())} | more.pop("features", {})
    kept = {"source": "a", "answerable": right, "right": right, "passed": True, "sentence_names": ["fit", "length"]}
    return {"id": f"q{n}-1", **kept, "features": features, "sentences": sentences, "holds": [right, False], **more}


def with_states(count=400):
    draw = np.random.default_rng(3)
    direction = draw.normal(size=40)
    states = draw.normal(size=(count, 40))
    rows = [row(draw, n, bool(s @ direction + draw.normal() > 0)) for n, s in enumerate(states)]
    return rows, {"answer": States.of(draw.normal(size=(count, 40))), "judge": States.of(states)}


def test_the_probes_find_what_the_features_do_not_tell():
    model, probes = fit(*with_states())
    for of in ("draft", "quote"):
        told, untold = (model[of][part]["out_of_fold"]["auc"] for part in ("with_state", "without_state"))
        assert told > 0.85 and told > untold
        assert probes is not None and probes[f"answer_{of}"].shape == probes[f"judge_{of}"].shape == (40,)


def test_without_states_there_is_no_probe():
    draw = np.random.default_rng(5)
    rows = [row(draw, n, n % 2 == 0, features={"a": n % 2 + float(draw.normal())}) for n in range(60)]
    model, probes = fit(rows, {})
    assert probes is None and set(model["draft"]) == set(model["quote"]) == {"without_state"}


def test_more_risk_refuses_less_and_the_shares_are_those_of_the_rows():
    model, _ = fit(*with_states(200))
    table = [model["outcomes"]["all"][risk] for risk in ("0.30", "0.50", "0.80")]
    for name in ("answerable_refused", "unanswerable_refused"):
        shares = [line[name] for line in table]
        assert shares == sorted(shares, reverse=True) and 0.0 <= min(shares) <= max(shares) <= 1.0
    assert all(line["answered_right"] <= 1.0 - line["answerable_refused"] + 1e-9 for line in table)


def test_what_is_packed_is_read_again(tmp_path):
    (rows, states), file = with_states(20), tmp_path / "rows.jsonl"
    pack(rows, states, file)
    again, kept = read(file)
    for one, other in zip(rows, again, strict=True):
        assert one["features"] == other["features"] and one["holds"] == list(other["holds"])
        assert np.allclose(one["sentences"], other["sentences"], atol=2e-3)
    for of in ("answer", "judge"):
        assert np.allclose(states[of].coordinates @ states[of].basis, kept[of].coordinates @ kept[of].basis, atol=2e-2)
        assert np.allclose(states[of].mean, kept[of].mean) and np.allclose(states[of].scale, kept[of].scale)


def test_a_probe_over_the_strongest_directions_is_one_over_the_states():
    draw = np.random.default_rng(11)
    given, y = draw.normal(size=(60, 8)) * 3 + 5, np.repeat([0.0, 1.0], 30)
    states = States.of(given)
    weights, bias = Probes(states, np.arange(60) % 5).fit(y, 2.0)
    z = (given - given.mean(0)) / given.std(0)
    assert np.allclose(np.append(weights, bias), logistic(z, y, 2.0), atol=1e-5)
    assert np.allclose(states.coordinates @ states.basis, z, atol=1e-8)


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


def test_questions_over_news_are_given_what_answers_them(tmp_path):
    news, questions = tmp_path / "news.jsonl", tmp_path / "questions.jsonl"
    texts = [f"第{n}号桥建于{1900 + n}年，由当地人捐款修成。" + "它至今仍在使用，每天有许多人经过。" * 9 for n in range(30)]
    news.write_text("".join(json.dumps({"id": f"n{n}", "text": t}, ensure_ascii=False) + "\n" for n, t in enumerate(texts)), "utf-8")
    asked = [
        {"id": "a", "article": "n3", "question": "三号桥哪年修的？", "answers": ["1903年"]},
        {"id": "b", "article": "n3", "question": "3号桥谁设计的？", "answers": []},
    ]
    questions.write_text("".join(json.dumps(q, ensure_ascii=False) + "\n" for q in asked), "utf-8")
    told, untold = news_items(questions, news)
    assert any("1903年" in p for p in told.passages) and len(told.passages) <= 10
    assert untold.answers == () and untold.passages


def test_the_weights_that_ship_come_from_the_data_that_ships():
    from qa.gate import WEIGHTS

    (rows, _), shipped = read(PACKED), json.loads(WEIGHTS.read_text("utf-8"))
    assert shipped["data"]["questions"] == len(rows)
    model, _ = fit(rows, {})  # the probes take long; the features' part shows the same path
    for of in ("draft", "quote"):
        assert np.allclose(model[of]["without_state"]["weights"], shipped[of]["without_state"]["weights"], atol=1e-3)
