"""Context: the evidence sentences that go into the prompt, each of them worth its tokens.

Reading the prompt is what costs on a CPU, so evidence sentences are chosen instead of whole passages: those that most
likely hold the answer (``qa.selection``), with the neighbours without which they cannot be read. Where the answer is
almost surely in, reading ends early; where it is not, more is read, up to the budget. Offsets stay true: every sentence
is a span of a stored document.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import prompts
from index.sentences import split_sentences
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.checks.text import fold_same
from qa.linear import sigmoid
from qa.question import Question
from qa.selection import selection_features, worth

# A sentence that starts like this cannot be read without the one before it.
LEANING = re.compile(r"^[“「『（(]?(?:他|她|它|其|该|此|这|那|同时|因此|对此|此外|并|也|而|但|据此|上述)")
LENGTH = 0.4
"""How much of a sentence's length in tokens it pays for: 0 nothing, 1 all. Chosen on the questions of ``training.context_fit``,
which does not vary it (docs/log/gate.md)."""
DEPENDENT = 0.7
"""Power of the probability that none of the sentences chosen holds the answer. With 1 they would be taken for independent,
with 0 for never holding the same. Chosen on tuning questions (docs/log/context.md)."""
PASSAGE_TOKENS = 12
"""What a further passage costs besides its sentences: its number, maybe a heading."""
_OFFSETS = {"今年": 0, "本年": 0, "去年": -1, "上年": -1, "前年": -2, "明年": 1}
_RELATIVE_YEAR = re.compile(r"今年|本年(?!度)|去年|(?<![以早])上年(?!度)|(?<![目以])前年|明年")


@dataclass(frozen=True, slots=True)
class Context:
    """What the generator is given.

    Attributes:
        text: the material as it stands in the prompt, passages numbered from 1.
        sentences: the evidence sentences in it, in the order of the prompt.
        known: those, and then the next ones that the budget would have held: not worth reading, which costs, but looked
            at by the checks, which cost nothing (premises, comparisons, contradictions between sources).
        hits: the hits they come from, in the order of their numbers.
        tokens: length of ``text`` in the generator's tokens.
    """

    text: str
    sentences: tuple[EvidenceSentence, ...]
    known: tuple[EvidenceSentence, ...]
    hits: tuple[Hit, ...]
    tokens: int

    def spans(self, passage_id: str) -> tuple[tuple[int, int], ...]:
        """Spans of the document's text that were sent, for one passage; empty when none was."""
        return tuple((s.start, s.end) for s in self.sentences if s.passage.id == passage_id)


def build_context(
    question: Question,
    hits: Sequence[Hit],
    count_tokens: Callable[[str], int],
    budget: int,
    max_passages: int,
    gain: float = 0.0,
) -> Context:
    """Choose evidence for the query from the hits (best first) within ``budget`` tokens.

    At least one sentence is always taken, cut to nothing less: a single sentence longer than the budget is sent whole
    up to twice the budget and left out beyond that.

    Args:
        gain: a further sentence is read only if each of its tokens adds so much to the probability that the answer is
            among what is read; 0: as many as the budget holds.
    """
    found = _candidates(question, hits[: max_passages * 2], count_tokens)
    chosen: list[_Candidate] = []
    ranks: set[int] = set()
    beside: list[_Candidate] = []
    spent, held, lacking = 0, 0, 1.0
    for candidate in sorted(found, key=lambda c: (-c.score, c.rank, c.position)):
        group = [c for c in _with_lead_in(candidate, found) if c not in chosen]
        cost = sum(c.tokens for c in group) + (PASSAGE_TOKENS if candidate.rank not in ranks else 0)
        if len(ranks | {candidate.rank}) > max_passages or spent + cost > (budget if chosen else 2 * budget):
            continue
        if chosen and candidate.likely * lacking**DEPENDENT < gain * cost:
            if spent + held + cost <= budget:
                beside += [c for c in group if c not in beside]
                held += cost
            continue
        chosen += group
        ranks.add(candidate.rank)
        spent += cost
        for c in group:
            lacking *= 1 - c.likely
    return _assemble(question, chosen, [c for c in beside if c not in chosen], hits, count_tokens)


@dataclass(frozen=True, slots=True)
class _Candidate:
    sentence: EvidenceSentence
    rank: int
    position: int
    tokens: int
    likely: float
    """Probability that it holds the answer."""

    @property
    def score(self) -> float:
        """By which sentences are taken: a long one pays for some of its length."""
        return math.log(self.likely + 1e-9) - LENGTH * math.log(self.tokens + 4)


def candidates(hits: Sequence[Hit]) -> list[tuple[int, int, EvidenceSentence]]:
    """Every sentence of the hits: (rank of its hit, position in its passage, sentence)."""
    return [(rank, position, span) for rank, hit in enumerate(hits) for position, span in enumerate(_sentences(hit))]


def _candidates(question: Question, hits: Sequence[Hit], count_tokens: Callable[[str], int]) -> list[_Candidate]:
    spans = candidates(hits)
    rows = selection_features(question, hits, spans)
    return [
        _Candidate(sentence, rank, position, count_tokens(sentence.text), sigmoid(worth(row)))
        for (rank, position, sentence), row in zip(spans, rows, strict=True)
    ]


def _sentences(hit: Hit) -> list[EvidenceSentence]:
    base = hit.passage.start
    return [
        EvidenceSentence(hit.passage, hit.document, base + a, base + b, hit.passage.text[a:b])
        for a, b in split_sentences(hit.passage.text)
    ]


def _with_lead_in(candidate: _Candidate, candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The candidate, with the sentence before it where it leans on that."""
    if candidate.position and LEANING.match(candidate.sentence.text):
        before = [c for c in candidates if c.rank == candidate.rank and c.position == candidate.position - 1]
        return before + [candidate]
    return [candidate]


def _assemble(
    question: Question,
    chosen: Sequence[_Candidate],
    beside: Sequence[_Candidate],
    hits: Sequence[Hit],
    count_tokens: Callable[[str], int],
) -> Context:
    ranks = sorted({c.rank for c in chosen})
    lines, sentences = [], []
    for number, rank in enumerate(ranks, 1):
        hit = hits[rank]
        own = sorted((c for c in chosen if c.rank == rank), key=lambda c: c.position)
        body = ""
        for previous, c in zip([None, *own], own, strict=False):
            body += "……" if previous and c.position > previous.position + 1 else ""
            body += prompts.escape_evidence(resolve(c.sentence.text, hit.document.spoken))
            sentences.append(c.sentence)
        lines.append(f"[{number}] {_label(question, hit, body)}{body}")
    text = "\n".join(lines)
    known = (*sentences, *(c.sentence for c in beside))
    return Context(text, tuple(sentences), known, tuple(hits[r] for r in ranks), count_tokens(text))


def _label(question: Question, hit: Hit, body: str) -> str:
    """The last heading, where it holds words of the question that the sentences themselves lack."""
    heading = hit.passage.heading[-1] if hit.passage.heading else hit.document.title
    lacking = question.absent_words(body)
    if len(heading) > 40 or not any(len(word) > 1 and word in fold_same(heading) for word in lacking):
        return ""
    return f"（{prompts.escape_evidence(heading)}）"


def resolve(text: str, published: str | None) -> str:
    """今年, 去年 ... as years, counted from the date of publication; for the prompt alone, never for a quote.

    A small model copies what stands there: 今年6月13日 would come out without its year, or with a wrong one.
    """
    if not published:
        return text
    return _RELATIVE_YEAR.sub(lambda m: f"{int(published[:4]) + _OFFSETS[m.group()]}年", text)
