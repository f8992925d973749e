"""What people in line get: the passages at once, their place beside them, the writing in their turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import takewhile
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fake_corpus import fake_engine
from fake_engine import FakeEngine
from ui_fakes import api_app, running

from errors import Cancelled, ModelError
from qa.types import Answer
from ui import streaming
from ui.admission import Admission
from ui.settings import UiSettings
from ui.storage import Store
from ui.streaming import Waiting, stream_answer

QUESTION = "年休假怎么申请？"


def counter(engine: FakeEngine | None = None, **settings: Any) -> Any:
    ui = UiSettings(**settings)
    answering: Any = engine or fake_engine()
    return SimpleNamespace(
        engine=answering, admission=Admission.of(ui, answering), settings=ui, store=Store.in_memory()
    )


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def everything(start: Callable[[], Iterator[Answer]]) -> list[Waiting | Answer]:
    c = counter()
    return [step async for step in stream_answer(c, c.admission.join("u"), start, threading.Event())]


def test_people_in_line_see_their_passages_before_their_turn() -> None:
    engine = fake_engine()
    searches: list[str] = []
    search = engine.search
    engine.search = lambda question, k=None: (searches.append(question), search(question, k))[1]  # type: ignore[method-assign]

    async def main() -> list[Waiting | Answer]:
        c = counter(engine)
        others = [c.admission.join(name) for name in "ab"]
        ticket, cancelled, steps = c.admission.join("u"), threading.Event(), []
        start = partial(engine.stream, QUESTION, cancelled=cancelled)
        async for step in stream_answer(c, ticket, start, cancelled):
            steps.append(step)
            if step == Waiting(1):
                others[1].release()
            elif isinstance(step, Answer) and step.stage == "found":
                assert ticket.ahead and engine.writing == 0
                others[0].release()
        return steps

    steps = asyncio.run(main())
    places = [step for step in steps if isinstance(step, Waiting)]
    assert places == [Waiting(2), Waiting(1), Waiting(0)]
    found = next(i for i, step in enumerate(steps) if isinstance(step, Answer) and step.retrieved)
    assert found < steps.index(Waiting(0)) and steps[-1].text  # type: ignore[union-attr]
    assert len(engine.asked) == 1 and len(searches) == 1, "nothing is searched for twice"


def test_nobody_in_line_is_told_no_place() -> None:
    steps = asyncio.run(everything(partial(fake_engine().stream, QUESTION)))
    assert all(isinstance(step, Answer) for step in steps) and "found" in {s.stage for s in steps}  # type: ignore[union-attr]


def test_an_answer_that_needs_no_writing_waits_for_nobody() -> None:
    async def main() -> list[Waiting | Answer]:
        c = counter()
        c.admission.join("other")
        kept = Answer(QUESTION, QUESTION, "done")
        return [
            step
            async for step in stream_answer(c, c.admission.join("u"), lambda: iter([kept]), threading.Event())
        ]

    assert [type(step) for step in asyncio.run(main())] == [Waiting, Answer]


def test_leaving_the_line_ends_the_stream_and_nothing_is_written() -> None:
    engine = fake_engine()

    async def main() -> None:
        c, cancelled = counter(engine), threading.Event()
        c.admission.join("other")
        ticket = c.admission.join("u")
        steps = stream_answer(c, ticket, partial(engine.stream, QUESTION, cancelled=cancelled), cancelled)
        async for step in steps:
            if isinstance(step, Answer) and step.stage == "found":
                break
        assert engine.running == 1
        await steps.aclose()
        assert cancelled.is_set()
        await eventually(lambda: engine.running == 0)

    asyncio.run(main())
    assert engine.most_writing == 0


def test_a_place_is_told_again_and_stop_reaches_those_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "REPEAT_SECONDS", 0.05)

    async def main() -> int:
        c, cancelled, told = counter(), threading.Event(), 0
        c.admission.join("other")
        start = partial(c.engine.stream, QUESTION, cancelled=cancelled)
        with pytest.raises(Cancelled):
            async for step in stream_answer(c, c.admission.join("u"), start, cancelled):
                told += step == Waiting(1)
                if told == 3:
                    cancelled.set()
        return told

    assert asyncio.run(main()) >= 3


def test_while_the_models_load_that_is_said_and_then_ones_place() -> None:
    engine = fake_engine(loaded=False)

    async def main() -> list[Waiting | Answer]:
        c, steps = counter(engine), []
        async for step in stream_answer(
            c, c.admission.join("u"), partial(engine.stream, QUESTION), threading.Event()
        ):
            steps.append(step)
            engine.loaded = True
        return steps

    steps = asyncio.run(main())
    assert steps[:2] == [Waiting(0, loading=True), Waiting(0)] and isinstance(steps[-1], Answer)


def test_models_that_do_not_come_in_time_end_the_wait() -> None:
    async def main() -> None:
        c = counter(fake_engine(loaded=False), warm_timeout=0.1)
        async for _ in stream_answer(c, c.admission.join("u"), lambda: iter(()), threading.Event()):
            pass

    with pytest.raises(ModelError, match="in time"):
        asyncio.run(main())


def test_of_snapshots_that_pile_up_the_newest_is_kept_and_an_error_is_raised() -> None:
    def start(fail: bool) -> Iterator[Answer]:
        for n in range(50):
            yield Answer(str(n), "q", "writing")
        if fail:
            raise ValueError("broken")

    got = asyncio.run(everything(lambda: start(False)))
    assert got[-1].question == "49" and len(got) < 50  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(everything(lambda: start(True)))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": QUESTION}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}),
    ],
)
def test_streams_of_the_api_carry_the_passages_to_those_in_line(path: str, body: dict[str, object]) -> None:
    engine = fake_engine(pace=0.05)
    app = api_app(UiSettings(rate_per_minute=0), engine)
    endless = {"question": "慢慢讲", "stream": True}
    with running(app) as address, httpx.Client(base_url=address, timeout=60) as client, ExitStack() as before:
        first = before.enter_context(client.stream("POST", "/api/ask", json=endless)).iter_lines()
        next(line for line in first if '"stage": "writing"' in line)
        with client.stream("POST", path, json=body | {"stream": True}) as reply:
            lines = reply.iter_lines()
            told = [
                line
                for line in takewhile(lambda line: '"retrieved": [{' not in line, lines)
                if '"ahead": 1' in line
            ]
            assert told and engine.most_writing == 1 and app.state.admission.load == (1, 1)
            before.close()  # whoever is served hangs up
            rest = "\n".join(lines)
    assert '"ahead": 0' in rest and '"stage": "done"' in rest
