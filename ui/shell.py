"""The frame around the chat, rendered on the server: header, side panel, history drawer, and what ui.js needs.

It is on screen before Gradio's own script has loaded, so the first thing seen is ours, in the right language.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass

from starlette.requests import Request

from errors import WenjuError
from ui.document_html import sign_out_html
from ui.settings import UiSettings
from ui.texts import Texts
from ui.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Frame:
    """What one rendering of the frame depends on."""

    viewer: Viewer | None
    lang: str
    embed: bool
    boot: str
    ready: bool
    failure: str
    documents: int
    history: bool
    session: str


def frame_of(request: Request, settings: UiSettings, viewer: Viewer | None, boot: str, ready: bool, failure: str, documents: int, history: bool) -> Frame:  # fmt: skip
    """Read language and embedding from the page's address."""
    query = request.query_params
    lang = query.get("lang", settings.lang)
    return Frame(
        viewer=viewer,
        lang=lang if lang in ("zh", "en") else settings.lang,
        embed=query.get("embed") == "1",
        boot=boot,
        ready=ready,
        failure=failure,
        documents=documents,
        history=history and viewer is not None and not viewer.may_only_ask,
        session=str(request.scope.get("wenju.embed", "")),
    )


def shell_html(frame: Frame, settings: UiSettings) -> str:
    """Header, panel, drawer, live region and the configuration as inert JSON."""
    t = Texts(frame.lang)
    base = settings.root_path
    title = html.escape(settings.title)
    config = {
        "base": base,
        "lang": frame.lang,
        "embed": frame.embed,
        "boot": frame.boot,
        "ready": frame.ready,
        "history": frame.history,
        "known": frame.viewer is not None,
        "session": frame.session,
        "texts": t.script(),
    }
    data = json.dumps(config, ensure_ascii=False).replace("<", "\\u003c")
    early = f'<script src="{base}/static/embed_session.js"></script>' if frame.session else ""
    head = "" if frame.embed else _header(frame, t, title, base, sign_out_html(settings, frame.viewer, t))
    loading = ""
    if not frame.ready:
        kind = ' class="failed" role="alert"' if frame.failure else ' role="status"'
        loading = f'<div id="wj-loading"{kind}>{html.escape(frame.failure or t("loading"))}</div>'
    return (
        f'<script type="application/json" id="wj-config">{data}</script>{early}'
        f'<a class="skip" href="#wj-box">{t("skip")}</a>'
        f'<div id="wj-banner" role="alert" hidden></div>{head}{loading}'
        f'<div id="wj-live" class="vh" role="status" aria-live="polite"></div>{_panel(t)}'
        f"{_drawer(t) if frame.history else ''}{_feedback(t)}"
    )


def failure_text(failure: WenjuError | None, viewer: Viewer | None, t: Texts) -> str:
    """What the page says when the models could not be loaded; "" while they may still. Administrators read the reason
    and the next step, everyone else whom to ask: reasons name files."""
    if failure is None:
        return ""
    if viewer is None or not viewer.administers:
        return t("models_failed")
    return t("models_failed_why", reason=failure.message, hint=failure.hint or t("see_log"))


def _header(frame: Frame, t: Texts, title: str, base: str, out: str) -> str:
    documents = html.escape(t("based_on", n=frame.documents)) if frame.documents else ""
    history = f'<button id="wj-history" class="h-btn" aria-expanded="false">{t("history")}</button>' if frame.history else ""
    menu = ""
    if frame.history:
        menu = (
            f'<details class="menu"><summary class="h-btn">{t("keep")}</summary><div class="menu-list">'
            f'<button data-do="export-docx">{t("export_docx")}</button>'
            f'<button data-do="export-md">{t("export_md")}</button><button data-do="export-html">{t("export_html")}</button>'
            f'<button data-do="export-json">{t("export_json")}</button><button data-do="print">{t("print")}</button>'
            f'<button data-do="share">{t("share")}</button>{out}</div></details>'
        )
    return (
        f'<header id="wj-head"><div class="brand"><span class="logo" aria-hidden="true">{title[:1]}</span>'
        f'<span class="name">{title}</span><span class="based">{documents}</span></div><nav aria-label="{t("nav")}">'
        f'<button id="wj-new" class="h-btn">{t("new_chat")}</button>{history}{menu}'
        f'<a class="h-btn" href="{base}/documents">{t("documents")}</a>'
        f'<button id="wj-theme" class="h-btn">{t("theme")}</button>{out}</nav></header>'
    )


def _panel(t: Texts) -> str:
    return (
        f'<aside id="wj-panel" aria-label="{t("panel")}"><div class="p-head"><h2>{t("panel")}</h2></div>'
        f'<div id="wj-panel-body" tabindex="0"><p class="p-empty">{t("panel_empty")}</p></div></aside>'
    )


def _drawer(t: Texts) -> str:
    return (
        f'<section id="wj-drawer" role="dialog" aria-label="{t("history")}" hidden><div class="d-head">'
        f'<h2>{t("history")}</h2><button class="h-btn" data-do="close-drawer">{t("close")}</button></div>'
        f'<input id="wj-search" type="search" placeholder="{t("history_search")}" aria-label="{t("history_search")}">'
        f'<ul id="wj-list"></ul></section>'
    )


def _feedback(t: Texts) -> str:
    reasons = "".join(
        f'<label><input type="checkbox" name="reason" value="{key}"> {t("reason_" + key)}</label>'
        for key in ("wrong_answer", "wrong_evidence", "incomplete", "gap", "other")
    )
    return (
        f'<dialog id="wj-feedback" aria-label="{t("feedback_title")}"><form method="dialog"><h2>{t("feedback_title")}</h2>'
        f'<div class="reasons">{reasons}</div><textarea name="comment" rows="3" maxlength="1000" '
        f'placeholder="{t("feedback_comment")}" aria-label="{t("feedback_comment")}"></textarea>'
        f'<div class="f-acts"><button value="cancel" class="h-btn">{t("cancel")}</button>'
        f'<button value="send" class="primary">{t("feedback_send")}</button></div></form></dialog>'
    )
