"""Orders that need no writing: rows of a document as a table, in an order that was asked for. Exact, every
row cited.

Which order was given is told by the example that lies nearest (``[order]`` in prompts/strings.toml), by the
encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import prompts
from index.encoder import Encoder
from index.normalize import normalize, number_spans
from index.types import Hit
from qa.checks.dates import find_dates
from qa.context import sentences_of
from qa.draft import cite
from qa.items import items_of
from qa.kinds.compared import Sides
from qa.kinds.compose import found_for
from qa.kinds.evidence import Indexed
from qa.kinds.nearest import nearest
from qa.kinds.rows import named_table
from qa.kinds.tables import Row, Table, shared
from qa.types import Answer, Note, Sentence

FORMS = {"table": 0, "rising": 1, "falling": -1}
"""Orders that are carried out here, and which way the rows go."""


def tabled(
    answer: Answer,
    last: str,
    hits: Sequence[Hit],
    index: Indexed,
    encoder: Encoder,
    superseded: frozenset[str],
) -> Answer | None:
    """The table that was ordered; None where no table is named, or something else was ordered.

    Args:
        last: the answer that the order is about; a table of which it names no row is another one.
    """
    form = nearest("order", answer.question, encoder)
    if form not in FORMS or not hits:
        return None
    asked = normalize(answer.query).text
    table = named_table(asked, hits, index)
    if table is None or len(table.rows) < 2 or (last and not table.values(normalize(last).text)):
        return None if FORMS[form] else _numbered(answer, last, hits, superseded)
    values = table.values(asked)
    rows = [row for row in table.rows if all(row.cells[c] in wanted for c, wanted in values.items())]
    columns = _columns(asked, table)
    if FORMS[form]:
        by = next((c for c in columns[1:] if all(_key(row.cells[c]) for row in rows)), None)
        if by is None:
            return None
        rows = sorted(rows, key=lambda row: _key(row.cells[by]), reverse=FORMS[form] < 0)
    lines = as_table(columns, rows)
    note = Note("computed", prompts.text("qa.note_tabled"))
    places = [row.place for row in rows]
    return replace(
        answer,
        stage="done",
        sentences=tuple(lines),
        notes=(*answer.notes, note),
        retrieved=found_for(hits, superseded, places),
    )


def _numbered(answer: Answer, last: str, hits: Sequence[Hit], superseded: frozenset[str]) -> Answer | None:
    """The items of the last answer, one a row, each as it stands in what was found; None where one does
    not."""
    sentences = [sentence for hit in hits for sentence in sentences_of(hit)]
    found = [(item, next((s for s in sentences if item in s.text), None)) for item in items_of(last)]
    places = [place for _, place in found if place]
    if len(places) < 2 or len(places) < len(found):
        return None
    columns = (prompts.text("qa.item_number"), prompts.text("qa.item_text"))
    rows = [
        Row(place, dict(zip(columns, (str(n), item), strict=True)))
        for n, (item, place) in enumerate(found, 1)
        if place
    ]
    return replace(
        answer,
        stage="done",
        sentences=tuple(as_table(columns, rows)),
        notes=(*answer.notes, Note("computed", prompts.text("qa.note_tabled"))),
        retrieved=found_for(hits, superseded, places),
    )


def _columns(asked: str, table: Table) -> list[str]:
    """The column that names the rows and those that the question names; all where it names none."""
    key = next(
        (
            c
            for c in table.columns
            if len({r.cells[c] for r in table.rows}) == len(table.rows) and not c.startswith("序")
        ),
        "",
    )
    key = key or table.columns[0]
    named = [c for c in table.columns if c != key and shared(asked, c)]
    return [key, *named] if named else list(table.columns)


def _key(cell: str) -> tuple[float, ...]:
    """What a cell is sorted by: its date, else its first figure; () when it has neither."""
    dates = find_dates(cell)
    if dates:
        return (float(dates[0].year or 0), float(dates[0].month or 0), float(dates[0].day or 0))
    figures = number_spans(cell)
    return (float(figures[0].value),) if figures else ()


def beside(answer: Answer, both: Sides) -> Answer:
    """What is compared side by side, and the difference where there is one."""
    lines = as_table(both.columns, both.rows)
    note = Note("computed", prompts.text("qa.note_tabled"))
    if both.difference:
        cited = tuple(c for line in lines for c in line.citations)
        lines.append(Sentence(prompts.text("qa.difference", difference=both.difference), "supported", cited))
    return replace(answer, stage="done", sentences=tuple(lines), notes=(*answer.notes, note))


def as_table(columns: Sequence[str], rows: Sequence[Row]) -> list[Sentence]:
    """Rows as the lines of a table in Markdown, each with its place."""
    head = "\n".join((_line(columns), _line(["---"] * len(columns)))) + "\n"
    return [Sentence(head, "supported"), *(_cited(row, columns) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "／").strip() for cell in cells) + " |"


def _cited(row: Row, columns: Sequence[str]) -> Sentence:
    place = row.place
    text = _line([row.cells[c] for c in columns])
    return Sentence(text + "\n", "supported", (cite(place, place.start, place.end, 1.0),))
