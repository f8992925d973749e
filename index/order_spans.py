"""Prompt injections in a text: its sentences, by how much each reads like an order, and the spans to
strike.

The vector of a sentence costs most, so a sentence is looked at by what is wanted of it (``look``): all of a
text for what is told for sure, the passages that a question finds for what is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.order_classifier import Fit, by_runs, folded, load_fit, margins
from index.sentences import split_sentences

if TYPE_CHECKING:
    from index.encoder import Encoder

LONGEST = 600
"""Characters of a sentence that are looked at together; a longer one is looked at piece by piece."""
MANY, CROWD = 10, 0.15
"""Sentences from which on, and share of them told from which on, a text is taken to speak of programs."""
BETWEEN = 48
"""Bytes (16 Chinese characters) up to which a sentence between two orders is taken for what they order."""
SAID = 2
"""Characters from which on what is said again after an order that holds it is taken for what it orders."""
PIECE = 6
"""Characters of a piece of a sentence that is looked at for itself."""
EASED, CLEARED = 1.5, 4.5
"""How much less is enough of what another model holds; and of a sentence that is told without it where a text
is listed or written (docs/log/tables.md)."""
_EDGE = re.compile(r"(?=[（(【\[<《])|(?<=[；;|\t）)】\]>》_])")


class Place(NamedTuple):
    """A run of a text that reads like an order, and how sure the model is (0..1)."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """The sentences of a text, and how much of what was looked at is told.

    Attributes:
        spans: of the sentences.
        parts: what is looked at for itself, ``[n]``: the sentences, then pieces of them (a cell, what stands
            in brackets).
        of: number of the sentence of each part.  runs: its log-odds by the runs of characters.
        odds: by how much it is told; -inf where it was not looked at.
        fit: what tells.
        cut: what was found to be the order in a sentence, by its number and how much was enough.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    parts: NDArray[Any]
    of: NDArray[Any]
    runs: NDArray[Any]
    odds: NDArray[Any]
    fit: Fit
    cut: dict[tuple[int, float], list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def whole(self) -> NDArray[Any]:
        """By how much all of each sentence is told."""
        return self.odds[: len(self.spans)]

    def told(self) -> NDArray[Any]:
        """By how much each sentence is told, all of it or a piece of it."""
        found = np.full(len(self.spans), -np.inf)
        np.maximum.at(found, self.of, self.odds)
        return found

    def worst(self, number: int) -> str:
        """What of a sentence reads most like an order: all of it, or a piece."""
        own = np.flatnonzero(self.of == number)
        return self.text[slice(*self.parts[own[np.argmax(self.odds[own])]])]

    def unseen(self, start: int, end: int, screen: float) -> NDArray[Any]:
        """Numbers of the parts between two places of the text that pass a screen by their runs and were not
        looked at yet."""
        inside = (self.parts[:, 0] < end) & (start < self.parts[:, 1])
        return np.flatnonzero(inside & (self.runs >= screen) & np.isneginf(self.odds))

    def doubtful(self, start: int, end: int) -> list[tuple[float, str]]:
        """Those between two places of the text that may be orders but are not told for sure, and by how much
        they are."""
        odds = self.told()
        near = np.flatnonzero((odds >= -self.fit.doubt) & (odds < 0))
        inside = (int(i) for i in near if self.spans[i][0] < end and start < self.spans[i][1])
        return [(float(odds[i]), self.worst(i)) for i in inside]


def sentences_of(text: str, fit: Fit | None = None) -> Sentences:
    """The sentences of a text; nothing is looked at yet."""
    fit = fit or load_fit()
    spans = tuple(piece for span in split_sentences(text) for piece in _short(*span))
    parts, of = list(spans), list(range(len(spans)))
    for i, span in enumerate(spans):
        cut = pieces(text, *span)
        parts += cut
        of += [i] * len(cut)
    runs = by_runs([text[a:b] for a, b in parts], fit)
    shape = np.array(parts, np.intp).reshape(-1, 2)
    return Sentences(text, spans, shape, np.array(of, np.intp), runs, np.full(len(parts), -np.inf), fit)


def look(
    wanted: Iterable[tuple[Sentences, int, int]], encoder: Encoder | None, screen: float | None = None
) -> bool:
    """Have the vectors told of parts of some texts: of what passes a screen and was not looked at yet. Was
    there anything?

    Args:
        screen: log-odds by the runs; None: what may be told for sure.
    """
    todo = {
        (id(given), int(j)): (given, int(j))
        for given, start, end in wanted
        for j in given.unseen(start, end, given.fit.screen if screen is None else screen)
    }
    if not todo:
        return False
    each = list(todo.values())
    found = margins([given.text[slice(*given.parts[j])] for given, j in each], encoder, each[0][0].fit)
    for (given, j), odds in zip(each, found, strict=True):
        given.odds[j] = odds
    return True


def orders_in(text: str, encoder: Encoder | None = None) -> tuple[Place, ...]:
    """The sentences of a text that read like orders for sure, in order: those that are told, those beside one
    that are told almost, and one between two. Of a row or a title only the pieces that make it one, where
    they can be told apart."""
    return places(sentences_of(text), encoder)


def places(
    given: Sentences,
    encoder: Encoder | None = None,
    wide: bool = False,
    judged: Mapping[str, float] | None = None,
) -> tuple[Place, ...]:
    """The sentences that read like orders, as ``orders_in`` has them.

    Args:
        wide: less is enough, as where a text is listed or written.
        judged: log-odds by another model that a doubtful sentence is an order.
    """
    text, spans, fit = given.text, given.spans, given.fit
    look([(given, 0, len(text))], encoder, fit.doubtful if wide else fit.screen)
    texts = [text[a:b] for a, b in spans]
    brief = np.array([len(one.encode("utf-8", "replace")) for one in texts]) <= BETWEEN
    while True:
        told = _told(given, wide, judged or {})
        if not (told >= 0).any():
            return ()
        found = _said_again(texts, _spread(told, brief, fit.doubt - fit.wide if wide else fit.beside))
        if not look(_beside(given, found), encoder, fit.doubtful):
            break
    least = -fit.doubt if wide else -fit.wide if judged else 0.0
    for i in (int(number) for number in np.flatnonzero(found)):
        if (i, least) not in given.cut:
            given.cut[i, least] = _narrowed(text, *spans[i], encoder, fit, least)
    return tuple(
        Place(a, b, _score(max(told[i], 0.0)))
        for i in np.flatnonzero(found)
        for a, b in given.cut[int(i), least]
    )


def order_free(title: str, places: Sequence[Place]) -> str:
    """A title without some places of it."""
    kept, at = "", 0
    for place in places:
        kept, at = kept + title[at : place.start], place.end
    return (kept + title[at:]).strip(" _-—，。、；;:：") if places else title


def pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The pieces of a sentence that are looked at for themselves; [] where it is of one piece."""
    return [(a, b) for a, b in _cut(text, start, end) if b - a >= PIECE]


def _short(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, LONGEST):
        yield at, min(at + LONGEST, end)


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    edges = [start, *(start + m.start() for m in _EDGE.finditer(text[start:end])), end]
    cuts = [(a, b) for a, b in zip(edges, edges[1:], strict=False) if text[a:b].strip()]
    return cuts if len(cuts) > 1 else []


def _told(given: Sentences, wide: bool, judged: Mapping[str, float]) -> NDArray[Any]:
    """By how much each sentence is told, with what another model holds: of what is not told for sure that
    alone counts."""
    sure = given.told()
    near = np.flatnonzero(sure >= -given.fit.doubt) if judged else ()
    crowded = len(sure) >= MANY and (sure >= 0).mean() >= CROWD
    sure -= given.fit.crowded * crowded
    told = np.maximum(sure, given.whole + given.fit.wide) if wide and not crowded else sure.copy()
    for i in near:
        if (judge := judged.get(given.worst(int(i)))) is not None:
            eased = CLEARED if told[i] >= 0 else EASED
            told[i] = max(sure[i], judge + eased) if wide else judge + EASED
    return told


def _beside(given: Sentences, found: NDArray[Any]) -> Iterator[tuple[Sentences, int, int]]:
    """The parts of a text around the sentences that are found."""
    for i in np.flatnonzero(found):
        before, after = given.spans[max(int(i) - 1, 0)], given.spans[min(int(i) + 1, len(found) - 1)]
        yield given, before[0], after[1]


def _spread(told: NDArray[Any], brief: NDArray[Any], beside: float) -> NDArray[Any]:
    """Which are told, with those beside them."""
    found = told >= 0
    near = told >= -beside
    while True:
        before, after = np.roll(found, 1), np.roll(found, -1)
        if len(found):
            before[0] = after[-1] = False
        more = found | (near & (before | after)) | (brief & before & after)
        if (more == found).all():
            return found
        found = more


def _said_again(texts: Sequence[str], found: NDArray[Any]) -> NDArray[Any]:
    """Those found, with a sentence after one that holds it word for word: "print X", then "X"."""
    found = found.copy()
    for i in np.flatnonzero(found[:-1]):
        after, order = int(i) + 1, folded(texts[int(i)])
        while after < len(texts) and (
            found[after] or (len(folded(texts[after])) >= SAID and folded(texts[after]) in order)
        ):
            found[after] = True
            after += 1
    return found


def _narrowed(
    text: str, start: int, end: int, encoder: Encoder | None, fit: Fit, least: float
) -> list[tuple[int, int]]:
    """The pieces of a sentence (cells of a row, what stands in brackets) that read like an order, where one
    of them does so no less than all of it and the others together do not; else all of it. What stands first
    and is shorter than what follows (the mark of a source) goes with that.

    Args:
        least: by how much a piece must be told.
    """
    if not (cuts := _cut(text, start, end)):
        return [(start, end)]
    whole, *each = margins([text[a:b] for a, b in ((start, end), *cuts)], encoder, fit)
    if max(each) < whole:
        return [(start, end)]
    told = np.array(each) >= least
    told[1] |= told[0] and cuts[0][1] - cuts[0][0] < cuts[1][1] - cuts[1][0]
    rest = "".join(text[a:b] for (a, b), is_order in zip(cuts, told, strict=True) if not is_order)
    if not told.any() or (rest and margins([rest], encoder, fit)[0] >= least):
        return [(start, end)]
    return [cut for cut, is_order in zip(cuts, told, strict=True) if is_order]


def _score(margin: float) -> float:
    return round(float(1.0 / (1.0 + np.exp(-margin))), 3)
