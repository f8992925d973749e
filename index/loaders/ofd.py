"""OFD, the Chinese page format (GB/T 33190-2016) -> lines by where letters and ruling lines stand on the
pages, laid out as those of a PDF.

Knows text and path objects, their boxes and the steps between letters; pictures, seals and annotations are
not read.
"""

from __future__ import annotations

import math
import posixpath
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from errors.unread import Unread
from index.loaders.office import BROKEN, open_office
from index.loaders.pdf import laid_out
from index.loaders.pdf_page import PATHS_MAX, Letter, Page, Rule, lines_of_path
from index.loaders.plausible import is_language
from index.loaders.raw import Raw, clean, squeeze

POINTS = 72 / 25.4
"""Points of a millimetre, which OFD measures in."""

_A4 = [0.0, 0.0, 210.0, 297.0]
_PATH = re.compile(r"[A-Za-z]|-?[\d.]+(?:[eE]-?\d+)?")
_VALUES = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
"""Steps of a path (GB/T 33190-2016, 9.3): how many values each takes, the point it leads to last."""


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
            pages = list[Page]()
            for body in root.iter("{*}DocBody"):
                pages += _pages(archive, names, _text(body, "DocRoot"), len(pages))
            facts = {name: squeeze(clean(_text(root, name))) for name in ("Title", "CreationDate")}
    except (*BROKEN, etree.LxmlError) as error:
        raise Unread("broken_ofd", name=path.name) from error
    how = _unreadable(pages)
    if not any(page.letters for page in pages):
        if how["pages_garbled"]:
            raise Unread("garbled_ofd", name=path.name, n=len(how["pages_garbled"]))
        raise Unread("scan_ofd", name=path.name, n=len(pages))
    raw = laid_out(pages, how, facts)
    raw.media_type = "application/ofd"
    return raw


def _unreadable(pages: list[Page]) -> dict[str, list[int]]:
    """Pages without text, and those of which the text is no language (numbers by ``meta`` key); the letters
    of these are dropped."""
    texts = ["".join(letter.char for letter in page.letters) for page in pages]
    whole = is_language("".join(texts)[:200_000])
    how: dict[str, list[int]] = {"pages_without_text": [], "pages_garbled": []}
    for page, text in zip(pages, texts, strict=True):
        verdict = is_language(text)
        if not text.strip():
            how["pages_without_text"].append(page.number)
        elif verdict is False or verdict is None and whole is False:
            how["pages_garbled"].append(page.number)
            page.letters = []
    return how


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


def _pages(archive: zipfile.ZipFile, names: dict[str, str], document: str, before: int) -> Iterator[Page]:
    """The text and the lines of each page, those of its template (a form's own words) included."""
    document = document.lstrip("/")
    root = _tree(archive, names, document)
    area = _area(root) or _A4
    templates: dict[str, Any] = {}
    for template in root.iter("{*}TemplatePage"):
        part = _path(document, template.get("BaseLoc") or "")
        if part in names:
            templates[template.get("ID") or ""] = _tree(archive, names, part)
    for number, listed in enumerate(root.iterfind("{*}Pages/{*}Page"), before + 1):
        part = _path(document, listed.get("BaseLoc") or "")
        content = _tree(archive, names, part) if part in names else None
        left, top, wide, high = (_area(content) if content is not None else None) or area
        page = Page(number, wide * POINTS, high * POINTS)
        if content is not None:
            used = [templates.get(one.get("TemplateID") or "") for one in content.iter("{*}Template")]
            for tree in (*used, content):
                if tree is not None:
                    page.letters += _letters(tree, (left, top + high))
                    page.rules += _rules(tree, (left, top + high))
        yield page


def _area(root: Any) -> list[float] | None:
    box = _numbers(_text(root, "PhysicalBox"))
    return box if len(box) == 4 and box[2] > 0 < box[3] else None


Matrix = tuple[float, ...]


def _placed(element: Any) -> tuple[list[float], Matrix] | None:
    """Where an object stands and how it is turned; None for one that is not shown."""
    box = _numbers(element.get("Boundary"))
    if len(box) < 4 or element.get("Visible") == "false" or element.get("Alpha") == "0":
        return None
    matrix = _numbers(element.get("CTM"))
    return box, tuple(matrix) if len(matrix) == 6 else (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _letters(root: Any, corner: tuple[float, float]) -> Iterator[Letter]:
    for element in root.iter("{*}TextObject"):
        placed = _placed(element)
        if placed is None or abs(placed[1][1]) > abs(placed[1][0]):  # not shown, or turned on its side
            continue
        box, (a, b, c, d, e, f) = placed
        size = float(element.get("Size") or 4) * (math.sqrt(abs(a * d - b * c)) or 1.0)
        scale = math.hypot(a, b) or 1.0
        x = y = 0.0
        for code in element.iterfind("{*}TextCode"):
            text = clean(code.text or "").replace("\n", "")
            x, y = float(code.get("X") or x), float(code.get("Y") or y)
            across, down = (_steps(code.get(name), len(text)) for name in ("DeltaX", "DeltaY"))
            base = corner[1] - box[1] - (b * x + d * y + f)
            at = box[0] + a * x + c * y + e - corner[0]
            for n, char in enumerate(text):
                width = size * (0.5 if ord(char) < 0x2E80 else 1.0)
                step = across[n] * scale if n < len(across) else 0.0 if down else width
                right = at + min(width, step or width)
                yield Letter(char, at * POINTS, right * POINTS, base * POINTS, size * POINTS)
                at += step
                base -= down[n] * scale if n < len(down) else 0.0


def _rules(root: Any, corner: tuple[float, float]) -> Iterator[Rule]:
    """The straight lines among what is drawn."""
    for element in islice(root.iter("{*}PathObject"), PATHS_MAX):
        placed = _placed(element)
        stroked, filled = element.get("Stroke") != "false", element.get("Fill") == "true"
        if placed is None or not (stroked or filled):
            continue
        box, (a, b, c, d, e, f) = placed
        parts = [
            [
                (
                    (box[0] + a * x + c * y + e - corner[0]) * POINTS,
                    (corner[1] - box[1] - (b * x + d * y + f)) * POINTS,
                )
                for x, y in part
            ]
            for part in _outline(_text(element, "AbbreviatedData"))
        ]
        yield from lines_of_path(parts, stroked=stroked)


def _outline(data: str) -> list[list[tuple[float, float]]]:
    """The corners of a path, part by part; what is no path gives none."""
    parts: list[list[tuple[float, float]]] = []
    words = _PATH.findall(data)
    at = 0
    while at < len(words):
        count = _VALUES.get(words[at])
        if count is None or at + count >= len(words) + (count == 0):
            break
        if words[at] in "SM" or not parts:
            parts.append([])
        if count:
            parts[-1].append((float(words[at + count - 1]), float(words[at + count])))
        elif len(parts[-1]) > 2:
            parts[-1].append(parts[-1][0])
        at += count + 1
    return parts


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
