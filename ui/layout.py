"""The form that an answer's sentences take: running text, a list, a table, an outline. For page, clipboard
and exports alike.

Told by how the sentences are written, not by what they say: a line ends where a sentence ends with a newline,
a row begins with ``|``, a line of a list is a quotation by itself or brings its own mark, a heading is that
of the passage cited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from index.outline import own_number
from qa.types import Answer, Citation, Sentence

BULLETS = ("- ", "* ", "• ", "· ")
"""How Markdown, and those who write, begin a line of a list."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a sentence's text within one line; ``ends``: the sentence ends here, so its citations stand
    here."""

    text: str
    sentence: Sentence
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on one line; ``lead`` is set off before it (the document that it is about)."""

    parts: tuple[Part, ...]
    lead: str = ""

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences that end in this line."""
        return tuple(part.sentence for part in self.parts if part.ends)

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(c for sentence in self.sentences for c in sentence.citations)


@dataclass(frozen=True, slots=True)
class Prose:
    """Running text, line by line."""

    form: ClassVar[str] = "prose"
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines one under another; ``marks``: bullet, number, or own where the lines bring numbers of their
    own."""

    form: ClassVar[str] = "listing"
    lines: tuple[Line, ...]
    marks: str = "bullet"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a table's row, with the line that they were written in."""

    cells: tuple[str, ...]
    line: Line


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equally many cells; ``head`` is None where the first row is none."""

    form: ClassVar[str] = "table"
    head: Row | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A document's title (``level`` 1) or a section's heading (2); ``line`` is the sentence it was, if it was
    one."""

    form: ClassVar[str] = "heading"
    text: str
    level: int
    line: Line | None = None


Block = Prose | Listing | Table | Heading


def layout(answer: Answer) -> tuple[Block, ...]:
    """The blocks of an answer, in order; () for a refusal."""
    if answer.refusal is not None:
        return ()
    lines = list(_joined(_lines(answer.sentences)))
    if answer.kind == "overview_document" or (lines and _titles(lines[0])):
        return tuple(_outlined(lines))
    if answer.kind == "overview_all":
        lines = [_led(line) for line in lines]
    return tuple(_blocks(lines, answer.kind))


def statements(blocks: Sequence[Block]) -> tuple[Sentence, ...]:
    """The sentences that say something: without headings, heads and rules of tables."""
    out: list[Sentence] = []
    for block in blocks:
        if isinstance(block, Table):
            out += [s for row in block.rows for s in row.line.sentences]
        elif not isinstance(block, Heading):
            out += [s for line in block.lines for s in line.sentences]
    return tuple(out)


def quotes_itself(sentence: Sentence) -> bool:
    """Is the sentence, word for word, what it cites?"""
    return any(sentence.text.strip() == c.quote.strip() for c in sentence.citations)


def _quoted(part: Part) -> bool:
    """Is what is shown of the sentence (a heading before it may have gone) a quotation and nothing else?"""
    return quotes_itself(part.sentence) or quotes_itself(replace(part.sentence, text=part.text))


def _lines(sentences: Sequence[Sentence]) -> Iterator[Line]:
    """The lines of the answer; an empty one parts paragraphs."""
    parts: list[Part] = []
    for sentence in sentences:
        text = sentence.text
        body = text.rstrip("\n")
        pieces = [body] if quotes_itself(sentence) else body.split("\n")
        for piece in pieces[:-1]:
            yield Line((*parts, Part(piece, sentence, ends=False)) if piece or parts else ())
            parts = []
        parts.append(Part(pieces[-1], sentence))
        if len(body) < len(text):
            yield Line(tuple(parts))
            parts = []
            if len(text) - len(body) > 1:
                yield Line(())
    if parts:
        yield Line(tuple(parts))


def _joined(lines: Iterable[Line]) -> Iterator[Line]:
    """What goes on in the document's own paragraph after an item's first sentence belongs to the item."""
    held: Line | None = None
    for line in lines:
        if held is not None and _goes_on(held, line):
            held = Line((*held.parts, *line.parts))
            continue
        if held is not None:
            yield held
        held = line
    if held is not None:
        yield held


def _goes_on(item: Line, line: Line) -> bool:
    """Does the line, without a mark of its own, begin at the very place where what the item quotes ends?"""
    if not own_number(item.text) or own_number(line.text) or not item.citations or not line.citations:
        return False
    quoted = all(quotes_itself(s) for s in (*item.sentences, *line.sentences))
    last, first = item.citations[-1], line.citations[0]
    return quoted and (last.document_id, last.end) == (first.document_id, first.start)


