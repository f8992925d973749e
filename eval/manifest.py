"""What made a run: code, configuration, data, models and machine, so that a figure can be traced and made
again."""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from eval.tasks.types import Task
from kernels import processor

_ROOT = Path(__file__).resolve().parents[1]
_SECRET = re.compile(r"key|token|secret|password", re.IGNORECASE)
_PACKAGES = ("openvino-genai", "sentence-transformers", "transformers", "torch", "faiss-cpu", "numpy")


def build(task: Task, options: Mapping[str, Any], config: Mapping[str, Any], command: str) -> dict[str, Any]:
    """The manifest of a run that starts now; ``finished`` is filled in at its end."""
    return {
        "format": 1,
        "task": task.name,
        "title": task.title,
        "split": task.split,
        "licence": task.licence,
        "pairs": task.pairs,
        "data_sha256": task.data_hash,
        "contexts": len(task.contexts),
        "options": dict(options),
        "config": without_secrets(config),
        "config_sha256": hashlib.sha256(repr(sorted(_flat(without_secrets(config)))).encode()).hexdigest(),
        "command": command,
        "code": code(),
        "machine": machine(),
        "started": now(),
        "finished": None,
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with keys and tokens blanked: run folders are passed around."""
    cleaned: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            cleaned[key] = without_secrets(value)
        elif _SECRET.search(key) and isinstance(value, str) and value:
            cleaned[key] = "***"
        else:
            cleaned[key] = value
    return cleaned


def _flat(config: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, str(value)))
    return rows


def code() -> dict[str, Any]:
    """Version, commit and whether the checkout had changes; commit is None outside a git checkout."""
    try:
        version = metadata.version("wenju")
    except metadata.PackageNotFoundError:
        version = None
    commit = _git("rev-parse", "HEAD") if (_ROOT / ".git").exists() else None
    changed = _git("status", "--porcelain", "--untracked-files=no") if commit else None
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "version": version,
        "commit": commit,
        "dirty": bool(changed) if commit else None,
        "packages": packages,
    }


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """Processor and the instructions it multiplies with, cores this process may use, memory in GiB, system
    and Python."""
    return {
        "cpu": processor.name(),
        "instructions": processor.path()
        + (f", oneDNN limited to {processor.limit()}" if processor.limit() else ""),
        "cores": len(processor.cores()),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
    }


def _memory_gib() -> float | None:
    total = processor.told("MemTotal", "/proc/meminfo").split()
    return round(int(total[0]) / 1024**2, 1) if total and total[0].isdigit() else None


def peak_memory_mb() -> float | None:
    """The most memory this process has held, in MB; None where the system does not tell."""
    held = processor.told("VmHWM", "/proc/self/status").split()
    if held and held[0].isdigit():
        return int(held[0]) / 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024
