"""One wrong character in the name of a place or body, as a typist makes it: 蓟洲 for 蓟州, 滨海新曲 for 滨海新区.

Put right before the question is answered, and only when the two characters sound alike, what was typed is nowhere in the
documents found and no word of the dictionary, and the nearest passages have exactly one name that it can be. 河北 and 湖北,
津南 and 济南 are places of their own: both are words, so nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.types import Hit
from qa.checks.names import listed, names, words
from qa.checks.text import fold_same
from qa.claims import bodies

NEAREST = 3
"""Passages in which the right name is looked for."""
SOUNDS = ["州洲周舟", "区曲驱取渠趋", "津金今锦晋进近", "滨宾彬斌", "河和何合荷贺鹤", "西溪希系喜", "辰晨陈臣沉", "青清庆情晴", "武五吴伍物务悟", "静京景经晶敬境竞", "蓟冀吉济计纪季记机基级集", "宝保堡", "坻地迪底第", "塘唐堂汤", "沽古谷故固", "东冬洞董", "丽利里李理力立历", "南楠", "红洪宏虹", "桥乔", "发法", "北贝", "市是石世事始式师施实", "县线先现", "镇真振", "乡香湘祥", "江姜将", "湖胡虎护户", "山善衫", "阳杨羊洋扬", "城成程诚承", "新心欣信", "建检健间简", "院园元原源员", "政正郑证征", "卫委位威维", "局居举巨", "处楚出", "厅亭", "府福富复服", "安岸", "平萍屏", "广光", "道岛导", "路陆鲁绿", "街接结", "港岗钢", "丘秋", "林临霖", "龙隆", "丰峰风锋", "泰台太", "华花化", "明名铭", "油友邮有"]
"""Characters of names that are typed alike (one syllable of pinyin, whatever the tone)."""
_ALIKE = {char: group.replace(char, "") for group in SOUNDS for char in group}


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistyped name: the question put right, what was typed, and the name that it is taken for."""

    question: str
    typed: str
    meant: str


def slip(question: str, hits: Sequence[Hit]) -> Slip | None:
    """The one mistyped name of the question; None unless that is certain."""
    folded = fold_same(question)
    near = [fold_same("\n".join((h.document.title, *h.passage.heading, h.passage.text))) for h in hits[:NEAREST]]
    found = {(start, right) for start, right in _slips(folded, near) if _sure(folded, start, right, hits)}
    if len({folded[:start] + right + folded[start + len(right) :] for start, right in found}) != 1:
        return None
    start, right = max(found, key=lambda f: len(f[1]))
    end = start + len(right)
    return Slip(question[:start] + right + question[end:], question[start:end], right)


def _slips(folded: str, near: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(where it stands in the question, the name) for every name near by that the question has but for one character."""
    for at, char in enumerate(folded):
        for other in _ALIKE.get(char, ""):
            pairs = (folded[at - 1 : at] + other, other + folded[at + 1 : at + 2])
            for text in near:
                if not any(len(pair) == 2 and pair in text for pair in pairs):
                    continue
                for name in _names(text):
                    for index, letter in enumerate(name):
                        start = at - index
                        if letter == other and start >= 0 and folded[start : start + len(name)] == name[:index] + char + name[index + 1 :]:
                            yield start, name


def _names(folded: str) -> set[str]:
    """Places and bodies of a text, places also without their class word (北辰)."""
    found = {n.text for n in names(folded) if n.kind in ("place", "body")} | {n.text for n in bodies(folded)}
    return found | {n[:-1] for n in found if len(n) == 3 and n[-1] in "省市县区州"}


def _sure(folded: str, start: int, right: str, hits: Sequence[Hit]) -> bool:
    """Is what was typed whole words, none of them a known name, and nowhere in the documents found, nor the right name in
    the question?"""
    end = start + len(right)
    typed = folded[start:end]
    edges = {at for _, at in words(folded)} | {len(folded)}
    if right in folded or listed(typed) or start not in edges or end not in edges:
        return False
    return not any(typed in fold_same(h.passage.text) or typed in h.document.text for h in hits)
