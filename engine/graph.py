"""OpenVINO's graph of a language model made ready for passes over blocks: attention over blocks, which tokens
are told, and the layers cut in two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LAYER = "model.layers.self_attn.add1.layer{}"
"""Name of the node that is a layer's output."""
BETWEEN = "between"
"""Name of what the layers above a cut take in."""


def cut(graph: Any, layer: int) -> tuple[Any, Any] | None:
    """The graph in two: up to a layer, telling its output for every token last; and what comes after, which
    takes that as BETWEEN and tells logits. None where nothing comes after, or there is no such layer."""
    import openvino as ov
    from openvino import opset13

    known = {node.get_friendly_name() for node in graph.get_ordered_ops()}
    if not {LAYER.format(layer), LAYER.format(layer + 1)} <= known:
        return None
    above = graph.clone()
    lower, upper = (
        next(node for node in one.get_ordered_ops() if node.get_friendly_name() == LAYER.format(layer))
        for one in (graph, above)
    )
    size = lower.get_output_partial_shape(0)[2]
    taken = opset13.parameter(ov.PartialShape([-1, 1, size]), ov.Type.f16, name=BETWEEN)
    taken.output(0).get_tensor().set_names({BETWEEN})
    upper.output(0).replace(opset13.convert(taken, upper.get_output_element_type(0)).output(0))
    told = opset13.result(opset13.convert(lower.output(0), "f16"))
    return (
        _model([*graph.get_results()[1:], told], graph.get_parameters(), "lower"),
        _model(above.get_results()[:1], [*above.get_parameters(), taken], "upper"),
    )


def _model(results: Sequence[Any], parameters: Sequence[Any], name: str) -> Any:
    """A graph of these results with those of the parameters that they need."""
    from openvino import Model

    seen: set[str] = set()
    left = list(results)
    while left:
        node = left.pop()
        if node.get_name() not in seen:
            seen.add(node.get_name())
            left += [value.get_node() for value in node.input_values()]
    return Model(list(results), [one for one in parameters if one.get_name() in seen], name)


def page(graph: Any, layers: Sequence[int]) -> int:
    """Turn attention over a state into paged attention, and ``keep`` into ``rows``: which tokens of the pass
    are told.

    Returns how many hidden states the graph tells after the logits, one for each of ``layers``; 0 when it
    has no such layers.
    """
    from openvino import Type, opset13
    from openvino._offline_transformations import paged_attention_transformation

    paged_attention_transformation(graph)
    rows = opset13.parameter([-1], Type.i64, name="rows")
    rows.output(0).get_tensor().set_names({"rows"})

    def chosen(output: Any) -> Any:
        return opset13.gather(output, rows, np.asarray(0, np.int64)).output(0)

    nodes = {node.get_friendly_name(): node for node in graph.get_ordered_ops()}
    (negative,) = (port.get_node() for port in nodes["keep"].output(0).get_target_inputs())
    (last,) = (port.get_node() for port in negative.output(0).get_target_inputs())
    if top := _top_layer(nodes):  # after its attention, a token that is not told is of no use to the others
        last.output(0).replace(last.input_value(0))
        for port in top:
            port.replace_source_output(chosen(port.get_source_output()))
    else:
        last.output(0).replace(chosen(last.input_value(0)))
    graph.remove_parameter(nodes["keep"])
    graph.add_parameters([rows])
    outputs = [nodes.get(LAYER.format(layer)) for layer in layers]
    told = [node for node in outputs if node is not None] if None not in outputs else []
    graph.add_results([opset13.result(opset13.convert(chosen(node.output(0)), "f32")) for node in told])
    graph.validate_nodes_and_infer_types()
    return len(told)


def _top_layer(nodes: Mapping[str, Any]) -> list[Any]:
    """Where the last layer's attention goes into its projection, and what is added to that; [] in other
    graphs."""
    name = "model.layers.self_attn.add0.layer"
    added = [nodes[f"{name}{layer}"] for layer in range(len(nodes)) if f"{name}{layer}" in nodes]
    ports = [added[-1].input(i) for i in (0, 1)] if added else []
    return [
        port.get_source_output().get_node().input(0)
        if port.get_source_output().get_node().get_type_name() == "MatMul"
        else port
        for port in ports
    ]
