"""An adapter of the default generator: low-rank matrices beside its own through which only marked tokens pass
(Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models").

A token is marked by a bit of its number, so that what was read with and without the matrices is never taken
for one another. What stands before marked tokens is read as ever, and what is kept of it serves both. The
matrices lie in ``adapter.npz``, made by ``training/adapter.py``; the heads over what they change lie there
too (``qa/adapted.py``).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base import same_model
from engine.graph import LAYER

WEIGHTS = Path(__file__).with_name("adapter.npz")
FIRST, LAST = 12, 20
"""The layers that have matrices."""
RANK = 8
MATRICES = ("q", "k", "v", "o", "gate", "up", "down")
"""The products of a layer beside which they stand."""
ADAPTED = 1 << 24
"""The bit that marks a token; no vocabulary is that large."""


@functools.cache
def weights() -> Mapping[str, NDArray[Any]]:
    """The arrays: ``<layer>.<product>.down`` float16 ``[RANK, in]`` and ``.up`` ``[out, RANK]``, and those of
    the heads; ``{}`` where there are none."""
    if not WEIGHTS.is_file():
        return {}
    with np.load(WEIGHTS, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def fits(name: str) -> bool:
    """Is there an adapter, and was it trained for the generator of this name?"""
    return bool(weights()) and same_model(name, str(weights()["model"]))


def matrices() -> dict[tuple[int, str], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """``down`` and ``up`` of each product, by layer and name."""
    found = weights()
    return {
        (layer, name): (
            found[f"{layer}.{name}.down"].astype(np.float32),
            found[f"{layer}.{name}.up"].astype(np.float32),
        )
        for layer in range(FIRST, LAST + 1)
        for name in MATRICES
    }


def adapt(graph: Any) -> bool:
    """Put the matrices beside a paged OpenVINO graph's products, for tokens that are marked; False where
    the graph has no such layers."""
    from openvino import Type, opset13

    nodes = {node.get_friendly_name(): node for node in graph.get_ordered_ops()}
    if LAYER.format(LAST) not in nodes or LAYER.format(FIRST - 1) not in nodes:
        return False
    products = {layer: _products(nodes, layer) for layer in range(FIRST, LAST + 1)}
    given = next(one for one in graph.get_parameters() if one.get_friendly_name() == "input_ids")
    readers = list(given.output(0).get_target_inputs())
    number = opset13.bitwise_and(given, opset13.constant(np.asarray(ADAPTED - 1, np.int64)))
    for reader in readers:
        reader.replace_source_output(number.output(0))
    marked = opset13.convert(opset13.greater_equal(given, np.asarray(ADAPTED, np.int64)), Type.f32)
    mark = opset13.reshape(marked, np.asarray([-1, 1, 1], np.int64), special_zero=False)
    for (layer, name), (down, up) in matrices().items():
        product = products[layer][name]
        readers = list(product.output(0).get_target_inputs())
        low = opset13.matmul(product.input_value(0), opset13.constant(down), False, True)
        added = opset13.matmul(opset13.multiply(low, mark), opset13.constant(up), False, True)
        both = opset13.add(product, added)
        for reader in readers:
            reader.replace_source_output(both.output(0))
    graph.validate_nodes_and_infer_types()
    return True


def _products(nodes: Mapping[str, Any], layer: int) -> dict[str, Any]:
    """The products of a layer by name."""
    beside = nodes[f"model.layers.self_attn.add0.layer{layer}"].input_value(1).get_node()
    gated = nodes[f"model.layers.self_attn.mlp.mul.layer{layer}"]
    swish, up = (value.get_node() for value in gated.input_values())
    attention = _before(beside.input_value(0).get_node(), "PagedAttentionExtension")
    q, k, v = (_before(attention.input_value(i).get_node(), "MatMul") for i in range(3))
    return {
        "q": q,
        "k": k,
        "v": v,
        "o": _before(beside, "MatMul"),
        "gate": _before(swish, "MatMul"),
        "up": _before(up, "MatMul"),
        "down": _before(nodes[LAYER.format(layer)].input_value(1).get_node(), "MatMul"),
    }


def _before(node: Any, kind: str) -> Any:
    """The nearest node of a kind that a node's value comes from, itself too."""
    seen, line = set(), [node]
    while line:
        node = line.pop(0)
        if node.get_type_name() == kind:
            return node
        if node.get_name() not in seen:
            seen.add(node.get_name())
            line += [value.get_node() for value in node.input_values()]
    raise ValueError(f"the graph has no {kind} where one is looked for")
