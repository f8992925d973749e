"""Values of targets as JSON and back: bytes as base64, tuples and answers by name, half surrogates as
escapes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from qa.serialize import answer_from_dict, answer_to_dict
from qa.types import Answer

SEEDS = Path(__file__).with_name("seeds")


def as_json(value: Any) -> Any:
    """A value of any target as JSON types."""
    if isinstance(value, bytes):
        return {"__bytes__": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {"__tuple__": [as_json(one) for one in value]}
    if isinstance(value, Answer):
        return {"__answer__": answer_to_dict(value)}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    if isinstance(value, dict):
        return {name: as_json(one) for name, one in value.items()}
    return value


def from_json(value: Any) -> Any:
    """The inverse."""
    if isinstance(value, list):
        return [from_json(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "__bytes__" in value:
        return base64.b64decode(value["__bytes__"])
    if "__tuple__" in value:
        return tuple(from_json(one) for one in value["__tuple__"])
    if "__answer__" in value:
        return answer_from_dict(value["__answer__"])
    return {name: from_json(one) for name, one in value.items()}


def read(path: Path) -> tuple[str, Any]:
    """Target and value of a kept finding."""
    row = json.loads(path.read_text("utf-8"))
    return row["target"], from_json(row["value"])
