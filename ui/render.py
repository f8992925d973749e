"""An Answer as one line of HTML for a chat message. Pure functions: same input, same output, nothing looked up.

Everything that others wrote goes through ui.escape. Ids follow one scheme that ui.js relies on: a message is
``<aid>``, its evidence ``<aid>-ev``, source n ``<aid>-s<n>``, a passage that is not cited ``<aid>-u<n>``.
Spoken alternatives are visually hidden text (class ``vh``), since the chat component strips aria attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from qa.types import Answer, Note
from ui.changes import Changes, cited_changes
from ui.citations import Piece, Source, retrieved_pieces, sources, uncited
from ui.escape import inert
from ui.layout import Listing, Table, claims, layout
from ui.look import Look as Look
from ui.render_body import body_html, chips_html

MADE = ("quoted", "computed", "draft", "dropped", "truncated")
"""Notes on how the answer was made. They come once, and below it, where they push nothing away when it is complete."""


def question_html(text: str, aid: str, look: Look) -> str:
    """What was typed, with buttons to edit it (and, on the last one, to take it back)."""
    t = look.t
    return (
        f'<div class="ask" id="{aid}-q"><span class="ask-text">{inert(text)}</span>'
        f'<span class="ask-acts"><button class="act act-edit">{t("edit")}</button>'
        f'<button class="act act-undo">{t("undo")}</button></span></div>'
    )


def answer_html(
    answer: Answer, aid: str, look: Look, *, extra: str = "", waiting: str = "", stopped: bool = False, changes: Changes | None = None
) -> str:  # fmt: skip
    """The message: notes, sentences with chips, status or verdict, evidence, and buttons once it is complete.

    ``waiting`` replaces the stage's own status text; ``extra`` (rendered suggestions) goes to the end;
    ``stopped`` renders an answer that was cut short as it stands; ``changes`` marks documents that are no longer
    what they were when it was given.
    """
    t = look.t
    changes = changes or {}
    numbered = sources(answer, changes)
    done = answer.stage == "done" or stopped
    parts = [f'<div class="answer {"done" if done else "live"} stage-{answer.stage}" id="{aid}">']
    if answer.query and answer.query != answer.question:
        parts.append(_searched(answer, look, done=done))
    parts.append(_changed(answer, changes, look))
    if answer.refusal is not None and done:
        from ui.render_refusal import refusal_html

        parts.append(refusal_html(answer, aid, look, changes))
    else:
        parts.extend(note_html(note, numbered, aid, look) for note in answer.notes if note.kind not in MADE)
        parts.append(body_html(answer, numbered, aid, look, streaming=not done))
        parts.extend(note_html(note, numbered, aid, look) for note in _made(answer.notes))
    if not done:  # where the verdict will stand: nothing moves when it comes
        parts.append(f'<div class="status"><span class="dot"></span>{inert(waiting or t("stage_" + answer.stage))}</div>')
    elif stopped:
        parts.append(f'<div class="stopped">{t("stopped")}</div>')
    elif answer.refusal is None and not answer.talk:
        parts.append(_verdict(answer, look))
    parts.append(evidence_html(answer, numbered, aid, look, changes))
    if done:
        parts.append(_actions(answer, look))
        parts.append(extra)
    parts.append("</div>")
    return "".join(parts)


def evidence_html(answer: Answer, numbered: Sequence[Source], aid: str, look: Look, changes: Changes) -> str:
    """The passages: cited ones numbered and marked, then those found but not cited, folded."""
    if not answer.retrieved and not numbered:
        return ""
    t = look.t
    rest = uncited(answer)
    parts = [f'<div class="evidence" id="{aid}-ev">']
    if numbered:
        parts.append(f'<div class="ev-title">{t("evidence", n=len(numbered))}</div>')
        for source in numbered:
            parts.append(
                _passage(
                    f"{aid}-s{source.number}", str(source.number), source.document_id, source.document,
                    source.heading, source.page, source.published, source.superseded, source.pieces,
                    source.quotes[0].start, source.quotes[0].end, source.quotes[0].document_sha256, source.change, look,
                )
            )  # fmt: skip
    if rest:
        key = "found_rest" if numbered or answer.refusal else "found"
        shown = [
            _passage(
                f"{aid}-u{n}", "", r.document_id, r.document, r.heading, r.page, r.published, r.superseded,
                retrieved_pieces(r), r.start, r.end, r.document_sha256, changes.get(r.document_id, ""), look,
            )
            for n, r in enumerate(rest, 1)
        ]  # fmt: skip
        title = f'<div class="ev-title">{t(key, n=len(rest))}</div>'
        if numbered or answer.refusal is not None:
            shown_html = "".join(shown)
            parts.append(f'<details class="ev-rest"><summary>{t(key, n=len(rest))}</summary>{shown_html}</details>')
        else:
            parts.append(title + "".join(shown))
    parts.append("</div>")
    return "".join(parts)


def reader_url(base: str, document_id: str, start: int, end: int, sha256: str = "") -> str:
    """Address of the reader with a span marked and scrolled to; ``sha256`` of the text that the span is cut from."""
    version = f"&v={quote(sha256[:16], safe='')}" if sha256 else ""
    return f"{base}/documents/{quote(document_id, safe='')}?start={start}&end={end}{version}#span"


def pieces_html(pieces: Sequence[Piece]) -> str:
    """Passage text with every cited run in <mark>, carrying the indexes of its quotes as classes k0, k1, ..."""
    out = []
    for piece in pieces:
        text = inert(piece.text)
        if piece.marks:
            classes = " ".join(f"k{i}" for i in piece.marks)
            text = f'<mark class="{classes}">{text}</mark>'
        out.append(text)
    return "".join(out)


def below_title(heading: Sequence[str], document: str) -> list[str]:
    """A heading path as it is shown beside the document's title: without a first heading that repeats the title, and
    without the dashes before a subtitle."""
    path = [h for i, h in enumerate(heading) if i or h != document]
    return [h.lstrip("—–-─ ") or h for h in path]


def where_html(
    heading: Sequence[str], page: int | None, published: str | None, look: Look, document: str = ""
) -> str:
    """Heading path, page and date on one line; a first heading that repeats the document's title is left out."""
    path = below_title(heading, document)
    parts = [inert(" › ".join(path))] if path else []
    if page is not None:
        parts.append(look.t("page", page=page))
    if published:
        parts.append(look.t("published", date=inert(published)))
    return '<span class="sep"> · </span>'.join(parts)


