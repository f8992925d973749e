"""A product of 8-bit integers for processors with AVX2 and no VNNI, compiled by LLVM when it is first used.

Libraries multiply there in single precision, at 16 products an instruction cycle at most. ``vpmaddubsw``
multiplies 32 bytes at once but adds their products in pairs of 16 bits, which overflows with bytes of full
range. So activations are rounded to 7 bits (-63..63, stored as 1..127), group by group of GROUP, which keeps
them as exact as 8 bits with one scale for a whole row, and weights keep all their 8 bits:
127 * 127 * 2 < 2**15 (docs/log/performance.md).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from kernels.code import WIDTH, Code, Compiled, compiled, loop

GROUP = 128
"""Activations that share a scale."""
TOKENS = 6
"""Tokens of a tile: with two registers of weights its sums fill the sixteen registers that there are."""
ZERO = 64
"""Stands for 0 in a byte of activations."""
LARGEST = 63


@functools.cache
def kernel() -> Compiled:
    """``quantise(tokens, length, x, bytes, scales)``: rows of floats ``x [tokens, length]`` to ``bytes`` of
    the same shape and ``scales [tokens, length / GROUP]``.

    ``multiply(tokens, length, bytes, scales, weights, weight_scales, offsets, y, stride, begin, end)``: rows
    ``begin`` to ``end`` (in units of WIDTH) of the weights by all tokens, into the floats ``y [tokens,
    stride]``. ``weights [blocks, length / 4, WIDTH, 4]``, ``weight_scales [blocks, WIDTH]``, ``offsets
    [blocks, length / GROUP, WIDTH]``: ZERO times the sum of a group's weights.
    """
    return compiled(_module(), {"quantise": 5, "multiply": 11})


def _module() -> Any:
    """The functions as LLVM's intermediate language."""
    from llvmlite import ir

    module = ir.Module("avx2")
    tiles = [_Tile(module, tokens).function for tokens in range(1, TOKENS + 1)]
    _multiply(module, tiles)
    _quantise(module)
    return module


