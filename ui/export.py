"""Answers and conversations as text to keep: clipboard, Markdown, a self-contained HTML page, JSON."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from qa.types import Answer
from ui.changes import Changes, Held
from ui.citations import Source, chip, sources
from ui.escape import markdown as escaped
from ui.escape import plain
from ui.render import below_title
from ui.store import Exchange
from ui.texts import Texts

FORMATS = {"md": "text/markdown", "html": "text/html", "json": "application/json"}


def clipboard(answer: Answer, lang: str = "zh", *, markdown: bool = False, changes: Changes | None = None) -> str:
    """The answer with its sources, as plain text or Markdown, quotes included, and what became of their documents."""
    t = Texts(lang)
    numbered = sources(answer, changes)
    out = [_body(answer, numbered, markdown=markdown)]
    if numbered:
        out.append("")
        out.append(f"**{t('sources')}**" if markdown else t("sources"))
        for source in numbered:
            out.extend(_source_lines(source, t, markdown))
    return "\n".join(out)


def to_markdown(title: str, exchanges: Sequence[Exchange], lang: str = "zh", held: Held | None = None) -> str:
    """A conversation as Markdown: every question a heading, every answer with its sources. ``held`` tells, here and
    below, which documents are no longer what they were."""
    t = Texts(lang)
    out = [f"# {escaped(_line(title))}", "", t("export_note"), ""]
    for exchange in exchanges:
        out += [f"## {escaped(_line(exchange.question))}", "", f"*{_when(exchange.asked_at)}*", ""]
        out += [_result(exchange, t, held, markdown=True), ""]
    return "\n".join(out)


def to_json(title: str, exchanges: Sequence[Exchange], held: Held | None = None) -> str:
    """A conversation as JSON: the stable form of each answer, with its question, time and status; ``changes`` has
    what became of its documents by their ids (changed, removed)."""
    from qa.serialize import answer_to_dict

    rows = [
        {
            "id": e.id,
            "question": e.question,
            "asked_at": e.asked_at,
            "status": e.status,
            "message": e.message,
            "answer": answer_to_dict(e.answer) if e.answer is not None else None,
            "changes": held.of(e.answer) if held is not None else {},
        }
        for e in exchanges
    ]
    return json.dumps({"title": title, "exchanges": rows}, ensure_ascii=False, indent=2)


def to_html(title: str, exchanges: Sequence[Exchange], lang: str = "zh", held: Held | None = None) -> str:
    """A conversation as one HTML page without scripts or outside requests, fit to print."""
    t = Texts(lang)
    body = "".join(_exchange_html(e, t, held) for e in exchanges)
    return (
        f'<!doctype html><html lang="{t.lang}"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{html.escape(title)}</h1><p class=note>{html.escape(t('export_note'))}</p>{body}</body></html>"
    )


def shared_body(exchanges: Sequence[Exchange], lang: str = "zh", held: Held | None = None) -> str:
    """The exchanges alone, for a page with its own frame."""
    t = Texts(lang)
    return "".join(_exchange_html(e, t, held) for e in exchanges)


def _when(asked_at: str) -> str:
    """2026-03-02 09:15 UTC, from the stored ISO time; anything else as it is."""
    try:
        return datetime.fromisoformat(asked_at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return asked_at


def _line(text: str) -> str:
    return " ".join(text.split())


def _body(answer: Answer, numbered: Sequence[Source], *, markdown: bool = False) -> str:
    if answer.refusal is not None:
        return escaped(answer.refusal.message) if markdown else answer.refusal.message
    out = []
    for sentence in answer.sentences:
        text = escaped(plain(sentence.text)) if markdown else plain(sentence.text)
        stripped = text.rstrip()
        numbers = sorted({chip(c, numbered)[0].number for c in sentence.citations})
        out.append(stripped + "".join(f"[{n}]" for n in numbers) + text[len(stripped) :])
    return "".join(out).strip()


def _where(source: Source, t: Texts) -> str:
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
    lines = [f"[{source.number}] {made(_where(source, t))}"]
    lines += [lead + made(_line(q.quote)) for q in source.quotes]
    return [*lines, ""] if markdown else lines


def _result(exchange: Exchange, t: Texts, held: Held | None, *, markdown: bool) -> str:
    if exchange.answer is None or exchange.status in ("failed", "running"):
        return exchange.message or t("stopped")
    changes = held.of(exchange.answer) if held is not None else None
    return clipboard(exchange.answer, t.lang, markdown=markdown, changes=changes)


def _exchange_html(exchange: Exchange, t: Texts, held: Held | None) -> str:
    head = f"<section><h2>{html.escape(_line(exchange.question))}</h2><p class=when>{html.escape(_when(exchange.asked_at))}</p>"
    if exchange.answer is None or exchange.status in ("failed", "running"):
        return f"{head}<p>{html.escape(exchange.message or t('stopped'))}</p></section>"
    answer = exchange.answer
    numbered = sources(answer, held.of(answer) if held is not None else None)
    notes = "".join(f"<p class=warn>{html.escape(n.message)}</p>" for n in answer.notes)
    states = "".join(
        f"<li>{html.escape(t('state_' + s.state))}：{html.escape(_line(plain(s.text)))}</li>"
        for s in answer.sentences
        if s.state not in ("supported", "pending")
    )
    listed = f"<ul class=warn>{states}</ul>" if states else ""
    body = html.escape(_body(answer, numbered)).replace("\n", "<br>")
    return f"{head}<p class=answer>{body}</p>{notes}{listed}{_sources_html(numbered, t)}</section>"


def _sources_html(numbered: Sequence[Source], t: Texts) -> str:
    if not numbered:
        return ""
    items = []
    for source in numbered:
        text = "".join(
            f"<mark>{html.escape(p.text)}</mark>" if p.marks else html.escape(p.text) for p in source.pieces
        )
        items.append(
            f"<li value={source.number}><b>{html.escape(_where(source, t))}</b><blockquote>{text}</blockquote></li>"
        )
    return f"<h3>{html.escape(t('sources'))}</h3><ol>{''.join(items)}</ol>"


_STYLE = (
    "body{font:16px/1.75 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:46rem;"
    "margin:2rem auto;padding:0 1rem;color:#1b2430}h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .2rem;"
    "border-left:4px solid #1d4f91;padding-left:.6rem}h3{font-size:.95rem}.note,.when{color:#5a6675;font-size:.85rem;"
    "margin:.2rem 0}.warn{color:#7a4b00}blockquote{margin:.3rem 0;padding:.2rem .8rem;border-left:3px solid #c9d3e0;"
    "color:#333}mark{background:#ffeaa0}ol{padding-left:1.6rem}@media print{body{margin:0;max-width:none}"
    "section{break-inside:avoid-page}}"
)