def note_html(note: Note, numbered: Sequence[Source], aid: str, look: Look) -> str:
    """Something the reader must know: two passages disagree, a document is superseded, ..."""
    t = look.t
    known = ("conflict", "superseded", "premise", "date", "memory", "quoted", "truncated", "computed", "spelling", "draft")
    title = t("note_" + note.kind) if note.kind in known else t("note")
    chips = chips_html(note.citations, numbered, aid, look)
    kind = note.kind if note.kind in (*known, "dropped") else "other"
    return f'<div class="note note-{kind}"><strong>{title}</strong> {inert(note.message)}{chips}</div>'


def _passage(
    element_id: str, number: str, document_id: str, document: str, heading: tuple[str, ...], page: int | None,
    published: str | None, superseded: bool, pieces: Sequence[Piece], start: int, end: int, sha256: str,
    change: str, look: Look,
) -> str:  # fmt: skip
    t = look.t
    badge = f'<span class="num"><span class="vh">{t("source")}</span>{number}</span>' if number else ""
    old = f'<span class="old">{t("superseded")}</span>' if superseded else ""
    where = where_html(heading, page, published, look, document)
    since = f'<span class="old since">{t("document_" + change)}</span>' if change else ""
    url = reader_url(look.base, document_id, start, end, sha256)
    link = f'<a class="open" href="{url}" target="_blank">{t("open_original")}</a>' if change != "removed" else ""
    return (
        f'<details class="ev" id="{element_id}"><summary>{badge}<span class="doc">{inert(document)}</span>{old}{since}'
        f'<span class="where">{where}</span></summary>'
        f"<blockquote>{pieces_html(pieces)}</blockquote>{link}</details>"
    )


def _changed(answer: Answer, changes: Changes, look: Look) -> str:
    """One calm line above an answer whose documents are no longer what it was drawn from."""
    found = cited_changes(answer, changes)
    if not found:
        return ""
    t = look.t
    named = t("listed").join(t("since_" + how, title=inert(title)) for title, how in found.items())
    return f'<div class="note note-since"><strong>{t("note_since")}</strong> {t("since", named=named)}</div>'


def _searched(answer: Answer, look: Look, *, done: bool) -> str:
    """What was searched in place of what was typed, and a click to search just that."""
    t = look.t
    again = f'<button class="act act-alone">{t("search_typed")}</button>' if done and answer.kind != "order" else ""
    return f'<div class="searched">{t("searched", query="")}<q>{inert(answer.query)}</q>{again}</div>'


def _made(notes: Sequence[Note]) -> list[Note]:
    """Notes on how the answer was made, each kind and text once, with the citations of all."""
    merged: dict[tuple[str, str], Note] = {}
    for note in notes:
        if note.kind in MADE:
            key = (note.kind, note.message if note.kind == "dropped" else "")
            first = merged.get(key, note)
            merged[key] = replace(first, citations=tuple(dict.fromkeys((*first.citations, *note.citations))))
    return list(merged.values())


def _verdict(answer: Answer, look: Look) -> str:
    t = look.t
    blocks = layout(answer)
    said = claims(blocks)
    n = len(said)
    good = sum(s.state == "supported" for s in said)
    level = "ok" if n and good == n else "some" if good else "none"
    form = "_lines" if any(isinstance(block, Listing | Table) for block in blocks) else ""
    text = {
        "ok": lambda: t(f"verdict_ok{form}", n=n) if n > 1 else t("verdict_one"),
        "some": lambda: t(f"verdict_some{form}", n=n, good=good),
        "none": lambda: t("verdict_none"),
    }[level]()
    total = answer.timings.get("total")
    seconds = t("took", seconds=f"{total:.1f}") if total and total >= 0.1 else t("took_no_time")
    took = f'<span class="took">{seconds}</span>' if total else ""
    return f'<div class="verdict v-{level}"><span class="v-icon"></span>{text}{took}</div>' if n else ""


def _actions(answer: Answer, look: Look) -> str:
    from ui.export import clipboard

    t = look.t
    copies = ""
    if answer.refusal is None and answer.sentences:
        copies = (
            f'<button class="act act-copy">{t("copy")}</button><button class="act act-copymd">{t("copy_md")}</button>'
            f'<button class="act act-word">{t("word")}</button>'
            f'<pre class="clip clip-text">{inert(clipboard(answer, look.lang), "&#10;")}</pre>'
            f'<pre class="clip clip-md">{inert(clipboard(answer, look.lang, markdown=True), "&#10;")}</pre>'
        )
    return (
        f'<div class="acts">{copies}<button class="act act-retry">{t("retry")}</button><span class="gap"></span>'
        f'<button class="act act-up">{t("useful")}</button><button class="act act-down">{t("not_useful")}</button></div>'
    )

