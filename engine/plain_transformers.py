"""transformers' own ``generate()``, one answer at a time: what ``wenju bench`` measures beside us. Not an
engine of answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from engine.base import Chunk, GenerationRequest
from engine.transformers import encode_chat, engine_errors, load_model, load_tokenizer


class LibraryGenerator:
    """Writes greedily as the library does it by itself; ``figures`` is not imposed. Loaded by the first call.

    Args:
        path, device, threads: as ``TransformersGenerator``.
    """

    def __init__(self, path: Path, *, device: str = "cpu", threads: int = 0) -> None:
        self._path = path
        self._device = device
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @property
    def name(self) -> str:
        return f"{self._path.stem} (transformers' own generate, {self._device})"

    def count_tokens(self, text: str) -> int:
        with self._lock:
            return len(self._parts[1](text, add_special_tokens=False).input_ids)

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Yield chunks until done. Callers at the same time wait in line."""
        with self._lock, engine_errors():
            import torch
            from transformers import StoppingCriteriaList, StopStringCriteria, TextIteratorStreamer

            model, tokenizer = self._parts
            prompt = encode_chat(tokenizer, request.messages)
            given = torch.tensor([prompt], device=model.device)
            streamer: Any = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
            stopping = [
                lambda *state, **rest: torch.full((1,), request.cancelled.is_set(), device=model.device)
            ]
            stopping += [StopStringCriteria(tokenizer, [stop]) for stop in request.stop]

            def write() -> int:
                try:
                    out = model.generate(
                        given,
                        attention_mask=torch.ones_like(given),
                        do_sample=False,
                        max_new_tokens=request.max_new_tokens,
                        stopping_criteria=StoppingCriteriaList(stopping),
                        streamer=streamer,
                    )
                    return int(out.shape[1]) - len(prompt)
                finally:
                    streamer.end()

            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(write)
                for text in streamer:
                    if text:
                        yield Chunk(text)
                count = writing.result()
            finish = (
                "cancelled"
                if request.cancelled.is_set()
                else "length"
                if count >= request.max_new_tokens
                else "stop"
            )
            yield Chunk("", (), finish, len(prompt), count)

    @property
    def _parts(self) -> tuple[Any, Any]:
        """The model and its tokenizer."""
        if self._loaded is None:
            with engine_errors():
                self._loaded = load_model(self._path, self._device, self._threads), load_tokenizer(self._path)
        return self._loaded
