"""Which parts of a page are its own text: menus, footers, struck and hidden parts left out, the article told
from the frame around it. Knows elements and their names, nothing of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

MAIN_MIN = 0.3
"""A <main> or <article> is taken for the page's text if it holds at least this share of all its text."""

PART_MIN = 0.75
"""An element without such a name is, if it holds this share of the running text (what is no link) of its
parent."""

FRAME_MAX = 0.4
"""What is named a menu or footer is left out if it holds at most this share of the page's text."""

_DROPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "footer",
        "aside",
        "button",
        "svg",
        "iframe",
        "object",
        "embed",
        "select",
        "option",
        "textarea",
        "audio",
        "video",
        "canvas",
        "map",
        "dialog",
        "head",
        "del",
        "s",
        "strike",
        "rt",
        "rp",
    )
)
_ROLES = frozenset(
    ("navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "dialog")
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|text-decoration[\w-]*\s*:[^;]*line-through|mso-hide\s*:\s*all",
    re.I,
)
_FRAME = frozenset(
    (
        "nav",
        "navbar",
        "navigation",
        "menu",
        "topmenu",
        "mainmenu",
        "submenu",
        "footer",
        "foot",
        "bottom",
        "copyright",
        "breadcrumb",
        "breadcrumbs",
        "crumb",
        "crumbs",
        "sidebar",
        "sidenav",
        "sider",
        "toolbar",
        "toast",
        "topbar",
        "pagination",
        "pager",
        "share",
        "bdsharebuttonbox",
        "friendlink",
        "friendlinks",
        "links",
        "login",
        "search",
        "searchbox",
        "banner",
        "advert",
        "ads",
        "related",
        "recommend",
        "comments",
        "daohang",
        "dibu",
        "weizhi",
        "location",
        "position",
        "curpos",
        "hotnews",
    )
)
_STEPS = frozenset(("prev", "previous", "next"))
"""Of what is named so, only what is mostly links leads to other pages."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def shown(element: etree._Element) -> bool:
    """Is the element shown, and of a kind that holds text of the page?"""
    if not isinstance(element.tag, str) or element.tag in _DROPPED:
        return False
    attributes = element.attrib
    return not (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in _ROLES
        or attributes.get("data-wenju-frame")
        or _HIDDEN.search(attributes.get("style") or "")
    )


def main_part(root: etree._Element) -> etree._Element:
    """The element that holds the page's own text; menus and footers within it are marked, so that
    :func:`shown` knows."""
    sizes = _sizes(root)
    _mark_frame(root, sizes)
    sizes = _sizes(root)
    whole = sizes.get(root, (0, 0))[0] or 1
    for name in ("main", "article"):
        found = [element for element in root.iter(name) if shown(element)]
        if len(found) == 1 and sizes.get(found[0], (0, 0))[0] >= MAIN_MIN * whole:
            return found[0]
    return _descended(root, sizes)


def _sizes(root: etree._Element) -> dict[etree._Element, tuple[int, int]]:
    """Characters below each shown element: all of them, and those that are no links."""
    sizes: dict[etree._Element, tuple[int, int]] = {}
    skipped: etree._Element | None = None
    stack: list[list[int]] = []
    linked = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
                _count(stack, element.tail, linked)
            continue
        if event == "start":
            if not shown(element):
                skipped = element
                continue
            linked += element.tag == "a"
            stack.append([0, 0])
            _count(stack, element.text, linked)
        else:
            linked -= element.tag == "a"
            own = stack.pop()
            sizes[element] = (own[0], own[1])
            if stack:
                stack[-1][0] += own[0]
                stack[-1][1] += own[1]
                _count(stack, element.tail, linked)
    return sizes


def _count(stack: list[list[int]], text: str | None, linked: int) -> None:
    if text and stack:
        size = len(text.strip())
        stack[-1][0] += size
        stack[-1][1] += 0 if linked else size


def _mark_frame(root: etree._Element, sizes: dict[etree._Element, tuple[int, int]]) -> None:
    """Mark what is a menu, footer or the like by its name, or a footer by what stands in it."""
    whole = sizes.get(root, (0, 0))[0] or 1
    for element in list(sizes):
        if element.tag in (
            "html",
            "body",
            "main",
            "article",
            "form",
            "table",
            "tbody",
            "tr",
            "td",
            "th",
            "p",
            "span",
            "a",
            "li",
            "h1",
            "h2",
            "h3",
        ):
            continue
        size, own = sizes[element]
        if size > FRAME_MAX * whole:
            continue
        words = {word.lower() for name in ("id", "class") for word in _names(element.get(name) or "")}
        named = words & _FRAME
        if (words & _STEPS and own < 0.5 * size) or (
            named
            and (
                own < 60
                or own < 0.5 * size
                or named & {"footer", "foot", "copyright", "breadcrumb", "sidebar"}
            )
        ):
            element.set("data-wenju-frame", "1")


def _names(value: str) -> Iterator[str]:
    """``main-nav`` and ``mainNav`` are main and nav, and the whole."""
    for name in value.split():
        yield name.lower()
        yield from _WORDS.findall(name)


def _descended(root: etree._Element, sizes: dict[etree._Element, tuple[int, int]]) -> etree._Element:
    """The deepest element that still holds nearly all running text, as long as what stands beside it is
    mostly links.

    A headline or a table beside it is text too: then its parent is taken.
    """
    current = root
    while True:
        whole, running = sizes.get(current, (0, 0))
        children = [child for child in current if child in sizes]
        best = max(children, key=lambda child: sizes[child][1], default=None)
        if best is None or best.tag in (
            "p",
            "table",
            "ul",
            "ol",
            "pre",
            "h1",
            "h2",
            "span",
            "font",
            "b",
            "tbody",
            "tr",
            "td",
            "li",
            "dl",
        ):
            return current
        beside = running - sizes[best][1]
        linked_beside = (whole - running) - (sizes[best][0] - sizes[best][1])
        if sizes[best][1] < PART_MIN * running or (beside and (beside > linked_beside or beside > 120)):
            return current
        if any(
            True
            for child in children
            if child is not best
            for _ in child.iter("h1", "table")
            if sizes[child][1]
        ):
            return current
        current = best
