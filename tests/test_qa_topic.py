"""A topic is outlined from the passages of its document that answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest
from adapter_fakes import Adapted, weighed
from fake_corpus import LEAVE
from fake_engine import passages_of
from fakes import ScriptedGenerator

from engine.base import Generator
from index.types import Hit, Passage
from qa.kinds import topic
from qa.kinds.evidence import Window, narrow
from qa.kinds.topic import NEAR, on_topic
from qa.reader import Reading
from qa.rerank import Budget
from qa.types import Answer

STOP = threading.Event()
PASSAGES = passages_of(LEAVE)
WINDOWS = [
    Window(narrow(Hit(p, LEAVE, 0.5)), p.start, p.text, Reading(0.5, (0, 4), 0.5, ())) for p in PASSAGES
]


class Index:
    def passages(self, document_id: str) -> list[Passage]:
        assert document_id == LEAVE.id
        return list(PASSAGES)


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed(monkeypatch)


def saying(odds: dict[int, float]) -> Callable[[str], Sequence[float]]:
    """Log-odds that passages answer, by their number; -5 of the others."""
    return lambda text: (
        max((value for n, value in odds.items() if PASSAGES[n].text[:12] in text), default=-5.0),
        0,
        0,
    )


def outlined(generator: Generator, windows: Sequence[Window] = WINDOWS, tokens: int = 9999) -> Answer | None:
    asked = Answer("年休假怎么规定的", "年休假怎么规定的", kind="overview_topic")
    return on_topic(asked, asked.query, windows, Index(), generator, Budget(tokens), STOP)


def cited(done: Answer | None) -> set[str]:
    return {c.passage_id for s in done.sentences[1:] for c in s.citations} if done else set()


def test_passages_about_as_near_to_the_topic_as_the_best_are_outlined_and_no_others():
    done = outlined(Adapted(saying({1: 4.0, 2: 4.1 - NEAR, 3: 3.9 - NEAR})))
    assert cited(done) == {PASSAGES[1].id, PASSAGES[2].id}
    assert done is not None and done.stage == "done" and LEAVE.title in done.sentences[0].text


@pytest.mark.parametrize(
    ("generator", "windows", "tokens"),
    [
        (Adapted(saying({})), WINDOWS, 9999),
        (Adapted(saying({1: 4.0})), WINDOWS, 1),
        (Adapted(saying({1: 4.0})), [], 9999),
        (ScriptedGenerator(), WINDOWS, 9999),
    ],
    ids=["none answers", "too much to read", "nothing found", "no adapter"],
)
def test_without_a_passage_that_is_told_to_answer_there_is_no_outline(
    generator: Generator, windows: Sequence[Window], tokens: int
):
    assert outlined(generator, windows, tokens) is None


def test_of_a_long_document_those_that_were_found_are_asked_of(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(topic, "MOST", 2)
    generator = Adapted(saying({0: 4.0, 1: 4.0, 2: 4.0}))
    assert cited(outlined(generator, WINDOWS[1:3])) == {PASSAGES[1].id, PASSAGES[2].id}
    assert len(generator.chats) == 2
