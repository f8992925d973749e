"""Tables of contents typed by hand left out: what they list stands in the text itself, with its own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from index.loaders.raw import Line, squeeze

ENTRIES_MAX = 400
_NAMES = re.compile(r"(?i)目\s*[录錄次]|contents|table of contents")
_LED = re.compile(
    r"(?P<text>.{2,120}?)\s*(?:[.…·．。﹒‥_—-]{3,}|…+|\t)\s*[（(]?\s*(?P<page>\d{1,4}|[ivxlIVXL]{1,6})\s*[)）]?\s*"
)
_MARKS = re.compile(r"[\s　:：.．、]+")


def without_contents(lines: Iterable[Line], taken: bool = False) -> Iterator[Line]:
    """The lines without a list of contents: entries that lead to a page number, or that the text repeats,
    after the heading 目录 or three in a row. ``taken``: the entries are out already, so that only their
    heading is left."""
    everything = list(lines)
    times = Counter(_plain(line.text) for line in everything if len(line.text) <= 150)
    at = 0
    while at < len(everything):
        named = bool(_NAMES.fullmatch(squeeze(everything[at].text)))
        stop = _entries(everything, at + named, times, named)
        if stop - at - named >= ((0 if taken else 1) if named else 3):
            at = stop
            continue
        yield everything[at]
        at += 1


def _entries(lines: list[Line], at: int, times: Counter[str], named: bool) -> int:
    """The end of the entries that begin at a line; under 目录 also those without a page number."""
    stop = at
    while stop < min(len(lines), at + ENTRIES_MAX):
        text = lines[stop].text.strip()
        led = _LED.fullmatch(text)
        again = times[_plain(led["text"])] if led else times[_plain(text)] - 1
        if lines[stop].row or not (led and (named or again > 0) or (named and again > 0)):
            break
        if not led:
            times[_plain(text)] -= 1
        stop += 1
    return stop


def _plain(text: str) -> str:
    return _MARKS.sub("", text)
