"""The GPU's path as far as a machine without one can tell: the engine places the model there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.passes import BLOCK
from engine.transformers import TransformersGenerator
from errors import GeneratorError
from tests import tiny


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("no_gpu")
def test_asked_for_a_gpu_that_is_not_there_the_engine_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match=r"no CUDA device(.|\n)*generator.device"):
        TransformersGenerator(tmp_path, device="cuda").warm()


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_on_a_gpu_the_model_is_placed_there_in_16_bits(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    import transformers

    folder = tiny.transformers_model(tmp_path / "model")
    placed: dict[str, object] = {}

    def place(where: str) -> SimpleNamespace:
        placed["where"] = where
        return SimpleNamespace(eval=lambda: SimpleNamespace(device=where))

    def load(name: str, **options: object) -> SimpleNamespace:
        placed["dtype"] = options["dtype"]
        return SimpleNamespace(to=place)

    def page(model: SimpleNamespace, blocks: int, adapted: bool) -> SimpleNamespace:
        assert not adapted, "a model that the adapter was not trained for"
        placed["room"] = blocks * BLOCK
        return SimpleNamespace(blocks=blocks, block_bytes=1, copy=None)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("engine.torch_paged.TorchPagedModel", page)
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", load)
    TransformersGenerator(folder, device=device, context=4096, batch=64).warm()
    assert placed == {"dtype": torch.bfloat16, "where": "cuda", "room": 4096 + 64 * 1024}
