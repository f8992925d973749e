"""What the program needs to run, through all levels, with the licence that each package states."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
STATED = Path(__file__).with_name("licences.toml")
"""Licences of packages whose metadata tell none that can be read by a program, each with where it was
read."""

SPDX = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Classifiers and texts that mean one licence. "BSD License" means several, so it has to be read:
``STATED``."""


@dataclass(frozen=True, slots=True)
class Package:
    """One distribution. ``licence`` is an SPDX expression where the package or our list gives one, "" when
    nobody says."""

    name: str
    version: str
    licence: str
    home: str
    needs: tuple[str, ...]


def direct() -> list[Requirement]:
    """Dependencies of pyproject.toml that hold on this system; without extras, which are not installed by
    default."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [one for text in project["dependencies"] if _holds(one := Requirement(text), "")]


def constraints() -> dict[str, str]:
    """Versions by name in constraints.txt; local parts (+cpu) are not told there."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.partition("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, _, version in pairs}


def runtime() -> list[Package]:
    """Direct and transitive dependencies as they are installed here, by name.

    Raises:
        PackageNotFoundError: one is not installed.
    """
    found: dict[str, Package] = {}
    waiting = [(one.name, tuple(one.extras)) for one in direct()]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (key := (canonicalize_name(name), extras)) in seen:
            continue
        seen.add(key)
        about = metadata.distribution(name)
        needs = tuple(_needs(about, extras))
        waiting += [(one.name, tuple(sorted(one.extras))) for one in needs]
        known = found.get(key[0])
        names = {canonicalize_name(one.name) for one in needs} | set(known.needs if known else ())
        found[key[0]] = Package(key[0], about.version, licence_of(about), _home(about), tuple(sorted(names)))
    return sorted(found.values(), key=lambda package: package.name)


def _needs(about: metadata.Distribution, extras: tuple[str, ...]) -> Iterator[Requirement]:
    for text in about.requires or ():
        one = Requirement(text)
        if any(_holds(one, extra) for extra in ("", *extras)):
            yield one


def _holds(one: Requirement, extra: str) -> bool:
    return one.marker is None or one.marker.evaluate({"extra": extra})


def licence_of(about: metadata.Distribution) -> str:
    """By the metadata's SPDX expression (PEP 639), else our list, else classifier or text that mean one
    licence, else ""."""
    fields: Any = about.metadata
    if expression := fields.get("License-Expression"):
        return str(expression)
    if stated := _stated().get(canonicalize_name(fields["Name"])):
        return stated
    kinds = [
        kind.rpartition(" :: ")[2]
        for kind in fields.get_all("Classifier") or ()
        if kind.startswith("License ::")
    ]
    text = str(fields.get("License") or "")
    return next((SPDX[kind] for kind in (*kinds, text) if kind in SPDX), "") or (
        text if is_spdx(text) else ""
    )


def is_spdx(text: str) -> bool:
    """Whether a text is a licence expression of SPDX."""
    try:
        return bool(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return False


def _stated() -> dict[str, str]:
    table = tomllib.loads(STATED.read_text("utf-8")) if STATED.is_file() else {}
    return {name: entry["licence"] for name, entry in table.items()}


def _home(about: metadata.Distribution) -> str:
    """Where the source lies, by the metadata; "" when they do not say."""
    fields: Any = about.metadata
    links = dict(text.partition(", ")[::2] for text in fields.get_all("Project-URL") or ())
    by_label = {label.lower(): address for label, address in links.items()}
    for label in ("source", "source code", "repository", "homepage", "github"):
        if label in by_label:
            return str(by_label[label])
    return str(fields.get("Home-page") or next(iter(links.values()), ""))
