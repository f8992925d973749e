"""Server-rendered pages around documents: the frame, the list, search results, the reader. Pure functions."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

from index.loaders import SUFFIXES
from index.shown import GAPS, NOT_READ, not_read
from index.types import Document, Hit, Passage
from ui.render import below_title
from ui.settings import UiSettings
from ui.store import Missed
from ui.texts import Texts
from ui.viewer import Viewer

e = html.escape


def page_html(title: str, body: str, settings: UiSettings, lang: str, viewer: Viewer | None, *, current: str = "", script: str = "") -> str:  # fmt: skip
    """A whole page: header with the way back to the chat, then ``body`` (HTML). No inline script or style."""
    t = Texts(lang)
    base = settings.root_path
    links = [] if current == "sign-in" else [("chat", f"{base}/chat/", t("back_to_chat")), ("documents", f"{base}/documents", t("documents"))]
    if viewer is not None and viewer.administers:
        links.append(("missed", f"{base}/documents/missed", t("missed_short")))
    nav = "".join(
        f'<a class="h-btn" href="{url}"{" aria-current=page" if key == current else ""}>{e(name)}</a>'
        for key, url, name in links
    )
    tail = f'<script src="{base}/static/{script}" defer></script>' if script else ""
    return (
        f'<!doctype html><html lang="{"en" if t.lang == "en" else "zh-CN"}" data-base="{e(base)}" data-theme="{settings.theme}"><head>'
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{e(title)} · {e(settings.title)}</title>"
        f'<link rel="icon" href="{base}/static/icon.svg" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{base}/static/pages.css"><script src="{base}/static/theme.js"></script>{tail}</head>'
        f'<body><header class="bar"><a class="brand" href="{base}/chat/"><span class="logo" aria-hidden="true">'
        f'{e(settings.title[:1])}</span><span class="name">{e(settings.title)}</span></a>'
        f'<nav aria-label="{e(t("nav"))}">{nav}{sign_out_html(settings, viewer, t)}</nav></header><main><h1>{e(title)}</h1>{body}</main></body></html>'
    )


def sign_out_html(settings: UiSettings, viewer: Viewer | None, t: Texts) -> str:
    """The button that ends a session, where sign-on gives one (token, oidc); nothing elsewhere."""
    if viewer is None or viewer.may_only_ask or settings.auth not in ("token", "oidc"):
        return ""
    name = e(t("sign_out_of", name=viewer.name))
    return (
        f'<form class="out" method="post" action="{settings.root_path}/sign-out">'
        f'<button class="h-btn" title="{name}" aria-label="{name}">{e(t("sign_out"))}</button></form>'
    )


def list_html(documents: Sequence[tuple[Document, Sequence[Passage]]], replaced: Collection[str], lang: str, base: str, *, administers: bool, copies: Collection[str] = ()) -> str:  # fmt: skip
    """The table of documents with their passages counted; ``replaced`` holds ids and titles of superseded ones, ``copies``
    the ids of those that are copies of another.

    Documents may come without their text. Administrators get the buttons.
    """
    t = Texts(lang)
    if not documents:
        return f'<p class="empty">{e(t("no_documents"))}</p>'
    rows = []
    for document, passages in documents:
        old = document.id in replaced or document.title in replaced
        state = f'<span class="tag tag-old">{e(t("superseded"))}</span>' if old else f'<span class="tag">{e(t("indexed"))}</span>'
        state += f' <span class="tag">{e(t("copy_of"))}</span>' if document.id in copies else ""
        if gaps := _unread(document, t, GAPS):
            state += f' <span class="tag tag-old" title="{e("; ".join(gaps))}">{e(t("partly_read"))}</span>'
        acts = f'<td><button class="danger" data-delete="{e(document.id)}" data-title="{e(document.title)}">{e(t("delete"))}</button></td>' if administers else ""
        rows.append(
            f'<tr><td><a href="{base}/documents/{e(document.id)}">{e(document.title)}</a><div class="muted">{e(" · ".join(filter(None, (document.number, document.source))))}'
            f'<span class="slim"> · {e(document.published or "—")}</span></div></td>'
            f'<td class="num wide">{e(document.published or "—")}</td><td class="num wide">{len(passages)}</td>'
            f'<td class="num wide">{sum(len(p.text) for p in passages):,}</td><td>{state}</td>{acts}</tr>'
        )
    names = ["title", "date", "paragraphs", "characters", "state"] + (["actions"] if administers else [])
    wide = ("date", "paragraphs", "characters")
    head = "".join(f'<th scope="col"{" class=wide" if name in wide else ""}>{e(t("col_" + name))}</th>' for name in names)
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def pages_html(page: int, last: int, t: Texts) -> str:
    """Links to the neighbouring pages of the list; nothing when there is only one."""
    if last < 2:
        return ""
    links = "".join(
        f'<a class="h-btn" href="?page={n}">{e(t(key))}</a>'
        for n, key in ((page - 1, "page_before"), (page + 1, "page_after"))
        if 1 <= n <= last
    )
    return f'<nav class="pages" aria-label="{e(t("pages"))}"><span class="muted">{page} / {last}</span>{links}</nav>'


def search_html(query: str, hits: Sequence[Hit] | None, lang: str, base: str) -> str:
    """The search box and, once something was searched, the passages found with what they share with the query marked."""
    t = Texts(lang)
    form = (
        f'<form class="search" action="{base}/documents" method="get" role="search"><input type="search" name="q" '
        f'value="{e(query)}" placeholder="{e(t("search_placeholder"))}" aria-label="{e(t("search_placeholder"))}" maxlength="500">'
        f'<button class="primary">{e(t("search"))}</button></form>'
    )
    if hits is None:
        return form
    if not hits:
        return f'{form}<p class="empty">{e(t("search_none"))}</p>'
    items = []
    for hit in hits:
        p = hit.passage
        path = below_title(p.heading, hit.document.title)
        more = [t("n_copies", n=len(hit.copies))] if hit.copies else []
        where = " · ".join([*([" › ".join(path)] if path else []), *([t("page", page=p.page)] if p.page else []), *more])
        items.append(
            f'<li><a href="{base}/documents/{e(p.document_id)}?start={p.start}&amp;end={p.end}#span">{e(hit.document.title)}</a>'
            f'<div class="muted">{e(where)}</div><p>{_shared(p.text, query)}</p></li>'
        )
    return f'{form}<p class="muted">{e(t("search_found", n=len(hits)))}</p><ol class="hits">{"".join(items)}</ol>'


def _shared(text: str, query: str) -> str:
    """The text, escaped, with the longest runs of two or more characters that it has in common with the query marked."""
    wanted, have = query.casefold(), text.casefold()
    if len(have) != len(text):  # case folding that changes lengths: places would no longer fit
        return e(text)
    out: list[str] = []
    at = plain = 0
    while at < len(text):
        end = at
        while end < len(text) and have[at : end + 1] in wanted:
            end += 1
        if end - at < 2 or not have[at:end].strip():
            at += 1
            continue
        out.append(f"{e(text[plain:at])}<mark>{e(text[at:end])}</mark>")
        at = plain = end
    return "".join(out) + e(text[plain:])


def reader_html(document: Document, passages: Sequence[Passage], lang: str, base: str, span: tuple[int, int] | None, *, original: bool) -> str:  # fmt: skip
    """The stored text in its blocks, with headings, page marks and the span marked (#span on its first piece)."""
    t = Texts(lang)
    facts = [document.source]
    if document.published:
        facts.append(t("published", date=document.published))
    if document.weak_date:
        facts.append(t("date_of_properties"))
    if document.number:
        facts.append(t("document_number", number=document.number))
    facts.append(t("n_paragraphs", n=len(passages)))
    facts += _unread(document, t)
    page = document.page_of(span[0]) if span else None
    links = ""
    if original:
        place = f"#page={page}" if page and document.media_type == "application/pdf" else ""
        links = f'<a class="h-btn" href="{base}/documents/{e(document.id)}/original{place}" target="_blank" rel="noopener">{e(t("open_file"))}</a>'
    toc = _contents(document, t)
    blocks = _blocks(document)
    if blocks and blocks[0][2] and document.text[blocks[0][0] : blocks[0][1]].strip() == document.title and not document.pages:
        blocks = blocks[1:]  # the title is the page's heading already
    body = "".join(_block(document, start, end, level, span, t) for start, end, level in blocks)
    return f'<p class="muted facts">{e(" · ".join(facts))} {links}</p>{toc}<article class="reader">{body}</article>'


def _unread(document: Document, t: Texts, kinds: Collection[str] = NOT_READ) -> list[str]:
    """What of the document was not read or left out, for the eye."""
    return [t(f"unread_{name}", n=value) for name, value in not_read(document).items() if name in kinds]


def missed_html(missed: Sequence[Missed], lang: str) -> str:
    """Questions of the last weeks that the documents did not answer."""
    t = Texts(lang)
    if not missed:
        return f'<p class="empty">{e(t("missed_none"))}</p>'
    rows = "".join(
        f'<tr><td>{e(m.question)}</td><td class="num">{m.count}</td><td>{e(t("refused_" + m.reason))}</td>'
        f'<td class="num">{e(m.last_at[:10])}</td></tr>'
        for m in missed
    )
    head = "".join(f'<th scope="col">{e(t("col_" + k))}</th>' for k in ("question", "times", "reason", "last"))
    return f'<p class="muted">{e(t("missed_lead"))}</p><div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def upload_html(lang: str, limit_mb: int) -> str:
    """The administrator's drop zone; static/documents.js does the rest."""
    t = Texts(lang)
    texts = "".join(f' data-{k}="{e(t("up_" + k))}"' for k in ("waiting", "sending", "indexing", "done", "failed", "confirm"))
    return (
        f'<section class="admin" id="admin"{texts} data-limit="{limit_mb}"><label class="drop" id="drop"><input type="file" id="files" '
        f'multiple accept="{",".join(SUFFIXES)}"><strong>{e(t("drop"))}</strong>'
        f'<span class="muted">{e(t("drop_hint", mb=limit_mb))}</span></label>'
        f'<ul id="jobs" aria-live="polite"></ul><button class="h-btn" id="reindex">{e(t("reindex"))}</button></section>'
    )


def _blocks(document: Document) -> list[tuple[int, int, int]]:
    """Blocks of the text, gaps between them included, so that nothing stored goes unshown."""
    out: list[tuple[int, int, int]] = []
    position = 0
    for block in document.blocks:
        if document.text[position : block.start].strip():
            out.append((position, block.start, 0))
        out.append((max(block.start, position), block.end, block.level))
        position = max(position, block.end)
    if document.text[position:].strip():
        out.append((position, len(document.text), 0))
    return out


def _block(document: Document, start: int, end: int, level: int, span: tuple[int, int] | None, t: Texts) -> str:
    text = document.text
    low, high = (max(start, span[0]), min(end, span[1])) if span else (end, end)
    if span is None or low >= high:
        inner = e(text[start:end])
    else:
        anchor = ' id="span"' if low == max(span[0], start) and span[0] >= start else ""
        inner = f"{e(text[start:low])}<mark{anchor}>{e(text[low:high])}</mark>{e(text[high:end])}"
    pages = [n for n, at in enumerate(document.pages, 1) if start <= at < end or at == start]
    marks = "".join(f'<span class="pagemark" id="p{n}">{e(t("page", page=n))}</span>' for n in pages)
    tag = f"h{min(level + 1, 6)}" if level else "p"
    return f'{marks}<{tag} id="o{start}">{inner.strip()}</{tag}>'


def _contents(document: Document, t: Texts) -> str:
    heads = [b for b in document.blocks if b.level and document.text[b.start : b.end].strip() != document.title]
    if len(heads) < 3:
        return ""
    items = "".join(
        f'<li class="l{min(b.level, 3)}"><a href="#o{b.start}">{e(document.text[b.start:b.end].strip())}</a></li>' for b in heads[:200]
    )
    return f'<details class="toc"><summary>{e(t("contents"))}</summary><ul>{items}</ul></details>'
