"""A model file in the form of ``models.e5``, made on the spot: one layer, random weights, a vocabulary of a
few pieces."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

SIZE, INNER, HEADS, POSITIONS = 64, 128, 2, 512
PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "query",
    "passage",
    ":",
    "天",
    "津",
    "市",
    "机",
    "关",
    "天津",
    "2025",
    "<mask>",
]
REPLACED = {"\x01": "", "\u2028": " ", "ａ": "a"}


def four_bits(random: np.random.Generator, rows: int, columns: int, scale: float) -> tuple[bytes, np.ndarray]:
    """A packed matrix and the weights that it stands for, float32 [rows, columns]."""
    values = random.integers(0, 16, (rows, columns // 32, 32), np.uint8)
    scales = (scale * random.uniform(0.5, 1.5, (rows, columns // 32))).astype("<f2")
    packed = values[:, :, :16] | (values[:, :, 16:] << 4)
    groups = np.concatenate([scales[:, :, None].view(np.uint8), packed], axis=2)
    weights = (values.astype(np.float32) - 8) * scales.astype(np.float32)[:, :, None]
    return groups.tobytes(), weights.reshape(rows, columns)


def write(path: Path) -> dict[str, np.ndarray]:
    """Write the file; returns its tensors as float32, by their names in it."""
    random = np.random.default_rng(5)
    tensors: dict[str, tuple[int, int, bytes]] = {}
    made: dict[str, np.ndarray] = {}

    def matrix(name: str, rows: int, columns: int, scale: float) -> None:
        data, made[name] = four_bits(random, rows, columns, scale)
        tensors[name] = (1, rows * columns, data)

    def vector(name: str, array: np.ndarray) -> None:
        made[name] = array.astype("<f4")
        tensors[name] = (0, array.size, made[name].tobytes())

    matrix("emb.word", len(PIECES), SIZE, 0.1)
    vector("emb.pos", 0.1 * random.normal(size=POSITIONS * SIZE))
    vector("emb.type", 0.1 * random.normal(size=2 * SIZE))
    for name in ("emb.ln", "l0.aln", "l0.oln"):
        vector(f"{name}.w", random.uniform(0.5, 1.5, SIZE))
        vector(f"{name}.b", 0.1 * random.normal(size=SIZE))
    for name in ("q", "k", "v", "ao", "fi", "fo"):
        rows, columns = {"fi": (INNER, SIZE), "fo": (SIZE, INNER)}.get(name, (SIZE, SIZE))
        matrix(f"l0.{name}.w", rows, columns, 0.03)
        vector(f"l0.{name}.b", 0.1 * random.normal(size=rows))
    path.write_bytes(_head() + _body(tensors, len(_head())))
    return made


def _head() -> bytes:
    text = [piece.encode() for piece in PIECES]
    joined = b"".join(text)
    offsets = np.cumsum([0, *map(len, text)]).astype("<u4")
    scores = np.linspace(-1, -9, len(PIECES)).astype("<f4")
    sizes = (1, SIZE, 1, HEADS, INNER, len(PIECES), POSITIONS, 0)
    head = struct.pack("<4s8If8I", b"E5S1", *sizes, 1e-12, 32, len(PIECES), 0, 0, 0, 0, len(joined), 0)
    head += offsets.tobytes() + scores.tobytes() + joined + struct.pack("<II", len(REPLACED), 0)
    for old, new in REPLACED.items():
        head += struct.pack(f"<IB{len(new)}I", ord(old), len(new), *map(ord, new))
    return head


def _body(tensors: dict[str, tuple[int, int, bytes]], before: int) -> bytes:
    at = before + 4 + sum(2 + len(name) + 21 for name in tensors)
    table, data = struct.pack("<I", len(tensors)), b""
    for name, (kind, count, content) in tensors.items():
        table += (
            struct.pack("<H", len(name))
            + name.encode()
            + struct.pack("<BIQQ", kind, count, at + len(data), len(content))
        )
        data += content
    return table + data
