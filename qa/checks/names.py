"""Names of persons, bodies, places and works in folded text. Rules and jieba's dictionary; no model.

Knows nothing of evidence; comparing is in ``swaps``.
"""

from __future__ import annotations

import functools
import re
import warnings
from dataclasses import dataclass
from typing import Any

_TYPES = {"nr": "person", "nrt": "person", "nrfg": "person", "ns": "place", "nt": "body"}
_QUOTED = re.compile(r"《([^《》]{1,40})》|\"([^\"]{2,20})\"")
_LATIN = re.compile(r"[a-z][a-z0-9]*(?:[ .&'/_-]{1,2}[a-z0-9]+)*")
_FOREIGN = re.compile(r"[\u4e00-\u9fff]{1,6}(?:·[\u4e00-\u9fff]{1,6})+")
_BODY = re.compile(
    r"[\u4e00-\u9fff]{2,14}?(?:委员会|办公室|管理局|人民政府|出版社|电视台|研究院|研究所|工委|公司|集团|大学|学院|医院|银行|法院|检察院|"
    r"支部|海关|中学|小学|协会|学会|商会|剧团|乐队|俱乐部|博物馆|图书馆|局|厅|委|署)"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as a half-open span of the folded text; ``kind`` is person, place, body, title or latin."""

    text: str
    start: int
    end: int
    kind: str


@functools.lru_cache(maxsize=1)
def _tagger() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
        import jieba.posseg as posseg

    jieba.setLogLevel(60)
    jieba.initialize()
    return posseg


def warm() -> None:
    """Load the dictionary (about 0.8 s) before the first question needs it."""
    tagged("预热")


@functools.lru_cache(maxsize=4096)
def tagged(folded: str) -> tuple[tuple[str, str, int], ...]:
    """Words of a folded text as (word, part of speech of jieba, offset)."""
    out, at = [], 0
    for pair in _tagger().lcut(folded):
        out.append((pair.word, pair.flag, at))
        at += len(pair.word)
    return tuple(out)


def words(folded: str) -> tuple[tuple[str, int], ...]:
    """Words of a folded text with their offsets."""
    return tuple((word, at) for word, _, at in tagged(folded))


def names(folded: str) -> tuple[Name, ...]:
    """Names in reading order, not overlapping; the longest reading wins."""
    found = [Name(m.group(1) or m.group(2), m.start(), m.end(), "title") for m in _QUOTED.finditer(folded)]
    found += [Name(m.group(), m.start(), m.end(), "person") for m in _FOREIGN.finditer(folded)]
    found += [Name(m.group(), m.start(), m.end(), "latin") for m in _LATIN.finditer(folded) if len(m.group()) > 1]
    for word, flag, at in tagged(folded):
        kind = _TYPES.get(flag)
        if kind and len(word) > 1:
            found.append(Name(word, at, at + len(word), kind))
    found.sort(key=lambda n: (n.start, -(n.end - n.start)))
    kept: list[Name] = []
    for name in found:
        if not kept or name.start >= kept[-1].end:
            kept.append(name)
    return tuple(kept)


_TAIL = re.compile(r"(?:省|市|县|区|州|镇|乡|村|街道|自治区|特别行政区|国|有限公司|公司|集团|先生|女士|同志|教授|博士)$")


def holds(folded: str, name: str) -> bool:
    """Does a folded text hold the name, perhaps without its class word (天津 for 天津市)?"""
    if name in folded:
        return True
    short = _TAIL.sub("", name)
    return len(short) >= 2 and short != name and short in folded
