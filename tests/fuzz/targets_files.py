"""Files and passages: any bytes give documents whose spans are true, or an error that names the file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

from errors import DocumentError
from index.loaders import load_all
from index.loaders.parts import Loaded, fault
from index.loaders.raw import Raw
from index.outline import outline
from index.paragraphs import STRUCTURE, passage_search_text, passages_of
from index.shown import shown
from index.types import Document, Hit
from index.wire import pack, unpack

MAXIMUM = 400


def loaded(given: tuple[str, bytes]) -> None:
    """Load as the child process does, without text recognition; what comes out is sound and passes the border
    between the processes."""
    suffix, data = given
    with mock.patch("index.loaders.scans.ready", lambda: False), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"文{suffix}"
        path.write_bytes(data)
        try:
            found = load_all(path)
        except DocumentError as error:
            assert error.message and error.hint
            return
        except RecursionError as error:
            assert fault(path.name, error).message  # told so by the child
            return
    assert isinstance(found, Loaded)
    for document in found.documents:
        assert unpack(Document, pack(document)) == document
        sound(document)
    for failed in found.failed:
        message = failed.error().message
        assert "broken, reading it failed" not in message, message


def chunks(text: str) -> None:
    """Passages of any text: spans in order, none longer than it may be, nothing lost."""
    sound(document_of(text.encode("utf-8", "ignore").decode("utf-8")))


def sound(document: Document) -> None:
    """Blocks, pages, outline and passages are spans of the text, in order, and hold all of it."""
    text = document.text
    assert document.title and "\x00" not in text
    text.encode()  # no half surrogates
    at = 0
    for block in document.blocks:
        assert at <= block.start < block.end <= len(text)
        assert not text[at : block.start].strip()
        at = block.end
    assert not text[at:].strip()
    assert list(document.pages) == sorted(document.pages)
    top = outline(document)
    assert 0 <= top.start <= top.end <= len(text)
    end = 0
    for passage in passages_of(document, 60, MAXIMUM):
        assert text[passage.start : passage.end] == passage.text and passage.text.strip()
        assert end <= passage.start and len(passage.text) <= STRUCTURE * MAXIMUM
        assert len(passage_search_text(document, passage)) <= STRUCTURE * MAXIMUM + 201
        end = passage.end
    shown(document)


def document_of(text: str) -> Document:
    """A text as the loader of plain text hands it on; one without a letter gets some."""
    from index.loaders import finish
    from index.loaders.plain import load_plain

    try:
        raw: Raw = load_plain(Path("文.txt"), text.encode())
        return finish(raw, "文.txt")
    except DocumentError:
        return finish(load_plain(Path("文.txt"), "办法。".encode()), "文.txt")


def hits_of(document: Document) -> list[Hit]:
    """Its passages, as a search would give them."""
    return [Hit(p, document, 1.0) for p in passages_of(document, 60, MAXIMUM)]
