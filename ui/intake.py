"""Files that were sent and wait for a decision: read at once, shown as they would be stored, then added or
not.

    originals/.waiting/ID/NAME    the file, and beside it what came of reading it
    originals/FOLDER/NAME         where it goes once it is added

Nothing of it is in the index. What waited when the server stopped has to be sent again.
"""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from errors import WenjuError
from index.duplicates import copies_of
from index.files import place
from index.loaders.parts import Loaded
from index.reading import Reader
from index.shown import shown
from index.types import Document
from index.wire import pack, unpack
from ui import originals
from ui.storage_types import new_id

if TYPE_CHECKING:
    from qa.engine import Engine
    from ui.background_jobs import Progress, Wrong

WAITING = ".waiting"
READ = ".read"
"""Beside the file: what was read of it, packed."""
BEFORE = ".before"
"""Beside it while it is being added: the file whose place it takes."""
LINGER = 5.0
"""Seconds that the process which reads is kept for the next file."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was understood of a document; it comes without its text. ``copy_of``: title of one that says the
    same, "" when there is none."""

    document: Document
    sections: int
    tables: int
    characters: int
    copy_of: str = ""


@dataclass(eq=False)
class Sent:
    """A file with how far it is; ``name`` is its path in the folder that was dropped.

    ``replaces``: id of a document that goes once this one is there; ``replaced``: title of the one, of that
    id or of the same name, whose place it would take. ``failed`` and ``skipped`` are files
    within an archive or message.
    """

    id: str
    name: str
    path: Path
    replaces: str = ""
    replaced: str = ""
    state: Literal["waiting", "reading", "read", "failed", "adding"] = "waiting"
    done: int = 0
    total: int = 0
    error: BaseException | None = None
    read: tuple[Read, ...] = ()
    failed: tuple[Wrong, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def busy(self) -> bool:
        return self.state in ("waiting", "reading", "adding")


class Intake:
    """The files that wait, oldest first. Thread-safe; one file is read at a time, in a child process."""

    def __init__(self, engine: Engine, folder: Path, kept: originals.Originals | None = None) -> None:
        self.folder = folder
        self.kept = kept or originals.Originals(folder)
        self._engine = engine
        self._sent: dict[str, Sent] = {}
        self._unread: queue.Queue[Sent] = queue.Queue()
        self._lock = threading.Lock()
        self._reading = False
        self._cleared = False

    def place(self, name: str) -> Path:
        """Where a file that is being sent is put, below a folder of its own."""
        with self._lock:
            if not self._cleared:  # what an earlier run of the server left
                shutil.rmtree(self.folder / WAITING, ignore_errors=True)
                self._cleared = True
        return self.folder / WAITING / new_id() / Path(name).name

    def take(self, path: Path, name: str, replaces: str = "") -> Sent:
        """A file that has arrived whole; it is read as soon as those before it are. One of the same name that
        waits already gives way."""
        sent = Sent(path.parent.name, name, path, replaces)
        self.drop([one.id for one in self.sent() if one.name == name])
        with self._lock:
            self._sent[sent.id] = sent
            self._unread.put(sent)
            if not self._reading:
                self._reading = True
                threading.Thread(target=self._read_all, name="wenju-intake", daemon=True).start()
        return sent

    def sent(self) -> list[Sent]:
        with self._lock:
            return list(self._sent.values())

    def one(self, sent_id: str) -> Sent:
        """Raises KeyError when none of this id waits."""
        return self._sent[sent_id]

    def documents(self, sent: Sent) -> tuple[Document, ...]:
        """The documents of a file as they would be stored."""
        return unpack(Loaded, (sent.path.parent / READ).read_bytes()).documents if sent.read else ()

    def drop(self, ids: Sequence[str]) -> None:
        """Forget files, but for those that are being added."""
        with self._lock:
            gone = [self._sent.pop(i) for i in ids if i in self._sent and self._sent[i].state != "adding"]
        for sent in gone:
            self._clear(sent)

    def choose(self, ids: Sequence[str]) -> list[Sent]:
        """Those of the files that can be added; they are marked as being added."""
        with self._lock:
            chosen = [self._sent[i] for i in ids if i in self._sent and self._sent[i].state == "read"]
            for sent in chosen:
                sent.state = "adding"
        return chosen

    def add(self, chosen: Sequence[Sent], collection: str, progress: Progress) -> list[Wrong]:
        """Put files into the folder of originals and the index, all in one generation; what failed. A file
        that fails goes on waiting, and what it would have replaced is as it was.

        Raises:
            WenjuError, OSError: nothing was added.
        """
        moved: dict[Path, Callable[[], None]] = {}
        there: dict[Path, Sent] = {}
        before, new = self._engine.documents(), set[str]()
        try:
            for sent in chosen:
                target = self.folder / sent.name
                moved[target] = _moved(sent.path, target)
                there[place(target)] = sent
                new.add(self.kept.keep(target, sent.name))
            # One that is here already under another name lies where it was read from, or its copy would be
            # taken for the same file renamed.
            self.kept.lay(one for one in before if originals.keys([one]) & new)
            report = self._engine.add(list(moved), progress, collection=collection, below=self.folder)
        except BaseException as error:
            for back in moved.values():
                back()
            for sent in chosen:
                sent.state, sent.error = "read", error.with_traceback(None)
            self._settle(new | originals.keys(before))
            raise
        wrong = {there[path]: error for path, error in report.failed if path in there}
        for (target, back), sent in zip(moved.items(), chosen, strict=True):
            if sent in wrong:
                back()
                sent.state, sent.error = "failed", wrong[sent]
            else:
                self._done(sent, target)
        self._settle(new | originals.keys(before))
        return [(sent.name, error) for sent, error in wrong.items()]

    def _done(self, sent: Sent, target: Path) -> None:
        with self._lock:
            self._sent.pop(sent.id, None)
        self._clear(sent)
        old = next((d for d in self._engine.documents() if d.id == sent.replaces), None)
        if old is not None and place(Path(old.meta.get("path", ""))) != place(target):
            self._engine.remove(old.id)
            originals.forget(self.folder, old)

    def _settle(self, known: set[str]) -> None:
        with suppress(WenjuError):  # what is left over in the bucket harms nobody
            self.kept.settle(known, self._engine.documents())

    def _clear(self, sent: Sent) -> None:
        shutil.rmtree(sent.path.parent, ignore_errors=True)

    def _read_all(self) -> None:
        with Reader() as reader:
            while True:
                try:
                    sent = self._unread.get(timeout=LINGER)
                except queue.Empty:
                    with self._lock:
                        if self._unread.empty():
                            self._reading = False
                            return
                    continue
                if sent.id in self._sent:
                    self._read_one(reader, sent)

    def _read_one(self, reader: Reader, sent: Sent) -> None:
        def step(done: int, total: int) -> None:
            sent.done, sent.total = done, total

        sent.state = "reading"
        try:
            loaded = reader.load_all(sent.path, sent.name, step)
            (sent.path.parent / READ).write_bytes(pack(loaded))
            known = self._engine.documents()
            waiting = [read.document for one in self.sent() for read in one.read]
            sent.read = tuple(_understood(one, sent, [*known, *waiting]) for one in loaded.documents)
            gone = (one.title for one in known if one.id == sent.replaces or one.source == sent.name)
            sent.replaced = next(gone, "")
        except Exception as error:  # the border: an administrator reads it beside the file's name
            sent.state, sent.error = "failed", error.with_traceback(None)
            return
        sent.failed = tuple((one.source, one.error()) for one in loaded.failed)
        sent.skipped = loaded.skipped
        sent.state = "read"


def _understood(document: Document, sent: Sent, known: Sequence[Document]) -> Read:
    facts = shown(document)
    meta = {name: value for name, value in document.meta.items() if name != "places"}
    light = replace(document, text="", blocks=(), meta=meta)
    copy = _copy_of(light, [one for one in known if one.id != sent.replaces])
    return Read(light, len(facts["sections"]), len(facts["tables"]), len(document.text), copy)


def _copy_of(document: Document, known: Sequence[Document]) -> str:
    """Title of a document, held or waiting, that this one is a copy of; the one of its own name is none."""
    _, _, rest = document.meta.get("sketch", "").partition(".")
    figures, _, _ = rest.partition(".")  # copies have the same ones
    alike = {
        one.id: one
        for one in known
        if f".{figures}." in one.meta.get("sketch", "") and one.source != document.source
    }
    first = copies_of([*alike.values(), document]).get(document.id, "")
    return alike[first].title if first else ""


def _moved(path: Path, target: Path) -> Callable[[], None]:
    """Put a file into its place; gives what takes it back and has things as they were."""
    before = path.parent / BEFORE
    target.parent.mkdir(parents=True, exist_ok=True)

    def restore() -> None:
        if before.exists():
            before.replace(target)

    def back() -> None:
        target.replace(path)
        restore()

    if target.exists():
        target.replace(before)
    try:
        path.replace(target)
    except OSError:
        restore()
        raise
    return back
