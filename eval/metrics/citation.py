"""Citation precision and recall as ALCE defines them (Gao et al., EMNLP 2023), with the judge of entailment
left open.

Recall: a sentence counts when all passages it cites, taken together, entail it; a sentence without citations
does not. Precision: a citation counts when its sentence is so entailed, and the citation is not idle: idle
means that it does not entail the sentence by itself while the others do without it. An answer with sentences
but no citation at all has precision 0, as in ALCE's script. Refusals have no sentences and are not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

C = TypeVar("C")

Entails = Callable[[Sequence[C], str], bool]
"""Do these citations, taken together, entail this sentence?"""


def citation_recall(sentences: Sequence[tuple[str, Sequence[C]]], entails: Entails[C]) -> float:
    """Share of (sentence, citations) that are entailed by what they cite; raises ZeroDivisionError on no
    sentences."""
    return sum(bool(cited) and entails(cited, text) for text, cited in sentences) / len(sentences)


def citation_precision(sentences: Sequence[tuple[str, Sequence[C]]], entails: Entails[C]) -> float:
    """Share of citations that are of use; 0 when there are none."""
    useful = total = 0
    for text, cited in sentences:
        total += len(cited)
        if not cited or not entails(cited, text):
            continue
        for n, citation in enumerate(cited):
            others = [*cited[:n], *cited[n + 1 :]]
            idle = not entails([citation], text) and bool(others) and entails(others, text)
            useful += not idle
    return useful / total if total else 0.0


def set_precision_recall(cited: Sequence[frozenset[int]], gold: int) -> tuple[float, float]:
    """Citations against known gold evidence, apart from what the sentences say.

    ``cited[i]`` holds the numbers of the gold pieces that citation i overlaps. Precision: the share of
    citations that overlap any (0 without citations). Recall: the share of the ``gold`` pieces that some
    citation overlaps.
    """
    hit = frozenset().union(*cited)
    return (sum(map(bool, cited)) / len(cited) if cited else 0.0), len(hit) / gold
