"""Draft questions from documents, and regression sets from feedback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errors import EvalError
from eval.feedback import from_rows
from eval.synth import synthesise, write
from eval.tasks import jsonl

REPORT = """# 年度工作报告

市财政局局长王海涛表示，全年共发放稳岗补贴3200万元，惠及企业4000余家。今年5月12日，新的申报系统正式上线。

市商务局局长李敏介绍，全市评定示范窗口47个。市商务局全年办理事项12万件。

市财政局会同市商务局开展检查。各单位高度重视，取得明显成效。
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.md"
    path.write_text(REPORT, encoding="utf-8")
    return path


def by_question(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["question"]: row for row in rows}


def test_figures_dates_and_people_are_asked_for(report: Path) -> None:
    rows = by_question(synthesise([report]))
    assert rows["市财政局局长是谁？"]["answers"] == ["王海涛"] and rows["市财政局局长是谁？"]["type"] == "who"
    assert rows["全年共发放稳岗补贴多少万元？"]["answers"] == ["3200万元"]
    assert rows["全市评定示范窗口多少个？"]["answers"] == ["47个"]
    when = next(row for row in rows.values() if row["type"] == "date")
    assert when["answers"] == ["今年5月12日"] and when["question"] == "新的申报系统正式上线，是什么时候？"
    for row in rows.values():
        assert row["status"] == "draft" and row["id"].startswith("draft-")
        if row["answers"]:
            (evidence,) = row["evidence"]
            assert (
                row["answers"][0] in evidence["quote"]
                and evidence["quote"] in REPORT
                and evidence["document"] == "report.md"
            )
            assert row["answers"][0] not in row["question"]


def test_crossed_questions_have_no_answer_in_the_documents(report: Path) -> None:
    crossed = [row for row in synthesise([report]) if row["type"] == "unanswerable_near"]
    assert crossed
    for row in crossed:
        assert row["answers"] == [] and row["question"] != row["made_from"]
        assert row["question"].rstrip("？").replace("多少", "") not in REPORT


def test_drafts_are_the_same_each_time_and_limited(report: Path) -> None:
    assert synthesise([report], seed=3) == synthesise([report], seed=3)
    assert sum(bool(row["answers"]) for row in synthesise([report], limit=2, unanswerable=0)) == 2
    assert all(row["answers"] for row in synthesise([report], unanswerable=0))


def test_drafts_become_a_task_once_checked(report: Path, tmp_path: Path) -> None:
    rows = synthesise([report])
    write(rows, tmp_path / "d.jsonl")
    with pytest.raises(EvalError, match="holds no questions"):
        jsonl.read(tmp_path / "d.jsonl")
    write([row | {"status": "checked"} for row in rows], tmp_path / "c.jsonl")
    task = jsonl.read(tmp_path / "c.jsonl")
    assert len(task.items) == len(rows) and any(item.answerable is False for item in task.items)


def test_documents_without_anything_to_ask(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("各单位要高度重视，认真落实。", encoding="utf-8")
    with pytest.raises(EvalError, match="no figure, date or name"):
        synthesise([tmp_path / "a.txt"])
    (tmp_path / "b.bin").write_bytes(b"\x00")
    with pytest.raises(EvalError, match="no document could be read"):
        synthesise([tmp_path / "b.bin"])


def feedback(verdict: str, refused: bool = False, **more: Any) -> dict[str, Any]:
    sentence = {"text": "47个。", "citations": [{"document": "年报", "quote": "评定示范窗口47个。"}]}
    answer = {
        "answer": "没有找到。" if refused else "47个。",
        "refused": refused,
        "sentences": [] if refused else [sentence],
    }
    return {"question": "示范窗口几个？", "answer": answer, "verdict": verdict} | more


def test_praise_is_kept_with_answer_and_evidence(tmp_path: Path) -> None:
    (row,) = from_rows([feedback("up")])
    assert (
        row["status"] == "checked"
        and row["answers"] == ["47个。"]
        and row["evidence"][0]["quote"] == "评定示范窗口47个。"
    )
    (tmp_path / "r.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert jsonl.read(tmp_path / "r.jsonl").items[0].answerable
    (refused,) = from_rows([feedback("up", refused=True)])
    assert refused["answerable"] is False and refused["answers"] == []


@pytest.mark.parametrize(
    ("row", "answers", "todo"),
    [
        (feedback("down", reasons=["wrong_evidence"]), ["47个。"], "正确的依据原句"),
        (feedback("down", reasons=["wrong_answer", "wrong_evidence"]), [], "填写答案和"),
        (feedback("down", comment="依据和引用都没问题，答案错了"), [], "填写答案和"),
        (feedback("down", reasons=["gap"]), [], "若有答案"),
        (feedback("down", refused=True), [], "若有答案"),
    ],
)
def test_complaints_are_drafts_that_say_what_is_missing(
    row: dict[str, Any], answers: list[str], todo: str
) -> None:
    (made,) = from_rows([row])
    assert made["status"] == "draft" and made["answers"] == answers and made["answerable"] is True
    assert todo in made["todo"] and made["was"] == row["answer"]["answer"] and made["evidence"] == []


def test_the_latest_word_on_a_question_counts() -> None:
    rows = list(from_rows([feedback("down", comment="一"), feedback("up"), feedback("down", comment="二")]))
    assert [row["said"] for row in rows if row["status"] == "draft"] == ["二"] and len(rows) == 2
    assert len({row["id"] for row in rows}) == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [({"verdict": "up"}, "row 1 has no question"), ({"question": "？"}, "row 1 has no answer")],
)
def test_feedback_that_cannot_be_used(row: dict[str, Any], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        list(from_rows([row]))
