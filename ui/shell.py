"""The frame around the chat, rendered on the server: header, side panel, history drawer, and what ui.js needs.

It is on screen before Gradio's own script has loaded, so the first thing seen is ours, in the right language.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from errors import WenjuError
from ui.pages import PAGES
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
    config = {
        "base": settings.root_path,
        "lang": frame.lang,
        "embed": frame.embed,
        "boot": frame.boot,
        "ready": frame.ready,
        "history": frame.history,
        "known": frame.viewer is not None,
        "session": frame.session,
        "texts": t.script(),
    }
    return PAGES.render("shell.html", frame=frame, settings=settings, viewer=frame.viewer, t=t, config=config)


def failure_text(failure: WenjuError | None, viewer: Viewer | None, t: Texts) -> str:
    """What the page says when the models could not be loaded; "" while they may still. Administrators read the reason
    and the next step, everyone else whom to ask: reasons name files."""
    if failure is None:
        return ""
    if viewer is None or not viewer.administers:
        return t("models_failed")
    return t("models_failed_why", reason=failure.message, hint=failure.hint or t("see_log"))
