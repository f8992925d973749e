"""Text that others wrote (model, documents, questions) made inert for a chat message.

A message is one line of HTML inside a Markdown component. So besides HTML's own characters every character that
Markdown, LaTeX or a diagram fence could act on becomes a numeric entity: what is shown is what was written.
"""

from __future__ import annotations

import re

_ACTIVE = re.compile(r"""[<>&"'`*_\[\]()!#$~|\\{}=^:/@+-]""")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")
_MARKER = re.compile(r"[\[【［]\s*(?:来源|资料|编号)?\s*\d{0,3}\s*[\]】］]")
_PARTIAL_MARKER = re.compile(r"[\[【［]\s*(?:来源|资料|编号)?\s*\d{0,3}$")
_MARKDOWN = re.compile(r"[\\`*_~$\[\]<]")
_BOLD = re.compile(r"\\\*\\\*(?=\S)(.{1,200}?)(?<=\S)\\\*\\\*")
_STRONG = re.compile(r"&#42;&#42;(?=\S)(.{1,200}?)(?<=\S)&#42;&#42;")


def inert(text: str, newline: str = "<br>") -> str:
    """Escape ``text`` for HTML in Markdown; newlines become ``newline``, control and bidi characters vanish."""
    clean = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _ACTIVE.sub(lambda m: f"&#{ord(m.group())};", clean).replace("\n", newline)


def printable(text: str) -> str:
    """Text for a file format of others: without control and bidi characters, or what no encoding holds."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8", "ignore").decode("utf-8").translate({0xFFFE: None, 0xFFFF: None})


def prose(text: str, *, streaming: bool = False) -> str:
    """Model text for a message: inert, without citation markers of its own, ``**bold**`` kept as <strong>.

    While ``streaming``, a marker that is only half written at the end is held back.
    """
    text = _MARKER.sub("", text)
    if streaming:
        text = _PARTIAL_MARKER.sub("", text)
    return _STRONG.sub(r"<strong>\1</strong>", inert(text))


def markdown(text: str) -> str:
    """Text for a program that renders Markdown: what a document's own characters would do there is escaped (3~5个工作日
    and 8~10个 are two ranges, not struck out); ``**bold**`` of the model is kept, control and bidi characters vanish."""
    escaped = _MARKDOWN.sub(lambda m: "\\" + m.group(), _CONTROL.sub("", text))
    return _BOLD.sub(r"**\1**", escaped)


def plain(text: str) -> str:
    """Model text for the clipboard and for exports: without its own markers and bold stars."""
    return re.sub(r"\*\*(\S.{0,200}?)\*\*", r"\1", _MARKER.sub("", text))
