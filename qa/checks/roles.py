"""A name that the evidence has, but elsewhere: 瑞典 where the passage has 荷兰, in a sentence that is worded freely.

As ``slots`` compares figures: among all names of the evidence that could be meant, the one whose surroundings fit best
must be the name that was said. Names that the sentence or the question speak of anyway are no rivals, and a name of the
question is not looked at (``qa.premises`` does that). Weights are fitted; docs/EVIDENCE.md has data and figures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa.types import Problem

from .align import LEAD
from .names import Name, names
from .slots import WEIGHTS as PLACE_WEIGHTS
from .slots import Fit, Place, Span, contrast, features
from .text import Prepared, fold_same

WEIGHTS = (0.89, 1.07, 0.9, 0.6, 0.46, 1.16, 1.36, 1.74, -0.37, 3.07, -6.16, -0.51)
BIAS = 1.45
"""Of ``Rival.features``, fitted on the tuning split by ``python -m training.swaps_fit --of names``."""
MARGIN = 0.7
"""Log-odds from which a name counts as exchanged: about 2 % of true sentences in the question's words reach it."""

MARGIN_BARE = 0.9
"""The same for a bare answer, whose surroundings are the question's words."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A name of the sentence, the best place of another name of its kind, and how the two compare.

    ``features``: ``slots.contrast`` with the best place of the name itself, and 1 when the name is told before the other.
    """

    name: Name
    other: Fit
    features: tuple[float, ...]

    @property
    def logit(self) -> float:
        """Log-odds that the other name is the one meant."""
        return BIAS + sum(w * f for w, f in zip(WEIGHTS, self.features, strict=True))


def check_roles(said: Prepared, evidence: Sequence[Prepared], beside: Collection[int], within: Span, question: str) -> list[Problem]:
    """A problem of kind name for the name that most probably stands in another's place; [] when none does.

    Args:
        beside: numbers of the texts that the sentence lies beside; other texts count only when they hold the name.
        within: span of the sentence that is the answer.
    """
    margin = MARGIN if within == (0, len(said.folded)) else MARGIN_BARE
    rivals = [r for r in find_rivals(said, evidence, beside, within, question) if r.logit > margin]
    if not rivals:
        return []
    worst = max(rivals, key=lambda r: r.logit)
    told = evidence[worst.other.text].evidence.text[worst.other.start : worst.other.end]
    return [Problem("name", said.evidence.text[worst.name.start : worst.name.end], told)]


def find_rivals(
    said: Prepared, evidence: Sequence[Prepared], beside: Collection[int], within: Span, question: str
) -> Iterator[Rival]:
    """For each name of the sentence that the evidence has, its best rival there, if it has one."""
    asked = fold_same(question)
    lead = LEAD.match(said.folded)
    for name in names(said.folded):
        if not within[0] <= name.start < within[1] or (lead and name.start < lead.end()) or name.text in asked:
            continue
        place = Place.of(said, name)
        own: Fit | None = None
        other: Fit | None = None
        for number, text in enumerate(evidence):
            if number in beside or name.text in text.folded:
                own = _better(own, place, number, text, _standing(name, text.folded))
                rivals = (n for n in names(text.folded) if n.kind == name.kind and n.text not in said.folded and not _alike(n.text, name.text))
                other = _better(other, place, number, text, rivals)
        if own is None or other is None:
            continue
        told_before = own.text == other.text and evidence[own.text].folded.find(name.text, 0, other.start) >= 0
        yield Rival(name, other, (*contrast(said, own, other, evidence), float(told_before)))


def _better(best: Fit | None, place: Place, number: int, text: Prepared, told: Iterable[Name]) -> Fit | None:
    """The best of the fit so far and those of some places of a text."""
    for name in told:
        values = features(place, text, name)
        score = sum(w * f for w, f in zip(PLACE_WEIGHTS, values, strict=True))
        if best is None or score > best.score:
            best = Fit(score, number, name.start, name.end, values)
    return best


def _standing(name: Name, folded: str) -> Iterator[Name]:
    """Every place of a name in a text."""
    at = folded.find(name.text)
    while at >= 0:
        yield Name(name.text, at, at + len(name.text), name.kind)
        at = folded.find(name.text, at + 1)


def _alike(one: str, two: str) -> bool:
    """Perhaps two forms of one name: 天津 and 天津市, 冯·诺伊曼 and 冯诺依曼."""
    return one in two or two in one or set(one[:2]) == set(two[:2])
