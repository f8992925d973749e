"""Pictures in a document -> lines, by text recognition: a row that reaches the right edge goes on in the next
one."""

from __future__ import annotations

import io
from typing import Any

from index.loaders import signs
from index.loaders.raw import Line, clean, squeeze
from index.loaders.scans import SIDE_MAX, SURE, Found, read_picture

LEAST = (48, 16)
"""Pixels across and down; what is smaller is a sign or an ornament."""

PIXELS_MAX = 40_000_000
"""Pixels of a picture; a larger one is not opened."""


def picture_lines(data: bytes) -> list[Line]:
    """The text in a picture (.png, .jpeg, .gif, .bmp, .tiff); none when it is of another kind, too small, too
    large or broken."""
    image = _grey(data)
    if image is None:
        return []
    found = read_picture(image)
    signs.step(0, 0)
    return _lines([one for one in found if squeeze(clean(one[1]))])


def _grey(data: bytes) -> Any:
    import numpy
    import PIL.Image

    try:
        with PIL.Image.open(io.BytesIO(data)) as opened:
            image: PIL.Image.Image = opened
            if image.width < LEAST[0] or image.height < LEAST[1] or image.width * image.height > PIXELS_MAX:
                return None
            image.thumbnail((SIDE_MAX, SIDE_MAX))
            if "A" in image.getbands() or "transparency" in image.info:
                shown = image.convert("RGBA")
                ground = PIL.Image.new("RGBA", shown.size, "white")
                ground.alpha_composite(shown)
                return numpy.asarray(ground.convert("L"))
            return numpy.asarray(image.convert("L"))
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        PIL.Image.DecompressionBombError,
        PIL.Image.DecompressionBombWarning,
    ):
        return None


def _lines(found: list[Found]) -> list[Line]:
    rows: list[list[Found]] = []
    for one in found:
        middle = sum(y for _, y in one[0]) / 4
        above = rows[-1][-1][0] if rows else []
        if above and min(y for _, y in above) < middle < max(y for _, y in above):
            rows[-1].append(one)
        else:
            rows.append([one])
    edge = max((x for one in found for x, _ in one[0]), default=0.0)
    lines: list[Line] = []
    going_on = False
    for row in rows:
        row.sort(key=lambda one: one[0][0][0])
        text = squeeze(clean(" ".join(text for _, text, _ in row)))
        sure = all(score >= SURE for _, _, score in row)
        if going_on:
            space = " " if lines[-1].text[-1:].isascii() and text[:1].isascii() else ""
            lines[-1] = Line(lines[-1].text + space + text, fixed=True, sure=lines[-1].sure and sure)
        else:
            lines.append(Line(text, fixed=True, sure=sure))
        box = row[-1][0]
        going_on = len(rows) > 2 and box[1][0] > edge - 1.5 * (box[3][1] - box[0][1])
    return lines
