"""What is written to order: the last answer in another form, a notice, a brief. From evidence, every line
judged by itself."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import prompts
from engine.base import GenerationRequest, Generator, Message
from qa.attribution import EvidenceSentence, attribute
from qa.draft import cite
from qa.judge import Judge
from qa.markers import strip_markers
from qa.types import Answer, Citation, Note, Sentence

MAX_TOKENS = 320
BUDGET = 700
"""Tokens of evidence."""
_RULE = re.compile(r"[\s|:—-]+")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written.

    Attributes:
        text: the order as it was typed.
        last: the answer that it is about, "" for a new text.
    """

    text: str
    last: str = ""


def write(
    answer: Answer,
    order: Order,
    evidence: Sequence[EvidenceSentence],
    generator: Generator,
    judge: Judge | None,
    cancelled: threading.Event,
) -> Iterator[Answer]:
    """Growing snapshots; the last is done. Lines that the evidence does not bear out are left out.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    chosen = _within(evidence, generator)
    material = "\n".join(f"[{n}] {prompts.escape_evidence(e.text)}" for n, e in enumerate(chosen, 1))
    variables = {"evidence": material, "order": prompts.escape_evidence(order.text)}
    if order.last:
        variables["answer"] = prompts.escape_evidence(order.last)
    parts = prompts.chat("order" if order.last else "write", **variables)
    messages = tuple(Message(role, content) for role, content in parts)
    told = "\n".join((material, order.text, order.last))
    text, plain, usage = "", "", {}
    for chunk in generator.stream(GenerationRequest(messages, MAX_TOKENS, figures=told, cancelled=cancelled)):
        text += chunk.text
        plain = _unmarked(text)
        if chunk.finish:
            usage = {"prompt_tokens": chunk.prompt_tokens, "completion_tokens": chunk.completion_tokens}
        yield replace(answer, stage="writing", sentences=(Sentence(plain),))
    lines = _lines(plain)
    borne = _borne(lines, material, chosen, judge, cancelled)
    shown = tuple(s for s in borne if s is not None)
    notes = (*answer.notes, Note("draft", prompts.text("qa.note_draft")))
    if len(shown) < len(lines):
        notes = (*notes, Note("dropped", prompts.text("qa.note_dropped", n=len(lines) - len(shown))))
    yield replace(answer, stage="done", sentences=shown, notes=notes, usage=usage)


def _within(evidence: Sequence[EvidenceSentence], generator: Generator) -> list[EvidenceSentence]:
    """As many of the sentences as the prompt holds."""
    kept: list[EvidenceSentence] = []
    spent = 0
    for sentence in evidence:
        spent += generator.count_tokens(sentence.text) + 4
        if kept and spent > BUDGET:
            break
        kept.append(sentence)
    return kept


def _unmarked(text: str) -> str:
    """The text without markers of sources, line by line."""
    lines = ((line, *strip_markers(line)) for line in text.split("\n"))
    return "\n".join(plain.lstrip() if plain != line else line for line, plain, _ in lines)


def _lines(text: str) -> list[str]:
    """Lines of a text, and sentences of long lines; rows of tables stay whole."""
    from index.sentences import split_sentences

    out: list[str] = []
    for line in text.strip().splitlines():
        if not line.strip():
            continue
        cuts = [(0, len(line))] if line.lstrip().startswith("|") else split_sentences(line)
        out += [line[a:b] + ("\n" if b >= len(line.rstrip()) else "") for a, b in cuts]
    return out


def _borne(
    lines: Sequence[str],
    material: str,
    evidence: Sequence[EvidenceSentence],
    judge: Judge | None,
    cancelled: threading.Event,
) -> list[Sentence | None]:
    """Each line with its citations, None where the evidence does not bear it out. Rules of tables need no
    evidence."""
    asked = [
        i for i, line in enumerate(lines) if not _RULE.fullmatch(line) and any(c.isalnum() for c in line)
    ]
    chances: dict[int, float] = {}
    if judge is not None and asked:
        chances = dict(
            zip(asked, judge.supports(material, [lines[i].strip() for i in asked], cancelled), strict=True)
        )
    out: list[Sentence | None] = []
    for i, line in enumerate(lines):
        if i not in asked:
            out.append(Sentence(line, "supported"))
            continue
        tie = attribute(line.strip(), evidence, question="")
        cited = tuple(cite(evidence[t.index], t.start, t.end, t.score) for t in tie.citations)
        state = judge.state(chances[i]) if judge is not None else tie.state
        kept = state in ("supported", "partial") and (cited or judge is not None)
        out.append(Sentence(line, state, cited or _nearest(evidence)) if kept else None)
    return out


def _nearest(evidence: Sequence[EvidenceSentence]) -> tuple[Citation, ...]:
    return (cite(evidence[0], evidence[0].start, evidence[0].end, 0.5),) if evidence else ()
