"""Our own pages: what every one of them has (ui/templates/page.html) around what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from prompts.templating import Templates
from ui.escape import lines, plain
from ui.settings import UiSettings
from ui.texts import Texts
from ui.viewer import Viewer

PAGES = Templates("ui", lines=lines, plain=plain)


def page(
    template: str,
    title: str,
    settings: UiSettings,
    lang: str,
    viewer: Viewer | None,
    *,
    current: str = "",
    script: str = "",
    **values: object,
) -> str:
    """A whole page without inline scripts or styles.

    Args:
        template: one that extends ``page.html``; ``values`` are what it names besides.
        current: the page's name where it has a place in the header.
        script: of static/, run at the end.
    """
    given = {"title": title, "settings": settings, "t": Texts(lang), "viewer": viewer}
    return PAGES.render(template, **given, current=current, script=script, **values)


@dataclass(frozen=True, slots=True)
class Site:
    """What a page's route knows of its request: the settings, and the texts in the language asked for."""

    settings: UiSettings
    t: Texts

    def page(
        self,
        template: str,
        title: str,
        viewer: Viewer | None,
        current: str = "",
        script: str = "",
        **values: object,
    ) -> HTMLResponse:
        """The response with a whole page, see there."""
        lang = self.t.lang
        made = page(template, title, self.settings, lang, viewer, current=current, script=script, **values)
        return HTMLResponse(made)


def _site(request: Request, lang: str = "") -> Site:
    settings: UiSettings = request.app.state.settings
    return Site(settings, Texts(lang or settings.lang))


ThisSite = Annotated[Site, Depends(_site)]
