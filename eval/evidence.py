"""Where cited text and gold evidence meet. Works on quotes, because loaders may mend a text and so move
offsets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from eval.metrics.matching import fold
from eval.tasks.types import Context, Evidence, Item
from index.loaders import SUFFIXES

_SHORTEST = 4  # folded characters: a shorter piece of a gold quote says nothing about where it stands


def overlap(quote: str, gold: str) -> bool:
    """Do two quotes of one document overlap? One holds the other, or the end of one is the start of the other
    for at least half of the shorter. Likeness alone is not enough: official texts repeat their phrasing with
    other figures.
    """
    a, b = fold(quote), fold(gold)
    if not a or not b:
        return False
    if b in a or (a in b and len(a) >= min(_SHORTEST, len(b))):
        return True
    return _joined(a, b, max(_SHORTEST, -(-min(len(a), len(b)) // 2)))


def _joined(a: str, b: str, least: int) -> bool:
    """Is the end of one text the start of the other, for at least ``least`` characters?"""
    lengths = range(max(1, least), min(len(a), len(b)))
    return any(a.endswith(b[:n]) or b.endswith(a[:n]) for n in lengths)


def same_document(named: str, *names: str) -> bool:
    """Is ``named`` one of these names, with or without its file ending and case?"""
    wanted = {_stem(named)}
    return bool(wanted & {_stem(name) for name in names if name})


def _stem(name: str) -> str:
    path = PurePath(name)
    return fold(path.stem if path.suffix.lower() in SUFFIXES else name)


def pieces_hit(
    citation: Mapping[str, Any], names: Sequence[str], evidence: Sequence[Evidence]
) -> frozenset[int]:
    """Numbers of the gold pieces that a citation overlaps; ``names`` are what its document goes by."""
    return frozenset(
        n
        for n, gold in enumerate(evidence)
        if (not gold.document or same_document(gold.document, *names))
        and (not gold.quote or overlap(citation["quote"], gold.quote))
    )


def gold_units(
    evidence: Sequence[Evidence], passages: Iterable[tuple[str, Sequence[str], str]]
) -> dict[str, frozenset[str]]:
    """What retrieval must find: for each piece of evidence, the passages (id, names of their document, text)
    that hold it, or at least half of it where it runs over a passage border; any one of them will do.

    Pieces that stand in the very same passages are one unit. A piece that no passage has keeps an empty set:
    it can never be found and counts as a miss, since the documents were to hold it.
    """
    rows = [(pid, names, fold(text)) for pid, names, text in passages]
    found: dict[frozenset[str], str] = {}
    lost = 0
    for gold in evidence:
        quote = fold(gold.quote)
        mine = [r for r in rows if not gold.document or same_document(gold.document, *r[1])]
        holding = frozenset(pid for pid, _, text in mine if quote in text) or frozenset(
            pid
            for pid, _, text in mine
            if len(text) >= _SHORTEST and (text in quote or _joined(quote, text, len(quote) // 2))
        )
        if holding:
            found.setdefault(holding, f"gold:{len(found)}")
        else:
            lost += 1
    return {unit: holding for holding, unit in found.items()} | {
        f"missing:{n}": frozenset() for n in range(lost)
    }


def rank_units(ranked: Iterable[str], units: Mapping[str, frozenset[str]]) -> list[str]:
    """A ranking of passages as a ranking of units: a passage stands for the units that it is the first to
    hold."""
    order: list[str] = []
    for passage in ranked:
        order += [unit for unit, holding in units.items() if passage in holding and unit not in order] or [
            passage
        ]
    return order


def closed_titles(passages: Sequence[Context]) -> dict[str, Context]:
    """Titles under which given passages are handed over, each of its own, so that citations lead back to
    them."""
    titled: dict[str, Context] = {}
    for n, passage in enumerate(passages, 1):
        title = passage.title or f"材料{n}"
        titled[title if title not in titled else f"{title}（{n}）"] = passage
    return titled


def cited_quotes(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All citations of an answer's sentences in order, each span once."""
    seen: dict[tuple[str, int, int], dict[str, Any]] = {}
    for sentence in answer["sentences"]:
        for citation in sentence["citations"]:
            seen.setdefault((citation["document_id"], citation["start"], citation["end"]), citation)
    return list(seen.values())


def names_of(citation: Mapping[str, Any], record: Mapping[str, Any]) -> tuple[str, ...]:
    """What the document of a citation goes by: its title, and the context that the runner knows it as."""
    return (str(citation["document"]), str(record.get("contexts", {}).get(citation["document_id"], "")))


def known_texts(item: Item) -> list[str]:
    """What an answer may quote figures from without inventing: the question, earlier turns and the gold
    evidence."""
    turns = [text for turn in item.history for text in (turn.question, turn.answer)]
    return [item.question, *turns, *(e.quote for e in item.evidence)]
