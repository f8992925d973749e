"""What is shown of a document: facts, sections with their spans, tables, what was not read."""

from __future__ import annotations

from pathlib import Path

from index.loaders import finish, load
from index.loaders.raw import Line, Raw
from index.shown import lines_of, shown

DATA = Path(__file__).parent / "data" / "loaders"


def test_sections_have_levels_pages_and_spans() -> None:
    report = load(DATA / "report.pdf")
    facts = shown(report)
    assert (facts["title"], facts["published"], facts["pages"]) == ("就业服务工作报告", "2025-07-01", 3)
    assert [(one["level"], one["title"]) for one in facts["sections"][:2]] == [(1, "就业服务工作报告"), (2, "一、第1项工作")]
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
