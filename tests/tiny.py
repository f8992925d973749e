"""Tiny models made on the spot: one layer, random weights, a tokenizer of single bytes. For tests of the
engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.gguf import write_tokenizer
from engine.tokens import _byte_of

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
VOCABULARY = 256 + len(SPECIAL)
SIZE = 32


def metadata() -> dict[str, Any]:
    """What the head of a GGUF file would say of the tokenizer."""
    return {
        "general.name": "tiny",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": [c for c, _ in sorted(_byte_of().items(), key=lambda item: item[1])]
        + SPECIAL,
        "tokenizer.ggml.token_type": [1] * 256 + [3] * len(SPECIAL),
        "tokenizer.ggml.merges": [],
        "tokenizer.ggml.eos_token_id": 257,
        "tokenizer.chat_template": TEMPLATE,
    }


def weights() -> dict[str, Any]:
    """Random, but the same on every machine; digits are likely and the end never is."""
    random = np.random.default_rng(7)
    embedding = random.normal(size=(VOCABULARY, SIZE)).astype(np.float32)
    positions = random.normal(size=(4096, SIZE)).astype(np.float32)
    head = random.normal(size=(VOCABULARY, SIZE)).astype(np.float32)
    bias = np.full(VOCABULARY, -30, np.float32)
    bias[[ord(c) for c in "abcdefg 0123456789"]] = 0
    return {"embedding": embedding, "positions": positions, "head": head, "bias": bias}


def _variable(name: str) -> Any:
    import openvino as ov
    from openvino.op.util import Variable, VariableInfo

    info = VariableInfo()
    info.data_shape, info.data_type = ov.PartialShape([-1, 1, -1, SIZE]), ov.Type.f32
    info.variable_id = name
    return Variable(info)


def openvino_model(folder: Path, layers: int = 1) -> Path:
    """A stateful model in the form that ``convert`` leaves: inputs ids, mask, positions, beam_idx, keep."""
    import openvino as ov
    from openvino import opset13 as op

    w = weights()
    wide = (("input_ids", [-1, -1]), ("attention_mask", [-1, -1]), ("position_ids", [-1, -1]))
    ids, mask, places = (op.parameter(shape, ov.Type.i64, name=name) for name, shape in wide)
    beam, keep = op.parameter([-1], ov.Type.i32, name="beam_idx"), op.parameter([1], ov.Type.i64, name="keep")
    parameters = [ids, mask, places, beam, keep]
    for parameter in parameters:
        parameter.output(0).get_tensor().set_names({parameter.get_friendly_name()})
    zero, one = (op.constant(np.array([n], np.int64)) for n in (0, 1))
    axis, width = op.constant(np.array(0, np.int64)), op.constant(np.array([SIZE], np.int64))
    x = op.add(
        op.gather(op.constant(w["embedding"]), ids, axis),
        op.gather(op.constant(w["positions"]), places, axis),
    )
    batch, new = (op.gather(op.shape_of(ids), n, axis) for n in (zero, one))
    total = op.gather(op.shape_of(mask), one, axis)
    slots = op.range(axis, op.squeeze(total, axis), op.constant(np.array(1, np.int64)), "i64")
    rows = op.slice(slots, op.subtract(total, new), total, one)
    causal = op.less_equal(op.unsqueeze(slots, zero), op.unsqueeze(rows, one))
    seen = op.unsqueeze(
        op.logical_and(op.unsqueeze(causal, zero), op.unsqueeze(op.not_equal(mask, zero), one)), one
    )
    lowest, nothing = (op.constant(np.array(n, np.float32)) for n in (-1e9, 0))
    scale = op.constant(np.array(1, np.float32))
    empty = op.broadcast(op.constant(np.array(0, np.float32)), op.concat([batch, one, zero, width], 0))
    assigns: list[Any] = []

    def layer(number: int, x: Any) -> Any:
        heads = op.transpose(
            op.reshape(x, np.array([0, 0, 1, SIZE], np.int64), True), np.array([0, 2, 1, 3], np.int64)
        )
        wholes = []
        for name in (f"past.{number}.key", f"past.{number}.value"):
            variable = _variable(name)
            past = op.gather(op.read_value(empty, variable), beam, axis)
            wholes.append(op.concat([past, heads], 2))
            assigns.append(op.assign(wholes[-1], variable))
        attended = op.scaled_dot_product_attention(heads, *wholes, op.select(seen, nothing, lowest), scale)
        turned = op.transpose(attended, np.array([0, 2, 1, 3], np.int64))
        added = op.add(x, op.reshape(turned, np.array([0, 0, SIZE], np.int64), True))
        added.set_friendly_name(f"model.layers.self_attn.add1.layer{number}")
        return added

    for number in range(layers):
        x = layer(number, x)
    last = op.slice(x, op.negative(keep), op.constant(np.array([2**31 - 1], np.int64)), one, one)
    logits = op.add(op.matmul(last, op.constant(w["head"]), False, True), op.constant(w["bias"]))
    folder.mkdir()
    model = ov.Model([op.result(logits)], assigns, parameters, "tiny")
    ov.save_model(model, folder / "model.xml", compress_to_fp16=False)
    write_tokenizer(metadata(), folder)
    return folder


def transformers_model(folder: Path) -> Path:
    """A one-layer Qwen2 with the same tokenizer, as safetensors."""
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder.mkdir()
    write_tokenizer(metadata(), folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), eos_token="<|im_end|>", chat_template=TEMPLATE
    )
    tokenizer.save_pretrained(folder)
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=SIZE,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        eos_token_id=257,
        bos_token_id=None,
        tie_word_embeddings=False,
    )
    torch.manual_seed(7)
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[:] = 0.01 * torch.randn(VOCABULARY, SIZE)
        model.lm_head.weight[48:58] = torch.randn(10, SIZE)
        model.lm_head.weight[97:103] = torch.randn(6, SIZE)
    model.save_pretrained(folder)
    return folder
