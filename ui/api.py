"""The HTTP API: /api/ask, /api/search, /api/feedback, /api/documents. JSON in, JSON out; docs/API.md
describes it.

Who asks is told by the server's sign-on (a token in ``Authorization: Bearer`` for programs); errors are
ui.problems.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from errors import QuestionError
from index.shown import hit_to_dict
from index.types import Document
from qa.serialize import answer_to_dict
from qa.types import Answer
from ui.access import engine_of
from ui.actions import note
from ui.asking import Ask, ask, begun, turns
from ui.asking import answer as complete
from ui.document_changes import CurrentDocuments
from ui.problems import NotFound, language, problem
from ui.roles import Administrator, Asker, Member
from ui.services import services_of
from ui.storage import Store
from ui.storage_rows import clean, feedback_to_dict
from ui.storage_types import FEEDBACK_REASONS, Feedback, now
from ui.streaming import Waiting

API_VERSION = "1.1"
"""Version of the API, told in /openapi.json. The first number: something was renamed or taken away; the
second: something was added. docs/API.md says what is promised, tests/test_formats.py holds it."""

PASSAGES_MAX = 50
TEXT_MAX = 20_000
"""Limits of a closed context: passages, and characters in each."""


def address_of(request: Request) -> str:
    """The address of the one who asks, behind named proxies too."""
    found: str = request.app.state.address(request)
    return found


router = APIRouter(prefix="/api", tags=["Questions and documents"])


class PastTurn(BaseModel):
    """An earlier question with its answer; ``query`` is what was searched for it, if known."""

    question: str = Field(max_length=4000)
    answer: str = Field("", max_length=TEXT_MAX)
    query: str = Field("", max_length=4000)


class GivenPassage(BaseModel):
    """A passage that comes with the question."""

    title: str = Field("", max_length=300)
    text: str = Field(min_length=1, max_length=TEXT_MAX)


class Question(BaseModel):
    """A question. With ``passages`` the answer comes from them alone, and the index is left aside."""

    question: str
    history: list[PastTurn] = Field(default_factory=list, max_length=100)
    passages: list[GivenPassage] | None = Field(None, max_length=PASSAGES_MAX)
    collection: str = Field(
        "", max_length=200, description="answer from the documents of this collection alone"
    )
    stream: bool = Field(
        False, description="server-sent events: queued, answer (growing snapshots), done or error"
    )


class Search(BaseModel):
    question: str
    k: int = Field(8, ge=1, le=100, description="most hits to return")
    collection: str = Field("", max_length=200, description="of the documents of this collection alone")


class Opinion(BaseModel):
    """A reader's word on an answer that this user got from /api/ask or /v1; ``answer_id`` is the answer's
    ``id``."""

    answer_id: str = Field(max_length=64)
    verdict: Literal["up", "down"]
    reasons: list[Literal["wrong_answer", "wrong_evidence", "incomplete", "gap", "other"]] = Field(
        default_factory=list, max_length=len(FEEDBACK_REASONS)
    )
    comment: str = Field("", max_length=1000)


@router.post("/ask", summary="Ask a question")
async def post_ask(body: Question, request: Request, viewer: Asker) -> Response:
    """The answer with its sentences, their states and citations, or a refusal with its reason."""
    if not body.question.strip():
        raise QuestionError.named("question_empty")
    passages = tuple((p.title, p.text) for p in body.passages) if body.passages is not None else None
    history = turns([(t.question, t.answer, t.query) for t in body.history])
    what = Ask(body.question, history, passages, address=address_of(request), collection=body.collection)
    if body.stream:
        steps = await begun(ask(services_of(request), viewer, what))
        return events(_snapshots(steps, language(request)))
    return JSONResponse(answer_to_dict(await complete(request, viewer, what)))


@router.post("/search", summary="Find passages, without an answer")
async def post_search(body: Search, request: Request, viewer: Asker) -> dict[str, Any]:
    return await _search(request, body.question, body.k, body.collection)


@router.get("/search", summary="Find passages, without an answer")
async def get_search(
    request: Request, viewer: Asker, q: str, k: Annotated[int, Query(ge=1, le=100)] = 8, collection: str = ""
) -> dict[str, Any]:
    return await _search(request, q, k, collection)


@router.get("/collections", summary="The collections that a question can be limited to")
def get_collections(request: Request, viewer: Asker) -> dict[str, Any]:
    engine = engine_of(request)
    return {
        "collections": [{"name": name, "documents": count} for name, count in engine.collections().items()]
    }


@router.get("/documents", summary="What is indexed")
def get_documents(request: Request, viewer: Member) -> dict[str, Any]:
    engine = engine_of(request)
    return {
        "documents": [_document(d) | {"passages": len(engine.passages(d.id))} for d in engine.documents()]
    }


@router.get("/documents/{document_id}", summary="A document with its text and passages")
def get_document(document_id: str, request: Request, viewer: Member, sha256: str = "") -> dict[str, Any]:
    """``sha256`` is a citation's ``document_sha256``: ``changed`` then tells whether the text is another by
    now, so that its ``start`` and ``end`` no longer hold. A document that is gone is a 404."""
    engine = engine_of(request)
    try:
        found = engine.document(document_id)
    except KeyError:
        raise NotFound.named("document_unknown", id=document_id[:64]) from None
    passages = [
        {"passage_id": p.id, "heading": list(p.heading), "page": p.page, "start": p.start, "end": p.end}
        for p in engine.passages(document_id)
    ]
    changed = {"changed": not found.sha256.startswith(sha256)} if sha256 else {}
    return _document(found) | {"text": found.text, "passages": passages} | changed


@router.post("/feedback", summary="Say what is wrong, or right, with an answer")
def post_feedback(body: Opinion, request: Request, viewer: Asker) -> dict[str, bool]:
    store: Store = request.app.state.store
    answer = store.recorded(viewer.name, body.answer_id)
    if answer is None:
        raise NotFound.named("answer_unknown")
    place = ("", body.answer_id)
    store.add_feedback(
        Feedback.of(viewer.name, place, body.verdict, now(), body.reasons, body.comment, answer)
    )
    return {"ok": True}


@router.get("/feedback", summary="What readers said (administrators)")
def get_feedback(
    request: Request, viewer: Administrator, days: Annotated[int, Query(ge=1, le=3650)] = 28
) -> dict[str, Any]:
    store: Store = request.app.state.store
    note(request, viewer, "read_feedback")
    rows = store.feedback(days)
    held = CurrentDocuments(engine_of(request))
    return {"feedback": [feedback_to_dict(f) | {"user": f.user, "changes": held.of(f.answer)} for f in rows]}


def events(lines: AsyncIterator[str]) -> StreamingResponse:
    """A response of server-sent events that no proxy holds back."""
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


async def _snapshots(begun_steps: AsyncGenerator[Waiting | Answer, None], lang: str) -> AsyncIterator[str]:
    try:
        async with aclosing(begun_steps) as steps:
            async for step in steps:
                if isinstance(step, Waiting):
                    yield _event("queued", {"ahead": step.ahead, "loading": step.loading})
                else:
                    yield _event("done" if step.stage == "done" else "answer", answer_to_dict(step))
    except Exception as error:  # the border: the status line has gone out already, so the error is an event
        yield _event("error", problem(error, lang)[1])


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


async def _search(request: Request, question: str, k: int, collection: str = "") -> dict[str, Any]:
    engine, question = engine_of(request), clean(question)
    hits = await asyncio.to_thread(engine.search, question, k, collection=clean(collection))
    return {"question": question, "hits": [hit_to_dict(hit) for hit in hits]}


def _document(document: Document) -> dict[str, Any]:
    d = document
    return {
        "id": d.id,
        "title": d.title,
        "source": d.source,
        "number": d.number,
        "published": d.published,
        "media_type": d.media_type,
        "sha256": d.sha256,
        "collections": list(d.collections),
    }
