"""HTML -> lines, through lxml's parser. Scripts, menus and hidden parts are dropped, the main text is kept.

Which element holds the main text is told in :mod:`index.loaders.web_main`, how cells of a table stand in
:mod:`index.loaders.web_table`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lxml import etree

from index.loaders.cells import labelled
from index.loaders.dates import iso_date
from index.loaders.encoding import decode
from index.loaders.flat import flat_lines
from index.loaders.mixed_headings import with_form_headings
from index.loaders.raw import Line, Raw, clean, squeeze
from index.loaders.slide_text import numbered
from index.loaders.web_main import main_part, shown
from index.loaders.web_table import LONG, WebTable

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.I)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    (
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "pre",
        "table",
        "tr",
        "td",
        "th",
        "caption",
        "tbody",
        "thead",
        "tfoot",
        "figure",
        "figcaption",
        "address",
        "hr",
        "center",
        "details",
        "summary",
        "fieldset",
        "body",
        "html",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    )
)
_INLINE = frozenset(("span", "em", "i", "b", "strong", "label", "time", "a"))
TERM_MAX = 30
"""Characters of a term (dt) that goes on one line with its meaning (dd)."""

_HAN_BREAK = re.compile(
    r"(?<=[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f])[ \t]*\n\s*(?=[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f])"
)
_DATES = frozenset(
    ("article:published_time", "pubdate", "publishdate", "datepublished", "date", "dc.date", "dcterms.date")
)


def load_html(path: Path, data: bytes) -> Raw:
    """An .html file: title and date from its head, then the main text with headings, lists and tables by
    row."""
    declared = _CHARSET.search(data[:4096])
    text = clean(decode(data, path, declared[1].decode("ascii", "replace") if declared else ""))
    root = _tree(text)
    if root is None:
        return Raw(flat_lines(text), "text/html")
    lines = list(_lines(main_part(root)))
    raw = Raw(lines, "text/html")
    headlines = [found for found in root.iter("h1") if shown(found) and squeeze(_text(found))]
    if len(headlines) != 1:  # one headline is a better title than the browser's, which also names the site
        named = squeeze(_text(next(iter(root.iter("title")), None)))
        raw.title, raw.named = (named, "") if _says(lines, named) else ("", named)
    else:  # also one that could be no title elsewhere (停水了！请储水)
        raw.named = squeeze(_text(headlines[0]))
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name in _DATES and (found := iso_date(meta.get("content") or "")):
            raw.published = raw.published or found
    raw.formed = any(next(iter(root.iter(tag)), None) is not None for tag in ("h1", "h2", "h3"))
    if raw.formed:
        raw.lines = list(with_form_headings(lines))
    return raw


def _says(lines: Sequence[Line], named: str) -> bool:
    """Does the page itself say what its frame calls it? 公告查看 and the like name the program around it."""
    parts = [part for part in re.split(r"[-_|—–·»>]", squeeze(named)) if len(part.strip()) > 3]
    return any(part.strip() in line.text for part in parts for line in lines)


def html_lines(text: str) -> Iterator[Line]:
    """Lines of a fragment of HTML."""
    text = clean(text)
    root = _tree(text)
    yield from flat_lines(text) if root is None else _lines(root)


def _tree(text: str) -> etree._Element | None:
    """The parsed page; None when there is no markup to parse or it is nested too deep for the parser."""
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True
    )
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text[:500]) + text[500:]
    try:
        root = etree.fromstring(text.encode(), parser)
        return None if any("depth" in entry.message for entry in parser.error_log) else root
    except etree.XMLSyntaxError:  # nothing at all in it
        return None


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(str(part) for part in element.itertext())


def _walk(root: etree._Element) -> Iterator[tuple[str, etree._Element, str]]:
    """("open" | "close", element, "") and ("text", element, text) in document order, hidden parts left out;
    no recursion."""
    walker = etree.iterwalk(root, events=("start", "end"))
    skipped: etree._Element | None = None
    for event, element in walker:
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
                if element is not root and element.tail:
                    yield "text", element, element.tail
            continue
        if event == "start":
            if not shown(element):
                skipped = element
                continue
            yield "open", element, ""
            if element.text:
                yield "text", element, element.text
        else:
            yield "close", element, ""
            if element is not root and element.tail:
                yield "text", element, element.tail


class _Block:
    """Text gathered for the paragraph at hand, and how much of it is links."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.linked = 0
        self.links = 0

    def text(self) -> str:
        """What was gathered, as one line: a line break in the source between Chinese characters is no
        space."""
        text = squeeze(_HAN_BREAK.sub("", "".join(self.parts)))
        menu = self.links >= 3 and self.linked >= 0.8 * len(text.replace(" ", ""))
        self.parts, self.linked, self.links = [], 0, 0
        return "" if menu else text


