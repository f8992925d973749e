"""Document -> passages: the paragraph is the unit that is retrieved and cited.

Over-long paragraphs are split at sentence ends (never inside a quotation if that can be avoided), fragments
are merged with their neighbours under the same heading; articles, lists and tables are kept together
(``index.runs``). Every passage is a span of the stored text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from index.outline import Paths
from index.runs import parts_of, runs_of
from index.sentences import split_sentences
from index.types import Document, Passage

_CLAUSE_END = re.compile(r"[，,；;、：:）)]|\s")
_QUOTES = re.compile(r"[“”「」『』]")
_HEADING_PATH_MAX = 200
STRUCTURE = 1.25
"""How long a list, a table or an article may be to stay one passage, against the longest paragraph."""

Span = tuple[int, int]


def passages_of(document: Document, minimum: int = 60, maximum: int = 400) -> list[Passage]:
    """The passages of a document in reading order, not overlapping.

    ``minimum`` and ``maximum`` are in characters: no paragraph is longer than ``maximum``, no list, table or
    article longer than ``STRUCTURE`` times as much; a fragment shorter than ``minimum`` remains only where
    its neighbours under the same heading leave no room for it.
    A heading with nothing under it becomes a passage of its own, so that no text is lost to search.
    """
    passages: list[Passage] = []
    paths = Paths(document)
    for heading, spans in _sections(document):
        units = [unit for span in spans for unit in _split(document.text, span, maximum)]
        for start, end in _joined(document.text, units, paths, minimum, maximum):
            page = bisect_right(document.pages, start) if document.pages else None
            number = len(passages) + 1
            text = document.text[start:end]
            way = (*heading, *(name for name in _within(paths, start, text) if name not in heading))
            passages.append(
                Passage(f"{document.id}-{number:04d}", document.id, start, end, text, way, page or None)
            )
    return passages


def _within(paths: Paths, start: int, text: str) -> Iterator[str]:
    """What a passage stands in besides headings, as far as it does not say so itself: its article, its
    table."""
    for section in paths.at(start):
        began = section.start < start if section.kind == "article" else section.kind == "table"
        if began and section.title and section.title not in text:
            yield section.title


def passage_search_text(document: Document, passage: Passage) -> str:
    """What is embedded and indexed for a passage: title, document number and heading path as context, then
    its text."""
    context: list[str] = []
    for part in (document.title, document.number, *passage.heading):
        if part and part not in context and part != passage.text:
            context.append(part)
    lead = " ".join(context)[:_HEADING_PATH_MAX]
    return f"{lead}\n{passage.text}" if lead else passage.text


def _sections(document: Document) -> Iterator[tuple[tuple[str, ...], list[Span]]]:
    """Runs of body blocks under one heading path."""
    path: list[tuple[int, int, int]] = []  # level, start, end
    body: list[Span] = []

    def names() -> tuple[str, ...]:
        return tuple(document.text[start:end][:_HEADING_PATH_MAX] for _, start, end in path)

    empty = False  # the last heading has nothing under it yet
    for block in document.blocks:
        if not block.level:
            body.append((block.start, block.end))
            empty = False
            continue
        if body:
            yield names(), body
            body = []
        elif empty and path[-1][0] >= block.level:
            yield names()[:-1], [path[-1][1:]]
        while path and path[-1][0] >= block.level:
            path.pop()
        path.append((block.level, block.start, block.end))
        empty = True
    if body:
        yield names(), body
    elif empty:
        yield names()[:-1], [path[-1][1:]]


def _split(text: str, span: Span, maximum: int) -> Iterator[Span]:
    """A paragraph as pieces of at most ``maximum`` characters, of about the same size, cut at sentence
    ends."""
    start, end = span
    if end - start <= maximum:
        yield span
        return
    cuts = _cuts(text, start, end, maximum)
    first = 0
    while end - start > maximum:
        pieces = -(-(end - start) // maximum)
        wish = start + (end - start) // pieces
        best, best_cost = start + maximum, float("inf")
        while first < len(cuts) and cuts[first][0] <= start:
            first += 1
        for number in range(first, len(cuts)):
            cut, penalty = cuts[number]
            if cut > start + maximum:
                break
            cost = abs(cut - wish) + penalty * maximum
            if cost <= best_cost:
                best, best_cost = cut, cost
        yield _tight(text, start, best)
        start = _tight(text, best, end)[0]
    if start < end:
        yield start, end


def _cuts(text: str, start: int, end: int, maximum: int) -> list[tuple[int, float]]:
    """Where a paragraph may be cut, with a penalty: 0 after a sentence, 1 inside a quotation, 2 within a
    sentence."""
    paragraph = text[start:end]
    inside = _Quoted(paragraph)
    cuts: list[tuple[int, float]] = []
    for first, last in split_sentences(paragraph):
        if last - first > maximum:
            for mark in _CLAUSE_END.finditer(paragraph, first, last):
                cuts.append((start + mark.end(), 2.0))
        cuts.append((start + last, 1.0 if inside(last) else 0.0))
    return cuts


class _Quoted:
    """Is an offset inside a quotation? Quotation marks that are never closed are ignored."""

    def __init__(self, text: str) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        opened: int | None = None
        for mark in _QUOTES.finditer(text):
            if mark.group() in "“「『":
                opened = mark.start()
            elif opened is not None:
                self.starts.append(opened)
                self.ends.append(mark.end())
                opened = None

    def __call__(self, offset: int) -> bool:
        number = bisect_right(self.starts, offset) - 1
        return number >= 0 and offset < self.ends[number]


def _tight(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _joined(text: str, units: Sequence[Span], paths: Paths, minimum: int, maximum: int) -> Iterator[Span]:
    """The units as passages: what belongs together in parts of at most ``STRUCTURE`` times the maximum, and
    fragments between with their neighbours."""
    plain: list[Span] = []
    for run in runs_of(text, units, paths):
        if run.plain:
            plain.append(run.span)
            continue
        yield from _merge(plain, minimum, maximum)
        plain = []
        yield from parts_of(text, run, int(STRUCTURE * maximum))
    yield from _merge(plain, minimum, maximum)


def _merge(units: Sequence[Span], minimum: int, maximum: int) -> Iterator[Span]:
    """Fragments go with what follows them, else with what stands before, if there is room."""
    result: list[Span] = []
    held: Span | None = None
    for unit in units:
        if held is not None:
            if unit[1] - held[0] <= maximum:
                unit = (held[0], unit[1])
            else:
                _settle(result, held, maximum)
            held = None
        if unit[1] - unit[0] < minimum:
            held = unit
        else:
            result.append(unit)
    if held is not None:
        _settle(result, held, maximum)
    yield from result


def _settle(result: list[Span], fragment: Span, maximum: int) -> None:
    """Append a fragment to the passage before it, or let it stand alone."""
    if result and fragment[1] - result[-1][0] <= maximum:
        result[-1] = (result[-1][0], fragment[1])
    else:
        result.append(fragment)
