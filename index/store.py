"""The index on disk: generations, of which one is current. A new one is built beside it and swapped in atomically.

    ROOT/CURRENT        the name of the current generation
    ROOT/gen-7/         corpus.sqlite, vectors.npy, the dense and lexical indexes, manifest.json (written last)
    ROOT/building-8/    a generation being built, or rubbish of a writer that was killed
    ROOT/.lock          held by the one writer; ROOT/.holder says who that is

Readers need no lock: they open what CURRENT names. A writer that is killed, or a disk that is full, leaves the
current generation untouched.
"""

from __future__ import annotations

import datetime
import errno
import json
import os
import platform
import re
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import IndexError_
from index.build import CorpusWriter, Progress, fingerprint, write_vectors
from index.generation import AGAIN, FORMAT, MANIFEST, Generation, SearchTexts, file_sha256
from index.settings import IndexSettings
from index.types import Document

if TYPE_CHECKING:
    import numpy as np

    Encode = Callable[[list[str]], "np.ndarray"]
    BuildDense = Callable[["np.ndarray", Path], object]

BuildLexical = Callable[[SearchTexts, Path], object]

PASSAGE_RULES = 2
"""Raised when the same settings cut or describe passages otherwise; all passages are then made and encoded again."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class IndexStore:
    """The generations in one folder.

    Args:
        root: the index folder, usually ``DATA/index``; made by the first write.
        wait: seconds to wait for another writer before giving up.
    """

    def __init__(self, root: Path, wait: float = 10.0) -> None:
        self.root = Path(root)
        self.wait = wait

    def current(self) -> Generation | None:
        """The current generation, None when nothing was indexed yet.

        Raises:
            IndexError_: it is damaged or of another format; the message says what to do.
        """
        for attempt in range(5):
            name = self.current_name()
            if name is None:
                return None
            try:
                return Generation.open(self.root / name)
            except (FileNotFoundError, sqlite3.OperationalError, IndexError_):
                if attempt == 4 or self.current_name() == name:  # not swapped meanwhile: it is really damaged
                    if not (self.root / name).is_dir():
                        break
                    raise
        raise IndexError_(f"the index at {self.root} is damaged: {name} is missing", AGAIN)

    def current_name(self) -> str | None:
        """``gen-7``, without opening it; None when there is no index. Compare it to tell that a new one is there."""
        try:
            name = (self.root / "CURRENT").read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexError_(f"{self.root / 'CURRENT'} cannot be read ({error})", "Check the rights on the data folder.") from error
        if not re.fullmatch(r"gen-\d+", name):
            raise IndexError_(f"the index at {self.root} is damaged: CURRENT does not name a generation", AGAIN)
        return name

    def write(
        self,
        add: Iterable[Document],
        remove: Iterable[str],
        settings: IndexSettings,
        encode: Encode,
        progress: Progress | None = None,
        *,
        build_dense: BuildDense | None = None,
        build_lexical: BuildLexical | None = None,
        encoder: str = "",
        about: Mapping[str, str] | None = None,
    ) -> Generation:
        """Build a generation with documents added, replaced (same id) and removed, and make it current.

        Args:
            add: documents; taken one by one, so that a generator keeps memory small. Unchanged ones cost nothing.
            remove: ids; unknown ones are ignored.
            settings: if the encoder or the passage sizes differ from the current index's, everything is encoded again.
            encode: search texts -> float32 [n, dimension].
            progress: called with stage, done and total; what it raises stops the writing, the old index stays.
            build_dense: called with the vectors (memory-mapped) and the new folder.
            build_lexical: called with the search texts (lazy, by row) and the new folder.
            encoder: identity of the encoder's weights; default: the name in the settings.
            about: versions and the like, recorded in the manifest.

        Returns:
            the new current generation, or the old one when nothing changed.

        Raises:
            IndexError_: another process is writing, or the disk is full. The current index is then as it was.
        """
        report = progress or (lambda stage, done, total: None)
        identity = _identity(encoder or settings.encoder, settings)
        with self._disk_errors(), self._writing():
            old = self.current()
            self._clean(old)
            same = old is not None and {"terms": 1} | old.manifest["identity"] == identity  # earlier ones did not tell terms
            known = old.fingerprints() if old else {}
            gone = set(remove) & set(known)
            changed = (one for one in add if known.get(one.id) != fingerprint(one) or one.id in gone)
            first = next(changed, None)
            if old is not None and same and first is None and not gone:
                return old
            number = int(old.name.removeprefix("gen-")) + 1 if old else 1
            folder = self.root / f"building-{number}"
            folder.mkdir(parents=True)
            try:
                writer = CorpusWriter(folder, settings, old)
                try:
                    for document_id in gone:
                        writer.drop(document_id)
                    for count, document in enumerate(chain([first] if first else [], changed), 1):
                        writer.add(document, reuse=same)
                        report("read", count, 0)
                    if old is not None and not same:
                        self._again(old, writer)
                    documents, passages = writer.finish(keep=same)
                finally:
                    writer.close()
                facts: dict[str, Any] = {"format": FORMAT, "name": f"gen-{number}", "documents": documents, "passages": passages}
                corpus = Generation(folder, facts)
                try:
                    dimension = write_vectors(corpus, old if same else None, writer.kept_runs, writer.reusable, encode, report)
                    self._build(corpus, build_dense, build_lexical, report)
                finally:
                    corpus.close()
                report("save", 0, 1)
                facts |= {"dimension": dimension, "identity": identity, "settings": settings.model_dump(mode="json"),
                          "about": dict(about or {}) | _versions(), "created": _now()}  # fmt: skip
                self._swap_in(folder, facts)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            current = Generation.open(self.root / f"gen-{number}")
            self._clean(current, keep=None if gone else old)
            report("save", 1, 1)
            return current

    def _again(self, old: Generation, writer: CorpusWriter) -> None:
        """Passages are cut anew for every document that stays: another encoder or other sizes were asked for."""
        for light in old.documents():
            if light.id not in writer.dropped:
                writer.add(old.document(light.id), reuse=False)

    def _build(self, corpus: Generation, dense: BuildDense | None, lexical: BuildLexical | None, report: Progress) -> None:
        if not corpus.count:
            return
        if dense is not None:
            report("dense", 0, 1)
            dense(corpus.vectors(), corpus.path)
            report("dense", 1, 1)
        if lexical is not None:
            report("lexical", 0, 1)
            lexical(corpus.search_texts(), corpus.path)
            report("lexical", 1, 1)

    def _swap_in(self, folder: Path, facts: dict[str, Any]) -> None:
        """Make everything durable, the manifest last, then name the generation in CURRENT."""
        files: dict[str, dict[str, object]] = {}
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            _sync(file)
            files[file.relative_to(folder).as_posix()] = {"bytes": file.stat().st_size, "sha256": file_sha256(file)}
        facts["files"] = files
        _write_durably(folder / MANIFEST, json.dumps(facts, ensure_ascii=False, indent=1))
        _sync(folder)
        final = self.root / str(facts["name"])
        if final.exists():
            shutil.rmtree(final)
        os.replace(folder, final)
        _sync(self.root)
        _write_durably(self.root / "CURRENT", f"{facts['name']}\n")
        _sync(self.root)

    def _clean(self, current: Generation | None, keep: Generation | None = None) -> None:
        """Remove what no reader needs: unfinished generations and old ones but ``keep``."""
        names = {generation.path.name for generation in (current, keep) if generation is not None}
        for path in self.root.iterdir():
            rubbish = path.is_dir() and re.fullmatch(r"(?:building|gen)-\d+", path.name)
            if rubbish and path.name not in names:
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.endswith(".new"):
                path.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Be the only writer."""
        from filelock import FileLock, Timeout

        self.root.mkdir(parents=True, exist_ok=True)
        holder = self.root / ".holder"
        try:
            with FileLock(self.root / ".lock", timeout=self.wait):
                holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}), "utf-8")
                try:
                    yield
                finally:
                    holder.unlink(missing_ok=True)
        except Timeout:
            raise IndexError_(f"the index at {self.root} is being written by {_holder(holder)}", "Wait until it has finished, then try again.") from None

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        advice = f"Free some space on the disk of {self.root}, then try again. The index is as it was."
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise IndexError_(f"no space left on the disk while writing the index at {self.root}", advice) from error
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and str(self.root) in str(error.filename):
                raise IndexError_(f"the index at {self.root} cannot be written ({error.strerror})", "Check the rights on the data folder.") from error
            raise
        except (sqlite3.OperationalError, RuntimeError) as error:  # faiss wraps what its writes return
            if any(sign in str(error) for sign in ("disk is full", "disk I/O", "No space left")):
                raise IndexError_(f"no space left on the disk while writing the index at {self.root}", advice) from error
            raise


def _holder(path: Path) -> str:
    try:
        facts = json.loads(path.read_text("utf-8"))
        return f"process {facts['pid']} on {facts['host']} since {facts['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"


def _identity(encoder: str, settings: IndexSettings) -> dict[str, Any]:
    """What an index was made with; where any of it differs, all passages are made, encoded and indexed again."""
    from index import terms

    sizes = {"passage_min": settings.passage_min, "passage_max": settings.passage_max}
    return {"encoder": encoder, **sizes, "rules": PASSAGE_RULES, "terms": terms.VERSION}


def _versions() -> dict[str, str]:
    import numpy as np

    from index.loaders import LOADER_VERSION

    return {"python": platform.python_version(), "numpy": np.__version__, "sqlite": sqlite3.sqlite_version, "loader": LOADER_VERSION}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _write_durably(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def _sync(path: Path) -> None:
    """Force a file or folder to disk; folders cannot be opened for that on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
