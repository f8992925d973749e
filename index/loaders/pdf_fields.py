"""What was filled into a PDF: values of form fields, boxes ticked, text typed onto a page. None of it is in
the page's own text; pdfium gives the values, and their place follows from the field's box."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from index.loaders.pdf_page import Letter
from index.loaders.raw import clean

SIZE = 10.5
"""Letter size in points where the height of a field leaves room for more."""

_HIDDEN = 1 << 1 | 1 << 5  # hidden, not shown on a screen (ISO 32000-1, 12.5.3)
_MANY_LINES = 1 << 12
_SECRET = 1 << 13

Box = tuple[float, float, float, float]


def filled_in(document: Any, page: Any) -> Iterator[Letter]:
    """Letters of what is filled in on a page, as far as it is shown."""
    import pypdfium2.raw as raw

    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            if not raw.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
                yield from _letters(document.formenv, annotation)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _letters(form: Any, annotation: Any) -> Iterator[Letter]:
    import pypdfium2.raw as raw

    rectangle = raw.FS_RECTF()
    if not raw.FPDFAnnot_GetRect(annotation, rectangle):
        return
    box = rectangle.left, min(rectangle.bottom, rectangle.top), rectangle.right, rectangle.top
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind == raw.FPDF_ANNOT_FREETEXT:
        yield from _set(_text(raw.FPDFAnnot_GetStringValue, annotation, b"Contents"), box, lines=True)
    elif kind == raw.FPDF_ANNOT_WIDGET and form:
        field = raw.FPDFAnnot_GetFormFieldType(form, annotation)
        flags = raw.FPDFAnnot_GetFormFieldFlags(form, annotation)
        if field in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
            yield from _set("☑" if raw.FPDFAnnot_IsChecked(form, annotation) else "□", box, lines=False)
        elif field in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX) and not flags & _SECRET:
            value = _text(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
            yield from _set(value, box, lines=bool(flags & _MANY_LINES))


def _text(ask: Any, *about: Any) -> str:
    """A text of pdfium, asked for twice: how long it is, then what it is."""
    length = ask(*about, None, 0)
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    ask(*about, buffer, length)
    return clean(bytes(buffer)[: max(0, length - 2)].decode("utf-16-le", "replace"))


def _set(text: str, box: Box, *, lines: bool) -> Iterator[Letter]:
    """Text as letters in its box: from the top where it may have several lines, else in the middle."""
    left, bottom, right, top = box
    size = min(SIZE, 0.8 * (top - bottom))
    if size <= 0:
        return
    if not lines:
        wide = sum(map(_width, text)) * size
        tight = min(1.0, (right - left) / wide) if wide else 1.0
        yield from _line(text.replace("\n", " "), left, (top + bottom) / 2 - 0.35 * size, size, tight)
        return
    base = top - size
    for line in _wrapped(text, (right - left) / size):
        yield from _line(line, left, base, size, 1.0)
        base -= 1.2 * size


def _wrapped(text: str, room: float) -> Iterator[str]:
    """Lines of no more than ``room`` letters."""
    for line in text.split("\n"):
        part, taken = "", 0.0
        for char in line:
            if part and taken + _width(char) > room:
                yield part
                part, taken = "", 0.0
            part += char
            taken += _width(char)
        yield part


def _width(char: str) -> float:
    return 0.5 if ord(char) < 0x2E80 and char not in "☑□" else 1.0


def _line(text: str, left: float, base: float, size: float, tight: float) -> Iterator[Letter]:
    for char in text:
        right = left + _width(char) * size * tight
        yield Letter(char, left, right, base, size)
        left = right
