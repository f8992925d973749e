"""Plain text -> lines. Tells hard-wrapped text from one paragraph per line, and finds first-line indents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from index.loaders.encoding import decode
from index.loaders.frontmatter import front_matter
from index.loaders.raw import Line, Raw, clean

WRAP_MAX = 140
"""Hard-wrapped lines are at most this many columns wide; a Chinese character takes two."""

LONG = 40
"""Columns of a line that may be broken off where nothing else tells how wide the text was set."""

ENDED = re.compile(r"[。！？!?…；;：:.][”’」』）)\"']*$")
_SAMPLE_LINES = 5_000


def load_plain(path: Path, data: bytes) -> Raw:
    """A .txt file: front matter if it has one, headings by form, hard wrapping undone."""
    return raw_from_text(clean(decode(data, path)), "text/plain")


def raw_from_text(text: str, media_type: str) -> Raw:
    fields, body = front_matter(text)
    raw = Raw(plain_lines(body), media_type)
    apply_fields(raw, fields)
    return raw


def apply_fields(raw: Raw, fields: dict[str, list[str]]) -> None:
    """Front matter -> title, published, supersedes; everything else is kept in ``meta``."""
    from index.loaders.dates import iso_date

    for name, values in fields.items():
        value = "；".join(values)
        if name == "title":
            raw.title = value
        elif name == "published":
            raw.published = iso_date(value)
        elif name == "supersedes":
            raw.supersedes = tuple(values)
        elif value:
            raw.meta[name] = value


def width(line: str) -> int:
    """Columns of a line: two for each wide character."""
    return len(line) if line.isascii() else sum(2 if ord(char) >= 0x1100 else 1 for char in line)


def plain_lines(text: str) -> Iterator[Line]:
    """Lines of a text with what their form tells: gaps, indents, and whether they reach the right edge."""
    edge = _edge(text)
    indented = _first_line_indents(text)
    hanging = indented and _set_in(text)
    gap = True
    start = 0
    while start <= len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        line = text[start:stop].rstrip()
        start = stop + 1
        bare = line.lstrip()
        if not bare:
            gap = True
            continue
        full = bool(edge) and len(line) <= WRAP_MAX and width(line) >= edge
        full = full or (hanging and _breaks_off(line, text[start : start + 2]))
        yield Line(bare, gap=gap, full=full, indent=indented and len(bare) < len(line))
        gap = False


def _sample(text: str) -> list[str]:
    return text[:400_000].split("\n")[:_SAMPLE_LINES]


def _edge(text: str) -> int:
    """Columns from which on a line counts as full; 0 when the text is not hard-wrapped.

    It is when nearly no line is wider than WRAP_MAX, most lines that another one follows directly are about
    as wide as the widest, and at least a third of those break off in mid-sentence.
    """
    lines = [line.rstrip() for line in _sample(text)]
    followed = [line for line, after in zip(lines, lines[1:], strict=False) if line and after.strip()]
    if len(followed) < 3:
        return 0
    widths = sorted(min(width(line), WRAP_MAX + 1) for line in followed)
    widest = widths[min(len(widths) - 1, int(len(widths) * 0.97))]
    if widest > WRAP_MAX or widest < 16:
        return 0
    edge = max(int(widest * 0.82), widest - 16)
    full = [line for line in followed if width(line) >= edge]
    broken = sum(not ENDED.search(line) for line in full)
    return edge if len(full) >= 0.5 * len(followed) and broken >= 0.34 * len(full) else 0


def _set_in(text: str) -> bool:
    """Do paragraphs begin with the two wide spaces of Chinese papers, so that a line without them goes on
    with the one before, in a text too short to show where its lines end?"""
    lines = _sample(text)
    return sum(line[:2] == "\u3000\u3000" and line[2:3] not in ("", "\u3000") for line in lines) > 1


def _breaks_off(line: str, after: str) -> bool:
    """Is a line long, without an end, and followed by one that is not set in?"""
    return LONG <= width(line) <= WRAP_MAX and not ENDED.search(line) and bool(after[:1].strip())


def _first_line_indents(text: str) -> bool:
    """Are some lines indented and some not, as where paragraphs are told by their first line?"""
    lines = [line for line in _sample(text) if line.strip()]
    count = sum(line[0] in " \t\u3000" for line in lines)
    return 0 < count < 0.95 * len(lines)
