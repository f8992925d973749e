"""Linear layers of an OpenVINO graph computed by our products of integers (``avx2.py``, ``kquants.py``),
where the processor has no instructions for what OpenVINO would do.

OpenVINO runs all else of the graph, and calls these layers back through its operations in Python, which costs
some 70 microseconds a call; layers over the same input are one call.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import Dimension, Model, Op, PartialShape, Type

from kernels import avx2, kquants, kquants_code, processor
from kernels.avx2 import GROUP, ZERO
from kernels.code import WIDTH, Compiled

_SHARE = 10_000_000
"""Products below which a call is not worth a second thread."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A matrix ``[rows, length]`` of 8 bits with a scale a row, as ``avx2.py`` wants it."""

    rows: int
    length: int
    packed: NDArray[np.int32]
    scales: NDArray[np.float32]
    offsets: NDArray[np.float32]

    @classmethod
    def pack(cls, values: NDArray[np.int8], scales: NDArray[np.float32]) -> Weights:
        """Lay the matrix out anew (its memory once more)."""
        rows, length = values.shape
        fours = values.view(np.int32).reshape(rows // WIDTH, WIDTH, length // 4)
        sums = values.reshape(rows, length // GROUP, GROUP).sum(2, dtype=np.int32)
        offsets = (ZERO * sums.astype(np.float32)).reshape(rows // WIDTH, WIDTH, -1).transpose(0, 2, 1)
        return cls(
            rows,
            length,
            np.ascontiguousarray(fours.transpose(0, 2, 1)),
            np.ascontiguousarray(scales.ravel(), np.float32),
            np.ascontiguousarray(offsets),
        )


@dataclass(frozen=True, slots=True)
class KQuants:
    """A matrix ``[rows, length]`` in Q4_K or Q6_K, laid out by :func:`kernels.kquants.lay_out`."""

    rows: int
    length: int
    form: kquants.Form
    laid: NDArray[np.uint8]


Matrix = Weights | KQuants
Stored = Callable[[NDArray[np.int8], NDArray[np.float32]], "KQuants | None"]
"""By the values ``[rows, length]`` and scales ``[rows, 1]`` of a matrix of 8 bits, the same matrix in the
form from which these were made."""


class Threads:
    """Splits the rows of a product between the caller and ``count`` - 1 others, which keep off its core: the
    system would wake them on it as often as not, and both would then take turns."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._others = ThreadPoolExecutor(count - 1, "wenju-linear") if count > 1 else None
        self._cores = processor.cores()
        self._kept = threading.local()
        # They begin now, where all cores are theirs: OpenVINO binds whoever calls it to one.
        for _ in range(count - 1):
            self._others.submit(time.sleep, 0.01) if self._others else None

    def run(self, work: Callable[[int, int], None], blocks: int, products: int) -> None:
        """``work(begin, end)`` for parts of ``blocks``."""
        if self._others is None or products < _SHARE:
            work(0, blocks)
            return
        cuts = [blocks * i // self._count for i in range(self._count + 1)]
        core = processor.core()
        parts: list[Future[None]] = [
            self._others.submit(self._off, core, work, *cut) for cut in zip(cuts[1:-1], cuts[2:], strict=True)
        ]
        work(cuts[0], cuts[1])
        for part in parts:
            part.result()

    def _off(self, core: int, work: Callable[[int, int], None], begin: int, end: int) -> None:
        """The work on any core but this one."""
        if getattr(self._kept, "off", -1) != core and (rest := self._cores - {core}) and core >= 0:
            with contextlib.suppress(OSError):  # the cores of the process may have changed: any will do
                os.sched_setaffinity(0, rest)
            self._kept.off = core
        work(begin, end)


class _Linear(Op):  # type: ignore[misc]
    """``x [..., length]`` -> ``x @ weights.T`` for each of the weights."""

    def __init__(self, x: Any, weights: Sequence[Matrix], threads: Threads) -> None:
        super().__init__(self)
        self._weights, self._threads = weights, threads
        self.set_arguments([x])
        self.constructor_validate_and_infer_types()

    def validate_and_infer_types(self) -> None:
        *outer, _ = self.get_input_partial_shape(0)
        for number, one in enumerate(self._weights):
            self.set_output_type(number, Type.f32, PartialShape([*outer, Dimension(one.rows)]))

    def clone_with_new_inputs(self, inputs: Sequence[Any]) -> _Linear:
        return _Linear(inputs[0], self._weights, self._threads)

    def has_evaluate(self) -> bool:
        return True

    def evaluate(self, outputs: Sequence[Any], inputs: Sequence[Any]) -> bool:
        x = inputs[0].data
        for output, one in zip(outputs, self._weights, strict=True):
            output.shape = [*x.shape[:-1], one.rows]
        multiply(x, self._weights, [output.data for output in outputs], self._threads)
        return True


def multiply(
    x: NDArray[np.float32], weights: Sequence[Matrix], out: Sequence[NDArray[np.float32]], threads: Threads
) -> None:
    """Put ``x @ one.T`` for each of the weights, all of one length and kind, into ``out`` (contiguous)."""
    length = x.shape[-1]
    tokens = x.size // length
    bytes_ = isinstance(weights[0], Weights)
    by = avx2.kernel() if bytes_ else kquants_code.kernel()
    # kept by name until all is multiplied: only addresses are handed on
    rounded = _bytes(x, tokens, length, by) if bytes_ else kquants.Activations.of(x, by).arrays
    calls = []
    for one, y in zip(weights, out, strict=True):
        if isinstance(one, Weights):
            laid: tuple[NDArray[Any], ...] = (one.packed, one.scales, one.offsets)
        else:
            laid = (one.laid,)
        product = by["multiply" if isinstance(one, Weights) else one.form]
        places = (array.ctypes.data for array in (*rounded, *laid, y))
        calls.append((product, (tokens, length, *places, one.rows), one.rows // WIDTH))

    def part(begin: int, end: int) -> None:
        for product, arguments, blocks in calls:
            if begin < blocks and end > 0:
                product(*arguments, max(begin, 0), min(end, blocks))
            begin, end = begin - blocks, end - blocks

    blocks = sum(blocks for *_, blocks in calls)
    threads.run(part, blocks, tokens * length * blocks * WIDTH)


def _bytes(
    x: NDArray[np.float32], tokens: int, length: int, by: Compiled
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Activations as ``avx2.py`` wants them, and their scales."""
    bytes_ = np.empty((tokens, length), np.uint8)
    scales = np.empty((tokens, length // GROUP), np.float32)
    by["quantise"](tokens, length, *(array.ctypes.data for array in (x, bytes_, scales)))
    return bytes_, scales


def replace_linear(
    graph: Model, threads: int, packed: Callable[[], object], stored: Stored | None = None
) -> int:
    """Put ours in the place of the graph's products with matrices of 8 bits; how many they were.

    Args:
        threads: 0: all cores.  packed: called after each matrix that was laid out anew.
        stored: tells the matrices that are there in a form of fewer bits, which is taken then.
    """
    shared = Threads(threads or len(processor.cores()))
    found: dict[tuple[Any, ...], list[tuple[Any, Matrix]]] = defaultdict(list)
    count = 0
    for node in graph.get_ordered_ops():
        if parts := _matrix(node):
            values, scales = parts[0].data, parts[1].data.astype(np.float32).reshape(-1, 1)
            one: Matrix | None = stored(values, scales) if stored else None
            if one is None:
                one = Weights.pack(values, scales)
                packed()
            source = node.input_value(0)
            found[source.get_node().get_friendly_name(), source.get_index(), type(one)].append((node, one))
            count += 1
    for group in found.values():
        ours = _Linear(group[0][0].input_value(0), [one for _, one in group], shared)
        ours.set_friendly_name(f"{group[0][0].get_friendly_name()}.integer")
        for number, (node, _) in enumerate(group):
            node.output(0).replace(ours.output(number))
    return count


def _matrix(node: Any) -> tuple[Any, Any] | None:
    """The constants of a product ``x @ (values * scales).T`` that the kernel can make; None for others."""
    if node.get_type_name() != "MatMul" or not node.get_attributes()["transpose_b"]:
        return None
    weights = _behind(node.input_value(1).get_node(), "Convert")
    if weights.get_type_name() != "Multiply":
        return None
    values = _behind(weights.input_value(0).get_node(), "Convert")
    scales = _behind(weights.input_value(1).get_node(), "Convert")
    if values.get_type_name() != "Constant" or scales.get_type_name() != "Constant":
        return None
    rows, length = values.get_output_shape(0)
    fits = rows % WIDTH == 0 and length % GROUP == 0 and values.get_element_type() == Type.i8
    return (
        (values, scales)
        if fits and scales.get_output_size() and np.prod(scales.get_output_shape(0)) == rows
        else None
    )


def _behind(node: Any, kind: str) -> Any:
    return node.input_value(0).get_node() if node.get_type_name() == kind else node
