"""Files that hold others: messages with attachments, archives; each file within is a document of its own."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest
from index_fakes import Encoder
from ole import compound

from errors import DocumentError
from index.documents import add_paths
from index.loaders import load, load_all
from index.settings import IndexSettings
from index.store import IndexStore
from index.types import Document


def body(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks if not block.level]


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def message(attachments: Mapping[str, bytes] | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = (
        "关于停水的通知",
        "王芳 <wf@example.com>",
        "全体 <all@example.com>",
    )
    mail["Date"] = "Mon, 03 Mar 2025 09:00:00 +0800"
    mail.set_content("各位住户：3月8日9时至15时停水，请提前储水。")
    for name, data in (attachments or {}).items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail


def test_a_message_and_its_attachments(tmp_path: Path) -> None:
    inner = message({"内层.txt": "内层的附件，说明了条件。".encode()})
    path = tmp_path / "信.eml"
    path.write_bytes(
        message(
            {
                "安排.csv": "姓名,电话\n张三,123\n".encode("gb18030"),
                "图.png": b"\x89PNG",
                "坏.docx": b"no",
                "转发.eml": inner.as_bytes(),
                "空.txt": b"",
                "包.zip": zipped({"里/表.csv": "单位,数\n甲,1\n".encode()}),
            }
        ).as_bytes()
    )
    loaded = load_all(path)
    assert [one.source for one in loaded.documents] == [
        "信.eml",
        "信.eml/安排.csv",
        "信.eml/转发.eml",
        "信.eml/转发.eml/内层.txt",
        "信.eml/包.zip/里/表.csv",
    ]
    mail, table = loaded.documents[:2]
    assert (mail.title, mail.published) == ("关于停水的通知", "2025-03-03")
    assert body(mail) == [
        "发件人：王芳 <wf@example.com>",
        "收件人：全体 <all@example.com>",
        "发送时间：2025-03-03 09:00",
        "各位住户：3月8日9时至15时停水，请提前储水。",
        "附件：安排.csv、图.png、坏.docx、转发.eml、空.txt、包.zip",
    ]
    assert (
        body(table) == ["姓名：张三；电话：123"]
        and table.meta["container"] == "信.eml"
        and table.meta["path"] == str(path)
    )
    assert [one.source for one in loaded.failed] == [
        "信.eml/坏.docx",
        "信.eml/空.txt",
    ] and loaded.skipped == ("信.eml/图.png",)
    assert load(path).text == mail.text


def test_what_a_message_quotes_is_lines_of_its_own(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Re: 校车合同"
    mail.set_content(
        "已签字，请查收。\n\n周晓\n> 合同已按贵校意见修改。\n>> 第二条的服务费怎么算？\n>\n> 顺达客运\n"
    )
    path = tmp_path / "复.eml"
    path.write_bytes(mail.as_bytes())
    assert body(load(path))[-5:] == [
        "已签字，请查收。",
        "周晓",
        "合同已按贵校意见修改。",
        "第二条的服务费怎么算？",
        "顺达客运",
    ]


@pytest.mark.parametrize(
    ("head", "subject"),
    [
        (b"Subject: =?gb2312?B?udjT2s2jy64=?=\r\n =?gb2312?B?tcTNqNaq?=\r\n", "关于停水的通知"),
        (
            b"Subject: =?utf-8?B?5YWz5LqO5YGc5rC05Q==?=\r\n =?utf-8?B?pg==?= =?utf-8?B?gg==?=\r\n",
            "关于停水如",
        ),
        ("Subject: 关于停水的通知\r\n".encode("gb18030"), "关于停水的通知"),
        ("Subject: 关于停水的通知\r\n".encode(), "关于停水的通知"),
        (b"Subject: =?utf-8?Q?=E5=81=9C=E6=B0=B4_A?=\r\n", "停水 A"),
    ],
)
def test_subjects_as_mail_programs_write_them(tmp_path: Path, head: bytes, subject: str) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(
        head
        + b"From: a@example.com\r\nDate: bad\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n"
        + "一段话，说明了镕条件。".encode("gb18030")
    )
    document = load(path)
    assert (
        document.title == subject and document.published is None and "一段话，说明了镕条件。" in document.text
    )


def test_a_message_of_a_page_only(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "周报"
    mail.set_content(
        "<p>本周完成<del>三</del>五项，见下表。</p><table><tr><th>项目<th>数<tr><td>甲<td>1</table>",
        subtype="html",
        charset="gb18030",
    )
    path = tmp_path / "a.eml"
    path.write_bytes(mail.as_bytes())
    assert body(load(path)) == ["本周完成五项，见下表。", "项目：甲；数：1"]


def test_a_short_text_counts_before_a_page_that_says_less(tmp_path: Path) -> None:
    mail = message()
    mail.set_content("各位：明天停水。")
    mail.add_alternative("<p>停水</p>", subtype="html")
    path = tmp_path / "a.eml"
    path.write_bytes(mail.as_bytes())
    assert body(load(path))[-1] == "各位：明天停水。"


def test_an_outlook_message(tmp_path: Path) -> None:
    ticks = int((1741000000 + 11644473600) * 10**7).to_bytes(8, "little")
    head = b"\0" * 32 + struct.pack("<HHI", 0x40, 0x0039, 0) + ticks

    def wide(text: str) -> bytes:
        return text.encode("utf-16-le")

    attachment = "__attach_version1.0_#00000000/"
    path = tmp_path / "a.msg"
    path.write_bytes(
        compound(
            {
                "__properties_version1.0": head,
                "__substg1.0_0037001F": wide("关于停水的通知"),
                "__substg1.0_1000001F": wide("各位住户：停水一天。\r\n请储水。"),
                "__substg1.0_0C1A001F": wide("王芳"),
                "__substg1.0_5D01001F": wide("wf@example.com"),
                "__substg1.0_0E04001F": wide("全体; 物业"),
                attachment + "__properties_version1.0": b"\0" * 8,
                attachment + "__substg1.0_3707001F": wide("表.csv"),
                attachment + "__substg1.0_37010102": "姓名,电话\n张三,123\n".encode().ljust(5000, b"\n"),
            }
        )
    )
    mail, table = load_all(path).documents
    assert (mail.title, mail.published) == ("关于停水的通知", "2025-03-03")
    assert body(mail) == [
        "发件人：王芳 <wf@example.com>",
        "收件人：全体、物业",
        "发送时间：2025-03-03 19:06",
        "各位住户：停水一天。",
        "请储水。",
        "附件：表.csv",
    ]
    assert table.source == "a.msg/表.csv" and body(table)[0] == "姓名：张三；电话：123"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(DocumentError, match=r"a\.msg: broken"):
        load_all(path)


def test_an_outlook_message_in_the_code_page_of_taiwan(tmp_path: Path) -> None:
    path = tmp_path / "a.msg"
    head = b"\0" * 32 + struct.pack("<HHIQ", 0x03, 0x3FDE, 0, 950)
    path.write_bytes(
        compound(
            {
                "__properties_version1.0": head,
                "__substg1.0_0037001E": "停水通知".encode("big5"),
                "__substg1.0_1000001E": "各位住戶：明天停水一天，請儲水備用。".encode("big5"),
            }
        )
    )
    message = load(path)
    assert (message.title, body(message)[-1]) == ("停水通知", "各位住戶：明天停水一天，請儲水備用。")


def test_names_in_an_archive_of_chinese_windows(tmp_path: Path) -> None:
    data = zipped(
        {"XXXX/YYYY.txt": "一段话，说明了条件。".encode(), "__MACOSX/._a.txt": b"x", ".DS_Store": b"x"},
        zipfile.ZIP_STORED,
    )
    data = data.replace(b"XXXX", "通知".encode("gbk")).replace(b"YYYY", "停水".encode("gbk"))
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert [one.source for one in load_all(path).documents] == ["a.zip/通知/停水.txt"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a.txt": b"\0" * (101 << 20)}, "unpacks to more than 100 MB"),
        ({f"{n}.png": b"" for n in range(2_001)}, "more than 2,000 files"),
        ({"a.png": b"x"}, "nothing in it"),
        (
            {"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"d.txt": b"text"})})})},
            "packed more than 3 deep",
        ),
        (
            {"a.zip": zipped({"b.txt": b"\0" * (60 << 20)}), "c.zip": zipped({"b.txt": b"\0" * (60 << 20)})},
            "unpacks to more than 100 MB",
        ),
    ],
)
def test_limits_of_archives(tmp_path: Path, files: Mapping[str, bytes], says: str) -> None:
    path = tmp_path / "大.zip"
    path.write_bytes(zipped(files))
    with pytest.raises(DocumentError, match=says) as caught:
        load_all(path)
    assert "zip" in caught.value.message and caught.value.hint


def test_broken_and_protected_archives(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    whole = zipped({"a.txt": b"text of some length"}, zipfile.ZIP_STORED)
    for data, says in (
        (whole[:40], "broken"),
        (whole.replace(b"some", b"xxxx"), "broken"),
        (_flagged(whole), "password"),
    ):
        path.write_bytes(data)
        with pytest.raises(DocumentError, match=says):
            load_all(path)


def _flagged(data: bytes) -> bytes:
    """The archive with the mark of encryption."""
    at = data.index(b"PK\x01\x02")
    return data[:6] + b"\1" + data[7 : at + 8] + b"\1" + data[at + 9 :]


def test_an_archive_in_an_index(tmp_path: Path) -> None:
    store, encoder = IndexStore(tmp_path / "index"), Encoder()
    path = tmp_path / "files" / "a.zip"
    path.parent.mkdir()

    def add() -> object:
        return add_paths(
            [path.parent], store, IndexSettings(encoder="test", passage_min=4, passage_max=60), encoder
        )

    path.write_bytes(
        zipped(
            {
                "一.txt": "第一份，说明了条件。".encode(),
                "二.txt": "第二份，说明了程序。".encode(),
                "图.png": b"x",
                "坏.pdf": b"x",
            }
        )
    )
    report = add()
    assert report.added == ("a.zip/一.txt", "a.zip/二.txt") and [one.name for one in report.skipped] == [
        "图.png"
    ]  # type: ignore[attr-defined]
    assert [(one.name, error.message) for one, error in report.failed][0][0] == "坏.pdf"  # type: ignore[attr-defined]
    assert add().unchanged == ("a.zip",)  # type: ignore[attr-defined]
    path.write_bytes(
        zipped({"二.txt": "第二份，改过了。".encode(), "三.txt": "第三份，说明了费用。".encode()})
    )
    report = add()
    assert (report.added, report.replaced) == (("a.zip/三.txt",), ("a.zip/二.txt",))  # type: ignore[attr-defined]
    current = store.current()
    assert current is not None and sorted(one.source for one in current.documents()) == [
        "a.zip/三.txt",
        "a.zip/二.txt",
    ]
