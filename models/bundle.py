"""One archive with model files for a machine without any network: written from a store, taken in by another.

A plain tar (weights do not compress): ``wenju-bundle.json`` first, then ``NAME/FILE``. Members are checked
against the manifest and the sha256 of the list before anything is moved into place; unknown or unsafe names
are refused.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from errors import ModelError
from models.files import (
    RECORD,
    Progress,
    SourceError,
    chunks_of,
    need_space,
    read_json,
    safe_join,
    sha256_of,
    write,
)
from models.manifest import Model

LIST = "wenju-bundle.json"


def write_bundle(root: Path, models: Iterable[Model], out: Path, progress: Progress) -> Path:
    """Write the archive atomically; the models must be complete in the store at ``root``."""
    entries: dict[str, dict[str, Any]] = {}
    for model in models:
        folder = root / model.name
        recorded = read_json(folder / RECORD).get("files", {})
        names = [f.name for f in model.files] + [n for n in model.optional if (folder / n).is_file()]
        for name in names:
            sha256 = recorded.get(name, {}).get("sha256") or sha256_of(folder / name)
            entries[f"{model.name}/{name}"] = {"size": (folder / name).stat().st_size, "sha256": sha256}
    total, done = sum(entry["size"] for entry in entries.values()), 0
    need_space(out.resolve().parent, total, out.name)
    partial = out.with_name(out.name + ".part")
    try:
        with tarfile.open(partial, "w") as archive:
            head = json.dumps({"format": 1, "files": entries}, indent=1).encode()
            info = tarfile.TarInfo(LIST)
            info.size = len(head)
            archive.addfile(info, io.BytesIO(head))
            for name, entry in entries.items():
                archive.add(root / name, arcname=name, recursive=False, filter=_plain)
                done += entry["size"]
                progress(out.name, done, total)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    return out


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """No names, times or rights of the machine that wrote it: the same store gives the same archive."""
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o644
    return info


class BundleSource:
    """An archive written by ``write_bundle``, as a source. ``names`` are the models in it."""

    kind = "bundle"

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.entries = self._list()

    @property
    def names(self) -> list[str]:
        return sorted({name.split("/", 1)[0] for name in self.entries})

    def deliver(self, model: Model, folder: Path, progress: Progress) -> None:
        """Unpack the files of one model under ``folder``. Raises SourceError when the archive is damaged."""
        wanted = {n: e for n, e in self.entries.items() if n.split("/", 1)[0] == model.name}
        total, done = sum(int(entry["size"]) for entry in wanted.values()), 0
        allowed = {file.name for file in model.files} | set(model.optional)

        def tell(size: int) -> None:
            nonlocal done
            done += size
            progress(model.name, done, total)

        try:
            with tarfile.open(self.archive, "r:") as archive:
                for info in archive:
                    name = info.name.partition("/")[2]
                    source = archive.extractfile(info) if info.name in wanted and info.isreg() else None
                    if source is None or name not in allowed:
                        continue
                    size, sha256 = write(chunks_of(source), safe_join(folder, name), tell)
                    if (size, sha256) != (wanted[info.name]["size"], wanted[info.name]["sha256"]):
                        raise SourceError(f"{info.name} in {self.archive} is damaged (sha256 {sha256})")
        except (tarfile.TarError, EOFError) as error:
            raise SourceError(f"{self.archive} is damaged: {error}") from error

    def _list(self) -> dict[str, dict[str, Any]]:
        try:
            with tarfile.open(self.archive, "r:") as archive:
                first = archive.next()
                handle = archive.extractfile(first) if first and first.name == LIST else None
                data = json.load(handle) if handle else {}
            if data.get("format") != 1:
                raise ValueError("no list of models at its beginning")
            return dict(data["files"])
        except FileNotFoundError:
            raise ModelError.named("bundle_missing", path=str(self.archive)) from None
        except (tarfile.TarError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError.named("bundle_other", path=str(self.archive), what=str(error)) from error
