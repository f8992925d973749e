"""Lines as a file has them -> the stored text: broken lines joined, headings found, blocks and pages as
spans.

Newspaper columns, page breaks and hard wrapping cut sentences in two. Two lines are joined when the first
cannot be the end of a paragraph (no sentence end, and running text) or, without a gap between them, when it
reaches the right edge. Nothing is joined across a heading, a table row or the start of a list item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice

from index.headings import (
    HEADING_MAX,
    marked_heading,
    numbered_heading,
    plain_heading,
    starts_broken,
    starts_item,
)
from index.loaders.raw import Line, squeeze
from index.loaders.titles import names_nothing
from index.types import Block

RUNNING = 30
"""From this many characters on, a line with a comma in it and no end is taken for a broken sentence."""

BROKEN_OFF = 15
"""From this many characters on, what ends with a comma goes on in the next line, also where that is set
in."""

SAMPLE = 2_000
"""Lines from which the author's habits are told."""

_SENTENCE_END = re.compile(r"[。．！？!?…；;：:][”’」』）)】》\"']*$|\.[”’」』）)】》\"']*$")
_FIRST = re.compile(r"第?[（(]?[一1](?![一二三四五六七八九十\d])")
_CLAUSE = re.compile(r"[，,、；;。]")
_HELD_OPEN = re.compile(r"[，,、（(《“「『〈—]$|(?<!-)-$")
_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—·]")


class Paragraph:
    """Lines being joined into one paragraph; remembers at which offsets a new page began."""

    __slots__ = ("parts", "length", "level", "fixed", "row", "last", "pages", "unsure")

    def __init__(self, line: Line, text: str) -> None:
        self.parts = [text]
        self.length = len(text)
        self.level = line.level
        self.fixed = line.fixed
        self.row = line.row
        self.last = line
        self.pages = [(0, line.page)]
        self.unsure = [] if line.sure else [(0, self.length)]

    def tail(self) -> str:
        return self.parts[-1]

    def append(self, line: Line, text: str) -> None:
        """Join with what stands between: nothing in Chinese, a space in Latin, no hyphen in a split word."""
        before = self.parts[-1]
        if before.endswith("-") and before[-2:-1].isalpha() and text[:1].isascii() and text[:1].islower():
            self.parts[-1] = before[:-1]
            self.length -= 1
        elif not (_CJK.match(before[-1:]) or _CJK.match(text[:1]) or _broken_figure(before, text)):
            self.parts.append(" ")
            self.length += 1
        if line.page != self.pages[-1][1]:
            self.pages.append((self.length, line.page))
        if not line.sure:
            self.unsure.append((self.length, self.length + len(text)))
        self.parts.append(text)
        self.length += len(text)
        self.last = line


def _broken_figure(before: str, text: str) -> bool:
    """Is a number cut by the end of a line of Chinese text? Chinese is set without spaces between two
    numbers."""
    if not (re.search(r"\d[.,:/\-–—]?$", before) and re.match(r"[.,:/\-–—]?\d|[%‰]", text)):
        return False
    return len(_CJK.findall(before[-40:] + text[:40])) >= 8


def repair(
    lines: Iterable[Line], formed: bool, unsure: list[tuple[int, int]] | None = None
) -> tuple[str, tuple[Block, ...], tuple[int, ...]]:
    """The stored text with its blocks (paragraphs and headings) and the offset at which each page starts.

    ``formed``: the file marks its own headings, so none are recognised by form. ``unsure`` is given the spans
    of lines that text recognition was not sure of. Linear in time and memory.
    """
    pieces: list[str] = []
    blocks: list[Block] = []
    starts: dict[int, int] = {}
    at = tables = 0
    source = iter(lines)
    sample = list(islice(source, SAMPLE))
    loose = _unpunctuated(sample)
    for paragraph in _paragraphs(chain(sample, source), formed, loose):
        text = "".join(paragraph.parts)
        for offset, page in paragraph.pages:
            starts.setdefault(page, at + offset)
        tables += paragraph.row == 1
        blocks.append(Block(at, at + len(text), paragraph.level, tables if paragraph.row else 0))
        if unsure is not None:
            unsure += [(at + start, at + end) for start, end in paragraph.unsure]
        pieces.append(text)
        at += len(text) + 1
    return "\n".join(pieces), tuple(blocks), _page_starts(starts)


def _page_starts(starts: dict[int, int]) -> tuple[int, ...]:
    """Offsets by page; a page without text starts where the next one does."""
    numbers = [page for page in starts if page > 0]
    if not numbers:
        return ()
    result: list[int] = []
    following = max(starts.values())
    for page in range(max(numbers), 0, -1):
        following = starts.get(page, following)
        result.append(following)
    result[-1] = 0
    return tuple(reversed(result))


