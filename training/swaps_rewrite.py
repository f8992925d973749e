"""True sentences said in other ways: the rewritings that must not be flagged by the checks."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import lru_cache
from importlib import resources

_HAN = "零一二三四五六七八九"


def answer_sentence(question: str, answer: str) -> str:
    """The answer in place of the asking words: 踢爆 + 生命数耗完即算为什么？ -> 生命数耗完即算为踢爆。"""
    asking = (
        "什[么麼]时候|什麼時候|什么时间|何时|何時|哪(?:一)?年|哪(?:一)?天|多少|谁|誰|哪里|哪裡"
        "|哪儿|何处|何處|哪位|什么|什麼|何人|何地|哪(?:一)?(?:个|個|家|所|座|种|種)"
    )
    found = re.search(asking, question)
    if not found or re.search("为什么|為什麼|为何|怎|如何|哪些|分别|几|幾", question):
        return ""
    rest = question[found.end() :].rstrip("？?。 ")
    for cut in range(min(len(rest), 3), 0, -1):  # 哪个城市 + 上海市, 多少人 + 5人
        if answer.endswith(rest[:cut]):
            rest = rest[cut:]
            break
    return question[: found.start()] + answer.strip("。，") + rest + "。"


def _drop(sentence: str, rng: random.Random) -> str:
    clauses = re.split(r"(?<=[，；,;])(?!\d)", sentence)
    if len(clauses) < 3:
        return ""
    out = clauses[:]
    del out[rng.randrange(1, len(clauses))]
    made = "".join(out).rstrip("，；,;。") + "。"
    return made if len(made) >= 12 else ""


def _reorder(sentence: str, rng: random.Random) -> str:
    clauses = re.split(r"[，,](?!\d)", sentence.rstrip("。！？"))
    if len(clauses) < 2 or any(
        c.count("“") != c.count("”") or c.count("（") != c.count("）") for c in clauses
    ):
        return ""
    return "，".join(clauses[1:] + clauses[:1]) + "。"


def _width(sentence: str, rng: random.Random) -> str:
    wide = "".join(
        chr(ord(c) + 0xFEE0) if "0" <= c <= "9" or "a" <= c.lower() <= "z" or c in "%," else c
        for c in sentence
    )
    return wide.translate(str.maketrans("，（）：；", ",():;")) if rng.random() < 0.5 else wide


def _numerals(sentence: str, rng: random.Random) -> str:
    """Years digit by digit, small numbers read out: 2008年12月 -> 二〇〇八年十二月, 35个 -> 三十五个."""
    made = re.sub(
        r"(?<!\d)(\d{4})(?=年)", lambda m: "".join("〇一二三四五六七八九"[int(c)] for c in m[1]), sentence
    )
    return re.sub(
        r"(?<![\d.,:：/a-zA-Z-])(\d{1,2})(?=[个個名位家座所项項条條种種次人部月日岁歲届屆天])",
        lambda m: read_out(int(m[1])),
        made,
    )


def read_out(value: int) -> str:
    """1..99 in Chinese figures."""
    tens, ones = divmod(value, 10)
    return ("" if not tens else "十" if tens == 1 else _HAN[tens] + "十") + (
        "" if tens and not ones else _HAN[ones]
    )


def _script(sentence: str, rng: random.Random) -> str:
    table = scripts()
    made = sentence.translate(table["t2s"])
    return made if made != sentence else sentence.translate(table["s2t"])


@lru_cache(maxsize=1)
def scripts() -> dict[str, dict[int, str]]:
    out = {}
    for key, name in (("t2s", "TSCharacters.txt"), ("s2t", "STCharacters.txt")):
        lines = (resources.files("opencc") / "dictionary" / name).read_text("utf-8").splitlines()
        out[key] = {
            ord(line.split("\t")[0]): line.split("\t")[1].split(" ")[0] for line in lines if line[1:2] == "\t"
        }
    return out


REWRITES: dict[str, Callable[[str, random.Random], str]] = {
    "verbatim": lambda s, _: s,
    "drop": _drop,
    "reorder": _reorder,
    "width": _width,
    "numerals": _numerals,
    "script": _script,
    "prefix": lambda s, rng: rng.choice(["根据资料，", "根据材料，", "资料显示，", "据资料介绍，"]) + s,
}
