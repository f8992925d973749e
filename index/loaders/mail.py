"""Messages (.eml) -> lines: subject as title, who wrote to whom and when, then the body; and their
attachments.

Knows the headers as Chinese mail programs write them: encoded words cut within a character, bytes without a
charset.
"""

from __future__ import annotations

import email
import email.message
import email.utils
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, a2b_qp
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from errors.unread import Unread
from index.loaders.encoding import decode
from index.loaders.plain import plain_lines
from index.loaders.raw import Line, Raw, clean, squeeze
from index.loaders.web import load_html

_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_QUOTED = re.compile(r"(?:> ?)+")
_BETWEEN = re.compile(r"(\?=)\s+(=\?)")
_FIELDS = (("from", "发件人"), ("to", "收件人"), ("cc", "抄送"))


@dataclass(slots=True)
class Mail:
    """A message as its parts; ``attachments``: name and bytes of each file sent with it."""

    subject: str = ""
    people: list[tuple[str, str]] = field(default_factory=list)
    sent: str = ""
    text: bytes | str = b""
    html: bytes | str = b""
    charset: str = ""
    attachments: list[tuple[str, bytes]] = field(default_factory=list)


def read_eml(path: Path, data: bytes) -> Mail:
    """An .eml file.

    Raises:
        Unread: it is no message.
    """
    message = email.message_from_bytes(data.lstrip(b"\r\n \xef\xbb\xbf"))
    if not message.keys():
        raise Unread("not_mail", name=path.name)
    mail = Mail(header(message, "subject"))
    for name, label in _FIELDS:
        if value := people(header(message, name)):
            mail.people.append((label, value))
    mail.sent = sent(header(message, "date"))
    _parts(message, mail, 0)
    return mail


def raw_mail(path: Path, mail: Mail) -> Raw:
    """The message itself as lines; attachments are named, not read."""
    lines = [Line(mail.subject, level=1)] if mail.subject else []
    lines += [Line(f"{label}：{value}", fixed=True) for label, value in mail.people]
    if mail.sent:
        lines.append(Line(f"发送时间：{mail.sent}", fixed=True))
    lines += _body(path, mail)
    if mail.attachments:
        lines.append(Line("附件：" + "、".join(name for name, _ in mail.attachments), fixed=True))
    raw = Raw(lines, "message/rfc822", title=mail.subject, formed=True)
    raw.published = mail.sent[:10] or None
    return raw


def _body(path: Path, mail: Mail) -> Iterator[Line]:
    """The plain text, unless only the web page says anything."""
    text = _text(mail.text, mail.charset, path)
    if len(squeeze(text)) >= 20 or not mail.html:
        yield from _plain(text)
        return
    html = mail.html.encode() if isinstance(mail.html, str) else mail.html
    lines = list(load_html(path, html).lines)
    longer = sum(len(line.text) for line in lines) > len(squeeze(text))
    yield from lines if longer else _plain(text)


def _plain(text: str) -> Iterator[Line]:
    """A plain body; what it quotes of another message (>) is paragraphs of its own, as that one had them."""
    for quoted, part in groupby(text.split("\n"), key=lambda line: line.startswith(">")):
        body = "\n".join(_QUOTED.sub("", line) if quoted else line for line in part)
        for number, line in enumerate(plain_lines(body)):
            yield replace(line, gap=line.gap or not number)


def _text(text: bytes | str, charset: str, path: Path) -> str:
    if isinstance(text, str):
        return clean(text)
    if not text.strip(b"\0 \t\r\n"):
        return ""
    try:
        return clean(decode(text, path, charset))
    except Unread:
        return clean(text.decode("gb18030", "replace"))


