"""What the pages around documents show: rows of the list, passages found, a document to read. Pure functions,
no HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.places import place_of
from index.shown import GAPS, NOT_READ, not_read
from index.types import Document, Hit, Passage
from ui.citations import below_title
from ui.texts import Texts

if TYPE_CHECKING:
    from ui.intake import Intake, Read, Sent

PREVIEWED = 2000
"""Blocks of a text that a preview shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A document of the list; ``unread``: which of its parts could not be read."""

    document: Document
    passages: int
    characters: int
    superseded: bool
    copy: bool
    unread: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [name for name in (self.document.number, self.document.source) if name]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found; ``runs`` are its text cut into (text, whether the query has it too)."""

    id: str
    start: int
    end: int
    title: str
    where: tuple[str, ...]
    runs: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """A block of the text in up to three pieces, the middle one marked; ``pages`` begin in it."""

    start: int
    level: int
    before: str
    marked: str = ""
    after: str = ""
    anchor: bool = False
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading in the table of contents."""

    level: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A document to read; ``original`` is the path of its file below /documents, "" where none is kept."""

    facts: tuple[str, ...]
    original: str
    contents: tuple[Entry, ...]
    blocks: tuple[ReadBlock, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """What was understood of a document that waits, and what an administrator should look at."""

    title: str
    facts: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A file that waits, with what was understood of the documents in it."""

    sent: Sent
    documents: tuple[Understood, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as it would be stored; ``more`` of its blocks are not shown."""

    title: str
    reading: Reading
    more: int


def waiting(intake: Intake, t: Texts, *some: Sent) -> list[Item]:
    """The files that wait, or some of them."""
    return [Item(sent, tuple(_understood(read, t) for read in sent.read)) for sent in some or intake.sent()]


def _understood(read: Read, t: Texts) -> Understood:
    document = read.document
    facts = [
        document.published or t("no_date"),
        t("document_number", number=document.number) if document.number else "",
        *(t(f"n_{name}", n=n) for name, n in (("sections", read.sections), ("tables", read.tables)) if n),
        t("n_pages", n=len(document.pages)) if document.pages else "",
        t("n_characters", n=f"{read.characters:,}"),
    ]
    warnings = [
        *_unread(document, t),
        t("date_of_properties") if document.weak_date else "",
        t("is_copy_of", title=read.copy_of) if read.copy_of else "",
    ]
    return Understood(document.title, tuple(filter(None, facts)), tuple(filter(None, warnings)))


def preview(documents: Sequence[Document], t: Texts) -> list[Preview]:
    """The texts of a file's documents."""
    shown = []
    for document in documents:
        whole = reading(document, (), t, None, original=False, titled=False)
        left = max(0, len(whole.blocks) - PREVIEWED)
        shown.append(Preview(document.title, replace(whole, blocks=whole.blocks[:PREVIEWED]), left))
    return shown


def rows(
    documents: Sequence[tuple[Document, Sequence[Passage]]],
    replaced: Collection[str],
    t: Texts,
    copies: Collection[str] = (),
) -> list[Row]:
    """The documents with their passages; ``replaced`` holds ids and titles of superseded ones, ``copies`` the
    ids of those that are copies of another. Documents may come without their text."""
    return [
        Row(
            d,
            len(passages),
            sum(len(p.text) for p in passages),
            d.id in replaced or d.title in replaced,
            d.id in copies,
            tuple(_unread(d, t, GAPS)),
        )
        for d, passages in documents
    ]


def found(query: str, hits: Sequence[Hit], t: Texts) -> list[Found]:
    """The hits with what they share with the query marked."""
    return [_hit(query, hit, t) for hit in hits]


def _hit(query: str, hit: Hit, t: Texts) -> Found:
    p = hit.passage
    path = " › ".join(below_title(p.heading, hit.document.title))
    page = t("page", page=p.page) if p.page else ""
    copies = t("n_copies", n=len(hit.copies)) if hit.copies else ""
    where = tuple(part for part in (path, page, copies) if part)
    return Found(p.document_id, p.start, p.end, hit.document.name, where, shared(p.text, query))


def shared(text: str, query: str) -> tuple[tuple[str, bool], ...]:
    """The text cut where the longest runs of two or more characters that it has in common with the query
    begin and end."""
    wanted, have = query.casefold(), text.casefold()
    if len(have) != len(text):  # case folding that changes lengths: places would no longer fit
        return ((text, False),)
    out: list[tuple[str, bool]] = []
    at = plain = 0
    while at < len(text):
        end = at
        while end < len(text) and have[at : end + 1] in wanted:
            end += 1
        if end - at < 2 or not have[at:end].strip():
            at += 1
            continue
        out += [(text[plain:at], False), (text[at:end], True)]
        at = plain = end
    return tuple(run for run in (*out, (text[plain:], False)) if run[0])


def reading(
    document: Document,
    passages: Sequence[Passage],
    t: Texts,
    span: tuple[int, int] | None,
    *,
    original: bool,
    titled: bool = True,
) -> Reading:
    """The stored text in its blocks, with the span marked. ``titled``: the page says the title already."""
    facts = [
        document.source,
        t("published", date=document.published) if document.published else "",
        t("date_of_properties") if document.weak_date else "",
        t("document_number", number=document.number) if document.number else "",
        t("n_paragraphs", n=len(passages)),
        *_unread(document, t),
        place_of(document, *span) if span else "",  # the cells of a sheet: 排产!A4:F4
    ]
    page = document.page_of(span[0]) if span else None
    place = f"#page={page}" if page and document.media_type == "application/pdf" else ""
    blocks = list(_blocks(document))
    if (
        titled
        and blocks
        and blocks[0][2]
        and document.text[blocks[0][0] : blocks[0][1]].strip() == document.title
        and not document.pages
    ):
        blocks = blocks[1:]  # the title is the page's heading already
    return Reading(
        tuple(fact for fact in facts if fact),
        f"{document.id}/original{place}" if original else "",
        _contents(document),
        tuple(_block(document, start, end, level, span) for start, end, level in blocks),
    )


def _unread(document: Document, t: Texts, kinds: Collection[str] = NOT_READ) -> list[str]:
    """What of the document was not read or left out, for the eye."""
    return [t(f"unread_{name}", n=value) for name, value in not_read(document).items() if name in kinds]


def _blocks(document: Document) -> Iterator[tuple[int, int, int]]:
    """Blocks of the text, gaps between them included, so that nothing stored goes unshown."""
    position = 0
    for block in document.blocks:
        if document.text[position : block.start].strip():
            yield position, block.start, 0
        yield max(block.start, position), block.end, block.level
        position = max(position, block.end)
    if document.text[position:].strip():
        yield position, len(document.text), 0


def _block(document: Document, start: int, end: int, level: int, span: tuple[int, int] | None) -> ReadBlock:
    text = document.text
    low, high = (max(start, span[0]), min(end, span[1])) if span else (end, end)
    pages = tuple(n for n, at in enumerate(document.pages, 1) if start <= at < end or at == start)
    if span is None or low >= high:
        return ReadBlock(start, level, text[start:end].strip(), pages=pages)
    before, after = text[start:low].lstrip(), text[high:end].rstrip()
    return ReadBlock(start, level, before, text[low:high], after, low == span[0], pages)


def _contents(document: Document) -> tuple[Entry, ...]:
    named = [
        Entry(b.level, b.start, document.text[b.start : b.end].strip()) for b in document.blocks if b.level
    ]
    heads = [entry for entry in named if entry.text != document.title]
    return tuple(heads[:200]) if len(heads) > 2 else ()
