"""The styles of a Word file, each with what it inherits: level, numbering, alignment, size, hidden and
struck."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from index.loaders.word_package import W, attribute, integer, on

_HEADING = re.compile(r"(?:heading|标题|標題)\s*([1-9])|([1-6一二三四五六])级标题", re.I)
_CONTENTS = re.compile(r"(?:toc|目录|目錄)\s*(?:[1-9]|heading|标题)|table of figures|图表目录", re.I)
TITLE = -1
BODY = 9
"""The outline level that says: body text."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph or a run of this style is, as far as reading needs it.

    Attributes:
        level: 1..9 heading, TITLE, 0 body.
        numbering, numbering_level: numId and ilvl, None where the style says nothing; numId "0" takes numbers
        away.
        size: points, 0 unknown.
        contents: a line of a table of contents.
    """

    level: int = 0
    numbering: str | None = None
    numbering_level: int | None = None
    centred: bool = False
    size: float = 0.0
    bold: bool = False
    hidden: bool = False
    struck: bool = False
    contents: bool = False


class Styles:
    """Styles by id. ``styles.xml`` may be missing: everything is then plain."""

    def __init__(self, root: Any) -> None:
        elements = root.iter(W + "style") if root is not None else ()
        self._elements = {element.get(W + "styleId") or "": element for element in elements}
        self._known: dict[str, Style] = {}
        defaults = root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr") if root is not None else None
        self._size = integer(attribute(defaults, "sz")) / 2
        self.default = ""
        for name, element in self._elements.items():
            if element.get(W + "type") == "paragraph" and element.get(W + "default") in ("1", "true"):
                self.default = name
        self.tables_bold = {
            name: {
                part.get(W + "type")
                for part in element.iter(W + "tblStylePr")
                if on(part.find(W + "rPr"), "b")
            }
            for name, element in self._elements.items()
            if element.get(W + "type") == "table"
        }

    def __getitem__(self, style_id: str | None) -> Style:
        """The style with this id, the default one for None and for an id that does not exist."""
        name = style_id if style_id and style_id in self._elements else self.default
        if name not in self._known:
            chain: list[Any] = []
            at: str | None = name
            while at in self._elements and self._elements[at] not in chain and len(chain) < 20:
                chain.append(self._elements[at])
                at = attribute(chain[-1], "basedOn")
            style = Style(size=self._size)
            for element in reversed(chain):
                style = _over(style, element)
            self._known[name] = style
        return self._known[name]


def _over(base: Style, element: Any) -> Style:
    """A style over the one that it is based on."""
    name = (attribute(element, "name") or "").strip()
    paragraph, run = element.find(W + "pPr"), element.find(W + "rPr")
    level = outline(paragraph, base.level)
    if name in ("Title", "title", "标题"):
        level = TITLE
    elif match := _HEADING.fullmatch(name):
        level = int(match[1]) if match[1] else "一二三四五六".find(match[2]) + 1 or int(match[2])
    number = attribute(paragraph, "numPr/numId")
    depth = attribute(paragraph, "numPr/ilvl")
    return replace(
        base,
        level=level,
        numbering=number if number is not None else base.numbering,
        numbering_level=integer(depth) if depth is not None else base.numbering_level,
        centred=aligned(paragraph, base.centred),
        size=integer(attribute(run, "sz")) / 2 or base.size,
        bold=_said(on(run, "b"), base.bold),
        hidden=_said(on(run, "vanish"), base.hidden),
        struck=struck(run, base.struck),
        contents=base.contents or bool(_CONTENTS.fullmatch(name)),
    )


def outline(properties: Any, otherwise: int) -> int:
    """The level that paragraph properties say (1..9, 0 for body text), ``otherwise`` when they say none."""
    value = attribute(properties, "outlineLvl")
    if value is None or not value.isdigit():
        return otherwise
    return 0 if int(value) >= BODY else int(value) + 1


def aligned(properties: Any, otherwise: bool) -> bool:
    value = attribute(properties, "jc")
    return otherwise if value is None else value == "center"


def struck(properties: Any, otherwise: bool) -> bool:
    """Is the text struck through, once or twice?"""
    said = [value for value in (on(properties, "strike"), on(properties, "dstrike")) if value is not None]
    return any(said) if said else otherwise


def _said(value: bool | None, otherwise: bool) -> bool:
    return otherwise if value is None else value
