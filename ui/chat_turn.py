"""One turn of the chat page, as an async generator of screens: it never raises and always gives the text box
back.

question -> a place in line and snapshots of the Answer (ui.asking) -> done (or stopped, or failed and said
so)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from errors import (
    Cancelled,
    GeneratorError,
    IndexError_,
    ModelError,
    NoCollection,
    QuestionError,
    WenjuError,
)
from ui import asking
from ui.admission import QueueFull
from ui.asking import Ask
from ui.conversation import Conversation, messages
from ui.rates import RateLimited, TooManyWaiting
from ui.render import Look
from ui.services import Services
from ui.storage_types import Exchange, Status
from ui.streaming import Waiting
from ui.suggestions import follow_ups
from ui.viewer import Viewer

log = logging.getLogger("wenju.ui")


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page shows after a step: the messages, whether an answer is under way, and the box's new
    text."""

    messages: list[dict[str, str]]
    conversation: Conversation
    busy: bool
    box: str | None = None


async def ask(
    services: Services,
    conversation: Conversation,
    question: str,
    viewer: Viewer,
    look: Look,
    address: str = "",
    *,
    alone: bool = False,
    collection: str = "",
) -> AsyncIterator[Screen]:
    """Answer ``question`` at the end of ``conversation``; the first screen empties the box, the last frees
    it.

    ``alone``: as it was typed, nothing is taken up from the turns before. ``collection``: from its documents
    alone.
    """
    question = question.strip()
    if not question or conversation.running is not None:
        yield Screen(messages(conversation, look), conversation, conversation.running is not None)
        return
    services, user = services.seen_by(viewer), viewer.name
    history = () if alone else conversation.history()
    exchange = conversation.begin(question)
    cancelled = conversation.cancelled
    try:
        yield _screen(conversation, look, waiting=look.t("stage_searching"), box="")
        await asyncio.to_thread(services.store.save, user, conversation.id, exchange)
        waiting = ""
        what = Ask(question, history, channel="page", address=address, collection=collection)
        async with aclosing(asking.ask(services, viewer, what, cancelled)) as steps:
            async for step in steps:
                if isinstance(step, Waiting):
                    waiting = _place(step, look)
                else:
                    exchange = conversation.update(exchange.id, step)
                if exchange.answer is None or exchange.answer.stage != "done":
                    yield _screen(conversation, look, waiting=waiting)
        exchange = conversation.update(exchange.id, status="done")
        yield Screen(messages(conversation, look), conversation, False)
        await _update(services, user, conversation, exchange)
        offered = await asyncio.to_thread(_offered, services, conversation, exchange, look)
        if offered and conversation.last is exchange:
            yield Screen(messages(conversation, look, follow_ups=offered), conversation, False)
    except (
        Exception
    ) as error:  # the border of the page: whatever happens, the person reads what and can go on
        message = explain(error, look)
        status: Status = "stopped" if isinstance(error, Cancelled) else "failed"
        exchange = conversation.update(exchange.id, status=status, message=message)
        await _update(services, user, conversation, exchange)
        yield Screen(messages(conversation, look), conversation, False)
    finally:
        cancelled.set()
        _close(services, user, conversation, exchange)


def stop(services: Services, conversation: Conversation, user: str, look: Look) -> Screen:
    """Stop the answer under way and repair the page, wherever the turn was cut."""
    conversation.cancelled.set()
    running = conversation.running
    if running is not None:
        stopped = conversation.update(running.id, status="stopped", message=look.t("stopped"))
        services.store.update(user, conversation.id, stopped)
    return Screen(messages(conversation, look), conversation, False)


def explain(error: Exception, look: Look) -> str:
    """What a member of staff reads about an error; the details go to the log."""
    t = look.t
    kinds: tuple[tuple[type[WenjuError], str], ...] = (
        (Cancelled, "stopped"),
        (QueueFull, "err_queue_full"),
        (TooManyWaiting, "err_places"),
        (RateLimited, "err_rate"),
        (NoCollection, "err_collection"),
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


def _offered(services: Services, conversation: Conversation, exchange: Exchange, look: Look) -> Sequence[str]:
    if exchange.answer is None or exchange.answer.refusal is not None:
        return ()
    asked = [e.question for e in conversation.exchanges]
    return follow_ups(services.engine, exchange.answer, asked, look.lang, propose=services.candidates.append)


async def _update(services: Services, user: str, conversation: Conversation, exchange: Exchange) -> None:
    await asyncio.to_thread(services.store.update, user, conversation.id, exchange)


def _close(services: Services, user: str, conversation: Conversation, exchange: Exchange) -> None:
    """After a cut (stop, closed tab): the exchange must not stay under way, here or in the store."""
    running = conversation.running
    if running is None or running.id != exchange.id:
        return
    stopped = conversation.update(exchange.id, status="stopped")
    services.store.update(user, conversation.id, stopped)
