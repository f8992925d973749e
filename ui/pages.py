"""Our own pages: what every one of them has (ui/templates/page.html) around what it is for."""

from __future__ import annotations

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
    t = Texts(lang)
    return PAGES.render(
        template, title=title, settings=settings, t=t, viewer=viewer, current=current, script=script, **values
    )
