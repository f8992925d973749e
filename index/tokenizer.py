"""The tokenizers of encoders, each in memory once however many read with it: one of 250,000 words takes 280
MB."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

_lock = threading.Lock()


def tokenizer_of(folder: Path) -> Any:
    """What ``tokenizer.json`` in the folder describes; shared, so neither padding nor truncation may be
    turned on."""
    path = (folder / "tokenizer.json").resolve()
    with _lock:
        return _loaded(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
