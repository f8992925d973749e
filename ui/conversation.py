"""A conversation as the page holds it on the server, and its messages as the chat component shows them."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from qa.types import Answer, Turn
from ui.document_changes import Change, CurrentDocuments
from ui.render import answer_html, failure_html, question_html
from ui.storage_types import Exchange, Status, new_id, now
from ui.texts import Look

_ID = re.compile(r"[0-9a-f]{16}")


def valid_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


@dataclass
class Conversation:
    """The exchanges of one chat, oldest first; ``cancelled`` stops the one that runs.

    ``changes``: by exchange, what became of the documents since it was answered, as known when it was
    reopened.
    """

    id: str = field(default_factory=new_id)
    exchanges: list[Exchange] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    rendered: dict[str, str] = field(default_factory=dict)
    changes: dict[str, dict[str, Change]] = field(default_factory=dict)

    @property
    def last(self) -> Exchange | None:
        return self.exchanges[-1] if self.exchanges else None

    @property
    def running(self) -> Exchange | None:
        """The exchange that is being answered, if any."""
        return self.last if self.last is not None and self.last.status == "running" else None

    def begin(self, question: str) -> Exchange:
        """Add a question; its answer is under way from now on."""
        self.cancelled = threading.Event()
        exchange = Exchange(new_id(), question, now())
        self.exchanges.append(exchange)
        return exchange

    def update(
        self, exchange_id: str, answer: Answer | None = None, status: Status | None = None, message: str = ""
    ) -> Exchange:
        """Replace an exchange's answer, status or message; returns the new one.

        Raises:
            KeyError: there is no such exchange.
        """
        for index, old in enumerate(self.exchanges):
            if old.id == exchange_id:
                new = replace(
                    old,
                    answer=answer if answer is not None else old.answer,
                    status=status or old.status,
                    message=message or old.message,
                )
                self.exchanges[index] = new
                return new
        raise KeyError(exchange_id)

    def cut(self, keep: int) -> None:
        """Forget everything after the first ``keep`` exchanges."""
        for gone in self.exchanges[max(0, keep) :]:
            self.rendered.pop(gone.id, None)
        del self.exchanges[max(0, keep) :]

    def history(self) -> tuple[Turn, ...]:
        """Earlier exchanges that were answered, for follow-up questions."""
        return tuple(
            Turn(e.question, e.answer.text, e.answer.query)
            for e in self.exchanges
            if e.status == "done" and e.answer is not None
        )

    def aid(self, exchange: Exchange) -> str:
        """Element id of an exchange's answer; carries both ids, so that a script can name the exchange."""
        return f"w-{self.id}-{exchange.id}"


def reopen(
    conversation_id: str, stored: Sequence[Exchange], interrupted: str, held: CurrentDocuments | None = None
) -> Conversation:
    """A conversation from the store. What was still running when the server stopped is marked so, and so is
    what quotes documents that ``held`` has otherwise by now."""
    exchanges = [
        replace(e, status="failed", message=interrupted) if e.status == "running" else e for e in stored
    ]
    changes = {e.id: held.of(e.answer) for e in exchanges} if held is not None else {}
    return Conversation(conversation_id, exchanges, changes=changes)


def messages(
    conversation: Conversation, look: Look, *, waiting: str = "", follow_ups: Sequence[str] = ()
) -> list[dict[str, str]]:
    """All messages. Finished answers are rendered once; ``waiting`` and ``follow_ups`` concern the last
    one."""
    out: list[dict[str, str]] = []
    for exchange in conversation.exchanges:
        aid = conversation.aid(exchange)
        out.append({"role": "user", "content": question_html(exchange.question, aid, look)})
        final = exchange.status != "running"
        content = conversation.rendered.get(exchange.id) if final and not follow_ups else None
        if content is None:
            more = follow_ups if exchange is conversation.last else ()
            content = _result(exchange, aid, look, waiting, more, conversation.changes.get(exchange.id))
            if final:
                conversation.rendered[exchange.id] = content
        out.append({"role": "assistant", "content": content})
    return out


def _result(
    exchange: Exchange,
    aid: str,
    look: Look,
    waiting: str,
    follow_ups: Sequence[str],
    changes: dict[str, Change] | None,
) -> str:
    if exchange.status == "failed" or (exchange.status == "stopped" and exchange.answer is None):
        return failure_html(aid, exchange.message or look.t("stopped"), look, kind=exchange.status)
    answer = exchange.answer or Answer(exchange.question, exchange.question, stage="searching")
    stopped = exchange.status == "stopped"
    return answer_html(
        answer, aid, look, follow_ups=follow_ups, waiting=waiting, stopped=stopped, changes=changes
    )
