"""Automatic numbers of a Word file as text: what stands before a paragraph on paper (ECMA-376 part 1,
17.9)."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from index.loaders.numerals import numeral
from index.loaders.symbols import symbol
from index.loaders.word_package import W, attribute, integer, on

LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_BOXES = "□☐☑☒■"
_TIGHT = re.compile(r"[）)、】〕》〉﹚：:]$|[①-⓿㈠-㊰㉑-㊿⒈-⒛]$")
"""After these no gap is written: （二）主管, 三、程序, ①名称."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: its first number, number format, text (``第%1条``), and after which level it
    restarts."""

    start: int = 1
    form: str = "decimal"
    text: str = ""
    font: str = ""
    legal: bool = False
    restart: int | None = None
    gap: bool = True


class Numbering:
    """Counts the lists of one document; :meth:`label` must be asked for every numbered paragraph, in
    order."""

    def __init__(self, root: Any) -> None:
        self._levels: dict[str, dict[int, Level]] = {}
        self._abstract: dict[str, str] = {}
        self._overrides: dict[str, dict[int, Level]] = defaultdict(dict)
        self._restarts: dict[str, dict[int, int]] = defaultdict(dict)
        self._styles: dict[str, tuple[str, int]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        if root is None:
            return
        linked, definers = {}, {}
        for element in root.iter(W + "abstractNum"):
            name = element.get(W + "abstractNumId") or ""
            self._levels[name] = {
                integer(lvl.get(W + "ilvl")): _level(lvl) for lvl in element.iter(W + "lvl")
            }
            if (link := attribute(element, "numStyleLink")) is not None:
                linked[name] = link
            if (link := attribute(element, "styleLink")) is not None:
                definers[link] = name
        for name, link in linked.items():
            if not self._levels[name] and link in definers:
                self._levels[name] = self._levels[definers[link]]
        for element in root.iter(W + "num"):
            self._number(element)
        for element in root.iter(W + "abstractNum"):
            self._link_styles(element)

    def _number(self, element: Any) -> None:
        number = element.get(W + "numId") or ""
        self._abstract[number] = attribute(element, "abstractNumId") or ""
        for override in element.iter(W + "lvlOverride"):
            depth = integer(override.get(W + "ilvl"))
            if (level := override.find(W + "lvl")) is not None:
                self._overrides[number][depth] = _level(level)
            if (start := attribute(override, "startOverride")) is not None:
                self._restarts[number][depth] = integer(start, 1)

    def _link_styles(self, element: Any) -> None:
        """Styles that a level of the list names: paragraphs of that style stand on that level."""
        name = element.get(W + "abstractNumId")
        number = next((num for num, abstract in self._abstract.items() if abstract == name), None)
        for lvl in element.iter(W + "lvl"):
            if number is not None and (style := attribute(lvl, "pStyle")) is not None:
                self._styles.setdefault(style, (number, integer(lvl.get(W + "ilvl"))))

    def depth_of_style(self, style_id: str, number: str) -> int | None:
        """The level on which the list of ``number`` puts paragraphs of a style; None when it does not name
        it."""
        found = self._styles.get(style_id)
        return found[1] if found and self._abstract.get(found[0]) == self._abstract.get(number) else None

    def known(self, number: str | None) -> bool:
        return number is not None and number in self._abstract

    def label(self, number: str, depth: int) -> str:
        """Count one paragraph and give what stands before it, with the gap that follows: ``第三条 ``,
        ``（二）``.

        "" for a bullet (a box ☐ is kept, as it may be one to tick) and for a list that does not exist.
        """
        if number not in self._abstract:
            return ""
        depth = max(0, min(depth, LEVELS - 1))
        counts = self._counts[self._abstract[number]]
        if (start := self._restarts[number].pop(depth, None)) is not None:
            counts[depth] = start
        else:
            counts[depth] = counts[depth] + 1 if depth in counts else self._at(number, depth).start
        for deeper in [other for other in counts if other > depth]:
            after = self._at(number, deeper).restart
            if after is None or (after and depth < after):
                del counts[deeper]
        level = self._at(number, depth)
        if level.form == "bullet":
            sign = symbol(level.font, level.text)
            return f"{sign}" if sign and sign in _BOXES else ""
        whole = _PLACE.sub(lambda match: self._part(number, counts, int(match[1]) - 1, level), level.text)
        text = whole.strip()
        apart = level.gap or whole.rstrip() != whole  # a gap of the list, or a space typed behind the number
        return text + (" " if text and apart and not _TIGHT.search(text) else "")

    def _at(self, number: str, depth: int) -> Level:
        own = self._overrides[number].get(depth)
        return own or self._levels.get(self._abstract[number], {}).get(depth) or Level()

    def _part(self, number: str, counts: dict[int, int], depth: int, shown: Level) -> str:
        level = self._at(number, depth)
        form = "decimal" if shown.legal and level.form not in ("none", "decimalZero") else level.form
        return numeral(counts.get(depth, level.start), form)


def _level(element: Any) -> Level:
    form = "decimal"
    for found in element.iter(
        W + "numFmt"
    ):  # the last one: newer formats stand in the choice, the usual one falls back
        form = found.get(W + "val") or form
    if form == "custom":
        form = "decimal"
    fonts = element.find(f"{W}rPr/{W}rFonts")
    font = (
        next((value for value in (fonts.get(W + "ascii"), fonts.get(W + "hAnsi")) if value), "")
        if fonts is not None
        else ""
    )
    restart = attribute(element, "lvlRestart")
    level = Level(integer(attribute(element, "start"), 1), form, attribute(element, "lvlText") or "", font)
    return replace(
        level,
        legal=bool(on(element, "isLgl")),
        restart=None if restart is None else integer(restart),
        gap=attribute(element, "suff") != "nothing",
    )
