"""Are the lines that were found the answer, and all of it? Asked of the model that writes: the question
beside them alone, and beside what is left of their passages (sufficiency and comprehensiveness of a
rationale: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models").

Beside its whole passage a question finds all its words, be they said of another case; beside the one line of
that other case it does not. And where what is left answers about as well, the lines are another case's, or
not all that is asked for: then those that are left join them, or take their place.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.base import Generator
from index.types import Hit
from qa.adapted import Told, adapts, told, unread
from qa.attribution import EvidenceSentence
from qa.context import assembled
from qa.draft import Draft
from qa.kinds.counted import Count
from qa.kinds.evidence import narrow
from qa.kinds.extract import Extract
from qa.rerank import Budget

TOKENS = 360
"""Most tokens of lines that are read."""
COUNTED = 900
"""Most tokens of the rows that a figure was computed from."""
LEFT = 240
"""Most tokens of what is left that are read: the sentences that answer most, as far as that was told."""
LABEL = 24
"""Tokens of the label that is read before them."""
MARGIN = 1.5
"""Log-odds by which the lines must answer more than what is left, to be left as they are."""
CERTAIN = 2.0
"""Log-odds by which rows that were chosen must answer more than those that were not."""
NEAR = 1.0
"""How much less than the best of what is left (log-odds) a further line of it may answer, to be joined."""
JOINED = 3
"""Most lines of what is left that are joined at once."""
LESS = 0.8
"""How much less (log-odds) may be answered without a line that was joined with others, to go without it."""
ROUNDS = 2
NOTHING = -3.0
"""Log-odds that nothing answers: of what is left where nothing is."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is told of the lines alone, and of what is left; None where it was not read.

    Attributes:
        rest: what is left, as far as it was read.
        whole: nothing is left.
    """

    lines: Told | None = None
    left: Told | None = None
    rest: tuple[EvidenceSentence, ...] = ()
    whole: bool = False

    @property
    def margin(self) -> float:
        """Log-odds by which the lines answer more than what is left; without a limit where that is not
        known."""
        return self.lines.answered - self.odds if self.lines and self.odds is not None else float("inf")

    @property
    def odds(self) -> float | None:
        """Log-odds that what is left answers; None where it was not read."""
        if self.lines is None:
            return None
        return self.left.answered if self.left else NOTHING if self.whole else None


@dataclass(frozen=True, slots=True)
class Rationale:
    """Weighs lines for one question.

    Attributes:
        question: as the model that writes is asked it.
        hits: what was found.
        drafts: what was told of passages, by their id.
        budget: of the tokens that may be read before something is shown.
    """

    question: str
    hits: Sequence[Hit]
    drafts: Mapping[str, Draft]
    generator: Generator
    budget: Budget
    cancelled: threading.Event

    def whole(self, found: Extract) -> tuple[Extract, Weighed]:
        """What was found with the lines that are left joined to it, or in its place, where that answers more
        and leaves less; and what is told of it. Rows whose range the question falls into stay.

        Raises:
            Cancelled: it was stopped. GeneratorError: the generator failed.
        """
        now = self.weighed(found.lines)
        for _ in range(ROUNDS):
            if found.fallen or now.margin >= MARGIN or now.left is None or now.left.answered <= 0.0:
                break
            better = self._better(found.lines, now)
            if better is None:
                break
            found, now = _with(found, better[0]), better[1]
        return found, now

    def chosen(self, count: Count) -> bool:
        """Are the rows that a figure was computed from those that are meant, as far as that can be told? Not
        asked of the most and the least: that is arithmetic."""
        return count.what == "extreme" or self.weighed(count.places, COUNTED).margin >= CERTAIN

    def weighed(self, lines: Sequence[EvidenceSentence], most: int = TOKENS) -> Weighed:
        """What is told of some lines; nothing where the generator has no adapter, there are no lines, or they
        are more than ``most`` tokens."""
        alone = self._told(lines, most)
        if alone is None:
            return Weighed()
        left = self._left(lines)
        rest = self._read(left)
        return Weighed(alone, self._told(rest, TOKENS), rest, not left)

    def _told(self, lines: Sequence[EvidenceSentence], most: int) -> Told | None:
        """What is told of the question beside some lines, each under the label of its passage."""
        if not lines or not self.hits or not adapts(self.generator):
            return None
        known = {hit.passage.id: hit for hit in self.hits}
        by: dict[str, list[EvidenceSentence]] = {}
        for line in lines:
            by.setdefault(line.passage.id, []).append(line)
        chosen = [
            (known.get(key) or replace(self.hits[0], passage=own[0].passage, document=own[0].document), own)
            for key, own in by.items()
        ]
        context = assembled(chosen, self.generator.count_tokens)
        cost = min(context.tokens, unread(self.question, context, self.generator))
        if context.tokens > most or not self.budget.take(cost):
            return None
        return told(self.question, self.question, context, self.generator, self.cancelled)

    def _left(self, lines: Sequence[EvidenceSentence]) -> list[EvidenceSentence]:
        """What is left of the passages that the lines stand in."""
        hits = {
            line.passage.id: replace(self.hits[0], passage=line.passage, document=line.document)
            for line in lines
        }
        sentences = [s for hit in hits.values() for s in narrow(hit).sentences()]
        return [
            s
            for s in sentences
            if not any(s.document.id == o.document.id and s.start < o.end and o.start < s.end for o in lines)
        ]

    def _read(self, left: Sequence[EvidenceSentence]) -> tuple[EvidenceSentence, ...]:
        """Of what is left the sentences that answer most, by what was told of the passages before, as far as
        they can be read."""
        odds = self._odds()
        ranked = sorted(left, key=lambda s: -odds.get((s.document.id, s.start), 0.0))
        kept, spent = set[tuple[str, int]](), 0
        for sentence in ranked:
            spent += self.generator.count_tokens(sentence.text)
            if spent > min(LEFT, self.budget.tokens - LABEL):
                break
            kept.add((sentence.document.id, sentence.start))
        return tuple(s for s in left if (s.document.id, s.start) in kept)

    def _odds(self) -> dict[tuple[str, int], float]:
        """By document and offset the log-odds that a sentence answers, as far as that was told."""
        return {
            (sentence.document.id, sentence.start): value
            for draft in self.drafts.values()
            if draft.context and draft.judged
            for sentence, value in zip(draft.context.sentences, draft.judged.lines, strict=True)
        }

    def _better(
        self, lines: Sequence[EvidenceSentence], now: Weighed
    ) -> tuple[tuple[EvidenceSentence, ...], Weighed] | None:
        """Those of what is left that answer most, in the place of lines that likely do not, or the lines with
        them, where that answers more; and what is told of it. None where it is no better."""
        assert now.left is not None and now.lines is not None
        most = max(now.left.lines, default=0.0)
        pairs = sorted(zip(now.left.lines, now.rest, strict=True), key=lambda pair: -pair[0])
        added = [sentence for value, sentence in pairs if value >= most - NEAR][:JOINED]
        order = {line.passage.id: at for at, line in reversed(list(enumerate(lines)))}
        alone = [(added, MARGIN)] if now.lines.answered < 0.0 else []
        for tried, least in (*alone, ([*lines, *added], now.margin)):
            new = tuple(sorted(tried, key=lambda s: (order[s.passage.id], s.start)))
            told = self.weighed(new)
            if told.lines and told.odds is not None and told.margin > least:
                return self._needed(new, added, told)
        return None

    def _needed(
        self, lines: tuple[EvidenceSentence, ...], added: Sequence[EvidenceSentence], now: Weighed
    ) -> tuple[tuple[EvidenceSentence, ...], Weighed]:
        """The lines without those of several ``added`` that are not needed: about as much is answered without
        them, and what is left then still answers less; and what is told of it.

        Args:
            added: the one that answers most first.  now: what is told of all lines.
        """
        for one in reversed(added if len(added) > 1 else ()):
            rest = tuple(line for line in lines if line is not one)
            told = self.weighed(rest)
            if not (rest and told.lines and now.lines) or told.odds is None:
                continue
            if told.margin >= MARGIN and told.lines.answered >= now.lines.answered - LESS:
                lines, now = rest, told
        return lines, now


def _with(found: Extract, lines: tuple[EvidenceSentence, ...]) -> Extract:
    """What was found with other lines; its best place is one of them."""
    best = found.best if found.best in lines else lines[0]
    span = found.span if best.start <= found.span[0] < best.end else (best.start, best.end)
    return replace(found, lines=lines, best=best, span=span, parts=())
