"""The chat page as Gradio Blocks: a chat that only shows, a text box, send and stop, and a hidden command
line.

Importing this module imports gradio (a second or two): only ui.app does, when it builds the application. The
frame around it (header, side panel, history) is ui.shell; what the buttons inside messages do comes in as
commands from static/ui.js. The conversation lives on the server; nothing the browser sends is taken as
history.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import gradio as gr

from ui.address import Address
from ui.chat_turn import Screen, ask, stop
from ui.conversation import Conversation, messages, reopen, valid_id
from ui.document_changes import CurrentDocuments
from ui.render import welcome_html
from ui.services import Services
from ui.suggestions import openers
from ui.texts import LANGS, Look
from ui.viewer import Viewer, Who

STATE_SECONDS = 3600 * 8
"""How long an idle conversation stays in memory; the store keeps it longer."""
SESSIONS = 500
"""How many open pages are remembered (some 100 kB each); one that is forgotten takes its conversation from
the store."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who has the page open and how they read it, from where, and what the page's address names: the set of
    documents that was chosen (or that a widget is limited to; "" for all), and an earlier conversation."""

    viewer: Viewer
    look: Look
    address: str
    collection: str
    conversation: str


class Page:
    """The page's event handlers. ``who`` names the viewer of a request, ``address`` where it comes from."""

    def __init__(self, services: Services, who: Who, address: Address = lambda connection: "") -> None:
        self.services = services
        self.who = who
        self.address = address

    async def submit(
        self, question: str, state: Conversation | None, request: gr.Request
    ) -> AsyncIterator[Any]:
        """The text box was sent."""
        visit = self._visit(request)
        async for screen in self._asked(state or await self._named(visit), question or "", visit):
            yield self._show(screen)

    async def command(self, line: str, state: Conversation | None, request: gr.Request) -> AsyncIterator[Any]:
        """A button in a message or in the frame: {"do": ask|retry|alone|undo|edit|open|new, ...}. ``alone``
        is ``retry`` without what the turns before would add to the question."""
        visit = self._visit(request)
        look, user = visit.look, visit.viewer.name
        conversation = state or await self._named(visit)
        order = _parse(line)
        do = order.get("do")
        if do in ("new", "open"):
            stop(self.services, conversation, user, look)
            conversation = await self._opened(str(order.get("id", "")) if do == "open" else "", visit)
            shown = self._show(Screen(messages(conversation, look), conversation, False))
            welcome = await asyncio.to_thread(self._welcome, visit)
            yield [gr.update(value=shown[0], placeholder=welcome), *shown[1:]]
            return
        box: str | None = None
        question = str(order.get("text", "")) if do == "ask" else ""
        if (
            do in ("retry", "alone", "undo", "edit")
            and conversation.exchanges
            and conversation.running is None
        ):
            index = _position(conversation, str(order.get("id", "")))
            asked = conversation.exchanges[index].question
            conversation.cut(index)
            await asyncio.to_thread(self.services.store.truncate, user, conversation.id, index)
            question, box = (
                (asked, None) if do in ("retry", "alone") else ("", asked if do == "edit" else None)
            )
        if not question:
            screen = Screen(messages(conversation, look), conversation, conversation.running is not None, box)
            yield self._show(screen)
            return
        async for screen in self._asked(conversation, question, visit, alone=do == "alone"):
            yield self._show(screen)

    def _asked(
        self, conversation: Conversation, question: str, visit: Visit, *, alone: bool = False
    ) -> AsyncIterator[Screen]:
        given = (self.services, conversation, question, visit.viewer, visit.look, visit.address)
        return ask(*given, alone=alone, collection=visit.collection)

    def stop(self, state: Conversation | None, request: gr.Request) -> Any:
        """The stop button: the running turn is cancelled by the event, this repairs what is shown."""
        visit = self._visit(request)
        return self._show(stop(self.services, state or Conversation(), visit.viewer.name, visit.look))

    async def load(self, request: gr.Request) -> Any:
        """The page was opened, perhaps on an earlier conversation (?c=ID); suggestions are drawn anew."""
        visit = self._visit(request)
        conversation = await self._named(visit)
        welcome = await asyncio.to_thread(self._welcome, visit)
        t = visit.look.t
        return [
            gr.update(value=messages(conversation, visit.look), placeholder=welcome, label=t("chat_label")),
            gr.update(placeholder=t("box_placeholder"), label=t("box_label")),
            gr.update(value=t("send"), visible=True),
            gr.update(value=t("stop"), visible=False),
            conversation,
        ]

    def _welcome(self, visit: Visit) -> str:
        engine, settings = self.services.seen_by(visit.viewer).engine, self.services.settings
        ready, look, collection = engine.ready, visit.look, visit.collection
        own: tuple[str, ...] = () if collection else settings.suggestions
        questions, documents = own[:4], 0
        if ready.get("index"):
            documents = engine.collections().get(collection, 0) if collection else len(engine.documents())
        if ready.get("index") and ready.get("encoder"):
            questions = openers(engine, self.services.store, own, look.lang, collection=collection)
        return welcome_html(settings.title, documents, questions, look, collection)

    async def _opened(self, conversation_id: str, visit: Visit) -> Conversation:
        viewer, store = visit.viewer, self.services.store
        if not valid_id(conversation_id) or viewer.may_only_ask:
            return Conversation()
        stored = await asyncio.to_thread(store.exchanges, viewer.name, conversation_id)
        if not stored:
            return Conversation()
        held = CurrentDocuments(self.services.seen_by(viewer).engine)
        return await asyncio.to_thread(reopen, conversation_id, stored, visit.look.t("interrupted"), held)

    async def _named(self, visit: Visit) -> Conversation:
        """The conversation that the page's address names; also for a page open so long that the server forgot
        it."""
        return await self._opened(visit.conversation, visit)

    def _visit(self, request: gr.Request) -> Visit:
        connection, settings = request.request, self.services.settings
        if connection is None or (viewer := self.who(connection)) is None:
            raise PermissionError("nobody is signed on")
        query = _query(request)
        lang = query.get("lang", "")
        look = Look(lang if lang in LANGS else settings.lang, settings.root_path, settings.contact)
        named = (query.get("collection", "")[:200], query.get("c", ""))
        return Visit(viewer, look, self.address(connection), *named)

    @staticmethod
    def _show(screen: Screen) -> list[Any]:
        box = gr.update() if screen.box is None else gr.update(value=screen.box)
        return [
            screen.messages,
            box,
            gr.update(visible=not screen.busy),
            gr.update(visible=screen.busy),
            screen.conversation,
        ]


