"""Several endpoints: who is asked next, who is left alone, and what a reader sees of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.base import GenerationRequest, Message
from engine.endpoints import FAILURES, Busy, Endpoints, Failed
from engine.openai import OpenAIGenerator
from errors import Cancelled, GeneratorError

ASK = GenerationRequest((Message("user", "谁？"),), max_new_tokens=10)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(endpoints: Endpoints, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(Failed), endpoints.one():
            raise Failed(RuntimeError("no"))


def test_the_least_busy_is_asked_and_one_tried_before_comes_last() -> None:
    endpoints = Endpoints(["a", "b", "c"])
    with endpoints.one() as first, endpoints.one() as second, endpoints.one() as third:
        assert {first, second, third} == {"a", "b", "c"}
    with endpoints.one(["a", "b"]) as url:
        assert url == "c"
    assert not endpoints.all_in(["a", "b"]) and endpoints.all_in(["a", "b", "c"])


def test_a_failing_one_is_left_alone_then_tried_by_one_call() -> None:
    clock = Clock()
    endpoints = Endpoints(["a"], pause=10, clock=clock)
    fail(endpoints, FAILURES)
    with endpoints.one() as url:
        assert url is None
    clock.now = 10.0
    with endpoints.one() as url, endpoints.one() as other:
        assert url == "a" and other is None
    with endpoints.one() as url, endpoints.one() as other:
        assert url == other == "a"  # well again


def test_a_trial_that_fails_begins_the_pause_anew() -> None:
    clock = Clock()
    endpoints = Endpoints(["a"], pause=10, clock=clock)
    fail(endpoints, FAILURES)
    clock.now = 10.0
    fail(endpoints)
    clock.now = 19.0
    with endpoints.one() as url:
        assert url is None


@pytest.mark.parametrize("error", [Busy(RuntimeError("later")), Cancelled("stopped")])
def test_being_busy_and_a_reader_who_stops_count_neither_way(error: Exception) -> None:
    endpoints = Endpoints(["a"])
    fail(endpoints, FAILURES - 1)
    for _ in range(5):
        with pytest.raises(type(error)), endpoints.one():
            raise error
    with endpoints.one() as url:
        assert url == "a"
    fail(endpoints, FAILURES - 1)
    with endpoints.one() as url:
        assert url == "a"


class Server:
    """Answers with its name, or fails; counts what it is asked."""

    def __init__(self, name: str) -> None:
        self.name, self.status, self.slow, self.asked, self.pieces = name, 200, 0.0, 0, 3
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                server.asked += 1
                self.send_response(server.status)
                self.end_headers()
                event = {"choices": [{"delta": {"content": server.name}}]}
                for _ in range(server.pieces if server.status == 200 else 0):
                    time.sleep(server.slow)
                    self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Server:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def two() -> Iterator[tuple[Server, Server]]:
    with ExitStack() as stack:
        yield stack.enter_context(Server("甲")), stack.enter_context(Server("乙"))


def generator(*servers: Server, **options: float) -> OpenAIGenerator:
    return OpenAIGenerator(" , ".join(one.url for one in servers), "m", backoff=5.0, **options)  # type: ignore[arg-type]


def text(generator: OpenAIGenerator) -> str:
    return "".join(chunk.text for chunk in generator.stream(ASK))


def test_where_one_fails_the_other_answers_at_once_and_soon_is_asked_alone(
    two: tuple[Server, Server],
) -> None:
    bad, good = two
    bad.status = 503
    writing = generator(bad, good, pause=60)
    began = time.monotonic()
    assert [text(writing) for _ in range(8)] == ["乙乙乙"] * 8
    assert time.monotonic() - began < 5 and 1 <= bad.asked <= FAILURES and good.asked == 8


def test_one_that_is_gone_is_no_error(two: tuple[Server, Server]) -> None:
    gone, good = two
    gone.__exit__()
    writing = generator(gone, good)
    assert {text(writing) for _ in range(5)} == {"乙乙乙"}


def test_where_all_fail_nobody_waits_after_a_while(two: tuple[Server, Server]) -> None:
    for one in two:
        one.status = 500
    writing = OpenAIGenerator(",".join(one.url for one in two), "m", backoff=0.01, pause=60)
    for _ in range(4):
        with pytest.raises(GeneratorError):
            text(writing)
    asked = sum(one.asked for one in two)
    with pytest.raises(GeneratorError, match="left alone"):
        text(writing)
    assert sum(one.asked for one in two) == asked == 2 * FAILURES


def test_calls_under_way_are_spread(two: tuple[Server, Server]) -> None:
    for one in two:
        one.slow = 0.1
    writing = generator(*two)
    threads = [threading.Thread(target=text, args=(writing,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (two[0].asked, two[1].asked) == (3, 3)


def test_the_deadline_ends_an_answer_that_drips(two: tuple[Server, Server]) -> None:
    two[0].slow, two[0].pieces = 0.1, 100
    writing = generator(two[0], deadline=2.0, timeout=30.0)
    texts: list[str] = []
    with pytest.raises(GeneratorError, match=r"generator\.deadline"):
        for chunk in writing.stream(ASK):
            texts.append(chunk.text)
    assert len(texts) < 100 and two[0].asked == 1
