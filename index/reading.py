"""Files are parsed in a process of their own, with limits of memory, time and output; never in the one that
serves.

One child reads file after file, so that ten thousand small ones do not wait for ten thousand starts; after a
crash, a limit or a heavy file the next file gets a fresh one. Memory is limited by the system where it can
(Linux) and by a look at the child's size; time and output are limited everywhere.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar

from errors.unread import Unread
from index import limits
from index.loaders.parts import Loaded
from index.types import Document
from index.wire import unpack

T = TypeVar("T", Document, Loaded)

OUTPUT_MAX = 6 * limits.TEXT_MAX
"""Bytes of one answer."""

_RECOGNISED = (".pdf", ".docx")
"""Kinds of file for which a child with the models of text recognition in it is kept."""

_CODE = 128 * limits.MB
"""What a child has in use besides its data: shared libraries."""

_LOOK = 0.1
"""Seconds between looks at the child's size."""


class Reader:
    """Loads files in a child process. Use as a context manager; thread-safe, one file at a time.

    Args:
        quiet: seconds without a sign of life after which a file is given up.
        longest: seconds for one file in all.
    """

    def __init__(self, quiet: float = limits.QUIET_MAX, longest: float = limits.TIME_MAX) -> None:
        self.quiet, self.longest = quiet, longest
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self) -> None:
        """Let the child start now, while something else is done; else it does with the first file."""
        with self._lock:
            if self._child is None:
                self._child = _Child()

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def load(
        self, path: Path, source: str | None = None, step: Callable[[int, int], None] | None = None
    ) -> Document:
        """As :func:`index.loaders.load`, in the child. ``step`` is told pages done and in all while it goes
        on.

        Raises:
            Unread: what ``load`` raises, and when a limit is reached or the parser crashes.
        """
        return self._read(Document, Path(path), source, step)

    def load_all(
        self, path: Path, source: str | None = None, step: Callable[[int, int], None] | None = None
    ) -> Loaded:
        """As :func:`index.loaders.load_all`, in the child; ``step`` is told the files of an archive that are
        done, with 0 in all.

        Raises:
            Unread: as ``load``. The limits are those of one file, for all that is in it together.
        """
        return self._read(Loaded, Path(path), source, step)

    def _read(
        self, kind: type[T], path: Path, source: str | None, step: Callable[[int, int], None] | None
    ) -> T:
        wish = {"path": str(path.absolute()), "source": source or path.name, "all": kind is Loaded}
        with self._lock:
            if (
                self._child is None
                or not self._child.alive()
                or (self._child.recognising and path.suffix.lower() not in _RECOGNISED)
            ):
                self.close()
                self._child = _Child()
            done = False
            try:
                message, data = self._answer(self._child, path, wish, step)
                done = True
            finally:
                if not done:
                    self.close()
        if "reason" in message:
            raise Unread(message["reason"], **message["values"])
        return unpack(kind, data)

    def _answer(
        self, child: _Child, path: Path, wish: dict[str, object], step: Callable[[int, int], None] | None
    ) -> tuple[dict[str, Any], bytes]:
        child.ask(wish)
        begun = heard = time.monotonic()
        quiet = max(self.quiet, limits.QUIET_MAX)  # a child that is only starting has not met the file yet
        while True:
            answer = child.hear(_LOOK)
            now = time.monotonic()
            if answer is None and now - heard > quiet:
                raise Unread("stalled", name=path.name, seconds=round(quiet))
            if now - begun > self.longest and (answer is None or "step" in answer[0]):
                raise Unread("slow", name=path.name, seconds=round(self.longest))
            if answer is None:
                if child.size() > (
                    limits.RECOGNISING_MAX if child.recognising else limits.MEMORY_MAX + _CODE
                ):
                    raise Unread("memory", name=path.name, most=_memory(child.recognising))
                continue
            message, data = answer
            heard = now
            child.recognising = child.recognising or "recognising" in message
            if "begun" in message:
                quiet = self.quiet
            if "begun" in message or "recognising" in message:
                continue
            if "step" in message:
                if step is not None:
                    step(int(message["step"]), int(message["of"]))
            elif message.get("limit") == "memory":
                raise Unread("memory", name=path.name, most=_memory(child.recognising))
            elif "over" in message:
                raise Unread("output", name=path.name, most=OUTPUT_MAX // limits.MB)
            elif "gone" in message:
                most = _memory(child.recognising)
                raise Unread("crashed", name=path.name, code=str(child.code()), most=most)
            else:
                return message, data


def _memory(recognising: bool) -> int:
    """MB that a file may take."""
    return (limits.RECOGNISING_MAX if recognising else limits.MEMORY_MAX) // limits.MB


class _Child:
    """The process, and a thread that takes what it says."""

    def __init__(self) -> None:
        paths = [str(Path(part or ".").absolute()) for part in sys.path]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONIOENCODING": "utf-8",
            "OMP_NUM_THREADS": "2",
            "OPENBLAS_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "index.reading_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._heard: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue()
        assert self._process.stdout is not None
        self._listener = threading.Thread(
            target=_listen, args=(self._process.stdout, self._heard), name="reading", daemon=True
        )
        self._listener.start()
        self.recognising = False

    def alive(self) -> bool:
        return self._process.poll() is None and self._listener.is_alive()

    def ask(self, wish: dict[str, object]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it has gone, and what it says tells so
            self._process.stdin.write(json.dumps(wish).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self, seconds: float) -> tuple[dict[str, Any], bytes] | None:
        try:
            return self._heard.get(timeout=seconds)
        except queue.Empty:
            return None

    def size(self) -> int:
        """Bytes of memory in use, 0 where that cannot be told."""
        return limits.in_use(self._process.pid)

    def code(self) -> int | None:
        try:
            return self._process.wait(5)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Kill and clear away."""
        process = self._process
        process.kill()
        process.wait()
        self._listener.join(10)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _listen(stream: IO[bytes], heard: queue.Queue[tuple[dict[str, Any], bytes]]) -> None:
    with suppress(OSError, ValueError):
        for line in stream:
            message = json.loads(line)
            size = int(message.get("bytes", 0))
            if size > OUTPUT_MAX:
                heard.put(({"over": size}, b""))
                return
            data = stream.read(size) if size else b""
            if len(data) < size:
                break
            heard.put((message, data))
    heard.put(({"gone": True}, b""))
