"""Settings that are valid one by one and unsafe, or useless, together."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.openai import addresses
from errors import SettingsError
from ui.address import is_loopback, networks
from ui.auth import mode_of
from wenju.health.types import Check, State, Wanted
from wenju.settings import config_file

if TYPE_CHECKING:
    from ui.settings import UiSettings
    from wenju.settings import Settings

Found = tuple[State, str, str]
"""State, what is wrong, what to do."""


def settings(settings: Settings, wanted: Wanted) -> Iterator[Check]:
    """One line for each thing, or one that says that nothing was found."""
    path = config_file()
    found = [*_door(settings.ui), *_away(settings, wanted), *_kept(settings), *_readable(settings, path)]
    for state, text, step in found:
        yield Check("settings", state, text, step)
    if not found:
        yield Check("settings", "ok", f"{path or 'built-in defaults'}, profile {settings.models.profile}")


def _door(ui: UiSettings) -> Iterator[Found]:
    """Who gets in."""
    try:
        mode = mode_of(ui)
    except SettingsError as error:
        yield "fail", error.message, error.hint
        return
    if mode == "off" and ui.allowed_hosts:
        yield (
            "warn",
            (
                f"no sign-on, and ui.allowed_hosts names {', '.join(ui.allowed_hosts)}: "
                "whoever reaches the proxy is an administrator"
            ),
            'Set ui.auth (docs/DEPLOYMENT.md, "Who may ask").',
        )
    yield from _readers(ui, mode)
    if any(network.num_addresses > 1 << 16 for network in networks(ui.sso_proxies)):
        yield (
            "fail",
            (
                f"ui.sso_proxies is as wide as {', '.join(ui.sso_proxies)}: "
                "anybody there can claim to be anybody"
            ),
            "Name the proxies' own addresses.",
        )
    plain = ui.public_url.startswith("http://") and not is_loopback(urlsplit(ui.public_url).hostname or "")
    if mode != "off" and (plain or (not ui.public_url and not is_loopback(ui.host))):
        yield (
            "warn",
            "people sign on without https: cookies and tokens can be read on the way",
            "Put a proxy with https in front, and its address into ui.public_url.",
        )
    if ui.allowed_origins and not (ui.embed_secret.get_secret_value() or ui.embed_anonymous or mode != "off"):
        yield (
            "warn",
            "other pages may show the widget, and nobody would have to sign on there",
            "Set ui.embed_secret or ui.auth.",
        )
    if not ui.rate_per_minute and mode != "off":
        yield (
            "warn",
            "ui.rate_per_minute is 0: one person can take all the time of the machine",
            "Set it to 20 or so.",
        )


def _readers(ui: UiSettings, mode: str) -> Iterator[Found]:
    """Who reads what, where collections are kept to groups."""
    if ui.collection_groups and mode == "off":
        yield (
            "warn",
            "ui.collection_groups is set, and nobody signs on: whoever reaches the page reads all",
            'Set ui.auth (docs/DEPLOYMENT.md, "Who may ask").',
        )
    if ui.collection_groups and mode == "header" and not ui.sso_groups_header:
        yield (
            "warn",
            "ui.collection_groups is set, and the proxy tells of no groups",
            "Set ui.sso_groups_header, and have the proxy set that header.",
        )


def _away(settings: Settings, wanted: Wanted) -> Iterator[Found]:
    """What leaves the machine."""
    chosen, ui = settings.generator, settings.ui
    urls = [urlsplit(url) for url in addresses(chosen.base_url)] if chosen.engine == "openai" else []
    away = [url for url in urls if url.hostname and not is_loopback(url.hostname)]
    for url in away:
        if url.scheme == "http" and chosen.api_key.get_secret_value():
            yield "warn", f"generator.api_key goes to {url.hostname} without https", "Use an https address."
    if away and ui.prove_suggestions:
        yield (
            "warn",
            f"suggested questions are asked of {away[0].hostname} in idle moments",
            "If it is paid by the call: ui.prove_suggestions = false.",
        )
    milvus = urlsplit(settings.index.milvus)
    if milvus.hostname and not is_loopback(milvus.hostname):
        if milvus.scheme == "http" and settings.index.milvus_token.get_secret_value():
            yield (
                "warn",
                f"index.milvus_token goes to {milvus.hostname} without https",
                "Use an https address.",
            )
        if wanted.offline:
            yield (
                "warn",
                f"passages are searched at {milvus.hostname}: it has to be inside",
                "Else leave index.milvus empty.",
            )
    if wanted.offline and ui.auth == "oidc":
        yield (
            "warn",
            f"people sign on at {ui.oidc_issuer}: it has to be inside",
            "Else: ui.auth = token or header.",
        )
    if wanted.offline and ui.database.partition("://")[0].startswith("postgres"):
        yield (
            "warn",
            "conversations are kept in a PostgreSQL server: it has to be inside",
            "Else leave ui.database empty.",
        )


def _kept(settings: Settings) -> Iterator[Found]:
    """What is kept, and what is answered."""
    ui = settings.ui
    if ui.audit and not ui.retention_days and not is_loopback(ui.host):
        yield "warn", "who asked what is kept for ever", "Set ui.retention_days, or ui.audit = false."
    if settings.answer.from_memory:
        yield (
            "warn",
            "answer.from_memory is on: answers without evidence are shown, labelled",
            "Turn it off unless that is wanted.",
        )


def _readable(settings: Settings, path: Path | None) -> Iterator[Found]:
    """Secrets that other accounts of the machine can read."""
    secrets = (
        settings.generator.api_key,
        settings.index.milvus_token,
        settings.ui.oidc_client_secret,
        settings.ui.embed_secret,
    )
    holds = any(one.get_secret_value() for one in secrets) or "@" in settings.ui.database
    for file in (path if holds else None, settings.data / "server.key", settings.data / "wenju.db"):
        if file is not None and os.name == "posix" and file.is_file() and file.stat().st_mode & stat.S_IROTH:
            yield "warn", f"{file} can be read by every account of this machine", f"Run: chmod o-r {file}"
