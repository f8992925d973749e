"""What errors say, by a name and in each language: ``unread.toml`` why one file was not read,
``failures.toml`` what is wrong beyond one file."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

Value = str | int


@functools.cache
def texts(table: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Reason -> language -> what is wrong, and the next step."""
    with (Path(__file__).parent / f"{table}.toml").open("rb") as file:
        found = tomllib.load(file)
    return {name: {lang: (said[0], said[1]) for lang, said in told.items()} for name, told in found.items()}


def said(table: str, reason: str, values: Mapping[str, Value], lang: str) -> tuple[str, str]:
    """Both in a language with the values that they name; in English where it is no language of the table."""
    told = texts(table)[reason]
    message, hint = told.get(lang, told["en"])
    return message.format_map(values), hint.format_map(values)
