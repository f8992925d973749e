"""The parts of the program: prompts, models, generator, index, port."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from errors import IndexError_
from wenju.health.types import Check, Wanted

if TYPE_CHECKING:
    from models.store import ModelStore
    from wenju.settings import Settings


PROMPTS = {
    "answer": {"evidence", "question"},
    "judge": {"evidence", "question"},
    "memory": {"question"},
    "order": {"answer", "evidence", "order"},
    "short": {"evidence", "question"},
    "support": {"evidence", "statement"},
    "write": {"evidence", "order"},
}
"""The prompts that answers are made with, and the variables that the program gives them."""


def prompts(_settings: Settings, _wanted: Wanted) -> Iterator[Check]:
    """Prompts are files that an administrator may change: each is there, with its variables and its parts."""
    import prompts as texts

    again = "Mend it, or install the program again."
    for name, variables in PROMPTS.items():
        try:
            texts.chat(name, **dict.fromkeys(variables, "-"))
        except (texts.PromptError, OSError, ValueError) as error:
            yield Check("prompts", "fail", str(error), again)
            return
    try:
        texts.strings("cli")
    except (texts.PromptError, OSError, ValueError) as error:
        yield Check("prompts", "fail", f"prompts/strings.toml: {error}", again)
        return
    yield Check("prompts", "ok", f"{len(PROMPTS)} prompts, version {texts.version()}")


def models(settings: Settings, wanted: Wanted) -> Iterator[Check]:
    """The models that the settings name are here, and every file's sha256 is right."""
    from models.store import ModelStore
    from wenju.settings import wanted_models

    store, names = ModelStore(settings.models.folder), wanted_models(settings)
    how = "wenju models fetch --from ARCHIVE" if wanted.offline else "wenju models fetch"
    missing = [name for name in names if store.state(name) != "ready"]
    if missing:
        yield Check("models", "fail", f"not in {store.root}: {', '.join(missing)}", f"Run: {how}")
        return
    states = store.verify(names)
    limited = [f"{name} ({store.manifest[name].licence})" for name in names if store.manifest[name].terms]
    found = ", ".join(f"{name} sha256 {state}" for name, state in states.items()) or "none needed"
    found += f", in {store.root}" + (f"; licence limits: {', '.join(limited)}" if limited else "")
    if raw := _raw(settings, store):
        yield Check(
            "models",
            "warn",
            f"{found}; {raw} is not converted yet",
            f"Run: {how} (else the first answer waits)",
        )
        return
    yield Check("models", "ok", found)


def _raw(settings: Settings, store: ModelStore) -> str:
    """The generator's name when its fast form was not made yet, else ""."""
    name = settings.generator.model
    if settings.generator.engine != "openvino" or name not in store.manifest:
        return ""
    from engine.convert import is_current

    path = store.path(name)
    return "" if is_current(path.parent / "derived" / f"{path.stem}-int8", path) else name


def generator(settings: Settings, wanted: Wanted) -> Iterator[Check]:
    """The engine that writes; one behind an address answers there."""
    from engine.openai import addresses

    chosen = settings.generator
    if chosen.engine != "openai":
        yield Check("generator", "ok", f"{chosen.engine}, {chosen.model}")
        return
    if not chosen.base_url:
        yield Check("generator", "fail", "engine openai without an address", "Set generator.base_url.")
        return
    for address in addresses(chosen.base_url):
        yield _endpoint(address, chosen.model, wanted)


def _endpoint(address: str, model: str, wanted: Wanted) -> Check:
    """Does anything answer where a remote engine is said to be?"""
    from urllib.parse import urlsplit

    from ui.address import is_loopback

    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if wanted.offline and not is_loopback(host):
        found, hint = (
            f"answers are written by {host}:{port}",
            "Without a network: generator.engine = openvino.",
        )
        return Check("generator", "fail", found, hint)
    try:
        with socket.create_connection((host, port), timeout=3):
            return Check("generator", "ok", f"{host}:{port} answers, model {model}")
    except OSError as error:
        return Check(
            "generator", "fail", f"{host}:{port}: {error}", "Check generator.base_url and the network."
        )


def index(settings: Settings, _wanted: Wanted) -> Iterator[Check]:
    """The current index is whole, by the hashes in its manifest, and made with the encoder that the settings
    name."""
    from index import open_backend
    from index.store import IndexStore

    opened = IndexStore(settings.data / "index").opened()
    generation = opened.generation
    if opened.fault is not None:
        meanwhile = f"; {generation.name} answers meanwhile" if generation else ""
        yield Check("index", "fail", f"{opened.fault.message}{meanwhile}", opened.fault.hint)
        return
    if generation is None or not generation.count:
        yield Check("index", "warn", f"no documents in {settings.data}", "Run: wenju index add PATH...")
        return
    made, named = generation.manifest["identity"]["encoder"], Path(settings.index.encoder).name
    if made != named:
        yield Check(
            "index",
            "fail",
            f"The index was made with the encoder {made}, the settings name {named}.",
            (
                "Run 'wenju index add PATH' once, which encodes all "
                f"documents again, or set index.encoder to {made}."
            ),
        )
        return
    generation.verify()
    where = f"in {settings.data}"
    if settings.index.milvus:
        try:
            open_backend(settings.index).open(generation)
        except IndexError_ as error:
            yield Check("index", "fail", error.message, error.hint)
            return
        where += f", searched at {settings.index.milvus}"
    missing = sorted(set(settings.ui.collection_groups) - set(generation.collections()))
    if missing:
        yield Check(
            "index",
            "warn",
            f"ui.collection_groups names {', '.join(missing)}, and no document is in such a collection",
            "wenju index collections lists those that there are: another spelling keeps nothing closed.",
        )
    counts = f"{len(generation.documents())} documents, {generation.count} passages"
    yield Check("index", "ok", f"{counts}, sha256 ok, {where}")


def originals(settings: Settings, wanted: Wanted) -> Iterator[Check]:
    """The bucket of original files, where there is one, is reached."""
    from errors import WenjuError
    from ui.bucket import Bucket

    if not settings.ui.originals_store:
        return
    try:
        bucket = Bucket.of(settings.ui)
        if bucket is not None and not wanted.offline:
            bucket.check()
            yield Check("originals", "ok", f"{bucket.where} answers")
    except WenjuError as error:
        yield Check("originals", "fail", error.message, error.hint)


def port(settings: Settings, _wanted: Wanted) -> Iterator[Check]:
    host, number = settings.ui.host, settings.ui.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            reason = error.strerror or str(error)
            yield Check(
                "port",
                "warn",
                f"{host}:{number}: {reason}",
                "Stop the other server, or: wenju serve --port 7861",
            )
            return
    yield Check("port", "ok", f"{host}:{number} is free")