class _Tile(Code):
    """WIDTH rows of weights by so many tokens: sums of integers within a group, of floats over the groups."""

    def __init__(self, module: Any, tokens: int) -> None:
        names = ("length", "bytes", "scales", "weights", "weight_scales", "offsets", "y", "stride")
        super().__init__(module, f"tile{tokens}", names)
        self.function.linkage = "internal"
        b, places = self.b, [(i, j) for i in range(tokens) for j in range(WIDTH // 8)]
        zero = self.ir.Constant(self.floats, None)
        sums = {place: self.variable(self.floats, zero) for place in places}
        groups = b.sdiv(self.a["length"], self.n(GROUP))
        with loop(b, self.n(0), groups) as group:
            exact = self._group(places, group)
            for i in range(tokens):
                scale = self.load(
                    self.at(self.a["scales"], b.add(b.mul(self.n(i), groups), group), kind=self.float, size=4)
                )
                for j in range(WIDTH // 8):
                    offset = self.at(
                        self.a["offsets"],
                        b.add(b.mul(group, self.n(WIDTH)), self.n(8 * j)),
                        kind=self.floats,
                        size=4,
                    )
                    value = b.fsub(b.sitofp(b.load(exact[i, j]), self.floats), self.load(offset))
                    b.store(
                        self.call(
                            "llvm.fma.v8f32",
                            self.floats,
                            self.spread(scale, self.floats),
                            value,
                            b.load(sums[i, j]),
                        ),
                        sums[i, j],
                    )
        for i, j in places:
            scale = self.load(self.at(self.a["weight_scales"], self.n(8 * j), kind=self.floats, size=4))
            place = self.at(
                self.a["y"],
                b.add(b.mul(self.n(i), self.a["stride"]), self.n(8 * j)),
                kind=self.floats,
                size=4,
            )
            self.store(b.fmul(b.load(sums[i, j]), scale), place)
        b.ret_void()

    def _group(self, places: Sequence[tuple[int, int]], group: Any) -> dict[tuple[int, int], Any]:
        b = self.b
        ones = self.ir.Constant(self.shorts, [1] * 16)
        exact = {place: self.variable(self.ints, self.ir.Constant(self.ints, None)) for place in places}
        begin = b.mul(group, self.n(GROUP))
        with loop(b, begin, b.add(begin, self.n(GROUP)), 4) as k:
            rows = [
                self.load(
                    self.at(self.a["weights"], b.mul(k, self.n(WIDTH)), self.n(32 * j), kind=self.bytes)
                )
                for j in range(WIDTH // 8)
            ]
            for i, j in places:
                four = self.load(
                    self.at(self.a["bytes"], b.mul(self.n(i), self.a["length"]), k, kind=self.i32)
                )
                bytes_ = b.bitcast(self.spread(four, self.ints), self.bytes)
                pairs = self.call("llvm.x86.avx2.pmadd.ub.sw", self.shorts, bytes_, rows[j])
                fours = self.call("llvm.x86.avx2.pmadd.wd", self.ints, pairs, ones)
                b.store(b.add(b.load(exact[i, j]), fours), exact[i, j])
        return exact


def _multiply(module: Any, tiles: Sequence[Any]) -> None:
    names = (
        "tokens",
        "length",
        "bytes",
        "scales",
        "weights",
        "weight_scales",
        "offsets",
        "y",
        "stride",
        "begin",
        "end",
    )
    code = Code(module, "multiply", names)
    b, a = code.b, code.a
    groups = b.sdiv(a["length"], code.n(GROUP))

    def tile(function: Any, block: Any, token: Any) -> None:
        def moved(name: str, *steps: Any) -> Any:
            address = a[name]
            for step in steps:
                address = b.add(address, step)
            return address

        row = b.mul(block, code.n(4 * WIDTH))
        b.call(
            function,
            [
                a["length"],
                moved("bytes", b.mul(token, a["length"])),
                moved("scales", b.mul(b.mul(token, groups), code.n(4))),
                moved("weights", b.mul(b.mul(block, a["length"]), code.n(WIDTH))),
                moved("weight_scales", row),
                moved("offsets", b.mul(row, groups)),
                moved("y", row, b.mul(b.mul(token, a["stride"]), code.n(4))),
                a["stride"],
            ],
        )

    code.tiled(tiles, tile)


def _quantise(module: Any) -> None:
    code = Code(module, "quantise", ("tokens", "length", "x", "bytes", "scales"))
    b, a = code.b, code.a
    groups = b.sdiv(b.mul(a["tokens"], a["length"]), code.n(GROUP))
    zero = code.ir.Constant(code.float, 0.0)
    with loop(b, code.n(0), groups) as group:
        begin = b.mul(group, code.n(GROUP))
        parts = [
            code.load(code.at(a["x"], b.add(begin, code.n(8 * i)), kind=code.floats, size=4))
            for i in range(GROUP // 8)
        ]
        sizes = [code.call("llvm.fabs.v8f32", code.floats, part) for part in parts]
        while len(sizes) > 1:
            sizes = [
                code.call("llvm.maxnum.v8f32", code.floats, *pair)
                for pair in zip(sizes[::2], sizes[1::2], strict=True)
            ]
        most = code.call("llvm.vector.reduce.fmax.v8f32", code.float, sizes[0])
        code.store(
            b.fdiv(most, code.ir.Constant(code.float, float(LARGEST))),
            code.at(a["scales"], group, kind=code.float, size=4),
        )
        turned = b.select(
            b.fcmp_ordered(">", most, zero), b.fdiv(code.ir.Constant(code.float, float(LARGEST)), most), zero
        )
        factor = code.spread(turned, code.floats)
        for i, part in enumerate(parts):
            whole = b.fptosi(code.call("llvm.rint.v8f32", code.floats, b.fmul(part, factor)), code.ints)
            byte = b.trunc(
                b.add(whole, code.ir.Constant(code.ints, [ZERO] * 8)), code.ir.VectorType(code.i8, 8)
            )
            code.store(byte, code.at(a["bytes"], b.add(begin, code.n(8 * i)), kind=byte.type))
    b.ret_void()
