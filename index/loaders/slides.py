"""Presentations (.pptx) -> lines: each slide's title as heading, its texts from top to bottom, tables by row,
charts by their stored values, speaker's notes. The page is the slide's number; hidden slides are left out."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from errors.unread import Unread
from index.loaders.office import BROKEN, open_office
from index.loaders.raw import Line, Raw, clean, squeeze
from index.loaders.sheet_grid import EMPTY, TEXT, Area, Grid, Row
from index.loaders.sheet_tables import placed_lines
from index.loaders.slide_order import Shape, ordered
from index.loaders.slide_text import paragraphs

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
TITLE_MAX = 60
_TITLES = ("title", "ctrTitle")
_SKIPPED = ("dt", "ftr", "sldNum", "sldImg", "hdr")
_FAR = 1 << 40

Place = tuple[int, int, int, int]
"""From the top, from the left, height and width, in EMU."""


class Deck:
    """An open presentation."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = set(archive.namelist())
        self.pictures = 0
        self.hidden = 0

    def lines(self) -> Iterator[Line]:
        root = self._tree("ppt/presentation.xml")
        targets = self._relations("ppt/presentation.xml")
        ids = [
            next((value for name, value in one.attrib.items() if name.endswith("}id")), "")
            for one in root.iter("{*}sldId")
        ]
        for number, (_, part) in enumerate((targets[one] for one in ids if one in targets), 1):
            if part not in self.names:
                continue
            slide = self._tree(part)
            if slide.get("show") in ("0", "false"):
                self.hidden += 1
                continue
            for line in self._slide(slide, part):
                yield replace(line, page=number)

    def _tree(self, part: str) -> Any:
        from lxml import etree

        return etree.fromstring(
            self.archive.read(part), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        )

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(part)
        path = f"{folder}/_rels/{name}.rels"
        if path not in self.names:
            return {}
        return {
            one.get("Id") or "": (
                (one.get("Type") or "").rsplit("/", 1)[-1],
                posixpath.normpath(posixpath.join("/", folder, one.get("Target") or ""))[1:],
            )
            for one in self._tree(path).iter("{*}Relationship")
            if one.get("TargetMode") != "External"
        }

    def _slide(self, slide: Any, part: str) -> Iterator[Line]:
        relations = self._relations(part)
        layout = next(
            (target for kind, target in relations.values() if kind == "slideLayout" and target in self.names),
            "",
        )
        tree = slide.find(".//{*}spTree")
        if tree is None:
            return
        found = list(self._shapes(tree, self._holders(layout), 0, 0))
        titles = sorted((one for one in found if one.holder in _TITLES), key=lambda one: (one.top, one.left))
        shapes = titles + ordered([one for one in found if one.holder not in _TITLES])
        titled = False
        headline = next(
            (one for one in shapes if one.holder in _TITLES and _texts(one.element)), None
        ) or _largest(shapes)
        if headline is not None:
            first = headline.holder == "ctrTitle"
            yield Line(squeeze(" ".join(_texts(headline.element))), level=1 if first else 2)
            titled = True
        for shape in shapes:
            if not (titled and shape is headline):
                yield from self._shape(shape.element, relations)
        for kind, target in relations.values():
            if kind == "notesSlide" and target in self.names:
                yield from self._notes(target)

    def _holders(self, layout: str) -> dict[tuple[str, str], Place]:
        """Where the layout puts each placeholder that a slide may leave in its place."""
        if not layout:
            return {}
        places: dict[tuple[str, str], Place] = {}
        for shape in self._tree(layout).iter("{*}sp"):
            holder, place = shape.find(".//{*}ph"), _place(shape)
            if holder is not None and place is not None:
                places[("idx", holder.get("idx") or "0")] = place
                places.setdefault(("type", holder.get("type") or "body"), place)
        return places

    def _shapes(
        self, tree: Any, holders: dict[tuple[str, str], Place], down: int, right: int
    ) -> Iterator[Shape]:
        from lxml import etree

        for element in tree:
            kind = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if kind == "AlternateContent":
                choice = next((child for child in element if str(child.tag).endswith("}Choice")), None)
                if choice is not None:
                    yield from self._shapes(choice, holders, down, right)
                continue
            if kind not in ("sp", "grpSp", "graphicFrame", "pic", "cxnSp"):
                continue
            shown = element.find("./*/{*}cNvPr")
            if shown is not None and shown.get("hidden") in ("1", "true"):
                continue
            if kind == "pic":
                self.pictures += 1
                continue
            place = _place(element)
            if kind == "grpSp":
                yield from self._group(element, holders, place, down, right)
                continue
            holder = element.find("./*/{*}nvPr/{*}ph")
            name = (holder.get("type") or "body") if holder is not None else ""
            if name in _SKIPPED:
                continue
            if place is None and holder is not None:
                place = holders.get(("idx", holder.get("idx") or "0")) or holders.get(("type", name))
            top, left, high, wide = place or (0 if holder is not None else _FAR, 0, 0, 0)
            yield Shape(top + down, left + right, top + down + high, left + right + wide, name, element)

    def _group(
        self,
        element: Any,
        holders: dict[tuple[str, str], Place],
        place: Place | None,
        down: int,
        right: int,
    ) -> Iterator[Shape]:
        """Shapes of a group in their order, at the place of the group."""
        top, left, high, wide = place or (_FAR, 0, 0, 0)
        for number, shape in enumerate(ordered(list(self._shapes(element, holders, 0, 0)))):
            holder = "" if shape.holder in _TITLES else shape.holder
            at, from_left = top + down, left + right
            yield Shape(at, from_left + number, at + high, from_left + wide, holder, shape.element)

    def _shape(self, element: Any, relations: dict[str, tuple[str, str]]) -> Iterator[Line]:
        if str(element.tag).endswith("}graphicFrame"):
            table = element.find(".//{*}tbl")
            if table is not None:
                yield from (one.line for one in placed_lines(_grid(table), level=4))
            for reference in element.iter("{*}chart", "{*}relIds"):
                wanted = next(
                    (value for name, value in reference.attrib.items() if name.endswith(("}id", "}dm"))), ""
                )
                _, target = relations.get(wanted, ("", ""))
                if target in self.names:
                    yield from self._graphic(target)
            return
        body = element.find("{*}txBody")
        if body is not None:
            yield from (Line(text, fixed=True) for text in paragraphs(body))

    def _graphic(self, part: str) -> Iterator[Line]:
        """A chart's title and values, or the texts of a diagram."""
        root = self._tree(part)
        if root.find(".//{*}plotArea") is None:
            for point in root.iter("{*}pt"):
                if text := squeeze(clean("".join(piece.text or "" for piece in point.iter("{*}t")))):
                    yield Line(text, fixed=True)
            return
        title = root.find("./{*}chart/{*}title")
        if title is not None and (
            text := squeeze(clean("".join(piece.text or "" for piece in title.iter("{*}t"))))
        ):
            yield Line(text, fixed=True)
        yield from _chart_lines(root)

    def _notes(self, part: str) -> Iterator[Line]:
        for shape in self._tree(part).iter("{*}sp"):
            holder, body = shape.find(".//{*}ph"), shape.find("{*}txBody")
            if body is not None and (holder is None or holder.get("type") not in _SKIPPED):
                yield from (Line(f"备注：{text}", fixed=True) for text in paragraphs(body))


