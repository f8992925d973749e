"""The nouns of the index: Document, Passage, Hit. Offsets are truth.

All spans are half-open ``[start, end)`` in Unicode code points of ``Document.text``, the stored text.
``document.text[passage.start:passage.end] == passage.text`` always holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or paragraph that a loader found, as a span of ``Document.text``.

    ``level`` is 0 for body text and 1..6 for a heading. ``table`` numbers the tables of a document from 1:
    the block is a row of that one; 0 outside tables.
    """

    start: int
    end: int
    level: int = 0
    table: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """One source file after loading and repair.

    Attributes:
        id: 16 hex digits, derived from ``source``: a changed file keeps its id.
        title: what a reader sees (front matter, first heading, or file name).
        source: the file name as it was given, without its folder.
        text: the stored text that every span points into.
        sha256: hex digest of ``text`` in UTF-8.
        published: ISO date (``2025-07-01``, or ``2025-07`` where the text names no day) or None when unknown;
            resolves 今年, 去年, 上半年. ``meta["date_from"]`` says where it was found; see :attr:`weak_date`.
        media_type: ``text/plain``, ``text/markdown``, ``text/html``, ``application/pdf``, ...
        blocks: headings and paragraphs in reading order, as spans.
        pages: offset in ``text`` at which each page starts (page 1 first); empty when there are no pages.
        supersedes: ids or titles of documents that this one replaces.
        meta: other front matter, as strings, and what the loader has to say: ``number`` (see :attr:`number`),
            ``pictures`` (how many were not read), ``date_from`` (``file``: front matter or the like,
            ``text``, ``page edge``, ``file name``, ``properties``).
        apart: what tells it from others of the same title (``index.superseded.apart``), "" without such.
    """

    id: str
    title: str
    source: str
    text: str
    sha256: str
    published: str | None = None
    media_type: str = "text/plain"
    blocks: tuple[Block, ...] = ()
    pages: tuple[int, ...] = ()
    supersedes: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    apart: str = ""

    @property
    def name(self) -> str:
        """What it is called where it is cited: the title, with what tells it from others of that title."""
        return f"{self.title}（{self.apart}）" if self.apart else self.title

    @property
    def spoken(self) -> str | None:
        """ISO date, or just its year, from which 今年 and 去年 are counted: ``published``, else the year that
        the loader found the text to speak in (``meta["year"]``); None when neither is known. Not for
        showing."""
        return self.published or self.meta.get("year")

    @property
    def number(self) -> str:
        """The document number in one spelling (青政发〔2025〕12号, GB/T 9704-2012), "" when it has none."""
        return self.meta.get("number", "")

    @property
    def collections(self) -> tuple[str, ...]:
        """Names of the collections that it belongs to, sorted."""
        return tuple(name for name in self.meta.get("collections", "").split("\n") if name)

    @property
    def weak_date(self) -> bool:
        """Is ``published`` only what the file's properties say, which may be those of a template or of a
        copy?"""
        return self.meta.get("date_from") == "properties"

    def page_of(self, offset: int) -> int | None:
        """1-based page of an offset, or None when the document has no pages."""
        page = None
        for number, start in enumerate(self.pages, 1):
            if start > offset:
                break
            page = number
        return page


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a Document: the unit that is embedded, retrieved and cited.

    ``id`` is ``<document id>-<ordinal, 4 digits or more>``; ``ordinal`` counts from 1 in reading order.
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    heading: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage with its score (higher is better) and why it was found.

    ``why`` holds plain numbers by name: ``dense`` (cosine, -1..1), ``bm25``, ``dense_rank``, ``bm25_rank``
    (1-based; absent when that retriever did not return it), ``coverage`` (share of query terms, by idf,
    0..1). ``copies`` are the ids of other documents, copies of this one, in which the same passage was found;
    it is shown once.
    """

    passage: Passage
    document: Document
    score: float
    why: Mapping[str, float] = field(default_factory=dict)
    copies: tuple[str, ...] = ()
