"""The machine: Python, packages, processor, memory, disk."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING

from kernels import processor as chip
from wenju.health.types import Check, Wanted

if TYPE_CHECKING:
    from wenju.settings import Settings

PACKAGES = (
    "openvino-genai",
    "faiss-cpu",
    "sentence-transformers",
    "transformers",
    "torch",
    "gradio",
    "fastapi",
)
OLDEST = (3, 11)
NEEDED_BY_INDEX = 500 << 20
NEEDED_BY_MODELS = 5 << 29
"""2.5 GiB: what a process holds that answers (docs/PERFORMANCE.md)."""


def python() -> Iterator[Check]:
    found = f"{platform.python_version()} at {sys.executable}, {platform.system()} {platform.machine()}"
    if sys.version_info < OLDEST:
        yield Check("python", "fail", found, "Install Python 3.11 or newer.")
        return
    yield Check("python", "ok", found)


def packages() -> Iterator[Check]:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Check(
            "packages", "fail", f"missing: {', '.join(missing)}", "Run: make install (or pip install .)"
        )
        return
    yield Check("packages", "ok", ", ".join(found))


def processor() -> Iterator[Check]:
    cores, known = os.cpu_count() or 1, chip.flags()
    limit = f", oneDNN limited to {chip.limit()} ({chip.LIMIT})" if chip.limit() else ""
    found = f"{chip.name()}, {cores} cores, instructions: {chip.path(known)}{limit}"
    if known and platform.machine() in ("x86_64", "AMD64") and "avx2" not in known:
        yield Check(
            "processor",
            "warn",
            f"{found}, no AVX2",
            "Answers will be slow; use another machine or engine openai.",
        )
    elif cores < 2:
        yield Check("processor", "warn", found, "Two cores or more are advised.")
    else:
        yield Check("processor", "ok", found)


def memory(settings: Settings, _wanted: Wanted) -> Iterator[Check]:
    free = available_memory()
    if free is None:
        yield Check("memory", "ok", "not known on this system")
        return
    needed = 3 << 30 if settings.generator.engine != "openai" else 1 << 30
    found = f"{free / 2**30:.1f} GiB available"
    if free < needed:
        yield Check(
            "memory", "warn", found, f"{needed >> 30} GiB are advised: close programs, or use engine openai."
        )
        return
    yield Check("memory", "ok", found)


def available_memory() -> int | None:
    """Bytes that can be used without swapping, or None where the system does not tell."""
    free = chip.told("MemAvailable", "/proc/meminfo").split()
    return int(free[0]) * 1024 if free else None


def disk(settings: Settings, _wanted: Wanted) -> Iterator[Check]:
    place = settings.data
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    found = f"{free / 2**30:.1f} GiB free for {settings.data}"
    if not os.access(place, os.W_OK):
        yield Check("disk", "fail", f"{place} is not writable", "Choose another place with --data.")
    elif free < NEEDED_BY_INDEX:
        yield Check("disk", "warn", found, "Free some space, or choose another place with --data.")
    else:
        yield Check("disk", "ok", found)