def load_pptx(path: Path, data: bytes) -> Raw:
    """A .pptx file."""
    from lxml import etree

    stream = open_office(path, data, "ppt/presentation.xml")
    try:
        with zipfile.ZipFile(stream) as archive:
            deck = Deck(archive)
            lines = list(deck.lines())
    except (*BROKEN, etree.LxmlError) as error:
        raise Unread("broken_pptx", name=path.name) from error
    raw = Raw(lines, PPTX, formed=True)
    raw.title = next((line.text for line in lines if line.level and line.page == lines[0].page), "")
    for name, count in (("pictures", deck.pictures), ("hidden_slides", deck.hidden)):
        if count:
            raw.meta[name] = str(count)
    return raw


def _place(element: Any) -> Place | None:
    transform = next((one for one in element.iter("{*}xfrm")), None)
    if transform is None or (offset := transform.find("{*}off")) is None:
        return None
    size = transform.find("{*}ext")
    high, wide = (int(size.get("cy") or 0), int(size.get("cx") or 0)) if size is not None else (0, 0)
    return int(offset.get("y") or 0), int(offset.get("x") or 0), high, wide


def _texts(element: Any) -> list[str]:
    body = element.find("{*}txBody")
    return list(paragraphs(body)) if body is not None else []


def _largest(shapes: list[Shape]) -> Shape | None:
    """Without a title of its own, a slide is headed by the one short text in the largest letters."""
    sizes: list[tuple[int, Shape]] = []
    for shape in shapes:
        texts = _texts(shape.element)
        size = max(
            (int(one.get("sz")) for one in shape.element.iter("{*}rPr") if (one.get("sz") or "").isdigit()),
            default=0,
        )
        if texts and size:
            sizes.append((size, shape))
    sizes.sort(key=lambda one: -one[0])
    if not sizes or (len(sizes) > 1 and sizes[0][0] == sizes[1][0]):
        return None
    texts = _texts(sizes[0][1].element)
    return sizes[0][1] if len(texts) <= 2 and 2 <= len("".join(texts)) <= TITLE_MAX else None


