"""What `wenju doctor` looks at: each check is a function of the settings that says ok, warn or fail, and what to do."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from errors import WenjuError

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
NEEDED_BY_INDEX = 500 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``next_step`` is "" when nothing needs doing."""

    name: str
    state: Literal["ok", "warn", "fail"]
    found: str
    next_step: str = ""


def examine(settings: Settings) -> list[Check]:
    """Run all checks; a check that breaks is itself a finding."""
    return [_guarded(check, settings) for check in CHECKS]


def _guarded(check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except WenjuError as error:
        return Check(_name(check), "fail", error.message, error.hint)
    except (OSError, ImportError) as error:
        return Check(_name(check), "fail", str(error), "Check that the place exists and may be read.")


def _name(check: Callable[[Settings], Check]) -> str:
    return check.__name__.strip("_")


def _python(_settings: Settings) -> Check:
    found = f"{platform.python_version()} at {sys.executable}, {platform.system()} {platform.machine()}"
    return Check("python", "ok", found)


def _packages(_settings: Settings) -> Check:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            "packages", "fail", f"missing: {', '.join(missing)}", "Run: make install (or pip install .)"
        )
    return Check("packages", "ok", ", ".join(found))


def _processor(_settings: Settings) -> Check:
    cores, flags = os.cpu_count() or 1, cpu_flags()
    fast = [
        name
        for name in ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8")
        if name in flags
    ]
    found = f"{cores} cores{', ' + ' '.join(fast) if fast else ''}"
    if flags and "avx2" not in flags:
        return Check(
            "processor",
            "warn",
            f"{found}, no AVX2",
            "Answers will be slow; use another machine or engine openai.",
        )
    if cores < 2:
        return Check("processor", "warn", found, "Two cores or more are advised.")
    return Check("processor", "ok", found)


def cpu_flags() -> frozenset[str]:
    """Instruction sets of the processor; empty where the system does not tell (then nothing is concluded)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return frozenset(line.partition(":")[2].split())
    return frozenset()


def _memory(settings: Settings) -> Check:
    free = available_memory()
    if free is None:
        return Check("memory", "ok", "not known on this system")
    needed = 3 << 30 if settings.generator.engine != "openai" else 1 << 30
    found = f"{free / 2**30:.1f} GiB available"
    if free < needed:
        return Check(
            "memory", "warn", found, f"{needed >> 30} GiB are advised: close programs, or use engine openai."
        )
    return Check("memory", "ok", found)


def available_memory() -> int | None:
    """Bytes that can be used without swapping, or None where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _disk(settings: Settings) -> Check:
    place = settings.data
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    found = f"{free / 2**30:.1f} GiB free for {settings.data}"
    if free < NEEDED_BY_INDEX:
        return Check("disk", "warn", found, "Free some space, or choose another place with --data.")
    if not os.access(place, os.W_OK):
        return Check("disk", "fail", f"{place} is not writable", "Choose another place with --data.")
    return Check("disk", "ok", found)


def _models(settings: Settings) -> Check:
    from models.store import ModelStore
    from wenju.settings import wanted_models

    store, wanted = ModelStore(settings.models.folder), wanted_models(settings)
    missing = [name for name in wanted if store.state(name) != "ready"]
    if missing:
        return Check(
            "models", "fail", f"not in {store.root}: {', '.join(missing)}", "Run: wenju models fetch"
        )
    limited = [f"{name} ({store.manifest[name].licence})" for name in wanted if store.manifest[name].terms]
    found = f"{', '.join(wanted) or 'none needed'} in {store.root}"
    return Check("models", "ok", found + (f"; licence limits: {', '.join(limited)}" if limited else ""))


def _generator(settings: Settings) -> Check:
    chosen = settings.generator
    if chosen.engine != "openai":
        return Check("generator", "ok", f"{chosen.engine}, {chosen.model}")
    if not chosen.base_url:
        return Check("generator", "fail", "engine openai without an address", "Set generator.base_url.")
    from urllib.parse import urlsplit

    parts = urlsplit(chosen.base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=3):
            return Check("generator", "ok", f"{parts.hostname}:{port} answers, model {chosen.model}")
    except OSError as error:
        return Check(
            "generator",
            "fail",
            f"{parts.hostname}:{port}: {error}",
            "Check generator.base_url and the network.",
        )


def _index(settings: Settings) -> Check:
    from errors import IndexError_
    from qa.engine import Engine

    library = Engine.open(settings.engine).library
    opened = library.store.opened()
    if opened.fault is not None:
        meanwhile = f"; {opened.generation.name} answers meanwhile" if opened.generation else ""
        return Check("index", "fail", f"{opened.fault.message}{meanwhile}", opened.fault.hint)
    documents = library.documents()
    if not documents:
        return Check("index", "warn", f"no documents in {settings.data}", "Run: wenju index add PATH...")
    try:
        library.check_encoder()
    except IndexError_ as error:
        return Check("index", "fail", error.message, error.hint)
    return Check("index", "ok", f"{len(documents)} documents in {settings.data}")


def _port(settings: Settings) -> Check:
    host, port = settings.ui.host, settings.ui.port
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            return Check(
                "port",
                "warn",
                f"{host}:{port}: {reason}",
                "Stop the other server, or: wenju serve --port 7861",
            )
    return Check("port", "ok", f"{host}:{port} is free")


CHECKS = (_python, _packages, _processor, _memory, _disk, _models, _generator, _index, _port)
