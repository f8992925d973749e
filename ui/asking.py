"""Asking, for the page, the API and the tools alike: a place in line, models ready, snapshots of the Answer,
how it ended.

join the queue -> Waiting(ahead)* and Answer* (ui.streaming; the last is done) -> slot free, record written
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from fastapi import Request

from errors import Cancelled, ModelError
from qa.types import Answer, Turn
from ui.services import Services, services_of
from ui.storage import Store
from ui.storage_rows import clean
from ui.storage_types import Exchange, Status, new_id, now
from ui.streaming import Waiting, stream_answer
from ui.viewer import Viewer

log = logging.getLogger("wenju.api")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with what belongs to it. What comes over the channel ``page`` is recorded with its
    conversation."""

    question: str
    history: tuple[Turn, ...] = ()
    passages: tuple[tuple[str, str], ...] | None = None
    channel: str = "api"
    address: str = ""
    collection: str = ""


async def ask(
    services: Services, viewer: Viewer, what: Ask, cancelled: threading.Event | None = None
) -> AsyncGenerator[Waiting | Answer, None]:
    """Yield places in line and growing snapshots; closing the iterator early stops the generator at once.

    Args:
        cancelled: stops the generator when somebody sets it; set here at the end.

    Raises:
        QueueFull, RateLimited, QuestionError, ModelError, IndexError_, GeneratorError, Cancelled.
    """
    cancelled = cancelled or threading.Event()
    user, what = viewer.name, _cleaned(what)
    services = services.seen_by(viewer)
    exchange = Exchange(new_id(), what.question, now())
    last: Answer | None = None
    status: Status = "failed"
    ticket = services.admission.join(user, address=what.address)
    try:
        start = partial(
            services.engine.stream,
            what.question,
            what.history,
            cancelled=cancelled,
            passages=what.passages,
            collection=what.collection,
        )
        async with aclosing(stream_answer(services, ticket, start, cancelled)) as steps:
            async for step in steps:
                last = step if isinstance(step, Answer) else last
                yield step
        status = "done"
    except (Cancelled, asyncio.CancelledError, GeneratorExit):
        status = "stopped"
        raise
    finally:
        cancelled.set()
        ticket.release()
        if what.channel != "page":
            _record(services.store, user, replace(exchange, status=status, answer=last), what.channel)


def _cleaned(what: Ask) -> Ask:
    """Without what no reply can hold: JSON can name half of a surrogate pair (``"\\ud800"``)."""
    history = tuple(Turn(clean(t.question), clean(t.answer), clean(t.query)) for t in what.history)
    given = what.passages
    passages = None if given is None else tuple((clean(title), clean(text)) for title, text in given)
    question, collection = clean(what.question), clean(what.collection)
    return replace(what, question=question, history=history, passages=passages, collection=collection)


async def begun(steps: AsyncGenerator[Waiting | Answer, None]) -> AsyncGenerator[Waiting | Answer, None]:
    """The same steps once the first is there: what is refused before it raises here, while a status can still
    be set."""
    first = await anext(steps)

    async def on() -> AsyncGenerator[Waiting | Answer, None]:
        async with aclosing(steps):
            yield first
            async for step in steps:
                yield step

    return on()


async def answer(request: Request, viewer: Viewer, what: Ask) -> Answer:
    """The complete answer. When the one who asked hangs up, the generator stops and the slot is free."""
    gone = asyncio.ensure_future(_hung_up(request))
    work = asyncio.ensure_future(_last(request, viewer, what))
    try:
        await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise Cancelled("the client closed the connection")
        return work.result()
    finally:
        for task in (gone, work):
            task.cancel()
        await asyncio.gather(gone, work, return_exceptions=True)


async def _last(request: Request, viewer: Viewer, what: Ask) -> Answer:
    last: Answer | None = None
    async with aclosing(ask(services_of(request), viewer, what)) as steps:
        async for step in steps:
            last = step if isinstance(step, Answer) else last
    if last is None:
        raise ModelError.named("no_answer")
    return last


async def _hung_up(request: Request) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(0.25)


def _record(store: Store, user: str, exchange: Exchange, channel: str) -> None:
    try:
        store.record(user, exchange, channel)
    except Exception as error:  # the answer is worth more than its record; the operator must know, though
        log.error("a question could not be recorded", exc_info=error)


def turns(pairs: Sequence[tuple[str, str, str]]) -> tuple[Turn, ...]:
    """History from (question, answer, query) triples."""
    return tuple(Turn(question, reply, query) for question, reply, query in pairs)
