"""The gate: after a draft exists, is it an answer, is a sentence of the evidence one, or neither? One knob: risk.

Three calibrated probabilities, each a logistic model over the features of ``qa.features`` and ``qa.quote`` and, where the
engine tells its hidden states, over linear probes of these (the state after reading the prompt tells whether the answer is
in it: Slobodkin et al. 2023, "The Curious Case of Hallucinatory (Un)answerability", EMNLP; the state after the question
whether it is in it, ``prompts/judge.md``, tells it better). The weights lie in ``gate.json`` and ``probe.npz`` beside this
file, with the data and the command that made them; docs/REFUSAL.md has the risk-coverage curve.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.types import Hit
from qa.checks import EvidenceText, unmet
from qa.checks.listing import counted_thing
from qa.checks.names import holds, names
from qa.checks.text import fold_same
from qa.claims import holds_name, named, office
from qa.conflicts import PremiseConflict, premise_conflicts
from qa.context import Context
from qa.draft import Draft
from qa.features import features
from qa.linear import Linear, sigmoid
from qa.premises import COMPARES
from qa.question import Question
from qa.quote import Quote, best_quote, hit_of
from qa.types import Reason

WEIGHTS = Path(__file__).with_name("gate.json")
PROBE = Path(__file__).with_name("probe.npz")
PREFERRED = 0.3
"""A quotation that is more probable than the draft by this much is shown in its stead (chosen on the tuning rows)."""
FLOOR = 0.25
"""Least probability of a quotation, whatever the risk: no question is answered with just any sentence."""


_OFFICE = re.compile(r"(?:局|委|厅|署|办|检察院|法院|海关)$")
_REGION = re.compile(r"[东西南北]{2}|[东西南北华]{1,2}[中部方边面]|华[东西南北中]|[东西南北]{2}部")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate found.

    Attributes:
        reason: why nothing is shown; None when something is.
        confidence: calibrated probability (0..1) that what is shown, or held back, answers the question.
        quote: what is shown or held back in the draft's stead: a sentence of the evidence, or two of which one most
            likely answers; None when it is the draft.
    """

    reason: Reason | None
    confidence: float
    features: dict[str, float] = field(default_factory=dict)
    premises: tuple[PremiseConflict, ...] = ()
    quote: Quote | None = None


class Gate:
    """Decides what is shown: the draft, a sentence of the evidence, or a refusal.

    Args:
        risk: acceptable risk (0..1): what is less probable than ``1 - risk`` is not shown. 1 refuses nothing but
            drafts without any support, 0 everything.
    """

    def __init__(self, risk: float) -> None:
        self.risk = risk

    def decide(self, question: Question, hits: Sequence[Hit], draft: Draft) -> Decision:
        """Premise first, then the draft: its support and its probability; then the quotation."""
        values = features(question, hits, draft) | probed(draft)
        quote = best_quote(question, draft.context, draft.sentences, sentence_model()) if draft.context else None
        if quote:
            values |= {f"quote_{name}": value for name, value in quote.features.items()}
        sure = probability("draft", values)
        premises = tuple(premise_conflicts(question.text, draft.context.known if draft.context else ()))
        if premises:
            return Decision("false_premise", sure, values, premises)
        reason = self._against(question, draft, sure)
        if quote is None or draft.context is None:
            return Decision(reason, sure, values)
        one = Quote(quote.indices[:1], quote.features)
        likely = probability("quote", values)
        told = [(one, likely), (quote, probability("quotes", values))][: 2 if reason else 1]
        best: tuple[Reason | None, float, Quote | None] = (reason, sure, None)
        for shown, chance in told if reason or likely > sure + PREFERRED else ():
            if _another_quoted(question, shown, draft.context):
                continue
            if chance >= max(1.0 - self.risk, FLOOR):
                return Decision(None, chance, values, quote=shown)
            if reason and shown is one and chance > sure:
                best = (reason, chance, shown)
        return Decision(best[0], best[1], values, quote=best[2])

    def _against(self, question: Question, draft: Draft, sure: float) -> Reason | None:
        """Why the draft may not be shown; None when it may."""
        if not any(s.state in ("supported", "partial") for s in draft.sentences):
            return "unsupported"
        cited = {c.passage_id for s in draft.sentences for c in s.citations}
        hits = [h for h in draft.context.hits if h.passage.id in cited] if draft.context else []
        if sure < 1.0 - self.risk or _another(question, draft.text, hits, draft.context):
            return "not_answered"
        return None


