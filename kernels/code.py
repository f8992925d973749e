"""Functions over arrays written in LLVM's intermediate language and compiled for processors with AVX2."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

WIDTH = 16
"""Rows of weights that lie together; a register holds eight sums."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Functions of int64 arguments (addresses and counts) by name."""

    by_name: Mapping[str, Callable[..., None]]
    _kept: Any
    """The compiled code, which must live as long as the functions."""

    def __getitem__(self, name: str) -> Callable[..., None]:
        return self.by_name[name]


def compiled(module: Any, arguments: Mapping[str, int]) -> Compiled:
    """Compile the module's functions, each with so many arguments (a tenth of a second and more).

    Raises:
        ImportError: llvmlite is not installed.
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu="haswell", features="+avx2,+fma", opt=3)
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(parsed, builder)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()

    def function(name: str) -> Callable[..., None]:
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments[name])
        return kind(engine.get_function_address(name))

    return Compiled({name: function(name) for name in arguments}, engine)


@contextmanager
def loop(b: Any, begin: Any, end: Any, step: int = 1) -> Iterator[Any]:
    """Code for each value from ``begin`` to ``end`` in steps."""
    from llvmlite import ir

    with b.goto_entry_block():  # within a loop each round would take more of the stack
        place = b.alloca(begin.type)
    b.store(begin, place)
    head, body, after = (b.append_basic_block(name) for name in ("head", "body", "after"))
    b.branch(head)
    b.position_at_end(head)
    value = b.load(place)
    b.cbranch(b.icmp_signed("<", value, end), body, after)
    b.position_at_end(body)
    yield value
    b.store(b.add(value, ir.Constant(begin.type, step)), place)
    b.branch(head)
    b.position_at_end(after)


class Code:
    """A function of int64 arguments under construction."""

    def __init__(self, module: Any, name: str, arguments: Sequence[str]) -> None:
        from llvmlite import ir

        self.ir = ir
        self.i64, self.i32, self.i16, self.i8 = (ir.IntType(bits) for bits in (64, 32, 16, 8))
        self.float = ir.FloatType()
        self.floats, self.ints = ir.VectorType(self.float, 8), ir.VectorType(self.i32, 8)
        self.bytes, self.shorts = ir.VectorType(self.i8, 32), ir.VectorType(self.i16, 16)
        self.module = module
        self.function = ir.Function(module, ir.FunctionType(ir.VoidType(), [self.i64] * len(arguments)), name)
        # Callers align the stack to 16 bytes: registers of 32 put there would lie in two cache lines, by
        # chance of the thread (up to 1.6 times slower).
        self.function.attributes.alignstack = 32
        self.function.attributes.add("nounwind")  # without any other llvmlite does not write alignstack
        self.b = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.a = dict(zip(arguments, self.function.args, strict=True))

    def n(self, value: int) -> Any:
        return self.ir.Constant(self.i64, value)

    def at(self, address: Any, *offsets: Any, kind: Any, size: int = 1) -> Any:
        """Pointer to a ``kind`` at an address and offsets in units of ``size`` bytes."""
        for offset in offsets:
            address = self.b.add(address, self.b.mul(offset, self.n(size)))
        return self.b.inttoptr(address, kind.as_pointer())

    def load(self, pointer: Any) -> Any:
        return self.b.load(pointer, align=1)

    def store(self, value: Any, pointer: Any) -> None:
        self.b.store(value, pointer, align=1)

    def call(self, name: str, result: Any, *values: Any) -> Any:
        kind = self.ir.FunctionType(result, [value.type for value in values])
        known = self.module.globals.get(name) or self.ir.Function(self.module, kind, name)
        return self.b.call(known, values)

    def spread(self, value: Any, kind: Any) -> Any:
        """A vector whose every element is the value."""
        one = self.b.insert_element(
            self.ir.Constant(kind, self.ir.Undefined), value, self.ir.Constant(self.i32, 0)
        )
        zeros = self.ir.Constant(self.ir.VectorType(self.i32, kind.count), None)
        return self.b.shuffle_vector(one, self.ir.Constant(kind, self.ir.Undefined), zeros)

    def variable(self, kind: Any, value: Any) -> Any:
        with self.b.goto_entry_block():
            place = self.b.alloca(kind)
        self.b.store(value, place)
        return place

    def tiled(self, tiles: Sequence[Any], tile: Callable[[Any, Any, Any], None]) -> None:
        """A whole product: ``tile(function, block, token)`` for the blocks ``begin`` to ``end`` and all
        ``tokens``, as many at once as there are ``tiles``: the first is for one token, the last for most."""
        b, a, most = self.b, self.a, len(tiles)
        whole = b.sub(a["tokens"], b.srem(a["tokens"], self.n(most)))
        with loop(b, a["begin"], a["end"]) as block:
            with loop(b, self.n(0), whole, most) as token:
                tile(tiles[-1], block, token)
            for rest, function in enumerate(tiles[:-1], 1):
                with b.if_then(b.icmp_signed("==", b.sub(a["tokens"], whole), self.n(rest))):
                    tile(function, block, whole)
        b.ret_void()
