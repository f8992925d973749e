"""Answers and conversations as text to keep: clipboard, Markdown, a self-contained HTML page, JSON (Word:
ui.export_word)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from qa.types import Answer, Sentence
from ui.citations import Source, below_title, chip, sources
from ui.document_changes import Changes, CurrentDocuments
from ui.escape import markdown as escaped
from ui.escape import plain
from ui.layout import Block, Heading, Line, Listing, Table, layout
from ui.pages import PAGES
from ui.storage_rows import exchange_to_dict
from ui.storage_types import Exchange
from ui.texts import Texts

FORMATS = {"md": "text/markdown", "html": "text/html", "json": "application/json"}
LEADING = "#>+-="
"""What Markdown acts on at the beginning of a line, besides numbers, which may stay."""


def clipboard(
    answer: Answer, lang: str = "zh", *, markdown: bool = False, changes: Changes | None = None
) -> str:
    """The answer with its sources, as plain text or Markdown, quotes included, and what became of their
    documents."""
    t = Texts(lang)
    numbered = sources(answer, changes)
    out = [_body(answer, numbered, t, markdown=markdown)]
    if numbered:
        out.append("")
        out.append(f"**{t('sources')}**" if markdown else t("sources"))
        for source in numbered:
            out.extend(_source_lines(source, t, markdown))
    return "\n".join(out)


def to_markdown(
    title: str, exchanges: Sequence[Exchange], lang: str = "zh", held: CurrentDocuments | None = None
) -> str:
    """A conversation as Markdown: every question a heading, every answer with its sources. ``held`` tells,
    here and below, which documents are no longer what they were."""
    t = Texts(lang)
    out = [f"# {escaped(_line(title))}", "", t("export_note"), ""]
    for exchange in exchanges:
        out += [f"## {escaped(_line(exchange.question))}", "", f"*{escaped(asked(exchange, t))}*", ""]
        out += [_result(exchange, t, held), ""]
    return "\n".join(out)


def to_json(title: str, exchanges: Sequence[Exchange], held: CurrentDocuments | None = None) -> str:
    """A conversation as JSON: the stable form of each answer, with its question, time and status; ``changes``
    has what became of its documents by their ids (changed, removed)."""
    rows = [
        exchange_to_dict(e) | {"changes": held.of(e.answer) if held is not None else {}} for e in exchanges
    ]
    return json.dumps({"title": title, "exchanges": rows}, ensure_ascii=False, indent=2)


def to_html(
    title: str, exchanges: Sequence[Exchange], lang: str = "zh", held: CurrentDocuments | None = None
) -> str:
    """A conversation as one HTML page without scripts or outside requests, fit to print."""
    t = Texts(lang)
    return PAGES.render("export.html", title=title, t=t, records=records(exchanges, t, held))


def records(exchanges: Sequence[Exchange], t: Texts, held: CurrentDocuments | None = None) -> list[Record]:
    """The exchanges as templates/exchanges.html shows them."""
    return [Record(exchange, t, held) for exchange in exchanges]


def asked(exchange: Exchange, t: Texts) -> str:
    """When it was asked, and of which collection."""
    name = exchange.answer.collection if exchange.answer is not None else ""
    return " · ".join([when(exchange.asked_at), *([t("within", name=name)] if name else [])])


def when(asked_at: str) -> str:
    """2026-03-02 09:15 UTC, from the stored ISO time; anything else as it is."""
    try:
        return datetime.fromisoformat(asked_at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return asked_at


def _line(text: str) -> str:
    return " ".join(text.split())


def numbers(sentences: Sequence[Sentence], numbered: Sequence[Source], before: int = 0) -> str:
    """[1][3]: the sources that the sentences stand on; ``before``: how many stand before the first of
    them."""
    found = sorted({before + chip(c, numbered)[0].number for s in sentences for c in s.citations})
    return "".join(f"[{n}]" for n in found)


def _body(answer: Answer, numbered: Sequence[Source], t: Texts, *, markdown: bool = False) -> str:
    if answer.refusal is not None:
        return escaped(answer.refusal.message) if markdown else answer.refusal.message
    made = _markdown_block if markdown else _text_block
    return ("\n\n" if markdown else "\n").join(made(block, numbered, t) for block in layout(answer)).strip()


def _text_block(block: Block, numbered: Sequence[Source], t: Texts) -> str:
    """Lists with marks, tables with tabs: a sheet takes them as cells."""
    if isinstance(block, Heading):
        return block.text
    if isinstance(block, Table):
        head = [[*block.head.cells, t("evidence_column")]] if block.head is not None else []
        rows = [[*row.cells, numbers(row.line.sentences, numbered)] for row in block.rows]
        return "\n".join("\t".join(plain(_line(cell)) for cell in row) for row in [*head, *rows])
    mark = {"number": "{n}. ", "bullet": "• "}.get(block.marks, "") if isinstance(block, Listing) else ""
    return "\n".join(
        mark.format(n=n) + _written(line, numbered, plain) for n, line in enumerate(block.lines, 1)
    )


def _markdown_block(block: Block, numbered: Sequence[Source], t: Texts) -> str:
    if isinstance(block, Heading):
        return f"**{escaped(block.text)}**" if block.level > 1 else f"### {escaped(block.text)}"
    if isinstance(block, Table):
        return _markdown_table(block, numbered, t)
    if isinstance(block, Listing) and block.marks != "own":
        marks = [f"{n}. " if block.marks == "number" else "- " for n in range(1, len(block.lines) + 1)]
        lines = zip(marks, block.lines, strict=True)
        return "\n".join(mark + _written(line, numbered, _marked).replace("\n", " ") for mark, line in lines)
    return "  \n".join(_unled(_written(line, numbered, _marked)) for line in block.lines)


def _markdown_table(table: Table, numbered: Sequence[Source], t: Texts) -> str:
    def row(cells: Sequence[str], evidence: str) -> str:
        return "| " + " | ".join([*(_marked(_line(c)).replace("|", "\\|") for c in cells), evidence]) + " |"

    width = (
        len(table.head.cells)
        if table.head is not None
        else max((len(r.cells) for r in table.rows), default=0)
    )
    head = row(table.head.cells if table.head is not None else [""] * width, t("evidence_column"))
    rows = [row(r.cells, numbers(r.line.sentences, numbered)) for r in table.rows]
    return "\n".join([head, "|" + " --- |" * (width + 1), *rows])


def _written(line: Line, numbered: Sequence[Source], made: Callable[[str], str]) -> str:
    out = made(line.lead)
    for part in line.parts:
        text = made(part.text)
        stripped = text.rstrip()
        out += stripped + (numbers([part.sentence], numbered) if part.ends else "") + text[len(stripped) :]
    return out


def _marked(text: str) -> str:
    return escaped(plain(text))


def _unled(text: str) -> str:
    """A line whose first character would make it something else in Markdown."""
    return f"\\{text}" if text[:1] and text[0] in LEADING else text


def where(source: Source, t: Texts) -> str:
    """A source's title, headings, page, date and what became of it, in one line."""
    parts = [source.document, *below_title(source.heading, source.document)]
    if source.page is not None:
        parts.append(t("page", page=source.page))
    if source.published:
        parts.append(source.published)
    if source.change:
        parts.append(t("document_" + source.change))
    return "，".join(parts) if t.lang == "zh" else ", ".join(parts)


