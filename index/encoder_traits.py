"""What the makers of an encoder ask for, and what was measured of it: words in front of texts, and the scale
of its cosines.

Models spread their cosines differently: the best passages of a question lie near 0.8 by one and near 0.9 by
another, where the mean passage has 0.6 and 0.82. Nothing downstream may rely on either, so cosines are
brought to one scale, that of m3e-small, on which fusion, selection and gate were fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BGE = "为这个句子生成表示以用于检索相关文章："


@dataclass(frozen=True, slots=True)
class Traits:
    """One model's.

    Attributes:
        query, passage: what stands in front of questions and of passages.
        offset, factor: (cosine - offset) * factor is its relevance on the common scale.
    """

    query: str = ""
    passage: str = ""
    offset: float = 0.0
    factor: float = 1.0

    def relevance(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines -> relevance on the common scale, where those of a question's best passages are about
        0.8."""
        return np.asarray((cosines - np.float32(self.offset)) * np.float32(self.factor), np.float32)


E5 = Traits("query: ", "passage: ", offset=0.568, factor=2.32)
"""Scale by ``python -m training.cosines DATA``: quantiles of the best 8 cosines of 85 + 301 tuning questions
(``tianjin``, cmrc2018 trial) matched to m3e-small's; off by 0.004 on average, 0.016 at most."""

TRAITS = {
    "multilingual-e5-small": E5,
    "multilingual-e5-small-f32": E5,
    "bge-small-zh-v1.5": Traits(_BGE),
    "bge-base-zh-v1.5": Traits(_BGE),
    "bge-large-zh-v1.5": Traits(_BGE),
    "qwen3-embedding-0.6b": Traits("Instruct: Given a question, retrieve passages that answer it\nQuery:"),
}
"""By the model's name in lower case; models that are not here get their texts as they are, and their cosines
are kept."""


def traits_of(name: str) -> Traits:
    """Of the model of that name (that of its folder)."""
    return TRAITS.get(name.lower(), Traits())
