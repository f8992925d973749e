"""Every question of the runs, for templates/questions.html: what was asked, what came, what it stands on,
what was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.compare import said
from eval.evidence import cited_quotes, names_of, pieces_hit
from eval.labels import number, type_label, verdict_label
from eval.runfolder import RunFolder
from eval.tasks.types import Item
from prompts import text as string

MARKS = {
    "right": "✓",
    "right_other_evidence": "◐",
    "wrong": "✗",
    "refused_right": "✓",
    "refused_wrong": "✗",
    "hallucinated": "✗",
    "answered": "·",
    "error": "!",
    "": "·",
}
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run read into memory once."""

    folder: RunFolder
    manifest: Mapping[str, Any]
    summary: Mapping[str, Any]
    items: Mapping[str, Item]
    records: Mapping[str, dict[str, Any]]
    scores: Mapping[str, dict[str, Any]]

    @classmethod
    def read(cls, folder: RunFolder) -> Loaded:
        items = {item.id: item for item in folder.items()}
        return cls(folder, folder.manifest(), folder.summary(), items, folder.records(), folder.scores())


@dataclass(frozen=True, slots=True)
class Told:
    """A run as the report tells of it: in plain sentences, and what made it."""

    name: str
    series: int
    lead: str
    asked: int
    made: tuple[tuple[str, str], ...]
    settings: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A verdict with how often it came."""

    verdict: str
    mark: str
    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What an answer cites; ``sign`` tells whether it is the evidence, where that is known."""

    hit: bool
    sign: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Came:
    """What one run made of a question; ``quotes`` is None where there is nothing to cite."""

    run: Told
    verdict: str
    mark: str
    label: str
    reason: str
    facts: str
    said: str
    quotes: tuple[Quote, ...] | None


@dataclass(frozen=True, slots=True)
class Card:
    """A question with the answers of all runs and what was right."""

    item: Item
    kind: str
    verdict: str
    changed: bool
    answers: tuple[Came, ...]
    gold: str
    gold_quotes: tuple[tuple[str, str], ...]


def filters(first: Loaded, lang: str) -> list[Filter]:
    """The verdicts of a run."""
    counts = first.summary["verdicts"]
    return [
        Filter(kind, mark, verdict_label(kind, lang), counts[kind])
        for kind, mark in MARKS.items()
        if kind and counts.get(kind)
    ]


def types(first: Loaded, lang: str) -> list[tuple[str, str]]:
    """The types of a run's questions, with their names."""
    return [
        (kind, type_label(kind, lang))
        for kind in sorted({item.type for item in first.items.values() if item.type})
    ]


def cards(runs: Sequence[Loaded], told: Sequence[Told], lang: str) -> list[Card]:
    """All questions of the first run, with what each run made of it."""
    return [_card(item, runs, told, lang) for item in runs[0].items.values() if item.id in runs[0].scores]


def _card(item: Item, runs: Sequence[Loaded], told: Sequence[Told], lang: str) -> Card:
    asked = [(run, name) for run, name in zip(runs, told, strict=True) if item.id in run.scores]
    verdicts = [run.scores[item.id]["verdict"] for run, _ in asked]
    gold = (
        " ／ ".join(item.answers[:6])
        or "；".join(" ／ ".join(part) for part in item.parts)
        or _short(item.reference)
    )
    quotes = (
        () if item.answerable is False else tuple((e.document, _short(e.quote)) for e in item.evidence[:4])
    )
    came = tuple(_came(item, run, name, lang) for run, name in asked)
    kind = type_label(item.type, lang) if item.type else ""
    return Card(item, kind, verdicts[0], len(set(verdicts)) > 1, came, gold, quotes)


def _came(item: Item, run: Loaded, told: Told, lang: str) -> Came:
    record, row = run.records[item.id], run.scores[item.id]
    verdict = row["verdict"]
    named = verdict_label(verdict, lang) if verdict else ""
    facts = " · ".join(_facts(row, record, lang))
    return Came(
        told,
        verdict,
        MARKS[verdict],
        named,
        row["reason"] or "",
        facts,
        said(record) or "",
        _citations(item, record),
    )


def _facts(row: Mapping[str, Any], record: Mapping[str, Any], lang: str) -> list[str]:
    """Rank of the evidence, confidence and time, in small print."""
    facts = []
    if record.get("gold"):
        ranks = [n for n, found in enumerate(record.get("ranked", ()), 1) if found in record["gold"]]
        facts.append(
            string("eval_report.rank", lang, rank=ranks[0])
            if ranks
            else string("eval_report.rank_none", lang)
        )
    if row["confidence"] is not None:
        facts.append(f"p = {row['confidence']:.2f}")
    if record["seconds"].get("total") is not None:
        facts.append(number("seconds_total", record["seconds"]["total"]))
    return facts


def _citations(item: Item, record: Mapping[str, Any]) -> tuple[Quote, ...] | None:
    answer = record["answer"]
    if answer is None or answer["refused"]:
        return None
    rows = []
    for citation in cited_quotes(answer):
        hit = bool(item.evidence) and bool(pieces_hit(citation, names_of(citation, record), item.evidence))
        place = "，".join(filter(None, [citation["document"], *citation.get("heading", ())[-1:]]))
        sign = ("✓ " if hit else "✗ ") if item.evidence else ""
        rows.append(Quote(hit, sign, place, _short(citation["quote"])))
    return tuple(rows)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "……"
