"""One turn of the chat: an async generator of screens that never raises and always gives the text box back.

question -> a place in line -> models ready? -> snapshots of the Answer -> done (or stopped, or failed and said so)
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errors import Cancelled, GeneratorError, IndexError_, ModelError, QuestionError, WenjuError
from index.types import Hit
from qa.types import Answer, Retrieved, Turn
from ui.admission import Admission, QueueFull, RateLimited, Ticket, models_loaded
from ui.conversation import Conversation, messages
from ui.render import Look
from ui.render_refusal import suggestions_html
from ui.settings import UiSettings
from ui.store import Exchange, Status, Store
from ui.suggestions import follow_ups

if TYPE_CHECKING:
    from qa.engine import Engine

log = logging.getLogger("wenju.ui")

PAINT_INTERVAL = 0.06
"""Seconds between two paintings of a streaming answer: what is faster is not seen and only costs."""


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

    @property
    def ready(self) -> bool:
        return models_loaded(self.engine.ready)


async def ask(desk: Desk, conversation: Conversation, question: str, user: str, look: Look) -> AsyncIterator[Screen]:
    """Answer ``question`` at the end of ``conversation``; the first screen empties the box, the last frees it."""
    question = question.strip()
    if not question or conversation.running is not None:
        yield Screen(messages(conversation, look), conversation, conversation.running is not None)
        return
    history = conversation.history()
    exchange = conversation.begin(question)
    cancelled = conversation.cancelled
    ticket: Ticket | None = None
    try:
        yield _screen(conversation, look, waiting=look.t("stage_searching"), box="")
        ticket = desk.admission.join(user)
        await _save(desk, user, conversation, exchange)
        async for waiting in _until_served(desk, ticket, conversation, exchange, look):
            yield _screen(conversation, look, waiting=waiting)
        start = _starter(desk, question, history, cancelled)
        async for answer in snapshots(start):
            exchange = conversation.update(exchange.id, answer)
            if answer.stage != "done":
                yield _screen(conversation, look)
        exchange = conversation.update(exchange.id, status="done")
        ticket.release()
        yield Screen(messages(conversation, look), conversation, False)
        await _save(desk, user, conversation, exchange)
        extra = await asyncio.to_thread(_extra, desk, conversation, exchange, look)
        if extra and conversation.last is exchange:
            yield Screen(messages(conversation, look, extra=extra), conversation, False)
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


async def snapshots(start: Callable[[], Iterator[Answer]]) -> AsyncIterator[Answer]:
    """Iterate in a thread; of snapshots that pile up between two paintings only the latest is kept."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Answer | BaseException | None] = asyncio.Queue()

    def put(item: Answer | BaseException | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def pump() -> None:
        try:
            for answer in start():
                put(answer)
            put(None)
        except BaseException as error:  # carried over to the loop and raised there
            put(error)

    threading.Thread(target=pump, name="wenju-turn", daemon=True).start()
    while True:
        newest: Answer | None = None
        item = await queue.get()
        while isinstance(item, Answer):
            newest = item
            if queue.empty():
                break
            item = queue.get_nowait()
        if newest is not None:
            yield newest
        if isinstance(item, BaseException):
            raise item
        if item is None or newest is None:
            return
        if newest.stage == "writing":
            await asyncio.sleep(PAINT_INTERVAL)


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


async def _until_served(
    desk: Desk, ticket: Ticket, conversation: Conversation, exchange: Exchange, look: Look
) -> AsyncIterator[str]:
    """Texts to show while waiting for the models and for one's turn; evidence is looked up in the meantime."""
    t = look.t
    deadline = asyncio.get_running_loop().time() + desk.settings.warm_timeout
    while not desk.ready:
        desk.admission.check_models()
        if asyncio.get_running_loop().time() > deadline:
            raise ModelError("The models did not load in time", "See the server's log")
        yield t("loading")
        await asyncio.sleep(0.3)
    shown, looked = -1, False
    while not await ticket.wait(0.3 if looked else 0.02):
        if not looked:
            looked = True
            hits = await asyncio.to_thread(desk.engine.search, exchange.question)
            preview = Answer(exchange.question, exchange.question, "queued", retrieved=tuple(map(_retrieved, hits)))
            conversation.update(exchange.id, preview)
            shown = -1
        if ticket.ahead != shown:
            shown = ticket.ahead
            yield t("queued", n=shown)


def _starter(
    desk: Desk, question: str, history: tuple[Turn, ...], cancelled: threading.Event
) -> Callable[[], Iterator[Answer]]:
    return lambda: desk.engine.stream(question, history, cancelled=cancelled)


def _screen(conversation: Conversation, look: Look, *, waiting: str = "", box: str | None = None) -> Screen:
    return Screen(messages(conversation, look, waiting=waiting), conversation, True, box)


def _extra(desk: Desk, conversation: Conversation, exchange: Exchange, look: Look) -> str:
    if exchange.answer is None or exchange.answer.refusal is not None:
        return ""
    asked = [e.question for e in conversation.exchanges]
    return suggestions_html(follow_ups(desk.engine, desk.store, exchange.answer, asked, look.lang), look.t("ask_next"))


def _retrieved(hit: Hit) -> Retrieved:
    p, d = hit.passage, hit.document
    return Retrieved(
        p.id, d.id, d.title, d.sha256, p.heading, p.page, p.start, p.end, p.text, hit.score, published=d.published
    )  # fmt: skip


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
