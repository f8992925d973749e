"""The card 未找到: what was looked for, what is missing, the nearest passages, and questions that do have answers."""

from __future__ import annotations

from collections.abc import Sequence

from qa.types import Answer, Retrieved
from ui.changes import Changes
from ui.citations import sources
from ui.escape import inert
from ui.render import Look, note_html, reader_url, where_html

_POINTING = frozenset("它们 他们 她们 我们 你们 这些 那些 这个 那个 其他 有关 相关".split())  # noqa: SIM905
"""Words that name nothing that could be looked for."""


def refusal_html(answer: Answer, aid: str, look: Look, changes: Changes | None = None) -> str:
    """The card of a refused answer; documents that are gone since (``changes``) are named without a link.

    Raises:
        ValueError: the answer is not a refusal.
    """
    refusal = answer.refusal
    if refusal is None:
        raise ValueError("not a refusal")
    t = look.t
    numbered = sources(answer, changes)
    parts = [
        f'<div class="card reason-{refusal.reason}"><div class="card-title">{t("refused_" + refusal.reason)}</div>'
        f'<p class="card-text">{inert(refusal.message)}</p>'
    ]
    notes = (note for note in answer.notes if note.citations or note.message not in refusal.message)
    parts.extend(note_html(note, numbered, aid, look) for note in notes)
    if telling := [term for term in refusal.looked_for if len(term) > 1 and term not in _POINTING]:
        parts.append(_terms(t("looked_for"), telling, "found"))
    if refusal.missing:
        parts.append(_terms(t("missing"), refusal.missing, "lacking"))
    parts.append(_nearest(answer, refusal.nearest, look, changes or {}))
    parts.append(suggestions_html(refusal.suggestions, t("try_instead")))
    if refusal.reason in ("no_evidence", "not_answered", "unsupported"):
        parts.append(f'<div class="gap-line"><button class="act act-gap">{t("report_gap")}</button></div>')
    if look.contact:
        parts.append(f'<p class="contact">{t("contact", contact=inert(look.contact))}</p>')
    parts.append("</div>")
    return "".join(parts)


def failure_html(aid: str, message: str, look: Look, *, kind: str = "failed") -> str:
    """A turn that came to nothing (queue full, engine failed, restarted): what happened, and a way on."""
    t = look.t
    return (
        f'<div class="answer done" id="{aid}"><div class="card card-{inert(kind)}">'
        f'<p class="card-text">{inert(message)}</p>'
        f'<div class="acts"><button class="act act-retry">{t("retry")}</button></div></div></div>'
    )


def suggestions_html(questions: Sequence[str], title: str) -> str:
    """Questions as buttons that ask themselves; nothing when there are none."""
    if not questions:
        return ""
    buttons = "".join(f'<button class="suggest act-ask">{inert(q)}</button>' for q in questions)
    return f'<div class="suggests"><div class="ev-title">{inert(title)}</div>{buttons}</div>'


def welcome_html(title: str, documents: int, questions: Sequence[str], look: Look) -> str:
    """The empty page: what this is, what it knows, and questions to begin with."""
    t = look.t
    lead = t("welcome", n=documents) if documents else t("welcome_empty")
    return (
        f'<div class="welcome"><div class="w-title">{inert(title)}</div><p>{lead}</p>'
        f"{suggestions_html(questions, t('try_asking'))}</div>"
    )


def _terms(title: str, terms: Sequence[str], kind: str) -> str:
    shown = "".join(f'<span class="term term-{kind}">{inert(term)}</span>' for term in terms)
    return f'<div class="terms"><span class="terms-title">{title}</span>{shown}</div>'


def _nearest(answer: Answer, ids: Sequence[str], look: Look, changes: Changes) -> str:
    retrieved = {r.passage_id: r for r in answer.retrieved}
    places = {(retrieved[i].document_id, retrieved[i].heading): retrieved[i] for i in reversed(ids) if i in retrieved}
    rows = [r for r in (retrieved[i] for i in ids if i in retrieved) if places[r.document_id, r.heading] is r][:3]
    if not rows:
        return ""
    items = "".join(
        f'<li>{_document(r, look, changes)} <span class="where">{where_html(r.heading, r.page, r.published, look, r.document)}</span></li>'
        for r in rows
    )
    return f'<div class="nearest"><div class="ev-title">{look.t("nearest")}</div><ul>{items}</ul></div>'


def _document(row: Retrieved, look: Look, changes: Changes) -> str:
    change = changes.get(row.document_id)
    if change == "removed":
        return f'{inert(row.document)} <span class="where">{look.t("document_removed")}</span>'
    url = reader_url(look.base, row.document_id, row.start, row.end, row.document_sha256)
    since = f' <span class="where">{look.t("document_changed")}</span>' if change else ""
    return f'<a class="open" target="_blank" href="{url}">{inert(row.document)}</a>{since}'