def _unpunctuated(lines: list[Line]) -> bool:
    """Does the author leave paragraphs without a full stop? Then its absence is no sign of a broken
    sentence."""
    running = [
        squeeze(line.text[-60:])
        for line, after in zip(lines, lines[1:], strict=False)
        if after.gap
        and not line.level
        and not line.fixed
        and len(line.text) >= RUNNING
        and _CLAUSE.search(line.text[:400])
    ]
    return len(running) >= 4 and sum(not _SENTENCE_END.search(tail) for tail in running) > 0.4 * len(running)


def _paragraphs(lines: Iterable[Line], formed: bool, loose: bool) -> Iterator[Paragraph]:
    current: Paragraph | None = None
    for line in _with_headings(lines, formed):
        text = squeeze(line.text)
        if not text:
            continue
        if current is not None and _joins(current, line, text, loose):
            current.append(line, text)
            continue
        if current is not None:
            yield current
        current = Paragraph(line, text)
    if current is not None:
        yield current


def _joins(paragraph: Paragraph, line: Line, text: str, loose: bool) -> bool:
    """Does ``line`` continue ``paragraph``?"""
    if line.level or line.fixed or line.row or paragraph.level or paragraph.fixed or starts_item(text):
        return False
    if line.on:
        return True
    tail, last = paragraph.tail(), paragraph.last
    if line.own:
        return starts_broken(text) or (paragraph.length >= RUNNING and bool(_HELD_OPEN.search(tail)))
    ended = bool(_SENTENCE_END.search(tail[-6:]))
    if not line.gap and not line.indent and last.full:
        return not (ended and tail.endswith(("：", ":")))
    if not line.gap and last.full and _bracketed("".join(paragraph.parts[:4]), text):
        return True
    if not line.gap and paragraph.length >= BROKEN_OFF and tail.endswith(("，", "、")):
        return True
    if ended or line.indent:
        return False
    if starts_broken(text) or (
        len(tail) >= RUNNING and text[0].isascii() and text[0].islower() and not line.gap
    ):
        return True
    if not line.gap and _HELD_OPEN.search(tail):
        return True
    if loose and not _HELD_OPEN.search(tail):
        return False
    return paragraph.length >= RUNNING and bool(_CLAUSE.search("".join(paragraph.parts[-3:])[-200:]))


def _bracketed(before: str, text: str) -> bool:
    """Does a line close the bracket that a paragraph begins with, as of a dateline centred over two lines?"""
    return (
        len(before) <= 300
        and before[:1] in "（("
        and not re.search("[）)]", before)
        and text[-1:] in "）)"
        and not re.search("[（(]", text)
    )


def _with_headings(lines: Iterable[Line], formed: bool) -> Iterator[Line]:
    """Mark headings by their form, looking one line back and one ahead."""
    before: Line | None = None
    held: Line | None = None
    for line in lines:
        if not squeeze(line.text):
            continue
        if held is not None:
            before = _marked(before, held, line, formed)
            yield before
        held = line
    if held is not None:
        yield _marked(before, held, None, formed)


def _marked(before: Line | None, line: Line, after: Line | None, formed: bool) -> Line:
    if line.level or line.fixed or formed or len(line.text) > 4 * HEADING_MAX:
        return line
    text = squeeze(line.text)
    if marked := marked_heading(text):
        return replace(line, level=marked[0], text=marked[1])
    if level := numbered_heading(text):
        wrapped = line.full and after is not None and not after.gap and not after.indent
        return line if wrapped or listed(before, line, after, level) else replace(line, level=level)
    if not plain_heading(text) or after is None:
        return line
    if before is not None and before.level and before.text.startswith("附") and names_nothing(before.text):
        return replace(line, level=min(6, before.level + 1))  # what is attached is named below 附件1
    following = squeeze(after.text[:400])
    if before is None:
        title = (
            len(text) >= 4
            and not starts_item(text)
            and not starts_broken(following)
            and (after.gap or after.indent or len(following) > len(text))
        )
        return replace(line, level=1) if title and not after.fixed else line
    alone = line.gap and after.gap and not line.full
    settled = before.level > 0 or bool(_SENTENCE_END.search(squeeze(before.text[-40:])))
    body = len(following) >= 40 and bool(_CLAUSE.search(following)) and not starts_broken(following)
    return replace(line, level=6) if alone and settled and body and not starts_item(text) else line


def listed(before: Line | None, line: Line, after: Line | None, level: int) -> bool:
    """Is a numbered line one of several in a row (a list, a table of contents) rather than a heading?"""
    if after is None or numbered_heading(squeeze(after.text[:200])) == level:
        return True
    if before is None or before.level or numbered_heading(squeeze(before.text[:200])) != level:
        return False
    restarts = _FIRST.match(squeeze(line.text)) or (
        line.gap and _SENTENCE_END.search(squeeze(after.text)[-6:])
    )
    return not restarts
