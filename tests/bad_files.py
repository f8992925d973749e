"""Files that cannot or must not be read, each with what the refusal must say."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass

from index import limits
from tests import paper_files
from tests.old_word import Old, old_word
from tests.ole import compound
from tests.paper_files import packed
from tests.papers import paper
from tests.pdf_maker import FONT, Sheet

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@dataclass(frozen=True)
class Bad:
    """A file that is refused: ``says`` is a regular expression for the reason. ``why``: its kind in words."""

    name: str
    why: str
    data: bytes
    says: str


def bad_files(seed: int) -> Iterator[Bad]:
    """All of them, the same for the same seed."""
    yield from _empty()
    yield from _cut(seed)
    yield from _other_kind()
    yield from _locked(seed)
    yield from _too_much()
    yield from _without_text(seed)
    for suffix, says in (
        (".ppt", "pptx"),
        (".rar", "Unpack"),
        (".7z", "Unpack"),
        (".dwg", "ending|kind"),
        (".caj", "pdf"),
    ):
        yield Bad(f"别的{suffix}", "kind that is not read", b"\0\1\2" * 500, says)
    yield Bad("无后缀", "kind that is not read", b"text", "no ending")


def _empty() -> Iterator[Bad]:
    for suffix in (
        ".txt",
        ".md",
        ".html",
        ".docx",
        ".doc",
        ".xlsx",
        ".xls",
        ".csv",
        ".pdf",
        ".pptx",
        ".ofd",
        ".eml",
        ".epub",
        ".zip",
    ):
        yield Bad(f"空{suffix}", "empty", b"", "empty")


def _cut(seed: int) -> Iterator[Bad]:
    one = paper(seed)
    whole = {
        ".docx": paper_files.word(one),
        ".xlsx": paper_files.sheet(one),
        ".pptx": paper_files.slides(one),
        ".epub": paper_files.book(one),
        ".ofd": paper_files.layout(one),
        ".zip": packed({"a.txt": paper_files.plain(one, "utf-8") * 50}),
        ".doc": paper_files.binary_word(one),
        ".xls": paper_files.old_sheet(one),
        ".msg": paper_files.outlook(one),
    }
    for suffix, data in whole.items():
        yield Bad(f"截断{suffix}", "cut short", data[: len(data) // 2], "broken|damaged|cannot be")
    yield Bad("截断.pdf", "cut short", paper_files.printed(one, seed, "text")[:300], "broken")


def _other_kind() -> Iterator[Bad]:
    for suffix in (
        ".docx",
        ".xlsx",
        ".pptx",
        ".pdf",
        ".doc",
        ".xls",
        ".ofd",
        ".epub",
        ".msg",
        ".zip",
        ".rtf",
    ):
        yield Bad(
            f"其实是图{suffix}",
            "another kind under this ending",
            PNG,
            "broken|not a|cannot be|no text|binary|save",
        )
    for suffix in (".txt", ".md", ".csv", ".html"):
        noise = random.Random(5).randbytes(4000) + b"\0" * 400
        yield Bad(f"二进制{suffix}", "binary", noise, "binary|not text|no text|encoding|text file")


def _locked(seed: int) -> Iterator[Bad]:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption("secret", strength=128))
    canvas.drawString(72, 700, "locked")
    canvas.save()
    yield Bad("加密.pdf", "protected with a password", out.getvalue(), "password")
    sealed = compound({"EncryptedPackage": b"\0" * 5000, "EncryptionInfo": b"\4\0\4\0" + b"\0" * 60})
    for suffix in (".docx", ".xlsx", ".pptx"):
        yield Bad(f"加密{suffix}", "protected with a password", sealed, "password")
    yield Bad("加密.doc", "protected with a password", old_word([Old("x")], encrypted=True), "password")
    yield Bad("加密.zip", "protected with a password", _locked_archive(), "password")


def _locked_archive() -> bytes:
    """An archive whose one member says that it is encrypted."""
    data = bytearray(packed({"a.txt": b"x" * 100}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + place
        data[at] |= 1
    return bytes(data)


def _too_much() -> Iterator[Bad]:
    blank = b" " * (limits.UNPACKED_MAX + 1)
    unpacks = "unpacks to"
    yield Bad(
        "炸弹.docx",
        "unpacks to too much",
        packed({"[Content_Types].xml": TYPES, "word/document.xml": blank}),
        unpacks,
    )
    yield Bad(
        "炸弹.xlsx",
        "unpacks to too much",
        packed({"[Content_Types].xml": TYPES, "xl/workbook.xml": blank}),
        unpacks,
    )
    yield Bad("炸弹.zip", "unpacks to too much", packed({"a.txt": blank}), unpacks)
    inner = packed({"a.txt": b" " * (limits.UNPACKED_MAX // 2 + 1)})
    yield Bad(
        "套炸弹.zip", "unpacks to too much", packed({"a.zip": inner, "b.zip": inner, "c.zip": inner}), unpacks
    )
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "文字"}">' for n in range(10))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [{lines}]><x>&a9;</x>'
    parts = {
        ".docx": "word/document.xml",
        ".xlsx": "xl/workbook.xml",
        ".pptx": "ppt/presentation.xml",
        ".epub": "META-INF/container.xml",
        ".ofd": "OFD.xml",
    }
    for suffix, part in parts.items():
        data = packed({"[Content_Types].xml": TYPES, "_rels/.rels": xml, part: xml})
        yield Bad(f"实体{suffix}", "XML that defines entities", data, "entit|broken|damaged|DTD")
    deep = f'<w:document xmlns:w="{WORD}"><w:body>' + "<w:sdt>" * 100_000
    yield Bad(
        "深套.docx",
        "nested too deep",
        packed({"[Content_Types].xml": TYPES, "word/document.xml": deep}),
        "deep|nest|broken|damaged",
    )
    nest = packed({"a.txt": "内层的话。".encode()})
    for _ in range(5):
        nest = packed({"a.zip": nest})
    yield Bad("套娃.zip", "nested too deep", nest, "deep|within")
    yield Bad(
        "长段.txt", "one huge paragraph", "长".encode() * (limits.PARAGRAPH_MAX + 10), "5,000,000|512 MB"
    )
    yield Bad("多页.pdf", "too many pages", many_pages(100_000), "pages are more than")


def many_pages(count: int) -> bytes:
    """A PDF that says that it has so many pages."""
    parts = [
        "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n",
        f"2 0 obj<</Type/Pages/Count {count}/Kids[{' '.join(['3 0 R'] * count)}]>>endobj\n",
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n",
    ]
    body, places = "%PDF-1.4\n", []
    for part in parts:
        places.append(len(body))
        body += part
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    tail = f"trailer<</Size 4/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF"
    return f"{body}xref\n0 4\n0000000000 65535 f \n{table}{tail}".encode("ascii")


def _without_text(seed: int) -> Iterator[Bad]:
    import openpyxl
    from pptx import Presentation

    from tests.word_maker import blank

    yield Bad("空白.txt", "no text in it", b" \n\t\n" * 50, "empty|no text")
    yield Bad(
        "只有脚本.html",
        "no text in it",
        b"<html><script>var a=1</script><style>p{}</style></html>",
        "no text",
    )
    yield Bad("没有字.docx", "no text in it", paper_files.saved(blank()), "no text")
    yield Bad("没有格.xlsx", "no text in it", paper_files.saved(openpyxl.Workbook()), "no text|no cell|empty")
    yield Bad("没有页.pptx", "no text in it", paper_files.saved(Presentation()), "no text|no slide")
    yield Bad("没有信头.eml", "another kind under this ending", b"\n\nno headers here", "not a message")
    yield Bad("空包.zip", "no text in it", packed({}), "no file|nothing|empty|no text")
    out = Sheet(random.Random(seed))
    yield Bad("白页.pdf", "no text in it", out.save(), "no text")
    garbled = Sheet(random.Random(seed))
    garbled.canvas.setFont(FONT, 11)
    for n, text in enumerate(paper(seed).texts * 6):
        shifted = "".join(chr(0x7280 + (ord(char) * 7) % 60) for char in text)
        garbled.canvas.drawString(72, 770 - 11 * n, shifted[:40])
    yield Bad("乱码.pdf", "text layer that is no language", garbled.save(), "no language")
