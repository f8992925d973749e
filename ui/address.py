"""What addresses mean: the path below the public prefix, who is at the other end, which origins are ours."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from errors import SettingsError

Address = Callable[[HTTPConnection], str]
"""Tells from which address a request comes."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_ORIGIN = re.compile(r"(https?)://(\*\.)?([a-z0-9.-]+|\[[0-9a-f:]+\])(?::(\d+))?")


def below_root(scope: Scope) -> str:
    """The path without the public prefix, whether or not the server was called with it."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    return re.sub(r"/{2,}", "/", path) or "/"


def networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks such as 10.0.0.5 or 10.0.0.0/24. Raises SettingsError for anything else."""
    try:
        return tuple(ipaddress.ip_network(name.strip(), strict=False) for name in names)
    except ValueError as error:
        raise SettingsError.named("proxies_other", what=str(error)) from None


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    host = host.strip("[]").lower()
    if host == "localhost":
        return True
    address = _ip(host)
    return address is not None and address.is_loopback


def peer(connection: HTTPConnection) -> str:
    """Address of the other end of the connection itself; headers are not asked."""
    return connection.client.host if connection.client else ""


def within(address: str, allowed: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; a name or nothing lies in none."""
    found = _ip(address)
    return found is not None and any(found.version == n.version and found in n for n in allowed)


def client(connection: HTTPConnection, proxies: Sequence[Network]) -> str:
    """The address of the one who asks: X-Forwarded-For counts only as far as named proxies wrote it."""
    address = peer(connection)
    chain = [part.strip() for part in ",".join(connection.headers.getlist("x-forwarded-for")).split(",")]
    while chain and within(address, proxies):
        nearer = chain.pop()
        if _ip(nearer) is None:
            break
        address = nearer
    return address


def check_origin(pattern: str) -> None:
    """Raises SettingsError unless it is scheme://host[:port], where the host may start with ``*.``"""
    if _ORIGIN.fullmatch(pattern.lower()) is None:
        raise SettingsError.named("origin_other", origin=pattern)


def origin_allowed(origin: str, patterns: Sequence[str]) -> bool:
    """Whether an Origin header matches a pattern: same scheme, same port, same host or one below ``*.``"""
    return re.fullmatch(origin_pattern(patterns), origin.lower()) is not None


def origin_pattern(patterns: Sequence[str]) -> str:
    """One regular expression for the whole list of patterns; matches nothing when it is empty."""
    parts = []
    for pattern in patterns:
        found = _ORIGIN.fullmatch(pattern.lower())
        if found is not None:
            host = (r"(?:[a-z0-9-]+\.)+" if found[2] else "") + re.escape(found[3])
            standard = "443" if found[1] == "https" else "80"
            port = found[4] or standard
            parts.append(f"{found[1]}://{host}" + (f"(?::{port})?" if port == standard else f":{port}"))
    return "|".join(parts) or "(?!)"


def is_own(origin: str, headers: Headers, public_url: str) -> bool:
    """Whether an Origin header names the address under which this server was called."""
    host = urlsplit(origin).netloc.lower()
    names = {headers.get("host", "").lower(), headers.get("x-forwarded-host", "").lower()}
    if public_url:
        names.add(urlsplit(public_url).netloc.lower())
    return bool(host) and host in names - {""}


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
