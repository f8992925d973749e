"""One turn of the chat: an async generator of screens that never raises and always gives the text box back.

question -> a place in line and snapshots of the Answer (ui.line) -> done (or stopped, or failed and said so)
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from errors import Cancelled, GeneratorError, IndexError_, ModelError, QuestionError, WenjuError
from ui.admission import Admission, QueueFull, RateLimited, Ticket, models_loaded
from ui.conversation import Conversation, messages
from ui.line import Waiting, through
from ui.rates import TooManyWaiting
from ui.render import Look
from ui.settings import UiSettings
from ui.store import Exchange, Status, Store
from ui.suggestions import follow_ups

if TYPE_CHECKING:
    from qa.engine import Engine

log = logging.getLogger("wenju.ui")

@dataclass(frozen=True, slots=True)
class Screen:
    """What the page shows after a step: the messages, whether an answer is under way, and the box's new text."""

    messages: list[dict[str, str]]
    conversation: Conversation
    busy: bool
    box: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What turns need: the engine, the store (None keeps nothing), the queue, the settings."""

    engine: Engine
    store: Store | None
    admission: Admission
    settings: UiSettings
    wishes: deque[str] = field(default_factory=lambda: deque(maxlen=24))
    """Questions that would be offered if the engine had answered them before (ui.proving)."""

    @property
    def ready(self) -> bool:
        return models_loaded(self.engine.ready)


async def ask(
    desk: Desk, conversation: Conversation, question: str, user: str, look: Look, address: str = "", *, alone: bool = False
) -> AsyncIterator[Screen]:
    """Answer ``question`` at the end of ``conversation``; the first screen empties the box, the last frees it.

    ``alone``: as it was typed, nothing is taken up from the turns before.
    """
    question = question.strip()
    if not question or conversation.running is not None:
        yield Screen(messages(conversation, look), conversation, conversation.running is not None)
        return
    history = () if alone else conversation.history()
    exchange = conversation.begin(question)
    cancelled = conversation.cancelled
    ticket: Ticket | None = None
    try:
        yield _screen(conversation, look, waiting=look.t("stage_searching"), box="")
        ticket = desk.admission.join(user, address=address)
        await _save(desk, user, conversation, exchange)
        start = partial(desk.engine.stream, question, history, cancelled=cancelled)
        waiting = ""
        async with aclosing(through(desk, ticket, start, cancelled)) as steps:
            async for step in steps:
                if isinstance(step, Waiting):
                    waiting = _place(step, look)
                else:
                    exchange = conversation.update(exchange.id, step)
                if exchange.answer is None or exchange.answer.stage != "done":
                    yield _screen(conversation, look, waiting=waiting)
        exchange = conversation.update(exchange.id, status="done")
        ticket.release()
        yield Screen(messages(conversation, look), conversation, False)
        await _save(desk, user, conversation, exchange)
        offered = await asyncio.to_thread(_offered, desk, conversation, exchange, look)
        if offered and conversation.last is exchange:
            yield Screen(messages(conversation, look, follow_ups=offered), conversation, False)
    except Exception as error:  # the border of the page: whatever happens, the person reads what and can go on
        message = explain(error, look)
        status: Status = "stopped" if isinstance(error, Cancelled) else "failed"
        exchange = conversation.update(exchange.id, status=status, message=message)
        await _save(desk, user, conversation, exchange)
        yield Screen(messages(conversation, look), conversation, False)
    finally:
        cancelled.set()
        if ticket is not None:
            ticket.release()
        _close(desk, user, conversation, exchange)


def stop(desk: Desk, conversation: Conversation, user: str, look: Look) -> Screen:
    """Stop the answer under way and repair the page, wherever the turn was cut."""
    conversation.cancelled.set()
    running = conversation.running
    if running is not None:
        stopped = conversation.update(running.id, status="stopped", message=look.t("stopped"))
        if desk.store is not None:
            desk.store.save(user, conversation.id, stopped)
    return Screen(messages(conversation, look), conversation, False)


def explain(error: Exception, look: Look) -> str:
    """What a member of staff reads about an error; the details go to the log."""
    t = look.t
    kinds: tuple[tuple[type[WenjuError], str], ...] = (
        (Cancelled, "stopped"),
        (QueueFull, "err_queue_full"),
        (TooManyWaiting, "err_places"),
        (RateLimited, "err_rate"),
        (QuestionError, "err_question"),
        (ModelError, "err_model"),
        (IndexError_, "err_index"),
        (GeneratorError, "err_generator"),
    )
    for kind, key in kinds:
        if isinstance(error, kind):
            return t(key)
    log.error("turn failed", exc_info=error)
    return t("err_internal")


def _place(waiting: Waiting, look: Look) -> str:
    if waiting.loading:
        return look.t("loading")
    return look.t("queued", n=waiting.ahead) if waiting.ahead else ""


def _screen(conversation: Conversation, look: Look, *, waiting: str = "", box: str | None = None) -> Screen:
    return Screen(messages(conversation, look, waiting=waiting), conversation, True, box)


def _offered(desk: Desk, conversation: Conversation, exchange: Exchange, look: Look) -> Sequence[str]:
    if exchange.answer is None or exchange.answer.refusal is not None:
        return ()
    asked = [e.question for e in conversation.exchanges]
    return follow_ups(desk.engine, desk.store, exchange.answer, asked, look.lang, wish=desk.wishes.append)


async def _save(desk: Desk, user: str, conversation: Conversation, exchange: Exchange) -> None:
    if desk.store is not None:
        await asyncio.to_thread(desk.store.save, user, conversation.id, exchange)


def _close(desk: Desk, user: str, conversation: Conversation, exchange: Exchange) -> None:
    """After a cut (stop, closed tab): the exchange must not stay under way, here or in the store."""
    running = conversation.running
    if running is None or running.id != exchange.id:
        return
    stopped = conversation.update(exchange.id, status="stopped")
    if desk.store is not None:
        desk.store.save(user, conversation.id, stopped)
