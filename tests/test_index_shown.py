"""What is shown of a document: facts, sections with their spans, tables, what was not read."""

from __future__ import annotations

from pathlib import Path

from index.loaders import Loaded, finish, load
from index.loaders.parts import Failure
from index.loaders.raw import Line, Raw
from index.shown import container, lines_of, list_of, not_read, shown

DATA = Path(__file__).parent / "data" / "loaders"


def test_sections_have_levels_pages_and_spans() -> None:
    report = load(DATA / "report.pdf")
    facts = shown(report)
    assert (facts["title"], facts["published"], facts["pages"]) == ("就业服务工作报告", "2025-07-01", 3)
    assert [(one["level"], one["title"]) for one in facts["sections"][:2]] == [
        (1, "就业服务工作报告"),
        (2, "一、第1项工作"),
    ]
    first, second = facts["sections"][1:3]
    assert first["end"] == second["start"] and report.text[second["start"] :].startswith(second["title"])
    assert facts["text"] == report.text
    lines = list(lines_of(report))
    assert "--- page 2" in lines and "## 二、第2项工作" in lines


def test_what_was_not_read_is_said() -> None:
    lines = [Line("第一行认得清楚。", page=1), Line("第二行看不太清。", page=1, sure=False)]
    raw = Raw(lines, "application/pdf", meta={"pages_without_text": "2, 5", "pages_recognised": "1"})
    document = finish(raw, "a.pdf")
    facts = shown(document)
    assert facts["not_read"] == {"pages_without_text": "2, 5", "pages_recognised": "1", "unsure": "9-17"}
    assert document.text[9:17] == "第二行看不太清。"
    assert any(line.startswith("not read") and "2, 5" in line for line in lines_of(document))


def test_many_places_are_counted_and_what_is_hidden_is_left_out() -> None:
    pages = ", ".join(map(str, range(1, 31)))
    raw = Raw(
        [Line("第一行。", fixed=True)],
        "x/y",
        meta={"pages_without_text": pages, "hidden_rows": "3", "formulas_without_value": "表!B2"},
    )
    document = finish(raw, "a.xlsx")
    assert not_read(document)["pages_without_text"].endswith("19, 20 … (30)")
    said = list(lines_of(document))
    assert any(line.startswith("left out") and line.endswith(": 3") for line in said) and any(
        "表!B2" in line for line in said
    )


def test_a_file_that_holds_others_is_listed() -> None:
    inner = finish(
        Raw([Line("第一行。", fixed=True)], "text/plain", meta={"pictures": "2"}), "a.zip/二/说明.txt"
    )
    loaded = Loaded(
        (inner,), (Failure("a.zip/坏.docx", "broken_docx", {"name": "a.zip/坏.docx"}),), ("a.zip/图.png",)
    )
    first, second, third = list_of(loaded)
    assert "a.zip/二/说明.txt" in first and "pictures that were not read: 2" in first
    assert "坏.docx: broken" in second and "a.zip/图.png" in third
    facts = container(loaded)
    assert facts["documents"] == [shown(inner)] and facts["skipped"] == ["a.zip/图.png"]
    assert facts["failed"] == [
        {
            "source": "a.zip/坏.docx",
            "error": "a.zip/坏.docx: broken, it cannot be parsed as .docx",
            "hint": "Open and save it again in Word or WPS.",
        }
    ]
