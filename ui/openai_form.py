"""Answers in the form of OpenAI's chat completions. Pure functions: no requests, no engine.

Text is sent once it is final. What the model writes before it is checked goes out as progress, in the extension field
``wenju``, so that a client which joins the pieces of ``content`` never shows what was struck from the answer later;
streaming and not streaming thus carry the same text and the same citations.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from errors import QuestionError
from qa.serialize import answer_to_dict
from qa.types import Answer, Citation, Turn
from ui.export import clipboard
from ui.line import Waiting

PLAIN, WITH_SOURCES = "wenju", "wenju-sources"
MODELS = {
    PLAIN: "The answer's text; citations in annotations and in the field wenju.",
    WITH_SOURCES: "The same, with [1] marks and a list of sources in the text, for clients that show text alone.",
}


class Part(BaseModel):
    """A piece of a message; only text is read."""

    model_config = ConfigDict(extra="allow")

    type: str = "text"
    text: str = ""


class ChatMessage(BaseModel):
    """A message of the conversation."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The message's text; pieces that are not text are left out."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content if part.type in ("text", "input_text"))
        return self.content or ""


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="allow")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """What of OpenAI's request counts here; sampling options are taken and ignored, answers are not sampled."""

    model_config = ConfigDict(extra="allow")

    model: str = PLAIN
    messages: list[ChatMessage] = Field(min_length=1, max_length=400)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=1)


def question_of(messages: Sequence[ChatMessage]) -> tuple[str, tuple[Turn, ...]]:
    """The last user message is the question, earlier user and assistant messages are its history.

    System messages are not followed: what may stand in an answer is decided by the documents.

    Raises:
        QuestionError: the last message is not a question of the user.
    """
    told = [m for m in messages if m.role in ("user", "assistant")]
    if not told or told[-1].role != "user" or not told[-1].text.strip():
        raise QuestionError("the last message is not a question of the user", "End messages with role user.")
    history: list[Turn] = []
    asked = ""
    for message in told[:-1]:
        if message.role == "user":
            asked = message.text
        elif asked:
            history.append(Turn(asked, message.text))
            asked = ""
    return told[-1].text, tuple(history)


def content_of(answer: Answer, model: str) -> str:
    """The text of the reply, with sources written into it for the model name that asks for them."""
    return clipboard(answer, markdown=True) if model == WITH_SOURCES else answer.text


def annotated(answer: Answer, base: str) -> list[dict[str, Any]]:
    """One url_citation per citation: the sentence's place in the text, and where the quote can be read."""
    out, offset = [], 0
    if answer.refusal is not None:
        return []
    for sentence in answer.sentences:
        end = offset + len(sentence.text)
        out += [_annotation(citation, offset, end, base) for citation in sentence.citations]
        offset = end
    return out


def completion(answer: Answer, request: ChatRequest, identity: str, base: str) -> dict[str, Any]:
    """The whole reply."""
    message = {
        "role": "assistant",
        "content": content_of(answer, request.model),
        "refusal": answer.text if answer.refused else None,
        "annotations": annotated(answer, base) if request.model != WITH_SOURCES else [],
    }
    return {
        "id": identity,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": usage_of(answer),
        "wenju": answer_to_dict(answer),
    }


class Chunks:
    """The reply in pieces, made from places in line and snapshots of the Answer."""

    def __init__(self, request: ChatRequest, identity: str, base: str) -> None:
        self.request = request
        self.base = base
        self._head = {
            "id": identity, "object": "chat.completion.chunk", "created": int(time.time()), "model": request.model,
        }  # fmt: skip

    def start(self) -> dict[str, Any]:
        return self._chunk({"role": "assistant", "content": ""})

    def progress(self, step: Waiting | Answer) -> dict[str, Any]:
        """What is going on; its delta is empty."""
        if isinstance(step, Waiting):
            news: dict[str, Any] = {"stage": "queued", "ahead": step.ahead, "loading": step.loading}
        else:
            news = {"stage": step.stage, "query": step.query, "draft": step.text}
            if step.stage == "found":
                news["retrieved"] = answer_to_dict(step)["retrieved"]
        return self._chunk({}, wenju=news)

    def final(self, answer: Answer) -> Iterator[dict[str, Any]]:
        """The checked text sentence by sentence, the citations, how it ended, and usage where it was asked for."""
        if self.request.model == WITH_SOURCES or answer.refused:
            yield self._chunk({"content": content_of(answer, self.request.model)})
        else:
            for sentence in answer.sentences:
                yield self._chunk({"content": sentence.text})
        last: dict[str, Any] = {}
        if answer.refused:
            last["refusal"] = answer.text
        elif self.request.model != WITH_SOURCES:
            last["annotations"] = annotated(answer, self.base)
        yield self._chunk(last, finish="stop", wenju=answer_to_dict(answer))
        if self.request.stream_options is not None and self.request.stream_options.include_usage:
            yield self._head | {"choices": [], "usage": usage_of(answer)}

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, wenju: dict[str, Any] | None = None) -> dict[str, Any]:  # fmt: skip
        chunk = self._head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}
        return chunk | {"wenju": wenju} if wenju is not None else chunk


def usage_of(answer: Answer) -> dict[str, int]:
    """Tokens read and written; 0 where the engine did not write."""
    read, written = answer.usage.get("prompt_tokens", 0), answer.usage.get("completion_tokens", 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _annotation(citation: Citation, start: int, end: int, base: str) -> dict[str, Any]:
    c = citation
    url = f"{base}/documents/{c.document_id}?start={c.start}&end={c.end}&v={c.document_sha256[:16]}"
    place = {
        "passage_id": c.passage_id, "page": c.page, "heading": list(c.heading), "start": c.start, "end": c.end,
        "quote": c.quote, "score": round(c.score, 6),
    }  # fmt: skip
    return {
        "type": "url_citation",
        "url_citation": {"title": c.document, "url": url, "start_index": start, "end_index": end},
        "wenju": place,
    }
