"""Orders that need no writing: rows of a document as a table, all or those that were asked for, in an order
that was asked for. Exact, every row cited.

What an order does is told by a small model (``qa.kind.arranged_of``); which rows, and which way they are
sorted, by a query of the model that writes (``qa.kinds.arranged``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import prompts
from index.normalize import normalize, number_spans
from index.types import Hit
from qa.attribution import attribute
from qa.checks.dates import find_dates
from qa.context import sentences_of
from qa.draft import cite
from qa.items import clauses_of, items_of
from qa.kinds.compared import Sides
from qa.kinds.compose import found_for
from qa.kinds.evidence import Indexed
from qa.kinds.rows import most_named, tables_near
from qa.kinds.tables import Row, Table, bare, shared, stands, totals
from qa.types import Answer, Note, Sentence, State

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
    tables = [table for table in tables_near(found.hits, index) if len(table.rows) > 1]
    if said:  # a table of which the last answer names no row is another one
        tables = [table for table in tables if table.values(said)]
        full = [table for table in tables if _figures(said) <= _figures(asked) | _told(table)]
        if not full and (items := _itemised(answer, form, found, arrange)):
            return items
        tables = full or tables
    table = most_named(f"{asked}\n{own}\n{said}", tables)
    if table is None:
        return None
    total, values = totals(table), table.values(asked)
    rows = [r for r in table.rows if all(r.cells[c] in wanted for c, wanted in values.items()) and r != total]
    columns = _columns(asked, own, table, said)
    figures = [row for row in rows if any(stands(said, v) and _figures(v) for v in row.cells.values())]
    rows = [row for row in rows if stands(said, row.cells[columns[0]])] or figures or rows
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


def _itemised(answer: Answer, form: str, found: Found, arrange: Arrange) -> Answer | None:
    """The items of the last answer, or its clauses where each has a figure, one a row, by one figure each
    where they are sorted or chosen from; None where one is not borne out by what was found. Those that do
    not stand there as they are partly."""
    sentences = [sentence for hit in found.hits for sentence in sentences_of(hit)]
    number, text, figure = (prompts.text(f"qa.item_{name}") for name in ("number", "text", "figure"))
    rows, states = list[Row](), dict[str, State]()
    for item in items_of(found.last) or clauses_of(found.last):
        place = next((sentence for sentence in sentences if item in sentence.text), None)
        tie = attribute(item, sentences, question="")
        if not place and tie.state == "unsupported":
            return None
        states[item] = "supported" if place else tie.state
        rows.append(Row(place or sentences[tie.citations[0].index], {text: item, figure: _only_figure(item)}))
    if form != "table":
        full = all(row.cells[figure] for row in rows)
        done = arrange(answer.question, Table((text, figure), tuple(rows))) if rows and full else None
        rows = done[0] if done else []
    if len(rows) < 2:
        return None
    shown = [Row(row.place, {number: f"{n}", **row.cells}) for n, row in enumerate(rows, 1)]
    table = _shown(answer, (number, text), shown, found)
    head, *lines = table.sentences
    told = (replace(line, state=states[row.cells[text]]) for line, row in zip(lines, rows, strict=True))
    return replace(table, sentences=(head, *told))


def _only_figure(item: str) -> str:
    """The only date of an item, else its only figure; "" where it has several, or none."""
    dates = [(date.start, date.end) for date in find_dates(item)]
    found = dates or [(span.start, span.unit_end) for span in number_spans(item)]
    return item[slice(*found[0])] if len(found) == 1 else ""


def _figures(text: str) -> set[str]:
    """The figures of a text, normalised, as they are written."""
    return {"".join(run) for digit, run in groupby(text.replace(",", ""), str.isdecimal) if digit}


def _told(table: Table) -> set[str]:
    """The figures of a table, and the number of its rows."""
    cells = [normalize(cell).text for row in table.rows for cell in row.cells.values()]
    return {f"{len(table.rows)}"}.union(*map(_figures, cells))


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
    return [head_of(columns), *(_cited(row, columns) for row in rows)]


def head_of(columns: Sequence[str]) -> Sentence:
    """The first two lines of a table in Markdown."""
    return Sentence("\n".join((line_of(columns), line_of(["---"] * len(columns)))) + "\n", "supported")


def line_of(cells: Sequence[str]) -> str:
    """A line of a table in Markdown."""
    return "| " + " | ".join(cell.replace("|", "／").strip() for cell in cells) + " |"


def _cited(row: Row, columns: Sequence[str]) -> Sentence:
    place = row.place
    text = line_of([row.cells[c] for c in columns])
    return Sentence(text + "\n", "supported", (cite(place, place.start, place.end, 1.0),))
