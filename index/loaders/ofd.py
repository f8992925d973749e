"""OFD, the Chinese page format (GB/T 33190-2016) -> lines by where the text stands on the page, with the
page's number.

Knows text objects, their boxes and the steps between letters; pictures, seals and annotations are not read.
"""

from __future__ import annotations

import math
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors.unread import Unread
from index.headings import HEADING_MAX
from index.loaders.office import BROKEN, open_office
from index.loaders.plain import ENDED
from index.loaders.raw import Line, Raw, clean, squeeze

_PAGE_NUMBER = re.compile(
    r"[-—–·.\s]*(?:第\s*)?\d{1,4}\s*(?:页)?(?:\s*[/／共,，]+\s*\d{1,4}\s*页?)?[-—–·.\s]*"
)
_TIGHT = re.compile(r"[，。、；：！？（）《》“”‘’【】〔〕—…]")


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one line: left and right edge, base line and letter size, in millimetres from the page's top
    left."""

    left: float
    right: float
    base: float
    size: float
    text: str


def load_ofd(path: Path, data: bytes) -> Raw:
    """An .ofd file.

    Raises:
        Unread: broken, protected, or of pictures only.
    """
    from lxml import etree

    stream = open_office(path, data, "OFD.xml")
    try:
        with zipfile.ZipFile(stream) as archive:
            names = {name.lstrip("/"): name for name in archive.namelist()}
            if "Encryptions.xml" in names:
                raise Unread("protected", name=path.name)
            root = _tree(archive, names, "OFD.xml")
            pages = [
                runs
                for body in root.iter("{*}DocBody")
                for runs in _pages(archive, names, _text(body, "DocRoot"))
            ]
            named = squeeze(clean(_text(root, "Title")))
    except (*BROKEN, etree.LxmlError) as error:
        raise Unread("broken_ofd", name=path.name) from error
    if not any(pages):
        raise Unread("scan_ofd", name=path.name, n=len(pages))
    lines = list(_lines([rows_of(runs) for runs in pages]))
    raw = Raw(lines, "application/ofd")
    raw.title = next(
        (
            squeeze(line.text)
            for line in lines[:8]
            if named and named in line.text and len(line.text) <= 2 * HEADING_MAX
        ),
        "",
    )
    largest = next((squeeze(line.text) for line in lines if line.level == 1 and line.page == 1), "")
    raw.title = raw.title or largest
    if empty := [str(number) for number, runs in enumerate(pages, 1) if not runs]:
        raw.meta["pages_without_text"] = ", ".join(empty[:1000])
    return raw


def _tree(archive: zipfile.ZipFile, names: dict[str, str], part: str) -> Any:
    from lxml import etree

    return etree.fromstring(
        archive.read(names[part]), etree.XMLParser(resolve_entities=False, no_network=True)
    )


def _text(element: Any, name: str) -> str:
    found = next(iter(element.iter(f"{{*}}{name}")), None)
    return (found.text or "").strip() if found is not None else ""


def _path(base: str, location: str) -> str:
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(base), location))[1:]


def _pages(archive: zipfile.ZipFile, names: dict[str, str], document: str) -> Iterator[list[Run]]:
    """The text of each page, that of its template (a form's own words) included."""
    document = document.lstrip("/")
    root = _tree(archive, names, document)
    templates: dict[str, list[Run]] = {}
    for template in root.iter("{*}TemplatePage"):
        part = _path(document, template.get("BaseLoc") or "")
        if part in names:
            templates[template.get("ID") or ""] = list(_runs(_tree(archive, names, part)))
    for page in root.iterfind("{*}Pages/{*}Page"):
        part = _path(document, page.get("BaseLoc") or "")
        if part not in names:
            yield []
            continue
        content = _tree(archive, names, part)
        runs = [
            run
            for used in content.iter("{*}Template")
            for run in templates.get(used.get("TemplateID") or "", [])
        ]
        yield runs + list(_runs(content))


def _runs(root: Any) -> Iterator[Run]:
    for element in root.iter("{*}TextObject"):
        box = _numbers(element.get("Boundary"))
        if len(box) < 4 or element.get("Visible") == "false" or element.get("Alpha") == "0":
            continue
        a, b, c, d, e, f = (
            matrix if len(matrix := _numbers(element.get("CTM"))) == 6 else [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
        )
        if abs(b) > abs(a):  # turned on its side
            continue
        size = float(element.get("Size") or 4) * (math.sqrt(abs(a * d - b * c)) or 1.0)
        x = y = 0.0
        for code in element.iterfind("{*}TextCode"):
            text = clean(code.text or "").replace("\n", "")
            x, y = float(code.get("X") or x), float(code.get("Y") or y)
            if text.strip():
                yield from _split(
                    text, x, y, _steps(code.get("DeltaX"), len(text)), (a, b, c, d, e, f), box, size
                )


def _split(
    text: str,
    x: float,
    y: float,
    steps: list[float],
    matrix: tuple[float, ...],
    box: list[float],
    size: float,
) -> Iterator[Run]:
    """One text code as runs, cut where a step is wider than a letter and a half."""
    a, b, c, d, e, f = matrix
    scale = math.hypot(a, b) or 1.0
    base = box[1] + b * x + d * y + f
    at = box[0] + a * x + c * y + e
    start, begun = 0, at
    for n, char in enumerate(text):
        width = size * (0.5 if ord(char) < 0x2E80 else 1.0)
        step = steps[n] * scale if n < len(steps) else width
        if n + 1 < len(text) and step > width + 1.5 * size:
            yield Run(begun, at + width, base, size, text[start : n + 1])
            start, begun = n + 1, at + step
        at += step if n + 1 < len(text) else width
    yield Run(begun, at, base, size, text[start:])


def _numbers(value: str | None) -> list[float]:
    return [float(one) for one in re.findall(r"-?[\d.]+(?:[eE]-?\d+)?", value or "")]


def _steps(value: str | None, count: int) -> list[float]:
    """Steps between letters: ``3 3.5 g 4 2.1`` is 3, 3.5 and four times 2.1."""
    parts = (value or "").split()
    steps: list[float] = []
    at = 0
    while at < len(parts):
        if parts[at] == "g" and at + 2 < len(parts):
            steps += [float(parts[at + 2])] * min(int(parts[at + 1]), count)
            at += 3
        else:
            steps.append(float(parts[at]))
            at += 1
    return steps


def rows_of(runs: list[Run]) -> list[Run]:
    """Runs on one base line joined from left to right, the lines from top to bottom."""
    lines: list[list[Run]] = []
    for run in sorted(runs, key=lambda one: (one.base, one.left)):
        line = lines[-1] if lines else None
        if line is not None and abs(run.base - line[0].base) < 0.5 * min(run.size, line[0].size):
            line.append(run)
        else:
            lines.append([run])
    return [_joined(sorted(line, key=lambda one: one.left)) for line in lines]


def _joined(line: list[Run]) -> Run:
    text = ""
    right = line[0].left
    seen: set[tuple[int, str]] = set()
    for run in line:
        place = (round(run.left), run.text)
        if place in seen:  # printed twice to look bold
            continue
        seen.add(place)
        apart = run.left - right > (0.6 if text[-1:].isascii() and run.text[:1].isascii() else 1.0) * run.size
        text += " " if apart and text and not _TIGHT.match(text[-1]) and not _TIGHT.match(run.text[0]) else ""
        text += run.text
        right = max(right, run.right)
    return Run(
        line[0].left,
        right,
        line[0].base,
        Counter(run.size for run in line for _ in run.text).most_common(1)[0][0],
        text,
    )


def _lines(pages: list[list[Run]]) -> Iterator[Line]:
    """Rows as lines with what their place tells: headings by size, gaps, indents, full lines. Page numbers
    are dropped."""
    letters = Counter[float]()
    for row in (row for page in pages for row in page):
        letters[round(row.size, 1)] += len(row.text)
    body = letters.most_common(1)[0][0]
    larger = sorted(
        {round(row.size, 1) for page in pages for row in page if row.size >= 1.2 * body}, reverse=True
    )
    for number, page in enumerate(pages, 1):
        margin = min((row.left for row in page if len(row.text) > 8), default=0.0)
        edge = max((row.right for row in page), default=0.0)
        edged = (
            sum(row.right >= edge - 2.2 * row.size for row in page) > 1
        )  # else it is the longest line's alone
        pitches = sorted(below.base - above.base for above, below in zip(page, page[1:], strict=False))
        pitch = pitches[len(pitches) // 2] if pitches else 0.0
        before: Run | None = None
        for place, row in enumerate(page):
            if place in (0, len(page) - 1) and len(page) > 1 and _PAGE_NUMBER.fullmatch(row.text.strip()):
                continue
            size = round(row.size, 1)
            heading = (
                size >= 1.2 * body
                and len(row.text) <= 2 * HEADING_MAX
                and any(char.isalpha() for char in row.text)
            )
            gap = before is not None and row.base - before.base > 1.45 * pitch
            full = row.right >= edge - 2.2 * row.size and row.right - row.left >= 0.4 * (edge - margin)
            full = full and (edged or not ENDED.search(row.text))
            indent = row.left - margin >= 1.4 * body
            level = min(6, larger.index(size) + 1) if heading else 0
            yield Line(row.text, level=level, gap=gap or len(page) < 3, full=full, indent=indent, page=number)
            before = row
