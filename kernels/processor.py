"""The processor: its cores, and the instructions it multiplies with; speed depends on them most, so
every figure names them."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import platform
from collections.abc import Callable
from pathlib import Path

PATHS = (
    ("AMX", ("amx_int8", "avx512_vnni")),
    ("AVX-512 with VNNI", ("avx512_vnni",)),
    ("AVX-512", ("avx512bw",)),
    ("AVX2 with VNNI", ("avx_vnni", "avx2")),
    ("AVX2", ("avx2",)),
)
"""Quickest first; each with the flags of /proc/cpuinfo that it wants."""
LIMIT = "ONEDNN_MAX_CPU_ISA"
BEYOND = {
    "AVX2": ("avx512", "amx", "avx_vnni"),
    "AVX2_VNNI": ("avx512", "amx"),
    "AVX512_CORE": ("avx512_vnni", "avx512_bf16", "amx", "avx_vnni"),
}
"""By its values, how the flags begin that a limit takes away."""
_LLVM = {"avx512vnni": "avx512_vnni", "avx512bf16": "avx512_bf16", "avxvnni": "avx_vnni"}


def flags(text: str | None = None) -> frozenset[str]:
    """Instruction sets by /proc/cpuinfo (or ``text`` in its form), by LLVM where there is no such file,
    without those beyond the limit; empty where nobody tells."""
    found = (told(name, text=text) for name in ("flags", "Features"))
    known = frozenset(next(filter(None, found), "").split())
    if text is not None:
        return known
    beyond = BEYOND.get(limit(), ())
    return frozenset(flag for flag in known or _by_llvm() if not flag.startswith(beyond or ("\0",)))


def _by_llvm() -> frozenset[str]:
    try:
        import llvmlite.binding as llvm
    except ImportError:
        return frozenset()
    told = llvm.get_host_cpu_features()
    return frozenset(_LLVM.get(name, name.replace("-", "_")) for name, has in told.items() if has)


def path(known: frozenset[str] | None = None) -> str:
    """``AVX-512 with VNNI`` and the like; the machine's name (``arm64``) where its flags tell none of
    them."""
    known = flags() if known is None else known
    return next((name for name, wanted in PATHS if known.issuperset(wanted)), platform.machine())


def limit() -> str:
    """What the environment limits oneDNN's kernels to (``AVX2``), "" without a limit."""
    return os.environ.get(LIMIT, "").upper()


def name() -> str:
    """The processor's name as the system tells it."""
    return told("model name") or platform.processor() or platform.machine()


def cores() -> frozenset[int]:
    """Numbers of the cores that the calling thread may use."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def core() -> int:
    """The core that the calling thread is on; -1 where the system does not tell, or threads cannot be kept
    off it."""
    return _core()()


@functools.cache
def _core() -> Callable[[], int]:
    if hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError, AttributeError):
            return ctypes.CDLL(None).sched_getcpu
    return lambda: -1


def told(name: str, file: str = "/proc/cpuinfo", text: str | None = None) -> str:
    """What the system says of ``name`` in a file of /proc (or in ``text`` of its form); "" where it does
    not."""
    if text is None:
        try:
            text = Path(file).read_text("utf-8", "replace")
        except OSError:
            return ""
    lines = (line for line in text.splitlines() if line.startswith(name))
    return next(lines, "").partition(":")[2].strip()
