"""What the model that writes told of single sentences, kept: it depends on the documents alone, and is asked
once, most of it before anybody has a question (``ahead.py``)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import prompts
from qa.cache import Table, code_version

MOST_KEPT = 50_000
"""Texts of which it is kept what was told."""

Said = TypeVar("Said", bound=tuple[str, ...])
"""A sentence with what else it is asked with."""


class Verdicts:
    """Numbers that a model told of sentences: in memory, and by hashes in a table of a SQLite file.
    Thread-safe.

    Args:
        path: the file; made on the first ``learn``.  name: of the table.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._table = Table(path, name)
        self._told: dict[str, float] = {}

    def known(self, said: Sequence[Said], model: str) -> dict[Said, float]:
        """What the model told of those of the sentences that it has read, with this code and prompts."""
        keys = {one: _key(one, model) for one in said}
        kept = self._table.get(*(key for key in keys.values() if key not in self._told))
        self._told |= {key: float(text) for key, text in kept.items()}
        return {one: self._told[key] for one, key in keys.items() if key in self._told}

    def learn(self, told: Mapping[Said, float], model: str) -> None:
        """Keep what the model told now."""
        found = {_key(said, model): value for said, value in told.items()}
        if len(self._told) > MOST_KEPT:
            self._told = {}
        self._told |= found
        self._table.put({key: repr(value) for key, value in found.items()}, MOST_KEPT)


def _key(said: tuple[str, ...], model: str) -> str:
    return hashlib.sha256("\0".join((*said, model, prompts.version(), code_version())).encode()).hexdigest()
