"""Frozen dataclasses as JSON and back, by their annotations: documents out of the process that read them, and
answers and questions out of where they are kept."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def pack(value: object) -> bytes:
    """A dataclass of plain values, tuples, mappings and dataclasses as UTF-8; odd file names included."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def unpack(kind: type[T], data: bytes) -> T:
    """What ``pack`` was given, of type ``kind``."""
    return made(kind, json.loads(data.decode("utf-8", "surrogatepass")))


def made(kind: type[T], value: object) -> T:
    """A value of type ``kind`` from parsed JSON. A dataclass comes as the list of its fields or by their
    names; by names, what is not there takes its default, and what it does not know is left out."""
    found: T = _made(kind, value)
    return found


def _plain(value: object) -> object:
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value


def _made(kind: Any, value: Any) -> Any:
    if value is None or kind in (str, int, float, bool):
        return value
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        if isinstance(value, Mapping):
            return kind(**{name: _made(hint, value[name]) for name, hint in hints.items() if name in value})
        return kind(*(_made(hint, part) for hint, part in zip(hints.values(), value, strict=True)))
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return tuple(_made(inner[0], part) for part in value)
        return tuple(_made(hint, part) for hint, part in zip(inner, value, strict=True))
    if origin in (Union, types.UnionType):
        return _made(next(hint for hint in inner if hint is not types.NoneType), value)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
