"""/admin: what administrators see of how the program is used, and the same tables as CSV (names only while
audit is on); /admin/warnings: what reading the documents left to be looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from ui.actions import note
from ui.document_warnings import Group, groups
from ui.page_routes import Kept, ours
from ui.pages import ThisSite
from ui.roles import Administrator
from ui.settings import UiSettings
from ui.storage import Store
from ui.texts import Texts
from ui.usage import Sheet, Span, free, sheets, to_csv, totals

WEEKS = (4, 12, 52)
SHOWN = 20
"""Rows of a table on the page; the export has all."""
LISTED = 100
"""Warnings of one kind that are listed; those behind them come up as these are seen to."""
Weeks = Annotated[int, Query(ge=1, le=520)]
router = APIRouter(prefix="/admin", include_in_schema=False)


@router.get("")
def overview(request: Request, viewer: Administrator, site: ThisSite, weeks: Weeks = 4) -> HTMLResponse:
    """The page."""
    note(request, viewer, "read_figures", f"{weeks} weeks")
    span = _span(request, weeks)
    left = free(request.app.state.engine.settings.data)
    tiles = totals(span) | {"free": f"{left / 2**30:.1f} GB" if left else "—"}
    return site.page(
        "admin.html",
        site.t("admin"),
        viewer,
        current="admin",
        tiles=tiles,
        sheets=_sheets(request, span, site.t),
        weeks=weeks,
        choices=WEEKS,
        first=SHOWN,
        names=span.names,
        warned=sum(len(group.open) for group in _groups(request, site.t)),
    )


class Marks(BaseModel):
    """Warnings that were seen, or are to be listed again."""

    marks: list[Annotated[str, Field(max_length=64)]] = Field(max_length=100_000)
    seen: bool = True


@router.get("/warnings")
def warnings(request: Request, viewer: Administrator, site: ThisSite) -> HTMLResponse:
    """What reading the documents left to be looked at, and what to do about it."""
    found = _groups(request, site.t)
    return site.page(
        "warnings.html",
        site.t("warned"),
        viewer,
        current="admin",
        script="documents.js",
        groups=found,
        seen=[one for group in found for one in group.seen],
        first=LISTED,
        uploads=site.settings.originals is not None,
    )


@router.post("/warnings/seen", dependencies=[ours])
def seen(body: Marks, request: Request, viewer: Administrator, store: Kept) -> dict[str, bool]:
    """Mark warnings as seen, or take that back."""
    store.mark_seen(body.marks, body.seen)
    note(request, viewer, "warnings_seen", f"{len(body.marks)}" if body.seen else f"-{len(body.marks)}")
    return {"ok": True}


@router.get("/{name}.csv")
def export(name: str, request: Request, viewer: Administrator, site: ThisSite, weeks: Weeks = 4) -> Response:
    """One of the tables, whole."""
    found = {sheet.name: sheet for sheet in _sheets(request, _span(request, weeks), site.t)}
    if name not in found:
        raise HTTPException(404, f"no such table; there are {', '.join(found)}")
    note(request, viewer, "read_figures", f"{name}.csv, {weeks} weeks")
    today = datetime.now(UTC).date().isoformat()
    headers = {
        "content-disposition": f'attachment; filename="wenju-{name}-{today}.csv"',
        "cache-control": "no-store",
    }
    return Response(to_csv(found[name], site.t), media_type="text/csv; charset=utf-8", headers=headers)


def _span(request: Request, weeks: int) -> Span:
    store: Store = request.app.state.store
    days = weeks * 7
    settings: UiSettings = request.app.state.settings
    return Span.of(store.asked(days), store.feedback(days), weeks, names=settings.audit)


def _groups(request: Request, t: Texts) -> list[Group]:
    engine, store = request.app.state.engine, request.app.state.store
    documents = engine.documents() if engine.ready.get("index") else ()
    return groups(documents, engine.copies(), store.seen(), t)


def _sheets(request: Request, span: Span, t: Texts) -> list[Sheet]:
    engine, settings = request.app.state.engine, request.app.state.settings
    there = engine.ready.get("index")
    documents, suspects = (engine.documents(), engine.suspects()) if there else ((), ())
    return sheets(span, documents, engine.settings.data, settings.originals, t, settings.root_path, suspects)
