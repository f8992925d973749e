"""llama.cpp in this process, from a GGUF file: what ``wenju bench`` measures beside us. Not an engine of
answers.

Needs llama-cpp-python (``make llamacpp``). It keeps the longest common prefix of two prompts by itself.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.base import Chunk, GenerationRequest
from errors import GeneratorError


class LlamaCppGenerator:
    """Writes greedily with llama.cpp: all cores, flash attention, the model's own chat template.

    Args:
        path: a GGUF file.
        threads: CPU threads; 0: all cores.
        context: longest prompt with answer, in tokens.

    Raises:
        GeneratorError: llama-cpp-python is not installed.
    """

    def __init__(self, path: Path, *, threads: int = 0, context: int = 4096) -> None:
        if importlib.util.find_spec("llama_cpp") is None:
            raise GeneratorError.named("llamacpp_missing")
        self._path = path
        self._threads = threads or os.cpu_count() or 1
        self._context = context
        self._lock = threading.Lock()
        self._model_: Any = None

    @property
    def name(self) -> str:
        return f"{self._path.stem} (llama.cpp)"

    def count_tokens(self, text: str) -> int:
        with self._lock:
            return len(self._model.tokenize(text.encode(), add_bos=False))

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Yield chunks until done; ``figures`` is not imposed. Callers at the same time wait in line."""
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        with self._lock:
            model = self._model
            finish, written = "", 0
            for event in model.create_chat_completion(
                messages,
                temperature=0,
                max_tokens=request.max_new_tokens,
                stop=list(request.stop),
                stream=True,
            ):
                choice = event["choices"][0]
                if text := choice["delta"].get("content") or "":
                    written += 1
                    yield Chunk(text)
                finish = "cancelled" if request.cancelled.is_set() else choice.get("finish_reason") or ""
                if finish:
                    break
            # The last token written is never taken in, except when the length ends it: one more or less.
            yield Chunk("", (), finish or "stop", max(0, int(model.n_tokens) - written), written)

    @property
    def _model(self) -> Any:
        if self._model_ is None:
            from llama_cpp import Llama

            try:
                self._model_ = Llama(
                    str(self._path),
                    n_ctx=self._context,
                    n_threads=self._threads,
                    n_threads_batch=self._threads,
                    flash_attn=True,
                    verbose=False,
                )
            except (ValueError, OSError) as error:
                path, what = str(self._path), str(error)
                raise GeneratorError.named("llamacpp_failed", path=path, what=what) from error
        return self._model_