def _source_lines(source: Source, t: Texts, markdown: bool) -> list[str]:
    lead, made = ("> ", escaped) if markdown else ("    ", str)
    lines = [f"[{source.number}] {made(where(source, t))}"]
    lines += [lead + made(_line(q.quote)) for q in source.quotes]
    return [*lines, ""] if markdown else lines


def _result(exchange: Exchange, t: Texts, held: CurrentDocuments | None) -> str:
    answer = exchange.given
    if answer is None:
        return exchange.message or t("stopped")
    changes = held.of(answer) if held is not None else None
    notes = "\n".join(f"> {escaped(_line(n.message))}" for n in answer.notes if answer.refusal is None)
    text = clipboard(answer, t.lang, markdown=True, changes=changes)
    return f"{notes}\n\n{text}" if notes else text


class Record:
    """An exchange with what templates/exchanges.html asks for; ``answer`` is None where it came to
    nothing."""

    def __init__(self, exchange: Exchange, t: Texts, held: CurrentDocuments | None) -> None:
        self.question, self.asked, self._t = _line(exchange.question), asked(exchange, t), t
        self.answer = exchange.given
        self.message = exchange.message or t("stopped")
        self.numbered: Sequence[Source] = ()
        self.blocks: Sequence[Block] = ()
        if self.answer is not None:
            self.numbered = sources(self.answer, held.of(self.answer) if held is not None else None)
            self.blocks = layout(self.answer)

    @property
    def doubtful(self) -> list[tuple[str, str]]:
        """State and text of what the evidence does not bear out whole."""
        said = self.answer.sentences if self.answer is not None else ()
        return [(s.state, _line(plain(s.text))) for s in said if s.state not in ("supported", "pending")]

    def written(self, line: Line) -> str:
        return _written(line, self.numbered, plain)

    def numbers(self, sentences: Sequence[Sentence]) -> str:
        return numbers(sentences, self.numbered)

    def where(self, source: Source) -> str:
        return where(source, self._t)
