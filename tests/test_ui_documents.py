"""The documents page: reader, original, search, upload, deletion, and what staff asked in vain; no browser
needed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from fake_corpus import APPLY, LEAVE
from fastapi.testclient import TestClient
from page_fakes import OURS

from index.shown import NOT_READ
from index.types import Block
from ui import originals
from ui.document_views import reading, rows, shared
from ui.texts import Texts


def test_reader_marks_exactly_the_span(client: TestClient) -> None:
    start = LEAVE.text.index(APPLY)
    page = client.get(f"/documents/{LEAVE.id}?start={start}&end={start + len(APPLY)}").text
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", page) == [APPLY] and page.count('id="span"') == 1
    for paragraph in LEAVE.text.split("\n\n"):
        assert paragraph.strip() in re.sub(r"</?mark[^>]*>", "", page)
    assert "original#page=3" in page
    for bad in ("start=5&end=3", "start=-2&end=9", "start=0&end=999999"):
        assert "<mark" not in client.get(f"/documents/{LEAVE.id}?{bad}").text


def test_a_span_over_two_blocks_is_marked_in_both_with_one_anchor(client: TestClient) -> None:
    start = LEAVE.text.index("由处室负责人审批，超过3天")
    page = client.get(f"/documents/{LEAVE.id}?start={start}&end={start + 80}").text
    assert len(re.findall(r"<mark", page)) == 2 and page.count('id="span"') == 1


def test_original_opens_at_its_page_and_never_outside_the_folder(client: TestClient, tmp_path: Path) -> None:
    got = client.get(f"/documents/{LEAVE.id}/original")
    assert got.headers["content-type"] == "application/pdf" and got.headers["content-disposition"].startswith(
        "inline"
    )
    assert client.get("/documents/ffff/original").status_code == 404
    (tmp_path / LEAVE.source).unlink()
    (tmp_path / LEAVE.source).symlink_to("/etc/passwd")
    assert client.get(f"/documents/{LEAVE.id}/original").status_code == 404


def test_search_without_generation(client: TestClient) -> None:
    page = client.get("/documents", params={"q": "住宿费限额<b>"}).text
    assert (
        "每人每天500元" in page
        and "<mark>住宿费限额</mark>" in page
        and 'value="住宿费限额&lt;b&gt;"' in page
        and "<b>" not in page
    )


def test_what_a_hit_shares_with_the_query_is_marked() -> None:
    text = "处级及以下人员出差<b>住宿费限额</b>：VPN 每人每天500元。"
    cut = shared(text, "住宿费的限额 vpn 500元 每")
    assert [run for run, marked in cut if marked] == ["住宿费", "限额", "VPN ", "500元"]
    assert "".join(run for run, _ in cut) == text
    assert shared("a<b", "") == (("a<b", False),) and shared("", "住宿费") == ()


def test_deleting_takes_the_file_along(client: TestClient, tmp_path: Path) -> None:
    assert client.delete(f"/documents/{LEAVE.id}").status_code == 403
    assert client.delete(f"/documents/{LEAVE.id}", headers=OURS).status_code == 200
    assert LEAVE.title not in client.get("/documents").text and not (tmp_path / LEAVE.source).exists()


def test_a_text_in_an_old_encoding_opens_as_text(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "印章使用与管理规定.txt").write_bytes(
        "使用印章须经处室负责人批准，并逐项登记。".encode("gb18030")
    )
    kept = next(tmp_path.glob("印章*"))
    assert "处室负责人批准" in originals.sent(kept).body.decode()
    (tmp_path / "网页.html").write_text("<script>alert(1)</script>")
    assert originals.sent(tmp_path / "网页.html").headers["content-disposition"].startswith("attachment")


def test_administration_is_for_administrators(client: TestClient) -> None:
    reader = {"x-test-user": "li"} | OURS
    assert client.post("/documents/upload", files={"file": ("a.md", b"x")}, headers=reader).status_code == 403
    assert client.delete(f"/documents/{LEAVE.id}", headers=reader).status_code == 403
    assert client.post("/documents/reindex", headers=reader).status_code == 403
    for path in ("/documents/waiting", "/documents/waiting/0123456789abcdef"):
        assert client.get(path, headers=reader).status_code == 403
    assert client.post("/documents/waiting/add", json={}, headers=reader).status_code == 403
    assert client.get("/admin", headers=reader).status_code == 403
    page = client.get("/documents", headers=reader).text
    assert "data-delete" not in page and 'type="file"' not in page


def test_the_reader_says_the_title_once() -> None:
    text = f"{LEAVE.title}\n\n第一条\n\n正文在这里。"
    head = (Block(0, len(LEAVE.title), 1), Block(len(LEAVE.title) + 2, len(LEAVE.title) + 5, 2))
    shown = reading(replace(LEAVE, text=text, blocks=head, pages=()), (), Texts("zh"), None, original=False)
    assert [(b.before, b.level) for b in shown.blocks] == [("第一条", 2), ("正文在这里。", 0)]


def test_a_quoted_row_of_a_sheet_is_told_with_its_cells() -> None:
    text = "姓名：张三；电话：1\n姓名：李四；电话：2"
    rows_of_it = (Block(0, 12, 0, 1), Block(13, len(text), 0, 1))
    sheet = replace(
        LEAVE, text=text, blocks=rows_of_it, pages=(), meta={"places": '[[0,2,"名单",2,"A","B"]]'}
    )
    quoted, whole = (
        reading(sheet, (), Texts("zh"), span, original=False).facts for span in ((13, len(text)), None)
    )
    assert quoted[-1] == "名单!A3:B3" and not any("名单" in fact for fact in whole)


def test_what_was_not_read_is_said() -> None:
    document = replace(LEAVE, meta={"pages_without_text": "2, 5", "hidden_rows": "3", "unsure": "1-2, 5-9"})
    facts = " · ".join(reading(document, (), Texts("zh"), None, original=False).facts)
    assert all(
        text in facts
        for text in ("没有文字的页（图片或空白）：2, 5", "略去 3 个隐藏的行", "文字识别没有把握的地方：2 处")
    )
    for name in NOT_READ:  # each has its words in both languages
        for lang in ("zh", "en"):
            said = reading(replace(LEAVE, meta={name: "7"}), (), Texts(lang), None, original=False).facts
            assert "7" in " ".join(said) or name == "unsure"
    (listed,) = rows([(document, ())], (), Texts("zh"))
    assert listed.unread and "隐藏" not in "".join(listed.unread)
    (whole,) = rows([(replace(LEAVE, meta={"hidden_rows": "3"}), ())], (), Texts("zh"))
    assert not whole.unread
