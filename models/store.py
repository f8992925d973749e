"""The model store: a folder per model, filled from sources, checked, moved into place file by file.

Layout: ``ROOT/NAME/...`` with the record ``wenju-model.json`` (source, time, sha256 of every file; written
last), ``ROOT/.partial/NAME`` for what is on its way, ``ROOT/.locks`` for processes that fetch at once. Where
the manifest pins no sha256, the one seen at the first fetch is recorded and later checks go by it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from errors import ModelError
from models.files import (
    RECORD,
    Progress,
    SourceError,
    disk_error,
    need_space,
    read_json,
    safe_join,
    sha256_of,
    size_of,
    write_json,
)
from models.manifest import Manifest, Model, find, load_manifest

if TYPE_CHECKING:
    from models.sources import Source

FETCH = "wenju models fetch"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What ``fetch`` did for one model: ``source`` is the kind that delivered it, "store" when it was there
    already."""

    name: str
    source: str
    path: Path


def default_root() -> Path:
    """``WENJU_MODELS``, else ``wenju/models`` in the user's cache folder."""
    if chosen := os.environ.get("WENJU_MODELS"):
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("wenju", appauthor=False) / "models"


def _silent(_what: str, _done: int, _total: int) -> None:
    return None


class ModelStore:
    """Finds, fetches and verifies model files.

    Args:
        root: folder of the store; None: ``default_root()``. Created when something is fetched.
        manifest: models by name; None: the manifest that ships with the program.
    """

    def __init__(self, root: Path | None = None, manifest: Manifest | None = None) -> None:
        self.root = (root or default_root()).expanduser()
        self.manifest = load_manifest() if manifest is None else manifest

    def path(self, name: str) -> Path:
        """What an engine opens: the file of a one-file model (GGUF), the folder of any other.

        ``name`` may also be a path to one's own model. Only presence and sizes are looked at; ``verify``
        reads all.

        Raises:
            ModelError: unknown name, or the files are not (completely) there; the hint says what to do.
        """
        if name not in self.manifest:
            own = Path(name).expanduser()
            if own.exists():
                return own
            if len(own.parts) > 1:
                raise ModelError.named("model_folder", path=str(own))
        model = find(name, self.manifest)
        folder = self.root / name
        for file in model.files:
            place = folder / file.name
            if not place.is_file():
                raise ModelError.named(
                    "model_missing",
                    model=name,
                    root=str(self.root),
                    file=file.name,
                    command=f"{FETCH} {name}",
                )
            if file.size and place.stat().st_size != file.size:
                raise ModelError.named(
                    "model_size",
                    path=str(place),
                    found=place.stat().st_size,
                    wanted=file.size,
                    command=f"{FETCH} {name}",
                )
        return folder / model.files[0].name if len(model.files) == 1 else folder

    def state(self, name: str) -> Literal["ready", "partial", "missing"]:
        """Whether a model can be used; ``partial``: a fetch was begun, or files are damaged."""
        try:
            self.path(name)
        except ModelError:
            traces = (self.root / name, self.root / ".partial" / name)
            return "partial" if any(t.is_dir() and any(t.iterdir()) for t in traces) else "missing"
        return "ready"

    def fetch(
        self, names: Iterable[str], sources: Sequence[Source], progress: Progress | None = None
    ) -> list[Fetched]:
        """Bring models into the store from the first source that delivers each; models that are there are
        left alone.

        Interrupted fetches are continued, and a second process waits for the first.

        Raises:
            ModelError: no source delivers a model (each one's reason is told), the disk is full or not
                writable.
        """
        return [self._fetch(find(name, self.manifest), sources, progress or _silent) for name in names]

    def _fetch(self, model: Model, sources: Sequence[Source], progress: Progress) -> Fetched:
        from filelock import FileLock

        waiting = self.root / ".partial" / model.name
        try:
            (self.root / ".locks").mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".locks" / f"{model.name}.lock"):
                if self.state(model.name) == "ready":
                    return Fetched(model.name, "store", self.path(model.name))
                self._room(model, waiting)
                reasons = []
                for source in sources:
                    staging = waiting / source.kind  # each continues in its own way
                    try:
                        staging.mkdir(parents=True, exist_ok=True)
                        source.deliver(model, staging, progress)
                        hashes = self._check(model, staging, source.kind, progress)
                    except SourceError as error:
                        reasons.append(f"{source.kind}: {error.message}")
                        continue
                    self._place(model, staging, hashes, source.kind)
                    shutil.rmtree(waiting, ignore_errors=True)
                    return Fetched(model.name, source.kind, self.path(model.name))
        except OSError as error:
            raise disk_error(error, self.root, model.name) from error
        raise ModelError.named(
            "model_undelivered",
            model=model.name,
            reasons="\n  ".join(reasons or ["no source is set"]),
            sources=", ".join(model.sources),
        )

    def _room(self, model: Model, staging: Path) -> None:
        need_space(self.root, max(0, model.size - size_of(staging)), model.name)

    def _check(self, model: Model, folder: Path, kind: str, progress: Progress) -> dict[str, str]:
        """sha256 of every delivered file. A wrong or missing one is removed and is a SourceError."""
        hashes: dict[str, str] = {}
        names = [file.name for file in model.files] + [n for n in model.optional if (folder / n).is_file()]
        pinned = {file.name: file for file in model.files}
        sizes = {name: (folder / name).stat().st_size for name in names if (folder / name).is_file()}
        total, done = sum(sizes.values()), 0

        def tell(size: int) -> None:
            nonlocal done
            done += size
            progress(f"{model.name} (sha256)", done, total)

        for name in names:
            place, want = safe_join(folder, name), pinned.get(name)
            if name not in sizes:
                raise SourceError(f"{kind} delivered no {name}")
            hashes[name] = sha256_of(place, tell)
            if want and want.size and sizes[name] != want.size:
                place.unlink()
                raise SourceError(f"{name} has {sizes[name]} bytes instead of {want.size}")
            if want and want.sha256 and hashes[name] != want.sha256:
                place.unlink()
                raise SourceError(f"{name} has the wrong sha256 {hashes[name]} (expected {want.sha256})")
        return hashes

    def _place(self, model: Model, staging: Path, hashes: dict[str, str], kind: str) -> None:
        """Move checked files into the model's folder, each atomically, and write the record last."""
        folder = self.root / model.name
        folder.mkdir(parents=True, exist_ok=True)
        sizes = {name: (staging / name).stat().st_size for name in hashes}
        (folder / RECORD).unlink(missing_ok=True)
        for name in hashes:
            target = safe_join(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / name, target)
        record = {
            "name": model.name,
            "title": model.title,
            "licence": model.licence,
            "terms": model.terms,
            "source": kind,
            "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": {name: {"size": sizes[name], "sha256": hashes[name]} for name in hashes},
        }
        write_json(folder / RECORD, record)

    def verify(self, names: Iterable[str], progress: Progress | None = None) -> dict[str, str]:
        """Read every file of each model and compare its sha256 with the manifest, else with the record.

        Returns:
            By model name: "ok", or "ok, not pinned" where neither knows a checksum for some file.

        Raises:
            ModelError: a file is missing or differs; the message names it.
        """
        return {name: self._verify(find(name, self.manifest), progress or _silent) for name in names}

    def _verify(self, model: Model, progress: Progress) -> str:
        self.path(model.name)
        folder, done, unknown = self.root / model.name, 0, False
        recorded = read_json(folder / RECORD).get("files", {})
        pinned = {file.name: file.sha256 for file in model.files}
        names = [*pinned, *(name for name in model.optional if (folder / name).is_file())]
        total = sum((folder / name).stat().st_size for name in names)

        def tell(size: int) -> None:
            nonlocal done
            done += size
            progress(model.name, done, total)

        for name in names:
            want = pinned.get(name) or recorded.get(name, {}).get("sha256", "")
            found = sha256_of(folder / name, tell)
            unknown |= not want
            if want and found != want:
                raise ModelError.named(
                    "model_changed",
                    path=str(folder / name),
                    found=found,
                    wanted=want,
                    command=f"{FETCH} {model.name}",
                )
        return "ok, not pinned" if unknown else "ok"

    def bundle(self, out: Path, names: Iterable[str] | None = None, progress: Progress | None = None) -> Path:
        """Write one archive with the named models (None: all that are ready). Raises ModelError when one is
        not."""
        from models.bundle import write_bundle

        chosen = [n for n in self.manifest if self.state(n) == "ready"] if names is None else list(names)
        if not chosen:
            raise ModelError.named("models_none", root=str(self.root), command=FETCH)
        for name in chosen:
            self.path(name)
        try:
            return write_bundle(self.root, [find(n, self.manifest) for n in chosen], out, progress or _silent)
        except OSError as error:
            raise disk_error(error, out.parent, out.name) from error

    def fetch_from(self, archive: Path, progress: Progress | None = None) -> list[Fetched]:
        """Take in every model of an archive that ``bundle`` wrote, checked like any other source."""
        from models.bundle import BundleSource

        source = BundleSource(archive)
        return self.fetch(source.names, [source], progress)
