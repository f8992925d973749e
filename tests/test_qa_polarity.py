"""Yes or no stands before the line that decides, where the state after the question is certain of it."""

from __future__ import annotations

import numpy as np
import pytest
from adapter_fakes import WEIGHTS, weighed

import qa.polarity
from qa.adapted import Told
from qa.polarity import NAMES, fingerprint, polarity, said_first
from qa.types import Answer, Citation, Sentence

CITED = (Citation("d-0001", "d", "须知", "0", (), None, 0, 4, "不得入内", 1.0),)
ANSWER = Answer("能进吗", "能进吗", "done", (Sentence("不得入内。", "supported", CITED),), kind="yes_no")


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state's first three values are the log-odds of the three names."""
    weighed(monkeypatch)
    known = {"weights": np.eye(3, 5, dtype=np.float16), "bias": np.zeros(3, np.float32)}
    monkeypatch.setattr(qa.polarity, "_weights", lambda: known)


def told(*odds: float) -> Told:
    return Told(1.0, 0.0, (), (), np.array([*odds, *[0.0] * (5 - len(odds))], np.float32))


def test_the_shares_are_told_by_the_state() -> None:
    shares = polarity(told(0.0, 5.0, 0.0))
    assert shares is not None and tuple(shares) == NAMES
    assert shares["no"] > 0.98 and sum(shares.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (told(0.0, 6.0, 0.0), "否。不得入内。"),
        (told(6.0, 0.0, 0.0), "是。不得入内。"),
        (told(0.0, 0.0, 6.0), "不得入内。"),
        (told(1.0, 0.0, 0.0), "不得入内。"),
        (Told(1.0, 0.0, (), ()), "不得入内。"),
        (None, "不得入内。"),
    ],
    ids=["no", "yes", "it depends", "not certain", "no state", "not told"],
)
def test_the_word_comes_first_where_it_is_certain(found: Told | None, text: str) -> None:
    answer = said_first(ANSWER, found)
    assert answer.sentences[0].text == text and answer.sentences[0].citations == CITED
    assert [note.kind for note in answer.notes] == (["computed"] if text != "不得入内。" else [])


@pytest.mark.parametrize(
    "answer",
    [
        Answer("几点开", "几点开", "done", ANSWER.sentences, kind="fact"),
        Answer("能进吗", "能进吗", kind="yes_no"),
    ],
)
def test_other_questions_and_refusals_stay_as_they_are(answer: Answer) -> None:
    assert said_first(answer, told(0.0, 6.0, 0.0)) == answer


def test_weights_of_another_adapter_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    weighed(monkeypatch)
    monkeypatch.setattr(qa.polarity, "weights", lambda: WEIGHTS)
    qa.polarity._weights.cache_clear()
    assert polarity(told(0.0, 6.0, 0.0)) is None
    qa.polarity._weights.cache_clear()
    assert fingerprint(WEIGHTS["heads"]) == fingerprint(WEIGHTS["heads"].copy())


def test_the_shipped_weights_belong_to_the_shipped_adapter() -> None:
    from engine.adapter import weights

    with np.load(qa.polarity.FILE) as file:
        assert str(file["adapter"]) == fingerprint(weights()["heads"])
        assert file["weights"].shape == (len(NAMES), weights()["heads"].shape[1])
