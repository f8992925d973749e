"""An answer as a stream of snapshots: the search at once, the place in line beside it, the writing in one's
turn.

    models ready? -> snapshots up to ``found``, with Waiting(ahead)* between -> one's turn -> the others

The engine's stream is pulled in a thread of its own. Nothing is written before the snapshot after ``found``
is pulled, so that a stream in line costs one search, which is not done again, and a thread that sleeps. A
refusal gets the questions to ask instead here, for the page, the API and the tools alike.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from errors import Cancelled, ModelError
from qa.types import Answer
from ui.admission import Ticket, models_loaded
from ui.suggestions import instead

if TYPE_CHECKING:
    from ui.services import Services

PAINT_INTERVAL = 0.06
"""Seconds between two snapshots of a streaming answer: what is faster is not seen and only costs."""
REPEAT_SECONDS = 15.0
"""How often a place in line is told again, so that no proxy takes a waiting connection for a dead one."""
LOADING_INTERVAL = 0.2
"""Seconds between two looks at whether the models are loaded."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """``ahead`` people come first; ``loading``: the models are not ready. After a wait, ``Waiting(0)``: one's
    turn."""

    ahead: int
    loading: bool = False


News = Waiting | Answer | BaseException | None
"""What comes from the thread that answers; None: it is done."""


async def stream_answer(
    services: Services, ticket: Ticket, start: Callable[[], Iterator[Answer]], cancelled: threading.Event
) -> AsyncGenerator[Waiting | Answer, None]:
    """Yield places in line and growing snapshots, the newest where several have piled up; ``found`` is never
    left out.

    Args:
        ticket: a place in line; releasing it is the caller's.
        start: begins the engine's stream, which looks at ``cancelled``. An answer that needs no writing (one
            from the cache) is done without one's turn.
        cancelled: set here when the iterator is closed.

    Raises:
        ModelError: the models will not come, or not within ``warm_timeout``. Whatever the stream raises.
    """
    said, found = Waiting(0), False
    async for said in _loading(services, ticket):
        yield said
    news, turn = asyncio.Queue[News](), threading.Event()
    put = partial(_put, asyncio.get_running_loop(), news)
    ticket.moved = lambda ahead: news.put_nowait(Waiting(ahead))
    ticket.moved(ticket.ahead)
    finish = partial(instead, services.engine, services.store, lang=services.settings.lang)
    threading.Thread(
        target=_pump, args=(start, finish, put, turn, cancelled), name="wenju-turn", daemon=True
    ).start()
    try:
        while True:
            try:
                newest, item = await _next(news)
            except TimeoutError:
                if cancelled.is_set():
                    raise Cancelled.named("stopped_waiting") from None
                if said.ahead:
                    yield said
                continue
            if newest is not None:
                found = found or newest.stage == "found"
                yield newest
            if Waiting(ticket.ahead) != said:
                said = Waiting(ticket.ahead)
                yield said
            if found and not ticket.ahead:
                turn.set()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                return
            if newest is not None and newest.stage == "writing":
                await asyncio.sleep(PAINT_INTERVAL)
    finally:
        ticket.moved = None
        cancelled.set()
        turn.set()


async def _next(news: asyncio.Queue[News]) -> tuple[Answer | None, News]:
    """The newest of the snapshots that stand next in the queue, None where none does, and what was taken
    last. Raises TimeoutError after ``REPEAT_SECONDS`` without news."""
    newest: Answer | None = None
    async with asyncio.timeout(REPEAT_SECONDS):
        item = await news.get()
    while isinstance(item, Answer):
        newest = item
        if news.empty():
            break
        item = news.get_nowait()
    return newest, item


def _put(loop: asyncio.AbstractEventLoop, news: asyncio.Queue[News], item: News) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(news.put_nowait, item)


def _pump(
    start: Callable[[], Iterator[Answer]],
    finish: Callable[[Answer], Answer],
    put: Callable[[News], None],
    turn: threading.Event,
    cancelled: threading.Event,
) -> None:
    try:
        for answer in start():
            put(finish(answer) if answer.stage == "done" else answer)
            if answer.stage == "found":
                turn.wait()
                if cancelled.is_set():
                    raise Cancelled.named("stopped_waiting")
        put(None)
    except BaseException as error:  # carried over to the loop and raised there
        put(error)


async def _loading(services: Services, ticket: Ticket) -> AsyncIterator[Waiting]:
    clock = asyncio.get_running_loop().time
    deadline, told = clock() + services.settings.warm_timeout, -REPEAT_SECONDS
    while not models_loaded(services.engine.ready):
        services.admission.check_models()
        if clock() > deadline:
            raise ModelError.named("models_late")
        if clock() > told + REPEAT_SECONDS:
            told = clock()
            yield Waiting(ticket.ahead, loading=True)
        await asyncio.sleep(LOADING_INTERVAL)
