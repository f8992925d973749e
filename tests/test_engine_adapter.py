"""The adapter: marked tokens pass through its matrices, others do not, whatever is read beside them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engine.adapter import ADAPTED, FIRST, LAST, MATRICES, RANK, fits, matrices, weights
from engine.passes import Part

WORDS, HIDDEN, INNER, HEADS, SHARED = 61, 32, 48, 4, 2
OUT = {
    "q": HIDDEN,
    "k": HIDDEN // HEADS * SHARED,
    "v": HIDDEN // HEADS * SHARED,
    "o": HIDDEN,
    "gate": INNER,
    "up": INNER,
    "down": HIDDEN,
}


def small() -> dict[tuple[int, str], tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(1)
    return {
        (layer, name): (
            rng.normal(size=(RANK, INNER if name == "down" else HIDDEN)).astype(np.float32) * 0.2,
            rng.normal(size=(OUT[name], RANK)).astype(np.float32) * 0.2,
        )
        for layer in range(FIRST, LAST + 1)
        for name in MATRICES
    }


def model() -> Any:
    import torch  # in the functions: some seconds, which every process that collects tests would spend
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(3)
    config = Qwen2Config(
        vocab_size=WORDS,
        hidden_size=HIDDEN,
        intermediate_size=INNER,
        num_hidden_layers=LAST + 2,
        num_attention_heads=HEADS,
        num_key_value_heads=SHARED,
        max_position_embeddings=512,
    )
    return Qwen2ForCausalLM(config).eval()


def merged() -> Any:
    """The same with the matrices added to its own."""
    import torch

    made = model()
    with torch.no_grad():
        for (number, name), (down, up) in small().items():
            layer = made.model.layers[number]
            part = layer.mlp if name in ("gate", "up", "down") else layer.self_attn
            getattr(part, f"{name}_proj").weight += torch.from_numpy(up @ down)
    return made


def read(given: Any, adapted: bool, ids: Sequence[int], step: int = 50) -> np.ndarray:
    from engine.torch_paged import TorchPagedModel

    paged = TorchPagedModel(given, 8, adapted)
    told = []
    for begin in range(0, len(ids), step):
        part = ids[begin : begin + step]
        (taken,) = paged.forward([Part(part, begin, [3, 1, 4], len(part))])
        told.append(taken.states[-1].copy())
    return np.concatenate(told)


def test_marked_tokens_pass_through_the_matrices_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.torch_paged.matrices", small)
    ids = [(7 * i + 3) % WORDS for i in range(60)]
    marked = [*ids[:40], *(i | ADAPTED for i in ids[40:])]
    plain, whole = read(model(), False, ids), read(merged(), False, ids)
    assert np.allclose(read(model(), True, ids), plain, atol=1e-4), "none is marked"
    assert np.allclose(read(model(), True, [i | ADAPTED for i in ids]), whole, atol=1e-4), "all are"
    some = read(model(), True, marked)
    assert np.allclose(some[:40], plain[:40], atol=1e-4) and not np.allclose(some[40:], plain[40:], atol=1e-2)
    assert np.allclose(read(model(), True, marked, step=7), some, atol=1e-4), "however it is split up"


def test_what_the_lower_layers_gave_is_told_for_any_tokens() -> None:
    from engine.torch_paged import TorchPagedModel

    paged, ids = TorchPagedModel(model(), 8), [(5 * i + 1) % WORDS for i in range(50)]
    (taken,) = paged.forward([Part(ids, 0, [6, 2], len(ids))])
    states = taken.states[-1].copy()
    told = paged.between([6, 2], 20, 45)
    assert told is not None and np.allclose(told, states[20:45], atol=1e-2)
    paged.copy(2, 5)
    assert np.array_equal(paged.between([6, 5], 20, 45), told)


@pytest.mark.models
def test_the_default_generator_reads_through_it_without_touching_what_it_writes() -> None:
    from engine import open_generator
    from engine.base import Adapts, GenerationRequest, Message
    from engine.settings import GeneratorSettings
    from models.settings import ModelSettings

    settings = GeneratorSettings()
    generator = open_generator(settings, ModelSettings())
    assert isinstance(generator, Adapts) and generator.adapts and fits(generator.name)
    content = "材料：\n[1] 押金五百元，活动后七日内退还。\n\n问题：押金什么时候退？"
    chat = (Message("system", "你根据材料回答问题。"), Message("user", content))
    begin = content.index("\n\n问题")

    def written() -> str:
        return "".join(chunk.text for chunk in generator.stream(GenerationRequest(chat, max_new_tokens=12)))

    def told(begin: int) -> np.ndarray:
        cuts = [len(content) - 1, len(content)]
        reading = generator.read_adapted(chat, begin, cuts, threading.Event(), material=True)
        states = np.asarray(reading.state())
        material, ends = np.asarray(reading.material()), generator.ends(chat, begin)
        assert len(material) == len(ends) > 5 and ends[-1] <= begin and len(states) == 3
        assert np.abs(states[1] - states[2]).max() > 0.1, "the last character, then the end of the chat"
        return states[-1][-material.shape[1] :]

    first = written()
    adapted = told(begin)
    plain = np.asarray(generator.read(chat, threading.Event()).state())[-len(adapted) :]
    assert np.abs(adapted - plain).max() > 10 * np.abs(told(begin) - adapted).max()
    assert written() == first


def test_the_matrices_of_the_default_generator_are_of_its_sizes() -> None:
    assert same(matrices()) == (1536, 8960) and str(weights()["model"]) == "qwen2.5-coder-1.5b"
    assert fits("Qwen2.5 Coder 1.5B Instruct (openvino, x-int8)")
    assert fits("qwen2.5-coder-1.5b-instruct-q4_k_m (transformers)")
    assert not fits("Qwen2.5 1.5B Instruct (openvino, x-int8)")


def same(found: dict[tuple[int, str], tuple[np.ndarray, np.ndarray]]) -> tuple[int, int]:
    """Hidden and inner size, of all layers."""
    wide = [pair for (_, name), pair in found.items() if name in ("gate", "up")]
    sizes = {(down.shape[1], up.shape[0]) for down, up in wide}
    assert len(found) == (LAST - FIRST + 1) * len(MATRICES) and len(sizes) == 1
    return next(iter(sizes))
