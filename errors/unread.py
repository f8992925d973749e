"""Why a file was not read: each reason by a name, told in Chinese and English (``unread.toml``)."""

from __future__ import annotations

from collections.abc import Mapping

from errors import DocumentError
from errors.texts import Value, said, texts


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
        return said("unread", self.reason, self.values, lang)


def reasons() -> dict[str, dict[str, tuple[str, str]]]:
    """Reason -> language -> what is wrong, and the next step."""
    return texts("unread")


def _again(reason: str, values: Mapping[str, Value]) -> Unread:
    return Unread(reason, **values)
