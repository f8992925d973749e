"""The CPU default: our own greedy loop over an OpenVINO model, with the logits in our hands.

That gives grounded figures (``figures.py``), log-probabilities, guesses copied from the prompt (``lookup.py``) and
the reuse of what two prompts have in common (``session.py``). Callers at the same time wait in line.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from errors import Cancelled, GeneratorError
from qa.generators.base import Chunk, GenerationRequest, Message
from qa.generators.figures import Figures
from qa.generators.lookup import PromptLookup
from qa.generators.writing import Writing

if TYPE_CHECKING:
    from qa.generators.session import Session
    from qa.generators.tokens import Tokens

Row = NDArray[np.float32]
_TRIES = 64


class OpenVINOGenerator:
    """Writes with the converted model in ``folder`` (see ``convert.prepare``); also a Judge.

    The model is loaded by the first call, or by ``warm()``.

    Args:
        folder: what ``prepare`` returned.
        threads: CPU threads; 0: all cores.
        context: longest prompt with answer, in tokens.
        guess: tokens guessed ahead at most; 0 turns prompt lookup off.
    """

    def __init__(self, folder: Path, *, threads: int = 0, context: int = 8192, guess: int = 6) -> None:
        self._folder = folder
        self._threads = threads
        self._context = context
        self._guess = guess
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._tokens_: Tokens | None = None
        self._session_: Session | None = None

    @property
    def name(self) -> str:
        return f"{self._tokens.name or self._folder.name} (openvino, {self._folder.name})"

    @property
    def loaded(self) -> bool:
        return self._session_ is not None

    def warm(self) -> None:
        """Load the model and run it once (about 3 s)."""
        self.count_tokens("")
        with self._turn(threading.Event()):
            pass

    def count_tokens(self, text: str) -> int:
        return len(self._tokens.encode(text))

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        prompt = self._prompt(request.messages, request.max_new_tokens)
        try:
            with self._turn(request.cancelled), _engine_errors():
                yield from self._write(prompt, request)
        except Cancelled:
            yield Chunk("", (), "cancelled", len(prompt), 0)

    def choose(self, messages: tuple[Message, ...], options: tuple[str, ...]) -> tuple[float, ...]:
        prompt = self._prompt(messages, 1)
        firsts = [self._tokens.encode(option)[0] for option in options]
        with self._turn(threading.Event()), _engine_errors():
            row = self._read(prompt, None)
            assert row is not None
            scores = row[firsts].astype(np.float64)
        shares = np.exp(scores - scores.max())
        return tuple(float(s) for s in shares / shares.sum())

    def _write(self, prompt: list[int], request: GenerationRequest) -> Iterator[Chunk]:
        writing = Writing(self._tokens.decoder(), request.stop)
        figures = Figures(request.figures) if request.figures is not None else None
        lookup = PromptLookup(prompt, self._guess)
        picker = _Picker(self._tokens, figures)
        written: list[int] = []
        row = self._read(prompt, request.cancelled)
        rows: Sequence[Row] = [] if row is None else [row]
        state = None if row is None else self._session.state()
        guessed: list[int] = []
        finish = "cancelled" if row is None else ""
        while not finish:
            right = 0
            for i, row in enumerate(rows):
                token, logprob = picker.pick(row)
                if token in self._tokens.eos:
                    finish = "stop"
                    break
                written.append(token)
                if chunk := writing.push(token, logprob):
                    yield replace(chunk, state=state)
                if writing.stopped or len(written) >= request.max_new_tokens:
                    finish = "stop" if writing.stopped else "length"
                    break
                if i == len(guessed) or guessed[i] != token:
                    break
                right += 1
            self._session.reject(len(guessed) - right)
            if request.cancelled.is_set():
                finish = "cancelled"
            if finish:
                break
            lookup.learn(len(guessed), right)
            # The last token written was computed but not taken in; a guess goes with it into the same pass.
            room = request.max_new_tokens - len(written) - 1
            guessed = lookup.guess(written)[:room] if self._guess and room > 0 else []
            logits = self._session.forward([written[-1], *guessed], keep=len(guessed) + 1)
            assert logits is not None
            rows = list(logits)
        yield from writing.end(finish, len(prompt), len(written))

    def _read(self, prompt: list[int], cancelled: threading.Event | None) -> Row | None:
        """The logits after the prompt; None when cancelled."""
        reused = self._session.keep_prefix(prompt)
        logits = self._session.forward(prompt[reused:], 1, cancelled)
        return None if logits is None else logits[-1]

    def _prompt(self, messages: Sequence[Message], new: int) -> list[int]:
        ids = self._tokens.encode_chat(messages)
        if len(ids) + new > self._context:
            raise GeneratorError(
                f"The prompt has {len(ids)} tokens; {self._context - new} are the limit.",
                "Lower answer.context_tokens or ask a shorter question.",
            )
        return ids

    @contextmanager
    def _turn(self, cancelled: threading.Event) -> Iterator[None]:
        """This caller's turn at the model; Cancelled when it gives up waiting."""
        while not self._lock.acquire(timeout=0.05):
            if cancelled.is_set():
                raise Cancelled("stopped while waiting in line")
        try:
            if self._session_ is None:
                self._session_ = self._load()
            yield
        finally:
            self._lock.release()

    @property
    def _session(self) -> Session:
        assert self._session_ is not None
        return self._session_

    @property
    def _tokens(self) -> Tokens:
        with self._loading:
            if self._tokens_ is None:
                from qa.generators.tokens import Tokens

                with _engine_errors():
                    self._tokens_ = Tokens(self._folder)
            return self._tokens_

    def _load(self) -> Session:
        from qa.generators.session import Session

        with _engine_errors():
            session = Session(self._folder, self._threads)
            session.warm()
            return session


class _Picker:
    """Greedy choice; with figures, the best token that keeps to them. Log-probabilities are the model's own."""

    def __init__(self, tokens: Tokens, figures: Figures | None) -> None:
        self._tokens = tokens
        self._figures = figures
        self._state = ""

    def pick(self, row: Row) -> tuple[int, float]:
        best = int(row.argmax())
        norm = float(row[best]) + float(np.log(np.exp(row - row[best]).sum()))
        token = best if self._figures is None else self._grounded(row, best, self._figures)
        return token, float(row[token]) - norm

    def _grounded(self, row: Row, best: int, figures: Figures) -> int:
        for token in [best, *np.argsort(-row)[1:_TRIES].tolist()] if self._after(best, figures) is None else [best]:
            if (state := self._after(token, figures)) is not None:
                self._state = state
                return int(token)
        options = [self._tokens.encode(digit)[-1] for digit in sorted(figures.next_digits(self._state))]
        token = max(options, key=lambda t: float(row[t]), default=min(self._tokens.eos))
        self._state = self._after(token, figures) or ""
        return token

    def _after(self, token: int, figures: Figures) -> str | None:
        if token in self._tokens.eos:
            return "" if figures.may_end(self._state) else None
        return figures.advance(self._state, self._tokens.piece(token).decode("utf-8", "replace"))


@contextmanager
def _engine_errors() -> Iterator[None]:
    """OpenVINO reports everything as RuntimeError; here it becomes a message with a next step."""
    try:
        yield
    except ImportError as error:
        raise GeneratorError(f"The engine 'openvino' needs {error.name}.", "Run: pip install wenju") from error
    except (RuntimeError, OSError, MemoryError) as error:
        text = str(error) or type(error).__name__
        raise GeneratorError(
            f"The OpenVINO engine failed: {text.strip().splitlines()[-1][:300]}",
            "Run: wenju doctor. If the model may be damaged: wenju models verify",
        ) from error
