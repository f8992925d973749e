"""Names that a question takes for granted and the evidence has otherwise: 市财政局建成113家就业驿站, where 市人社局 did.

The sentence that tells what the question speaks of is found without the name; the name counts as wrong only when
neither that passage nor any other that speaks of it holds it, and the passage has another name of the same kind there.
A place counts only when no passage found speaks of it: 河南省最大的博物馆 says nothing against 广东省最大的博物馆.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.attribution import EvidenceSentence
from qa.checks.names import holds, listed, names
from qa.checks.subjects import nouns
from qa.checks.text import fold_same, grams
from qa.question import analyse

TOLD = 0.6
"""Share of the rest of the question that the evidence sentence must hold."""
CLEAR = 0.25
"""By how much it must hold more than any sentence of a passage that has the name."""
LEAST = 6
"""Bigrams that the rest of the question must have."""
_BODY = re.compile(r"(?:局|委|办|厅|署|工委|公司|集团|大学|学院|医院|法院|检察院|海关|处|中心|协会|联合会|社科联|银行|党校|支部|党委|科)$")
_CLASS = "省市县区镇乡村州国岛"
_COMPARES = re.compile(r"还是|哪个(?:更|在前|在后|先|后|日子|早|晚)|谁(?:更|先)|相比|比较")


@dataclass(frozen=True, slots=True)
class NamePremise:
    """``claim`` is how the question has it, a span of the question; ``index`` the evidence sentence, with the span in it."""

    claim: tuple[int, int]
    index: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a folded text with its span; ``kind`` is body, person, place or title."""

    text: str
    start: int
    end: int
    kind: str


def name_premises(question: str, evidence: Sequence[EvidenceSentence]) -> list[NamePremise]:
    """At most one name of the question for which the evidence has another; empty when nothing certain was found."""
    asked = analyse(question)
    folded = fold_same(question)
    if asked.kind == "yesno" or not evidence or _COMPARES.search(folded):
        return []
    begin, end = asked.asked
    texts = [fold_same(e.text) for e in evidence]
    for claim in _named(folded):
        if begin < claim.end and claim.start < end:
            continue
        rest = _rest(folded, claim, [(begin, end), *((d.start, d.end) for d in asked.dates)])
        if len(rest) < LEAST:
            continue
        shares = [len(rest & grams(t)) / len(rest) for t in texts]
        best = max(range(len(texts)), key=lambda i: (shares[i], -i))
        if shares[best] < TOLD or _known(claim, best, shares, evidence):
            continue
        if (other := _instead(claim, best, folded, evidence, texts)) is not None:
            index, name = other
            return [NamePremise((claim.start, claim.end), index, name.start, name.end)]
    return []


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


def holds_name(text: str, name: str) -> bool:
    """The name, or what is left of it without 市 before or a class word behind, or a longer form of it (工委, 就业促进处支部
    for 市级机关工委, 就业促进处党支部); in any part of two characters or more."""
    short = re.sub(r"^(?:天津)?[市省区县]", "", name)
    if holds(text, name) or (len(short) > 2 and short in text):
        return True
    if _BODY.search(name) and re.search(r"\w{0,3}".join(map(re.escape, short or name)), text):
        return True
    parts = [name[i : i + 2] for i in range(len(name) - 1)]
    return len(name) > 3 and 2 * sum(p in text for p in parts) > len(parts)


def _instead(
    claim: Named, best: int, asked: str, evidence: Sequence[EvidenceSentence], texts: Sequence[str]
) -> tuple[int, Named] | None:
    """The name of the same kind in the sentence, else (persons and bodies) in the nearest one before it in the passage."""
    for index in range(best, -1, -1):
        if evidence[index].passage.id != evidence[best].passage.id or (index < best and claim.kind not in ("person", "body")):
            return None
        found = [n for n in _named(texts[index]) if _alike(n, claim) and not holds_name(asked, n.text)]
        if found:
            return index, found[0] if index == best else found[-1]
    return None


def _alike(one: Named, two: Named) -> bool:
    """Names of one kind and, for places, of one class: a town is in a country, not in its place. Not two spellings."""
    if one.kind != two.kind or one.text[0] == two.text[0] != "市":
        return False
    classes = [n.text[-1] if n.text[-1] in _CLASS else "" for n in (one, two)]
    return one.kind != "place" or classes[0] == classes[1]


def bodies(folded: str) -> Iterator[Named]:
    """Runs of nouns that end like a body: 市财政局, 就业促进处党支部."""
    for start, end in nouns(folded, 0, len(folded)):
        start = next((i + 1 for i in range(end - 1, start - 1, -1) if not folded[i].isalnum()), start)
        if _BODY.search(folded[start:end]) and 3 <= end - start <= 14:
            yield Named(folded[start:end], start, end, "body")


def _named(folded: str) -> Iterator[Named]:
    """Bodies, then persons, places and titles."""
    taken: set[int] = set()
    for body in bodies(folded):
        taken.update(range(body.start, body.end))
        yield body
    for name in names(folded):
        sure = name.kind == "title" or "·" in name.text or (len(name.text) > 2 and listed(name.text) and name.kind == "person")
        sure = sure or (name.kind == "place" and listed(name.text))
        if name.kind in ("person", "place", "title") and sure and not taken & set(range(name.start, name.end)):
            yield Named(name.text, name.start, name.end, name.kind)
