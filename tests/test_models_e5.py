"""The file in which multilingual-e5-small travels: what is read from a small one of the same form is what was
written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_e5

from errors import ModelError
from models.e5 import FILE, E5File, unpack


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tiny_e5.write(tmp_path / FILE)
    return tmp_path / FILE


def test_tensors_are_read_as_they_were_written(tmp_path: Path) -> None:
    made = tiny_e5.write(tmp_path / FILE)
    file = E5File(tmp_path / FILE)
    assert (file.config["hidden_size"], file.config["vocab_size"]) == (tiny_e5.SIZE, len(tiny_e5.PIECES))
    ids = np.array([[3, 0], [7, 7]])
    assert np.allclose(file.words()(ids), made["emb.word"][ids])
    arrays = file.arrays()
    assert np.array_equal(arrays["types"], made["emb.type"][: tiny_e5.SIZE])
    assert np.array_equal(arrays["layers.0.oln.bias"], made["l0.oln.b"])
    for name in ("q", "k", "v", "ao", "fi", "fo"):
        assert np.allclose(arrays[f"layers.0.{name}.weight"], made[f"l0.{name}.w"])
    weights = file.state_dict()
    assert np.allclose(weights["embeddings.word_embeddings.weight"], made["emb.word"])
    assert np.allclose(weights["encoder.layer.0.attention.output.dense.weight"], made["l0.ao.w"])
    assert weights["embeddings.token_type_embeddings.weight"].shape == (2, tiny_e5.SIZE)


def test_a_kind_that_a_tensor_does_not_have_is_refused(path: Path) -> None:
    file = E5File(path)
    with pytest.raises(ValueError, match=r"emb\.word is not float32"):
        file.vector("emb.word")
    with pytest.raises(ValueError, match=r"emb\.pos is not in 4 bits"):
        file.packed("emb.pos", tiny_e5.SIZE)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d[:-1],
        lambda d: d[:100],
        lambda d: b"",
        lambda d: b"GGUF" + d[4:],
        lambda d: d[:200] + b"\xff" * 200 + d[400:],
    ],
)
def test_a_damaged_file_is_named_with_what_to_do(path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match="not a model file of the kind expected") as caught:
        E5File(path)
    assert "wenju models fetch" in caught.value.hint


def test_the_tokenizer_cuts_and_replaces_as_the_file_says(path: Path) -> None:
    from tokenizers import Tokenizer

    unpack(path)
    tokenizer = Tokenizer.from_file(str(path.with_name("tokenizer.json")))
    encoding = tokenizer.encode("query: 天津\x01市\u2028２０２５")
    assert encoding.tokens == ["<s>", "▁", "query", ":", "▁", "天津", "市", "▁", "2025", "</s>"]
    assert encoding.ids == [tiny_e5.PIECES.index(token) for token in encoding.tokens]
    assert json.loads(path.with_name("config.json").read_text("utf-8"))["architectures"] == ["BertModel"]
    assert path.with_name("tokenizer_config.json").is_file()
