"""The library's own generation, which the bench measures beside us, writes what our engine over the same
model writes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.base import Chunk, GenerationRequest, Generator, Message
from engine.plain_transformers import LibraryGenerator
from engine.transformers import TransformersGenerator
from errors import GeneratorError
from tests import tiny

ASK = (Message("system", "回答。"), Message("user", "abc 12 def 345：谁？"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.transformers_model(tmp_path_factory.mktemp("tiny") / "model")


def collect(generator: Generator, most: int = 24, **options: object) -> list[Chunk]:
    return list(generator.stream(GenerationRequest(ASK, most, **options)))  # type: ignore[arg-type]


def test_both_write_the_same(folder: Path) -> None:
    chunks, ours = collect(LibraryGenerator(folder)), collect(TransformersGenerator(folder, device="cpu"))
    assert "".join(c.text for c in chunks) == "".join(c.text for c in ours) != ""
    assert (chunks[-1].finish, chunks[-1].prompt_tokens, chunks[-1].completion_tokens) == (
        "length",
        ours[-1].prompt_tokens,
        24,
    )


def test_who_stops_waits_no_longer_than_a_token(folder: Path) -> None:
    cancelled = threading.Event()
    cancelled.set()
    (last,) = [c for c in collect(LibraryGenerator(folder), most=2000, cancelled=cancelled) if c.finish]
    assert last.finish == "cancelled" and last.completion_tokens == 1


def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match="transformers engine failed"):
        collect(LibraryGenerator(tmp_path))
