"""Many questions from a file: one load, resumable, and files that are not what they should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errors import DocumentError, QuestionError
from qa.types import Answer, Refusal, Sentence
from wenju.batch import answer_file, finished, read_questions


class Engine:
    """Answers with the question; refuses what holds 拒; takes nothing empty; stops like a cut power line on
    断."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def answer(self, question: str, history: tuple[Any, ...] = (), *, collection: str = "") -> Answer:
        self.asked.append((question, len(history)))
        if not question.strip():
            raise QuestionError("the question is empty")
        if "断" in question:
            raise KeyboardInterrupt
        refusal = Refusal("not_answered", "没有") if "拒" in question else None
        return Answer(question, question, "done", (Sentence(question, "supported"),), refusal)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, *entries: object) -> Path:
    path.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in entries), encoding="utf-8")
    return path


def test_each_line_is_answered_with_its_id(tmp_path: Path) -> None:
    questions = write(
        tmp_path / "in.jsonl",
        {"id": "a", "question": "甲？"},
        {"question": "拒？"},
        {"id": 7, "question": " "},
        {"id": "h", "question": "那乙？", "history": [{"question": "甲？", "answer": "甲。"}]},
    )
    engine = Engine()
    report = answer_file(engine, questions, tmp_path / "sub" / "out.jsonl")  # type: ignore[arg-type]
    assert (report.answered, report.refused, report.failed, report.kept) == (3, 1, 1, 0)
    out = lines(tmp_path / "sub" / "out.jsonl")
    assert [line["id"] for line in out] == ["a", "2", "7", "h"]
    assert out[0]["answer"] == "甲？" and list(out[0])[:2] == ["id", "question"]
    assert out[2] == {"id": "7", "question": " ", "error": "the question is empty"}
    assert engine.asked[-1] == ("那乙？", 1)


def test_interrupted_run_goes_on_and_a_cut_line_is_asked_again(tmp_path: Path) -> None:
    questions = write(tmp_path / "in.jsonl", *({"id": str(n), "question": f"{n}？"} for n in range(4)))
    out = tmp_path / "out.jsonl"
    answer_file(Engine(), write(tmp_path / "first.jsonl", *lines(questions)[:2]), out)  # type: ignore[arg-type]
    with out.open("a", encoding="utf-8") as handle:
        handle.write('{"id": "2", "question": "2')
    engine = Engine()
    report = answer_file(engine, questions, out)  # type: ignore[arg-type]
    assert [question for question, _ in engine.asked] == ["2？", "3？"]
    assert (report.answered, report.kept) == (2, 2)
    assert [line["id"] for line in lines(out)] == ["0", "1", "2", "3"]


def test_what_was_answered_before_an_interruption_is_kept(tmp_path: Path) -> None:
    questions = write(tmp_path / "in.jsonl", {"id": "1", "question": "甲？"}, {"id": "2", "question": "断"})
    with pytest.raises(KeyboardInterrupt):
        answer_file(Engine(), questions, tmp_path / "out.jsonl")  # type: ignore[arg-type]
    assert finished(tmp_path / "out.jsonl") == {"1"}


def test_another_file_is_never_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "letter.txt"
    out.write_text("Dear Sir,\nthis is no answer.\n")
    with pytest.raises(DocumentError, match="line 1 is not an answer"):
        finished(out)
    assert out.read_text().startswith("Dear Sir")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "1", "question": "x"}\n{"id": "1", "question": "y"}\n', "line 2: the id '1' occurs twice"),
        ('{"id": "1"}\n', "line 1: not a question"),
        ("[]\n", "line 1: not a question"),
        ("what?\n", "line 1: not a question"),
        ("\n", "holds no question"),
    ],
)
def test_unusable_questions_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(text)
    with pytest.raises(DocumentError, match=message):
        read_questions(path)
