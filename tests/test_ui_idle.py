"""Suggested questions are asked in idle moments, and a reader who asks comes first."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import Any

import pytest
from fake_corpus import LEAVE, fake_engine
from fake_engine import FakeEngine

from errors import Cancelled
from ui import idle
from ui.admission import Admission
from ui.idle import TRIES, IdleWork
from ui.suggestions import not_tried


def engine_with(questions: str, pace: float = 0.0) -> FakeEngine:
    engine = fake_engine(pace)
    engine.docs = [replace(d, meta={"questions": questions}) if d.id == LEAVE.id else d for d in engine.docs]
    keep, stream = engine.kept, engine.stream

    def keeping(question: str, *given: Any, **named: Any) -> Any:
        for answer in stream(question, *given, **named):
            if answer.stage == "done":
                keep[question] = answer
            yield answer

    engine.stream = keeping  # type: ignore[method-assign]
    return engine


def test_what_nobody_tried_is_asked_once() -> None:
    engine, line = engine_with("年休假怎么申请？；食堂几点开门？"), Admission(1, 4)
    wanted = not_tried(engine, "zh")  # type: ignore[arg-type]
    assert wanted[:2] == ["年休假怎么申请？", "食堂几点开门？"] and len(wanted) == 4, (
        "and one a document from its headings"
    )
    work = IdleWork(engine, line, "zh", deque(["印章能带出去吗？"]), lambda: True)  # type: ignore[arg-type]
    work.round(threading.Event())
    assert set(engine.kept) == {*wanted, "印章能带出去吗？"} and not_tried(engine, "zh") == []  # type: ignore[arg-type]
    asked = len(engine.asked)
    work.round(threading.Event())
    assert len(engine.asked) == asked and line.joined is None


def test_a_reader_who_asks_comes_first() -> None:
    engine, line = engine_with("慢慢讲", 0.01), Admission(1, 4)
    work = IdleWork(engine, line, "zh", deque(), lambda: True)  # type: ignore[arg-type]
    thread = threading.Thread(target=work.round, args=(threading.Event(),))
    thread.start()
    while not engine.writing:
        assert thread.is_alive()
    ticket = line.join("li")
    thread.join(2)
    assert not thread.is_alive() and engine.running == 0 and engine.kept == {}
    work.round(threading.Event())
    assert len(engine.asked) == 1, "nothing is begun while somebody waits or is served"
    ticket.release()


def test_a_question_that_keeps_failing_is_left_alone() -> None:
    engine, line = engine_with("出错"), Admission(1, 4)
    work = IdleWork(engine, line, "zh", deque(), lambda: True)  # type: ignore[arg-type]
    stopping = threading.Event()
    thread = threading.Thread(target=work.run, args=(stopping, 0.01))
    thread.start()
    while [q for q, _ in engine.asked].count("出错") < TRIES:
        assert thread.is_alive(), "an error does not end the thread"
    threading.Event().wait(0.1)
    stopping.set()
    thread.join(2)
    assert [q for q, _ in engine.asked].count("出错") == TRIES


def test_after_the_first_ones_hardly_any_time_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "FIRST", 1)
    engine, line = engine_with("年休假怎么申请？；食堂几点开门？", 0.001), Admission(1, 4)
    work = IdleWork(engine, line, "zh", deque(), lambda: True)  # type: ignore[arg-type]
    work.round(threading.Event())
    asked = len(engine.asked)
    assert asked == 2, "the second one starts the rest"
    work.round(threading.Event())
    assert len(engine.asked) == asked


def test_nothing_is_asked_while_the_machine_is_at_work() -> None:
    engine, line = engine_with("年休假怎么申请？"), Admission(1, 4)
    IdleWork(engine, line, "zh", deque(), lambda: False).round(threading.Event())  # type: ignore[arg-type]
    assert engine.asked == []


def test_passages_are_read_ahead_after_the_questions_and_hardly_any_time_is_spent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idle, "READ", 2)
    engine, line, read = engine_with("年休假怎么申请？"), Admission(1, 4), []

    def read_ahead(cancelled: threading.Event) -> bool:
        assert engine.kept and line.joined is not None
        read.append(threading.Event().wait(0.001))
        return True

    engine.read_ahead = read_ahead  # type: ignore[method-assign]
    work = IdleWork(engine, line, "zh", deque(), lambda: True)  # type: ignore[arg-type]
    for _ in range(3):
        work.round(threading.Event())
    assert len(read) == 3 and line.joined is None, "the third one starts the rest"


def test_who_asks_stops_the_reading_ahead() -> None:
    engine, line, stopped = engine_with(""), Admission(1, 4), threading.Event()
    begun = threading.Event()

    def read_ahead(cancelled: threading.Event) -> bool:
        begun.set()
        assert cancelled.wait(5)
        stopped.set()
        raise Cancelled("stopped before it was read")

    engine.read_ahead = read_ahead  # type: ignore[method-assign]
    work = IdleWork(engine, line, "zh", deque(), lambda: True)  # type: ignore[arg-type]
    thread = threading.Thread(target=work.round, args=(threading.Event(),))
    thread.start()
    assert begun.wait(5)
    ticket = line.join("li")
    thread.join(5)
    assert stopped.is_set() and not thread.is_alive()
    ticket.release()
