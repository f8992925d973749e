"""A count that the question brought along and the answer fulfils: 三种形式是甲、乙、丙."""

from __future__ import annotations

import re

from index.numbers import parse_number
from qa.types import Problem

from .text import fold_same

_JOINS = re.compile(r"、|以及|和|与|及")
_CLAUSE = re.compile(r"[,，;；:：。]|分别(?:是|为|在|由)?|包括|[是为在]")


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
