"""What a chat program asks by itself beside the conversation: a title, tags, what to ask next (Open WebUI).

Such a request is known by its build, not by its words: one user message that begins with the heading ``###
Task:``, says with a JSON object in which form it wants the reply, and carries the conversation in
``<chat_history>``. People do not write that. It is answered here at once from the conversation itself: no
search, no model, no place in line, no record among the questions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ui.openai_request import ChatMessage, spoken

HEADING, OPEN, CLOSE, ASKED, ANSWERED = (
    "### Task:",
    "<chat_history>",
    "</chat_history>",
    "USER:",
    "ASSISTANT:",
)
TITLE_MAX = 24
"""Characters of a title: the first question, shortened."""


def background(messages: Sequence[ChatMessage]) -> str | None:
    """The reply to a background task; None when this is a question.

    The reply is the JSON object that the task shows, its lists empty and its texts the first question,
    shortened; that question alone where no object is shown.
    """
    told = spoken(messages)
    if len(told) != 1 or told[0].role != "user" or not told[0].text.lstrip().startswith(HEADING):
        return None
    task, found, rest = told[0].text.partition(OPEN)
    if not found or CLOSE not in rest:
        return None
    title = _title(rest.partition(CLOSE)[0])
    form = _shown(task)
    if form is None:
        return title
    reply = {
        name: [] if isinstance(value, list) else title if name == "title" else ""
        for name, value in form.items()
    }
    return json.dumps(reply, ensure_ascii=False)


def _title(history: str) -> str:
    """The first question of the history, on one line."""
    asked = history.partition(ASKED)[2].partition(ANSWERED)[0].partition(ASKED)[0]
    line = " ".join(asked.split())
    return line if len(line) <= TITLE_MAX else line[: TITLE_MAX - 1] + "…"


def _shown(task: str) -> dict[str, Any] | None:
    """The first JSON object in the text of a task."""
    decoder = json.JSONDecoder()
    at = task.find("{")
    while at >= 0:
        try:
            found = decoder.raw_decode(task, at)[0]
        except ValueError:
            found = None
        if isinstance(found, dict) and found:
            return found
        at = task.find("{", at + 1)
    return None
