"""The body of an answer as HTML: sentences with chips, in the form that ui.layout found. Everything goes through ui.escape."""

from __future__ import annotations

from collections.abc import Sequence

from qa.types import Answer, Citation, Sentence, State
from ui.citations import Source, chip
from ui.escape import inert, prose
from ui.layout import Block, Heading, Line, Listing, Part, Prose, Row, Table, layout
from ui.look import Look


def body_html(answer: Answer, numbered: Sequence[Source], aid: str, look: Look, *, streaming: bool) -> str:
    """The sentences of an answer; "" when there are none. The same form while they are written and afterwards."""
    if not answer.sentences:
        return ""
    if answer.talk:
        return f'<div class="text">{"".join(prose(s.text) for s in answer.sentences)}</div>'
    made = _Body(numbered, aid, look, answer.sentences[-1] if streaming else None)
    return f'<div class="text">{"".join(made.block(block) for block in layout(answer))}</div>'


def sentence_html(part: Part, numbered: Sequence[Source], aid: str, look: Look, *, streaming: bool) -> str:
    """One sentence: its text, its state for the eye and the ear, its chips, and what did not check out."""
    sentence = part.sentence
    body = prose(part.text, streaming=streaming and sentence.state == "pending")
    if sentence.state == "pending":
        tail = chips_html(sentence.citations, numbered, aid, look) if part.ends else ""
        return f'<span class="s s-pending">{body}{tail}</span>'
    tail = f'<span class="tail">{_tail([sentence], numbered, aid, look)}</span>' if part.ends else ""
    listed = _problems([sentence], look) if part.ends else ""
    return f'<span class="s s-{sentence.state}"><span class="s-text">{body}</span>{tail}{listed}</span>'


def chips_html(citations: Sequence[Citation], numbered: Sequence[Source], aid: str, look: Look) -> str:
    """One chip per source and quote, in the order of their numbers."""
    seen = {chip(c, numbered)[0].number * 1000 + chip(c, numbered)[1]: c for c in citations}
    return "".join(chip_html(seen[key], numbered, aid, look) for key in sorted(seen))


def chip_html(citation: Citation, numbered: Sequence[Source], aid: str, look: Look) -> str:
    """The chip [n]: read aloud as 来源1，第3页; opens source n at this very quote."""
    source, index = chip(citation, numbered)
    where = look.t("chip_page", page=source.page) if source.page is not None else ""
    if source.change:
        where += look.t("chip_change", change=look.t("document_" + source.change))
    return (
        f'<a class="cite k{index}{" since" if source.change else ""}" href="#{aid}-s{source.number}">'
        f'<span class="vh">{look.t("source")}</span>{source.number}<span class="vh">{where}</span></a>'
    )


class _Body:
    """Blocks to HTML for one message; ``growing`` is the sentence that is being written."""

    def __init__(self, numbered: Sequence[Source], aid: str, look: Look, growing: Sentence | None) -> None:
        self.numbered, self.aid, self.look, self.growing = numbered, aid, look, growing

    def block(self, block: Block) -> str:
        if isinstance(block, Heading):
            tag = "h3" if block.level == 1 else "h4"
            return f'<{tag} class="o-{"title" if block.level == 1 else "section"}">{inert(block.text)}</{tag}>'
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Listing):
            tag = "ol" if block.marks == "number" else "ul"
            items = "".join(f"<li>{self._line(line)}</li>" for line in block.lines)
            return f'<{tag} class="l-{block.marks}">{items}</{tag}>'
        return self._prose(block)

    def _prose(self, block: Prose) -> str:
        return f'<div class="para">{"<br>".join(self._line(line) for line in block.lines)}</div>'

    def _line(self, line: Line) -> str:
        lead = f"<strong>{inert(line.lead)}</strong>" if line.lead else ""
        return lead + "".join(
            sentence_html(part, self.numbered, self.aid, self.look, streaming=part.sentence is self.growing)
            for part in line.parts
        )

    def _table(self, table: Table) -> str:
        evidence = self.look.t("evidence_column")
        head = ""
        if table.head is not None:
            cells = "".join(f"<th>{self._cell(cell, table.head)}</th>" for cell in table.head.cells)
            chips = chips_html(table.head.line.citations, self.numbered, self.aid, self.look)
            head = f'<thead><tr>{cells}<th class="t-ev">{evidence}{chips}</th></tr></thead>'
        rows = "".join(self._row(row) for row in table.rows)
        return f'<div class="table"><table>{head}<tbody>{rows}</tbody></table></div>'

    def _row(self, row: Row) -> str:
        sentences = row.line.sentences
        cells = "".join(f'<td><span class="s-text">{self._cell(cell, row)}</span></td>' for cell in row.cells)
        tail = _tail(sentences, self.numbered, self.aid, self.look) + _problems(sentences, self.look)
        return f'<tr class="s s-{_state(sentences)}">{cells}<td class="t-ev">{tail}</td></tr>'

    def _cell(self, text: str, row: Row) -> str:
        growing = any(part.sentence is self.growing for part in row.line.parts)
        return prose(text, streaming=growing)


def _state(sentences: Sequence[Sentence]) -> State:
    """The least good state of a row's sentences."""
    states = {s.state for s in sentences}
    order: tuple[State, ...] = ("pending", "unsupported", "partial", "supported")
    return next((state for state in order if state in states), "pending")


def _tail(sentences: Sequence[Sentence], numbered: Sequence[Source], aid: str, look: Look) -> str:
    """The chips, and the state as a text: for the ear alone where all is well."""
    chips = chips_html([c for s in sentences for c in s.citations], numbered, aid, look)
    state = _state(sentences)
    if state == "pending":
        return chips
    label = look.t("state_" + state)
    shown = f'<span class="vh">（{label}）</span>' if state == "supported" else label
    return f'{chips}<span class="st">{shown}</span>'


def _problems(sentences: Sequence[Sentence], look: Look) -> str:
    listed = "".join(_problem(p.kind, p.text, p.evidence, look) for s in sentences for p in s.problems)
    return f'<span class="problems">{listed}</span>' if listed else ""


def _problem(kind: str, text: str, evidence: str, look: Look) -> str:
    t = look.t
    known = ("number", "date", "unit", "name", "negation", "comparison", "attribution")
    what = t("problem_" + kind) if kind in known else t("problem")
    if evidence:
        return f'<span class="problem">{what}{t("problem_other", text=inert(text), evidence=inert(evidence))}</span>'
    return f'<span class="problem">{what}{t("problem_none", text=inert(text))}</span>'
