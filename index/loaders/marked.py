"""Markdown -> lines, through markdown-it-py. Inline marks are dropped, their text is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from index.loaders.encoding import decode
from index.loaders.frontmatter import front_matter
from index.loaders.plain import ENDED, WRAP_MAX, apply_fields, plain_lines, width
from index.loaders.raw import Line, Raw, clean, squeeze, table_lines

if TYPE_CHECKING:
    from markdown_it.token import Token

PARSE_MAX = 1_000_000
"""Characters; a longer file is read line by line, as plain text with ``#`` headings, to bound time and
memory."""


_NOTE = re.compile(r"^ {0,3}\[\^([^\]\s]{1,40})\]:[ \t]*", re.M)
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,40}\]")
_BOX = re.compile(r"^\[([ xX])\][ \t]+")
_HEADING = re.compile(r"^(?: {0,3}#{1,6}[ \t]+\S|[^\n]+\n(?:={3,}|-{3,})[ \t]*$)", re.M)


def load_markdown(path: Path, data: bytes) -> Raw:
    """A .md file: front matter, headings, paragraphs, list items, tables row by row, code as it stands."""
    fields, body = front_matter(clean(decode(data, path)))
    parsed = len(body) <= PARSE_MAX
    formed = parsed and bool(_HEADING.search(body))
    raw = Raw(markdown_lines(body) if parsed else plain_lines(body), "text/markdown", formed=formed)
    apply_fields(raw, fields)
    return raw


def markdown_lines(text: str) -> Iterator[Line]:
    """Blocks of a Markdown text in order."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 30}).enable(["table", "strikethrough"])
    tokens = parser.parse(_notes_as_text(text))
    level = 0
    item = False
    rows: list[list[str]] = []
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "list_item_open":
                item = True
                marker = f"{token.info}{token.markup} " if token.info else ""
            case "list_item_close":
                item = False
            case "tr_open":
                rows.append([])
            case "table_close":
                yield from table_lines(rows)
                rows = []
            case "inline" if rows:
                rows[-1].append(_plain(token))
            case "inline":
                content = _plain(token)
                if item:
                    yield Line(squeeze(marker + _BOX.sub(_box, content, count=1)), fixed=True)
                    item = False
                elif level:
                    yield Line(squeeze(content), level=level)
                else:
                    yield from _paragraph(content.split("\n"))
            case "fence" | "code_block":
                for line in token.content.split("\n"):
                    yield Line(line, fixed=True)
            case "html_block":
                from index.loaders.web import html_lines

                yield from html_lines(token.content)


def _notes_as_text(text: str) -> str:
    """Notes (``[^1]: ...``) as paragraphs ``注1：...`` and their marks left out, as in Word files; the parser
    would take them for addresses of links and drop them."""
    if not _NOTE.search(text):
        return text
    return _NOTE_MARK.sub("", _NOTE.sub(r"\n注\1：", text))


def _box(match: re.Match[str]) -> str:
    return "□" if match[1] == " " else "☑"


def _paragraph(lines: list[str]) -> Iterator[Line]:
    """Lines of one Markdown paragraph: wrapped ones go on in the next, but where every line ends with a full
    stop the author meant each as a paragraph."""
    wrapped = any(not ENDED.search(line) for line in lines[:-1]) and max(map(width, lines)) <= WRAP_MAX
    for number, line in enumerate(lines):
        yield Line(line, gap=number == 0, full=wrapped or not ENDED.search(line))


def _plain(token: Token) -> str:
    """The text of an inline token: links and emphasis by their text, pictures by their description; what is
    struck is left out."""
    parts: list[str] = []
    struck = 0
    for child in token.children or ():
        if child.type in ("s_open", "s_close"):
            struck += 1 if child.type == "s_open" else -1
        elif struck:
            continue
        elif child.type in ("text", "code_inline", "image", "text_special"):
            parts.append(child.content)
        elif (
            child.type == "softbreak"
            or child.type == "hardbreak"
            or child.type == "html_inline"
            and child.content.lower().startswith("<br")
        ):
            parts.append("\n")
    return "".join(parts)
