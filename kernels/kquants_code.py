"""The code of the products with matrices in Q4_K and Q6_K (``kquants.py``), and of the rounding of
activations."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from kernels.code import WIDTH, Code, Compiled, compiled, loop
from kernels.kquants import LAID, LARGEST, SUPER, Form

TOKENS = 4
"""Tokens of a tile: its pairs take eight of the sixteen registers that there are."""


@functools.cache
def kernel() -> Compiled:
    """``quantise(tokens, length, x, bytes, scales, sums, offsets)`` and, for each form,
    ``Q4_K(tokens, length, bytes, scales, sums, offsets, weights, y, stride, begin, end)``: rows ``begin`` to
    ``end`` (in units of WIDTH) of the weights by all tokens, into the floats ``y [tokens, stride]``. What
    the arguments hold: :class:`kernels.kquants.Activations`, :func:`kernels.kquants.lay_out`.
    """
    from llvmlite import ir

    module = ir.Module("kquants")
    for form in LAID:
        tiles = [_Tile(module, form, tokens).function for tokens in range(1, TOKENS + 1)]
        _multiply(module, form, tiles)
    _quantise(module)
    return compiled(module, {"quantise": 7, "Q4_K": 11, "Q6_K": 11})


class _Tile(Code):
    """WIDTH rows of weights by so many tokens: whole numbers within a superblock, floats over them."""

    def __init__(self, module: Any, form: Form, tokens: int) -> None:
        names = ("length", "bytes", "scales", "sums", "offsets", "weights", "y", "stride")
        super().__init__(module, f"{form}_tile{tokens}", names)
        self.function.linkage = "internal"
        self._places = [(i, j) for i in range(tokens) for j in range(WIDTH // 8)]
        b = self.b
        sums = {place: self.variable(self.floats, self.zero(self.floats)) for place in self._places}
        supers = b.sdiv(self.a["length"], self.n(SUPER))
        with loop(b, self.n(0), supers) as block:
            weights = b.add(self.a["weights"], b.mul(block, self.n(LAID[form])))
            found = (self._q4 if form == "Q4_K" else self._q6)(block, weights)
            for i, j in self._places:
                at = b.add(b.mul(self.n(i), supers), block)
                scale = self.load(self.at(self.a["scales"], at, kind=self.float, size=4))
                total = (self.spread(scale, self.floats), found[i, j], b.load(sums[i, j]))
                b.store(self.call("llvm.fma.v8f32", self.floats, *total), sums[i, j])
        for i, j in self._places:
            at = b.add(b.mul(self.n(i), self.a["stride"]), self.n(8 * j))
            self.store(b.load(sums[i, j]), self.at(self.a["y"], at, kind=self.floats, size=4))
        b.ret_void()

    def zero(self, kind: Any) -> Any:
        return self.ir.Constant(kind, None)

    def _activations(self, name: str, i: int, at: Any, *, each: int) -> Any:
        """32 bits of an array that has four bytes for each ``each`` activations, all over a register."""
        row = self.b.mul(self.n(i), self.b.sdiv(self.a["length"], self.n(each)))
        four = self.load(self.at(self.a[name], self.b.add(row, at), kind=self.i32, size=4))
        return self.spread(four, self.ints)

    def _scale(self, address: Any, signed: bool) -> Any:
        """Eight rows' scales of a byte, each for both halves of 32 bits."""
        eight = self.load(self.at(address, kind=self.ir.VectorType(self.i8, 8)))
        wide = (self.b.sext if signed else self.b.zext)(eight, self.ints)
        low = self.b.and_(wide, self.ir.Constant(self.ints, [0xFFFF] * 8))
        high = self.b.shl(wide, self.ir.Constant(self.ints, [16] * 8))
        return self.b.bitcast(self.b.or_(low, high), self.shorts)

    def _four(self, weights: Any) -> list[Any]:
        """The 4 bits that two rows have in each byte: as bytes of the lower and of the upper rows."""
        both, mask = self.load(self.at(weights, kind=self.bytes)), self.ir.Constant(self.bytes, [15] * 32)
        return [self.b.and_(both, mask), self.b.and_(self._down(both, 4), mask)]

    def _down(self, bytes_: Any, bits: int) -> Any:
        """Shifted right, 16 bits at a time: what comes in from the neighbour has to be masked."""
        if not bits:
            return bytes_
        shorts = self.b.bitcast(bytes_, self.shorts)
        return self.b.bitcast(self.b.lshr(shorts, self.ir.Constant(self.shorts, [bits] * 16)), self.bytes)

    def _multiply(self, rows: Sequence[Any], at: Any, pairs: dict[tuple[int, int], Any]) -> None:
        """Add the products of weights with four activations of each token to the pairs."""
        for i, j in self._places:
            bytes_ = self.b.bitcast(self._activations("bytes", i, at, each=4), self.bytes)
            products = self.call("llvm.x86.avx2.pmadd.ub.sw", self.shorts, rows[j], bytes_)
            self.b.store(self.b.add(self.b.load(pairs[i, j]), products), pairs[i, j])

    def _add(self, sums: dict[tuple[int, int], Any], place: tuple[int, int], pairs: Any, by: Any) -> None:
        fours = self.call("llvm.x86.avx2.pmadd.wd", self.ints, pairs, by)
        self.b.store(self.b.add(self.b.load(sums[place]), fours), sums[place])

    def _variables(self, kind: Any) -> dict[tuple[int, int], Any]:
        return {place: self.variable(kind, self.zero(kind)) for place in self._places}

    def _q4(self, block: Any, weights: Any) -> dict[tuple[int, int], Any]:
        b, n = self.b, self.n
        exact, off = self._variables(self.ints), self._variables(self.ints)
        with loop(b, n(0), n(8)) as group:
            pairs = self._variables(self.shorts)
            for k in range(8):
                step = b.add(b.mul(group, n(8)), n(k))
                rows = self._four(b.add(weights, b.add(n(64 + 128 + 256), b.mul(step, n(32)))))
                self._multiply(rows, b.add(b.mul(block, n(64)), step), pairs)
            at = b.add(weights, b.add(n(64), b.mul(group, n(WIDTH))))
            scales = [self._scale(b.add(at, n(8 * j)), signed=False) for j in range(WIDTH // 8)]
            for i, j in self._places:
                self._add(exact, (i, j), b.load(pairs[i, j]), scales[j])
        with loop(b, n(0), n(4)) as two:
            at = b.add(weights, b.add(n(64 + 128), b.mul(two, n(4 * WIDTH))))
            zeros = [self.load(self.at(at, n(32 * j), kind=self.shorts)) for j in range(WIDTH // 8)]
            for i, j in self._places:
                sums = self._activations("sums", i, b.add(b.mul(block, n(4)), two), each=64)
                self._add(off, (i, j), b.bitcast(sums, self.shorts), zeros[j])
        return {
            (i, j): b.fmul(
                b.sitofp(b.sub(b.load(exact[i, j]), b.load(off[i, j])), self.floats),
                self._floats(weights, 8 * j),
            )
            for i, j in self._places
        }

    def _q6(self, block: Any, weights: Any) -> dict[tuple[int, int], Any]:
        b, n = self.b, self.n
        exact = self._variables(self.ints)
        with loop(b, n(0), n(16)) as group:
            at = b.add(weights, b.add(n(64), b.mul(group, n(WIDTH))))
            scales = [self._scale(b.add(at, n(8 * j)), signed=True) for j in range(WIDTH // 8)]
            for half in range(2):
                eight = b.add(b.mul(group, n(2)), n(half))
                at = b.add(weights, b.add(n(64 + 256), b.mul(eight, n(96))))
                tops = self.load(self.at(at, n(64), kind=self.bytes))
                pairs = {}
                for i, j in self._places:
                    offset = self._activations("offsets", i, b.add(b.mul(block, n(32)), eight), each=8)
                    pairs[i, j] = self.variable(self.shorts, b.bitcast(offset, self.shorts))
                for step in range(2):
                    rows = [
                        b.or_(low, self._top(tops, 4 * step + 2 * j))
                        for j, low in enumerate(self._four(b.add(at, n(32 * step))))
                    ]
                    four = b.add(b.add(b.mul(block, n(64)), b.mul(eight, n(2))), n(step))
                    self._multiply(rows, four, pairs)
                for i, j in self._places:
                    self._add(exact, (i, j), b.load(pairs[i, j]), scales[j])
        return {
            (i, j): b.fmul(b.sitofp(b.load(exact[i, j]), self.floats), self._floats(weights, 8 * j))
            for i, j in self._places
        }

    def _top(self, tops: Any, bit: int) -> Any:
        """Two bits of each byte as the fifth and the sixth."""
        if bit < 4:
            shorts = self.b.bitcast(tops, self.shorts)
            up = self.b.shl(shorts, self.ir.Constant(self.shorts, [4 - bit] * 16))
            moved = self.b.bitcast(up, self.bytes)
        else:
            moved = self._down(tops, bit - 4)
        return self.b.and_(moved, self.ir.Constant(self.bytes, [0x30] * 32))

    def _floats(self, address: Any, first: int) -> Any:
        return self.load(self.at(address, self.n(first), kind=self.floats, size=4))


def _multiply(module: Any, form: Form, tiles: Sequence[Any]) -> None:
    names = (
        *("tokens", "length", "bytes", "scales", "sums", "offsets", "weights", "y", "stride"),
        *("begin", "end"),
    )
    code = Code(module, form, names)
    b, a, n = code.b, code.a, code.n

    def of(name: str, token: Any, weights: int, bytes_: int) -> Any:
        """Where the token's part of an array with ``bytes_`` for each so many weights begins."""
        return b.add(a[name], b.mul(b.mul(token, b.sdiv(a["length"], n(weights))), n(bytes_)))

    def tile(function: Any, block: Any, token: Any) -> None:
        supers = b.mul(block, b.sdiv(a["length"], n(SUPER)))
        y = b.add(b.mul(block, n(4 * WIDTH)), b.mul(b.mul(token, a["stride"]), n(4)))
        places = (
            of("bytes", token, 1, 1),
            of("scales", token, SUPER, 4),
            of("sums", token, 32, 2),
            of("offsets", token, 4, 2),
            b.add(a["weights"], b.mul(supers, n(LAID[form]))),
            b.add(a["y"], y),
        )
        b.call(function, [a["length"], *places, a["stride"]])

    code.tiled(tiles, tile)


def _quantise(module: Any) -> None:
    code = Code(module, "quantise", ("tokens", "length", "x", "bytes", "scales", "sums", "offsets"))
    b, a, n, ir = code.b, code.a, code.n, code.ir
    supers = b.sdiv(b.mul(a["tokens"], a["length"]), n(SUPER))
    largest, zero = (ir.Constant(code.float, value) for value in (float(LARGEST), 0.0))

    def x(at: Any, number: int) -> Any:
        return code.load(code.at(a["x"], b.add(at, n(8 * number)), kind=code.floats, size=4))

    with loop(b, n(0), supers) as block:
        begin = b.mul(block, n(SUPER))
        sizes = [code.call("llvm.fabs.v8f32", code.floats, x(begin, i)) for i in range(SUPER // 8)]
        while len(sizes) > 1:
            pairs = zip(sizes[::2], sizes[1::2], strict=True)
            sizes = [b.select(b.fcmp_ordered(">", *pair), *pair) for pair in pairs]
        peak = code.call("llvm.vector.reduce.fmax.v8f32", code.float, sizes[0])
        code.store(b.fdiv(peak, largest), code.at(a["scales"], block, kind=code.float, size=4))
        turned = b.select(b.fcmp_ordered(">", peak, zero), b.fdiv(largest, peak), zero)
        factor = code.spread(turned, code.floats)
        with loop(b, n(0), n(SUPER // 32)) as group:
            at = b.add(begin, b.mul(group, n(32)))
            bytes_ = _bytes(code, [b.fmul(x(at, i), factor) for i in range(4)])
            code.store(bytes_, code.at(a["bytes"], at, kind=code.bytes))
            _sums(code, bytes_, at)
    b.ret_void()


def _bytes(code: Code, floats: Sequence[Any]) -> Any:
    """Four registers of floats as one of bytes, in order."""
    ir = code.ir
    wholes = [code.call("llvm.x86.avx.cvt.ps2dq.256", code.ints, part) for part in floats]
    shorts = [code.call("llvm.x86.avx2.packssdw", code.shorts, *wholes[i : i + 2]) for i in (0, 2)]
    mixed = code.b.bitcast(code.call("llvm.x86.avx2.packsswb", code.bytes, *shorts), code.ints)
    order = ir.Constant(code.ints, [0, 4, 1, 5, 2, 6, 3, 7])
    return code.b.bitcast(
        code.b.shuffle_vector(mixed, ir.Constant(code.ints, ir.Undefined), order), code.bytes
    )


def _sums(code: Code, bytes_: Any, at: Any) -> None:
    """Store the sum of 32 bytes, and of each eight what 32 taken off every weight takes off their products'
    two pairs."""
    b, ir = code.b, code.ir
    eight = ir.VectorType(code.i16, 8)
    ones = ir.Constant(code.bytes, [1] * 32)
    twos = b.bitcast(code.call("llvm.x86.avx2.pmadd.ub.sw", code.shorts, ones, bytes_), code.ints)

    def picked(first: int) -> Any:
        mask = ir.Constant(ir.VectorType(code.i32, 4), list(range(first, 8, 2)))
        return b.bitcast(b.shuffle_vector(twos, ir.Constant(code.ints, ir.Undefined), mask), eight)

    halves = b.add(picked(0), picked(1))
    off = b.mul(halves, ir.Constant(eight, [-32] * 8))
    code.store(off, code.at(code.a["offsets"], b.sdiv(at, code.n(4)), kind=eight, size=2))
    total = code.call("llvm.vector.reduce.add.v8i16", code.i16, halves)
    code.store(total, code.at(code.a["sums"], b.sdiv(at, code.n(32)), kind=code.i16, size=2))
