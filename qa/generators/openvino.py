"""The CPU default: our own greedy loop over an OpenVINO model, with the logits in our hands.

That gives grounded figures, log-probabilities and guesses copied from the prompt (``jobs.py``), answers that are written
together (``batch.py``) and the reuse of what prompts have in common (``blocks.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from errors import Cancelled, GeneratorError
from qa.generators.base import Chunk, GenerationRequest, Message

if TYPE_CHECKING:
    from qa.generators.batch import Batch
    from qa.generators.tokens import Tokens

_KEPT_BYTES = 160 << 20
"""Keys and values that stay for prompts that begin alike; 5,800 tokens of the default model."""


class OpenVINOGenerator:
    """Writes with the converted model in ``folder`` (see ``convert.prepare``); also a Judge.

    The model is loaded by the first call, or by ``warm()``.

    Args:
        folder: what ``prepare`` returned.
        threads: CPU threads; 0: all cores.
        context: longest prompt with answer, in tokens.
        guess: tokens guessed ahead at most; 0 turns prompt lookup off.
        batch: answers written together at most; further callers wait in line.
    """

    def __init__(self, folder: Path, *, threads: int = 0, context: int = 8192, guess: int = 6, batch: int = 8) -> None:
        self._folder = folder
        self._threads = threads
        self._context = context
        self._guess = guess
        self._most = batch
        self._loading = threading.Lock()
        self._reading = threading.Lock()
        self._tokens_: Tokens | None = None
        self._batch: Batch | None = None

    @property
    def name(self) -> str:
        return f"{self._tokens.name or self._folder.name} (openvino, {self._folder.name})"

    @property
    def loaded(self) -> bool:
        return self._batch is not None

    def warm(self) -> None:
        """Load the model and run it once (about 3 s)."""
        self.count_tokens("")
        self._loaded(threading.Event())

    def count_tokens(self, text: str) -> int:
        return len(self._tokens.encode(text))

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        from qa.generators.jobs import Writer

        prompt = self._prompt(request.messages, request.max_new_tokens)
        writer = Writer(self._tokens, prompt, request, self._guess)
        try:
            self._loaded(request.cancelled).submit(writer)
        except Cancelled:
            writer.end()
        yield from writer.chunks()

    def choose(self, messages: tuple[Message, ...], options: tuple[str, ...]) -> tuple[float, ...]:
        from qa.generators.jobs import Choice

        choice = Choice(self._prompt(messages, 1), [self._tokens.encode(option)[0] for option in options])
        self._loaded(threading.Event()).submit(choice)
        scores = choice.logits().astype(np.float64)
        shares = np.exp(scores - scores.max())
        return tuple(float(s) for s in shares / shares.sum())

    def _prompt(self, messages: Sequence[Message], new: int) -> list[int]:
        ids = self._tokens.encode_chat(messages)
        if len(ids) + new > self._context:
            raise GeneratorError(
                f"The prompt has {len(ids)} tokens; {self._context - new} are the limit.",
                "Lower answer.context_tokens or ask a shorter question.",
            )
        return ids

    def _loaded(self, cancelled: threading.Event) -> Batch:
        """The batch; Cancelled when the caller gives up while somebody loads the model."""
        while self._batch is None:
            if not self._loading.acquire(timeout=0.05):
                if cancelled.is_set():
                    raise Cancelled("stopped while the model was loaded")
                continue
            try:
                if self._batch is None:
                    self._batch = self._load()
            finally:
                self._loading.release()
        return self._batch

    def _load(self) -> Batch:
        with _engine_errors():
            from qa.generators.batch import Batch
            from qa.generators.paged import BLOCK, PagedModel

            model = PagedModel(self._folder, -(-self._context // BLOCK) * 2, self._threads)
            model.warm()
            return Batch(model, self._most, _KEPT_BYTES, _told)

    @property
    def _tokens(self) -> Tokens:
        with self._reading:
            if self._tokens_ is None:
                from qa.generators.tokens import Tokens

                with _engine_errors():
                    self._tokens_ = Tokens(self._folder)
            return self._tokens_


@contextmanager
def _engine_errors() -> Iterator[None]:
    """OpenVINO reports everything as RuntimeError; here it becomes a message with a next step."""
    try:
        yield
    except ImportError as error:
        raise GeneratorError(f"The engine 'openvino' needs {error.name}.", "Run: pip install wenju") from error
    except (RuntimeError, OSError, MemoryError) as error:
        raise _told(error) from error


def _told(error: Exception) -> GeneratorError:
    """What somebody is told who waited for the engine."""
    text = str(error) or type(error).__name__
    told = GeneratorError(
        f"The OpenVINO engine failed: {text.strip().splitlines()[-1][:300]}",
        "Run: wenju doctor. If the model may be damaged: wenju models verify",
    )
    told.__cause__ = error
    return told
