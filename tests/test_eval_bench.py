"""The speed bench on fakes with known delays: what is timed, paired order, ratios, askers, start."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from eval_fakes import HonestEngine, document
from fakes import ScriptedGenerator
from test_eval_runner import fact

from engine.base import GenerationRequest, Message
from engine.llamacpp import LlamaCppGenerator
from engine.settings import GeneratorSettings
from errors import EvalError, GeneratorError
from eval.bench import parts, starting, systems
from eval.bench.systems import Timed
from index.types import Hit
from qa.settings import EngineSettings
from qa.types import Answer


class Slow:
    """Evidence after 20 s, text after 40, done after 60, by a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def stream(self, question: str) -> Iterator[Answer]:
        honest = list(HonestEngine({"a.txt": fact(0)}).stream(question))
        self.now += 20
        yield honest[0]
        self.now += 20
        yield Answer(
            question, question, "writing", sentences=honest[-1].sentences, retrieved=honest[0].retrieved
        )
        self.now += 20
        yield Answer(
            question,
            question,
            "done",
            sentences=honest[-1].sentences,
            retrieved=honest[0].retrieved,
            usage={"prompt_tokens": 7, "completion_tokens": 2},
        )


def test_our_times_are_those_a_reader_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    monkeypatch.setattr(systems, "time", slow)
    timed = systems.ours(slow)("松树苗圃共培育幼苗多少株？")
    assert (timed.evidence, timed.first, timed.total) == (20, 40, 60)
    assert (timed.tokens_in, timed.tokens_out) == (7, 2) and "200株" in timed.text


def test_plain_pipeline_puts_whole_passages_into_the_prompt() -> None:
    class Searches:
        def search(self, question: str, k: int) -> list[Hit]:
            return HonestEngine({f"{n}.txt": fact(n) for n in range(6)}).search(question, k)

    generator = ScriptedGenerator({"": "共200株。"})
    timed = systems.plain(Searches(), generator)("松树苗圃共培育幼苗多少株？")
    (request,) = generator.requests
    prompt = "".join(message.content for message in request.messages)
    assert prompt.count("苗圃共培育幼苗") == systems.PASSAGES + 1 and fact(0) in prompt
    assert timed.text == "共200株。" and timed.first is not None and timed.tokens_out == 6


def fixed(seconds: float, log: list[str], name: str) -> systems.System:
    def ask(question: str) -> Timed:
        log.append(name)
        return Timed(None, seconds / 2, seconds, 10, 5, question)

    return ask


def test_systems_take_turns_and_ratios_are_of_medians() -> None:
    log: list[str] = []
    found = parts.answers(
        {"wenju": fixed(1.0, log, "a"), "other": fixed(4.0, log, "b")}, ["1", "2", "3", "4"]
    )
    assert log == ["a", "b", *"abbaabba"]
    assert found["n"] == 4 and found["ratios"]["other"]["total"]["value"] == pytest.approx(4.0)
    assert found["ratios"]["other"]["total"]["low"] == pytest.approx(4.0)
    assert (
        found["systems"]["wenju"]["seconds_total_p50"]["value"] == 1.0
        and found["systems"]["wenju"]["tokens_in"] == 10
    )
    assert "seconds_evidence_p50" not in found["systems"]["wenju"]


