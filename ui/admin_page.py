"""/admin: what administrators see of how the program is used, and the same tables as CSV (names only while
audit is on); /admin/warnings: what reading the documents left to be looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from ui.actions import note
from ui.figures import Sheet, Span, free, sheets, to_csv, totals
from ui.page_routes import Kept, from_our_page
from ui.pages import page
from ui.roles import Administrator
from ui.settings import UiSettings
from ui.store import Store
from ui.texts import Texts
from ui.warned import Group, groups

WEEKS = (4, 12, 52)
SHOWN = 20
"""Rows of a table on the page; the export has all."""
LISTED = 100
"""Warnings of one kind that are listed; those behind them come up as these are seen to."""
Weeks = Annotated[int, Query(ge=1, le=520)]
router = APIRouter(prefix="/admin", include_in_schema=False)


@router.get("")
def overview(request: Request, viewer: Administrator, weeks: Weeks = 4, lang: str = "") -> HTMLResponse:
    """The page."""
    settings: UiSettings = request.app.state.settings
    t = Texts(lang or settings.lang)
    note(request, viewer, "read_figures", f"{weeks} weeks")
    span = _span(request, weeks)
    gigabytes = free(request.app.state.engine.settings.data) / 2**30
    tiles = totals(span) | {"free": f"{gigabytes:.1f} GB"}
    shown = page(
        "admin.html",
        t("admin"),
        settings,
        t.lang,
        viewer,
        current="admin",
        tiles=tiles,
        sheets=_sheets(request, span, t),
        weeks=weeks,
        choices=WEEKS,
        first=SHOWN,
        names=span.names,
        warned=sum(len(group.open) for group in _groups(request, t)),
    )
    return HTMLResponse(shown)


class Marks(BaseModel):
    """Warnings that were seen, or are to be listed again."""

    marks: list[Annotated[str, Field(max_length=64)]] = Field(max_length=100_000)
    seen: bool = True


@router.get("/warnings")
def warnings(request: Request, viewer: Administrator, lang: str = "") -> HTMLResponse:
    """What reading the documents left to be looked at, and what to do about it."""
    settings: UiSettings = request.app.state.settings
    t = Texts(lang or settings.lang)
    found = _groups(request, t)
    shown = page(
        "warnings.html",
        t("warned"),
        settings,
        t.lang,
        viewer,
        current="admin",
        script="documents.js",
        groups=found,
        seen=[one for group in found for one in group.seen],
        first=LISTED,
        kept=request.app.state.store is not None,
        uploads=settings.originals is not None,
    )
    return HTMLResponse(shown)


@router.post("/warnings/seen", dependencies=[Depends(from_our_page)])
def seen(body: Marks, request: Request, viewer: Administrator, store: Kept) -> dict[str, bool]:
    """Mark warnings as seen, or take that back."""
    store.mark_seen(body.marks, body.seen)
    note(request, viewer, "warnings_seen", f"{len(body.marks)}" if body.seen else f"-{len(body.marks)}")
    return {"ok": True}


@router.get("/{name}.csv")
def export(name: str, request: Request, viewer: Administrator, weeks: Weeks = 4, lang: str = "") -> Response:
    """One of the tables, whole."""
    settings: UiSettings = request.app.state.settings
    t = Texts(lang or settings.lang)
    found = {sheet.name: sheet for sheet in _sheets(request, _span(request, weeks), t)}
    if name not in found:
        raise HTTPException(404, f"no such table; there are {', '.join(found)}")
    note(request, viewer, "read_figures", f"{name}.csv, {weeks} weeks")
    today = datetime.now(UTC).date().isoformat()
    headers = {
        "content-disposition": f'attachment; filename="wenju-{name}-{today}.csv"',
        "cache-control": "no-store",
    }
    return Response(to_csv(found[name], t), media_type="text/csv; charset=utf-8", headers=headers)


def _span(request: Request, weeks: int) -> Span:
    store: Store | None = request.app.state.store
    days = weeks * 7
    asked, feedback = (store.asked(days), store.feedback(days)) if store is not None else ((), ())
    settings: UiSettings = request.app.state.settings
    return Span.of(asked, feedback, weeks, names=settings.audit)


def _groups(request: Request, t: Texts) -> list[Group]:
    engine, store = request.app.state.engine, request.app.state.store
    documents = engine.documents() if engine.ready.get("index") else ()
    return groups(documents, engine.copies(), store.seen() if store is not None else frozenset(), t)


def _sheets(request: Request, span: Span, t: Texts) -> list[Sheet]:
    engine, settings = request.app.state.engine, request.app.state.settings
    there = engine.ready.get("index")
    documents, suspects = (engine.documents(), engine.suspects()) if there else ((), ())
    return sheets(span, documents, engine.settings.data, settings.originals, t, settings.root_path, suspects)
