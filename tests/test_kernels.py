"""The product of integers for processors with AVX2 alone: exact where it can be, else close to floats."""

from __future__ import annotations

import os

import gguf
import numpy as np
import pytest

from kernels import integer_products, processor

pytest.importorskip("llvmlite")
if "avx2" not in processor.flags():
    pytest.skip("no AVX2 here", allow_module_level=True)

from kernels import kquants, kquants_code
from kernels.avx2 import GROUP, LARGEST, ZERO, kernel
from kernels.code import WIDTH
from kernels.linear import KQuants, Threads, Weights, multiply


def _product(x: np.ndarray, values: np.ndarray, scales: np.ndarray, threads: int = 1) -> np.ndarray:
    out = np.full((*x.shape[:-1], len(values)), np.nan, np.float32)
    multiply(x, [Weights.pack(values, scales)], [out], Threads(threads))
    return out


@pytest.mark.parametrize("tokens", [1, 2, 5, 6, 7, 13, 24])
@pytest.mark.parametrize("threads", [1, 3])
def test_whole_numbers_are_multiplied_exactly(tokens: int, threads: int) -> None:
    rng = np.random.default_rng(tokens)
    values = rng.integers(-127, 128, (5 * WIDTH, 3 * GROUP)).astype(np.int8)
    scales = rng.uniform(0.5, 2, (len(values), 1)).astype(np.float32)
    x = rng.integers(-LARGEST, LARGEST + 1, (tokens, 3 * GROUP)).astype(np.float32)
    x[:, ::GROUP] = LARGEST  # so that a byte stands for itself in every group
    np.testing.assert_allclose(
        _product(x, values, scales, threads), x @ (values * scales).T, rtol=1e-5, atol=0.1
    )


def test_the_largest_products_do_not_overflow() -> None:
    for sign in (1, -1):
        x = np.full((6, GROUP), sign * 3.0, np.float32)
        values = np.full((WIDTH, GROUP), 127, np.int8)
        found = _product(x, values, np.ones((WIDTH, 1), np.float32))
        np.testing.assert_allclose(found, sign * 3.0 * 127 * GROUP, rtol=1e-6)


def test_activations_of_all_sizes_come_near_floats() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 9, 12 * GROUP)).astype(np.float32)
    x[..., 7] *= 20  # an outlier spoils its own group alone
    x[1, 3] = 0
    values = rng.integers(-127, 128, (2 * WIDTH, 12 * GROUP)).astype(np.int8)
    scales = np.full((len(values), 1), 0.01, np.float32)
    exact, found = x @ (values * scales).T, _product(x, values, scales)
    assert np.linalg.norm(found - exact) < 0.03 * np.linalg.norm(exact)
    assert not found[1, 3].any()


def test_a_group_of_activations_has_its_own_scale() -> None:
    x = np.concatenate([np.linspace(-1, 1, GROUP), np.linspace(-100, 100, GROUP)]).astype(np.float32)
    bytes_, scales = np.empty(2 * GROUP, np.uint8), np.empty(2, np.float32)
    kernel()["quantise"](1, 2 * GROUP, x.ctypes.data, bytes_.ctypes.data, scales.ctypes.data)
    assert scales == pytest.approx([1 / LARGEST, 100 / LARGEST])
    assert bytes_.min() == ZERO - LARGEST and bytes_.max() == ZERO + LARGEST
    assert (bytes_[:GROUP] == bytes_[GROUP:]).all()


def _superblocks(form: str, count: int) -> np.ndarray:
    """Bytes of a GGUF file's superblocks with all values of scales and weights, and a plain size."""
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 256, (count, 144 if form == "Q4_K" else 210)).astype(np.uint8)
    first = 0 if form == "Q4_K" else 208
    sizes = rng.uniform(0.001, 0.01, (count, 2 if form == "Q4_K" else 1)).astype(np.float16)
    blocks[:, first : first + 2 * sizes.shape[1]] = sizes.view(np.uint8).reshape(count, -1)
    return blocks


