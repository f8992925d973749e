"""Names that a question takes for granted and the evidence has otherwise: 市财政局建成113家就业驿站, where 市人社局 did.

The sentence that tells what the question speaks of is found without the name; the name counts as wrong only when
neither that passage nor any other that speaks of it holds it, and the passage has another name of the same kind there.
A place counts only when no passage found speaks of it: 河南省最大的博物馆 says nothing against 广东省最大的博物馆.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.attribution import EvidenceSentence
from qa.checks.names import listed, names
from qa.checks.text import fold_same, grams
from qa.claims import Named, alike, holds_name, named, office
from qa.question import Question, analyse
from qa.stated import held

TOLD = 0.6
"""Share of the rest of the question that the evidence sentence must hold."""
CLEAR = 0.25
"""By how much it must hold more than any sentence of a passage that has the name."""
LEAST = 6
"""Bigrams that the rest of the question must have."""
WORDED, WORDS = 0.75, 8
"""Or else: share of the words of the rest that the sentence must hold, and letters that these words must have."""
ANCHORED = 4
"""Letters that they must have where the sentence also has a figure, day or quotation of the question."""
QUOTED = re.compile(r"\"[^\"]{2,20}\"|《[^《》]{2,40}》")
_PART = re.compile(r"[^。；;！？!?\n]+")
COMPARES = re.compile(r"还是|哪个(?:更|在前|在后|先|后|日子|早|晚)|谁(?:更|先)|相比|比较")


@dataclass(frozen=True, slots=True)
class NamePremise:
    """``claim`` is how the question has it, a span of the question; ``index`` the evidence sentence, with the span in it."""

    claim: tuple[int, int]
    index: int
    start: int
    end: int


def name_premises(question: str, evidence: Sequence[EvidenceSentence]) -> list[NamePremise]:
    """At most one name of the question for which the evidence has another; empty when nothing certain was found."""
    asked = analyse(question)
    folded = fold_same(question)
    if asked.kind == "yesno" or not evidence or COMPARES.search(folded):
        return []
    begin, end = asked.asked
    texts = [fold_same(e.text) for e in evidence]
    for claim in named(folded):
        if (begin < claim.end and claim.start < end) or (claim.kind == "body" and not office(claim)):
            continue
        shares = _shares(asked, folded, claim, texts)
        best = max(range(len(texts)), key=lambda i: (shares[i], -i))
        if shares[best] < TOLD or _known(claim, best, shares, evidence):
            continue
        if (other := _instead(claim, best, folded, evidence, texts)) is not None:
            index, name = other
            return [NamePremise((claim.start, claim.end), index, name.start, name.end)]
    return []


def _shares(asked: Question, folded: str, claim: Named, texts: Sequence[str]) -> list[float]:
    """How much of what the question says of the claim each text holds (0..1): by bigrams, or by words where these are
    enough to know the thing again."""
    rest = _rest(folded, claim, [asked.asked, *((d.start, d.end) for d in asked.dates)])
    shares = [len(rest & grams(t)) / len(rest) if len(rest) >= LEAST else 0.0 for t in texts]
    for i, text in enumerate(texts) if claim.kind in ("person", "body") else ():
        share, letters = held(asked, (claim.start, claim.end), text)
        if share >= WORDED and letters >= (ANCHORED if any(a in text for a in anchors(asked, folded)) else WORDS):
            shares[i] = max(shares[i], share)
    return shares


def anchors(asked: Question, folded: str) -> list[str]:
    """What points to one place as it is written in the question: counted figures, days, quotations."""
    figures = [folded[f.start : f.unit_end] for f in asked.figures if not f.weak and f.kind != "ordinal" and f.value >= 3]
    days = [folded[d.start : d.end] for d in asked.dates if d.month and d.day]
    return [*figures, *days, *(m.group() for m in QUOTED.finditer(folded))]


def _rest(folded: str, claim: Named, spans: Sequence[tuple[int, int]]) -> frozenset[str]:
    """What the question says of the claim, as bigrams: its clause, or all of it when that is too little; without the
    claim, the asking words and the dates."""
    text = folded
    for start, end in (*spans, (claim.start, claim.end)):
        text = text[:start] + "|" * (end - start) + text[end:]
    begin = max(text.rfind(c, 0, claim.start) for c in "，,;；") + 1
    stop = min([at for c in "，,;；" if (at := text.find(c, claim.end)) >= 0], default=len(text))
    own = grams(text[begin:stop])
    return own if len(own) >= LEAST else grams(text)


def _known(claim: Named, best: int, shares: Sequence[float], evidence: Sequence[EvidenceSentence]) -> bool:
    """Does a passage that may speak of the same thing hold the name?"""
    passages: dict[str, str] = {}
    top: dict[str, float] = {}
    for item, share in zip(evidence, shares, strict=True):
        key = item.passage.id
        if key not in passages:
            passages[key] = fold_same("\n".join((item.document.title, *item.passage.heading, item.passage.text)))
        top[key] = max(top.get(key, 0.0), share)
    own = evidence[best].passage.id
    for key, text in passages.items():
        if holds_name(text, claim.text) and (key == own or claim.kind == "place" or top[key] > shares[best] - CLEAR):
            return True
    return False


def _instead(
    claim: Named, best: int, asked: str, evidence: Sequence[EvidenceSentence], texts: Sequence[str]
) -> tuple[int, Named] | None:
    """The name of the same kind in the sentence, else (persons and bodies) in the nearest one before it in the passage.
    A place must be the only one there that could be meant."""
    for index in range(best, -1, -1):
        if evidence[index].passage.id != evidence[best].passage.id or (index < best and claim.kind not in ("person", "body")):
            return None
        among = _places(texts[index]) if claim.kind == "place" else named(texts[index])
        found = [n for n in among if alike(n, claim) and (n.kind != "body" or office(n)) and not holds_name(asked, n.text)]
        if claim.kind == "place" and len({n.text for n in found}) > 1:
            found = _meant(found, texts[index], asked)
        if found:
            return index, found[0] if index == best else found[-1]
    return None


def _places(folded: str) -> list[Named]:
    return [Named(n.text, n.start, n.end, "place") for n in names(folded) if n.kind == "place" and listed(n.text)]


def _meant(found: Sequence[Named], folded: str, asked: str) -> list[Named]:
    """Of several places of a sentence the one where the stretch that says most of the question has something happen (在,
    到); of neighbours (广东深圳) the last. Empty unless that is one."""
    stretch = max(_PART.finditer(folded), key=lambda m: len(grams(m.group()) & grams(asked)))
    own = [n for n in found if stretch.start() <= n.start < stretch.end()]
    chains = [[n] for n in own if folded[n.start - 1 : n.start] in tuple("在到于赴")]
    for chain in chains:
        chain += [n for n in own if n.start == chain[-1].end]
    return [chains[0][-1]] if len(chains) == 1 else []
