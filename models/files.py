"""Writing model files safely: checksums while bytes flow, free space checked first, records written last."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from errors import ModelError

CHUNK = 1 << 20
RECORD = "wenju-model.json"
"""Name of the record in a model's folder: what was fetched, from where, with the sha256 of every file."""

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all; 0 when unknown), possibly from several
threads."""


class SourceError(ModelError):
    """This source does not deliver the model; the next one may."""


def chunks_of(handle: IO[bytes]) -> Iterator[bytes]:
    """The rest of an open file in pieces of ``CHUNK`` bytes."""
    while chunk := handle.read(CHUNK):
        yield chunk


def sha256_of(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """Hex sha256 of a file; ``on_bytes`` is told the size of each piece read."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        for chunk in chunks_of(handle):
            digest.update(chunk)
            if on_bytes:
                on_bytes(len(chunk))
    return digest.hexdigest()


def write(
    chunks: Iterable[bytes], target: Path, on_bytes: Callable[[int], None] | None = None
) -> tuple[int, str]:
    """Write ``chunks`` to a new file and return (size, sha256 hex). A half-written file is left for the
    caller."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as handle:
        for chunk in chunks:
            handle.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            if on_bytes:
                on_bytes(len(chunk))
        handle.flush()
        os.fsync(handle.fileno())
    return size, digest.hexdigest()


def write_json(target: Path, data: Any) -> None:
    """Write JSON atomically: readers see the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, target)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object, or {} when the file is missing or damaged (it is then written anew)."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def need_space(folder: Path, needed: int, what: str) -> None:
    """Raise ModelError when the disk of ``folder`` has fewer than ``needed`` bytes free (plus 64 MB to
    breathe)."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed and free < needed + (64 << 20):
        raise ModelError.named(
            "models_room", what=what, needed=human(needed), free=human(free), folder=str(folder)
        )


def disk_error(error: OSError, folder: Path, what: str) -> ModelError:
    """The ModelError that tells what a failed write means for the person who reads it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelError.named("models_full", folder=str(folder), what=what)
    return ModelError.named("models_denied", folder=str(folder), what=what, why=str(error.strerror or error))


def safe_join(folder: Path, name: str) -> Path:
    """``folder/name`` for a relative name without '..'. Raises ModelError otherwise (a hostile archive or
    listing)."""
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts or "\\" in name or ":" in name:
        raise ModelError.named("model_file_name", name=name)
    return folder.joinpath(*parts)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; what goes while we look counts nothing."""
    total = 0
    for each in path.rglob("*") if path.is_dir() else [path]:
        with contextlib.suppress(OSError):
            total += each.stat().st_size if each.is_file() else 0
    return total


def human(size: float) -> str:
    """Bytes for people: 1.1 GB."""
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
