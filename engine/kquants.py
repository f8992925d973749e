"""The matrices of a GGUF file in Q4_K and Q6_K, laid out once for our product of them
(``kernels/kquants.py``) and read from there: 1.0 GB of a model of 1.5 B where 8 bits take 1.5, and nothing
is rounded twice."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from kernels.linear import KQuants

if TYPE_CHECKING:
    from kernels.kquants import Form

_WEIGHTS, _INDEX, _FIRST = "weights.bin", "index.json", "first.npz"
_ALIGNED = 4096
_NEAR = 0.5
"""How far, of its length, the first row of a matrix may be from the same one after OpenVINO's reader, which
rounds the least of each 32 weights, and 8 bits; others are more than its length away."""


def write(gguf: Path, folder: Path) -> None:
    """Lay the file's matrices out into ``folder``: their bytes, where they lie, and the first row of each."""
    from gguf import GGUFReader, dequantize

    from kernels.code import WIDTH
    from kernels.kquants import SUPER, lay_out

    index: list[dict[str, Any]] = []
    first: dict[str, NDArray[np.float32]] = {}
    with (folder / _WEIGHTS).open("wb") as out:
        tensors = {tensor.name: tensor for tensor in GGUFReader(gguf).tensors}
        if "output.weight" in tensors:
            del tensors["token_embd.weight"]  # looked up, not multiplied with
        for tensor in tensors.values():
            form = tensor.tensor_type.name
            if form not in ("Q4_K", "Q6_K") or len(tensor.shape) != 2:
                continue
            length, rows = (int(size) for size in tensor.shape)
            if length % SUPER or rows % WIDTH:
                continue
            blocks = tensor.data.reshape(rows * length // SUPER, -1)
            first[tensor.name] = dequantize(tensor.data[:1], tensor.tensor_type).ravel()
            out.write(b"\0" * (-out.tell() % _ALIGNED))
            index.append(dict(name=tensor.name, form=form, rows=rows, length=length, at=out.tell()))
            lay_out(cast("Form", form), blocks, rows).tofile(out)
    np.savez(folder / _FIRST, **first)  # type: ignore[arg-type]
    (folder / _INDEX).write_text(json.dumps(index), "utf-8")


class Stored:
    """Tells the matrices in ``folder`` by what they became in 8 bits: by the shape and the first row."""

    def __init__(self, folder: Path) -> None:
        # Read, not mapped: in the small pages of a mapped file a pass of one token takes 1.4 times as long.
        self._bytes = np.fromfile(folder / _WEIGHTS, np.uint8)
        self._by_shape: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
        for one in json.loads((folder / _INDEX).read_text("utf-8")):
            self._by_shape[one["rows"], one["length"]].append(one)
        with np.load(folder / _FIRST) as first:
            self._first = {name: first[name] for name in first.files}

    def __call__(self, values: NDArray[np.int8], scales: NDArray[np.float32]) -> KQuants | None:
        row = values[0] * scales[0]
        for one in self._by_shape[values.shape]:
            if np.linalg.norm(self._first[one["name"]] - row) < _NEAR * np.linalg.norm(row):
                return self._matrix(one)
        return None

    def _matrix(self, one: dict[str, Any]) -> KQuants:
        from kernels.code import WIDTH
        from kernels.kquants import LAID, SUPER

        shape = (one["rows"] // WIDTH, one["length"] // SUPER, LAID[one["form"]])
        end = one["at"] + int(np.prod(shape))
        return KQuants(one["rows"], one["length"], one["form"], self._bytes[one["at"] : end].reshape(shape))