def _weights(form: str, blocks: np.ndarray) -> np.ndarray:
    """What a superblock holds, by llama.cpp's dequantize_row_q4_K, its least as OpenVINO reads it."""
    if form == "Q6_K":
        return gguf.dequantize(blocks, gguf.GGMLQuantizationType.Q6_K)
    rows = []
    for block in blocks.reshape(-1, 144):
        d, dmin = (float(one) for one in block[:4].view(np.float16))
        packed, values = [int(one) for one in block[4:16]], []
        for j in range(8):
            if j < 4:
                scale, least = packed[j] & 63, packed[j + 4] & 63
            else:
                scale = (packed[j + 4] & 15) | (packed[j - 4] >> 6 << 4)
                least = (packed[j + 4] >> 4) | (packed[j] >> 6 << 4)
            zero = min(15, max(0, round(dmin * least / (d * scale)))) if scale else 0
            q = block[16 + j // 2 * 32 :][:32].astype(np.int64) >> 4 * (j % 2) & 15
            values.append(d * scale * (q - zero))
        rows.append(np.concatenate(values))
    return np.concatenate(rows).reshape(len(blocks), -1)


@pytest.mark.parametrize("form", ["Q4_K", "Q6_K"])
@pytest.mark.parametrize("tokens", [1, 3, 4, 5, 11])
def test_weights_as_they_are_in_the_file(form: kquants.Form, tokens: int) -> None:
    rows, length = 3 * WIDTH, 3 * kquants.SUPER
    blocks = _superblocks(form, rows * length // kquants.SUPER)
    exact = _weights(form, blocks.reshape(rows, -1))
    laid = KQuants(rows, length, form, kquants.lay_out(form, blocks, rows))
    rng = np.random.default_rng(tokens)
    x = rng.integers(-kquants.LARGEST, kquants.LARGEST + 1, (tokens, length)).astype(np.float32)
    x[:, :: kquants.SUPER] = kquants.LARGEST  # so that a byte stands for itself
    out = np.full((tokens, rows), np.nan, np.float32)
    multiply(x, [laid], [out], Threads(2))
    np.testing.assert_allclose(out, x @ exact.T, rtol=1e-4, atol=1e-3 * np.abs(x @ exact.T).max())


@pytest.mark.parametrize("form", ["Q4_K", "Q6_K"])
@pytest.mark.parametrize("sign", [1, -1])
def test_their_largest_products_do_not_overflow(form: kquants.Form, sign: int) -> None:
    blocks = np.full((WIDTH, 144 if form == "Q4_K" else 210), 255, np.uint8)
    first = 0 if form == "Q4_K" else 208
    blocks[:, first : first + (4 if form == "Q4_K" else 2)] = np.tile(
        np.asarray([0.01, 0.002][: 2 if form == "Q4_K" else 1], np.float16).view(np.uint8), (WIDTH, 1)
    )
    if form == "Q6_K":
        blocks[:, 192:208] = 128  # a scale of -128
    exact = _weights(form, blocks.reshape(WIDTH, -1))
    x = np.full((4, kquants.SUPER), sign * 2.5, np.float32)
    out = np.empty((4, WIDTH), np.float32)
    multiply(
        x, [KQuants(WIDTH, kquants.SUPER, form, kquants.lay_out(form, blocks, WIDTH))], [out], Threads(1)
    )
    np.testing.assert_allclose(out, x @ exact.T, rtol=1e-4)


def test_activations_are_rounded_with_a_scale_for_each_superblock() -> None:
    x = np.concatenate([np.linspace(-1, 1, 256), np.linspace(-100, 100, 256)]).astype(np.float32)
    found = kquants.Activations.of(x, kquants_code.kernel())
    assert found.scales.ravel() == pytest.approx([1 / 127, 100 / 127])
    assert found.bytes.min() == -127 and found.bytes.max() == 127
    wholes = found.bytes.astype(np.int64)
    assert (found.sums.ravel() == wholes.reshape(-1, 32).sum(1)).all()
    pairs = wholes.reshape(-1, 2, 2, 2).sum((1, 3))  # of eight, those of either half of each four
    assert (found.offsets.reshape(-1, 2) == -32 * pairs).all()


def _graph(rows: int, length: int) -> tuple[object, np.ndarray]:
    from openvino import Model
    from openvino import opset13 as ops

    rng = np.random.default_rng(2)
    x = ops.parameter([-1, length], np.float32, name="x")

    def linear(rows: int) -> object:
        values = rng.integers(-127, 128, (rows, length)).astype(np.int8)
        weights = ops.multiply(
            ops.convert(ops.constant(values), "f32"), ops.constant(np.full((rows, 1), 0.01, np.float32))
        )
        return ops.matmul(x, weights, False, True)

    return Model([linear(rows), linear(2 * rows)], [x], "two"), rng.normal(size=(11, length)).astype(
        np.float32
    )


def test_a_graph_keeps_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    import openvino

    monkeypatch.setattr(processor, "path", lambda: "AVX2")
    packed: list[int] = []
    (graph, x), (other, _) = _graph(WIDTH, 2 * GROUP), _graph(WIDTH, 2 * GROUP)
    assert integer_products(other, 2, lambda: packed.append(1)) == 2 and packed == [1, 1]
    ours = [node for node in other.get_ordered_ops() if node.get_type_name() == "_Linear"]
    assert len(ours) == 1  # of one input, one call
    theirs, ours = (openvino.Core().compile_model(one, "CPU")(x) for one in (graph, other))
    for number in range(2):
        assert np.linalg.norm(ours[number] - theirs[number]) < 0.03 * np.linalg.norm(theirs[number])


@pytest.mark.parametrize(
    ("rows", "length", "path"),
    [(WIDTH + 1, GROUP, "AVX2"), (WIDTH, GROUP + 4, "AVX2"), (WIDTH, GROUP, "AVX2 with VNNI")],
)
def test_other_shapes_and_other_processors_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, rows: int, length: int, path: str
) -> None:
    monkeypatch.setattr(processor, "path", lambda: path)
    graph, _ = _graph(rows, length)
    assert integer_products(graph) == 0


@pytest.mark.skipif(processor.core() < 0 or len(processor.cores()) < 2, reason="one core, or none told")
def test_the_others_work_on_other_cores_than_the_caller() -> None:
    threads, seen = Threads(2), list[tuple[int, int]]()
    before = processor.cores()
    try:
        for core in sorted(before)[:2]:
            os.sched_setaffinity(0, {core})
            seen.clear()
            threads.run(lambda begin, _: seen.append((begin, processor.core())), 2, 10**9)
            assert dict(seen)[0] == core != dict(seen)[1]
    finally:
        os.sched_setaffinity(0, before)
