"""Our paged engine beside OpenVINO GenAI's ContinuousBatchingPipeline: one model, the program's own prompts.

    python eval/scripts/bench_genai.py prompts DATA PROMPTS.json [QUESTIONS.jsonl]
    python eval/scripts/bench_genai.py model FOLDER
    python eval/scripts/bench_genai.py ours PROMPTS.json [--shared]
    python eval/scripts/bench_genai.py genai PROMPTS.json FOLDER [--shared]

``prompts`` answers questions over the index in DATA and writes down the first 20 chats that the program
sends, as token ids. ``model`` writes the converted model in the form that GenAI loads (1.8 GB): the same
weights. The two others read each prompt and write NEW tokens, one prompt after another, then all at once,
each in a process of its own. --shared: what prompts have in common is read once. Processor seconds are told
beside those by the clock, for machines where others are at work.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import GenerationRequest, Message
from engine.convert import prepare
from engine.tokens import Tokens
from eval.scripts.bench_memory import memory
from models.store import ModelStore

MODEL = "qwen2.5-coder-1.5b"
COUNT, NEW = 20, 16
Row = dict[str, float]
Ask = Callable[[Sequence[Sequence[int]]], tuple[float, float]]
"""Reads prompts together and writes NEW tokens of each; seconds until the first prompt's first token, by the
clock and of the processor."""


class Recorder:
    """A generator that notes the chats that it is sent."""

    def __init__(self, generator: Any) -> None:
        self.generator = generator
        self.sent: list[tuple[Message, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.generator, name)

    def stream(self, request: GenerationRequest) -> Any:
        self.sent.append(request.messages)
        return self.generator.stream(request)

    def read(self, messages: tuple[Message, ...], cancelled: threading.Event) -> Any:
        self.sent.append(messages)
        return self.generator.read(messages, cancelled)

    def read_at(self, messages: tuple[Message, ...], cuts: Sequence[int], cancelled: threading.Event) -> Any:
        self.sent.append(messages)
        return self.generator.read_at(messages, cuts, cancelled)


def file_of_model() -> Path:
    path = ModelStore().path(MODEL)
    return path if path.is_file() else next(path.glob("*.gguf"))


def folder_of_model() -> Path:
    return prepare(file_of_model())


def prompts(data: Path, out: Path, questions: Path) -> None:
    from qa.engine import Engine
    from qa.settings import EngineSettings

    settings = EngineSettings(data=data)
    settings = settings.model_copy(update={"answer": settings.answer.model_copy(update={"cache": False})})
    recorder = Recorder(Engine.open(settings).generator)
    engine, tokens = Engine.open(settings, generator=recorder), Tokens(folder_of_model())
    found: list[list[int]] = []
    for line in questions.read_text("utf-8").splitlines():
        recorder.sent.clear()
        engine.answer(json.loads(line)["question"])
        found += [tokens.encode_chat(messages) for messages in recorder.sent]
        if len(found) >= COUNT:
            break
    out.write_text(json.dumps(found[:COUNT]), "utf-8")
    print(f"{len(found[:COUNT])} prompts of {min(map(len, found))} to {max(map(len, found))} tokens")


def model(out: Path) -> None:
    """Our graph without the input ``keep`` (``engine.convert.add_keep``), and GenAI's tokenizer."""
    import openvino as ov

    graph = ov.Core().read_model(str(folder_of_model() / "model.xml"))
    nodes = {node.get_friendly_name(): node for node in graph.get_ordered_ops()}
    (negative,) = (port.get_node() for port in nodes["keep"].output(0).get_target_inputs())
    (last,) = (port.get_node() for port in negative.output(0).get_target_inputs())
    last.output(0).replace(last.input_value(0))
    graph.remove_parameter(nodes["keep"])
    graph.validate_nodes_and_infer_types()
    out.mkdir(parents=True, exist_ok=True)
    ov.save_model(graph, out / "openvino_model.xml", compress_to_fp16=False)


