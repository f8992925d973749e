"""Outlook messages (.msg) -> the parts of a message ([MS-OXMSG]: properties as streams of a compound
file)."""

from __future__ import annotations

import datetime
import io
import struct
from pathlib import Path
from typing import Any

from errors.unread import Unread
from index.loaders.mail import Mail, safe
from index.loaders.office import BROKEN
from index.loaders.raw import clean, squeeze

_SUBJECT, _BODY, _HTML, _SENDER, _ADDRESS, _SMTP, _TO, _CC = (
    0x0037,
    0x1000,
    0x1013,
    0x0C1A,
    0x0C1F,
    0x5D01,
    0x0E04,
    0x0E03,
)
_LONG_NAME, _NAME, _DISPLAY, _DATA, _SENT, _RECEIVED, _CODEPAGE, _INTERNET_CODEPAGE = (
    0x3707,
    0x3704,
    0x3001,
    0x3701,
    0x0039,
    0x0E06,
    0x3FFD,
    0x3FDE,
)
_STREAM = "__substg1.0_"


def read_msg(path: Path, data: bytes) -> Mail:
    """A .msg file with its attachments; messages attached to it come as .eml files.

    Raises:
        Unread: broken, or no message.
    """
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            if not ole.exists("__properties_version1.0"):
                raise Unread("not_msg", name=path.name)
            return _mail(ole, [], 32)
    except BROKEN as error:
        raise Unread("broken_msg", name=path.name) from error


def _mail(ole: Any, folder: list[str], head: int) -> Mail:
    facts = _facts(ole, folder, head)
    codepage = _encoding(facts.get(_CODEPAGE) or facts.get(_INTERNET_CODEPAGE) or b"")
    mail = Mail(squeeze(_string(ole, folder, _SUBJECT, codepage)))
    name, address = (squeeze(_string(ole, folder, tag, codepage)) for tag in (_SENDER, _ADDRESS))
    address = squeeze(_string(ole, folder, _SMTP, codepage)) or ("" if address.startswith("/") else address)
    if name or address:
        mail.people.append(
            ("发件人", f"{name} <{address}>" if name and address and name != address else name or address)
        )
    for tag, label in ((_TO, "收件人"), (_CC, "抄送")):
        if value := squeeze(_string(ole, folder, tag, codepage)).strip("; "):
            mail.people.append((label, value.replace("; ", "、").replace(";", "、")))
    mail.sent = _moment(facts.get(_SENT) or facts.get(_RECEIVED) or b"")
    mail.text = _string(ole, folder, _BODY, codepage)
    mail.html = _stream(ole, folder, _HTML, "0102") or _string(ole, folder, _HTML, codepage)
    for entry in sorted(
        {
            tuple(path[: len(folder) + 1])
            for path in ole.listdir(streams=True, storages=True)
            if path[: len(folder)] == folder
        }
    ):
        if entry and entry[-1].startswith("__attach_version1.0_"):
            _attachment(ole, list(entry), codepage, mail)
    return mail


def _attachment(ole: Any, folder: list[str], codepage: str, mail: Mail) -> None:
    name = next(
        (
            text
            for tag in (_LONG_NAME, _NAME, _DISPLAY)
            if (text := squeeze(_string(ole, folder, tag, codepage)))
        ),
        "attachment",
    )
    inner = [*folder, f"{_STREAM}{_DATA:04X}000D"]
    if ole.exists("/".join([*inner, "__properties_version1.0"])):  # a message within the message
        told = _mail(ole, inner, 24)
        mail.attachments.append((safe(f"{told.subject or name}.eml"), as_eml(told)))
        return
    mail.attachments.append((safe(name), _stream(ole, folder, _DATA, "0102")))


def as_eml(mail: Mail) -> bytes:
    """A message of Outlook as an .eml file, with its attachments."""
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"] = mail.subject
    for label, field in (("发件人", "X-From"), ("收件人", "X-To"), ("抄送", "X-Cc")):
        if value := dict(mail.people).get(label):
            message[field.removeprefix("X-")] = value.replace("、", ", ") if "@" in value else f'"{value}" <>'
    if mail.sent:
        message["Date"] = f"{datetime.datetime.fromisoformat(mail.sent):%a, %d %b %Y %H:%M:00 +0000}"
    message.set_content(mail.text if isinstance(mail.text, str) else mail.text.decode("utf-8", "replace"))
    if mail.html and not mail.text:
        message.set_content(
            mail.html if isinstance(mail.html, str) else mail.html.decode("utf-8", "replace"), subtype="html"
        )
    for name, content in mail.attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def _facts(ole: Any, folder: list[str], head: int) -> dict[int, bytes]:
    """Properties of fixed length: tag -> eight bytes."""
    name = "/".join([*folder, "__properties_version1.0"])
    data = ole.openstream(name).read() if ole.exists(name) else b""
    facts: dict[int, bytes] = {}
    for at in range(head, len(data) - 15, 16):
        (tag,) = struct.unpack_from("<I", data, at)
        facts.setdefault(tag >> 16, data[at + 8 : at + 16])
    return facts


def _stream(ole: Any, folder: list[str], tag: int, kind: str) -> bytes:
    name = "/".join([*folder, f"{_STREAM}{tag:04X}{kind}"])
    found: bytes = ole.openstream(name).read() if ole.exists(name) else b""
    return found


def _string(ole: Any, folder: list[str], tag: int, codepage: str) -> str:
    if wide := _stream(ole, folder, tag, "001F"):
        return clean(wide.decode("utf-16-le", "replace").rstrip("\0"))
    narrow = _stream(ole, folder, tag, "001E").rstrip(b"\0")
    for encoding in (codepage, "utf-8", "gb18030"):
        try:
            return clean(narrow.decode(encoding))
        except (UnicodeDecodeError, LookupError):
            continue
    return clean(narrow.decode("gb18030", "replace"))


def _encoding(value: bytes) -> str:
    number = int.from_bytes(value[:4], "little")
    return {936: "gb18030", 54936: "gb18030", 65001: "utf-8", 950: "big5"}.get(
        number, f"cp{number}" if number else "utf-8"
    )


def _moment(value: bytes) -> str:
    """A FILETIME as ``2025-03-03 09:00`` in China's time, which the message itself does not name."""
    ticks = int.from_bytes(value[:8], "little")
    if not ticks:
        return ""
    try:
        moment = datetime.datetime(1601, 1, 1) + datetime.timedelta(microseconds=ticks // 10, hours=8)
    except OverflowError:
        return ""
    return f"{moment:%Y-%m-%d %H:%M}"
