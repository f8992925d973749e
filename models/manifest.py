"""The manifest: every model file that we know, its size, checksum, licence and where it may come from.

The data lie in ``manifest.toml``. A checksum stands there only when the file was at hand to be verified; for
files of a model hub that were not, the store records what it got at the first fetch (see ``models.store``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from errors import ModelError, choice

Purpose = Literal["generator", "encoder"]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model; ``size`` 0 and ``sha256`` "" mean: not known offline, recorded at the first
    fetch."""

    name: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A member of a carrier archive, and where its bytes belong: ``file`` of the model from ``offset`` on."""

    member: str
    file: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Carrier:
    """A data package (wheel) that holds pieces of a model; used as an archive, never imported.

    Attributes:
        platform: tag of the platform that the wheel was made for, "" for any. What we take of it runs
            everywhere, so it is fetched by that tag on every machine.
        decode: "e5" when ``models.e5`` writes the model's other files from the one that the wheel holds.
    """

    package: str
    version: str
    size: int
    sha256: str
    pieces: tuple[Piece, ...]
    platform: str = ""
    decode: Literal["", "e5"] = ""


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    Attributes:
        licence: SPDX name or the licence's own name; ``terms``: where it applies and what it forbids ("" when
            it is a plain open-source licence).
        size: bytes of all files together (rounded where no file was at hand).
        files: the files without which the model does not work; ``optional``: fetched where a hub has them.
        hub, modelscope: repository on Hugging Face and on ModelScope, "" when there is none that we know.
        carriers: data packages that hold the files, () when there are none.
    """

    name: str
    title: str
    purpose: Purpose
    licence: str
    size: int
    files: tuple[ModelFile, ...]
    terms: str = ""
    note: str = ""
    optional: tuple[str, ...] = ()
    hub: str = ""
    modelscope: str = ""
    carriers: tuple[Carrier, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Kinds of source that can deliver this model; a local folder always can."""
        found = ["folder"]
        found += ["packages"] if self.carriers else []
        found += ["hub"] if self.hub else []
        found += ["modelscope"] if self.modelscope else []
        return tuple(found)


Manifest = Mapping[str, Model]


@cache
def load_manifest(path: Path | None = None) -> Manifest:
    """Read the manifest (by default the one that ships with the program), by model name in the file's
    order."""
    source = path or Path(__file__).with_name("manifest.toml")
    with source.open("rb") as handle:
        tables = tomllib.load(handle)["model"]
    return {table["name"]: _model(table) for table in tables}


def find(name: str, manifest: Manifest | None = None) -> Model:
    """The model of that name. Raises ModelError that lists the names which exist."""
    known = load_manifest() if manifest is None else manifest
    if name not in known:
        raise ModelError.named("model_unknown", name=name, **choice(name, known))
    return known[name]


def _model(table: dict[str, Any]) -> Model:
    files = tuple(ModelFile(**entry) for entry in table.pop("files"))
    carriers = tuple(_carrier(entry, files) for entry in table.pop("carriers", ()))
    optional = tuple(table.pop("optional", ()))
    return Model(files=files, carriers=carriers, optional=optional, **table)


def _carrier(entry: dict[str, Any], files: tuple[ModelFile, ...]) -> Carrier:
    """A carrier names either one ``member`` with its ``file`` and ``offset``, or a ``folder`` with all the
    files."""
    entry = dict(entry)
    if "folder" in entry:
        folder = entry.pop("folder")
        pieces = tuple(Piece(f"{folder}/{file.name}", file.name) for file in files)
    else:
        pieces = (Piece(entry.pop("member"), entry.pop("file"), entry.pop("offset", 0)),)
    return Carrier(pieces=pieces, **entry)