class Fixed:
    """A job that reads a prompt and writes NEW tokens, whatever they are, without guesses."""

    lasting = 0
    marks: Sequence[int] = ()
    stopped = False
    room = NEW

    def __init__(self, prompt: Sequence[int]) -> None:
        self.prompt = list(prompt)
        self.first: tuple[float, float] | None = None
        self.over = threading.Event()
        self._written: list[int] = []

    def next(self, guesses: int) -> list[int]:
        return [self._written[-1]]

    def took(self, rows: Any, state: Any) -> int | None:
        self.first = self.first or (time.perf_counter(), time.process_time())
        self._written.append(int(rows[0].argmax()))
        if len(self._written) < NEW:
            return 0
        self.over.set()
        return None

    def marked(self, states: Any) -> None:
        raise AssertionError("no marks were set")

    def end(self, error: Exception | None = None) -> None:
        raise error or AssertionError("nobody stops it")


def ours(shared: bool) -> Ask:
    from engine.batch import Batch
    from engine.openvino import _KEPT_BYTES, _told
    from engine.paged import PagedModel

    paged = PagedModel(folder_of_model(), 512)
    paged.warm()
    batch = Batch(paged, COUNT, _KEPT_BYTES if shared else 0, _told)

    def ask(given: Sequence[Sequence[int]]) -> tuple[float, float]:
        jobs = [Fixed(prompt) for prompt in given]
        for job in jobs:
            batch.submit(job)
        for job in jobs:
            job.over.wait()
        assert jobs[0].first is not None
        return jobs[0].first

    return ask


def genai(folder: Path, shared: bool) -> Ask:
    import openvino as ov
    import openvino_genai as ga

    scheduler = ga.SchedulerConfig()
    scheduler.cache_size = 1
    scheduler.enable_prefix_caching = shared
    scheduler.max_num_batched_tokens = 384
    half = "bf16" if "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f16"
    properties = {"KV_CACHE_PRECISION": half, "DYNAMIC_QUANTIZATION_GROUP_SIZE": "512"}
    pipe = ga.ContinuousBatchingPipeline(
        str(folder), ga.Tokenizer(str(file_of_model())), scheduler, "CPU", **properties
    )
    config = ga.GenerationConfig(max_new_tokens=NEW, ignore_eos=True, do_sample=False)
    number = 0

    def ask(given: Sequence[Sequence[int]]) -> tuple[float, float]:
        nonlocal number
        handles = []
        for prompt in given:
            handles.append(pipe.add_request(number, ov.Tensor(np.asarray([prompt], np.int64)), config))
            number += 1
        first = None
        while pipe.has_non_finished_requests():
            pipe.step()
            if first is None and handles[0].can_read():
                first = (time.perf_counter(), time.process_time())
        assert first is not None
        return first

    return ask


def measure(ask: Ask, given: list[list[int]], shared: bool) -> None:
    ask([list(range(1000, 1064))])
    loaded = memory()
    rows: list[Row] = []
    for prompt in given:
        wall, work = time.perf_counter(), time.process_time()
        first, worked = ask([prompt])
        end, done = time.perf_counter(), time.process_time()
        rows.append({"tokens": len(prompt), "first": first - wall, "first_processor": worked - work})
        rows[-1] |= {"writing": end - first, "writing_processor": done - worked}
    wall, work = time.perf_counter(), time.process_time()
    # begun in another way, so that nothing of them was read before
    ask([[1000 + (0 if shared else i), *prompt] for i, prompt in enumerate(given)])
    together = {"seconds": time.perf_counter() - wall, "processor": time.process_time() - work}
    read = sum(row["tokens"] for row in rows)
    figures = {
        "n": len(rows),
        "read_a_processor_second": read / sum(row["first_processor"] for row in rows),
        "written_a_processor_second": len(rows) * (NEW - 1) / sum(row["writing_processor"] for row in rows),
        "first_median": statistics.median(row["first"] for row in rows),
        "all_at_once": together,
        "loaded": loaded,
        "end": memory(),
        "rows": rows,
    }
    print(json.dumps(figures), flush=True)


def main(what: str, *arguments: str) -> None:
    shared = "--shared" in arguments
    paths = [Path(argument) for argument in arguments if argument != "--shared"]
    if what == "prompts":
        prompts(paths[0], paths[1], paths[2] if len(paths) > 2 else Path("eval/data/tianjin.jsonl"))
    elif what == "model":
        model(paths[0])
    else:
        ask = ours(shared) if what == "ours" else genai(paths[1], shared)
        measure(ask, json.loads(paths[0].read_text("utf-8")), shared)


if __name__ == "__main__":
    main(*sys.argv[1:])