def _grid(table: Any) -> Grid:
    """A table of a slide with its merged cells."""
    rows: list[Row] = []
    merges: list[Area] = []
    for number, tr in enumerate(table.iterfind("{*}tr"), 1):
        row = Row(number, [], [])
        for column, tc in enumerate(tr.iterfind("{*}tc")):
            covered = tc.get("hMerge") in ("1", "true") or tc.get("vMerge") in ("1", "true")
            body = tc.find("{*}txBody")
            text = "" if covered or body is None else squeeze(" ".join(paragraphs(body)))
            row.texts.append(text)
            row.kinds.append(TEXT if text else EMPTY)
            across, down = int(tc.get("gridSpan") or 1), int(tc.get("rowSpan") or 1)
            if not covered and (across > 1 or down > 1):
                merges.append(Area(number, column, number + down - 1, column + across - 1))
        rows.append(row)
    width = max((len(row.texts) for row in rows), default=0)
    return Grid(rows, list(range(width)), merges)


def _chart_lines(root: Any) -> Iterator[Line]:
    """A chart as a table: categories by row, a column for each series."""
    header, columns = [""], list[dict[int, str]]()
    names: dict[int, str] = {}
    for series in root.iter("{*}ser"):
        title = series.find("{*}tx")
        header.append(
            squeeze("".join(one.text or "" for one in title.iter("{*}v"))) if title is not None else ""
        )
        for kind in ("cat", "xVal"):
            names = names or _points(series.find(f"{{*}}{kind}"))
        columns.append(_points(series.find("{*}val")) or _points(series.find("{*}yVal")))
    for n in sorted({n for column in columns for n in column}):
        texts = [names.get(n, ""), *(column.get(n, "") for column in columns)]
        parts = [
            f"{name}：{text}" if name else text for name, text in zip(header, texts, strict=True) if text
        ]
        yield Line("；".join(parts), fixed=True)


def _points(element: Any) -> dict[int, str]:
    if element is None:
        return {}
    found: dict[int, str] = {}
    for point in element.iter("{*}pt"):
        value = point.find("{*}v")
        if value is not None and value.text:
            found[int(point.get("idx") or 0)] = squeeze(value.text)
    return found
