"""The gate: after a draft exists, is it the answer, is what the reader found one, or neither? One knob: risk.

Calibrated probabilities, each a logistic model over the features of ``qa.features`` and, where the
generator has an adapter, over what that tells of the question beside the material (``qa.adapted``; that
hidden states tell: Slobodkin et al. 2023, "The Curious Case of Hallucinatory (Un)answerability", EMNLP).
The weights lie in ``gate.json`` beside this file, made by ``training/gate.py``; docs/REFUSAL.md has the
risk-coverage curve."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.adapter import weights
from index.types import Hit
from qa.draft import Draft
from qa.features import features, found_features
from qa.kinds.extract import Extract
from qa.linear import Linear, sigmoid
from qa.types import Reason

WEIGHTS = Path(__file__).with_name("gate.json")
CERTAIN = 0.65
"""Probability that what the reader found answers, from which on nothing is written (chosen on tuning rows,
docs/log/gate.md)."""
ASKED = 0.77
"""Least probability that a passage answers, by the model, for each ``1 - risk``: what is surely not answered
is refused before anything is written (chosen on tuning questions, docs/log/gate.md)."""
SURE = 0.6
"""Probability below which an answer that is shown says that it is not certain (docs/log/gate.md)."""
EXACT = 0.8
"""Log-odds that rows named or fallen into gain before they count as surely not the answer."""
SAID, PREFERRED = 0.5, 0.2
"""A draft that says at least this share of what the reader found is shown unless the quotation is so much
more probable (chosen on tuning rows, docs/log/gate.md)."""
UNREAD = -1.0
"""Log-odds that what is left beside some lines answers, where it was not read."""
DOUBTED = -2.0
"""Log-odds that a word of the question is borne out, below which a refusal names it: 95 % of what is named is
where two nearly the same questions differ (docs/log/gate.md)."""
NAMED = 8
"""Characters of the question, as far as that word, that are named; twice as many where a clause ends."""
ENDS = "？?。！!，,；; "


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate found.

    Attributes:
        reason: why nothing is shown; None when something is.
        confidence: calibrated probability (0..1) that what is shown, or held back, answers the question.
        quoted: what the reader found is shown in the draft's stead.
    """

    reason: Reason | None
    confidence: float
    features: dict[str, float] = field(default_factory=dict)
    quoted: bool = False


class Gate:
    """Decides what is shown: the draft, what the reader found, or a refusal.

    Args:
        risk: acceptable risk (0..1): what is less probable than ``1 - risk`` is not shown. 1 refuses nothing
        but
            drafts without any support, 0 everything.
    """

    def __init__(self, risk: float) -> None:
        self.risk = risk

    def unanswered(self, told: float | None) -> bool:
        """Does the model that writes hold that the best passage does not answer?

        Args:
            told: its log-odds that it does (``qa.rerank``), None where it was not asked.
        """
        return told is not None and sigmoid(told) < ASKED * (1.0 - self.risk)

    def enough(self, draft: Draft) -> float | None:
        """Calibrated probability (0..1) that the lines that were found are the answer; None where nothing was
        told of them.

        Args:
            draft: with what was told of the lines and of what is left beside them.
        """
        return probability("lines", probed(draft)) if draft.lines and draft.judged else None

    def alone(self, hits: Sequence[Hit], found: Extract, draft: Draft) -> Decision | None:
        """Whether what the reader found is shown though nothing is written to compare it with; None where the
        engine tells no states. Rows that the question names or falls into are shown unless it is surely not
        answered.

        Args:
            draft: without sentences, with the state after the question whether the material answers.
        """
        told = probed(draft)
        if not told:
            return None
        values = found_features(hits, found) | told
        likely = probability("before", values)
        if found.exact and not self.unanswered(told["probe_answered"] + EXACT):
            return Decision(None, max(likely, 1.0 - self.risk), values, quoted=True)
        shown = likely >= 1.0 - self.risk
        return Decision(None if shown else "not_answered", likely, values, quoted=True)

    def before(self, hits: Sequence[Hit], found: Extract | None, draft: Draft) -> Decision | None:
        """What is certain before anything is written: a false premise, or that what the reader found answers.
        None otherwise.

        Args:
            draft: without sentences yet, with the state after the question whether the material answers.
        """
        told = probed(draft)
        if found is None or not told:
            return None
        values = found_features(hits, found) | told
        likely = probability("before", values)
        if values["probe_premise"] > float(weights()["premise"]):
            return Decision("false_premise", likely, values)
        return (
            Decision(None, likely, values, quoted=True) if likely >= max(CERTAIN, 1.0 - self.risk) else None
        )

    def decide(self, hits: Sequence[Hit], draft: Draft, found: Extract | None) -> Decision:
        """The draft or what the reader found, whichever is more probable, if that is probable enough."""
        values = features(hits, draft, found) | probed(draft)
        borne = any(s.state in ("supported", "partial") for s in draft.sentences)
        sure = probability("draft", values) if borne else 0.0
        alone = (
            not borne and "probe_answered" not in values
        )  # a draft of which nothing holds tells nothing of the quotation
        likely = probability("before" if alone else "quote", values) if found else 0.0
        told = values["said"] >= SAID  # then the draft says the same in a word
        quoted, best = likely > sure + (PREFERRED if told else 0.0), max(sure, likely)
        if not any(s.state == "supported" for s in draft.sentences) and likely >= 1.0 - self.risk:
            quoted, best = True, likely  # what is quoted is borne out; what was written only in part
        if best and best >= 1.0 - self.risk:
            return Decision(None, best, values, quoted)
        return Decision("not_answered" if borne else "unsupported", best, values, quoted)


def probability(of: str, values: Mapping[str, float]) -> float:
    """Calibrated probability (0..1) that the draft (``of="draft"``) or what the reader found (``"quote"``;
    ``"before"`` the draft is known) answers the question; ``values`` with what ``probed`` tells, or
    without."""
    return sigmoid(_model(of, "with_state" if "probe_answered" in values else "without_state").logit(values))


def probed(draft: Draft) -> dict[str, float]:
    """What the model that writes tells of the question (``qa.adapted``), as features: log-odds that the
    material answers, that the question takes something false for granted, that each of its words is borne
    out (of the one that is so least); the first and the last of these also of the lines found alone, the
    first of what is left beside them. {} where
    it has no adapter."""
    told, lines = draft.judged, draft.lines or draft.judged
    if told is None or lines is None:
        return {}
    return {
        "probe_answered": told.answered,
        "probe_premise": told.premise,
        "probe_words": min(told.words, default=0.0),
        "probe_lines": lines.answered,
        "probe_lines_words": min(lines.words, default=0.0),
        "probe_left": UNREAD if draft.left is None else draft.left,
    }


def doubted(draft: Draft, question: str) -> str:
    """The words of the question as far as the one that the material bears out least; "" where it bears out
    all, or that is not known."""
    words = draft.judged.words if draft.judged else ()
    if not words or min(words) >= DOUBTED:
        return ""
    end = len(question) - len(words) + words.index(min(words)) + 1
    if end < 1:
        return ""
    end = len(question[:end].rstrip(ENDS))
    clause = max(question.rfind(mark, 0, end) for mark in ENDS) + 1
    start = clause if end - clause <= 2 * NAMED else end - NAMED  # words of a short clause are not cut
    named = question[start:end].strip(ENDS)
    return ("…" if start and named else "") + named


@functools.cache
def _model(of: str, part: str) -> Linear:
    return Linear.of(_weights()[of][part])


@functools.cache
def _weights() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return data
