"""HTML -> lines, through lxml's parser. Scripts, menus and hidden parts are dropped, the main text is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from index.loaders.dates import iso_date
from index.loaders.encoding import decode
from index.loaders.flat import flat_lines
from index.loaders.raw import Line, Raw, clean, squeeze, table_lines

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.I)
_DROPPED = frozenset((
    "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "svg", "math", "iframe",
    "object", "embed", "select", "option", "textarea", "audio", "video", "canvas", "map", "dialog", "head",
))  # fmt: skip
_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "dialog"))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset((
    "p", "div", "section", "article", "main", "header", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre",
    "table", "tr", "td", "th", "caption", "tbody", "thead", "tfoot", "figure", "figcaption", "address", "hr", "center",
    "details", "summary", "fieldset", "body", "html", "h1", "h2", "h3", "h4", "h5", "h6",
))  # fmt: skip
_DATES = frozenset(("article:published_time", "pubdate", "publishdate", "datepublished", "date", "dc.date", "dcterms.date"))
MAIN_MIN = 0.3
"""A <main> or <article> is taken for the page's text if it holds at least this share of all its text."""


def load_html(path: Path, data: bytes) -> Raw:
    """An .html file: title and date from its head, then the main text with headings, lists and tables by row."""
    declared = _CHARSET.search(data[:4096])
    text = clean(decode(data, path, declared[1].decode("ascii", "replace") if declared else ""))
    root = _tree(text)
    if root is None:
        return Raw(flat_lines(text), "text/html")
    raw = Raw(_lines(_main(root)), "text/html")
    headlines = [found for found in root.iter("h1") if _shown(found) and squeeze(_text(found))]
    if len(headlines) != 1:  # one headline is a better title than the browser's, which also names the site
        raw.title = squeeze(_text(next(iter(root.iter("title")), None)))
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if name in _DATES and (found := iso_date(meta.get("content") or "")):
            raw.published = raw.published or found
    raw.formed = any(next(iter(root.iter(tag)), None) is not None for tag in ("h1", "h2", "h3"))
    return raw


def html_lines(text: str) -> Iterator[Line]:
    """Lines of a fragment of HTML."""
    text = clean(text)
    root = _tree(text)
    yield from flat_lines(text) if root is None else _lines(root)


def _tree(text: str) -> etree._Element | None:
    """The parsed page; None when there is no markup to parse or it is nested too deep for the parser."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text[:500]) + text[500:]
    try:
        root = etree.fromstring(text.encode(), parser)
        return None if any("depth" in entry.message for entry in parser.error_log) else root
    except etree.XMLSyntaxError:  # nothing at all in it
        return None


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(str(part) for part in element.itertext())


def _shown(element: etree._Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in _DROPPED:
        return False
    attributes = element.attrib
    return not (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in _ROLES
        or _HIDDEN.search(attributes.get("style") or "")
    )


def _main(root: etree._Element) -> etree._Element:
    """The element that holds the page's own text."""
    whole = sum(len(part) for part in _shown_texts(root)) or 1
    for name in ("main", "article"):
        found = [element for element in root.iter(name) if _shown(element)]
        if len(found) == 1 and sum(len(part) for part in _shown_texts(found[0])) >= MAIN_MIN * whole:
            return found[0]
    return root


def _shown_texts(root: etree._Element) -> Iterator[str]:
    for kind, _, text in _walk(root):
        if kind == "text":
            yield text


def _walk(root: etree._Element) -> Iterator[tuple[str, str, str]]:
    """("open" | "close", tag, "") and ("text", tag, text) in document order, hidden parts left out; no recursion."""
    walker = etree.iterwalk(root, events=("start", "end"))
    skipped: etree._Element | None = None
    for event, element in walker:
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
                if element is not root and element.tail:
                    yield "text", "", element.tail
            continue
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if not _shown(element):
                skipped = element
                continue
            yield "open", tag, ""
            if element.text:
                yield "text", tag, element.text
        else:
            yield "close", tag, ""
            if element is not root and element.tail:
                yield "text", tag, element.tail


class _Block:
    """Text gathered for the paragraph at hand, and how much of it is links."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.linked = 0
        self.links = 0

    def take(self, level: int, item: bool, kept: bool) -> Iterator[Line]:
        text = squeeze("".join(self.parts))
        menu = self.links >= 3 and self.linked >= 0.8 * len(text)
        self.__init__()  # type: ignore[misc]
        if text and not menu:
            yield Line(text, level=level, fixed=item or kept)


def _lines(root: etree._Element) -> Iterator[Line]:
    """Paragraphs, headings and list items; tables without inner tables become one line for each row."""
    block = _Block()
    level = linking = listed = preformatted = 0
    tables: list[list[list[str]]] = []
    cell = False
    for kind, tag, text in _walk(root):
        if kind == "text":
            if preformatted and "\n" in text:
                for part in text.split("\n")[:-1]:
                    block.parts.append(part)
                    yield from block.take(level, False, True)
                text = text.rsplit("\n", 1)[1]
            block.parts.append(text)
            block.linked += len(text.strip()) if linking else 0
            continue
        opening = kind == "open"
        if tag == "a":
            linking += 1 if opening else -1
            block.links += opening
            continue
        if tag == "br" and opening:
            if tables and cell:
                block.parts.append(" ")
            else:
                yield from block.take(level, False, False)
            continue
        if tables and cell and tag in _BLOCKS and tag not in ("table", "tr", "td", "th"):
            block.parts.append(" ")
            continue
        if tag not in _BLOCKS:
            continue
        if tag in ("td", "th") and tables:
            if opening:
                block.__init__()  # type: ignore[misc]
            elif tables[-1]:
                tables[-1][-1].append(squeeze("".join(block.parts)))
                block.__init__()  # type: ignore[misc]
            cell = opening
            continue
        yield from block.take(level, listed > 0 and tag == "li" and not opening, preformatted > 0)
        if tag == "tr" and opening and tables:
            tables[-1].append([])
        elif tag == "table":
            if opening:
                tables.append([])
            elif tables:
                yield from _table(tables.pop())
            cell = False
        elif tag == "li":
            listed = max(0, listed + (1 if opening else -1))
        elif tag == "pre":
            preformatted = max(0, preformatted + (1 if opening else -1))
        elif tag in _HEADINGS:
            level = _HEADINGS[tag] if opening else 0
    yield from block.take(0, False, False)


def _table(rows: list[list[str]]) -> Iterator[Line]:
    """A table of data by row; one with a single column, or a single row of long cells, is layout: paragraphs."""
    filled = [row for row in rows if any(row)]
    if max((len(row) for row in filled), default=0) <= 1 or any(len(cell) > 300 for row in filled for cell in row):
        for row in filled:
            yield from (Line(cell) for cell in row if cell)
    else:
        yield from table_lines(filled)