def test_askers_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer takes 20 s of a clock that passes once for all who ask at the same time."""
    active: list[int] = []
    inside, now, lock = 0, 0.0, threading.Lock()

    def answered() -> None:
        nonlocal now
        now += 20

    all_there = threading.Barrier(8, action=answered)
    clock = SimpleNamespace(perf_counter=lambda: now, process_time=lambda: now / 2000)
    monkeypatch.setattr(parts, "time", clock)

    def ask(question: str) -> Timed:
        nonlocal inside
        with lock:
            inside += 1
            active.append(inside)
            crowded = len(active) > 16
        if crowded:
            all_there.wait()
        else:
            answered()
        with lock:
            inside -= 1
        return Timed(None, None, 20, 0, 0, "")

    rows = parts.askers(ask, [str(n) for n in range(32)], (1, 8))
    assert [row["askers"] for row in rows] == [1, 8] and all(row["n"] == 16 for row in rows)
    assert max(active) == 8 and max(active[:16]) == 1
    assert [row["per_minute"] for row in rows] == [3, 24]
    worked = [row["processor_seconds"] for row in rows]
    assert worked == pytest.approx([0.01, 0.00125]), "of the process, not of the wall"


def test_a_failing_asker_is_not_counted_as_fast() -> None:
    def ask(question: str) -> Timed:
        raise EvalError("broken")

    with pytest.raises(EvalError, match="broken"):
        parts.askers(ask, ["1", "2", "3"], (2,))


def test_indexing_counts_what_was_indexed() -> None:
    class Indexes(HonestEngine):
        def add(self, paths: object) -> None:
            self.files = [document("a.txt", "\n".join(fact(n) for n in range(4)))]

    found = parts.indexing(Indexes({}), [])
    assert found["documents"] == 1 and found["passages"] == 4 and found["seconds"] > 0


def test_start_times_whole_commands(tmp_path: Path) -> None:
    found = starting.commands({"--help": ["--help"]}, repeats=1, data=tmp_path)
    assert found["--help"]["exit"] == 0 and 0 < found["--help"]["median"] < 10 and found["--help"]["n"] == 2


def test_samples_are_seeded() -> None:
    asked = [str(n) for n in range(50)]
    assert (
        parts.sampled(asked, 5) == parts.sampled(asked, 5) != asked[:5] and parts.sampled(asked, 99) == asked
    )


def test_pipelines_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = EngineSettings(data=tmp_path)
    with (
        pytest.raises(EvalError, match="no plain pipeline 'transformer'") as error,
        systems.open_plain("transformer", HonestEngine({}), settings),
    ):
        pass
    assert "transformers" in error.value.hint
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GeneratorError, match="llama.cpp is not installed"):
        LlamaCppGenerator(tmp_path / "model.gguf")


def test_llamacpp_reads_the_file_or_the_one_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    settings = EngineSettings(data=tmp_path)
    with pytest.raises(EvalError, match="no GGUF file"):
        systems._llamacpp(settings.model_copy(update={"generator": GeneratorSettings(model=str(tmp_path))}))
    file = tmp_path / "m.gguf"
    file.touch()
    for model in (file, tmp_path):
        chosen = settings.model_copy(update={"generator": GeneratorSettings(model=str(model))})
        assert str(file) in repr(vars(systems._llamacpp(chosen)))


def test_start_needs_something_indexed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wenju", "--data", str(tmp_path), "bench", "start"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "nothing is indexed" in done.stderr and "wenju index add" in done.stderr


class Llama:
    """As much of llama.cpp as is used: two pieces, then the end."""

    n_tokens = 12

    def create_chat_completion(self, messages: object, **options: object) -> Iterator[dict[str, object]]:
        self.asked = messages, options
        for piece in ("共2", "00株", None):
            yield {
                "choices": [
                    {"delta": {"content": piece} if piece else {}, "finish_reason": None if piece else "stop"}
                ]
            }


def test_llamacpp_streams_greedily_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    generator = LlamaCppGenerator(tmp_path / "model.gguf")
    generator._model_ = model = Llama()
    chunks = list(generator.stream(GenerationRequest((Message("user", "多少株？"),), 40)))
    assert "".join(chunk.text for chunk in chunks) == "共200株"
    last = chunks[-1]
    assert (last.finish, last.prompt_tokens, last.completion_tokens) == ("stop", 10, 2)
    messages, options = model.asked
    assert messages == [{"role": "user", "content": "多少株？"}]
    assert options["temperature"] == 0 and options["max_tokens"] == 40
    request = GenerationRequest((Message("user", "x"),), 40)
    request.cancelled.set()
    assert [chunk.finish for chunk in generator.stream(request)][-1] == "cancelled"


def test_an_interrupted_bench_goes_on_and_limits_hold(tmp_path: Path) -> None:
    log: list[str] = []
    kept = tmp_path / "a.jsonl"
    asked = ["1", "2", "3", "4"]

    def broken(question: str) -> Timed:
        if question == "3" and "b" in log[-3:]:
            raise EvalError("killed")
        return fixed(4.0, log, "b")(question)

    with pytest.raises(EvalError, match="killed"):
        parts.answers({"wenju": fixed(1.0, log, "a"), "other": broken}, asked, kept=kept)
    before = len(kept.read_text("utf-8").splitlines())
    assert 4 <= before < 8
    with kept.open("a", encoding="utf-8") as file:
        file.write('{"system": "wenju", "n"')  # killed while writing
    log.clear()
    running = {"wenju": fixed(1.0, log, "a"), "other": fixed(4.0, log, "b")}
    found = parts.answers(running, asked, limits={"other": 3}, kept=kept)
    assert [found["systems"][name]["n"] for name in running] == [4, 3]
    assert found["ratios"]["other"]["total"]["n"] == 3 and found["ratios"]["other"]["total"][
        "value"
    ] == pytest.approx(4.0)
    assert len(kept.read_text("utf-8").splitlines()) == 7
    log.clear()
    again = parts.answers(running, asked, limits={"other": 3}, kept=kept)
    assert log == [] and again["systems"] == found["systems"], "nothing is measured twice"
    with pytest.raises(EvalError, match="other questions"):
        parts.answers(running, ["5", "6", "7", "8"], kept=kept)


def test_repeated_questions_are_timed_the_second_time() -> None:
    log: list[str] = []

    def ask(question: str) -> Timed:
        log.append(question)
        return Timed(None, None, 0.01 if log.count(question) == 2 else 5.0, 0, 0, "")

    assert parts.repeated(ask, ["1", "2"])["seconds_total_p50"]["value"] == 0.01


def test_a_server_that_does_not_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "_wenju", lambda *a: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(EvalError, match="ended with 3"):
        starting.served("谁？", 1, tmp_path)


def test_a_server_is_timed_until_page_models_and_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = """
import http.server, sys, time
begun = time.time()
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        after = 0.5 if self.path == "/readyz" else 0.0 if self.headers["Accept"] == "text/html" else 0.25
        self.send_response(503 if time.time() - begun < after else 200)
        self.end_headers()
    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode("unicode_escape")
        time.sleep(0.1)
        right = self.path == "/api/ask" and "question" in asked and "谁？" in asked
        self.send_response(200 if right else 500)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[-1])), Page).serve_forever()
"""
    monkeypatch.setattr(starting, "_wenju", lambda *a: [sys.executable, "-c", program, *a])
    found = starting.served("谁？", 1, tmp_path)
    assert 0 < found["serve: first page"]["median"] <= found["serve: page"]["median"] - 0.05
    assert 0 < found["serve: page"]["median"] <= found["serve: models"]["median"] < 20
    assert found["serve: models"]["median"] >= 0.5 and found["serve: models"]["n"] == 2
    assert found["serve: first answer"]["median"] >= found["serve: models"]["median"] + 0.1
    if sys.platform.startswith("linux"):
        answered = found["serve: first answer"]
        assert 0 < answered["resident_mb"] <= answered["peak_mb"] and 0 < answered["processor_seconds"] < 20
