"""HTML that no tree can be made of (nested ten thousand deep) -> lines: text between tags, nothing else
understood."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from index.loaders.raw import Line, squeeze

_INLINE = frozenset(
    ("a", "b", "i", "u", "em", "strong", "span", "font", "sub", "sup", "small", "code", "mark")
)
_MUTE = frozenset(("script", "style", "title", "noscript", "template"))


class _Text(HTMLParser):
    """Gathers the text between tags as lines; every tag but the inline ones breaks a line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.parts: list[str] = []
        self.muted = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _MUTE:
            self.muted = tag
        self.flush(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self.muted:
            self.muted = ""
        self.flush(tag)

    def handle_data(self, data: str) -> None:
        if not self.muted:
            self.parts.append(data)

    def flush(self, tag: str = "") -> None:
        if tag not in _INLINE and (text := squeeze("".join(self.parts))):
            self.lines.append(text)
        if tag not in _INLINE:
            self.parts = []


def flat_lines(text: str) -> Iterator[Line]:
    """Lines of text of any markup, in time linear in its length."""
    parser = _Text()
    parser.feed(text)
    parser.close()
    parser.flush()
    yield from (Line(line) for line in parser.lines)