class _Reader:
    """Turns elements into paragraphs, headings, list items and rows of tables."""

    def __init__(self) -> None:
        self.block = _Block()
        self.level = self.linking = self.preformatted = 0
        self.lists: list[tuple[etree._Element, int]] = []
        self.item = False
        self.tables: list[WebTable | None] = []
        """Tables that are open; None for one that only lays out the page."""
        self.cell: etree._Element | None = None

    def lines(self, root: etree._Element) -> Iterator[Line]:
        for kind, element, text in _walk(root):
            if kind == "text":
                yield from self._text(text)
                continue
            tag = element.tag if isinstance(element.tag, str) else ""
            if tag == "a":
                self.linking += 1 if kind == "open" else -1
                self.block.links += kind == "open"
            elif (
                tag == "input"
                and kind == "open"
                and (element.get("type") or "").lower() in ("checkbox", "radio")
            ):
                self.block.parts.append("☑" if "checked" in element.attrib else "□")
            elif tag == "br" and kind == "open":
                if self.cell is not None:
                    self.block.parts.append(" ")
                else:
                    yield from self._take()
            elif tag in _BLOCKS:
                yield from self._border(kind == "open", tag, element)
            if tag in _INLINE and kind == "open" and _set_apart(element):
                self.block.parts.append(" ")
        yield from self._take()

    def _text(self, text: str) -> Iterator[Line]:
        if self.preformatted and "\n" in text and self.cell is None:
            for part in text.split("\n")[:-1]:
                self.block.parts.append(part)
                yield from self._take(kept=True)
            text = text.rsplit("\n", 1)[1]
        self.block.parts.append(text)
        self.block.linked += len(text.strip()) if self.linking else 0

    def _take(self, item: bool = False, kept: bool = False) -> Iterator[Line]:
        if text := self.block.text():
            yield Line(text, level=self.level, fixed=item or kept)

    def _border(self, opening: bool, tag: str, element: etree._Element) -> Iterator[Line]:
        """A block begins or ends."""
        table = self.tables[-1] if self.tables else None
        if table is not None and (tag in ("td", "th", "tr", "table") or self.cell is not None):
            yield from self._in_table(opening, tag, element, table)
            return
        if (
            tag in ("dt", "dd")
            and (opening == (tag == "dd"))
            and self.block.parts
            and len("".join(self.block.parts).strip()) <= TERM_MAX
        ):
            if tag == "dt" and "".join(self.block.parts).strip()[-1:] not in ("：", ":", ""):
                self.block.parts.append("：")
            return  # a term and what it means are one line
        yield from self._take(
            item=bool(self.lists) and self.item and not (opening and tag == "li"), kept=self.preformatted > 0
        )
        if tag == "table":
            if opening:
                self.tables.append(None if _layout(element) else WebTable())
            elif self.tables:
                self.tables.pop()
        elif tag in ("ol", "ul"):
            if opening:
                self.lists.append((element, _start(element)))
            elif self.lists:
                self.lists.pop()
            self.item = False
        elif tag == "li":
            self.item = opening
            if opening:
                self._number(element)
        elif tag == "pre":
            self.preformatted = max(0, self.preformatted + (1 if opening else -1))
        elif tag in _HEADINGS:
            self.level = _HEADINGS[tag] if opening else 0

    def _number(self, element: etree._Element) -> None:
        """The number that the browser sets before an item of an ordered list."""
        if (
            not self.lists
            or self.lists[-1][0].tag != "ol"
            or "none" in (self.lists[-1][0].get("style") or "")
        ):
            return
        owner, number = self.lists[-1]
        value = element.get("value") or ""
        number = int(value) if value.isdigit() else number
        form = {"a": "alphaLcPeriod", "A": "alphaUcPeriod", "i": "romanLcPeriod", "I": "romanUcPeriod"}.get(
            owner.get("type") or "1", "arabicPeriod"
        )
        self.block.parts.append(numbered(number, form))
        self.lists[-1] = (owner, number + 1)

    def _in_table(self, opening: bool, tag: str, element: etree._Element, table: WebTable) -> Iterator[Line]:
        if tag in ("td", "th"):
            if not opening and self.cell is not None:
                table.cell(
                    self.block.text(),
                    self.cell.get("colspan") or "",
                    self.cell.get("rowspan") or "",
                    self.cell.tag == "th",
                )
            elif opening:
                yield from self._take()
            self.cell = element if opening else None
        elif self.cell is not None:
            self.block.parts.append(" ")
        elif tag == "tr":
            if opening:
                table.row()
        elif tag == "table" and not opening:
            yield from self._take()
            self.tables.pop()
            yield from table.lines()


def _set_apart(element: etree._Element) -> bool:
    """Do styles set an element apart from the one right before it, though no space stands between them? Both
    have names of their own, or it names its value (来源：…)."""
    before = element.getprevious()
    if before is None or before.tag not in _INLINE or before.tail or not _text(before).strip():
        return False
    named = all(one.get("class") or one.get("id") for one in (before, element))
    return named or labelled(_text(element).strip())


def _lines(root: etree._Element) -> Iterator[Line]:
    return _Reader().lines(root)


def _start(element: etree._Element) -> int:
    value = element.get("start") or ""
    return int(value) if value.isdigit() else 1


def _layout(table: etree._Element) -> bool:
    """Does a table only lay out the page: tables within it, one column, or cells with several paragraphs of
    text?"""
    if (
        table.get("role") in ("presentation", "none")
        or next(table.iterdescendants("table"), None) is not None
    ):
        return True
    rows = list(table.iter("tr"))
    if rows and all(len([cell for cell in row if cell.tag in ("td", "th")]) <= 1 for row in rows):
        return True
    for cell in table.iter("td"):
        blocks = sum(1 for _ in cell.iter("p", "h1", "h2", "h3", "li", "div"))
        if blocks > 3 and len("".join(cell.itertext())) > LONG:
            return True
    return False
