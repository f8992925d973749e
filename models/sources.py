"""Where model files may come from: the Source seam, the local folder, and the list that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from models.files import Progress, SourceError, chunks_of, safe_join, write
from models.manifest import Model
from models.settings import ModelSettings, SourceKind


class Source(Protocol):
    """Something that may have the files of a model."""

    @property
    def kind(self) -> str: ...

    def deliver(self, model: Model, folder: Path, progress: Progress) -> None:
        """Write the files of ``model`` under ``folder`` (which may hold parts of an earlier try).

        Raises SourceError when this source does not have the model or cannot be reached. The caller checks
        sizes and checksums; OSError (disk full, no permission) goes up to it.
        """
        ...


class FolderSource:
    """A folder with ``NAME/files`` or the files themselves: a share, a USB disk, another machine's model
    store."""

    kind = "folder"

    def __init__(self, root: Path | None) -> None:
        self.root = root

    def deliver(self, model: Model, folder: Path, progress: Progress) -> None:
        if self.root is None:
            raise SourceError("no folder is set (models.local)")
        if not self.root.is_dir():
            raise SourceError(f"{self.root} is not a folder")
        names = [file.name for file in model.files]
        home = next(
            (h for h in (self.root / model.name, self.root) if all((h / n).is_file() for n in names)), None
        )
        if home is None:
            raise SourceError(f"{self.root} has no {model.name}/{names[0]}")
        names += [name for name in model.optional if (home / name).is_file()]
        total, done = sum((home / name).stat().st_size for name in names), 0

        def tell(size: int) -> None:
            nonlocal done
            done += size
            progress(model.name, done, total)

        for name in names:
            with (home / name).open("rb") as handle:
                write(chunks_of(handle), safe_join(folder, name), tell)


def make_sources(settings: ModelSettings) -> list[Source]:
    """The sources that the settings name, in their order. Nothing is contacted yet."""
    return [_MAKERS[kind](settings) for kind in settings.sources]


def _packages(settings: ModelSettings) -> Source:
    from models.packages import PackageSource

    return PackageSource(settings.connect_timeout)


def _hub(settings: ModelSettings) -> Source:
    from models.hub import hugging_face

    return hugging_face(settings.connect_timeout)


def _modelscope(settings: ModelSettings) -> Source:
    from models.hub import model_scope

    return model_scope(settings.connect_timeout)


_MAKERS: dict[SourceKind, Callable[[ModelSettings], Source]] = {
    "folder": lambda settings: FolderSource(settings.local),
    "packages": _packages,
    "hub": _hub,
    "modelscope": _modelscope,
}
