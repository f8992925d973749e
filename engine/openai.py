"""Any OpenAI-compatible endpoint (vLLM, llama.cpp server, Ollama, SGLang, a cloud): streamed over httpx.

Retries only before the first token, so that no reader sees a text begin twice. The key is sent to the
endpoint and stands in no message or log. The figures constraint cannot be imposed on a remote engine: the
checks of the answer catch there what the CPU engines cannot write in the first place.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.base import Chunk, GenerationRequest, Message
from engine.writing import Cutter
from errors import Cancelled, GeneratorError, SettingsError

if TYPE_CHECKING:
    import httpx

_RETRY_STATUS = {408, 409, 425, 429, 500, 502, 503, 504}
_CHARACTERS_PER_TOKEN = 1.5


class OpenAIGenerator:
    """Writes through ``{base_url}/chat/completions``.

    Args:
        base_url: e.g. ``http://127.0.0.1:8000/v1``.
        model: the remote model's name.
        api_key: "" for none.
        timeout: seconds without a byte from the endpoint before it is given up.
        retries: further attempts before the first token; the wait doubles from ``backoff`` seconds.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str = "",
        timeout: float = 120.0,
        retries: int = 2,
        backoff: float = 0.5,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise SettingsError(
                f"The engine 'openai' needs the address of an endpoint, not '{base_url}'.",
                "Set generator.base_url, for example http://127.0.0.1:8000/v1",
            )
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = timeout
        self._retries = retries
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
        """The events of a streamed answer. Raises Cancelled, or GeneratorError after the last retry."""
        import httpx

        for attempt in range(self._retries + 1):
            begun = False
            try:
                with self._client.stream("POST", self._url, json=body, headers=self._headers) as response:
                    if response.status_code >= 400:
                        response.read()
                        if response.status_code not in _RETRY_STATUS or attempt == self._retries:
                            raise self._refused(response)
                    else:
                        for line in response.iter_lines():
                            if cancelled.is_set():
                                raise Cancelled("stopped while the endpoint was writing")
                            if not line.startswith("data:") or line[5:].strip() == "[DONE]":
                                continue
                            begun = True
                            yield self._event(line[5:])
                        if begun:
                            return
                        raise GeneratorError(
                            f"{self._url} answered without any text.", "Look at the endpoint's log."
                        )
            except httpx.HTTPError as error:
                if begun or attempt == self._retries:
                    raise self._unreachable(error) from error
            if cancelled.wait(self._backoff * 2**attempt):
                raise Cancelled("stopped while waiting for the endpoint")

    def _event(self, data: str) -> dict[str, Any]:
        try:
            event = json.loads(data)
        except ValueError as error:
            raise GeneratorError(
                f"{self._url} sent no JSON: {data[:80]!r}", "Is it an OpenAI-compatible endpoint?"
            ) from error
        if not isinstance(event, dict) or "error" in event:
            raise GeneratorError(f"{self._url} broke off: {str(event)[:200]}", "Look at the endpoint's log.")
        return event

    @property
    def _client(self) -> httpx.Client:
        import httpx

        with self._opening:
            if self._client_ is None:
                limits = httpx.Timeout(self._timeout, connect=min(10.0, self._timeout))
                self._client_ = httpx.Client(timeout=limits)
            return self._client_

    def _refused(self, response: httpx.Response) -> GeneratorError:
        hints = {
            401: "Set WENJU_GENERATOR__API_KEY to a key that the endpoint takes.",
            403: "Set WENJU_GENERATOR__API_KEY to a key that may use this model.",
            404: f"Check generator.base_url and generator.model ('{self._model}').",
            429: "The endpoint is busy: ask again later.",
        }
        detail = " ".join(response.text.split())[:200]
        for secret in self._headers.values():
            detail = detail.replace(secret.removeprefix("Bearer "), "***")
        return GeneratorError(
            f"{self._url} answered {response.status_code}: {detail}",
            hints.get(response.status_code, "Look at the endpoint's log."),
        )

    def _unreachable(self, error: Exception) -> GeneratorError:
        return GeneratorError(
            f"The endpoint {self._url} failed: {type(error).__name__} {error}".rstrip(),
            (
                "Check that it runs and that generator.base_url is "
                "right; generator.timeout is the wait in seconds."
            ),
        )


def _logprobs(choice: dict[str, Any]) -> tuple[float, ...]:
    content = (choice.get("logprobs") or {}).get("content") or []
    return tuple(float(item["logprob"]) for item in content if "logprob" in item)
