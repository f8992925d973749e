"""Every question of the runs as HTML: what was asked, what came, what it stands on, what was right. All text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from eval.compare import said
from eval.evidence import cited_quotes, names_of, pieces_hit
from eval.labels import number, type_label, verdict_label
from eval.runfolder import RunFolder
from eval.tasks.types import Item
from prompts import text as string

MARKS = {
    "right": "✓", "right_other_evidence": "◐", "wrong": "✗", "refused_right": "✓", "refused_wrong": "✗",
    "hallucinated": "✗", "answered": "·", "error": "!", "": "·",
}  # fmt: skip
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


def filters(runs: Sequence[Loaded], lang: str) -> str:
    """Chips by verdict (of the first run), a choice of types, a search field, and "only changed" for several runs."""
    first = runs[0]
    verdicts = [kind for kind in MARKS if kind and first.summary["verdicts"].get(kind)]
    chips = [
        f'<button type="button" class="chip on" data-verdict="">{string("eval_report.filter_all", lang)} <b>{len(first.scores)}</b></button>'
    ]
    chips += [
        f'<button type="button" class="chip v-{kind}" data-verdict="{kind}">{MARKS[kind]} {escape(verdict_label(kind, lang))} '
        f"<b>{first.summary['verdicts'][kind]}</b></button>"
        for kind in verdicts
    ]
    kinds = sorted({item.type for item in first.items.values() if item.type})
    options = "".join(
        f'<option value="{escape(kind)}">{escape(type_label(kind, lang))}</option>' for kind in kinds
    )
    every = f'<option value="">{string("eval_report.filter_type", lang)}</option>'
    changed = ""
    if len(runs) > 1:
        changed = f'<label><input type="checkbox" id="changed"> {string("eval_report.filter_changed", lang)}</label>'
    hint = escape(string("eval_report.filter_text", lang))
    return (
        f'<div class="filters"><div class="chips">{"".join(chips)}</div><div class="row"><select id="kind" aria-label="{hint}">{every}{options}</select>'
        f'<input id="find" type="search" placeholder="{hint}" aria-label="{hint}">{changed}<span id="count" role="status"></span></div></div>'
    )


def cards(runs: Sequence[Loaded], lang: str) -> str:
    """All questions of the first run, with what each run made of it."""
    return "".join(_card(item, runs, lang) for item in runs[0].items.values() if item.id in runs[0].scores)


def _card(item: Item, runs: Sequence[Loaded], lang: str) -> str:
    asked = [run for run in runs if item.id in run.scores]
    verdicts = [run.scores[item.id]["verdict"] for run in asked]
    changed = " data-changed" if len(set(verdicts)) > 1 else ""
    kind = f'<span class="type">{escape(type_label(item.type, lang))}</span>' if item.type else ""
    turns = "".join(
        f'<p class="turn"><span>{string("eval_report.history", lang)}</span>{escape(turn.question)} → {escape(turn.answer)}</p>'
        for turn in item.history
    )
    parts = [
        f'<article class="card v-{verdicts[0]}" data-verdict="{verdicts[0]}" data-kind="{escape(item.type)}"{changed}>',
        f"<header><h3>{escape(item.question)}</h3>{kind}<code>{escape(item.id)}</code></header>{turns}",
        *(_came(item, run, n, len(runs) > 1, lang) for n, run in enumerate(runs) if item.id in run.scores),
        _gold(item, lang),
        "</article>",
    ]
    return "".join(parts)


def _came(item: Item, run: Loaded, series: int, several: bool, lang: str) -> str:
    record, row = run.records[item.id], run.scores[item.id]
    verdict = row["verdict"]
    name = f'<span class="run s{series % 5}">{escape(run.folder.name)}</span>' if several else ""
    badge = (
        f'<span class="badge v-{verdict}">{MARKS[verdict]} {escape(verdict_label(verdict, lang))}</span>'
        if verdict
        else ""
    )
    reason = f'<span class="reason">{escape(row["reason"])}</span>' if row["reason"] else ""
    came = f'<p class="answer">{escape(said(record))}</p>' if said(record) else ""
    return f'<section>{name}<p class="line">{badge}{reason}{_facts(row, record, lang)}</p>{came}{_citations(item, record, lang)}</section>'


def _facts(row: Mapping[str, Any], record: Mapping[str, Any], lang: str) -> str:
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
    return f'<span class="facts">{escape(" · ".join(facts))}</span>' if facts else ""


def _citations(item: Item, record: Mapping[str, Any], lang: str) -> str:
    answer = record["answer"]
    if answer is None or answer["refused"]:
        return ""
    quotes = cited_quotes(answer)
    if not quotes:
        return f'<p class="quote none">{string("eval_report.no_citation", lang)}</p>'
    rows = []
    for citation in quotes:
        hit = bool(item.evidence) and bool(pieces_hit(citation, names_of(citation, record), item.evidence))
        place = "，".join(filter(None, [citation["document"], *citation.get("heading", ())[-1:]]))
        sign = ("✓ " if hit else "✗ ") if item.evidence else ""
        rows.append(
            f'<p class="quote{" hit" if hit else ""}"><span>{sign}{escape(place)}</span>{escape(_short(citation["quote"]))}</p>'
        )
    return f'<div class="label">{string("eval_report.cited", lang)}</div>{"".join(rows)}'


def _gold(item: Item, lang: str) -> str:
    if item.answerable is False:
        return f'<p class="gold">{string("eval_report.gold_none", lang)}</p>'
    wanted = (
        " ／ ".join(item.answers[:6])
        or "；".join(" ／ ".join(part) for part in item.parts)
        or _short(item.reference)
    )
    shown = escape(wanted) if wanted else string("eval_report.gold_unknown", lang)
    quotes = "".join(
        f'<p class="quote gold-quote"><span>{escape(e.document)}</span>{escape(_short(e.quote))}</p>'
        for e in item.evidence[:4]
    )
    label = f'<div class="label">{string("eval_report.gold_evidence", lang)}</div>' if quotes else ""
    return f'<p class="gold"><span>{string("eval_report.gold", lang)}</span>{shown}</p>{label}{quotes}'


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "……"
