"""The tokenizers of encoders, each in memory once however many read with it."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

from models.e5 import FILE, E5File

_lock = threading.Lock()


def tokenizer_of(folder: Path) -> Any:
    """What cuts texts for the encoder in the folder: ``index.unigram`` where its weights came in 4 bits, else
    the tokenizers library with ``tokenizer.json``. Shared, so neither padding nor truncation may be turned
    on."""
    path = (folder / FILE).resolve()
    path = path if path.is_file() else (folder / "tokenizer.json").resolve()
    with _lock:
        return _loaded(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=2)
def _loaded(path: Path, changed: int) -> Any:
    if path.name == FILE:
        from index.unigram import Pieces

        return Pieces(E5File(path))
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
