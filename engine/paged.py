"""The default engine's model: OpenVINO's graph with its keys and values in blocks (see ``passes.py``).

The graph's attention over a state is turned into paged attention when it is loaded. Not thread-safe; knows
nothing of requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.passes import BLOCK, STATE_LAYERS, Part, Sizes, Taken
from kernels import integer_products
from models.memory import release_mapped, releasing

SIZES = Sizes(read_alone=192, read_beside=160, rows=16)
RELEASE = 32
"""Tokens looked up after which the mapped table of words is let go of: each row brings a dozen pages of it,
in the end all 230 MB."""


class PagedModel:
    """The model in ``folder`` compiled for this CPU, with room for ``blocks`` blocks of keys and values.

    Args:
        folder: holds ``model.xml`` as ``convert`` leaves it.
        blocks: memory is taken as they are used (0.9 MB each for a model of 1.5 B).
        threads: CPU threads; 0: all cores.
        options: further CPU plugin properties.
    """

    def __init__(
        self, folder: Path, blocks: int, threads: int = 0, options: dict[str, Any] | None = None
    ) -> None:
        import openvino as ov

        core = ov.Core()
        # 16-bit keys and values: with the default 8 bits a kept prefix gives other logits than a fresh one
        # (by up to 1.0 instead of 0.1), and speed is the same. Group 512: integer matrix products over long
        # runs.
        half = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f16"
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "KV_CACHE_PRECISION": half,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "512",
            **(options or {}),
        }
        if threads:
            config["INFERENCE_NUM_THREADS"] = str(threads)
        self.blocks = blocks
        self.sizes = SIZES
        self._folder = folder
        self._looked_up = 0
        graph = core.read_model(str(folder / "model.xml"))
        self._states = page(graph)
        integer_products(graph, threads, lambda: release_mapped(folder))
        self._compiled = core.compile_model(graph, "CPU", config)
        self._request = self._compiled.create_infer_request()
        self._cache: list[Any] = []
        for port in self._compiled.inputs:
            if "cache" in port.any_name:
                shape = [blocks, *(size.get_length() for size in list(port.partial_shape)[1:])]
                tensor = ov.Tensor(port.element_type, ov.Shape(shape))
                self._request.set_tensor(port.any_name, tensor)
                self._cache.append(tensor)
        self.block_bytes = sum(tensor.byte_size for tensor in self._cache) // blocks
        self.form = f"{half}, {len(self._cache)} x {self._cache[0].shape[1:] if self._cache else ()}"

    def warm(self) -> None:
        """Run once, which makes the plugin pack the weights; the unpacked ones are let go of while that
        lasts."""
        with releasing(self._folder):
            self.forward([Part([0, 0, 0], 0, [0], 1)])
            self.forward([Part([0], 3, [0], 1)])

    def forward(self, parts: Sequence[Part]) -> list[Taken]:
        lengths = [len(part.ids) for part in parts]
        begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        rows = [begin + np.asarray(part.rows, int) for part, begin in zip(parts, begins[:-1], strict=True)]
        wanted = np.concatenate(rows).astype(np.int64)
        tables = [part.table[: -(-(part.past + n) // BLOCK)] for part, n in zip(parts, lengths, strict=True)]
        self._request.infer(
            {
                "input_ids": np.concatenate([np.asarray(part.ids, np.int64) for part in parts]),
                "position_ids": np.concatenate(
                    [
                        np.arange(part.past, part.past + n, dtype=np.int64)
                        for part, n in zip(parts, lengths, strict=True)
                    ]
                ),
                "rows": wanted if wanted.size else np.zeros(1, np.int64),
                "max_context_len": np.asarray(
                    max(p.past + n for p, n in zip(parts, lengths, strict=True)), np.int32
                ),
                "past_lens": np.asarray([part.past for part in parts], np.int32),
                "subsequence_begins": begins,
                "block_indices_begins": np.cumsum([0, *map(len, tables)]).astype(np.int32),
                "block_indices": np.concatenate([np.asarray(table, np.int32) for table in tables]),
            },
            share_inputs=True,
        )
        self._looked_up += sum(lengths)
        if self._looked_up >= RELEASE:
            release_mapped(self._folder)
            self._looked_up = 0
        logits, *states = (self._request.get_output_tensor(i).data[:, 0] for i in range(1 + self._states))
        cuts = np.cumsum([len(row) for row in rows])[:-1]
        each = zip(
            np.split(logits[: wanted.size], cuts),
            *(np.split(s[: wanted.size], cuts) for s in states),
            strict=True,
        )
        return [Taken(first, tuple(rest)) for first, *rest in each]

    def copy(self, source: int, target: int) -> None:
        for tensor in self._cache:
            tensor.data[target] = tensor.data[source]

    def dump(self, block: int) -> bytes:
        """What the block holds, as :meth:`fill` takes it."""
        return b"".join(tensor.data[block].tobytes() for tensor in self._cache)

    def fill(self, block: int, held: memoryview) -> None:
        """Make the block hold what was dumped."""
        at = 0
        for tensor in self._cache:
            place = tensor.data[block]
            end = at + place.nbytes
            place[...] = np.frombuffer(held[at:end], place.dtype).reshape(place.shape)
            at = end


def page(graph: Any) -> int:
    """Turn attention over a state into paged attention, and ``keep`` into ``rows``: which tokens of the pass
    are told.

    Returns how many hidden states the graph tells after the logits, one for each of STATE_LAYERS; 0 when it
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
    layers = [nodes.get(f"model.layers.self_attn.add1.layer{layer}") for layer in STATE_LAYERS]
    told = [node for node in layers if node is not None] if None not in layers else []
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
