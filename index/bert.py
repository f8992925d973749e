"""A BERT as an OpenVINO graph, made from arrays without torch, matrices in 8 bits. The word table is no part
of it: words are looked up outside (``models.e5.Words``), so that the table stays mapped from its file and in
4 bits.

Knows nothing of what the states are used for: ``encoder_graph`` pools them to a unit vector, ``heads_graph``
puts linear heads on them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
"""Weights by name: ``positions`` [512, size], ``types`` [size], ``norm``, and for each layer ``layers.N.``
with the matrices q, k, v, ao (attention's output), fi, fo (between) and the norms aln and oln, each with
``.weight``, ``.bias``."""

EPS = 1e-12
STEP = 8
"""Texts are made as long as the next multiple of so many tokens."""


def rounded(tokens: int, most: int) -> int:
    """The next of few lengths, at most ``most``: OpenVINO keeps memory for each that it has computed."""
    return min(most, -(-tokens // STEP) * STEP)


def encoder_graph(arrays: Arrays, layers: int, heads: int) -> Any:
    """Words, float32 [rows, length, size], and mask, float32 [rows, length] -> unit vectors, float32 [rows,
    size]: the mean over the tokens."""
    from openvino import Model
    from openvino import opset13 as ops

    states, words, mask = _states(arrays, layers, heads)
    shown = ops.unsqueeze(mask, ops.constant(2))
    total = ops.reduce_sum(ops.multiply(states, shown), ops.constant(1))
    mean = ops.divide(total, ops.reduce_sum(shown, ops.constant(1)))
    return Model([ops.normalize_l2(mean, ops.constant(1), 1e-12, "max")], [words, mask], "encoder")


def heads_graph(arrays: Arrays, layers: int, heads: int) -> Any:
    """Words and mask, as ``encoder_graph`` -> logits of every token [rows, length, token heads] and of the
    text [rows, text heads]."""
    from openvino import Model
    from openvino import opset13 as ops

    states, words, mask = _states(arrays, layers, heads)
    first = ops.gather(states, ops.constant(0), ops.constant(1))
    token, text = _linear(states, arrays, "token_head"), _linear(first, arrays, "text_head")
    return Model([token, text], [words, mask], "reader")


def save(graph: Any, path: Path) -> None:
    """Write ``path`` and its .bin, the .xml last, so that a file of that name is always complete."""
    import openvino

    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        openvino.save_model(graph, f"{name}/{path.name}", compress_to_fp16=True)
        os.replace(f"{name}/{path.stem}.bin", path.with_suffix(".bin"))
        os.replace(f"{name}/{path.name}", path)


def _states(arrays: Arrays, layers: int, heads: int) -> tuple[Any, Any, Any]:
    from openvino import Type
    from openvino import opset13 as ops

    size = arrays["types"].shape[0]
    words = ops.parameter([-1, -1, size], Type.f32, name="words")
    mask = ops.parameter([-1, -1], Type.f32, name="mask")
    length = ops.gather(ops.shape_of(mask), ops.constant(1), ops.constant(0))
    places = ops.range(ops.constant(np.int64(0)), length, ops.constant(np.int64(1)), "i64")
    fixed = np.asarray(arrays["positions"], np.float32) + np.asarray(arrays["types"], np.float32)
    x = _norm(ops.add(words, ops.gather(ops.constant(fixed), places, ops.constant(0))), arrays, "norm")
    hidden = ops.multiply(ops.subtract(mask, ops.constant(np.float32(1))), ops.constant(np.float32(1e4)))
    hidden = ops.unsqueeze(hidden, ops.constant(np.array([1, 2])))
    for number in range(layers):
        x = _layer(x, hidden, arrays, f"layers.{number}", heads, size)
    return x, words, mask


def _layer(x: Any, hidden: Any, arrays: Arrays, name: str, heads: int, size: int) -> Any:
    from openvino import opset13 as ops

    split = ops.constant(np.array([0, 0, heads, size // heads]))

    def part(which: str) -> Any:
        linear = _linear(x, arrays, f"{name}.{which}")
        return ops.transpose(ops.reshape(linear, split, True), ops.constant(np.array([0, 2, 1, 3])))

    seen = ops.scaled_dot_product_attention(part("q"), part("k"), part("v"), hidden)
    joined = ops.reshape(
        ops.transpose(seen, ops.constant(np.array([0, 2, 1, 3]))), ops.constant(np.array([0, 0, size])), True
    )
    x = _norm(ops.add(x, _linear(joined, arrays, f"{name}.ao")), arrays, f"{name}.aln")
    between = _linear(ops.gelu(_linear(x, arrays, f"{name}.fi"), "erf"), arrays, f"{name}.fo")
    return _norm(ops.add(x, between), arrays, f"{name}.oln")


def _norm(x: Any, arrays: Arrays, name: str) -> Any:
    from openvino import opset13 as ops

    plain = ops.mvn(x, ops.constant(np.array([-1])), True, EPS, "inside_sqrt")
    scaled = ops.multiply(plain, ops.constant(np.asarray(arrays[f"{name}.weight"], np.float32)))
    return ops.add(scaled, ops.constant(np.asarray(arrays[f"{name}.bias"], np.float32)))


def _linear(x: Any, arrays: Arrays, name: str) -> Any:
    """A product with a matrix of 8 bits (one scale for each output), which the CPU plugin computes as it
    is."""
    from openvino import opset13 as ops

    small, scale = int8(np.asarray(arrays[f"{name}.weight"], np.float32))
    matrix = ops.multiply(ops.convert(ops.constant(small), "f32"), ops.constant(scale))
    return ops.add(
        ops.matmul(x, matrix, False, True), ops.constant(np.asarray(arrays[f"{name}.bias"], np.float32))
    )


def int8(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix [outputs, inputs] as int8 and scales [outputs, 1]."""
    scale = np.maximum(np.abs(matrix).max(1, keepdims=True) / 127, 1e-12).astype(np.float32)
    return np.clip(np.round(matrix / scale), -127, 127).astype(np.int8), scale