def _another(question: Question, text: str, hits: Sequence[Hit], context: Context | None) -> bool:
    """Is the text, true as it may be, an answer to another question: of another place, batch, year or kind; or the members of
    something else than 四个带头, of which another passage speaks?"""
    thing = counted_thing(fold_same(question.text))
    known = {h.passage.id for h in context.hits if thing in fold_same(h.passage.text)} if thing and context else set()
    if known and not any(h.passage.id in known for h in hits):
        return True
    over = [EvidenceText(h.passage.text, h.document.spoken, " ".join((h.document.title, *h.passage.heading))) for h in hits]
    return elsewhere(question, hits) or bool(unmet(question, text, over))


def _another_quoted(question: Question, quote: Quote, context: Context) -> bool:
    places = [context.sentences[i] for i in quote.indices]
    return _another(question, "".join(p.text for p in places), [hit_of(place, context) for place in places], context)


def elsewhere(question: Question, hits: Iterable[Hit]) -> bool:
    """Does the question name a place, a person or a body that none of these documents speaks of (北京 asked, 天津 documented)?

    The document counts, not the passage: what a city reports of itself seldom repeats its name.
    """
    folded = fold_same(question.text)
    places = [n for n in names(folded) if n.kind == "place" and not _REGION.fullmatch(n.text)]
    cited = list(hits)
    near = fold_same("\n".join("\n".join((h.document.title, *h.passage.heading, h.passage.text)) for h in cited))
    for place in places:
        written = {place.text, question.text[place.start : place.end], place.text.rstrip("市省县区")}
        told = any(len(w) > 1 and w in h.document.text for h in cited for w in written)
        if not told and not holds(near, place.text):
            return True
    return bool(cited) and _stranger(question, folded, near, cited)


def _stranger(question: Question, folded: str, near: str, cited: Sequence[Hit]) -> bool:
    """Does the question take a person or body for granted whom none of the documents knows? Not where it asks whether it was
    them."""
    if question.kind == "yesno" or COMPARES.search(folded):
        return False
    documents = {h.document.id: h.document for h in cited}.values()
    for name in named(folded):
        if name.kind not in ("person", "body") or question.asks(name.start, name.end):
            continue
        if name.kind == "body" and not (office(name) and _OFFICE.search(name.text)):
            continue  # what a school or company reports of itself seldom has its full name
        written = question.text[name.start : name.end]
        if not holds_name(near, name.text) and not any(holds_name(d.text, w) for d in documents for w in {written, name.text}):
            return True
    return False


def probability(of: str, values: Mapping[str, float]) -> float:
    """Calibrated probability (0..1) that the draft (``of="draft"``), the best sentence of the evidence (``"quote"``) or
    one of the best two (``"quotes"``) answers the question; ``values`` with what ``probed`` tells, or without."""
    part = "with_state" if "probe_answer_draft" in values else "without_state"
    return sigmoid(_model(of, part).logit(values))


def probed(draft: Draft) -> dict[str, float]:
    """Logits of the probes of the draft's hidden states; {} where the engine tells none, or another model wrote it than the
    one that the probes were fitted on."""
    import numpy as np

    probe, states = _probe(), {"answer": np.asarray(draft.state), "judge": np.asarray(draft.judged)}
    if probe is None or not _plain(draft.model).startswith(_plain(_weights()["data"]["model"])):
        return {}
    if any(state.shape != probe[f"{of}_mean"].shape for of, state in states.items()):
        return {}
    found = {}
    for of, state in states.items():
        z = (state - probe[f"{of}_mean"]) / probe[f"{of}_scale"]
        for target in ("draft", "quote"):
            found[f"probe_{of}_{target}"] = float(z @ probe[f"{of}_{target}"] + probe[f"{of}_{target}_bias"])
    return found


def _plain(name: str) -> str:
    """A model's name as a GGUF file, a folder and a manifest have it: Qwen2.5 Coder 1.5B, qwen2.5-coder-1.5b."""
    return "".join(c for c in name.casefold() if c.isalnum())


@functools.cache
def sentence_model() -> Linear:
    """Log-odds that an evidence sentence holds the answer, over ``qa.quote.sentence_features``."""
    return Linear.of(_weights()["sentence"])


@functools.cache
def _model(of: str, part: str) -> Linear:
    return Linear.of(_weights()[of][part])


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
