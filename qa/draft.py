"""The draft: what the generator writes, split into sentences while it streams, each tied to evidence at
once."""

from __future__ import annotations

import collections.abc
import math
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import prompts
from engine.base import Chunk, GenerationRequest, Generator, Message
from errors import Cancelled
from qa.adapted import Told, adapts, told
from qa.attribution import Attributed, EvidenceSentence, attribute
from qa.clock import Clock
from qa.context import Context
from qa.markers import StreamSplitter
from qa.settings import AnswerSettings
from qa.types import Citation, Sentence
from qa.wording import keep_approximate, until_it_loops

SHORT_TOKENS = 48
_NUMBERING = re.compile(r"^\[\d+\] ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """The answer as written so far.

    Attributes:
        sentences: finished sentences with their attribution, then the one being written (state ``pending``).
        logprobs: of every token written; empty where the engine does not tell.
        judged: what its adapter tells of the question beside the material (prompt ``judge``), or None.
        lines: what it tells of the question beside the lines that were found alone (``qa.rationale``).
        left: log-odds that what is left beside these lines answers; None where that is not known.
        model: name of the generator.
        finish: why writing ended, ``loop`` when it went in circles; "" while it goes on.
    """

    sentences: tuple[Sentence, ...] = ()
    context: Context | None = None
    logprobs: tuple[float, ...] = ()
    judged: Told | None = None
    lines: Told | None = None
    left: float | None = None
    model: str = ""
    finish: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(s.text for s in self.sentences)


def reply(
    chat: Sequence[tuple[str, str]],
    generator: Generator,
    tokens: int,
    stop: tuple[str, ...],
    cancelled: threading.Event,
) -> str:
    """All that the generator writes to a chat (``prompts.chat``), for the program to read.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    return reply_with_least(chat, generator, tokens, stop, cancelled)[0]


def reply_with_least(
    chat: Sequence[tuple[str, str]],
    generator: Generator,
    tokens: int,
    stop: tuple[str, ...],
    cancelled: threading.Event,
) -> tuple[str, float]:
    """As :func:`reply`, with the least log-probability of its tokens; 0.0 where the engine tells none, and
    -infinity where it went in circles and was stopped."""
    messages = tuple(Message(role, content) for role, content in chat)
    request = GenerationRequest(messages, tokens, stop, cancelled=cancelled)
    text, least = "", 0.0
    chunks = generator.stream(request)
    for chunk in chunks:
        text += chunk.text
        least = min(least, *chunk.logprobs) if chunk.logprobs else least
        end = until_it_loops(text)
        if end is not None:
            text, least = text[:end], -math.inf
            break
    if isinstance(chunks, collections.abc.Generator):
        chunks.close()
    if cancelled.is_set():
        raise Cancelled.named("stopped")
    return text, least


def beginning(chat: Sequence[tuple[str, str]], lasting: int) -> tuple[Message, ...]:
    """A chat of which everything up to the first ``lasting`` characters of its last message comes again."""
    *before, (role, content) = chat
    return (*(Message(*part) for part in before), Message(role, content, lasting))


def alike(chat: Sequence[tuple[str, str]], other: Sequence[tuple[str, str]]) -> int:
    """Characters that the last messages of two chats begin with alike."""
    return len(os.path.commonprefix([chat[-1][1], other[-1][1]]))


def messages_for(question: str, context: Context, name: str) -> tuple[Message, ...]:
    """The chat that is sent, of the prompt ``answer`` or ``short``: the fixed part first, then the
    material, then the question."""
    return beginning(prompts.chat(name, evidence=context.text, question=prompts.escape_evidence(question)), 0)


def write_draft(
    generator: Generator,
    question: str,
    context: Context,
    settings: AnswerSettings,
    clock: Clock,
    cancelled: threading.Event,
    judged: Told | None = None,
) -> Iterator[Draft]:
    """Yield the growing draft; the last one has ``finish`` set.

    Args:
        judged: what is told of the question, where it was asked already.

    Raises:
        GeneratorError: the generator failed.
    """
    short = settings.style == "short"
    messages = messages_for(question, context, "short" if short else "answer")
    request = GenerationRequest(
        messages,
        max_new_tokens=SHORT_TOKENS if short else settings.max_new_tokens,
        stop=("\n",) if short else (),
        figures=_NUMBERING.sub("", context.text) + "\n" + question,
        cancelled=cancelled,
    )
    splitter = StreamSplitter()
    done: list[Sentence] = []
    draft = Draft(context=context, model=generator.name)
    written = ""
    chunks = generator.stream(request)
    for chunk in chunks:
        clock.mark("first_token")
        written += chunk.text
        end = None if chunk.finish else until_it_loops(written)
        if end is not None:
            chunk = replace(chunk, finish="loop", completion_tokens=len(draft.logprobs) + len(chunk.logprobs))
        with clock.stage("check"):
            if end is None:
                texts = splitter.feed(chunk.text) + (splitter.flush() if chunk.finish else [])
            else:  # what it says over and over is said once
                splitter, done = StreamSplitter(), []
                texts = splitter.feed(written[:end]) + splitter.flush()
            done += [tie(text, question, context) for text in texts]
        pending = (Sentence(splitter.pending),) if splitter.pending else ()
        draft = _grown(draft, tuple(done) + pending, chunk)
        if chunk.finish:
            break
        yield draft
    if isinstance(chunks, collections.abc.Generator):
        chunks.close()
    clock.mark("generate")
    if judged is None and adapts(generator):
        judged = told(question, question, context, generator, cancelled)
    yield replace(draft, judged=judged)


def tie(text: str, question: str, context: Context) -> Sentence:
    """A sentence with its state, citations and problems, from the evidence that stood in the prompt."""
    found = attribute(text, context.sentences, question=question)
    repaired = keep_approximate(text, [context.sentences[tie.index].text for tie in found.citations])
    if repaired != text:
        text, found = repaired, attribute(repaired, context.sentences, question=question)
    return sentence_from(text, found, context)


def sentence_from(text: str, attributed: Attributed, context: Context) -> Sentence:
    """Turn an attribution into the Sentence that is shown."""
    citations = (cite(context.sentences[t.index], t.start, t.end, t.score) for t in attributed.citations)
    return Sentence(text, attributed.state, tuple(citations), tuple(attributed.problems))


def cite(place: EvidenceSentence, start: int, end: int, score: float) -> Citation:
    """A Citation of ``[start, end)`` of the place's document; the quote is cut from the stored text."""
    document, passage = place.document, place.passage
    return Citation(
        passage_id=passage.id,
        document_id=document.id,
        document=document.name,
        document_sha256=document.sha256,
        heading=passage.heading,
        page=document.page_of(start) or passage.page,
        start=start,
        end=end,
        quote=document.text[start:end],
        score=score,
        published=document.published,
    )


def _grown(draft: Draft, sentences: tuple[Sentence, ...], chunk: Chunk) -> Draft:
    usage = (
        {"prompt_tokens": chunk.prompt_tokens, "completion_tokens": chunk.completion_tokens}
        if chunk.finish
        else {}
    )
    return replace(
        draft,
        sentences=sentences,
        logprobs=draft.logprobs + chunk.logprobs,
        finish=chunk.finish,
        usage=usage or draft.usage,
    )
