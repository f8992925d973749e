"""One file with everything of one's own: the index with the documents' texts, conversations and tokens, kept
source files.

Made while the server runs: the index is one whole generation, the database is copied by SQLite itself.
Restoring checks every hash before anything is touched; a running server answers from the restored index at
once. Models are not in it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from errors import DocumentError, IndexError_
from index.disk import told
from index.manifest import MANIFEST
from index.store import IndexStore

if TYPE_CHECKING:
    from wenju.settings import Settings

LIST, FORMAT = "backup.json", 1
DATABASE, KEY, ORIGINALS, INDEX = "wenju.db", "server.key", "originals", "index"
WAITING = ".waiting"
"""Folder of uploads that nobody has decided on (ui.intake); they are not carried."""
_PACKED = frozenset((".npy", ".faiss", ".pdf", ".docx", ".xlsx", ".pptx", ".zip"))
"""Kinds of file that packing does not make smaller."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What is in a backup, or was restored: the generation with its documents, files by part, and what is
    left out."""

    index: str
    documents: int
    parts: Mapping[str, int]
    left_out: str = ""


def database_of(settings: Settings) -> tuple[Path | None, str]:
    """The SQLite file of the conversations, and what to say where they lie elsewhere."""
    from sqlalchemy import make_url

    if settings.ui.database in ("", "none"):
        return (settings.data / DATABASE if not settings.ui.database else None), ""
    url = make_url(settings.ui.database)
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database), ""
    return (
        None,
        (
            f"the database {url.render_as_string(hide_password=True)} "
            "is not in it: back it up with its own tools (pg_dump)"
        ),
    )


def originals_of(settings: Settings) -> Path:
    return settings.ui.originals or settings.data / ORIGINALS


def backup(settings: Settings, path: Path) -> Backup:
    """Write a backup; it is there as a whole or not at all.

    Raises:
        IndexError_: the index is damaged, or changes all the time. DocumentError: the file cannot be written.
    """
    for attempt in range(5):
        try:
            return _backup(settings, path)
        except FileNotFoundError as error:  # the generation was swapped out meanwhile
            if attempt == 4:
                raise IndexError_.named("index_moving", name=str(error.filename)) from error
        except OSError as error:
            raise DocumentError(
                f"{path}: cannot be written ({error.strerror})",
                "Check the folder, its rights and the space on the disk.",
            ) from error
    raise AssertionError


def _backup(settings: Settings, path: Path) -> Backup:
    store = IndexStore(settings.data / "index")
    generation = store.current()
    database, elsewhere = database_of(settings)
    bucket = "the original files in ui.originals_store are not in it" if settings.ui.originals_store else ""
    left_out = "; ".join(filter(None, (elsewhere, bucket)))
    part = path.with_name(f".{path.name}.part")
    files: dict[str, str] = {}
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, file in _files(settings, database, generation.path if generation else None):
                files[name] = _put(archive, name, file)
            if generation is not None:
                for name, facts in generation.manifest["files"].items():
                    if files[f"{INDEX}/{name}"] != facts["sha256"]:
                        raise IndexError_.named("index_changed", root=str(store.root), name=name)
            documents = int(generation.manifest["documents"]) if generation else 0
            facts = {
                "wenju": "backup",
                "format": FORMAT,
                "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "index": generation.name if generation else "",
                "documents": documents,
                "files": files,
            }
            archive.writestr(LIST, json.dumps(facts, ensure_ascii=False, indent=1))
        with part.open("rb") as file_:
            os.fsync(file_.fileno())
        part.chmod(0o600)  # it holds the key that signs tokens
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return Backup(str(facts["index"]), documents, _parts(files), left_out)


def _files(settings: Settings, database: Path | None, generation: Path | None) -> Iterator[tuple[str, Path]]:
    if generation is not None:
        for file in sorted(path for path in generation.rglob("*") if path.is_file()):
            yield f"{INDEX}/{file.relative_to(generation).as_posix()}", file
    if (settings.data / KEY).is_file():
        yield KEY, settings.data / KEY
    if database is not None and database.is_file():
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / DATABASE
            with (
                closing(sqlite3.connect(database, timeout=10)) as theirs,
                closing(sqlite3.connect(copy)) as ours,
            ):
                theirs.backup(ours)
            yield DATABASE, copy
    originals = originals_of(settings)
    for file in sorted(
        path
        for path in (originals.rglob("*") if not settings.ui.originals_store else ())
        if path.is_file() and not path.name.endswith(".part") and WAITING not in path.parts
    ):
        yield f"{ORIGINALS}/{file.relative_to(originals).as_posix()}", file


def _put(archive: zipfile.ZipFile, name: str, file: Path) -> str:
    digest = hashlib.sha256()
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_STORED if file.suffix.lower() in _PACKED else zipfile.ZIP_DEFLATED
    with file.open("rb") as source, archive.open(member, "w", force_zip64=True) as target:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def restore(settings: Settings, path: Path, replace: bool = False) -> Backup:
    """Put a backup in place of what is there.

    Raises:
        DocumentError: no backup, damaged, or (without ``replace``) there is something already. Nothing was
            changed then.
        IndexError_: the index is being written, or the disk is full.
    """
    database, _ = database_of(settings)
    there = [
        str(one)
        for one in (settings.data / "index" / "CURRENT", database)
        if one is not None and one.exists()
    ]
    if there and not replace:
        raise DocumentError(
            f"There is something already: {', '.join(there)}.",
            "Choose another data folder (--data), or restore over it: --replace",
        )
    with told(settings.data):
        settings.data.mkdir(parents=True, exist_ok=True)
    with told(settings.data), tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data) as name:
        folder = Path(name)
        facts = _unpacked(path, folder)
        if (folder / INDEX / MANIFEST).is_file():
            IndexStore(settings.data / "index").adopt(folder / INDEX)
        if (folder / KEY).is_file():
            (folder / KEY).chmod(0o600)
            os.replace(folder / KEY, settings.data / KEY)
        if database is not None and (folder / DATABASE).is_file():
            database.parent.mkdir(parents=True, exist_ok=True)
            with (
                closing(sqlite3.connect(folder / DATABASE)) as theirs,
                closing(sqlite3.connect(database, timeout=30)) as ours,
            ):
                theirs.backup(ours)
            database.chmod(0o600)
        if (folder / ORIGINALS).is_dir():
            shutil.copytree(folder / ORIGINALS, originals_of(settings), dirs_exist_ok=True)
    return Backup(str(facts["index"]), int(facts["documents"]), _parts(facts["files"]))


def _unpacked(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack and check everything. Raises DocumentError, naming what is wrong."""
    hint = "Take another backup; this one cannot be trusted."
    try:
        with zipfile.ZipFile(path) as archive:
            facts = json.loads(archive.read(LIST))
            if facts.get("wenju") != "backup" or facts.get("format") != FORMAT:
                raise DocumentError(
                    f"{path.name}: format {facts.get('format')}; this version restores {FORMAT}",
                    "Restore it with the version that made it.",
                )
            for name, wanted in facts["files"].items():
                inner = PurePosixPath(name)
                if (
                    inner.is_absolute()
                    or ".." in inner.parts
                    or inner.parts[0] not in (INDEX, KEY, DATABASE, ORIGINALS)
                ):
                    raise DocumentError(f"{path.name}: holds {name}, which is no part of a backup", hint)
                if _take(archive, name, folder / inner) != wanted:
                    raise DocumentError(f"{path.name}: damaged, {name} is not what was put in", hint)
            return dict(facts)
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file", "Check the path and its spelling.") from None
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        EOFError,
        AttributeError,
        zipfile.LargeZipFile,
    ) as error:
        raise DocumentError(
            f"{path.name}: damaged or not a backup ({error})", "wenju backup FILE makes one."
        ) from None


def _take(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(name) as source, target.open("wb") as out:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _parts(files: Mapping[str, str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in files:
        part = name.split("/", 1)[0]
        counts[part] = counts.get(part, 0) + 1
    return counts
