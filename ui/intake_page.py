"""Routes of files that are being added: sending one, the list of those that wait, a preview beside the
original, the decision. For administrators."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from errors.unread import Unread
from index.files import litter
from index.loaders import SUFFIXES, other_kind
from ui import originals
from ui.actions import note
from ui.background_jobs import Job, Jobs
from ui.document_views import preview, waiting
from ui.intake import Intake, Sent
from ui.page_routes import ours
from ui.pages import PAGES, ThisSite
from ui.problems import TooLarge
from ui.roles import Administrator
from ui.settings import UiSettings
from ui.upload import received

router = APIRouter(prefix="/documents", include_in_schema=False)


class Chosen(BaseModel):
    """Files that wait, by their ids; none named: all."""

    ids: list[str] = Field(default_factory=list, max_length=10_000)
    collection: str = Field("", max_length=200)


def intake_of(request: Request) -> Intake:
    intake: Intake | None = request.app.state.intake
    if intake is None:
        raise HTTPException(404, "no folder for originals is set (ui.originals)")
    return intake


def _one(sent_id: str, request: Request) -> Sent:
    try:
        return intake_of(request).one(sent_id)
    except KeyError:
        raise HTTPException(
            404, "no such file waits; it was added, dropped, or sent before a restart"
        ) from None


Wait = Annotated[Intake, Depends(intake_of)]
One = Annotated[Sent, Depends(_one)]


@router.post("/upload", dependencies=[ours])
async def upload(
    request: Request, viewer: Administrator, intake: Wait, site: ThisSite, replaces: str = ""
) -> dict[str, str]:
    """Take one file (field ``file`` of a form, its name with the folders that it lay in) and have it read."""
    settings: UiSettings = request.app.state.settings
    name = ""

    def place(sent: str) -> Path:
        nonlocal name
        name = originals.safe_path(sent)
        if litter(Path(name).name):
            raise HTTPException(415, site.t.error(Unread("litter", name=name)))
        if Path(name).suffix.lower() not in SUFFIXES:
            raise HTTPException(415, site.t.error(other_kind(name)))
        return intake.place(name)

    try:
        path = await received(request, place, settings.upload_max_mb * 1024 * 1024)
    except TooLarge:
        large = Unread("upload_size", name=name, most=settings.upload_max_mb)
        raise HTTPException(413, site.t.error(large)) from None
    except Unread as error:
        raise HTTPException(400, site.t.error(error)) from None
    return {"id": (await asyncio.to_thread(intake.take, path, name, replaces)).id}


@router.get("/waiting")
def listed(viewer: Administrator, intake: Wait, site: ThisSite) -> HTMLResponse:
    """The list alone, for the script that keeps it up to date."""
    items = waiting(intake, site.t)
    return HTMLResponse(PAGES.render("waiting.html", waiting=items, t=site.t, settings=site.settings))


@router.post("/waiting/add", dependencies=[ours])
def add(body: Chosen, request: Request, viewer: Administrator, intake: Wait) -> dict[str, str]:
    """Add files, all those that were read where none is named; progress is at /documents/jobs/ID."""
    chosen = intake.choose(body.ids or [sent.id for sent in intake.sent()])
    if not chosen:
        raise HTTPException(404, "no such file waits to be added")
    for sent in chosen:
        note(request, viewer, "upload", sent.name)
    collection = " ".join(body.collection.split())
    jobs: Jobs = request.app.state.jobs
    job = Job(chosen[0].name if len(chosen) == 1 else f"{chosen[0].name} … ({len(chosen)})")
    return {"job": jobs.start(job, lambda progress: intake.add(chosen, collection, progress))}


@router.post("/waiting/drop", dependencies=[ours])
def drop(body: Chosen, viewer: Administrator, intake: Wait) -> dict[str, bool]:
    """Forget files, all that wait where none is named."""
    intake.drop(body.ids or [sent.id for sent in intake.sent()])
    return {"ok": True}


@router.get("/waiting/{sent_id}")
def look(viewer: Administrator, sent: One, request: Request, intake: Wait, site: ThisSite) -> HTMLResponse:
    """The text as it would be stored, beside the original where the browser can show it."""
    return site.page(
        "preview.html",
        sent.name,
        viewer,
        current="documents",
        script="documents.js",
        item=waiting(intake, site.t, sent)[0],
        readings=preview(intake.documents(sent), site.t),
        collections=request.app.state.engine.collections(),
        framed=sent.path.suffix.lower() in originals.SHOWN,
    )


@router.get("/waiting/{sent_id}/file")
def file(viewer: Administrator, sent: One) -> Response:
    """The file as it was sent."""
    return originals.sent(sent.path)