def _blocks(lines: Sequence[Line], kind: str) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        if not lines[at].text.strip():
            at += 1
            continue
        if len(_cells(lines[at])) > 1:
            end = _run(lines, at, lambda line: bool(_cells(line)))
            yield _table(lines[at:end])
        elif (end := _run(lines, at, lambda line: _item(line, kind))) > at + 1:
            yield _listing(lines[at:end], kind)
        else:
            end = at + 1
            while end < len(lines) and lines[end].text.strip() and not _begins(lines, end, kind):
                end += 1
            yield Prose(tuple(lines[at:end]))
        at = end


def _begins(lines: Sequence[Line], at: int, kind: str) -> bool:
    """Does a table or a list begin here?"""
    return len(_cells(lines[at])) > 1 or _run(lines, at, lambda line: _item(line, kind)) > at + 1


def _run(lines: Sequence[Line], at: int, belongs: Callable[[Line], bool]) -> int:
    """Where the lines from ``at`` on that belong together end; 0 where the first does not."""
    end = at
    while end < len(lines) and belongs(lines[end]):
        end += 1
    return end if end > at else 0


def _item(line: Line, kind: str) -> bool:
    """Is the line one of a list: by its own mark, or because it is a quotation and nothing else?"""
    if line.text.startswith(BULLETS) or own_number(line.text):
        return True
    if line.lead:
        return True
    return kind != "write" and bool(line.parts) and all(part.ends and _quoted(part) for part in line.parts)


def _listing(lines: Sequence[Line], kind: str) -> Listing:
    if any(own_number(line.text) for line in lines):
        return Listing(tuple(lines), "own")
    shown = tuple(_without_bullet(line) for line in lines)
    return Listing(shown, "number" if kind == "steps" else "bullet")


def _without_bullet(line: Line) -> Line:
    if not line.text.startswith(BULLETS):
        return line
    first = line.parts[0]
    return replace(line, parts=(replace(first, text=first.text[2:].lstrip()), *line.parts[1:]))


def _cells(line: Line) -> tuple[str, ...]:
    r"""The cells of a row, () where the line is none; ``\|`` is a bar within a cell."""
    text = line.text.strip()
    if not text.startswith("|") or text == "|":
        return ()
    inner = text[1:].replace("\\|", "\0")
    inner = inner[:-1] if inner.endswith("|") else inner
    return tuple(cell.strip().replace("\0", "|") for cell in inner.split("|"))


def _rule(row: Row) -> bool:
    """The line below a table's head: nothing but dashes."""
    return all(cell and not cell.strip(":-—") for cell in row.cells)


def _table(lines: Sequence[Line]) -> Table:
    written = [Row(_cells(line), line) for line in lines]
    rules = [i for i, row in enumerate(written) if _rule(row)]
    rows = [row for row in written if not _rule(row)]
    quoted = bool(rows) and all(quotes_itself(s) for s in rows[0].line.sentences)
    headed = rules[0] == 1 if rules else not quoted
    width = len(rows[0].cells) if headed and rows else max((len(row.cells) for row in rows), default=0)
    rows = [replace(row, cells=_fitted(row.cells, width)) for row in rows]
    return Table(rows[0], tuple(rows[1:])) if headed and rows else Table(None, tuple(rows))


def _fitted(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    """As many cells as the table has columns: filled up, or what is too much put into the last."""
    if len(cells) > width:
        return (*cells[: width - 1], " ".join(cells[width - 1 :]))
    return cells + ("",) * (width - len(cells))


def _titles(line: Line) -> bool:
    """Is the line the title of the document that it cites, and nothing else?"""
    return bool(line.citations) and line.text.strip() == f"《{line.citations[0].document}》"


def _outlined(lines: Sequence[Line]) -> Iterator[Block]:
    """Title, headings of sections, and the lines below each."""
    below: list[Line] = []
    for n, line in enumerate(lines):
        cited = line.citations[0] if line.citations else None
        if n == 0 and cited and _titles(line):
            yield Heading(cited.document, 1, line)
            continue
        head = cited.heading[-1] if cited and cited.heading else ""
        if head and line.text.startswith(f"{head}："):
            yield from _blocks(below, "overview_document")
            yield Heading(head, 2)
            below = [_cut(line, len(head) + 1)]
        else:
            below.append(line)
    yield from _blocks(below, "overview_document")


def _led(line: Line) -> Line:
    """A line that begins with the title of the document it cites, with that set off."""
    lead = f"《{line.citations[0].document}》：" if line.citations else ""
    return replace(_cut(line, len(lead)), lead=lead) if lead and line.text.startswith(lead) else line


def _cut(line: Line, length: int) -> Line:
    first = line.parts[0]
    return replace(line, parts=(replace(first, text=first.text[length:]), *line.parts[1:]))
