"""What must hold of text, passages, markers, checks and renderers, whatever they are given.

A target is a function of one value that raises where something does not hold; ``TARGETS`` has them all with
what makes their values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

import prompts
from fuzz import targets_api, targets_files, targets_output
from fuzz.inputs import files, json_values, long_texts, storable, texts
from index.normalize import normalize, number_spans
from index.sentences import split_sentences
from qa.attribution import EvidenceSentence, attribute
from qa.checks import EvidenceText, examine
from qa.context import Limits, build_context
from qa.markers import StreamSplitter, strip_markers
from ui.openai_request import ChatMessage
from ui.openai_tasks import background


@dataclass(frozen=True)
class Target:
    """``values`` makes what ``check`` is given; ``share`` of the time it gets beside the others."""

    check: Callable[[Any], None]
    values: st.SearchStrategy[Any]
    share: int = 1


def sentences(text: str) -> None:
    """Spans in order, tight, covering all that is not white space."""
    spans = split_sentences(text)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text) and not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


def normalised(text: str) -> None:
    """The way back to the stored text stays inside it and in order; figures are spans of it."""
    found = normalize(text)
    assert len(found.text) == len(found.starts) == len(found.ends)
    for start, end in zip(found.starts, found.ends, strict=True):
        assert 0 <= start < end <= len(text)
    assert list(found.starts) == sorted(found.starts)
    for span in number_spans(text):
        assert 0 <= span.start < span.end <= span.unit_end <= len(text)


def markers(given: tuple[str, list[int]]) -> None:
    """In pieces or whole, the stream gives the same text; no marker is left, hints are small numbers."""
    text, cuts = given
    splitter, out, at = StreamSplitter(), [], 0
    for cut in [*sorted(c % (len(text) + 1) for c in cuts), len(text)]:
        out += splitter.feed(text[at:cut])
        assert len(strip_markers(splitter.pending)[1]) == 0
        at = cut
    out += splitter.flush()
    whole = StreamSplitter()
    done = whole.feed(text) + whole.flush()
    assert "".join("".join(out).split()) == "".join("".join(done).split())
    assert len(splitter.hints) == len(out) and all(0 <= n < 1000 for hint in splitter.hints for n in hint)


_ACTS = re.compile(
    r"<[|｜]|[|｜]>|</?材料>|\[/?INST\]|<</?SYS>>|</?s>|</?think>|\{\{\s*[a-z_]+\s*\}\}|\[/?(?:system|user|assistant)\]",
    re.IGNORECASE,
)


def in_a_prompt(text: str) -> None:
    """One line, nothing in it that a chat template or our prompts act on, nothing invisible; escaping again
    changes nothing."""
    safe = prompts.escape_evidence(text)
    assert len(safe.splitlines()) <= 1 and not _ACTS.search(safe)
    assert not re.search(
        "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]", safe
    )
    assert prompts.escape_evidence(safe) == safe
    roles = [role for role, _ in prompts.chat("answer", evidence=safe, question=safe)]
    assert roles == ["system", "user"]


def checked(given: tuple[str, str]) -> None:
    """Figures and dates of any sentence against any evidence: spans within both."""
    sentence, evidence = given
    found = examine(sentence, [EvidenceText(evidence, "2025-07-01")])
    for place in found.places:
        assert 0 <= place.said_start < place.said_end <= len(sentence)
        assert 0 <= place.start < place.end <= len(evidence)


def cited(given: tuple[str, str]) -> None:
    """Citations are spans of the stored text, and the context holds whole sentences of it on one line a
    passage."""
    sentence, text = given
    document = targets_files.document_of(storable(text))
    hits = targets_files.hits_of(document)[:20]
    context = build_context(
        hits, {h.passage.id: (1.0, h.passage.start) for h in hits}, len, Limits(1500, 8, 0.99)
    )
    assert len(context.text.split("\n")) <= max(1, len(context.hits))
    for one in context.sentences:
        assert document.text[one.start : one.end] == one.text
    pieces: list[EvidenceSentence] = list(context.sentences)
    for tie in attribute(sentence, pieces, question="问题").citations:
        assert pieces[tie.index].start <= tie.start < tie.end <= pieces[tie.index].end


def chat_task(given: tuple[str, Any]) -> None:
    """What a chat program asks by itself: a question, or an answer in the form that it shows."""
    text, form = given
    task = f"### Task:\n{text}{json.dumps(form)}<chat_history>USER: {text}ASSISTANT:</chat_history>"
    for content in (text, task):
        reply = background([ChatMessage(role="user", content=content)])
        assert reply is None or isinstance(reply, str)


TARGETS: dict[str, Target] = {
    "sentences": Target(sentences, st.one_of(texts, long_texts)),
    "normalised": Target(normalised, texts),
    "markers": Target(markers, st.tuples(texts, st.lists(st.integers(0, 4000), max_size=8))),
    "in_a_prompt": Target(in_a_prompt, texts),
    "checked": Target(checked, st.tuples(texts, texts)),
    "cited": Target(cited, st.tuples(texts, texts)),
    "chat_task": Target(chat_task, st.tuples(texts, json_values)),
    "chunks": Target(targets_files.chunks, st.one_of(texts, long_texts)),
    "loaded": Target(targets_files.loaded, files, share=6),
    "shown": Target(targets_output.shown, targets_output.answers, share=2),
    "exported": Target(targets_output.exported, targets_output.answers, share=2),
    "api": Target(targets_api.api, targets_api.requests, share=3),
}
