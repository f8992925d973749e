"""Any OpenAI-compatible endpoint (vLLM, llama.cpp server, Ollama, SGLang, a cloud), or several: streamed over
httpx.

Retries only before the first token, so that no reader sees a text begin twice: at once at another endpoint,
after a wait where all were tried. One that fails again and again is left alone for a while
(``engine.endpoints``). The key is sent to the endpoint and stands in no message or log. The figures
constraint cannot be imposed on a remote engine: the checks of the answer catch there what the CPU engines
cannot write in the first place.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.base import Chunk, GenerationRequest, Message
from engine.endpoints import Busy, Endpoints, Failed
from engine.writing import Cutter
from errors import Cancelled, GeneratorError, SettingsError

if TYPE_CHECKING:
    import httpx

_RETRY_STATUS = {408, 409, 425, 429, 500, 502, 503, 504}
_BUSY_STATUS = {408, 409, 425, 429}
_CHARACTERS_PER_TOKEN = 1.5


class OpenAIGenerator:
    """Writes through ``{base_url}/chat/completions``.

    Args:
        base_url: e.g. ``http://127.0.0.1:8000/v1``; several that run the same model with commas between them.
        model: the remote model's name.
        api_key: "" for none.
        timeout: seconds without a byte from an endpoint before it is given up.
        deadline: seconds that an answer may take with all attempts; 0: no limit.
        retries: further attempts before the first token; the wait doubles from ``backoff`` seconds.
        pause: seconds that a failing endpoint is left alone.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str = "",
        timeout: float = 120.0,
        deadline: float = 0.0,
        retries: int = 2,
        backoff: float = 0.5,
        pause: float = 10.0,
    ) -> None:
        urls = addresses(base_url)
        for url in urls or [base_url]:
            if not url.startswith(("http://", "https://")):
                raise SettingsError.named("endpoint_address", url=url)
        self._endpoints = Endpoints([f"{url.rstrip('/')}/chat/completions" for url in urls], pause)
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = timeout
        self._deadline = deadline or math.inf
        self._retries = max(retries, len(urls) - 1)
        self._backoff = backoff
        self._client_: httpx.Client | None = None
        self._opening = threading.Lock()

    @property
    def name(self) -> str:
        return f"{self._model} (openai)"

    def count_tokens(self, text: str) -> int:
        return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        body = self._body(request.messages, request.max_new_tokens) | {
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        cutter = Cutter(request.stop)
        finish, written, prompt_tokens, completion_tokens = "", 0, 0, 0
        try:
            for event in self._events(body, request.cancelled):
                usage = event.get("usage") or {}
                prompt_tokens = usage.get("prompt_tokens", prompt_tokens)
                completion_tokens = usage.get("completion_tokens", completion_tokens)
                for choice in (event.get("choices") or [])[:1]:
                    written += 1
                    logprobs = _logprobs(choice)
                    text = cutter.push((choice.get("delta") or {}).get("content") or "")
                    if text:
                        yield Chunk(text, logprobs)
                    finish = choice.get("finish_reason") or finish
                if cutter.stopped:
                    break
        except Cancelled:
            finish = "cancelled"
        finish = finish if finish in ("length", "cancelled") and not cutter.stopped else "stop"
        yield Chunk(cutter.end(), (), finish, prompt_tokens, completion_tokens or written)

    def _body(self, messages: tuple[Message, ...], max_tokens: int) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "temperature": 0,
            "max_tokens": max_tokens,
        }

    def _events(self, body: dict[str, Any], cancelled: threading.Event) -> Iterator[dict[str, Any]]:
        """The events of a streamed answer. Raises Cancelled, or GeneratorError after the last attempt."""
        end = time.monotonic() + self._deadline
        tried: list[str] = []
        for attempt in range(self._retries + 1):
            try:
                with self._endpoints.one(tried) as url:
                    if url is None:
                        raise GeneratorError.named("endpoints_resting")
                    tried.append(url)
                    yield from self._attempt(url, body, cancelled, end)
                return
            except Failed as failed:
                if failed.after == math.inf or attempt == self._retries:
                    raise failed.error from failed
                wait = max(failed.after, self._backoff * 2**attempt) if self._endpoints.all_in(tried) else 0.0
                if time.monotonic() + wait >= end:
                    raise failed.error from failed
                if cancelled.wait(wait):
                    raise Cancelled.named("stopped") from None

    def _attempt(
        self, url: str, body: dict[str, Any], cancelled: threading.Event, end: float
    ) -> Iterator[dict[str, Any]]:
        """One call. Raises Failed where the endpoint is at fault; with ``after`` infinite once a text has
        begun."""
        import httpx

        begun = False
        wait = min(self._timeout, max(0.01, end - time.monotonic()))
        limits = httpx.Timeout(wait, connect=min(10.0, wait))
        try:
            with self._client.stream(
                "POST", url, json=body, headers=self._headers, timeout=limits
            ) as response:
                if response.status_code >= 400:
                    response.read()
                    refused = self._refused(url, response)
                    if response.status_code not in _RETRY_STATUS:
                        raise refused
                    kind = Busy if response.status_code in _BUSY_STATUS else Failed
                    raise kind(refused, _retry_after(response))
                for line in response.iter_lines():
                    if cancelled.is_set():
                        raise Cancelled.named("stopped")
                    if time.monotonic() > end:
                        raise Failed(self._late(url), math.inf)
                    if not line.startswith("data:") or line[5:].strip() == "[DONE]":
                        continue
                    event = self._event(url, line[5:])
                    begun = True
                    yield event
                if not begun:
                    raise GeneratorError.named("endpoint_silent", url=url)
        except httpx.HTTPError as error:
            late = time.monotonic() >= end
            told = self._late(url) if late else self._unreachable(url, error)
            raise Failed(told, math.inf if begun or late else 0.0) from error

    def _event(self, url: str, data: str) -> dict[str, Any]:
        try:
            event = json.loads(data)
        except ValueError as error:
            raise GeneratorError.named("endpoint_other", url=url, what=data[:80]) from error
        if not isinstance(event, dict) or "error" in event:
            told = GeneratorError.named("endpoint_broke_off", url=url, what=str(event)[:200])
            raise Failed(told, math.inf)
        return event

    @property
    def _client(self) -> httpx.Client:
        import httpx

        with self._opening:
            if self._client_ is None:
                self._client_ = httpx.Client(limits=httpx.Limits(max_connections=None))
            return self._client_

    def _refused(self, url: str, response: httpx.Response) -> GeneratorError:
        detail = " ".join(response.text.split())[:200]
        for secret in self._headers.values():
            detail = detail.replace(secret.removeprefix("Bearer "), "***")
        code = response.status_code
        if code in (401, 403):
            return GeneratorError.named("endpoint_key", url=url, code=code, what=detail)
        if code == 404:
            return GeneratorError.named("endpoint_model", url=url, code=code, what=detail, model=self._model)
        if code == 429:
            return GeneratorError.named("endpoint_busy", url=url, code=code, what=detail)
        return GeneratorError.named("endpoint_status", url=url, code=code, what=detail)

    def _late(self, url: str) -> GeneratorError:
        return GeneratorError.named("endpoint_late", url=url, seconds=f"{self._deadline:g}")

    def _unreachable(self, url: str, error: Exception) -> GeneratorError:
        what = f"{type(error).__name__} {error}".rstrip()
        return GeneratorError.named("endpoint_unreachable", url=url, what=what)


def addresses(base_url: str) -> list[str]:
    """The endpoints that ``generator.base_url`` names."""
    return [url.strip() for url in base_url.split(",") if url.strip()]


def _retry_after(response: httpx.Response) -> float:
    """Seconds that the endpoint asks to wait; 0 where it names none, or a date."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def _logprobs(choice: dict[str, Any]) -> tuple[float, ...]:
    content = (choice.get("logprobs") or {}).get("content") or []
    return tuple(float(item["logprob"]) for item in content if "logprob" in item)
