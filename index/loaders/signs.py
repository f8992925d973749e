"""Signs of life of a loader that takes long: so much is done. Whoever runs it listens; nobody has to."""

from __future__ import annotations

from collections.abc import Callable

INSTALL = "pip install 'rapidocr>=3.4'"
"""The extra ``ocr``: what is told where a file would need it."""

_listener: Callable[[int, int], None] | None = None


def listen(listener: Callable[[int, int], None] | None) -> None:
    """Have ``listener`` called with pages (or rows) done and in all, by every loader in this process.

    0 in all: how many there are is not known. -1 in all: text recognition is about to begin.
    """
    global _listener
    _listener = listener


def step(done: int, total: int) -> None:
    """Called by loaders after each page, or the like."""
    if _listener is not None:
        _listener(done, total)


def recognising() -> None:
    """Called before text recognition begins, which needs more memory than reading."""
    if _listener is not None:
        _listener(0, -1)
