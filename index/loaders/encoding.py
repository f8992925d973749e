"""Bytes -> text: byte order marks, UTF-8, UTF-16, GB18030, Big5, and what else can be told; binaries are
refused."""

from __future__ import annotations

import codecs
from pathlib import Path

from errors.unread import Unread

SAMPLE = 200_000
"""Encodings are told apart on at most this many bytes from the beginning; the whole file is then decoded."""

SURE = 0.06
"""Share of common characters from which on Chinese text counts as decoded right; ordinary text has 0.4 to
0.6."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_MAGIC = (
    (b"%PDF-", "is_pdf"),
    (b"PK\x03\x04", "is_zip"),
    (b"\xd0\xcf\x11\xe0", "is_ole"),
    (b"\x89PNG", "is_picture"),
    (b"\xff\xd8\xff", "is_picture"),
    (b"GIF8", "is_picture"),
    (b"\x7fELF", "is_program"),
    (b"MZ\x90", "is_program"),
    (b"\x1f\x8b", "is_compressed"),
    (b"Rar!", "is_archive"),
    (b"7z\xbc\xaf", "is_archive"),
    (b"SQLite format 3", "is_database"),
    (b"{\\rtf", "is_rtf"),
)
# The most frequent characters and marks of modern Chinese, both scripts: text that is decoded right is full
# of them.
_OTHERS = ["cp1252", "shift_jis", "euc_jp", "euc_kr", "cp1251", "koi8_r"]
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相"
    "全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五"
    "這個們來時為國會發經學過說產種對現實開關後從業應還無點體與員動長間東車見書門萬義電話語讓認識處務"
    "，。、；：？！“”‘’（）《》\n \u3000"
)


def decode(data: bytes, path: Path, declared: str = "") -> str:
    """The text of a file. ``declared``: an encoding that the file names itself (HTML meta), tried after
    UTF-8.

    Raises:
        Unread: the file is empty, is no text, or is in an encoding that cannot be told.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise Unread("empty", name=path.name)
    for magic, reason in _MAGIC:
        if data.startswith(magic):
            raise Unread(reason, name=path.name)
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                break
    for encoding in filter(None, ("utf-8", _known(declared))):
        text = _decoded(data, encoding)
        if text is not None and b"\x00" not in data[:SAMPLE]:
            return _checked(text, path)
    best = max(
        ("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be"), key=lambda name: _score(data[:SAMPLE], name)
    )
    if _score(data[:SAMPLE], best) >= SURE:
        return _checked(data.decode(best, errors="replace"), path)
    return _checked(_guessed(data, path), path)


def _known(name: str) -> str:
    """A declared encoding as Python calls it; gb2312 and gbk are read as their superset gb18030."""
    try:
        found = codecs.lookup(name.strip()).name if name.strip() else ""
    except (LookupError, ValueError):  # no encoding of that name, or a NUL in it
        return ""
    return "gb18030" if found in ("gb2312", "gbk", "hz") else found


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _score(sample: bytes, encoding: str) -> float:
    """Share of common Chinese characters among all that are not ASCII, less what should not occur; -1 without
    any."""
    usable = sample[: len(sample) - len(sample) % 2] if encoding.startswith("utf-16") else sample
    text = usable.decode(encoding, errors="replace")
    broken = sum(
        char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or (char < " " and char not in "\t\r\n")
        for char in text
    )
    plain = sum(char.isascii() and char.isprintable() for char in text)
    if (
        encoding.startswith("utf-16") and plain > len(text) * 0.5
    ):  # Latin text with a zero byte beside each letter
        return (plain - 6 * broken) / len(text)
    wide = sum(char > "\x7f" for char in text)
    common = sum(char in _COMMON for char in text if char > "\x7f")
    return (common - 6 * max(0, broken - 1)) / wide if wide else -1.0


def _guessed(data: bytes, path: Path) -> str:
    from charset_normalizer import from_bytes

    found = from_bytes(data[:SAMPLE], cp_isolation=_OTHERS).best() if b"\x00" not in data[:SAMPLE] else None
    if found is None:
        raise Unread("encoding", name=path.name)
    return data.decode(found.encoding, errors="replace")


def _checked(text: str, path: Path) -> str:
    """Refuse what decodes but is no text: too many control or replacement characters."""
    sample = text[:SAMPLE]
    odd = sum((char < " " and char not in "\t\r\n\f\x0b\x1a") or char == "\ufffd" for char in sample)
    if odd > max(2, len(sample) * 0.02):
        raise Unread("not_text", name=path.name, odd=odd, n=len(sample))
    return text
