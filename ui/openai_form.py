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
    """What is sent: ``pieces`` of Markdown one after another, why the text ends there (stop, length), and
    what stands beside it. ``annotations`` is None where there are none by form; ``usage``: tokens read and
    written, 0 where the engine did not write."""

    pieces: tuple[str, ...]
    wenju: dict[str, Any]
    finish: str = "stop"
    refusal: str | None = None
    annotations: list[dict[str, Any]] | None = None
    usage: tuple[int, int] = (0, 0)


def told(text: str) -> Reply:
    """A reply that is no answer from the documents (ui.openai_tasks)."""
    return Reply((text,), {"background": True})


def reply_of(answer: Answer, request: ChatRequest, base: str) -> Reply:
    """The reply within the request's limit: whole sentences as far as they fit, else a cut first one.

    With sources written into it for the model name that asks for them, elsewhere with one url_citation per
    citation: the sentence's place in the text, and where the quote can be read.
    """
    refusal, annotations = answer.text if answer.refused else None, None
    if answer.refused:
        pieces = [markdown(answer.text)]
    elif request.model == WITH_SOURCES:
        pieces = clipboard(answer, markdown=True).splitlines(keepends=True)
    else:
        pieces = [markdown(sentence.text) for sentence in answer.sentences]
    kept, finish = _within(pieces, request.limit)
    if not answer.refused and request.model != WITH_SOURCES:
        annotations, offset = [], 0
        for sentence, piece in zip(answer.sentences, kept, strict=False):
            end = offset + len(piece)
            annotations += [_annotation(citation, offset, end, base) for citation in sentence.citations]
            offset = end
    usage = (answer.usage.get("prompt_tokens", 0), answer.usage.get("completion_tokens", 0))
    return Reply(kept, answer_to_dict(answer), finish, refusal, annotations, usage)


def completion(reply: Reply, request: ChatRequest, identity: str) -> dict[str, Any]:
    """The whole reply at once."""
    message = {
        "role": "assistant",
        "content": "".join(reply.pieces),
        "refusal": reply.refusal,
        "annotations": reply.annotations or [],
    }
    return {
        "id": identity,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}],
        "usage": _usage(reply),
        "wenju": reply.wenju,
    }


class Chunks:
    """The reply in pieces, made from places in line and snapshots of the Answer."""

    def __init__(self, request: ChatRequest, identity: str) -> None:
        self.request = request
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

    def final(self, reply: Reply) -> Iterator[dict[str, Any]]:
        """The checked text sentence by sentence, the citations, how it ended, and usage where it was asked
        for."""
        for piece in reply.pieces:
            yield self._chunk({"content": piece})
        beside = {"refusal": reply.refusal, "annotations": reply.annotations}
        last = {name: value for name, value in beside.items() if value is not None}
        yield self._chunk(last, finish=reply.finish, wenju=reply.wenju)
        if self.request.with_usage:
            yield self._head | {"choices": [], "usage": _usage(reply)}

    def _chunk(
        self, delta: dict[str, Any], finish: str | None = None, wenju: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        chunk = self._head | {
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
        }
        return chunk | {"wenju": wenju} if wenju is not None else chunk


def _usage(reply: Reply) -> dict[str, int]:
    read, written = reply.usage
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _within(pieces: Sequence[str], limit: int | None) -> tuple[tuple[str, ...], str]:
    """Whole pieces that fit into ``limit`` tokens, a token counted as TOKEN_BYTES; the first one cut where
    not even it fits. With why the text ends there."""
    if limit is None:
        return tuple(pieces), "stop"
    room, kept = limit * TOKEN_BYTES, []
    for piece in pieces:
        room -= len(piece.encode())
        if room < 0:
            break
        kept.append(piece)
    if len(kept) == len(pieces):
        return tuple(kept), "stop"
    if not kept:
        short = pieces[0].encode()[: limit * TOKEN_BYTES].decode("utf-8", "ignore")
        kept = [short.rstrip("\\")]
    return tuple(kept), "length"


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
