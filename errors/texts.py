"""What errors say, by a name and in each language: ``unread.toml`` why one file was not read,
``failures.toml`` what is wrong beyond one file."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Value = str | int


@functools.cache
def texts(table: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Reason -> language -> what is wrong, and the next step."""
    with (Path(__file__).parent / f"{table}.toml").open("rb") as file:
        found = tomllib.load(file)
    hints = found.pop("hints", {})
    return {name: dict(_told(told, hints.get(told.pop("hint", ""), {}))) for name, told in found.items()}


def _told(told: Mapping[str, Any], shared: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Language, what is wrong, and the next step, which may be one that several errors share."""
    for lang, text in told.items():
        yield lang, (text, shared[lang]) if isinstance(text, str) else (text[0], text[1])


def said(table: str, reason: str, values: Mapping[str, Value], lang: str) -> tuple[str, str]:
    """Both in a language with the values that they name; in English where it is no language of the table."""
    told = texts(table)[reason]
    message, hint = told.get(lang, told["en"])
    return message.format_map(values), hint.format_map(values)
