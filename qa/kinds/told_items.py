"""Items that are said to be what a question counts: are they an enumeration of the evidence, and the whole
of it?

Told by form: they follow one another, the same marks stand between all of them but perhaps before the last,
none of these stands beside the first or the last, and after the last its clause ends or their number stands.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from index.normalize import number_spans
from qa.attribution import EvidenceSentence
from qa.kinds.enumerations import enumerations
from qa.kinds.evidence import Block

MARKS = "、；;，,"
LINK = 2
"""Letters before the last item at most (和, 以及)."""
NUMBERED = 6
"""Characters between two items at most."""


def counted_items(items: Sequence[str], block: Block) -> tuple[EvidenceSentence, ...]:
    """The sentences that hold the items, in order, one for each item; () unless they are a whole
    enumeration of the passage."""
    if len(items) < 2 or len(set(items)) < len(items):
        return ()
    for one in enumerations(block):
        texts = ["".join(s.text for s in item) for item in one.items]
        if len(texts) == len(items) and all(
            _same(item, text) for item, text in zip(items, texts, strict=True)
        ):
            return tuple(item[0] for item in one.items)
    text = block.text
    places = _places(items, text)
    if not places or not _whole([text[a:b] for a, b in _gaps(places)], text, places):
        return ()
    sentences = block.sentences()
    held = [next((s for s in sentences if s.start <= block.start + a < s.end), None) for a, _ in places]
    return tuple(s for s in held if s is not None) if all(held) else ()


def _same(item: str, text: str) -> bool:
    return item.strip("；;，,。 ") in text


def _places(items: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Where the items stand, one after the other, nearest to each other; [] where one does not."""
    first = text.find(items[0])
    while first >= 0:
        found, at = [(first, first + len(items[0]))], first + len(items[0])
        for item in items[1:]:
            start = text.find(item, at, at + NUMBERED + len(item))
            if start < 0:
                break
            at = start + len(item)
            found.append((start, at))
        if len(found) == len(items):
            return found
        first = text.find(items[0], first + 1)
    return []


def _gaps(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(before[1], after[0]) for before, after in zip(places, places[1:], strict=False)]


def _whole(gaps: Sequence[str], text: str, places: Sequence[tuple[int, int]]) -> bool:
    """Are all gaps alike, and does the enumeration end where the items do?"""
    marks = [_unnumbered(gap) for gap in gaps]
    first, last = marks[0], marks[-1]
    link = last.lstrip(MARKS)
    linked = 0 < len(link) <= LINK and link.isalpha()
    said = _said(text[places[-1][1] :], len(places))
    if len(set(marks[:-1])) > 1 or not (last == first or linked):
        return False
    if first[:1] not in tuple(MARKS):  # 甲和乙两个: else anything may stand between two words
        return len(marks) == 1 and linked and said
    before = _unnumbered(text[max(0, places[0][0] - NUMBERED) : places[0][0]])
    after = text[places[-1][1] :].lstrip()
    ends = not after[:1].isalnum() and not after.startswith((first[0], MARKS[0]))
    return not before.endswith(tuple({*marks, first[0], MARKS[0]})) and (ends or said)


def _unnumbered(text: str) -> str:
    """The text without what Unicode knows as a numeral (2, 二, ②)."""
    return "".join(c for c in text if unicodedata.numeric(c, None) is None).strip()


def _said(after: str, items: int) -> bool:
    """Does the text go on with the number of the items?"""
    spans = number_spans(after[:NUMBERED])
    return bool(spans) and spans[0].start == 0 and spans[0].value == items
