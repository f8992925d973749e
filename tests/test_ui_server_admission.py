"""One queue for page and API: order, fairness, limits, and slots that come back at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_corpus import fake_engine

from ui import rates as module
from ui.admission import Admission, QueueFull
from ui.rates import RateLimited
from ui.settings import UiSettings


def test_first_come_first_served_with_places_in_line() -> None:
    async def main() -> None:
        queue = Admission(slots=1, queue_size=10)
        a, b, c = (queue.join(name) for name in "abc")
        assert [t.ahead for t in (a, b, c)] == [0, 1, 2]
        a.release()
        assert (b.ahead, c.ahead) == (0, 1)
        c.release()
        assert queue.load == (1, 0)

    asyncio.run(main())


def test_a_busy_person_does_not_keep_the_others_waiting() -> None:
    async def main() -> list[str]:
        queue = Admission(slots=1, queue_size=100)
        tickets = [queue.join("busy") for _ in range(5)] + [queue.join("quiet"), queue.join("calm")]
        order = []
        for _ in range(7):
            served = next(t for t in tickets if t.ahead == 0 and t not in order)
            order.append(served)
            served.release()
        return [t.user for t in order]

    assert asyncio.run(main()) == ["busy", "quiet", "calm", "busy", "busy", "busy", "busy"]


def test_the_place_is_told_whenever_it_changes_and_a_waiter_may_leave() -> None:
    async def main() -> None:
        places: list[int] = []
        queue = Admission(slots=1, queue_size=10)
        first, second = queue.join("a"), queue.join("b")
        third = queue.join("c", places.append)
        second.release()
        second.release()
        first.release()
        assert places == [2, 1, 0]
        assert third.ahead == 0
        third.release()
        assert queue.load == (0, 0)

    asyncio.run(main())


def test_a_full_queue_refuses_and_does_not_count_against_the_rate() -> None:
    async def main() -> None:
        queue = Admission(slots=1, queue_size=1, rate_per_minute=2)
        served, waiting = queue.join("a"), queue.join("b")
        with pytest.raises(QueueFull):
            queue.join("b")
        waiting.release()
        queue.join("b").release()
        served.release()
        assert queue.refused == {"queue_full": 1, "rate_limited": 0}

    asyncio.run(main())


def test_the_rate_is_per_person_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    queue = Admission(slots=9, queue_size=9, rate_per_minute=2)
    for _ in range(2):
        queue.join("a").release()
    clock[0] += 20
    with pytest.raises(RateLimited) as refused:
        queue.join("a")
    assert refused.value.retry_after == 41
    queue.join("b").release()
    clock[0] += 41
    queue.join("a").release()


def test_anonymous_visitors_of_one_address_share_a_tighter_limit() -> None:
    queue = Admission(slots=9, queue_size=9, rate_per_minute=20, visitor_per_minute=2)
    queue.join("visitor-ab12#one").release()
    queue.join("visitor-ab12#two").release()
    with pytest.raises(RateLimited):
        queue.join("visitor-ab12#three")
    queue.join("visitor-cd34#four").release()


def test_an_address_has_a_rate_of_its_own_and_this_machine_none() -> None:
    queue = Admission(slots=99, queue_size=9, rate_per_minute=9, rate_per_address=3)
    for name in "abc":
        queue.join(name, address="10.0.0.7").release()
    with pytest.raises(RateLimited):
        queue.join("d", address="10.0.0.7")
    queue.join("d", address="10.0.0.8").release()
    for name in "efghij":
        queue.join(name, address="127.0.0.1").release()
        queue.join(name).release()
    assert queue.refused["rate_limited"] == 1


def test_neither_a_person_nor_an_address_fills_the_line() -> None:
    queue = Admission(slots=1, queue_size=40)
    queue.join("served")
    for _ in range(10):
        queue.join("greedy", address="10.0.0.7")
    with pytest.raises(RateLimited) as refused:
        queue.join("greedy", address="10.0.0.9")
    assert "wait in line" in refused.value.message
    for n in range(10):
        queue.join(f"p{n}", address="10.0.0.7")
    with pytest.raises(RateLimited):
        queue.join("another", address="10.0.0.7")
    assert queue.join("quiet", address="10.0.0.8").ahead < 20, (
        "and the quiet one comes before a greedy second"
    )


def test_visitors_of_one_address_share_a_turn() -> None:
    queue = Admission(slots=1, queue_size=40)
    queue.join("served")
    for n in range(5):
        queue.join(f"visitor-ab12#{n}")
    assert queue.join("visitor-cd34#x").ahead == 2


def test_fifty_at_once_are_all_served_in_turn() -> None:
    async def main() -> tuple[int, int]:
        queue, running, most, served = Admission(slots=2, queue_size=64), 0, 0, 0

        async def one(name: str) -> None:
            nonlocal running, most, served
            turn = asyncio.Event()
            ticket = queue.join(name, lambda ahead: None if ahead else turn.set())
            try:
                await turn.wait()
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.001)
                running -= 1
                served += 1
            finally:
                ticket.release()

        await asyncio.gather(*(one(f"u{n}") for n in range(50)))
        return most, served

    assert asyncio.run(main()) == (2, 50)


def test_as_many_are_served_as_the_engine_writes_together_unless_told_otherwise() -> None:
    engine: Any = fake_engine()
    engine.together = 3

    async def served(settings: UiSettings) -> tuple[int, int]:
        queue = Admission.of(settings, engine)
        for person in range(5):
            queue.join(f"p{person}")
        return queue.load

    assert asyncio.run(served(UiSettings())) == (3, 2)
    assert asyncio.run(served(UiSettings(slots=2))) == (2, 3)
