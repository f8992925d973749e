"""A count that the question brought along, and an answer that fulfils it (三种形式是甲、乙、丙) or lists more things."""

from __future__ import annotations

import re

from index.numbers import parse_number
from qa.types import Problem

from .text import fold_same

_JOINS = re.compile(r"、|以及|和|与|及")
_CLAUSE = re.compile(r"[,，;；:：。]|分别(?:是|为|在|由)?|包括|[是为在]")
_N = r"\d{1,2}|[二两三四五六七八九十]"
_WHICH = re.compile(
    rf"哪(?P<n>{_N})(?![年月日号天点])\w|(?<![第\d一二三四五六七八九十百])(?P<m>{_N})(?:个|项|条|种|类|方面|大|场|次|家|位|名|件|座|部|本|人)(?P<what>[^\W\d_]{{0,7}}?)\"?(?:具体|分别|都|各)?(?:是|指|有|在|包括)(?:的是|的)?(?:哪|什么|啥)"
)
_RUN = re.compile(r"[,，;；:：。]|分别(?:是|为|在|由)?|包括|[是为即]")


def counts_its_list(problem: Problem, sentence: str, question: str) -> bool:
    """Is the problem a small count of the question (三种), and does the sentence list just as many things?

    The evidence need not say how many there are when the things themselves are counted before the reader.
    """
    if problem.kind != "number" or not problem.text or problem.text not in question:
        return False
    match = re.match(r"\d+|[一二两三四五六七八九十]+", fold_same(problem.text))
    value = parse_number(match.group()) if match else None
    if value is None or not 2 <= value <= 12:
        return False
    lists = (len(_JOINS.split(clause)) for clause in _CLAUSE.split(fold_same(sentence)))
    return max(lists, default=0) == value


def lists_more(asked: str, said: str) -> bool:
    """Does the question ask which the four are, and the answer list five (and nothing of which there are four)?

    Fewer may be part of the answer; more are something else.

    Args:
        asked, said: folded question and answer.
    """
    match = _WHICH.search(asked)
    value = parse_number(match["n"] or match["m"]) if match else None
    if value is None or not 2 <= value <= 12:
        return False
    runs = [count + 1 for clause in _RUN.split(said) if (count := clause.count("、"))]
    return bool(runs) and all(least > value for least in runs)


def counted_thing(asked: str) -> str:
    """What a question asks the members of, as it writes it (四个带头 of “四个带头”是哪四个); "" for none and for a mere 四个方面."""
    match = _WHICH.search(asked)
    if match is None or not match["what"] or len(match["what"]) < 2 or match["what"] in ("方面", "问题", "内容", "部分", "地方"):
        return ""
    return asked[match.start("m") : match.end("what")]
