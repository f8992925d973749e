"""A GGUF file's own weights beside the converted model: laid out once, found again, and done without."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import gguf
import numpy as np
import pytest

from engine import convert, kquants
from kernels.code import WIDTH
from kernels.kquants import SUPER, lay_out

RANDOM = np.random.default_rng(4)


def _matrix(rows: int, length: int) -> np.ndarray:
    return RANDOM.normal(size=(rows, length)).astype(np.float32)


def _blocks(rows: int, length: int) -> np.ndarray:
    """A matrix in Q6_K of values of a plain size: bytes of the file, row by row."""
    blocks = RANDOM.integers(0, 256, (rows * length // SUPER, 210)).astype(np.uint8)
    blocks[:, 208:] = np.full(len(blocks), 0.001, np.float16).view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


def _file(path: Path, tensors: dict[str, np.ndarray]) -> Path:
    writer = gguf.GGUFWriter(path, "test")
    for name, blocks in tensors.items():
        if blocks.dtype == np.uint8:
            writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType.Q6_K)
        else:
            writer.add_tensor(name, blocks)
    for step in ("write_header_to_file", "write_kv_data_to_file", "write_tensors_to_file", "close"):
        getattr(writer, step)()
    return path


def _rounded(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The matrix in 8 bits, a scale a row."""
    exact = gguf.dequantize(blocks, gguf.GGMLQuantizationType.Q6_K)
    scales = np.abs(exact).max(1, keepdims=True) / 127
    return np.rint(exact / scales).astype(np.int8), scales.astype(np.float32)


def test_a_matrix_is_found_by_what_it_became(tmp_path: Path) -> None:
    held = {f"{name}.weight": _blocks(2 * WIDTH, SUPER) for name in ("one", "two", "output", "token_embd")}
    held["norm.weight"] = _matrix(1, SUPER)[0]
    kquants.write(_file(tmp_path / "m.gguf", held), tmp_path)
    names = [one["name"] for one in json.loads((tmp_path / "index.json").read_text("utf-8"))]
    assert names == ["one.weight", "two.weight", "output.weight"]  # what is only looked up is left out
    stored = kquants.Stored(tmp_path)
    for name in names:
        found = stored(*_rounded(held[name]))
        assert found is not None and (found.rows, found.length, found.form) == (2 * WIDTH, SUPER, "Q6_K")
        assert (found.laid == lay_out("Q6_K", held[name].reshape(-1, 210), 2 * WIDTH)).all()
    assert stored(*_rounded(_blocks(2 * WIDTH, SUPER))) is None  # of that shape, but another
    assert stored(*_rounded(_blocks(3 * WIDTH, SUPER))) is None


def _beside(tmp_path: Path) -> tuple[Path, Path]:
    source = _file(tmp_path / "m.gguf", {"one.weight": _blocks(WIDTH, SUPER)})
    folder = convert.derived(source, "int8")
    folder.mkdir(parents=True)
    manifest = {"version": convert.VERSION, "source": "m.gguf", "size": source.stat().st_size, "files": {}}
    (folder / convert.MANIFEST).write_text(json.dumps(manifest), "utf-8")
    return source, folder


def test_they_are_made_where_our_products_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, folder = _beside(tmp_path)
    monkeypatch.setattr("kernels.taken", lambda: False)
    assert convert.prepare(source) == folder and convert.stored(folder) is None
    assert not convert.derived(source, "kquants").exists()
    monkeypatch.setattr("kernels.taken", lambda: True)
    assert convert.stored(folder) is None
    assert convert.prepare(source) == folder and isinstance(convert.stored(folder), kquants.Stored)
    (convert.derived(source, "kquants") / "weights.bin").write_bytes(b"cut")
    assert convert.stored(folder) is None
    assert convert.stored(tmp_path) is None  # no converted model


def test_without_space_for_them_8_bits_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source, folder = _beside(tmp_path)
    monkeypatch.setattr("kernels.taken", lambda: True)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1})())
    with caplog.at_level(logging.WARNING, "wenju.engine"):
        assert convert.prepare(source) == folder
    assert "m.gguf needs" in caplog.text and convert.stored(folder) is None
