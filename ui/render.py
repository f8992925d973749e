"""Chat messages as one line of HTML each, from templates/chat. Pure functions: same input, same output.

A message is HTML inside a Markdown component, so everything that others wrote is made inert for both
(ui.escape).
"""

from __future__ import annotations

from collections.abc import Sequence

from prompts.templating import Templates
from qa.types import Answer
from ui.document_changes import Changes
from ui.escape import inert, lines, runs
from ui.message import Message
from ui.texts import Look as Look

CHAT = Templates("ui", inert, lines=lines, runs=runs)


def question_html(text: str, aid: str, look: Look) -> str:
    """What was typed, with buttons to edit it (and, on the last one, to take it back)."""
    return CHAT.render("chat/question.html", text=text, aid=aid, t=look.t)


def answer_html(
    answer: Answer,
    aid: str,
    look: Look,
    *,
    follow_ups: Sequence[str] = (),
    waiting: str = "",
    stopped: bool = False,
    changes: Changes | None = None,
) -> str:
    """The message: notes, sentences with chips, status or verdict, evidence, and buttons once it is complete.

    ``waiting`` replaces the stage's own status text; ``follow_ups`` are questions offered at the end; for the
    others see ui.message.
    """
    message = Message(answer, aid, look, stopped=stopped, changes=changes)
    return CHAT.render("chat/answer.html", m=message, waiting=waiting, follow_ups=follow_ups)


def failure_html(aid: str, message: str, look: Look, *, kind: str = "failed") -> str:
    """A turn that came to nothing (queue full, engine failed, restarted): what happened, and a way on."""
    return CHAT.render("chat/failure.html", aid=aid, message=message, kind=kind, t=look.t)


def welcome_html(
    title: str, documents: int, questions: Sequence[str], look: Look, collection: str = ""
) -> str:
    """The empty page: what this is, what it knows (of a collection), and questions to begin with."""
    return CHAT.render(
        "chat/welcome.html",
        title=title,
        documents=documents,
        questions=questions,
        collection=collection,
        t=look.t,
    )
