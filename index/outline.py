"""The tree of a document's sections: chapters and other headings, articles (第五条), items (（一）, 1.),
tables.

Every section is a span of the stored text that begins with its own first line and ends where the next one
that is not below it begins. Knows the blocks of a Document and nothing of files.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from index.types import Block, Document

CAPTION_MAX = 60
TITLE_MAX = 200

_NUMERAL = "[一二三四五六七八九十百千零〇○两\\d]"
_FORMS = (
    (
        11.0,
        "article",
        re.compile(rf"第{_NUMERAL}{{1,8}}条(?:之{_NUMERAL}{{1,3}})?(?![一-鿿]{{0,2}}[规约]定|[、，和或至])"),
    ),
    (12.0, "item", re.compile(r"[一二三四五六七八九十]{1,3}、")),
    (13.0, "item", re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]")),
    (14.0, "item", re.compile(r"\d{1,3}(?:\.\d{1,3}){0,5}(?:[、．)）]|\.?(?=\s)|\.(?!\d))")),
    (15.0, "item", re.compile(r"[（(]\d{1,3}[）)]")),
    (16.0, "item", re.compile(r"[①-⑳㉑-㊿]|[a-zA-Z][)）.、](?![a-zA-Z])")),
)
_ARTICLE = 11.0
_TABLE = 99.0
_CAPTION = re.compile(
    r"(?:续?附?表|[Tt]able)\s*[\dA-Z一二三四五六七八九十]+.*|[^，。；：]{2,30}(?:表|清单|目录|一览|名单|标准)(?:[（(].{1,20}[）)])?"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A node of the tree: ``document.text[start:end]`` is all of it, its own line and everything below.

    Attributes:
        kind: ``document`` (the root), ``heading``, ``article``, ``item`` or ``table``.
        title: the heading's or caption's text; of an article or item its number (第五条, （一）).
        level: depth in the tree, 0 for the root.
        table: the number of the table (``Block.table``), 0 for other kinds.
    """

    kind: str
    title: str
    level: int
    start: int
    end: int
    table: int = 0
    children: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Section]:
        """This section and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(slots=True)
class _Open:
    """A section that is still open, with its rank: headings by level, then articles and items; ``form`` tells
    how an item is numbered."""

    rank: float
    kind: str
    title: str
    start: int
    table: int = 0
    form: float = 0.0
    children: list[Section] = field(default_factory=list)


def outline(document: Document) -> Section:
    """The document as a tree; its root has the document's title and spans the whole text."""
    stack = [_Open(0.0, "document", document.title, 0)]
    before: Block | None = None

    def close(rank: float, at: int) -> None:
        while len(stack) > 1 and stack[-1].rank >= rank:
            done = stack.pop()
            end = max(done.start, at - 1) if at < len(document.text) else at
            stack[-1].children.append(
                Section(done.kind, done.title, len(stack), done.start, end, done.table, tuple(done.children))
            )

    for block in document.blocks:
        for opened in _opened(document, block, before, stack):
            close(opened.rank, block.start)
            stack.append(opened)
        if not block.level and not block.table and stack[-1].start != block.start:
            close(_TABLE, block.start)  # a table ends
            if any(one.kind == "article" for one in stack):
                close(_ARTICLE + 0.5, block.start)  # a further paragraph of the article, not of its last item
        before = block
    close(0.5, len(document.text))
    root = stack[0]
    return Section("document", root.title, 0, 0, len(document.text), 0, tuple(root.children))


def _opened(document: Document, block: Block, before: Block | None, stack: list[_Open]) -> Iterator[_Open]:
    """The section that begins with a block, if one does."""
    text = document.text[block.start : min(block.end, block.start + TITLE_MAX)]
    led = (
        before is not None
        and stack[-1].form > 0
        and document.text[before.end - 1 : before.end] in ("：", ":")
    )
    if block.level:
        yield _Open(float(block.level), "heading", text, block.start)
    elif block.table:
        if stack[-1].table != block.table:
            caption = caption_of(document, before)
            yield _Open(_TABLE, "table", caption, block.start, block.table)
    else:
        for rank, kind, form in _FORMS:
            if match := form.match(text):
                own = rank + 0.1 * match[0].count(".")
                beside = next((one.rank for one in stack if one.form == own), None)
                if beside is None:  # 1. may lead in to （一）, whatever the forms' usual order
                    beside = max(own, stack[-1].rank + 0.01) if led else own
                yield _Open(beside, kind, match[0].strip(), block.start, form=own)
                return


def own_number(line: str) -> str:
    """The number that a line begins with (第五条, （一）, 1., ①) as it stands there, "" for none."""
    return next((found[0].strip() for _, _, form in _FORMS if (found := form.match(line))), "")


def caption_of(document: Document, before: Block | None) -> str:
    """What names a table: the line before it, where it is short and says that it is a table; else ""."""
    if before is None or before.table or before.end - before.start > CAPTION_MAX:
        return ""
    text = document.text[before.start : before.end]
    return text if _CAPTION.fullmatch(text) else ""


class Paths:
    """The way down to any offset of one document; made once, asked often."""

    def __init__(self, document: Document) -> None:
        self.root = outline(document)
        self._starts: list[int] = []
        self._ways: list[tuple[Section, ...]] = []
        self._fill((self.root,))

    def _fill(self, way: tuple[Section, ...]) -> None:
        self._starts.append(way[-1].start)
        self._ways.append(way)
        for child in way[-1].children:
            self._fill((*way, child))

    def at(self, offset: int) -> tuple[Section, ...]:
        """The sections around an offset, from the outermost below the root to the innermost; () in front of
        all."""
        number = bisect_right(self._starts, offset) - 1
        return (
            tuple(one for one in self._ways[number][1:] if one.start <= offset < max(one.end, one.start + 1))
            if number >= 0
            else ()
        )
