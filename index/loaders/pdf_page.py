"""One PDF page through pdfium -> its letters with true places and sizes, its ruling lines and its pictures.

The size of a letter is its font size times the matrix it is drawn with; pdfium's loose character box follows
the font's own height instead and differs between the fonts of one line. Knows nothing of lines and tables.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from index.loaders.raw import clean
from index.loaders.symbols import printed_font, symbol

PATHS_MAX = 20_000
"""Drawn objects of one page that are looked at for ruling lines; maps and plans have more and are no
tables."""

BLEED = 20.0
"""Points around the page in which text still counts as its own; further out are printers' marks."""

THICK = 3.0
"""Points; a filled rectangle that is thinner is a line."""


@dataclass(slots=True)
class Letter:
    """A character in points from the lower left corner of the page as it is read: left, right, base line,
    true size.

    ``pale``: light or transparent, as watermarks are. ``sure``: False where text recognition was not.
    """

    char: str
    left: float
    right: float
    base: float
    size: float
    pale: bool = False
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line along x (``flat``) or y: from ``start`` to ``end`` at ``at`` on the other axis."""

    flat: bool
    at: float
    start: float
    end: float


@dataclass(slots=True)
class Page:
    """What stands on one page; ``picture`` is the share of it that its largest picture covers (0..1),
    ``drawn`` how many objects of any kind it has.

    ``lost``: pdfium cannot place some of its text (single characters of fonts that are not in the file).
    """

    number: int
    width: float
    height: float
    letters: list[Letter] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    picture: float = 0.0
    pictures: int = 0
    drawn: int = 0
    lost: bool = False


def read_page(document: Any, number: int, more: Callable[[Any, Any], Iterable[Letter]] | None = None) -> Page:
    """Page ``number`` (0-based), turned so that its text runs from left to right. ``more``: gives what stands
    on a page that is not turned beside its own text."""
    page = document[number]
    try:
        left, bottom, right, top = page.get_cropbox()
        found = Page(number + 1, right - left, top - bottom)
        marks = _characters(page, (left, bottom, right, top))
        turn = _turn(marks, page.get_rotation())
        _objects(page, found)
        for char, box, size, angle, pale in marks:
            if (
                abs((angle - turn + 180) % 360 - 180) <= 5
            ):  # what runs across the text is a watermark or a stamp
                x0, x1, base = _turned(box, turn)
                found.letters.append(Letter(char, x0, x1, base, size, pale))
        if more is not None and not turn:
            found.letters += more(document, page)
    finally:
        page.close()
    if turn:
        found.rules = [_turned_rule(rule, turn) for rule in found.rules]
    _to_corner(found, (left, bottom, right, top), turn)
    return found


Mark = tuple[str, tuple[float, float, float, float], float, int, bool]


def _characters(page: Any, crop: tuple[float, float, float, float]) -> list[Mark]:
    """Character, its ends along the base line (x0, y0, x1, y1), true size, angle in degrees, pale."""
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    try:
        box, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        x, y = ctypes.c_double(), ctypes.c_double()
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        marks: list[Mark] = []
        high = 0
        before: tuple[float, float, Any] | None = None
        together = 1
        for index in range(textpage.count_chars()):
            code = raw.FPDFText_GetUnicode(textpage, index)
            if 0xD800 <= code < 0xDC00:
                high = code
                continue
            if 0xDC00 <= code < 0xE000 and high:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
            high = 0
            generated = raw.FPDFText_IsGenerated(textpage, index) == 1
            if code == 0xFFFE or code == 2:
                code = 0x2D  # a hyphen at a line's end, where it stands
            char = _shown(textpage, index, code)
            if (
                generated
                or not code
                or not char
                or not (char == " " or clean(char).strip() or char == "\u3000")
            ):
                continue
            raw.FPDFText_GetMatrix(textpage, index, matrix)
            raw.FPDFText_GetLooseCharBox(textpage, index, box)
            raw.FPDFText_GetCharOrigin(textpage, index, x, y)
            if not (
                crop[0] - BLEED <= x.value <= crop[2] + BLEED
                and crop[1] - BLEED <= y.value <= crop[3] + BLEED
            ):
                continue
            size = raw.FPDFText_GetFontSize(textpage, index) * math.hypot(matrix.c, matrix.d)
            angle = (
                0
                if not matrix.b and matrix.a > 0
                else round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
            )
            pale = False
            if raw.FPDFText_GetFillColor(textpage, index, red, green, blue, alpha):
                light = 0.3 * red.value + 0.6 * green.value + 0.1 * blue.value
                pale = 165 < light < 250 or alpha.value < 140
            origin = x.value, y.value
            drawn = ctypes.cast(raw.FPDFText_GetTextObject(textpage, index), ctypes.c_void_p).value
            stretch = math.hypot(matrix.a, matrix.b) / (math.hypot(matrix.c, matrix.d) or 1.0)
            marks.append((char, _ends(char, box, origin, size, angle, stretch), size, angle, pale))
            together = together + 1 if before == (*origin, drawn) else 1
            before = (*origin, drawn)
            if together > 1:
                _share(marks, together)
        return marks
    finally:
        textpage.close()


def _shown(textpage: Any, index: int, code: int) -> str:
    """A character as it looks in the font that it is drawn with: R in Wingdings 2 is ☑."""
    import pypdfium2.raw as raw

    char = chr(code) if code <= 0x10FFFF else "\ufffd"
    if not (0x20 < code < 0x100 or 0xF000 <= code < 0xF100):
        return char
    name, flags = ctypes.create_string_buffer(64), ctypes.c_int()
    raw.FPDFText_GetFontInfo(textpage, index, name, 64, flags)
    font = printed_font(name.value.decode("utf-8", "ignore"))
    return symbol(font, char) if font else char


def _share(marks: list[Mark], count: int) -> None:
    """Part the place of a ligature (one glyph for ``ffi``) among its letters, the last ``count`` ones, which
    all have its origin."""
    group = marks[-count:]
    x0, y0 = group[0][1][:2]
    x1, y1 = max((mark[1][2:] for mark in group), key=lambda end: math.hypot(end[0] - x0, end[1] - y0))
    for number, (char, _, size, angle, pale) in enumerate(group):
        one, two = number / count, (number + 1) / count
        ends = x0 + (x1 - x0) * one, y0 + (y1 - y0) * one, x0 + (x1 - x0) * two, y0 + (y1 - y0) * two
        marks[number - count] = (char, ends, size, angle, pale)


def _ends(
    char: str, box: Any, start: tuple[float, float], size: float, angle: int, stretch: float
) -> tuple[float, float, float, float]:
    x, y = start
    width = box.right - box.left if angle in (0, 180) else box.top - box.bottom if angle in (90, 270) else 0.0
    if width <= 0.02 * size:
        width = size * (0.5 if char < "\u2e80" else 1.0)
    width = min(width, 2.5 * size) if size else width
    if "\u3400" <= char <= "\u9fff":  # Han characters fill their square, however narrow their box is
        width = max(width, 0.98 * size * min(1.0, stretch))
    if angle == 0:
        return x, y, x + width, y
    turn = math.radians(angle)
    return x, y, x + width * math.cos(turn), y + width * math.sin(turn)


def _turn(marks: list[Mark], rotation: int) -> int:
    """The quarter turn in which most of the text runs; without text, that of the page."""
    counted = Counter(
        round(angle / 90) * 90 % 360 for _, _, _, angle, _ in marks if abs((angle + 45) % 90 - 45) <= 5
    )
    return counted.most_common(1)[0][0] if counted else rotation % 360


def _turned(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float]:
    """Left, right and base in the frame in which text at ``turn`` degrees runs to the right."""
    (x0, y0), (x1, _) = _point(box[0], box[1], turn), _point(box[2], box[3], turn)
    return min(x0, x1), max(x0, x1), y0


def _point(x: float, y: float, turn: int) -> tuple[float, float]:
    match turn:
        case 90:
            return y, -x
        case 180:
            return -x, -y
        case 270:
            return -y, x
    return x, y


def _turned_rule(rule: Rule, turn: int) -> Rule:
    if turn == 180:
        return Rule(rule.flat, -rule.at, -rule.end, -rule.start)
    if turn == 90:  # x = y, y = -x
        return (
            Rule(not rule.flat, rule.at, -rule.end, -rule.start)
            if rule.flat is True
            else Rule(True, -rule.at, rule.start, rule.end)
        )
    return (
        Rule(False, -rule.at, rule.start, rule.end)
        if rule.flat
        else Rule(True, rule.at, -rule.end, -rule.start)
    )


def _to_corner(page: Page, crop: tuple[float, float, float, float], turn: int) -> None:
    """Count from the lower left corner of what is seen."""
    corners = [_point(crop[0], crop[1], turn), _point(crop[2], crop[3], turn)]
    x, y = min(a for a, _ in corners), min(b for _, b in corners)
    if turn in (90, 270):
        page.width, page.height = page.height, page.width
    if x or y:
        for letter in page.letters:
            letter.left, letter.right, letter.base = letter.left - x, letter.right - x, letter.base - y
        page.rules = [
            Rule(
                r.flat,
                r.at - (y if r.flat else x),
                r.start - (x if r.flat else y),
                r.end - (x if r.flat else y),
            )
            for r in page.rules
        ]


Matrix = tuple[float, float, float, float, float, float]


def _objects(page: Any, found: Page) -> None:
    """Ruling lines, pictures, and text that pdfium cannot place."""
    import pypdfium2.raw as raw

    area = max(1.0, found.width * found.height)
    handles: list[tuple[Any, Matrix]] = [
        (raw.FPDFPage_GetObject(page, n), (1, 0, 0, 1, 0, 0))
        for n in range(min(raw.FPDFPage_CountObjects(page), PATHS_MAX))
    ]
    seen = 0
    edges = [ctypes.c_float() for _ in range(4)]
    while handles and seen < PATHS_MAX:
        handle, outer = handles.pop()
        seen += 1
        found.drawn += 1
        kind = raw.FPDFPageObj_GetType(handle)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            found.rules += _rules(handle, outer)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE and raw.FPDFPageObj_GetBounds(handle, *edges):
            x0, y0, x1, y1 = (edge.value for edge in edges)
            share = (x1 - x0) * (y1 - y0) * abs(outer[0] * outer[3] - outer[1] * outer[2]) / area
            found.picture = max(found.picture, min(1.0, share))
            found.pictures += share > 0.01
        elif kind == raw.FPDF_PAGEOBJ_TEXT and not found.lost and raw.FPDFPageObj_GetBounds(handle, *edges):
            font = raw.FPDFTextObj_GetFont(
                handle
            )  # an object without width: a space, or a character without a font
            found.lost = (
                edges[2].value - edges[0].value < 1e-4
                and bool(font)
                and raw.FPDFFont_GetIsEmbedded(font) == 0
            )
        elif kind == raw.FPDF_PAGEOBJ_FORM:
            inner = _matrix(handle, outer)
            count = min(raw.FPDFFormObj_CountObjects(handle), PATHS_MAX - len(handles))
            handles += [(raw.FPDFFormObj_GetObject(handle, n), inner) for n in range(count)]


def _matrix(handle: Any, outer: Matrix) -> Matrix:
    import pypdfium2.raw as raw

    m = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(handle, m):
        return outer
    a, b, c, d, e, f = outer
    return (
        m.a * a + m.b * c,
        m.a * b + m.b * d,
        m.c * a + m.d * c,
        m.c * b + m.d * d,
        m.e * a + m.f * c + e,
        m.e * b + m.f * d + f,
    )


def _rules(handle: Any, outer: Matrix) -> list[Rule]:
    """The straight lines of a path: its stroked segments, and filled rectangles that are as thin as a
    line."""
    import pypdfium2.raw as raw

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(handle, fill, stroke)
    count = raw.FPDFPath_CountSegments(handle)
    if not (fill.value or stroke.value) or not 2 <= count <= 4 * PATHS_MAX:
        return []
    a, b, c, d, e, f = _matrix(handle, outer)
    x, y = ctypes.c_float(), ctypes.c_float()
    parts: list[list[tuple[float, float]]] = []
    for number in range(count):
        segment = raw.FPDFPath_GetPathSegment(handle, number)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (a * x.value + c * y.value + e, b * x.value + d * y.value + f)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO or not parts:
            parts.append([])
        if kind == raw.FPDF_SEGMENT_BEZIERTO:
            continue
        parts[-1].append(point)
        if raw.FPDFPathSegment_GetClose(segment) and len(parts[-1]) > 2:
            parts[-1].append(parts[-1][0])
    return lines_of_path(parts, stroked=bool(stroke.value))


def lines_of_path(parts: list[list[tuple[float, float]]], *, stroked: bool) -> list[Rule]:
    """The straight lines among the parts of a path, each given by its corners."""
    rules: list[Rule] = []
    for part in parts:
        if stroked:
            rules += [rule for one, two in zip(part, part[1:], strict=False) if (rule := _straight(one, two))]
        elif part:
            xs, ys = [p[0] for p in part], [p[1] for p in part]
            if min(max(xs) - min(xs), max(ys) - min(ys)) <= THICK and (
                rule := _straight((min(xs), (min(ys) + max(ys)) / 2), (max(xs), (min(ys) + max(ys)) / 2))
                if max(xs) - min(xs) > max(ys) - min(ys)
                else _straight(((min(xs) + max(xs)) / 2, min(ys)), ((min(xs) + max(xs)) / 2, max(ys)))
            ):
                rules.append(rule)
    return rules


def _straight(one: tuple[float, float], two: tuple[float, float]) -> Rule | None:
    wide, high = abs(one[0] - two[0]), abs(one[1] - two[1])
    if high <= 1 < wide:
        return Rule(True, (one[1] + two[1]) / 2, min(one[0], two[0]), max(one[0], two[0]))
    if wide <= 1 < high:
        return Rule(False, (one[0] + two[0]) / 2, min(one[1], two[1]), max(one[1], two[1]))
    return None
