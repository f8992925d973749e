"""Enumerations: what stands together in a document as a list. Rows of a table, numbered paragraphs, items in
a sentence.

Told by form alone (numbers, tables, the line that leads in), so that a list is shown whole where several of
its items answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.outline import Section, outline, own_number
from qa.attribution import EvidenceSentence
from qa.kinds.evidence import Block

LONGEST = 1200
"""Characters of an enumeration beyond which it is no list but a text."""
ITEM = 160
"""Characters of a numbered paragraph, on average, beyond which it is an article and no item."""


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Items that stand together.

    Attributes:
        form: ``table``, ``paragraphs`` or ``inline``.
        lead: the sentence that leads in, where it is one of its own.
        items: the sentences of each item, in order.
        after: what follows the items and belongs to none of them.
    """

    form: str
    lead: tuple[EvidenceSentence, ...]
    items: tuple[tuple[EvidenceSentence, ...], ...]
    after: tuple[EvidenceSentence, ...] = ()

    def sentences(self) -> tuple[EvidenceSentence, ...]:
        """All of it, in reading order."""
        return (*self.lead, *(s for item in self.items for s in item), *self.after)


def enumerations(block: Block) -> list[Enumeration]:
    """The enumerations of a section that have at least two items, innermost first."""
    sentences = block.sentences()
    return [*_inline(sentences), *_tables(block, sentences), *_paragraphs(block, sentences)]


def _inline(sentences: Sequence[EvidenceSentence]) -> Iterator[Enumeration]:
    """Items within one paragraph: 应当具备：（一）…；（二）…；（三）…。"""
    run: list[EvidenceSentence] = []
    for sentence in [*sentences, None]:
        joins = sentence is not None and run and _same_line(run[-1], sentence) and own_number(sentence.text)
        if joins and sentence is not None:
            run.append(sentence)
            continue
        if len(run) > 1:
            yield Enumeration("inline", (), tuple((s,) for s in run))
        opens = sentence is not None and (own_number(sentence.text) or leads_in(sentence.text))
        run = [sentence] if sentence is not None and opens else []


def leads_in(text: str) -> bool:
    """Does a sentence lead in to items: is there nothing behind a colon in it, or a number?"""
    behind = [text[i + 1 :].strip() for i, c in enumerate(text) if c in "：:"]
    return any(not rest or own_number(rest) for rest in behind)


def _same_line(before: EvidenceSentence, after: EvidenceSentence) -> bool:
    between = before.document.text[before.end : after.start]
    return (
        before.document.id == after.document.id
        and before.end <= after.start
        and not between.strip()
        and "\n" not in between
    )


def _tables(block: Block, sentences: Sequence[EvidenceSentence]) -> Iterator[Enumeration]:
    """The rows of each table."""
    rows: dict[int, list[tuple[EvidenceSentence, ...]]] = {}
    for one in block.document.blocks:
        if one.table and block.start <= one.start < block.end:
            inside = tuple(s for s in sentences if one.start <= s.start < one.end)
            if inside:
                rows.setdefault(one.table, []).append(inside)
    for found in rows.values():
        if len(found) > 1:
            yield Enumeration("table", (), tuple(found))


def _paragraphs(block: Block, sentences: Sequence[EvidenceSentence]) -> Iterator[Enumeration]:
    """Numbered paragraphs under one heading or sentence, with the line that leads in."""
    for parent in outline(block.document).walk():
        if parent.end <= block.start or parent.start >= block.end:
            continue
        for run in _runs(parent):
            ends = [*(one.end for one in run[:-1]), _last_end(run, block)]
            parts = (_inside(sentences, one.start, end) for one, end in zip(run, ends, strict=True))
            items = tuple(part for part in parts if part)
            size = run[-1].end - run[0].start
            if len(items) > 1 and size <= min(LONGEST, ITEM * len(items)):
                before = [s for s in sentences if parent.start <= s.start and s.end <= run[0].start]
                lead = tuple(before[-1:]) if before and before[-1].text.rstrip().endswith(("：", ":")) else ()
                yield Enumeration("paragraphs", lead, items, _inside(sentences, ends[-1], run[-1].end))


def _last_end(run: Sequence[Section], block: Block) -> int:
    """Where the last item ends: where the others are of one paragraph each, with its first; what follows the
    list belongs to no item."""
    *others, last = (block.document.text[one.start : one.end].rstrip() for one in run)
    one_each = not any("\n" in text for text in others)
    return run[-1].start + len(last.partition("\n")[0] if one_each else last)


def _runs(parent: Section) -> Iterator[list[Section]]:
    """Items of a section that follow one another."""
    run: list[Section] = []
    for child in parent.children:
        if child.kind == "item":
            run.append(child)
        else:
            if len(run) > 1:
                yield run
            run = []
    if len(run) > 1:
        yield run


def _inside(sentences: Sequence[EvidenceSentence], start: int, end: int) -> tuple[EvidenceSentence, ...]:
    return tuple(s for s in sentences if start <= s.start < end)
