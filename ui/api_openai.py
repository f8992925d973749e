"""/v1/chat/completions and /v1/models, so that any client of OpenAI's API can ask the documents."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from errors import choice
from qa.types import Answer
from ui.api import address_of, events
from ui.asking import Ask, ask, begun
from ui.asking import answer as complete
from ui.openai_form import MODELS, Chunks, Reply, completion, reply_of, told
from ui.openai_request import ChatRequest, check_form, question_of
from ui.openai_tasks import background
from ui.problems import NoModel, language, problem
from ui.roles import Asker
from ui.services import services_of
from ui.settings import UiSettings
from ui.streaming import Waiting

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])


@router.get("/models", summary="Model names that are taken")
def models(viewer: Asker) -> dict[str, Any]:
    return {"object": "list", "data": [_model(name) for name in MODELS]}


@router.get("/models/{name}", summary="One model name")
def model(name: str, viewer: Asker) -> dict[str, Any]:
    _checked(name)
    return _model(name)


@router.post("/chat/completions", summary="Ask, in OpenAI's form")
async def chat_completions(body: ChatRequest, request: Request, viewer: Asker) -> Response:
    """The last user message is the question, the messages before it are the conversation.

    What a chat program asks beside the conversation (a title, tags) is answered from the conversation,
    without a search. The field ``wenju`` (and, while streaming, ``wenju`` of each chunk) carries the answer
    with its sentences' states, citations and refusal; ``annotations`` carry the citations in OpenAI's own
    form.
    """
    _checked(body.model)
    check_form(body)
    identity = "chatcmpl-" + secrets.token_hex(12)
    chunks = Chunks(body, identity)
    if (text := background(body.messages)) is not None:
        if not body.stream:
            return JSONResponse(completion(told(text), body, identity))
        return events(_all(chunks, told(text)))
    question, history = question_of(body.messages)
    what = Ask(question, history, channel="openai", address=address_of(request))
    if body.stream:
        steps = await begun(ask(services_of(request), viewer, what))
        return events(_chunks(steps, chunks, base_of(request), language(request)))
    reply = reply_of(await complete(request, viewer, what), body, base_of(request))
    return JSONResponse(completion(reply, body, identity))


def base_of(request: Request) -> str:
    """The address that people use, for links to documents."""
    settings: UiSettings = request.app.state.settings
    return (settings.public_url or str(request.base_url)).rstrip("/")


async def _chunks(
    begun_steps: AsyncGenerator[Waiting | Answer, None], chunks: Chunks, base: str, lang: str
) -> AsyncIterator[str]:
    yield _data(chunks.start())
    try:
        async with aclosing(begun_steps) as steps:
            async for step in steps:
                if isinstance(step, Answer) and step.stage == "done":
                    for chunk in chunks.final(reply_of(step, chunks.request, base)):
                        yield _data(chunk)
                else:
                    yield _data(chunks.progress(step))
    except Exception as error:  # the border: the status line has gone out already, so the error is a chunk
        yield _data(problem(error, lang)[1])
    yield "data: [DONE]\n\n"


async def _all(chunks: Chunks, reply: Reply) -> AsyncIterator[str]:
    for chunk in (chunks.start(), *chunks.final(reply)):
        yield _data(chunk)
    yield "data: [DONE]\n\n"


def _data(chunk: dict[str, Any]) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


def _checked(name: str) -> None:
    if name not in MODELS:
        raise NoModel.named("model_not_served", name=name[:64], **choice(name, MODELS))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(time.time()) // 86400 * 86400, "owned_by": "wenju"}
