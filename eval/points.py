"""The judge of the office sets: which of the required points stand in the answer, as plain text.

Folded: full and half width, case, blanks, commas, table signs, and Chinese digits beside Arabic ones. The
same judge as the ``score.py`` that travels with those sets, so that figures of both can be laid side by side;
its list of refusing words below belongs to it, and nothing but these figures hangs on it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from eval.tasks.types import Item

_DROPPED = ",，*|"
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_REFUSING = ("不可以", "不能", "不得", "不行", "否")


def share(item: Item, answer: Mapping[str, Any]) -> tuple[float, tuple[str, ...]]:
    """Share (0..1) of what the question asks for, and which points are missing.

    Only an overview has part of its points; of every other type all are needed. A refused question has none,
    unless it takes something false for granted and the refusal or a note names the correction.
    """
    text, refused = fold(str(answer.get("answer") or "")), bool(answer["refused"])
    if item.answerable is False:
        return float(refused), ()
    if item.type == "chat":
        return float(not refused and bool(text)), ()
    if refused:
        said = (
            json.dumps(answer.get(key), ensure_ascii=False) for key in ("refusal", "notes") if answer.get(key)
        )
        named = item.false_premise and holds(item.answers, fold("".join(said)))
        return float(named), ()
    if item.parts:
        missing = tuple(part[0] for part in item.parts if not holds(part, text))
        if item.type == "overview":
            return (len(item.parts) - len(missing)) / len(item.parts), missing
        return float(not missing and not _refuses(item, text)), missing
    return float(holds(item.answers, text) and not _refuses(item, text)), ()


def _refuses(item: Item, text: str) -> bool:
    """Does the text say no where the answer is yes?"""
    return item.type == "yes_no" and item.polarity == "yes" and any(word in text for word in _REFUSING)


def holds(alternatives: Sequence[str], folded: str) -> bool:
    """Does the folded text hold one of these?"""
    plain = folded.translate(_DIGITS)
    wanted = [fold(one) for one in alternatives]
    return any(one in folded or one.translate(_DIGITS) in plain for one in wanted)


def fold(text: str) -> str:
    """NFKC, lower case, without blanks, commas, asterisks and table signs."""
    text = unicodedata.normalize("NFKC", text).lower()
    return "".join(char for char in text if not char.isspace() and char not in _DROPPED)
