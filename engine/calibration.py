"""How fast a generator reads and writes on this machine: measured once in some seconds, and kept with what it
was measured of."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import kernels
from engine.base import GenerationRequest, Generator, Message, Reads
from kernels import processor
from models.files import write_json

FILE = "speed.json"
READ_TOKENS, WRITE_TOKENS = 256, 24
TIMES = 2
ANSWER_READS, ANSWER_PASSES = 239, 5.5
"""Tokens read for an answer (median, docs/log/performance.md) and passes that write it
(docs/log/generator.md)."""
BUSY = 0.5
"""Load per core from which on a figure is a lower bound: others were at work."""
_TEXT = "各处室要在每月{}日以前把第{}号材料送到办公室，由值班人员登记编号、核对页数，再分送有关负责人审阅。"


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second: ``read`` of a prompt that is written after, ``written`` one by one (what is guessed
    ahead comes on top), ``judged``: read for hidden states alone, 0 where the model tells none.

    ``load``: processes at work per core before it was measured; ``of`` and ``when``: what was measured, and
    when.
    """

    read: float
    written: float
    load: float
    of: str
    when: str
    judged: float = 0.0

    @property
    def reading(self) -> float:
        """Tokens per second of what is read before it is decided whether to write."""
        return self.judged or self.read

    @property
    def busy(self) -> bool:
        return self.load > BUSY

    @property
    def answer(self) -> float:
        """Seconds that reading and writing an answer of usual length will take."""
        return self.seconds(ANSWER_READS)

    def seconds(self, tokens: int) -> float:
        """Seconds that an answer of usual length takes after reading so many tokens."""
        return tokens / self.read + ANSWER_PASSES / self.written


def measured_of(generator: Generator, threads: int) -> str:
    """What a measurement holds for: processor, cores, engine and model. Another one makes it void."""
    cores = len(processor.cores())
    ours = ", k-quants" if kernels.taken() else ""
    limit = f", limited to {processor.limit()}" if processor.limit() else ""
    return (
        f"{processor.name()}, {processor.path()}{ours}{limit}, {threads or cores} "
        f"threads; {generator.name}, OpenVINO {_version()}"
    )


def _version() -> str:
    try:
        return metadata.version("openvino")
    except metadata.PackageNotFoundError:
        return "-"


def load() -> float:
    """Processes that wanted a core in the last minute, per core; 0 where the system does not tell."""
    return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2) if hasattr(os, "getloadavg") else 0.0


def measure(generator: Generator, threads: int, load: float) -> Speed:
    """Time reading and writing, each the best of ``TIMES``: other work can only slow it. Loads the model
    before."""
    _timed(generator, "预热。", 1)
    read = written = judged = 0.0
    for time_ in range(TIMES):
        text = _long(generator, time_)
        first, _, tokens, _ = _timed(generator, text, 1)
        read = max(read, tokens / first)
        judged = max(judged, _judged(generator, _long(generator, time_ + TIMES)))
        first, last, _, count = _timed(generator, f"{time_}。请从一数到二十，用汉字。", WRITE_TOKENS)
        written = max(written, (count - 1) / max(last - first, 1e-6))
    when = datetime.now(UTC).isoformat(timespec="seconds")
    of = measured_of(generator, threads)
    return Speed(round(read, 1), round(written, 1), load, of, when, round(judged, 1))


def _judged(generator: Generator, text: str) -> float:
    """Tokens a second of a text read for the state after it; 0 where none is told."""
    if not isinstance(generator, Reads):
        return 0.0
    begin = time.perf_counter()
    state = generator.read((Message("user", text),), threading.Event()).state()
    return 0.0 if state is None else generator.count_tokens(text) / (time.perf_counter() - begin)


def _long(generator: Generator, variant: int) -> str:
    """A text of about READ_TOKENS that no other call began with: what was read before would cost nothing."""
    text, number = f"第{variant}次。", 0
    while generator.count_tokens(text) < READ_TOKENS:
        number += 1
        text += _TEXT.format(number + variant, number * 7)
    return text


def _timed(generator: Generator, text: str, new: int) -> tuple[float, float, int, int]:
    """Seconds to the first token and to the last, tokens read, tokens written."""
    begin = time.perf_counter()
    first, read, written = 0.0, 0, 0
    for chunk in generator.stream(GenerationRequest((Message("user", text),), max_new_tokens=new)):
        first = first or time.perf_counter() - begin
        read, written = chunk.prompt_tokens or read, chunk.completion_tokens or written
    return first, time.perf_counter() - begin, read, written


def keep(speed: Speed, folder: Path) -> None:
    """Write it into the data folder, whole or not at all."""
    write_json(folder / FILE, asdict(speed))


def kept(folder: Path) -> Speed | None:
    """What was kept, None without. Whether it holds here is for the caller to compare (``Speed.of``)."""
    try:
        return Speed(**json.loads((folder / FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
