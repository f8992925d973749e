"""Two editions of one document, sentence by sentence and row by row: what was changed, what only one of them
has.

Which documents are editions of one is told by titles that are alike but for years and by sentences that are
alike. Sentences are matched in their order by the pairs of characters that they share, weighed by how rare
these are in both documents; what is left over is matched wherever it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import prompts
from index.normalize import normalize
from index.outline import own_number
from index.sentences import split_sentences
from index.superseded import edition_year, plain
from index.types import Document, Hit
from qa.attribution import EvidenceSentence
from qa.draft import cite
from qa.kinds.evidence import Indexed
from qa.kinds.ordered import head_of, line_of
from qa.kinds.overview import about
from qa.kinds.tables import row_text
from qa.reader import Reads
from qa.searching import Searching
from qa.types import Answer, Note, Sentence

ASKED = 0.5
"""Least probability that editions are compared for them to be laid side by side."""
KINDS = frozenset({"compare", "list", "overview_document", "overview_topic", "overview_all"})
"""Kinds that may ask for it."""
TITLES = 0.6
"""Least share of the pairs of characters of the longer of two titles, figures aside, that editions share."""
SHARED = 0.3
"""Least share of the sentences of the shorter of two editions that the other has alike."""
ALIKE, MOVED = 0.35, 0.6
"""How much alike (0..1) two sentences must be to be one and its revision: where they stand in order, and
elsewhere."""
MOST = 1000
"""Sentences of a document that are compared."""
SHOWN = 120
"""Most differences that are shown."""

Pair = tuple[EvidenceSentence | None, EvidenceSentence | None]
"""A sentence of the older edition and the one of the newer that stands for it."""


@dataclass(frozen=True, slots=True)
class Editions:
    """Two editions, and what of them belongs together, in the order of the newer.

    Attributes:
        whole: all that differs is asked for, not what they say to a question.
        hits: what of them was found, best first.
    """

    old: Document
    new: Document
    pairs: tuple[Pair, ...]
    whole: bool
    hits: tuple[Hit, ...]

    @property
    def changed(self) -> list[Pair]:
        """The pairs that differ in more than their numbers."""
        return [pair for pair in self.pairs if not (pair[0] and pair[1] and _said(pair[0]) == _said(pair[1]))]


def editions_asked(kind: str, query: str, reader: Reads, index: Searching, k: int) -> Editions | None:
    """The two editions that the question compares; None where it compares none, or none are there.

    Args:
        kind: of the answer.  k: hits that are looked for.
    """
    told = reader.editions(query) if kind in KINDS else {"none": 1.0}
    hits = index.search(query, k) if 1.0 - told["none"] >= ASKED else []
    if not hits:
        return None
    scores: dict[str, float] = {}
    for hit in hits:
        scores[hit.document.id] = scores.get(hit.document.id, 0.0) + hit.score
    every = index.documents()
    named = about(query, [one for one in every if one.id in scores], scores)
    for first in dict.fromkeys((hits[0].document.id, *(one.id for _, one in named[:1]))):
        title = next((one.title for one in every if one.id == first), "")
        two = _latest([one for one in every if _alike(title, one.title) >= TITLES], query, first)
        if len(two) == 2:
            old, new = (index.document(one.id) for one in two)
            own = tuple(hit for hit in hits if hit.document.id in (old.id, new.id))
            if pairs := _matched(_sentences(old, index), _sentences(new, index)):
                return Editions(old, new, tuple(pairs), told["whole"] >= told["part"], own)
    return None


def side_by_side(answer: Answer, both: Editions, lines: Sequence[EvidenceSentence]) -> Answer | None:
    """The two editions as a table: what differs, or what belongs to some ``lines`` of either; None where that
    is nothing."""
    starts = {(line.document.id, line.start) for line in lines}
    named = [pair for pair in both.pairs if starts & {(one.document.id, one.start) for one in pair if one}]
    changed = both.changed
    pairs = changed if both.whole else named
    if not pairs:
        return None
    gone, new = (sum(p[1 - side] is None for p in changed) for side in (0, 1))
    heads = _labels(both.old, both.new)
    shown = [_row(pair) for pair in pairs[:SHOWN]]
    title = Sentence(f"《{both.new.title}》\n", "supported", shown[0].citations)
    edited = len(changed) - gone - new
    counts = {"changed": edited, "new": new, "gone": gone, "same": len(both.pairs) - len(changed)}
    told = [prompts.text("qa.note_revised", **{name: str(n) for name, n in counts.items()})]
    if len(pairs) > SHOWN:
        told.append(prompts.text("qa.note_left", n=str(len(pairs) - SHOWN)))
    same_title = [title] if both.old.title == both.new.title else []
    sentences = (*same_title, head_of(heads), *shown)
    notes = (*answer.notes, *(Note("computed", text) for text in told))
    return replace(answer, stage="done", sentences=sentences, notes=notes)


def _row(pair: Pair) -> Sentence:
    cells = [" ".join(row_text(one).split()) if one else "—" for one in pair]
    cited = tuple(cite(one, one.start, one.end, 1.0) for one in pair if one)
    return Sentence(line_of(cells) + "\n", "supported", cited)


def _labels(old: Document, new: Document) -> tuple[str, str]:
    """What tells the editions apart: their titles, else year, number, date or file."""
    for one, other in zip(_names(old), _names(new), strict=True):
        if one and other and one != other:
            return one, other
    return old.id, new.id


def _names(one: Document) -> tuple[str, ...]:
    year = edition_year(one)
    edition = prompts.text("qa.edition_of", year=year) if year else ""
    return f"《{one.title}》", edition, one.number, one.published or "", one.source


def _alike(one: str, other: str) -> float:
    """Share of the pairs of characters of the longer of two titles that the other has, figures aside."""
    names = ("".join(c for c in plain(title) if not c.isdigit()) for title in (one, other))
    short, long = sorted(map(_pairs, names), key=len)
    return len(short & long) / len(long) if long else 0.0


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def _latest(documents: Sequence[Document], query: str, first: str) -> list[Document]:
    """Of several editions the two whose years the question names, else one and the one before, or after the
    earliest; in order of time, of each time one.

    Args:
        first: id of the document that was found; it is one of the two where no years are named.
    """
    times: dict[str, Document] = {}
    for one in sorted(documents, key=lambda one: (one.id != first, one.title)):
        times.setdefault(edition_year(one) or one.spoken or "", one)
    ordered = [one for _, one in sorted(times.items())]
    asked = [one for time, one in sorted(times.items()) if time and time[:4] in query]
    if len(asked) >= 2:
        return asked[-2:]
    at = next((n for n, one in enumerate(ordered) if one.id == first), 0)
    return ordered[max(0, at - 1) : max(2, at + 1)]


def _sentences(document: Document, index: Indexed) -> list[EvidenceSentence]:
    passages = index.passages(document.id)
    return [
        EvidenceSentence(passage, document, passage.start + a, passage.start + b, passage.text[a:b])
        for passage in passages
        for a, b in split_sentences(passage.text)
    ]


def _said(one: EvidenceSentence) -> str:
    """A sentence as it is compared: without its number, white space and the mark at its end."""
    text = "".join(normalize(one.text).text.split())
    return text[len(own_number(text)) :].rstrip("。；，;,.")


def _matched(old: Sequence[EvidenceSentence], new: Sequence[EvidenceSentence]) -> list[Pair]:
    """The sentences of both, each beside the one that stands for it, in the order of the newer; [] where they
    are no editions of one document."""
    if not (0 < len(old) <= MOST and 0 < len(new) <= MOST):
        return []
    near = _nearness([_said(one) for one in old], [_said(one) for one in new])
    found = _in_order(near)
    left = near.copy()
    left[[i for i, _ in found]] = left[:, [j for _, j in found]] = 0.0
    while (best := int(left.argmax())) >= 0 and left.flat[best] >= MOVED:
        i, j = divmod(best, len(new))
        found.append((i, j))
        left[i] = left[:, j] = 0.0
    same = sum(_said(old[i]) == _said(new[j]) for i, j in found)
    if len(found) < SHARED * min(len(old), len(new)) or same == len(old) == len(new):
        return []
    beside = {j: i for i, j in found}
    gone = sorted(set(range(len(old))) - set(beside.values()))
    pairs: list[Pair] = []

    def left_out(before: int) -> None:
        while gone and gone[0] < before:
            pairs.append((old[gone.pop(0)], None))

    for j, one in enumerate(new):
        own = beside.get(j)
        left_out(-1 if own is None else own)
        pairs.append((None if own is None else old[own], one))
        left_out(min((i for i in beside.values() if own is not None and i > own), default=-1))
    left_out(len(old))
    return pairs


def _nearness(old: Sequence[str], new: Sequence[str]) -> NDArray[np.float32]:
    """How much alike (0..1) each of the one and each of the other are, ``[old, new]``: the share of the pairs
    of characters of both that are the same, each as rare as it is in all."""
    every = [_pairs(f"\x02{text}\x03") for text in (*old, *new)]
    often = Counter(pair for own in every for pair in own)
    slots = {pair: n for n, pair in enumerate(pair for pair in often if often[pair] > 1)}
    held = np.zeros((len(every), len(slots)), np.float32)
    for row, own in zip(held, every, strict=True):
        row[[slots[pair] for pair in own if pair in slots]] = 1.0
    weights = np.log(1.0 + len(every) / held.sum(0))
    alone = np.array([len(own) for own in every], np.float32) - held.sum(1)
    total = held @ weights + alone * np.log(1.0 + len(every))
    both = (held[: len(old)] * weights) @ held[len(old) :].T
    return np.asarray(2.0 * both / (total[: len(old), None] + total[None, len(old) :]))


def _in_order(near: NDArray[np.float32]) -> list[tuple[int, int]]:
    """The pairs, in order on both sides, that are most alike together (dynamic programming)."""
    gain = near - ALIKE
    most = np.zeros((near.shape[0] + 1, near.shape[1] + 1), np.float32)
    for i, row in enumerate(gain):
        most[i + 1, 1:] = np.maximum(most[i, 1:], most[i, :-1] + row)
        np.maximum.accumulate(most[i + 1], out=most[i + 1])
    found, i, j = [], *near.shape
    while i and j:
        if most[i, j] == most[i - 1, j]:
            i -= 1
        elif most[i, j] == most[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]
