"""Which instructions a processor multiplies with: what speed depends on most, so every figure names it."""

from __future__ import annotations

import contextlib
import os
import platform
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


def flags(text: str | None = None) -> frozenset[str]:
    """Instruction sets by /proc/cpuinfo (or ``text`` in its form); empty where the system does not tell."""
    if text is None:
        text = ""
        with contextlib.suppress(OSError):
            text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    for line in text.splitlines():
        if line.startswith(("flags", "Features")):
            return frozenset(line.partition(":")[2].split())
    return frozenset()


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
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
