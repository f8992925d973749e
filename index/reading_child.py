"""The process that parses files for :class:`index.reading.Reader`: one request a line, one answer each.

    in:  {"path": ..., "source": ..., "all": whether every document of the file is wanted}
    out: {"begun": true}                           once it is about to read
         {"step": done}                            any number of times
         {"bytes": n} and n bytes of the document (or of Loaded), or
         {"reason": ..., "values": {...}} of errors.unread.Unread

Keeps to its limit of memory and leaves when its input ends. Runs as ``python -m index.reading_child``.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from errors.unread import Unread
from index import limits
from index.types import Document
from index.wire import pack

if TYPE_CHECKING:
    from index.loaders.parts import Loaded

HEAVY = 300 * limits.MB
"""A process that has this much in use after a file is not used for another one."""

HEAVY_RECOGNISING = 1000 * limits.MB
"""The same with the models of text recognition in it."""


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between
    limits.keep_to_memory()
    sys.setrecursionlimit(3000)
    with suppress(AttributeError, OSError):
        os.nice(5)
    for line in sys.stdin.buffer:
        wish = json.loads(line)
        if not _answer(Path(wish["path"]), wish["source"], bool(wish["all"]), out):
            return


def _answer(path: Path, source: str, every: bool, out: BinaryIO) -> bool:
    """Read one file and say what came of it; False when this process should not go on."""
    from index.loaders import load, load_all, warm
    from index.loaders.parts import fault
    from index.loaders.signs import listen

    told = time.monotonic()

    def sign(done: int, total: int) -> None:
        nonlocal told
        if total < 0:
            _say(out, {"recognising": True})
            limits.lift()
        elif time.monotonic() - told > 0.5:
            told = time.monotonic()
            _say(out, {"step": done, "of": total})

    warm()
    _say(out, {"begun": True})
    listen(sign)
    try:
        if every:
            data = pack(_within(load_all(path, source)))
        else:
            document = load(path, source)
            too_much(document, path.name)
            data = pack(document)
    except Unread as error:
        _say(out, {"reason": error.reason, "values": error.values})
        return _light()
    except MemoryError:
        gc.collect()
        _say(out, {"limit": "memory"})
        return False
    except Exception as broken:  # a parser's own fault must not end the indexing of other files
        failed = fault(path.name, broken)
        _say(out, {"reason": failed.reason, "values": failed.values})
        return not isinstance(broken, RecursionError)
    _say(out, {"bytes": len(data)}, data)
    return _light()


def _light() -> bool:
    """May this process read another file?"""
    return limits.in_use(os.getpid()) < (HEAVY_RECOGNISING if "rapidocr" in sys.modules else HEAVY)


def _within(loaded: Loaded) -> Loaded:
    """Without the documents that are too long; these have failed. Raises Unread when none is left."""
    from index.loaders.parts import Failure

    kept: list[Document] = []
    failed = list(loaded.failed)
    for document in loaded.documents:
        try:
            too_much(document, document.source)
            kept.append(document)
        except Unread as error:
            if len(loaded.documents) == 1:
                raise
            failed.append(Failure.of(document.source, error))
    return replace(loaded, documents=tuple(kept), failed=tuple(failed))


def too_much(document: Document, name: str) -> None:
    """Raises Unread when a document is longer than a document may be."""
    if len(document.text) > limits.TEXT_MAX:
        raise Unread("characters", name=name, n=len(document.text), most=limits.TEXT_MAX)
    longest = max((block.end - block.start for block in document.blocks), default=0)
    if longest > limits.PARAGRAPH_MAX:
        raise Unread("paragraph", name=name, n=longest, most=limits.PARAGRAPH_MAX)


def _say(out: BinaryIO, message: dict[str, object], data: bytes = b"") -> None:
    out.write(json.dumps(message).encode() + b"\n")
    out.write(data)
    out.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
