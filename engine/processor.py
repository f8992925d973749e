"""Which instructions a processor multiplies with: what speed depends on most, so every figure names it."""

from __future__ import annotations

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
    found = (told(name, text=text) for name in ("flags", "Features"))
    return frozenset(next(filter(None, found), "").split())


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
