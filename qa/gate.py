"""The gate: after a draft exists, a calibrated probability that the context answers the question, and one knob.

A logistic model over the features of ``qa.features`` and, where the engine tells its hidden state, over a linear probe
of that state (the state after reading the prompt tells whether the answer is in it: Slobodkin et al. 2023, "The
Curious Case of Hallucinatory (Un)answerability", EMNLP). The weights lie in ``gate.json`` and ``probe.npz`` beside this
file, with the data and the command that made them; docs/REFUSAL.md has the risk-coverage curve.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.types import Hit
from qa.checks.names import holds, names
from qa.checks.text import fold_same
from qa.conflicts import PremiseConflict, premise_conflicts
from qa.draft import Draft
from qa.features import features
from qa.question import Question
from qa.types import Reason

WEIGHTS = Path(__file__).with_name("gate.json")
PROBE = Path(__file__).with_name("probe.npz")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate found. ``reason`` is None when the draft may be shown.

    ``confidence`` is the calibrated probability (0..1) that the context answers the question.
    """

    reason: Reason | None
    confidence: float
    features: dict[str, float] = field(default_factory=dict)
    premises: tuple[PremiseConflict, ...] = ()


class Gate:
    """Decides whether a draft is an answer.

    Args:
        risk: acceptable risk (0..1): a draft whose probability is below ``1 - risk`` is refused. 1 refuses nothing
            but drafts without any support.
    """

    def __init__(self, risk: float) -> None:
        self.risk = risk

    def decide(self, question: Question, hits: Sequence[Hit], draft: Draft) -> Decision:
        """Premise first, then support, then the probability."""
        values = features(question, hits, draft)
        confidence = probability(values, draft.state)
        premises = tuple(premise_conflicts(question.text, draft.context.sentences if draft.context else ()))
        reason: Reason | None = None
        if premises:
            reason = "false_premise"
        elif not any(s.state in ("supported", "partial") for s in draft.sentences):
            reason = "unsupported"
        elif _elsewhere(question, draft):
            reason = "not_answered"  # true perhaps, but of another place than the one asked about
        elif confidence < 1.0 - self.risk:
            reason = "not_answered"
        return Decision(reason, confidence, values, premises)


def _elsewhere(question: Question, draft: Draft) -> bool:
    """Does the question name a place that no cited document speaks of (北京 asked, 天津 documented)?

    The document counts, not the passage: what a city reports of itself seldom repeats its name.
    """
    places = [n for n in names(fold_same(question.text)) if n.kind == "place"]
    cited = {c.document_id for s in draft.sentences for c in s.citations}
    hits = [h for h in draft.context.hits if h.document.id in cited] if draft.context else []
    near = fold_same("\n".join("\n".join((h.document.title, *h.passage.heading, h.passage.text)) for h in hits))
    for place in places:
        written = {place.text, question.text[place.start : place.end], place.text.rstrip("市省县区")}
        told = any(len(w) > 1 and w in h.document.text for h in hits for w in written)
        if not told and not holds(near, place.text):
            return True
    return False


def probability(values: dict[str, float], state: object = None) -> float:
    """Calibrated probability (0..1) that the context answers the question."""
    model = _weights()
    part = model["with_state"] if state is not None and _probe() is not None else model["without_state"]
    known = values | ({"probe": _probe_logit(state)} if part is model["with_state"] else {})
    z = part["bias"]
    for name, mean, scale, weight in zip(part["features"], part["mean"], part["scale"], part["weights"], strict=True):
        z += weight * max(-4.0, min(4.0, (known[name] - mean) / scale))
    return 1.0 / (1.0 + math.exp(-z))


def _probe_logit(state: Any) -> float:
    probe = _probe()
    assert probe is not None
    return float(((state - probe["mean"]) / probe["scale"]) @ probe["weights"] + probe["bias"][0])


@functools.cache
def _weights() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return data


@functools.cache
def _probe() -> dict[str, Any] | None:
    if not PROBE.exists():
        return None
    import numpy as np

    with np.load(PROBE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
