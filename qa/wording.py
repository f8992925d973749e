"""Small repairs of what a generator wrote: 50项 where the documents say 50多项, a list without what they do not bear out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.checks.numbers import Figure, same_unit, same_value
from qa.checks.text import EvidenceText, prepare
from qa.types import Problem

_BEFORE = re.compile(r"(?:近|约|大约|超|超过|逾|将近|接近)$")
_LOOP = re.compile(r"([^。！？]{2,24}?)\1\1$")
_CLAUSE = re.compile(r"[^，,；;：:。！？]+")
_LEAD = re.compile(r".*?(?:包括|分别[是为有]|主要[是为有]|[有是为叫含])(?=[^、]*、)")
_TAIL = re.compile(r"等(?=[^、]{0,12}$)|$")
_JOIN = re.compile(r"、(?:以及|和|与|及)?|以及|(?<=[\w》”）])[和与及](?=[\w《“][^、]*$)")
_COUNTED = re.compile(r"(?:\d+|[二两三四五六七八九十]+)(?:多|余)?[个名位项家条种类项方面部座批次场只]")


def keep_approximate(sentence: str, quotes: Sequence[str]) -> str:
    """``sentence`` with 多, 余, 近, 约 put back at figures that every quote with this figure has as approximate.

    A figure that some quote has as exact is left alone, as is one that the sentence already calls approximate.
    """
    told = [(quote, figure) for quote in quotes for figure in prepare(EvidenceText(quote)).figures]
    for figure in reversed(prepare(EvidenceText(sentence)).figures):
        if figure.approx or figure.weak:
            continue
        same = [(q, f) for q, f in told if same_value(figure, f) and same_unit(figure, f) and f.unit]
        if same and all(f.approx for _, f in same):
            sentence = sentence[: figure.start] + _surface(*same[0]) + sentence[figure.unit_end :]
    return sentence


def _surface(quote: str, figure: Figure) -> str:
    """The figure as the quote has it, with the word before it that makes it approximate."""
    before = _BEFORE.search(quote[: figure.start])
    return quote[before.start() if before else figure.start : figure.unit_end]

def until_it_loops(text: str) -> int | None:
    """Where ``text`` begins to say the same thing over and over (阿特丽斯、阿特丽斯、阿特丽斯); None when it does not.

    A unit of 2 to 24 characters three times in a row at the end: what a small model falls into in a list it has run out
    of. The index returned is the end of the first of the three.
    """
    match = _LOOP.search(text[-72:])
    if not match or not any(c.isalpha() for c in match.group(1)):  # 1000000 is a figure
        return None
    return max(0, len(text) - 72) + match.end(1)


def without_items(sentence: str, problems: Sequence[Problem]) -> tuple[str, tuple[str, ...]]:
    """``sentence`` without those items of its list that a problem lies in, or that stand there twice, and these items.

    有甲、乙、丙等 with a problem in 乙 becomes 有甲、丙等. Unchanged, with (), where a problem lies outside the list, where
    nothing would be left of it, or where the sentence counts its list itself (三项).
    """
    spans = _items(sentence)
    if len(spans) < 2:
        return sentence, ()
    at = [sentence.find(p.text) for p in problems]
    inside = [[i for i, (start, end) in enumerate(spans) if start <= a < end and a >= 0] for a in at]
    if any(not found for found in inside):
        return sentence, ()
    wrong = {i for found in inside for i in found}
    texts = [sentence[start:end] for start, end in spans]
    wrong |= {i for i, text in enumerate(texts) if text in texts[:i]}
    kept = [text for i, text in enumerate(texts) if i not in wrong]
    counted = _COUNTED.search(sentence[: spans[0][0]]) or _COUNTED.match(sentence[spans[-1][1] :])
    if not wrong or not kept or (counted and problems):
        return sentence, ()
    omitted = tuple(dict.fromkeys(texts[i] for i in sorted(wrong) if texts[i] not in kept))
    return sentence[: spans[0][0]] + "、".join(kept) + sentence[spans[-1][1] :], omitted


def _items(sentence: str) -> list[tuple[int, int]]:
    """Spans of the things that the longest run of 、 lists, the last joined by 和 or 以及; [] without such a run."""
    best: list[tuple[int, int]] = []
    for clause in _CLAUSE.finditer(sentence):
        if "、" not in clause.group():
            continue
        lead = _LEAD.match(clause.group())
        start = clause.start() + (lead.end() if lead else 0)
        tail = _TAIL.search(sentence, start, clause.end())
        end = tail.start() if tail else clause.end()
        cuts = [m.span() for m in _JOIN.finditer(sentence, start, end)]
        edges = [start, *(edge for cut in cuts for edge in cut), end]
        spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
        best = max(best, spans, key=len)
    return best
