"""Statements with the evidence that bears them out or does not: what a support judge is measured on.

Two forms, one object a line: ``evidence``, ``statement``, ``label`` ("supported" or "not"; true or false),
with ``id``, ``family``, ``question`` where known; or as written by hand: a ``passage`` with ``statements``,
each with ``s``, ``label`` (true or false) and ``family``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errors import EvalError
from eval.tasks.files import need, read_jsonl, read_text
from eval.tasks.types import Evidence, Exchange, Item, Task

SUPPORTED, NOT = "supported", "not"
_LABELS = {"supported": SUPPORTED, "not": NOT, True: SUPPORTED, False: NOT}


def is_pairs(path: Path) -> bool:
    """Does the first line hold a statement with a label, or a passage with statements?"""
    first = next((line for line in read_text(path).split("\n") if line.strip()), "")
    try:
        row = json.loads(first)
    except json.JSONDecodeError:
        return False
    return isinstance(row, dict) and (
        {"statement", "label"} <= row.keys() or {"passage", "statements"} <= row.keys()
    )


def read(path: Path, name: str = "", title: str = "", split: str = "reporting") -> Task:
    """A task of pairs: ``question`` of an item is the statement, ``answers`` its label, ``type`` label and
    family.

    Raises:
        EvalError: a line lacks a field, a label is neither supported nor not, or two lines have one id.
    """
    items: dict[str, Item] = {}
    for number, row in read_jsonl(path):
        where = f"{path}, line {number}"
        for item in _written(row, number, where) if "statements" in row else [_pair(row, number, where)]:
            if item.id in items:
                raise EvalError(f"{where}: the id {item.id!r} is there twice", "Give each line its own id.")
            items[item.id] = item
    if not items:
        raise EvalError(f"{path} holds no statements", "See docs/EVALUATION.md for its form.")
    return Task(
        name or path.stem,
        title or name or path.stem,
        tuple(items.values()),
        mode="closed",
        split=split,
        pairs=True,
    )


def _pair(row: dict[str, Any], number: int, where: str) -> Item:
    evidence, statement, label = (need(row, key, where) for key in ("evidence", "statement", "label"))
    family, asked = str(row.get("family") or ""), str(row.get("question") or "")
    return _item(str(row.get("id", number)), evidence, statement, label, family, asked, where)


def _written(row: dict[str, Any], number: int, where: str) -> Iterator[Item]:
    passage, key = need(row, "passage", where), str(row.get("id", number))
    for n, one in enumerate(row["statements"]):
        statement, label = need(one, "s", where), need(one, "label", where)
        yield _item(f"{key}-{n}", passage, statement, label, str(one.get("family") or ""), "", where)


def _item(key: str, evidence: Any, statement: Any, label: Any, family: str, asked: str, where: str) -> Item:
    if not (
        isinstance(evidence, str) and evidence.strip() and isinstance(statement, str) and statement.strip()
    ):
        raise EvalError(f"{where}: evidence or statement is empty or not a text")
    if not isinstance(label, str | bool) or label not in _LABELS:
        raise EvalError(f"{where}: label {label!r}", "It is supported or not, or true or false.")
    truth = _LABELS[label]
    history = (Exchange(asked, ""),) if asked else ()
    kind = f"{truth} · {family}" if family else truth
    return Item(key, statement, (truth,), evidence=(Evidence("", evidence),), type=kind, history=history)
