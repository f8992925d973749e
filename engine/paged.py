"""The default engine's model: OpenVINO's graph with its keys and values in blocks (see ``passes.py``).

The graph's attention over a state is turned into paged attention when it is loaded. Not thread-safe; knows
nothing of requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.adapter import adapt
from engine.convert import stored
from engine.graph import BETWEEN, cut, page
from engine.passes import BLOCK, STATE_LAYERS, Floats, Part, Sizes, Taken
from engine.rows import Rows
from kernels import integer_products
from models.memory import release_mapped, releasing

SIZES = Sizes(read_alone=192, read_beside=160, rows=16)
RELEASE = 32
"""Tokens looked up after which the mapped table of words is let go of: each row brings a dozen pages of it,
in the end all 230 MB."""


class PagedModel:
    """The model in ``folder`` compiled for this CPU, with room for ``blocks`` blocks of keys and values.

    Where the model tells hidden states it is compiled in two: the layers up to the last that is told, and
    those above with the vocabulary. What is only read for its states (``Part.deep`` None) does not pass the
    upper ones. What the lower ones gave for every token is kept beside the keys and values, so that the upper
    ones can follow when something is written after it.

    Args:
        folder: holds ``model.xml`` as ``convert`` leaves it.
        blocks: memory is taken as they are used (1 MB each for a model of 1.5 B).
        threads: CPU threads; 0: all cores.
        options: further CPU plugin properties.
        adapted: the adapter was trained for this model.
    """

    def __init__(
        self,
        folder: Path,
        blocks: int,
        threads: int = 0,
        options: dict[str, Any] | None = None,
        adapted: bool = False,
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
        self._states = page(graph, STATE_LAYERS)
        if adapted and not (self._states and adapt(graph)):
            raise ValueError("the adapter was trained for another model of this name")
        parts = cut(graph, max(STATE_LAYERS)) if self._states else None
        kept = stored(folder)
        replaced = [
            integer_products(part, threads, lambda: release_mapped(folder), kept)
            for part in parts or (graph,)
        ]
        self._any_number = all(replaced)
        """OpenVINO keeps some 3 MB for each number of tokens that it has multiplied for; ours nothing."""
        # one block more than there are, for tokens of no sequence
        self._lower, *upper = (Compiled(core, part, blocks + 1, config) for part in parts or (graph,))
        self._upper = upper[0] if upper else None
        size = self._lower.width if self._upper else 0
        between = Rows((blocks + 1, BLOCK, size), np.float16)
        self._between = between.array
        """What the upper layers go on from, for every token."""
        self._rows = [between, *self._lower.rows, *(self._upper.rows if self._upper else ())]
        self.kept_bytes = self._lower.block_bytes + self._between[0].nbytes
        self.block_bytes = self.kept_bytes + (self._upper.block_bytes if self._upper else 0)
        self.form = f"{half}, {self._lower.form}, {size} between" + (", k-quants" if kept else "")

    def warm(self) -> None:
        """Run once, which makes the plugin pack the weights; the unpacked ones are let go of while that
        lasts."""
        with releasing(self._folder):
            self.forward([Part([0, 0, 0], 0, [0], 1, deep=0)])
            self.forward([Part([0], 3, [0], 1, deep=3)])

    def forward(self, parts: Sequence[Part]) -> list[Taken]:
        ids = np.concatenate([np.asarray(part.ids, np.int64) for part in parts])
        spans = [Span(part.past, part.past + len(part.ids), part.table, part.rows) for part in parts]
        out = self._run(self._lower, spans, ids)
        self._looked_up += len(ids)
        if self._looked_up >= RELEASE:
            release_mapped(self._folder)
            self._looked_up = 0
        each = [span.rows for span in spans]
        if self._upper is None:
            logits, *states = (_split(found, each) for found in out)
        else:
            *told, between = out
            states = [_split(found, each) for found in told]
            logits = self._logits(self._upper, parts, spans, between[:, 0])
        return [Taken(first, tuple(rest)) for first, *rest in zip(logits, *states, strict=True)]

    def _run(self, part: Compiled, spans: Sequence[Span], taken: NDArray[Any]) -> list[NDArray[Any]]:
        """One pass of a part, with tokens of no sequence up to the next number of tokens that it is given."""
        more = 0 if self._any_number else filled(len(taken)) - len(taken)
        if more:
            spans = [*spans, Span(0, more, [self.blocks], [])]
            taken = np.concatenate([taken, np.zeros((more, *taken.shape[1:]), taken.dtype)])
        return part.run(spans, taken)

    def _logits(
        self, upper: Compiled, parts: Sequence[Part], spans: Sequence[Span], between: Floats
    ) -> list[Floats]:
        """Keep what the lower layers gave, and the logits of the parts that want some; of others nothing."""
        at, going, taken = 0, [], []
        for part, span in zip(parts, spans, strict=True):
            self._between[span.places] = between[at : at + span.tokens]
            at += span.tokens
            if part.deep is not None:
                # what was read for its states alone has to be followed up to here
                rows = [row + part.past - part.deep for row in span.rows]
                going.append(Span(part.deep, span.end, span.table, rows))
                taken.append(self._between[going[-1].places])
        told = self._run(upper, going, np.concatenate(taken))[0] if going else np.empty((0, 1, 0), np.float32)
        found = iter(_split(told, [span.rows for span in going]))
        return [
            np.empty((len(part.rows), 0), np.float32) if part.deep is None else next(found) for part in parts
        ]

    def between(self, table: Sequence[int], begin: int, end: int) -> NDArray[np.float16] | None:
        return self._between[Span(begin, end, table, ()).places] if self._upper else None

    def copy(self, source: int, target: int) -> None:
        for tensor in self._tensors():
            tensor[target] = tensor[source]

    def give_back(self, blocks: Sequence[int]) -> None:
        for rows in self._rows:
            rows.give_back(blocks)

    def dump(self, block: int, deep: bool) -> bytes:
        """What the block holds, of all layers or of the lower ones, as :meth:`fill` takes it."""
        return b"".join(tensor[block].tobytes() for tensor in self._tensors(upper=deep))

    def fill(self, block: int, held: memoryview) -> bool:
        """Make the block hold what was dumped; whether that was of all layers."""
        at, deep = 0, bool(len(held) == self.block_bytes)
        for tensor in self._tensors(upper=deep):
            place = tensor[block]
            end = at + place.nbytes
            place[...] = np.frombuffer(held[at:end], place.dtype).reshape(place.shape)
            at = end
        return deep

    def _tensors(self, upper: bool = True) -> Iterator[NDArray[Any]]:
        yield from (tensor.data for tensor in self._lower.cache)
        yield self._between
        if upper and self._upper:
            yield from (tensor.data for tensor in self._upper.cache)


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``begin`` to ``end`` of the sequence in ``table``, which are taken in; told after ``rows`` of
    them."""

    begin: int
    end: int
    table: Sequence[int]
    rows: Sequence[int]

    @property
    def tokens(self) -> int:
        return self.end - self.begin

    @property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The block and the place in it of each token."""
        at = np.arange(self.begin, self.end)
        return np.asarray(self.table, np.int64)[at // BLOCK], at % BLOCK


class Compiled:
    """A graph with paged attention, compiled, with its blocks."""

    def __init__(self, core: Any, graph: Any, blocks: int, config: dict[str, Any]) -> None:
        import openvino as ov

        compiled = core.compile_model(graph, "CPU", config)
        self._request = compiled.create_infer_request()
        self._outputs = len(compiled.outputs)
        self._takes = {port.any_name for port in compiled.inputs}
        self.cache: list[Any] = []
        self.rows: list[Rows] = []
        """Where the tensors of the cache lie."""
        for port in compiled.inputs:
            if "cache" in port.any_name:
                shape = [blocks, *(size.get_length() for size in list(port.partial_shape)[1:])]
                self.rows.append(Rows(shape, f"u{port.element_type.size}"))
                tensor = ov.Tensor(self.rows[-1].array, ov.Shape(shape), port.element_type)
                self._request.set_tensor(port.any_name, tensor)
                self.cache.append(tensor)
        self.block_bytes = sum(tensor.byte_size for tensor in self.cache) // blocks
        self.form = f"{len(self.cache)} x {self.cache[0].shape[1:] if self.cache else ()}"
        *_, last = compiled.outputs[-1].partial_shape
        self.width = last.get_length() if last.is_static else 0

    def run(self, spans: Sequence[Span], taken: NDArray[Any]) -> list[NDArray[Any]]:
        """The outputs for all tokens of the spans one after the other, valid until the next run.

        Args:
            taken: their ids [tokens], or what the layers below gave [tokens, size].
        """
        lengths = [span.tokens for span in spans]
        begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        rows = [begin + np.asarray(s.rows, int) for s, begin in zip(spans, begins[:-1], strict=True)]
        wanted = np.concatenate(rows).astype(np.int64)
        tables = [np.asarray(span.table[: -(-span.end // BLOCK)], np.int32) for span in spans]
        given = {
            BETWEEN: taken[:, None] if taken.ndim > 1 else taken,
            "input_ids": taken if taken.ndim == 1 else np.zeros(len(taken), np.int64),
            "position_ids": np.concatenate([np.arange(s.begin, s.end, dtype=np.int64) for s in spans]),
            "rows": wanted if wanted.size else np.zeros(1, np.int64),
            "max_context_len": np.asarray(max(span.end for span in spans), np.int32),
            "past_lens": np.asarray([span.begin for span in spans], np.int32),
            "subsequence_begins": begins,
            "block_indices_begins": np.cumsum([0, *map(len, tables)]).astype(np.int32),
            "block_indices": np.concatenate(tables),
        }
        known = {name: value for name, value in given.items() if name in self._takes}
        self._request.infer(known, share_inputs=True)
        return [self._request.get_output_tensor(i).data for i in range(self._outputs)]


def filled(tokens: int) -> int:
    """The least number of tokens that a pass is given for so many: all up to 8, then multiples of 4, above 64
    of 8."""
    step = 1 if tokens <= 8 else 4 if tokens <= 64 else 8
    return -(-tokens // step) * step


def _split(found: NDArray[Any], rows: Sequence[Sequence[int]]) -> list[Floats]:
    """Rows [all, 1, size] of several sequences, a piece for each."""
    count = sum(map(len, rows))
    return np.split(found[:count, 0], np.cumsum([len(one) for one in rows])[:-1])
