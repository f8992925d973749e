"""Which passages an answer stands on, numbered as the chips show them, cut into marked and unmarked pieces.

Numbers follow the order of first citation. A passage's pieces are cut from the evidence snapshot that the
Answer carries; a citation whose span lies outside it is shown as its own quote, on a line of its own, never
stretched to fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from qa.types import Answer, Citation, Retrieved


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of passage text; ``marks`` are the indexes of the source's quotes that cover it."""

    text: str
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One numbered passage of an answer: where it is from, its pieces, and the quotes cited from it.

    ``change`` tells what became of the document since (changed, removed), "" for nothing known.
    """

    number: int
    passage_id: str
    document_id: str
    document: str
    heading: tuple[str, ...]
    page: int | None
    published: str | None
    superseded: bool
    quotes: tuple[Citation, ...]
    pieces: tuple[Piece, ...]
    start: int
    end: int
    change: str = ""


def sources(answer: Answer, changes: Mapping[str, str] | None = None) -> tuple[Source, ...]:
    """The cited passages of ``answer``, numbered from 1 in order of first citation (notes come last).

    ``changes`` tells by document id what became of documents since, see ui.document_changes.
    """
    grouped: dict[str, list[Citation]] = {}
    for citation in _citations(answer):
        quotes = grouped.setdefault(citation.passage_id, [])
        if (citation.start, citation.end) not in {(q.start, q.end) for q in quotes}:
            quotes.append(citation)
    retrieved = {r.passage_id: r for r in answer.retrieved}
    return tuple(
        _source(number, quotes, retrieved.get(passage_id), (changes or {}).get(quotes[0].document_id, ""))
        for number, (passage_id, quotes) in enumerate(grouped.items(), 1)
    )


def uncited(answer: Answer) -> tuple[Retrieved, ...]:
    """Retrieved passages that nothing cites, in retrieval order."""
    cited = {c.passage_id for c in _citations(answer)}
    return tuple(r for r in answer.retrieved if r.passage_id not in cited)


def chip(citation: Citation, numbered: Sequence[Source]) -> tuple[Source, int]:
    """The source of a citation and the index of its quote there."""
    for source in numbered:
        if source.passage_id == citation.passage_id:
            for index, quote in enumerate(source.quotes):
                if (quote.start, quote.end) == (citation.start, citation.end):
                    return source, index
    raise KeyError(citation.passage_id)


def reader_url(base: str, document_id: str, start: int, end: int, sha256: str = "") -> str:
    """Address of the reader with a span marked and scrolled to; ``sha256`` of the text that the span is cut
    from."""
    version = f"&v={quote(sha256[:16], safe='')}" if sha256 else ""
    return f"{base}/documents/{quote(document_id, safe='')}?start={start}&end={end}{version}#span"


def below_title(heading: Sequence[str], document: str) -> list[str]:
    """A heading path as it is shown beside the document's name: without a first heading that repeats the
    title, and without the dashes before a subtitle."""
    path = [h for i, h in enumerate(heading) if i or h not in (document, document.rpartition("（")[0])]
    return [h.lstrip("—–-─ ") or h for h in path]


def _citations(answer: Answer) -> list[Citation]:
    own = [c for sentence in answer.sentences for c in sentence.citations]
    return own + [c for note in answer.notes for c in note.citations]


def _source(number: int, quotes: Sequence[Citation], retrieved: Retrieved | None, change: str) -> Source:
    first = quotes[0]
    inside = retrieved is not None and all(_within(q, retrieved) for q in quotes)
    if retrieved is not None and inside:
        pieces, start, end = _cut(retrieved.text, retrieved.start, quotes), retrieved.start, retrieved.end
    else:
        each = ((Piece("\n"), Piece(q.quote, (i,))) for i, q in enumerate(quotes))
        pieces = tuple(piece for pair in each for piece in pair)[1:]
        start, end = first.start, first.end
    return Source(
        number,
        first.passage_id,
        first.document_id,
        first.document,
        first.heading,
        first.page,
        first.published,
        retrieved.superseded if retrieved is not None else False,
        tuple(quotes),
        pieces,
        start,
        end,
        change,
    )


def _within(quote: Citation, retrieved: Retrieved) -> bool:
    low, high = quote.start - retrieved.start, quote.end - retrieved.start
    return 0 <= low < high <= len(retrieved.text) and retrieved.text[low:high] == quote.quote


def _cut(text: str, offset: int, quotes: Sequence[Citation]) -> tuple[Piece, ...]:
    edges = sorted({0, len(text)} | {e - offset for q in quotes for e in (q.start, q.end)})
    pieces = []
    for low, high in zip(edges, edges[1:], strict=False):
        covering = tuple(
            i for i, q in enumerate(quotes) if q.start - offset <= low and high <= q.end - offset
        )
        pieces.append(Piece(text[low:high], covering))
    return tuple(pieces)
