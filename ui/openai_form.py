"""Answers in the form of OpenAI's chat completions. Pure functions: no requests, no engine.

Text is sent once it is final. What the model writes before it is checked goes out as progress, in the
extension field ``wenju``, so that a client which joins the pieces of ``content`` never shows what was struck
from the answer later; streaming and not streaming thus carry the same text and the same citations.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qa.serialize import answer_to_dict
from qa.types import Answer, Citation
from ui.escape import markdown
from ui.export import clipboard
from ui.openai_request import ChatRequest
from ui.streaming import Waiting

PLAIN, WITH_SOURCES = "wenju", "wenju-sources"
TOKEN_BYTES = 3
"""What counts as a token where a client limits the reply: three bytes of UTF-8, one Chinese character."""
MODELS = {
    PLAIN: "The answer's text; citations in annotations and in the field wenju.",
    WITH_SOURCES: "The same, with [1] marks and a list of sources in the text, for clients of text alone.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """The text as it is sent, Markdown: ``pieces`` one after another, and why it ends there (stop,
    length)."""

    pieces: tuple[str, ...]
    finish: str = "stop"

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def reply_of(answer: Answer, request: ChatRequest) -> Reply:
    """The text of the reply within the request's limit: whole sentences as far as they fit, else a cut first
    one.

    With sources written into it for the model name that asks for them.
    """
    if answer.refused:
        pieces = [markdown(answer.text)]
    elif request.model == WITH_SOURCES:
        pieces = clipboard(answer, markdown=True).splitlines(keepends=True)
    else:
        pieces = [markdown(sentence.text) for sentence in answer.sentences]
    return _within(pieces, request.limit)


def annotated(answer: Answer, reply: Reply, base: str) -> list[dict[str, Any]]:
    """One url_citation per citation: the sentence's place in the text, and where the quote can be read."""
    out, offset = [], 0
    if answer.refusal is not None:
        return []
    for sentence, piece in zip(answer.sentences, reply.pieces, strict=False):
        end = offset + len(piece)
        out += [_annotation(citation, offset, end, base) for citation in sentence.citations]
        offset = end
    return out


def completion(answer: Answer, request: ChatRequest, identity: str, base: str) -> dict[str, Any]:
    """The whole reply."""
    reply = reply_of(answer, request)
    message = {
        "role": "assistant",
        "content": reply.text,
        "refusal": answer.text if answer.refused else None,
        "annotations": annotated(answer, reply, base) if request.model != WITH_SOURCES else [],
    }
    return _whole(request, identity, message, reply.finish, usage_of(answer)) | {
        "wenju": answer_to_dict(answer)
    }


def told(text: str, request: ChatRequest, identity: str) -> dict[str, Any]:
    """A whole reply that is no answer from the documents (ui.openai_tasks)."""
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
    return _whole(request, identity, message, "stop", _usage(0, 0)) | {"wenju": {"background": True}}


class Chunks:
    """The reply in pieces, made from places in line and snapshots of the Answer."""

    def __init__(self, request: ChatRequest, identity: str, base: str) -> None:
        self.request = request
        self.base = base
        self._head = {
            "id": identity,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": request.model,
        }

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
        """The checked text sentence by sentence, the citations, how it ended, and usage where it was asked
        for."""
        reply = reply_of(answer, self.request)
        for piece in reply.pieces:
            yield self._chunk({"content": piece})
        last: dict[str, Any] = {}
        if answer.refused:
            last["refusal"] = answer.text
        elif self.request.model != WITH_SOURCES:
            last["annotations"] = annotated(answer, reply, self.base)
        yield self._chunk(last, finish=reply.finish, wenju=answer_to_dict(answer))
        if self.request.with_usage:
            yield self._head | {"choices": [], "usage": usage_of(answer)}

    def told(self, text: str) -> Iterator[dict[str, Any]]:
        """The same as ``told`` above, in pieces."""
        yield self.start()
        yield self._chunk({"content": text})
        yield self._chunk({}, finish="stop", wenju={"background": True})
        if self.request.with_usage:
            yield self._head | {"choices": [], "usage": _usage(0, 0)}

    def _chunk(
        self, delta: dict[str, Any], finish: str | None = None, wenju: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        chunk = self._head | {
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
        }
        return chunk | {"wenju": wenju} if wenju is not None else chunk


def usage_of(answer: Answer) -> dict[str, int]:
    """Tokens read and written; 0 where the engine did not write."""
    return _usage(answer.usage.get("prompt_tokens", 0), answer.usage.get("completion_tokens", 0))


def _usage(read: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _whole(
    request: ChatRequest, identity: str, message: dict[str, Any], finish: str, usage: dict[str, int]
) -> dict[str, Any]:
    return {
        "id": identity,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": usage,
    }


def _within(pieces: Sequence[str], limit: int | None) -> Reply:
    """Whole pieces that fit into ``limit`` tokens, a token counted as TOKEN_BYTES; the first one cut where
    not even it fits."""
    if limit is None:
        return Reply(tuple(pieces))
    room, kept = limit * TOKEN_BYTES, []
    for piece in pieces:
        room -= len(piece.encode())
        if room < 0:
            break
        kept.append(piece)
    if len(kept) == len(pieces):
        return Reply(tuple(kept))
    if not kept:
        short = pieces[0].encode()[: limit * TOKEN_BYTES].decode("utf-8", "ignore")
        kept = [short.rstrip("\\")]
    return Reply(tuple(kept), "length")


def _annotation(citation: Citation, start: int, end: int, base: str) -> dict[str, Any]:
    c = citation
    url = f"{base}/documents/{c.document_id}?start={c.start}&end={c.end}&v={c.document_sha256[:16]}"
    place = {
        "passage_id": c.passage_id,
        "page": c.page,
        "heading": list(c.heading),
        "start": c.start,
        "end": c.end,
        "quote": c.quote,
        "score": round(c.score, 6),
    }
    return {
        "type": "url_citation",
        "url_citation": {"title": c.document, "url": url, "start_index": start, "end_index": end},
        "wenju": place,
    }
