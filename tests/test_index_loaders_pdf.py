"""PDF files: paragraphs across lines and pages, running headers, pages, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import DocumentError
from index.loaders import load
from index.paragraphs import passages_of

DATA = Path(__file__).parent / "data" / "loaders"


def test_a_report_of_three_pages() -> None:
    report = load(DATA / "report.pdf")
    assert report.title == "就业服务工作报告"
    assert report.published == "2025-07-01"  # from the page header, not from the file's own date
    assert "某某日报" not in report.text and "— 1 —" not in report.text
    headings = [(block.level, report.text[block.start : block.end]) for block in report.blocks if block.level]
    assert headings == [
        (1, "就业服务工作报告"),
        *((2, f"{n}、第{i}项工作") for i, n in enumerate("一二三四", 1)),
    ]
    paragraphs = [report.text[block.start : block.end] for block in report.blocks if not block.level]
    assert len(paragraphs) == 16
    for number, paragraph in enumerate(paragraphs, 1):
        assert paragraph.startswith(f"第{number}段说的是就业服务，全市建成{100 + number}家")
        assert paragraph.endswith(f"第{number}段到此结束。")
        assert " " not in paragraph


def test_pages_are_offsets_even_within_a_paragraph() -> None:
    report = load(DATA / "report.pdf")
    assert len(report.pages) == 3 and report.pages[0] == 0 and list(report.pages) == sorted(report.pages)
    crossing = [p for p in passages_of(report) for start in report.pages[1:] if p.start < start < p.end]
    assert crossing  # a paragraph that goes on over the page break is one passage
    assert all(passage.page == report.page_of(passage.start) for passage in passages_of(report))
    assert {passage.page for passage in passages_of(report)} == {1, 2, 3}


def test_latin_text_is_joined_and_spaces_begin_paragraphs() -> None:
    english = load(DATA / "english.pdf")
    sentence = (
        "The information service was opened in May. It has been used by many people "
        "since then, and everyone is content with it, which nobody had expected. "
    )
    assert (
        english.text == (sentence * 5).strip() + "\nA second paragraph begins after some space. It is short."
    )
    assert english.title == "english"  # what Word writes as title is no title
    assert english.published == "2025-08-09"  # nothing else tells a date


def test_a_notice_with_a_title_of_two_lines_and_a_signature_date() -> None:
    notice = load(DATA / "notice.pdf")
    assert notice.title == "关于印发某某市差旅费管理办法的通知"
    assert notice.text.split("\n")[-1] == "二〇二五年三月一日"
    assert notice.published == "2025-03-01"
    assert len(notice.blocks) == 4


@pytest.mark.parametrize(
    ("name", "says"), [("password.pdf", "protected with a password"), ("scan.pdf", "2 pages hold no text")]
)
def test_what_cannot_be_read(name: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says) as caught:
        load(DATA / name)
    assert name in caught.value.message and caught.value.hint


@pytest.mark.parametrize("length", [300, 3_000, 12_000, 23_000])
def test_a_truncated_file_gives_an_error_or_its_text(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.pdf"
    path.write_bytes((DATA / "report.pdf").read_bytes()[:length])
    try:
        assert load(path).text
    except DocumentError as error:
        assert "cut.pdf" in error.message
