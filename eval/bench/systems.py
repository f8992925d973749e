"""What is timed: our engine, and plain pipelines that put whole passages into the prompt, on the same search
and model.

A plain pipeline is search + prompt + generation and nothing else: no evidence sentences, no checks, no
citations. It writes with one of our engines (``openvino``, ``transformers``), with llama.cpp (``llamacpp``:
the llama-cpp-python package) or on a server that speaks the OpenAI protocol.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import prompts
from engine.base import GenerationRequest, Generator, Message
from errors import EvalError, did_you_mean

if TYPE_CHECKING:
    from qa.engine import Engine
    from qa.settings import EngineSettings

PASSAGES = 3
LONGEST = 160
"""Tokens that a plain pipeline may write."""
PLAIN = ("openvino", "transformers", "llamacpp")


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer: seconds from the question to evidence, first token and end (None: did not come), tokens,
    text."""

    evidence: float | None
    first: float | None
    total: float
    tokens_in: int
    tokens_out: int
    text: str


System = Callable[[str], Timed]


def ours(engine: Engine) -> System:
    """The engine as the page uses it."""

    def ask(question: str) -> Timed:
        start, evidence, first, last = time.perf_counter(), None, None, None
        for last in engine.stream(question):
            now = time.perf_counter() - start
            evidence = evidence if evidence is not None or not last.retrieved else now
            first = first if first is not None or not last.sentences else now
        if last is None:
            raise EvalError("no answer came back")
        total = time.perf_counter() - start
        first = last.timings.get("first_token", first)
        return Timed(
            evidence,
            first,
            total,
            last.usage.get("prompt_tokens", 0),
            last.usage.get("completion_tokens", 0),
            last.text,
        )

    return ask


def plain(engine: Engine, generator: Generator) -> System:
    """Whole passages in the prompt, nothing checked."""

    def ask(question: str) -> Timed:
        start = time.perf_counter()
        hits = engine.search(question, PASSAGES)
        evidence = time.perf_counter() - start
        passages = "\n\n".join(hit.passage.text for hit in hits)
        messages = tuple(
            Message(role, text) for role, text in prompts.chat("plain", passages=passages, question=question)
        )
        first, text, tokens = None, "", (0, 0)
        for chunk in generator.stream(GenerationRequest(messages, LONGEST)):
            if chunk.text and first is None:
                first = time.perf_counter() - start
            text += chunk.text
            tokens = (chunk.prompt_tokens or tokens[0], chunk.completion_tokens or tokens[1])
        return Timed(evidence, first, time.perf_counter() - start, *tokens, text)

    return ask


def open_plain(name: str, engine: Engine, settings: EngineSettings) -> System:
    """The plain pipeline called ``name`` (see PLAIN), or on the server at a URL; its model is loaded by the
    first question.

    Raises:
        EvalError: an unknown name. GeneratorError: the engine is not installed.
    """
    from engine import open_generator

    if name == "llamacpp":
        return plain(engine, _llamacpp(settings))
    if name.startswith(("http://", "https://")):
        update = {"engine": "openai", "base_url": name}
    elif name in PLAIN:
        update = {"engine": name}
    else:
        raise EvalError(f"there is no plain pipeline {name!r}", did_you_mean(name, [*PLAIN, "http://..."]))
    return plain(engine, open_generator(settings.generator.model_copy(update=update), settings.models))


def _llamacpp(settings: EngineSettings) -> Generator:
    from engine.llamacpp import LlamaCppGenerator
    from models.store import ModelStore

    path = Path(ModelStore(settings.models.folder).path(settings.generator.model))
    gguf = path if path.suffix == ".gguf" else next(iter(sorted(path.rglob("*.gguf"))), None)
    if gguf is None:
        raise EvalError(f"there is no GGUF file in {path}", "Run: wenju models fetch")
    return LlamaCppGenerator(gguf, threads=settings.generator.threads)
