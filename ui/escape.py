"""Text that others wrote (model, documents, questions) made inert for a chat message, and for the formats of
others.

A message is one line of HTML inside a Markdown component. So besides HTML's own characters every character
that Markdown, LaTeX or a diagram fence could act on becomes a numeric entity: what is shown is what was
written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ACTIVE = re.compile(r"""[<>&"'`*_\[\]()!#$~|\\{}=^:/@+\n-]""")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")
_MARKER = re.compile(r"[\[【［]\s*(?:来源|资料|编号)?\s*\d{0,3}\s*[\]】］]")
_PARTIAL_MARKER = re.compile(r"[\[【［]\s*(?:来源|资料|编号)?\s*\d{0,3}$")
_MARKDOWN = re.compile(r"[\\`*_~$\[\]<]")
_BOLD = re.compile(r"\\\*\\\*(?=\S)(.{1,200}?)(?<=\S)\\\*\\\*")
_STRONG = re.compile(r"\*\*(?=\S)(.{1,200}?)(?<=\S)\*\*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of the model's text; ``strong`` where it wrote ``**stars**`` around it."""

    text: str
    strong: bool


def inert(text: str) -> str:
    """``text`` for HTML in Markdown, newlines too; control and bidi characters vanish."""
    return _ACTIVE.sub(lambda m: f"&#{ord(m.group())};", _visible(text))


def lines(text: str) -> list[str]:
    """The lines of a text, for templates that put a break between them."""
    return _visible(text).split("\n")


def _visible(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def printable(text: str) -> str:
    """Text for a file format of others: without control and bidi characters, or what no encoding holds."""
    return _visible(text).encode("utf-8", "ignore").decode("utf-8").translate({0xFFFE: None, 0xFFFF: None})


def runs(text: str, streaming: bool = False) -> list[Run]:
    """Model text for a message: without citation markers of its own, cut at its ``**bold**``.

    While ``streaming``, a marker that is only half written at the end is held back.
    """
    text = _MARKER.sub("", text)
    if streaming:
        text = _PARTIAL_MARKER.sub("", text)
    return [Run(part, bool(n % 2)) for n, part in enumerate(_STRONG.split(text)) if part]


def markdown(text: str) -> str:
    """Text for a program that renders Markdown: what a document's own characters would do there is escaped
    (3~5个工作日 and 8~10个 are two ranges, not struck out); ``**bold**`` of the model is kept, control and
    bidi characters vanish."""
    escaped = _MARKDOWN.sub(lambda m: "\\" + m.group(), _CONTROL.sub("", text))
    return _BOLD.sub(r"**\1**", escaped)


def plain(text: str) -> str:
    """Model text for the clipboard and for exports: without its own markers and bold stars."""
    return re.sub(r"\*\*(\S.{0,200}?)\*\*", r"\1", _MARKER.sub("", text))
