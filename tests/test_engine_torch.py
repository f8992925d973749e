"""The paged model of the transformers engine tells what the library's own attention tells, however tokens are
split up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engine.passes import BLOCK, Part

WORDS = 61


def model(window: int | None = None) -> Any:
    import torch  # in the functions: some seconds, which every process that collects tests would spend
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(3)
    config = Qwen2Config(
        vocab_size=WORDS,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        use_sliding_window=window is not None,
        sliding_window=window,
        max_window_layers=1,
    )
    return Qwen2ForCausalLM(config).eval()


def paging(blocks: int, window: int | None = None) -> Any:
    from engine.torch_paged import TorchPagedModel

    return TorchPagedModel(model(window), blocks)


def sequences(*lengths: int) -> list[list[int]]:
    draw = random.Random(5)
    return [[draw.randrange(WORDS) for _ in range(length)] for length in lengths]


def plain(window: int | None, ids: Sequence[int]) -> tuple[np.ndarray, list[np.ndarray]]:
    import torch

    with torch.inference_mode():
        out = model(window)(torch.tensor([list(ids)]), output_hidden_states=True)
    return out.logits[0].numpy(), [state[0].numpy() for state in out.hidden_states]


@pytest.mark.parametrize("window", [None, 7])
def test_tokens_in_pieces_and_beside_others_are_told_as_by_the_library(window: int | None) -> None:
    long, short = sequences(75, 20)
    paged = paging(8, window)
    tables = ([0, 3, 5], [6])
    told: dict[int, list[np.ndarray]] = {0: [], 1: []}
    steps = [
        ((0, 40), (0, 1)),
        ((40, 41), (1, 4)),
        ((41, 44), (4, 13)),
        ((44, 75), (13, 14)),
        (None, (14, 20)),
    ]
    for first, second in steps:
        given = [(0, first), (1, second)] if first else [(1, second)]
        parts = [Part((long, short)[i][a:b], a, tables[i], b - a) for i, (a, b) in given]
        for (i, _), taken in zip(given, paged.forward(parts), strict=True):
            told[i].append(taken.logits.copy())
    for i, ids in enumerate((long, short)):
        assert np.allclose(np.concatenate(told[i]), plain(window, ids)[0], atol=1e-4)


def test_only_what_is_asked_for_is_told_with_the_states_of_the_layers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.torch_paged.STATE_LAYERS", (0, 1))
    (one, other), paged = sequences(30, 9), paging(4)
    untold, told = paged.forward([Part(one, 0, [0], 0), Part(other, 0, [2], 2)])
    logits, states = plain(None, other)
    assert untold.logits.shape == (0, WORDS)
    assert np.allclose(told.logits, logits[-2:], atol=1e-4)
    assert np.allclose(told.state(), np.concatenate([states[1][-1], states[2][-1]]), atol=1e-4)


def test_a_copied_block_goes_on_as_the_first_did() -> None:
    (ids,), paged = sequences(BLOCK), paging(4)
    paged.forward([Part(ids[:-1], 0, [1], 0)])
    paged.copy(1, 2)
    first, second = paged.forward([Part(ids[-1:], BLOCK - 1, [1], 1), Part(ids[-1:], BLOCK - 1, [2], 1)])
    assert np.allclose(first.logits, second.logits, atol=1e-5)
    assert np.allclose(first.logits, plain(None, ids)[0][-1:], atol=1e-4)


def test_attention_that_is_not_known_is_refused() -> None:
    import torch

    from engine import torch_paged

    x = torch.zeros(1, 2, 1, 4)
    with pytest.raises(ValueError, match="not supported"):
        torch_paged._attend(None, x, x, x, None, paged=None, softcap=30.0)  # type: ignore[arg-type]
