"""The open corpus of a task on disk: its contexts as files, and an index over them that later runs use again.

    <cache>/<key>/files/     one file a context
    <cache>/<key>/names.json file name -> context id
    <cache>/<key>/built.json written last: what was indexed; without it the folder is made anew

The key is a hash of the contexts, the index settings and the code that indexes, so that a change in any of
them builds another index and never reuses a stale one.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import EvalError
from eval.tasks.types import Context, Task

if TYPE_CHECKING:
    from qa.engine import Engine

_INDEX_CODE = Path(__file__).resolve().parents[1] / "index"
_SAFE = re.compile(r"[^\w.\-]+")
_TEXT_ENDINGS = (".md", ".txt")

Progress = Callable[[str, int, int], None]


def key(task: Task, index_settings: Mapping[str, Any]) -> str:
    """16 hex digits that name the index of these contexts under these settings and this code."""
    digest = hashlib.sha256(task.contexts_hash.encode())
    digest.update(json.dumps(index_settings, sort_keys=True, default=str).encode())
    for path in sorted(_INDEX_CODE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def prepare(task: Task, cache: Path, index_settings: Mapping[str, Any]) -> Path:
    """Write the contexts as files unless they are there; returns the data folder for the engine."""
    folder = cache / key(task, index_settings)
    if (folder / "built.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    files = folder / "files"
    files.mkdir(parents=True)
    names: dict[str, str] = {}
    for path in task.files:
        shutil.copyfile(path, files / path.name)
        names[path.name] = path.name
    for n, context in enumerate(task.contexts if not task.files else ()):
        name = file_name(context, n)
        (files / name).write_text(as_file(context), encoding="utf-8")
        names[name] = context.id
    (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    return folder


def file_name(context: Context, ordinal: int) -> str:
    """A file name that is safe everywhere; contexts that are files already keep theirs."""
    safe = _SAFE.sub("_", context.id)[:60].strip("._") or "context"
    if context.id == safe and safe.endswith(_TEXT_ENDINGS):
        return safe
    return f"{ordinal:06d}-{safe}{'.md' if context.title else '.txt'}"


def as_file(context: Context) -> str:
    """The context's text, under its title where it has one; a context that is a file stays as it is."""
    if context.title and not context.id.endswith(_TEXT_ENDINGS):
        return f"# {context.title}\n\n{context.text}\n"
    return context.text


def build(folder: Path, engine: Engine, progress: Progress | None = None) -> dict[str, str]:
    """Index the prepared files unless that is done; returns file name -> context id.

    Raises:
        EvalError: some contexts could not be indexed, which would make every figure wrong.
    """
    names: dict[str, str] = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    if not (folder / "built.json").exists():
        engine.add([folder / "files"], progress)
        indexed = {document.source for document in engine.documents()}
        missing = sorted(set(names) - indexed)
        if missing:
            raise EvalError(
                f"{len(missing)} of {len(names)} contexts were not indexed, such as {missing[0]}",
                f"Look at the files in {folder / 'files'}.",
            )
        (folder / "built.json").write_text(json.dumps({"documents": len(names)}), encoding="utf-8")
    return names


def names_in(folder: Path) -> dict[str, str]:
    """File name -> context id of an index that an evaluation built; {} for any other data folder."""
    path = folder / "names.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
