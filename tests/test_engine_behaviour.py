"""One behaviour, all generators: scripted, a fake OpenAI server, tiny OpenVINO and transformers models."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.base import Chunk, GenerationRequest, Generator, Message
from tests.fakes import ScriptedGenerator

ASK = (Message("system", "回答。"), Message("user", "abc 12 def 345：谁？"))
TEXT = "天津市建成了1017家就业驿站。第二句在这里。"


class _Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        if not body.get("stream"):
            top = [{"token": t, "logprob": lp} for t, lp in (("是", -0.1), ("否", -2.4), ("是的", -9.0))]
            answer = {"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]}
            self.wfile.write(json.dumps(answer).encode())
            return
        try:
            for char in TEXT[: body["max_tokens"]]:
                time.sleep(0.002)
                self._send(
                    {"choices": [{"delta": {"content": char}, "logprobs": {"content": [{"logprob": -0.1}]}}]}
                )
            finish = "stop" if len(TEXT) <= body["max_tokens"] else "length"
            self._send({"choices": [{"delta": {}, "finish_reason": finish}]})
            self._send({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5}})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:  # the client has stopped listening, as it may
            return

    def _send(self, event: dict[str, object]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module", params=["scripted", "openai", "openvino", "transformers"])
def generator(
    request: pytest.FixtureRequest, endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator:
    if request.param == "scripted":
        return ScriptedGenerator({"": TEXT}, delay=0.002, chunk=1)
    if request.param == "openai":
        from engine.openai import OpenAIGenerator

        return OpenAIGenerator(endpoint, "any")
    folder: Path = tmp_path_factory.mktemp("tiny") / "model"
    from tests import tiny

    if request.param == "openvino":
        from engine.openvino import OpenVINOGenerator

        return OpenVINOGenerator(tiny.openvino_model(folder), threads=1)
    from engine.transformers import TransformersGenerator

    return TransformersGenerator(tiny.transformers_model(folder), device="cpu")


def collect(generator: Generator, **options: object) -> list[Chunk]:
    return list(generator.stream(GenerationRequest(ASK, **{"max_new_tokens": 24, **options})))  # type: ignore[arg-type]


def text_of(chunks: list[Chunk]) -> str:
    return "".join(c.text for c in chunks)


def test_only_the_last_chunk_finishes_and_counts(generator: Generator) -> None:
    chunks = collect(generator)
    assert all(not c.finish and c.text for c in chunks[:-1])
    assert chunks[-1].finish in ("stop", "length")
    assert chunks[-1].prompt_tokens > 0 and chunks[-1].completion_tokens > 0
    assert len(chunks) > 3, "text comes in pieces"


def test_the_same_question_gives_the_same_text(generator: Generator) -> None:
    assert text_of(collect(generator)) == text_of(collect(generator)) != ""


def test_length_is_kept(generator: Generator) -> None:
    chunks = collect(generator, max_new_tokens=8)
    assert chunks[-1].finish == "length"
    assert 0 < len(text_of(chunks)) <= 8 and text_of(collect(generator)).startswith(text_of(chunks))


def test_text_is_cut_before_a_stop_string(generator: Generator) -> None:
    whole = text_of(collect(generator))
    stop = whole[5:8]
    chunks = collect(generator, stop=("不会出现", stop))
    assert text_of(chunks) == whole[: whole.find(stop)]
    assert chunks[-1].finish == "stop"


def test_logprobs_are_logs_of_probabilities(generator: Generator) -> None:
    logprobs = [lp for c in collect(generator) for lp in c.logprobs]
    assert len(logprobs) >= 20 and all(lp <= 0 for lp in logprobs)


def test_cancelled_before_it_began(generator: Generator) -> None:
    cancelled = threading.Event()
    cancelled.set()
    chunks = collect(generator, cancelled=cancelled)
    assert chunks[-1].finish == "cancelled" and len(text_of(chunks)) <= 1


def test_cancelled_while_writing_stops_within_a_few_tokens(generator: Generator) -> None:
    cancelled = threading.Event()
    chunks = []
    for chunk in generator.stream(GenerationRequest(ASK, max_new_tokens=24, cancelled=cancelled)):
        chunks.append(chunk)
        if len(chunks) == 3:
            cancelled.set()
    assert chunks[-1].finish == "cancelled" and len(chunks) <= 12
    assert text_of(collect(generator)).startswith(text_of(chunks)), "the next answer is whole again"


def test_a_reader_who_leaves_does_not_block_the_next(generator: Generator) -> None:
    stream = generator.stream(GenerationRequest(ASK, max_new_tokens=24))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert text_of(collect(generator))


def test_several_at_once_get_what_each_would_get_alone(generator: Generator) -> None:
    asked = [Message("user", f"question {i}") for i in range(4)]
    at_once = threading.Barrier(len(asked))

    def ask(message: Message) -> str:
        return text_of(list(generator.stream(GenerationRequest((message,), max_new_tokens=12))))

    def ask_with_others(message: Message) -> str:
        at_once.wait()
        return ask(message)

    alone = [ask(message) for message in asked]
    with ThreadPoolExecutor(len(asked)) as pool:  # waits for all, however busy the machine is
        assert list(pool.map(ask_with_others, asked)) == alone


def test_count_tokens_grows_with_the_text(generator: Generator) -> None:
    assert 0 < generator.count_tokens("天津") < generator.count_tokens("天津" * 20)


def test_name_tells_the_engine(generator: Generator, request: pytest.FixtureRequest) -> None:
    assert request.node.callspec.params["generator"] in generator.name


def test_only_figures_of_the_context_are_written(generator: Generator) -> None:
    if type(generator).__name__ not in ("OpenVINOGenerator", "TransformersGenerator"):
        pytest.skip(
            "this engine writes what it is told, or is remote: the checks of the answer look at its figures"
        )
    free = text_of(collect(generator, max_new_tokens=60))
    bound = text_of(collect(generator, max_new_tokens=60, figures="abc 12 def 345"))
    runs = set(re.findall(r"\d+", re.sub(r"\d+$", "", bound)))  # the last one may be cut short by the length
    assert set(re.findall(r"\d+", free)) - {"12", "345"}, "without the constraint it would invent"
    assert runs <= {"12", "345"}, runs
    none = text_of(collect(generator, max_new_tokens=60, figures="no digits"))
    assert not re.search(r"\d", none)
