"""A name that the evidence has, but elsewhere: 瑞典 where the passage has 荷兰, in a sentence that is worded freely.

As ``slots`` compares figures: among all names of the evidence that could be meant, the one whose surroundings fit best
must be the name that was said. Names that the sentence or the question speak of anyway are no rivals, and a name of the
question is not looked at (``qa.premises`` does that). Weights are fitted; docs/EVIDENCE.md has data and figures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from qa.types import Problem

from .align import LEAD
from .names import Name, names
from .slots import WEIGHTS as PLACE_WEIGHTS
from .slots import WHOLE, Place, Span
from .slots import features as place_features
from .text import Prepared, fold_same

WEIGHTS = (0.89, 1.07, 0.9, 0.6, 0.46, 1.16, 1.36, 1.74, -0.37, 3.07, -6.16, -0.51)
BIAS = 1.45
"""Of ``Rival.features``, fitted on the tuning split by ``python -m eval.swaps_fit --names``."""
MARGIN = 0.7
"""Log-odds from which a name counts as exchanged: about 2 % of true sentences in the question's words reach it."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A name of the sentence, the best place of another name of its kind, and how the two compare.

    ``features``: by how much the other's surroundings fit better than the best place of the name itself (the first eight
    of ``slots.features``); 1 when both stand in one text; the share of the sentence that the best sentence of the name's
    text holds, and that the sentence holds in which the name stands; 1 when the name is told before the other.
    """

    name: Name
    other: Name
    text: int
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
    rivals = [r for r in find_rivals(said, evidence, beside, within, question) if r.logit > MARGIN]
    if not rivals:
        return []
    worst = max(rivals, key=lambda r: r.logit)
    told = evidence[worst.text].evidence.text[worst.other.start : worst.other.end]
    return [Problem("name", said.evidence.text[worst.name.start : worst.name.end], told)]


def find_rivals(
    said: Prepared, evidence: Sequence[Prepared], beside: Collection[int], within: Span, question: str
) -> Iterator[Rival]:
    """For each name of the sentence that the evidence has, its best rival there, if it has one."""
    asked = fold_same(question)
    lead = LEAD.match(said.folded)
    whole = frozenset[str]().union(*said.sentence_grams)
    for name in names(said.folded):
        if not within[0] <= name.start < within[1] or (lead and name.start < lead.end()) or name.text in asked:
            continue
        place = Place.of(said, name)
        own, other = _Best(), _Best()
        for number, text in enumerate(evidence):
            if number in beside or name.text in text.folded:
                for told in _standing(name, text.folded):
                    own.offer(place, number, text, told)
                for told in names(text.folded):
                    if told.kind == name.kind and told.text not in said.folded and not _alike(told.text, name.text):
                        other.offer(place, number, text, told)
        if own.name is None or other.name is None:
            continue
        text = evidence[own.number]
        together = own.number == other.number
        yield Rival(name, other.name, other.number, (
            *(b - a for a, b in zip(own.values[: WHOLE + 1], other.values[: WHOLE + 1], strict=True)),
            float(together),
            max(len(whole & bag) for bag in text.sentence_grams) / max(1, len(whole)),
            own.values[WHOLE],
            float(together and text.folded.find(name.text, 0, other.name.start) >= 0),
        ))  # fmt: skip


class _Best:
    """The place offered that fits best."""

    def __init__(self) -> None:
        self.score = -1.0
        self.number = -1
        self.name: Name | None = None
        self.values: tuple[float, ...] = ()

    def offer(self, place: Place, number: int, text: Prepared, told: Name) -> None:
        values = place_features(place, text, told)
        score = sum(w * f for w, f in zip(PLACE_WEIGHTS, values, strict=True))
        if score > self.score:
            self.score, self.number, self.name, self.values = score, number, told, values


def _standing(name: Name, folded: str) -> Iterator[Name]:
    """Every place of a name in a text."""
    at = folded.find(name.text)
    while at >= 0:
        yield Name(name.text, at, at + len(name.text), name.kind)
        at = folded.find(name.text, at + 1)


def _alike(one: str, two: str) -> bool:
    """Perhaps two forms of one name: 天津 and 天津市, 冯·诺伊曼 and 冯诺依曼."""
    return one in two or two in one or set(one[:2]) == set(two[:2])
