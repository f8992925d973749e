"""Seconds that the reranker's model reads for some passages: nothing kept, kept in memory, kept on disk.

    python eval/scripts/bench_kept.py DATA [TRIALS]

DATA is a data folder with an index; its passages of 110 to 190 tokens are taken, other ones in each trial,
and another question each time. Cold: the kept files are not in the system's page cache. Processor seconds are
told as well, for machines where others are at work; WENJU_GENERATOR__THREADS is taken.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import open_generator
from engine.openvino import OpenVINOGenerator
from engine.settings import GeneratorSettings
from index.types import Hit
from kernels import processor
from models.settings import ModelSettings
from qa.draft import messages_for
from qa.engine import Engine
from qa.rerank import material
from qa.settings import EngineSettings

QUESTIONS = ("这项工作由谁负责？", "什么时候开始实行？", "一共有多少人参加？", "要准备哪些材料？")
Row = tuple[float, float, int]


def main() -> None:
    data, trials = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    threads = int(os.environ.get("WENJU_GENERATOR__THREADS", "0"))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        generator = open_generator(GeneratorSettings(threads=threads), ModelSettings(), Path(folder))
        assert isinstance(generator, OpenVINOGenerator)
        generator.warm()
        print(
            f"{processor.name()}, {processor.path()} {processor.limit()}, {threads or os.cpu_count()} threads"
        )
        hits = list(passages(data, generator))
        for number in (3, 6):
            found: dict[str, list[Row]] = {}
            for trial in range(trials):
                chosen = [hits[(trial * number + i) % len(hits)] for i in range(number)]
                for name, row in trial_of(generator, chosen, Path(folder)):
                    found.setdefault(name, []).append(row)
            for name, rows in found.items():
                wall, used, unread = (statistics.median(column) for column in zip(*rows, strict=True))
                print(
                    f"{number} passages, {name}: {wall:.2f} s, processor {used:.2f} s, "
                    f"unread {unread:.0f}, n={trials}",
                    flush=True,
                )


def passages(data: Path, generator: OpenVINOGenerator) -> Iterator[Hit]:
    engine = Engine.open(EngineSettings(data=data))
    for document in engine.documents():
        for passage in engine.passages(document.id):
            hit = Hit(passage, engine.document(document.id), 0.0)
            if 110 <= material(hit, passage.start, generator).tokens <= 190:
                yield hit


def trial_of(generator: OpenVINOGenerator, hits: Sequence[Hit], folder: Path) -> Iterator[tuple[str, Row]]:
    """The same passages with another question each time; what the fixed part of the prompt holds stays read
    in memory but for the cases of the disk."""
    batch = generator._batch
    assert batch is not None
    for name, question in zip(
        ("nothing kept", "in memory", "on disk", "on disk, cold"), QUESTIONS, strict=True
    ):
        if name == "nothing kept":
            for path in folder.iterdir():
                path.unlink()
        if name != "in memory":
            batch._blocks.forget()
        if name == "on disk, cold":
            drop(folder)
        asked = [messages_for(question, material(hit, hit.passage.start, generator), "judge") for hit in hits]
        unread, wall, used = sum(map(generator.unread, asked)), time.perf_counter(), time.process_time()
        for reading in [generator.read(messages, threading.Event()) for messages in asked]:
            reading.state()
        yield name, (time.perf_counter() - wall, time.process_time() - used, unread)
        while any(thread.name in ("wenju-batch", "wenju-kept") for thread in threading.enumerate()):
            time.sleep(0.01)


def drop(folder: Path) -> None:
    """Have the system let go of the pages of the files."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
