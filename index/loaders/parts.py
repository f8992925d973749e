"""Files that hold others (.zip, .eml, .msg) -> several Documents, named by where they lie:
``mail.eml/附件.docx``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from errors.texts import Value
from errors.unread import Unread
from index.loaders.archive import DEPTH_MAX, Budget, zip_members
from index.loaders.signs import step
from index.types import Document

if TYPE_CHECKING:
    from index.loaders.mail import Mail
    from index.loaders.raw import Raw

CONTAINERS = (".eml", ".msg", ".zip")


@dataclass(frozen=True, slots=True)
class Failure:
    """A file within another that could not be read: its name, and the reason with its values."""

    source: str
    reason: str
    values: Mapping[str, Value]

    @classmethod
    def of(cls, source: str, error: Unread) -> Failure:
        return cls(source, error.reason, {**error.values, "name": source})

    def error(self) -> Unread:
        return Unread(self.reason, **self.values)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of one file.

    Attributes:
        documents: the file's own document first (a message), then those of the files in it.
        failed: files within that could not be read.
        skipped: names of files within that are of no kind that can be read.
    """

    documents: tuple[Document, ...]
    failed: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    documents: list[Document] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def load_all(path: Path, source: str | None = None) -> Loaded:
    """Every document of a file: one for most kinds, one for each readable file in an archive, a message and
    its attachments.

    Documents from within have the file's name before their own (``a.zip/二/b.docx``), and
    ``meta["container"]`` names the file; their ``path`` and ``file_sha256`` are the file's.

    Raises:
        Unread: the file itself cannot be read, or nothing in it can.
    """
    from index.loaders import LOADER_VERSION, load, read

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS:
        return Loaded((load(path, source),))
    source = source or path.name
    data = read(path)
    found = _Found()
    _open(path, data, source, suffix, found, Budget(path.name), 1)
    if not found.documents and found.failed:
        raise found.failed[0].error()
    if not found.documents:
        raise Unread("nothing_inside", name=path.name)
    facts = {
        "path": str(path.absolute()),
        "file_sha256": hashlib.sha256(data).hexdigest(),
        "loader": LOADER_VERSION,
    }
    for number, document in enumerate(found.documents):
        own = {"container": source} if document.source != source else {}
        found.documents[number] = _with(document, facts | own)
    return Loaded(tuple(found.documents), tuple(found.failed), tuple(found.skipped))


def load_message(path: Path, data: bytes) -> Raw:
    """A message alone, without its attachments."""
    from index.loaders.mail import raw_mail

    return raw_mail(path, _mail(path, data))


def load_archive(path: Path, data: bytes) -> Raw:
    """An archive is no document. Always raises Unread."""
    raise Unread("archive", name=path.name)


def _open(
    path: Path, data: bytes, source: str, suffix: str, found: _Found, budget: Budget, depth: int
) -> None:
    """Take what a container holds, containers within it too."""
    from index.loaders import finish
    from index.loaders.mail import raw_mail

    if suffix == ".zip":
        members = zip_members(path, data, budget)
    else:
        mail = _mail(path, data)
        try:
            found.documents.append(finish(raw_mail(path, mail), source))
        except Unread as error:
            found.failed.append(Failure.of(source, error))
        members = _counted(mail.attachments, budget)
    taken: set[str] = set()
    for name, content in members:
        number = 1
        own = name
        while own in taken:  # two attachments of one name
            number += 1
            own = f"{Path(name).with_suffix('')} ({number}){Path(name).suffix}"
        taken.add(own)
        _take(own, content, f"{source}/{own}", found, budget, depth)


def _counted(attachments: list[tuple[str, bytes]], budget: Budget) -> Iterator[tuple[str, bytes]]:
    for name, content in attachments:
        budget.take(len(content))
        yield name, content


def _take(name: str, content: bytes, source: str, found: _Found, budget: Budget, depth: int) -> None:
    from index.loaders import SUFFIXES, finish, raw_of

    inner = Path(name)
    suffix = inner.suffix.lower()
    if suffix not in SUFFIXES:
        found.skipped.append(source)
        return
    try:
        if suffix in CONTAINERS:
            if depth >= DEPTH_MAX:
                raise Unread("depth", name=source, most=DEPTH_MAX)
            _open(inner, content, source, suffix, found, budget, depth + 1)
        elif not content:
            raise Unread("empty", name=source)
        else:
            found.documents.append(finish(raw_of(inner, content), source))
    except Unread as error:
        if budget.left < 0 or budget.files < 0:
            raise
        found.failed.append(Failure.of(source, error))
    except MemoryError:
        raise
    except Exception as error:  # a parser's own fault must not cost the other files in it
        found.failed.append(Failure.of(source, fault(source, error)))
    step(len(found.documents), 0)


def fault(name: str, error: Exception) -> Unread:
    """What is said of a file on which a parser failed in a way that it does not know itself."""
    if isinstance(error, RecursionError):
        return Unread("nested", name=name)
    what = f"{type(error).__name__}: {str(error)[:200]}"
    return Unread("fault", name=name, what=what)


def _mail(path: Path, data: bytes) -> Mail:
    from index.loaders.mail import read_eml
    from index.loaders.outlook import read_msg

    return read_msg(path, data) if data.startswith(b"\xd0\xcf\x11\xe0") else read_eml(path, data)


def _with(document: Document, facts: dict[str, str]) -> Document:
    return replace(document, meta=dict(document.meta) | facts)
