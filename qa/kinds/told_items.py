"""Items that are said to be what a question counts: are they an enumeration of the evidence, and the whole
of it?

Told by form: they follow one another, the same marks stand between all of them, and none stands beside the
first or the last.
"""

from __future__ import annotations

from collections.abc import Sequence

from qa.attribution import EvidenceSentence
from qa.kinds.enumerations import enumerations
from qa.kinds.evidence import Block

JOINING = frozenset(("和", "及", "以及", "与", "或", "或者", "并"))
"""What may stand before the last item alone."""
MARKS = "、；;，,"
NUMBERING = frozenset("一二三四五六七八九十0123456789①②③④⑤⑥⑦⑧⑨⑩")
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
    masked = ["".join(c for c in gap if c not in NUMBERING).strip() for gap in gaps]
    last = masked[-1]
    alike = len(set(masked[:-1])) <= 1 and (
        last in JOINING or last.lstrip(MARKS) in JOINING or len(set(masked)) == 1
    )
    mark = masked[0][:1]
    if not alike or (mark not in JOINING and mark not in MARKS) or not mark:
        return False
    before = "".join(c for c in text[max(0, places[0][0] - NUMBERED) : places[0][0]] if c not in NUMBERING)
    after = text[places[-1][1] :].lstrip()
    return not before.rstrip("是要（）().").endswith(("、", "和", "及", mark)) and not after.startswith(
        ("、", "和", "及", "以及", "等", mark)
    )
