"""Is this answer in that text? Containment after folding what does not change the meaning, and figures
compared.

Folded: full and half width, upper and lower case, Traditional and Simplified, spaces and punctuation, Chinese
and Arabic numerals (一百三十 = 130), 万 and 亿 (1.2万 = 12000), percent signs (百分之五 = 5%). A figure only
matches a whole figure: 100 is not in 1100 or 100.5. This is the evaluator's own reading, apart from what the
product uses.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_NUMERAL = re.compile("[零〇○一二两三四五六七八九十百千万亿]+")
_SCALED = re.compile(r"(\d+(?:\.\d+)?)(万亿|亿|万|千)(?!\d)")
_PERCENT = re.compile(r"百分之([零〇一二两三四五六七八九十百点\d.]+)")
_LONE = re.compile(
    r"(?<![零〇一二两三四五六七八九十百千万亿\d])[一二两三四五六七八九十百千万亿](?![零〇一二两三四五六七八九十百千万亿\d])"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_FIGURE_UNIT = re.compile(r"(\d+(?:\.\d+)?)(%|[^\W\d_]?)")


@functools.lru_cache(maxsize=1)
def _simplify_table() -> dict[int, str]:
    """Traditional to Simplified, character by character, from OpenCC's table."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    han = "".join(chr(code) for code in range(0x4E00, 0x9FA6))
    return {ord(a): b for a, b in zip(han, (convert(c) for c in han), strict=True) if a != b and len(b) == 1}


@functools.lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """The text with width, case, script and numerals made one; spaces and punctuation removed except decimal
    points."""
    text = unicodedata.normalize("NFKC", text).lower().translate(_simplify_table())
    text = _PERCENT.sub(lambda m: _percent(m.group(1)), text)
    text = _THOUSANDS.sub("", text)
    text = _NUMERAL.sub(_arabic, text)
    text = re.sub(r"(?<=\d)\s+(?=\D)|(?<=\D)\s+(?=\d)", "", text)
    text = _SCALED.sub(lambda m: _plain(float(m.group(1)) * _scale(m.group(2))), text)
    kept = []
    for n, char in enumerate(text):
        point = char == "." and 0 < n < len(text) - 1 and text[n - 1].isdigit() and text[n + 1].isdigit()
        if char.isalnum() or char == "%" or point:
            kept.append(char)
        elif kept and kept[-1].isdigit() and text[n + 1 : n + 2].isdigit():
            kept.append("|")  # two figures with only a sign between them stay two
    return "".join(kept)


def _percent(number: str) -> str:
    if "点" in number:
        whole, _, decimals = number.partition("点")
        tail = "".join(str(_DIGITS.get(c, c)) for c in decimals)
        return f"{_NUMERAL.sub(_arabic, whole)}.{tail}%"
    return f"{_NUMERAL.sub(_arabic, number)}%"


def _arabic(match: re.Match[str]) -> str:
    word = match.group()
    if not set(word) & (_DIGITS.keys() | _TENS.keys()):
        return word  # 万 or 亿 alone: a unit after digits, or part of a word
    if set(word) <= _DIGITS.keys():
        return "".join(str(_DIGITS[c]) for c in word)  # 二〇二五
    return str(_value(word))


def _value(word: str) -> int:
    """A Chinese numeral with units, 0 or more: 三千二百零一 -> 3201, 十五 -> 15, 一万二 stays 10002."""
    total = section = digit = 0
    for char in word:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _TENS:
            section += (digit or 1) * _TENS[char]
            digit = 0
        else:
            total = (total + section + digit or 1) * _LARGE[char]
            section = digit = 0
    return total + section + digit


def _scale(unit: str) -> int:
    return {"千": 1000, "万": 10_000, "亿": 10**8, "万亿": 10**12}[unit]


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:.6f}".rstrip("0")


def contains(text: str, answer: str) -> bool:
    """Does ``text`` hold ``answer`` after folding? An answer that folds to nothing is never held."""
    hay, needle = fold(text), fold(answer)
    if not needle:
        return False
    start = hay.find(needle)
    while start >= 0:
        end = start + len(needle)
        cut_before = needle[0].isdigit() and re.search(r"\d\.?$", hay[:start]) is not None
        cut_after = needle[-1].isdigit() and re.match(r"\.?\d", hay[end:]) is not None
        if not cut_before and not cut_after:
            return True
        start = hay.find(needle, start + 1)
    return False


def answer_contains(prediction: str, references: Sequence[str]) -> float:
    """1 when the prediction holds one of the references after folding; else 0."""
    return float(any(contains(prediction, reference) for reference in references))


def parts_found(prediction: str, parts: Sequence[Sequence[str]]) -> float:
    """Share of the parts (each a choice of wordings) that the prediction holds; 0 when there are no parts."""
    return (
        sum(any(contains(prediction, choice) for choice in part) for part in parts) / len(parts)
        if parts
        else 0.0
    )


def figures(text: str) -> set[str]:
    """All figures of a text as plain decimal numbers."""
    return set(_FIGURE.findall(fold(text)))


def written_figures(text: str) -> set[str]:
    """Figures that are surely meant as figures: with Arabic digits, or Chinese numerals of two signs and
    more."""
    text = unicodedata.normalize("NFKC", text)
    return figures(_LONE.sub("甲", _PERCENT.sub(lambda m: _percent(m.group(1)), text)))


def figures_with_units(text: str) -> set[tuple[str, str]]:
    """(figure, the sign that follows it): ('100', '条'), ('5.5', '%')."""
    return {(m.group(1), m.group(2)) for m in _FIGURE_UNIT.finditer(fold(text))}


def contradicting_figures(
    answer: str, gold: Iterable[str], known: Iterable[str], read: Iterable[str]
) -> set[str]:
    """Figures of an answer that speak against it.

    A figure counts when it stands nowhere in ``gold`` (references), ``known`` (question, gold evidence) or
    ``read`` (passages that the generator saw): invented; or when it has the unit of a reference's figure but
    is neither in the references nor in ``known``: another value given for the same thing.
    """
    gold, known = list(gold), list(known)
    settled = set().union(*map(figures, (*gold, *known)), set())
    seen = settled.union(*map(figures, read))
    units = {unit for reference in gold for _, unit in figures_with_units(reference) if unit}
    mine = written_figures(answer)
    rival = {f for f, unit in figures_with_units(answer) if unit in units and f not in settled}
    return {f for f in mine if f not in seen} | (rival & mine)