def build(page: Page) -> gr.Blocks:
    """The Blocks."""
    look = Look(page.services.settings.lang)
    t = look.t
    with gr.Blocks(
        title=page.services.settings.title, analytics_enabled=False, fill_height=True, fill_width=True
    ) as demo:
        chat = gr.Chatbot(
            elem_id="wj-chat",
            label=t("chat_label"),
            show_label=False,
            container=False,
            height="100%",
            buttons=[],
            layout="bubble",
            allow_tags=False,
            latex_delimiters=[],
            sanitize_html=True,
            feedback_options=None,
            group_consecutive_messages=False,
            allow_file_downloads=False,
            line_breaks=False,
        )
        with gr.Row(elem_id="wj-ask", equal_height=True):
            box = gr.Textbox(
                elem_id="wj-box",
                label=t("box_label"),
                show_label=False,
                container=False,
                lines=1,
                max_lines=6,
                placeholder=t("box_placeholder"),
                autofocus=True,
                scale=1,
                max_length=4000,
            )
            send = gr.Button(t("send"), elem_id="wj-send", variant="primary", scale=0, min_width=84)
            halt = gr.Button(
                t("stop"), elem_id="wj-stop", variant="stop", scale=0, min_width=84, visible=False
            )
        line = gr.Textbox(elem_id="wj-line", label="command", visible="hidden", max_length=8000)
        go = gr.Button("run", elem_id="wj-go", visible="hidden")
        state = gr.State(None, time_to_live=STATE_SECONDS)
        outputs = [chat, box, send, halt, state]

        quiet: dict[str, Any] = {
            "show_progress": "hidden",
            "api_visibility": "private",
            "concurrency_limit": None,
        }
        asked = gr.on(
            [box.submit, send.click], page.submit, [box, state], outputs, trigger_mode="multiple", **quiet
        )
        told = go.click(page.command, [line, state], outputs, trigger_mode="multiple", **quiet)
        opened = demo.load(page.load, None, outputs, **quiet)
        halt.click(None, None, None, cancels=[asked, told], queue=False, api_visibility="private")
        halted = halt.click(page.stop, [state], outputs, queue=False, **quiet)
        for event in (asked, told, opened, halted):
            event.failure(page.stop, [state], outputs, queue=False, **quiet)
    _widen(demo)
    return cast(gr.Blocks, demo)


def _widen(demo: gr.Blocks) -> None:
    """Our own line of questions decides how many are answered at once, not Gradio's. Not through ``queue()``,
    which would make all of Gradio's routes once more."""
    demo.api_open = False
    demo.max_threads = demo._queue.max_thread_count = 256
    demo._queue.default_concurrency_limit = None
    demo.state_session_capacity = SESSIONS


def _query(request: gr.Request) -> dict[str, str]:
    """The page's own address parameters. Events do not carry them; the Referer of our own page does."""
    referer = str(request.headers.get("referer", "")) if request.request is not None else ""
    return dict(parse_qsl(urlsplit(referer).query))


def _parse(line: str) -> dict[str, object]:
    try:
        order = json.loads(line or "{}")
    except ValueError:
        return {}
    return order if isinstance(order, dict) else {}


def _position(conversation: Conversation, exchange_id: str) -> int:
    """Index of an exchange; the last one when the id is unknown."""
    for index, exchange in enumerate(conversation.exchanges):
        if exchange.id == exchange_id:
            return index
    return len(conversation.exchanges) - 1