def _parts(part: email.message.Message, mail: Mail, depth: int) -> None:
    """Bodies and attachments of a message, its inner messages kept as attachments."""
    kind = part.get_content_type()
    name = squeeze(clean(header_text(parameter(part.get_filename))))
    attached = str(part.get("content-disposition") or "").lower().startswith("attachment")
    if kind == "message/rfc822":
        inner = part.get_payload()
        if isinstance(inner, list) and inner and isinstance(inner[0], email.message.Message):
            subject = header(inner[0], "subject") or "message"
            mail.attachments.append((safe(name or f"{subject[:60]}.eml"), inner[0].as_bytes()))
        return
    if part.is_multipart():
        payload = part.get_payload()
        for inner_part in payload if isinstance(payload, list) and depth < 50 else ():
            if isinstance(inner_part, email.message.Message):
                _parts(inner_part, mail, depth + 1)
        return
    decoded = part.get_payload(decode=True)
    content = decoded if isinstance(decoded, bytes) else b""
    if kind in ("text/plain", "text/html") and not attached and not (name and (mail.text or mail.html)):
        if kind == "text/html":
            mail.html = mail.html or _declared(content, parameter(part.get_content_charset))
        elif not mail.text:
            mail.text, mail.charset = content, parameter(part.get_content_charset)
    elif name or attached:
        mail.attachments.append((safe(name or f"attachment{len(mail.attachments) + 1}"), content))


def _declared(html: bytes, charset: str) -> bytes:
    """A page with the charset that its header names written into it, where it names none itself."""
    if charset and b"charset" not in html[:4096].lower():
        return b'<meta charset="' + charset.encode("ascii", "replace") + b'">' + html
    return html


def parameter(told: Callable[[], str | None]) -> str:
    """What a part of a message says of itself; "" where that cannot be read, as for a NUL in the name of its
    encoding."""
    try:
        return told() or ""
    except ValueError:
        return ""


def safe(name: str) -> str:
    """A file's name without folders."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip() or "attachment"


def header(message: email.message.Message, name: str) -> str:
    """The first header of a name as text; "" without one."""
    value = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    return squeeze(clean(header_text(value)))


def header_text(value: str) -> str:
    """Encoded words and bare bytes of a header as text. Words that follow each other are joined before
    decoding, since some programs cut within a character."""
    value = re.sub(r"\r?\n[ \t]*", " ", value)
    value = _BETWEEN.sub(r"\1\2", value)
    out: list[str] = []
    run, charset, at = b"", "", 0
    for match in _WORD.finditer(value):
        if match.start() > at or match[1].lower() != charset:
            out.append(_charset(run, charset))
            run = b""
        out.append(value[at : match.start()])
        at, charset = match.end(), match[1].lower()
        run += _word(match[2].upper(), match[3])
    out += [_charset(run, charset), value[at:]]
    text = "".join(out)
    if any("\udc80" <= char <= "\udcff" for char in text):
        return _charset(text.encode("utf-8", "surrogateescape"), "")
    return text


def _word(form: str, text: str) -> bytes:
    try:
        return a2b_base64(text + "=" * (-len(text) % 4)) if form == "B" else a2b_qp(text.replace("_", " "))
    except (Base64Error, ValueError):
        return text.encode("ascii", "replace")


def _charset(data: bytes, charset: str) -> str:
    name = {"gb2312": "gb18030", "gbk": "gb18030", "": "utf-8"}.get(
        charset.split("*")[0], charset.split("*")[0]
    )
    for encoding in (name, "utf-8", "gb18030"):
        # ValueError: also what a sender calls a charset and is none, a NUL or half a character in its name
        try:
            return data.decode(encoding).encode("utf-8", "replace").decode()
        except (ValueError, LookupError):
            continue
    return data.decode("gb18030", "replace")


def people(value: str) -> str:
    """Names and addresses, parted by 、; the address alone where there is no name."""
    found = [
        f"{name} <{address}>" if name and name != address else address or name
        for name, address in email.utils.getaddresses([value])
    ]
    return "、".join(one for one in found if one) or value


def sent(value: str) -> str:
    """``2025-03-03 09:00`` as the sender's clock said; "" when the date cannot be read."""
    try:
        return f"{email.utils.parsedate_to_datetime(value):%Y-%m-%d %H:%M}" if value else ""
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
