"""Boxes to tick as one pair of signs, ☑ and □, whichever signs a file has for them.

A crossed box can mean yes (Word ticks its boxes with ☒) or no. It is a tick where the paper has empty boxes
beside and no box with a check in it; where both are used they stay, since the paper tells them apart. A
filled square is a tick where an empty one stands in the same line or row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from index.loaders.raw import Line

_SAME = str.maketrans({"☐": "□", "⬜": "□", "▢": "□", "🗆": "□", "🗹": "☑", "🗷": "☒", "🗵": "☒"})
_CROSSED = str.maketrans("☒", "☑")
_BOX = re.compile("[□☐⬜▢🗆☑🗹☒🗷🗵]")
_FILLED = re.compile(r"■(?=\s*[^\s□■])")
_EMPTY = re.compile(r"□(?=\s*[^\s□■])")
_SCALE = re.compile(r"■\s*[■□]|□\s*■")
"""Squares with nothing between: ■■■□□ is a measure, no choice."""


def ticked(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines of one document with its boxes as ☑ and □."""
    lines = list(lines)
    signs = {sign.translate(_SAME) for line in lines for sign in _BOX.findall(line.text)}
    crossed = "☒" in signs and "□" in signs and "☑" not in signs
    if not signs:
        yield from lines
        return
    for line in lines:
        text = line.text.translate(_SAME)
        if crossed:
            text = text.translate(_CROSSED)
        if _FILLED.search(text) and _EMPTY.search(text) and not _SCALE.search(text):
            text = _FILLED.sub("☑", text)
        yield line if text == line.text else replace(line, text=text)
