"""The frame around the chat, rendered on the server: header, side panel, history drawer, and what ui.js
needs.

It is on screen before Gradio's own script has loaded, so the first thing seen is ours, in the right language.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from errors import WenjuError
from ui.pages import PAGES
from ui.settings import UiSettings
from ui.texts import LANGS, Texts
from ui.viewer import Viewer


def shell_html(
    request: Request,
    settings: UiSettings,
    viewer: Viewer | None,
    *,
    boot: str,
    ready: bool,
    failure: WenjuError | None,
    documents: int,
    collections: Mapping[str, int],
) -> str:
    """Header, panel, drawer, live region and the configuration as inert JSON; language and embedding by the
    page's address.

    One who may only ask has no history. ``collections``: sets to choose from, with how many of the
    ``documents`` each has; a frame on another page has the one that its address names.
    """
    query = request.query_params
    asked = query.get("lang", "")
    t = Texts(asked if asked in LANGS else settings.lang)
    embed, history = query.get("embed") == "1", viewer is not None and not viewer.may_only_ask
    session = str(request.scope.get("wenju.embed", ""))
    config = {
        "base": settings.root_path,
        "lang": t.lang,
        "embed": embed,
        "boot": boot,
        "ready": ready,
        "history": history,
        "known": viewer is not None,
        "session": session,
        "texts": t.unfilled("js_"),
    }
    return PAGES.render(
        "shell.html",
        settings=settings,
        viewer=viewer,
        t=t,
        config=config,
        embed=embed,
        history=history,
        session=session,
        ready=ready,
        failure=failure_text(failure, viewer, t),
        documents=documents,
        collections=collections if not embed and _a_choice(collections, documents) else {},
        chosen=query.get("collection", ""),
    )


def _a_choice(collections: Mapping[str, int], documents: int) -> bool:
    """Is there more than one set of documents to ask, that of all counted?"""
    return len(collections) > 1 or any(count < documents for count in collections.values())


def failure_text(failure: WenjuError | None, viewer: Viewer | None, t: Texts) -> str:
    """What the page says when the models could not be loaded; "" while they may still. Administrators read
    the reason and the next step, everyone else whom to ask: reasons name files."""
    if failure is None:
        return ""
    if viewer is None or not viewer.administers:
        return t("models_failed")
    reason, hint = failure.told(t.lang)
    return t("models_failed_why", reason=reason, hint=hint or t("see_log"))
