"""What static/ui.js asks for beside the chat: history, export, share links, feedback. JSON in, JSON out.

Requests that change something must carry the header X-Wenju, which another origin's page cannot send unasked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from ui.access import engine_of, hides
from ui.admission import models_loaded
from ui.document_changes import CurrentDocuments
from ui.export import FORMATS, records, to_html, to_json, to_markdown
from ui.export_word import WORD, to_word
from ui.pages import ThisSite
from ui.roles import Asker, Member
from ui.settings import UiSettings
from ui.shell import failure_text
from ui.storage import Store
from ui.storage_types import FEEDBACK_REASONS, Exchange, Feedback, Verdict, now


class Rename(BaseModel):
    title: str = Field(min_length=1, max_length=200)


class Opinion(BaseModel):
    """A reader's word on one answer."""

    conversation: str = Field(max_length=64)
    exchange: str = Field(max_length=64)
    verdict: Verdict
    reasons: tuple[str, ...] = Field((), max_length=len(FEEDBACK_REASONS))
    comment: str = Field("", max_length=1000)


def from_our_page(request: Request) -> None:
    """Refuse requests that another site's page could have sent on someone's behalf."""
    if request.headers.get("x-wenju") != "1":
        raise HTTPException(403, "missing header X-Wenju")


def store_of(request: Request) -> Store:
    """Where what is kept lies."""
    store: Store = request.app.state.store
    return store


Kept = Annotated[Store, Depends(store_of)]
ours = Depends(from_our_page)

router = APIRouter(prefix="/page", include_in_schema=False)


@router.get("/state")
def state(request: Request, response: Response, site: ThisSite) -> dict[str, object]:
    """Whether this is still the same server, whether it is ready, or why it will not be: what the page polls.
    The header tells whether the one who asks is (still) signed on."""
    here = request.app.state
    ready = models_loaded(here.engine.ready)
    viewer = here.who(request)
    response.headers["x-wenju-signed-on"] = "1" if viewer is not None else "0"
    failure = "" if ready else failure_text(here.admission.failure, viewer, site.t)
    return {"boot": here.boot, "ready": ready, "failure": failure}


@router.get("/conversations")
def conversations(viewer: Member, store: Kept, q: str = "") -> list[dict[str, object]]:
    rows = store.conversations(viewer.name, q[:200])
    return [{"id": r.id, "title": r.title, "updated": r.updated_at, "turns": r.turns} for r in rows[:200]]


@router.patch("/conversations/{conversation_id}", dependencies=[ours])
def rename(conversation_id: str, body: Rename, viewer: Member, store: Kept) -> dict[str, bool]:
    _found(store.rename(viewer.name, conversation_id, body.title))
    return {"ok": True}


@router.delete("/conversations/{conversation_id}", dependencies=[ours])
def delete(conversation_id: str, viewer: Member, store: Kept) -> dict[str, bool]:
    _found(store.delete(viewer.name, conversation_id))
    return {"ok": True}


@router.post("/conversations/{conversation_id}/share", dependencies=[ours])
def share(conversation_id: str, viewer: Member, store: Kept, request: Request) -> dict[str, str]:
    token = store.share(viewer.name, conversation_id)
    _found(token is not None)
    settings: UiSettings = request.app.state.settings
    return {"path": f"{settings.root_path}/shared/{token}"}


@router.get("/conversations/{conversation_id}/export.{form}")
def export(
    conversation_id: str,
    form: str,
    viewer: Member,
    store: Kept,
    request: Request,
    lang: str = "zh",
    exchange: str = "",
) -> Response:
    """A conversation in one of FORMATS or as Word; ``exchange`` takes one answer of it alone."""
    exchanges = store.exchanges(viewer.name, conversation_id)
    if exchanges is None or form not in (*FORMATS, "docx"):
        raise HTTPException(404, "no such conversation or format")
    title = next((r.title for r in store.conversations(viewer.name) if r.id == conversation_id), "")
    if exchange:
        exchanges = tuple(e for e in exchanges if e.id == exchange)
        _found(bool(exchanges))
        title = exchanges[0].question
    made = _exported(form, title, exchanges, lang, CurrentDocuments(engine_of(request)))
    name = quote(f"{' '.join(title.split())[:80] or 'wenju'}.{form}", safe="")
    headers = {"content-disposition": f"attachment; filename=\"wenju.{form}\"; filename*=UTF-8''{name}"}
    media = WORD if form == "docx" else f"{FORMATS[form]}; charset=utf-8"
    return Response(made, media_type=media, headers=headers)


@router.post("/feedback", dependencies=[ours])
async def feedback(body: Opinion, viewer: Asker, store: Kept, request: Request) -> dict[str, bool]:
    """Store an opinion together with the answer as this user got it and the settings that made it."""
    exchanges = await asyncio.to_thread(store.exchanges, viewer.name, body.conversation)
    exchange = next((e for e in exchanges or () if e.id == body.exchange), None)
    _found(exchange is not None)
    answer = exchange.answer if exchange is not None else None
    place = (body.conversation, body.exchange)
    row = Feedback.of(viewer.name, place, body.verdict, now(), body.reasons, body.comment, answer)
    await asyncio.to_thread(store.add_feedback, row)
    return {"ok": True}


shared_router = APIRouter(include_in_schema=False)


@shared_router.get("/shared/{token}")
def shared(token: str, viewer: Member, store: Kept, request: Request, site: ThisSite) -> HTMLResponse:
    """A shared conversation, read-only, for anyone inside who has the link."""
    found, engine = store.shared(token), engine_of(request)
    if found is None or any(hides(engine, exchange.answer) for exchange in found.exchanges):
        raise HTTPException(404, "no such share link")
    note = site.t("shared_note", when=found.shared_at[:16].replace("T", " "))
    kept = records(found.exchanges, site.t, CurrentDocuments(engine))
    return site.page("shared.html", found.title, viewer, note=note, records=kept)


def _found(there: bool) -> None:
    if not there:
        raise HTTPException(404, "no such conversation")


def _exported(
    form: str, title: str, exchanges: Sequence[Exchange], lang: str, held: CurrentDocuments
) -> str | bytes:
    if form == "docx":
        return to_word(title, exchanges, lang, held)
    if form == "md":
        return to_markdown(title, exchanges, lang, held)
    if form == "html":
        return to_html(title, exchanges, lang, held)
    return to_json(title, exchanges, held)
