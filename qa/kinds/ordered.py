"""Orders that need no writing: rows of a document as a table, all or those that were asked for, in an order
that was asked for. Exact, every row cited.

What an order does is told by a small model (``qa.kind.arranged_of``); which rows, and which way they are
sorted, by a query of the model that writes (``qa.kinds.arranged``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import prompts
from index.normalize import normalize
from index.types import Hit
from qa.context import sentences_of
from qa.draft import cite
from qa.items import items_of
from qa.kinds.compared import Sides
from qa.kinds.compose import found_for
from qa.kinds.evidence import Indexed
from qa.kinds.rows import named_table
from qa.kinds.tables import Row, Table, bare, shared, stands, totals
from qa.types import Answer, Note, Sentence

Arrange = Callable[[str, Table], tuple[list[Row], str] | None]
"""The rows that an order wants of a table, and the column that they are sorted by."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a table may come from.

    Attributes:
        hits: best first.
        superseded: ids of documents that a newer one replaces.
        last: the answer that the order is about, "" for none.
    """

    hits: Sequence[Hit]
    superseded: frozenset[str]
    last: str = ""


def tabled(answer: Answer, form: str, found: Found, index: Indexed, arrange: Arrange) -> Answer | None:
    """The table that was ordered; None where no table is named, or something else was ordered.

    Args:
        form: what the order does (``qa.kind.arranged_of``).
    """
    if form == "text" or not found.hits:
        return None
    asked, own, said = (normalize(text).text for text in (answer.query, answer.question, found.last))
    table = named_table(f"{asked}\n{own}\n{said}", found.hits, index)
    # A table of which the last answer names no row is another one.
    if table is None or len(table.rows) < 2 or (said and not table.values(said)):
        return _numbered(answer, found) if form == "table" else None
    total, values = totals(table), table.values(asked)
    rows = [r for r in table.rows if all(r.cells[c] in wanted for c, wanted in values.items()) and r != total]
    columns = _columns(asked, own, table, said)
    rows = [row for row in rows if stands(said, row.cells[columns[0]])] or rows
    whole = len(rows) == len(table.rows) - 1
    if form != "table":
        others = [c for c in table.columns if c not in columns]
        wide = form == "choose" or any(shared(own, bare(c)) for c in others)
        done = arrange(answer.question, Table(table.columns if wide else tuple(columns), tuple(rows)))
        if done is None or (form == "choose" and len(done[0]) == len(rows)):
            return None
        whole, rows = whole and len(done[0]) == len(rows), done[0]
        columns += [done[1]] if done[1] and done[1] not in columns else []
    return _shown(answer, columns, [*rows, total] if total and whole else rows, found)


def _shown(answer: Answer, columns: Sequence[str], rows: Sequence[Row], found: Found) -> Answer:
    return replace(
        answer,
        stage="done",
        sentences=tuple(as_table(columns, rows)),
        notes=(*answer.notes, Note("computed", prompts.text("qa.note_tabled"))),
        retrieved=found_for(found.hits, found.superseded, [row.place for row in rows]),
    )


def _numbered(answer: Answer, found: Found) -> Answer | None:
    """The items of the last answer, one a row, each as it stands in what was found; None where one does
    not."""
    sentences = [sentence for hit in found.hits for sentence in sentences_of(hit)]
    items = [(item, next((s for s in sentences if item in s.text), None)) for item in items_of(found.last)]
    places = [(item, place) for item, place in items if place]
    if len(places) < 2 or len(places) < len(items):
        return None
    columns = (prompts.text("qa.item_number"), prompts.text("qa.item_text"))
    rows = [
        Row(place, dict(zip(columns, (str(n), item), strict=True)))
        for n, (item, place) in enumerate(places, 1)
    ]
    return _shown(answer, columns, rows, found)


def _columns(asked: str, own: str, table: Table, said: str) -> list[str]:
    """The column that names the rows and those that the question, or the order, names; where they name none,
    those that the last answer shows; all where there is none."""
    key = next(
        (
            c
            for c in table.columns
            if len({r.cells[c] for r in table.rows}) == len(table.rows) and not c.startswith("序")
        ),
        "",
    )
    key = key or table.columns[0]
    rest = [c for c in table.columns if c != key]
    named = [c for c in rest if shared(asked, c)] or [c for c in rest if shared(own, bare(c))]
    named = named or [c for c in rest if said and all(normalize(r.cells[c]).text in said for r in table.rows)]
    return [key, *named] if named and named != rest else list(table.columns)


def beside(answer: Answer, both: Sides) -> Answer:
    """What is compared side by side, and the difference where there is one."""
    lines = as_table(both.columns, both.rows)
    note = Note("computed", prompts.text("qa.note_tabled"))
    if both.difference:
        cited = tuple(c for line in lines for c in line.citations)
        text = prompts.text("qa.difference", by=both.by, difference=both.difference)
        lines.append(Sentence(text, "supported", cited))
    return replace(answer, stage="done", sentences=tuple(lines), notes=(*answer.notes, note))


def as_table(columns: Sequence[str], rows: Sequence[Row]) -> list[Sentence]:
    """Rows as the lines of a table in Markdown, each with its place."""
    head = "\n".join((line_of(columns), line_of(["---"] * len(columns)))) + "\n"
    return [Sentence(head, "supported"), *(_cited(row, columns) for row in rows)]


def line_of(cells: Sequence[str]) -> str:
    """A line of a table in Markdown."""
    return "| " + " | ".join(cell.replace("|", "／").strip() for cell in cells) + " |"


def _cited(row: Row, columns: Sequence[str]) -> Sentence:
    place = row.place
    text = line_of([row.cells[c] for c in columns])
    return Sentence(text + "\n", "supported", (cite(place, place.start, place.end, 1.0),))
