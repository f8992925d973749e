"""A share of an amount that the same document states: 合同总价的30% where 合同总价为1,462,000元.

Exact: what stands before the share names the amount, in the same characters, and stands with one amount only.
A sentence that says itself what the share comes to is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from index.normalize import NumberSpan, number_spans
from index.sentences import split_sentences
from qa.attribution import EvidenceSentence
from qa.kinds.arithmetic import in_large
from qa.kinds.evidence import Indexed
from qa.kinds.extract import Extract
from qa.kinds.formula import EDGES
from qa.kinds.worked import Worked

NAME = (3, 12)
"""Characters of the name of an amount: at least, at most."""
GAP = 5
"""Characters between an amount and its name (合同总价为人民币…)."""
PARTS = {"%": Decimal(100), "‰": Decimal(1000)}


def share_worked(found: Extract, index: Indexed) -> Worked | None:
    """What the share comes to that was found as the answer; None where the answer is none, holds several, or
    its amount is not stated, or differently."""
    best = found.best
    near = (found.span[0] - best.start, found.span[1] - best.start)
    spans = number_spans(best.text)
    shares = [s for s in spans if s.unit in PARTS and s.start < near[1] and near[0] < s.end]
    if len(shares) != 1 or shares[0].approx or shares[0].range_with:
        return None
    (share,) = shares
    clause = max(best.text.rfind(mark, 0, share.start) for mark in EDGES) + 1
    before = best.text[clause : share.start]
    for base in (before, before[:-1]):  # one character may stand between name and share
        for length in range(min(len(base), NAME[1]), NAME[0] - 1, -1):
            if told := list(_amounts(base[-length:], best, index)):
                said = any(s.value == told[0][0].value * share.value / PARTS[share.unit] for s in spans)
                values = {(span.value, span.unit) for span, _ in told}
                return None if said or len(values) > 1 else _of(share, best, *told[0])
    return None


def _amounts(
    name: str, best: EvidenceSentence, index: Indexed
) -> Iterator[tuple[NumberSpan, EvidenceSentence]]:
    """The amounts that stand after a name in other sentences of the document."""
    for passage in index.passages(best.document.id):
        for a, b in split_sentences(passage.text) if name in passage.text else ():
            text, at = passage.text[a:b], passage.text[a:b].find(name)
            after = (
                next((s for s in number_spans(text) if s.start >= at + len(name)), None) if at >= 0 else None
            )
            if after is None or passage.start + a == best.start:
                continue
            between = text[at + len(name) : after.start]
            plain = after.kind == "number" and after.unit and not (after.approx or after.range_with)
            if plain and len(between) <= GAP and not any(mark in between for mark in EDGES):
                place = EvidenceSentence(passage, best.document, passage.start + a, passage.start + b, text)
                yield after, place


def _of(share: NumberSpan, best: EvidenceSentence, amount: NumberSpan, place: EvidenceSentence) -> Worked:
    text = place.text[amount.start : amount.unit_end]
    value, unit = in_large(amount.value * share.value / PARTS[share.unit], amount.unit, [text])
    shown = f"{text} × {best.text[share.start : max(share.end, share.unit_end)]}"
    return Worked("figure", value, unit, shown, (place, best), frozenset("*"))
