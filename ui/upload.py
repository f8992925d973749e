"""One file out of a form, written to its place while it arrives: nothing is held in memory, and disk sees it
once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from errors.unread import Unread
from ui.originals import Keeping

FIELD = b"file"


async def received(request: Request, place: Callable[[str], Path], limit: int) -> Path:
    """Take the form's file and give its path.

    Args:
        place: tells from the name that was sent where the file goes; what it raises ends the upload.
        limit: most bytes of the file.

    Raises:
        Unread: no form, or no file in it. TooLarge: the file is. Nothing is left behind.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Unread("upload_form")
    form = _Form(place, limit)
    try:
        parser = MultipartParser(options[b"boundary"], form.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            await asyncio.to_thread(parser.write, chunk)
        parser.finalize()
        if form.file is None or not form.ended:
            raise Unread("upload_half")
        return await asyncio.to_thread(form.file.done)
    except FormParserError as error:
        raise Unread("upload_broken", what=str(error)) from None
    finally:
        if form.file is not None:
            form.file.drop()


class _Form:
    """What the parser calls: headers of a part are gathered, the first file's data go to disk, the rest goes
    nowhere."""

    def __init__(self, place: Callable[[str], Path], limit: int) -> None:
        self.file: Keeping | None = None
        self._place, self._limit = place, limit
        self._name, self._value, self._disposition = b"", b"", b""
        self._inside = False
        self.ended = False

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._disposition = b""
        if options.get(b"name") == FIELD and b"filename" in options and self.file is None:
            self.file = Keeping(self._place(options[b"filename"].decode("utf-8", "replace")), self._limit)
            self._inside = True

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside and self.file is not None:
            self.file.write(data[start:end])

    def _part_end(self) -> None:
        self._inside = False

    def _end(self) -> None:
        self.ended = True
