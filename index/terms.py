"""Text -> terms for lexical search, the same for passages and questions.

Every run of Han characters gives its single characters and its pairs (on the tuning data that beats pairs
alone, see docs/RETRIEVAL.md); Latin words, figures and other runs are words; figures are compared by value,
so that 二十三条 finds 23条 and 1.5亿 finds 15000万. Question words (哪些, 多少, 什么时候) are left out of
questions.

A term is a 64-bit code: a Han character its code point, a pair two of them, a word a hash. So a vocabulary is
one sorted array, and whole batches of passages are cut with numpy.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.normalize import HAN, fold
from index.numbers import parse_number

Codes = NDArray[np.uint64]
Rows = NDArray[np.int32]

VERSION = 1
"""Part of an index's manifest: another version cuts other terms."""

_PAIR = np.uint64(1 << 42)
_SHIFT = np.uint64(21)
_WORD_BIT = 1 << 63

_KANA = "\u3040-\u30ff\u31f0-\u31ff"
_LETTER = rf"[^\W\d_{HAN}{_KANA}]"
_WORD = re.compile(
    rf"(?P<word>[0-9]*{_LETTER}(?:{_LETTER}|[0-9])*)"
    r"|(?P<figure>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)(?P<scale>[百千万亿]+)?"
    r"|(?P<han>[零〇一二三四五六七八九十百千万亿两]{2,})"
)
_QUESTION_WORD = re.compile(
    "哪些|哪个|哪一|哪种|哪里|哪儿|哪位|哪年|哪|什么时候|什么时间|什么|为什么|怎么样|怎么办|怎么|怎样|怎|如何|多少|多久|多大|"
    "多长|多高|谁|几个|几|是否|吗|呢|吧|有没有|是不是|能否|可否|何时|何地|何处|何人|何种|为何"
)


def _han_table() -> NDArray[np.bool_]:
    table = np.zeros(0x110000, np.bool_)
    for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x40000)):
        table[first:last] = True
    table[0x3007] = True
    for first, last in ((0x3040, 0x3100), (0x31F0, 0x3200)):  # kana are cut like Han
        table[first:last] = True
    return table


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(is Han or kana, is white space) by code point."""
    space = np.zeros(0x110000, np.bool_)
    space[[9, 10, 11, 12, 13, 32]] = True
    return _han_table(), space


@lru_cache(maxsize=65536)
def word_code(word: str) -> int:
    """The code of a word or of a figure (given as ``#`` and its value)."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8"), digest_size=8).digest(), "little") | _WORD_BIT


@lru_cache(maxsize=65536)
def _figure_code(text: str) -> int | None:
    value = parse_number(text)
    return None if value is None else word_code(f"#{value.normalize():f}")


def cut(texts: Sequence[str]) -> tuple[Codes, Rows]:
    """The terms of many texts: codes and, for each, the row of its text. Order within a text is not kept."""
    if not texts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int32)
    folded = [fold(text) + "\n" for text in texts]
    lengths = np.fromiter(map(len, folded), np.int64, len(folded))
    whole = "".join(folded)
    points = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), np.uint32)
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    is_han, is_space = _tables()
    solid = ~is_space[points]
    chars, char_rows = points[solid].astype(np.uint64), rows[solid]
    han = is_han[points[solid]]
    pairs = han[:-1] & han[1:] & (char_rows[:-1] == char_rows[1:])
    words, at = _words(whole)
    codes = np.concatenate([chars[han], _PAIR | (chars[:-1][pairs] << _SHIFT) | chars[1:][pairs], words])
    word_rows = np.searchsorted(np.cumsum(lengths), at, side="right").astype(np.int32)
    return codes, np.concatenate([char_rows[han], char_rows[:-1][pairs], word_rows])


def _words(whole: str) -> tuple[Codes, NDArray[np.int64]]:
    """Words and figures of a text with their offsets."""
    codes: list[int] = []
    at: list[int] = []
    for match in _WORD.finditer(whole):
        if match["word"]:
            found: list[int | None] = [word_code(match["word"])]
        elif match["figure"]:
            found = [_figure_code(match["figure"])]
            if match["scale"]:
                found.append(_figure_code(match["figure"] + match["scale"]))
        else:
            found = [_figure_code(match["han"])]
        for code in found:
            if code is not None:
                codes.append(code)
                at.append(match.start())
    return np.array(codes, np.uint64), np.array(at, np.int64)


def query_terms(question: str) -> Codes:
    """The different terms of a question without its question words (with them when nothing else is left),
    sorted."""
    codes = np.unique(cut([_QUESTION_WORD.sub("\u3000|\u3000", fold(question))])[0])
    return codes if codes.size else np.unique(cut([question])[0])


def is_single(codes: Codes) -> NDArray[np.bool_]:
    """Which terms are single Han characters: they weigh less than pairs and words."""
    return codes < _PAIR
