"""The remote engine against a local server that misbehaves: retries, errors, the key, half an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.base import GenerationRequest, Message
from engine.openai import OpenAIGenerator
from errors import GeneratorError, SettingsError

KEY = "sk-very-secret"
ASK = GenerationRequest((Message("user", "谁？"),), max_new_tokens=10)


class Script:
    """What the server does, request by request, and what it was sent."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.seen: list[dict[str, object]] = []
        self.url = ""
        self.over = threading.Event()


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.seen.append(body | {"authorization": self.headers.get("Authorization"), "path": self.path})
            step = script.steps.pop(0)
            if step.isdigit():
                self.send_response(int(step))
                self.end_headers()
                self.wfile.write(f'{{"error": "no, Bearer {KEY} is wrong"}}'.encode())
            elif step == "hang":
                script.over.wait(60)
            elif step != "drop":
                self.send_response(200)
                self.end_headers()
                for line in step.split("|"):
                    self.wfile.write(f"{line}\n\n".encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1/"
    yield script
    script.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def piece(text: str, finish: str | None = None) -> str:
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": finish}]})


GOOD = f": keep-alive|{piece('甲')}|{piece('乙', 'stop')}|data: [DONE]"


def ask(script: Script, **options: object) -> str:
    generator = OpenAIGenerator(script.url, "m", api_key=KEY, backoff=0.01, **options)  # type: ignore[arg-type]
    return "".join(c.text for c in generator.stream(ASK))


def test_request_is_what_the_api_expects(script: Script) -> None:
    script.steps = [GOOD]
    assert ask(script) == "甲乙"
    (seen,) = script.seen
    assert seen["path"] == "/v1/chat/completions" and seen["authorization"] == f"Bearer {KEY}"
    assert (
        seen["model"] == "m"
        and seen["stream"] is True
        and seen["max_tokens"] == 10
        and seen["temperature"] == 0
    )
    assert seen["messages"] == [{"role": "user", "content": "谁？"}]


@pytest.mark.parametrize("trouble", ["503", "429", "drop"])
def test_retries_before_the_first_token(script: Script, trouble: str) -> None:
    script.steps = [trouble, trouble, GOOD]
    assert ask(script) == "甲乙" and len(script.seen) == 3


@pytest.mark.parametrize(
    "status, hint", [("401", "WENJU_GENERATOR__API_KEY"), ("404", "generator.model"), ("400", "log")]
)
def test_errors_that_stay_are_not_retried_and_say_what_to_do(script: Script, status: str, hint: str) -> None:
    script.steps = [status]
    with pytest.raises(GeneratorError, match=hint) as caught:
        ask(script)
    assert KEY not in str(caught.value) and len(script.seen) == 1


def test_gives_up_after_the_last_retry(script: Script) -> None:
    script.steps = ["503"] * 3
    with pytest.raises(GeneratorError, match="503"):
        ask(script)


def test_never_begins_again_after_the_first_token(script: Script) -> None:
    script.steps = [f'{piece("甲")}|data: {{"error": "out of memory"}}', GOOD]
    generator = OpenAIGenerator(script.url, "m", backoff=0.01)
    texts = []
    with pytest.raises(GeneratorError, match="out of memory"):
        for chunk in generator.stream(ASK):
            texts.append(chunk.text)
    assert texts == ["甲"] and len(script.seen) == 1


@pytest.mark.parametrize("answer", ["data: {no json", "data: [1]", "<html>hello</html>"])
def test_an_endpoint_of_another_kind(script: Script, answer: str) -> None:
    script.steps = [answer]
    with pytest.raises(GeneratorError, match="chat/completions"):
        ask(script, retries=0)


def test_timeout_is_kept(script: Script) -> None:
    script.steps = ["hang"]  # until the server is closed
    with pytest.raises(GeneratorError, match="generator.timeout"):
        ask(script, timeout=0.2, retries=0)
    assert not script.over.is_set()


def test_nobody_listens() -> None:
    with pytest.raises(GeneratorError, match="base_url"):
        list(OpenAIGenerator("http://127.0.0.1:9/v1", "m", retries=0).stream(ASK))


def test_cancelled_while_waiting_for_a_retry(script: Script) -> None:
    script.steps = ["503", GOOD]
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    generator = OpenAIGenerator(script.url, "m", backoff=30)
    chunks = list(generator.stream(GenerationRequest(ASK.messages, cancelled=cancelled)))
    assert [c.finish for c in chunks] == ["cancelled"]


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x"])
def test_address_is_checked(url: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        OpenAIGenerator(url, "m")
