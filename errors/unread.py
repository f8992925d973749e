"""Why a file was not read: each reason by a name, told in Chinese and English (``unread.toml``)."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

from errors import DocumentError

Value = str | int


class Unread(DocumentError):
    """One file is not read.

    ``message`` and ``hint`` are in English, as of every error; ``told`` gives them in another language.

    Args:
        reason: a name in ``unread.toml``.
        values: what its texts name, the file's ``name`` or ``path`` above all.
    """

    def __init__(self, reason: str, **values: Value) -> None:
        self.reason, self.values = reason, values
        super().__init__(*self.told("en"))

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.reason, self.values)

    def told(self, lang: str) -> tuple[str, str]:
        texts = reasons()[self.reason]
        message, hint = texts.get(lang, texts["en"])
        return message.format_map(self.values), hint.format_map(self.values)


@functools.cache
def reasons() -> dict[str, dict[str, tuple[str, str]]]:
    """Reason -> language -> what is wrong, and the next step."""
    with (Path(__file__).parent / "unread.toml").open("rb") as file:
        found = tomllib.load(file)
    return {name: {lang: (said[0], said[1]) for lang, said in texts.items()} for name, texts in found.items()}


def _again(reason: str, values: Mapping[str, Value]) -> Unread:
    return Unread(reason, **values)
