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


@dataclass(frozen=True, slots=True)
class Site:
    """What a page knows of its request: the settings, and the texts in the language asked for."""

    settings: UiSettings
    t: Texts

    @classmethod
    def of(cls, settings: UiSettings, lang: str = "") -> Site:
        return cls(settings, Texts(lang or settings.lang))

    def page(
        self,
        template: str,
        title: str,
        viewer: Viewer | None = None,
        current: str = "",
        script: str = "",
        status: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """The response with a whole page, without inline scripts or styles.

        Args:
            template: one that extends ``page.html``; ``values`` are what it names besides.
            current: the page's name where it has a place in the header.
            script: of static/, run at the end.
        """
        given = {"title": title, "settings": self.settings, "t": self.t, "viewer": viewer}
        made = PAGES.render(template, **given, current=current, script=script, **values)
        return HTMLResponse(made, status)


def _site(request: Request, lang: str = "") -> Site:
    return Site.of(request.app.state.settings, lang)


ThisSite = Annotated[Site, Depends(_site)]
