"""The one exception tree. A leaf: imports nothing of ours, and everything of ours may import it.

    WenjuError                 anything we raise on purpose; exit code 1
    ├── SettingsError          a setting is unknown or has a bad value; exit code 2
    ├── DocumentError          one file cannot be read or parsed (names the file)
    │   └── Unread             for a reason that is told in two languages (errors/unread.py)
    ├── IndexError_            the index is missing, damaged, of another version or busy
    ├── ModelError             a model file is missing, damaged or cannot be fetched
    ├── GeneratorError         the engine that writes failed or is not installed
    ├── QuestionError          the question itself cannot be taken (empty, too long); exit code 2
    │   └── NoCollection       it names a collection that is not there
    ├── EvalError              a benchmark file or run cannot be used
    │   └── GateFailed         a metric fell below its minimum; exit code 3
    └── Cancelled              the person who asked stopped the answer

A message names the thing and what is wrong with it; ``hint`` says what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self

from errors.texts import Value, said


class WenjuError(Exception):
    """Base of everything raised on purpose.

    Args:
        message: what is wrong, naming the file, model, setting or question concerned.
        hint: the next step for the person who reads it; "" when there is none.
    """

    exit_code = 1
    _named: tuple[str, dict[str, Value]] | None = None

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @classmethod
    def named(cls, reason: str, **values: Value) -> Self:
        """One whose texts stand in ``errors/failures.toml``, in two languages.

        Args:
            reason: its name there.  values: what the texts name.
        """
        error = cls(*said("failures", reason, values, "en"))
        error._named = (reason, values)
        return error

    def told(self, lang: str) -> tuple[str, str]:
        """Message and hint in a language; in English where they are told in no other."""
        return said("failures", *self._named, lang) if self._named else (self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class SettingsError(WenjuError):
    """A setting is unknown or has a value it cannot take."""

    exit_code = 2


class DocumentError(WenjuError):
    """One source file cannot be read or parsed; the message names it."""


class IndexError_(WenjuError):
    """The index is missing, damaged, made by another version, or being written by another process."""


class ModelError(WenjuError):
    """A model file is missing, damaged, or no source delivers it."""


class GeneratorError(WenjuError):
    """The engine that writes failed, or the package it needs is not installed."""


class QuestionError(WenjuError):
    """The question itself cannot be taken: empty or too long."""

    exit_code = 2


class NoCollection(QuestionError):
    """The question is to be answered from a collection that is not there."""


class EvalError(WenjuError):
    """A benchmark file, task or run cannot be used."""


class GateFailed(EvalError):
    """A metric fell below the minimum that was asked for."""

    exit_code = 3


class Cancelled(WenjuError):
    """The person who asked stopped the answer."""


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A hint such as ``Did you mean 'default'? Valid: api, default, quality``; options are sorted."""
    found = choice(word, options)
    return f"{found['meant']}Valid: {found['known']}"


def choice(word: str, options: Iterable[str]) -> dict[str, Value]:
    """What a hint of errors/failures.toml names: ``known`` (sorted) and ``meant`` (in English, or "")."""
    valid = sorted(options)
    close = closest(word, valid)
    return {"known": ", ".join(valid), "meant": f"Did you mean '{close}'? " if close else ""}


def closest(word: str, options: Iterable[str]) -> str:
    """The option that ``word`` was most likely meant to be, "" where none is near."""
    return next(iter(difflib.get_close_matches(word, sorted(options), n=1, cutoff=0.5)), "")
