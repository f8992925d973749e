"""Letters of pages through pdfminer: slower, but it places single characters of fonts that are not in the
file.

pdfium leaves out a piece of text without width, and a single character of a font that is nowhere has none.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from index.loaders.pdf_page import Letter

CODES = 0xFFFF
"""The largest code of a character in a font (ISO 32000-1, 9.7.4.2: two bytes)."""


def letters_of(data: bytes, numbers: set[int]) -> Iterator[tuple[int, list[Letter]]]:
    """Number (0-based) and letters of the pages asked for; a page that pdfminer cannot read does not come."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LTChar, LTComponent, LTContainer
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    _bound_widths()
    manager = PDFResourceManager()
    device = PDFPageAggregator(manager, laparams=None)
    interpreter = PDFPageInterpreter(manager, device)
    try:
        for number, page in zip(
            sorted(numbers), PDFPage.get_pages(io.BytesIO(data), pagenos=numbers), strict=False
        ):
            interpreter.process_page(page)
            letters: list[Letter] = []
            stack: list[LTComponent] = [device.get_result()]
            while stack:
                one = stack.pop()
                if isinstance(one, LTChar):
                    letters += _letters(one.get_text(), one.matrix, one.x0, one.x1, one.size)
                elif isinstance(one, LTContainer):
                    stack += list(one)[::-1]
            yield number, letters
    except Exception:  # noqa: B902 - whatever a damaged page raises: what pdfium found then has to do
        return


@functools.cache
def _bound_widths() -> None:
    """Have pdfminer read no widths of characters beyond the last one: of "from 1 to 4,000,000,000" it writes
    each down."""
    from pdfminer import pdffont
    from pdfminer.pdftypes import resolve1

    def bounded(read: Callable[[Iterable[object]], Any]) -> Callable[[Iterable[object]], Any]:
        return lambda seq: read(
            [min(v, CODES) if isinstance(v, int | float) else v for v in map(resolve1, seq)]
        )

    for name in ("get_widths", "get_widths2"):
        setattr(pdffont, name, bounded(getattr(pdffont, name)))


def _letters(text: str, matrix: tuple[float, ...], left: float, right: float, size: float) -> list[Letter]:
    if text.startswith("(cid:") or abs(matrix[1]) > 0.1 * abs(matrix[0]):
        return []
    wide = (right - left) / max(1, len(text))
    return [
        Letter(char, left + n * wide, left + (n + 1) * wide, matrix[5], size) for n, char in enumerate(text)
    ]


def missing(letters: list[Letter], held: list[Letter]) -> list[Letter]:
    """Those of ``letters`` at whose place none is ``held``."""
    places = {
        (round(one.left / 3) + dx, round(one.base / 3) + dy)
        for one in held
        for dx in (-1, 0, 1)
        for dy in (-1, 0, 1)
    }
    return [
        one
        for one in letters
        if one.char.strip() and (round(one.left / 3), round(one.base / 3)) not in places
    ]
