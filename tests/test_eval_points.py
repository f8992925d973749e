"""The office sets: their form, the judge by points, figures by type and of conversations."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from eval_fakes import AlwaysAnswers

from errors import EvalError
from eval.points import share
from eval.runfolder import RunFolder
from eval.runner import RunOptions, run
from eval.summary import worst_type
from eval.tasks import load, office, premises
from eval.tasks.types import Item

HANDBOOK = "迟到三次扣半天工资。\n婚假10天，须一次性休完。\n年假未休可折成工资，也可顺延。\n"
ROWS: list[dict[str, Any]] = [
    {"id": "1", "question": "婚假几天，须一次性休完吗", "type": "fact", "answers": ["十天", "10天"]},
    {
        "id": "2",
        "question": "婚假10天，须一次性休完，概括",
        "type": "overview",
        "answer_parts": [["婚假"], ["年假"]],
    },
    {
        "id": "3",
        "question": "年假未休可折成工资，列两样",
        "type": "list",
        "answer_parts": [["折成工资"], ["奖金"]],
    },
    {"id": "4", "question": "迟到三次扣半天工资的馆长是谁", "type": "unanswerable", "answers": []},
    {"id": "5", "question": "迟到", "type": "chat", "answers": [], "answer_parts": []},
    *(
        {
            "id": f"c{n}",
            "question": "婚假10天呢",
            "type": "followup",
            "answers": [right],
            "conversation": "c01",
            "history": [{"question": "假", "answer": "有。"}],
        }
        for n, right in enumerate(("10天", "11天"))
    ),
]


def written(folder: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    (folder / "documents").mkdir()
    (folder / "documents" / "手册.md").write_text(HANDBOOK, encoding="utf-8")
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def answer(text: str = "", refused: bool = False, **more: Any) -> dict[str, Any]:
    return {"answer": text, "refused": refused, **more}


def question(kind: str, *answers: str, **more: Any) -> Item:
    return Item("1", "？", answers, answerable=kind != "unanswerable", type=kind, rubric="office", **more)


def test_every_part_is_needed_but_of_an_overview() -> None:
    parts = (("甲",), ("两个工作日", "2个工作日"))
    assert share(question("list", parts=parts), answer("甲，三个工作日"))[0] == 0.0
    assert share(question("list", parts=parts), answer("甲，２ 个工作日"))[0] == 1.0
    assert share(question("overview", parts=parts), answer("甲")) == (0.5, ("两个工作日",))
    assert share(question("howto", parts=parts), answer("甲")) == (0.0, ("两个工作日",))


def test_digits_tables_and_commas_are_folded() -> None:
    assert share(question("table", "| 差旅费 | 300,000"), answer("差旅费：300000"))[0] == 0.0
    assert share(question("table", "300,000"), answer("**差旅费**300000元"))[0] == 1.0
    assert share(question("fact", "三年"), answer("满3年"))[0] == 1.0


def test_refusals() -> None:
    refused = answer("没有找到。", refused=True)
    assert share(question("fact", "没有"), refused)[0] == 0.0
    assert share(question("unanswerable"), refused)[0] == 1.0
    assert share(question("unanswerable"), answer("张三"))[0] == 0.0
    assert share(question("chat"), refused)[0] == 0.0 and share(question("chat"), answer("您好"))[0] == 1.0
    assert share(question("chat"), answer("  "))[0] == 0.0


def test_a_false_premise_is_caught_by_refusal_notes_or_answer() -> None:
    item = question("false_premise", "24小时")
    assert share(item, answer("", True, refusal={"message": "文件写的是24小时"}))[0] == 1.0
    assert share(item, answer("", True, notes=[{"kind": "premise", "message": "应为２４小时"}]))[0] == 1.0
    assert share(item, answer("", True, refusal={"message": "没有找到"}))[0] == 0.0
    assert share(item, answer("回退限24小时内"))[0] == 1.0 and share(item, answer("执行回退命令"))[0] == 0.0


def test_yes_must_not_say_no() -> None:
    item = question("yes_no", "补办", polarity="yes")
    assert share(item, answer("可以补办"))[0] == 1.0 and share(item, answer("不得补办"))[0] == 0.0
    assert share(question("yes_no", "不得", polarity="no"), answer("不得补办"))[0] == 1.0


def test_a_run_has_points_types_and_conversations(tmp_path: Path) -> None:
    task = office.read(written(tmp_path), "office", "办公")
    assert [item.answerable for item in task.items] == [True, True, True, False, True, True, True]
    assert (
        task.mode == "open"
        and [f.name for f in task.files] == ["手册.md"]
        and task.items[5].conversation == "c01"
    )
    folder = run(task, AlwaysAnswers({"手册.md": HANDBOOK}), RunOptions(tmp_path / "run"))
    rows, summary, figures = folder.scores(), folder.summary(), folder.figures()
    assert {key: row["scores"]["right"] for key, row in rows.items()} == {
        "1": 1.0,
        "2": 0.5,
        "3": 0.0,
        "4": 0.0,
        "5": 1.0,
        "c0": 1.0,
        "c1": 0.0,
    }
    assert rows["2"]["verdict"] == "wrong" and rows["2"]["reason"] == "缺：年假"
    assert rows["4"]["verdict"] == "hallucinated" and rows["5"]["verdict"] == "right"
    assert figures["right"].value == pytest.approx(3.5 / 7) and figures["conversations_right"].value == 0.0
    assert summary["by_type"]["followup"]["right"]["value"] == 0.5 and summary["worst_type"] == ""


def test_the_worst_type_has_ten_questions(tmp_path: Path) -> None:
    kinds = [("fact", "10天", 12), ("list", "11天", 10), ("why", "12天", 9)]
    asked = [
        {"id": f"{kind}{n}", "question": "婚假10天", "type": kind, "answers": [right]}
        for kind, right, count in kinds
        for n in range(count)
    ]
    folder = run(
        office.read(written(tmp_path, asked), "office", ""),
        AlwaysAnswers({"手册.md": HANDBOOK}),
        RunOptions(tmp_path / "r"),
    )
    worst = folder.figures()["right_worst_type"]
    assert folder.summary()["worst_type"] == "list" and (worst.value, worst.n) == (0.0, 10)
    assert worst_type({"fact": {"right": worst}}) is None


def test_office_without_documents(tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text('{"question": "甲"}\n', encoding="utf-8")
    with pytest.raises(EvalError, match="documents of task 'office' are not here"):
        office.read(tmp_path / "questions.jsonl", "office", "")


def test_office_is_read_from_the_benchmark_folder(tmp_path: Path) -> None:
    (tmp_path / "office").mkdir()
    written(tmp_path / "office")
    task = load("office", tmp_path)
    assert (task.name, task.split, len(task.items)) == ("office", "tuning", 7)


@pytest.mark.parametrize(
    ("name", "questions", "documents", "conversations"), [("desk", 199, 8, 15), ("counter", 288, 12, 20)]
)
def test_our_own_sets_are_well_formed(name: str, questions: int, documents: int, conversations: int) -> None:
    task = load(name)
    texts = {context.id: context.text for context in task.contexts}
    assert len(task.items) == questions and len(texts) == documents
    assert len({item.question for item in task.items}) > 0.95 * questions
    for item in task.items:
        assert all(e.quote in texts[e.document] for e in item.evidence), item.id
        keyed = bool(item.answers or item.parts)
        assert keyed == (item.type not in ("unanswerable", "chat")), item.id
        assert (item.type == "followup") == bool(item.history) == bool(item.conversation), item.id
    turns = Counter(item.conversation for item in task.items if item.conversation)
    assert len(turns) == conversations and set(turns.values()) == {3}


def test_premises_are_asked_of_their_passages(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    passage = {"id": "p1", "title": "规定", "heading": "期限", "passage": "延期只能一次。"}
    (tmp_path / "p" / "a.jsonl").write_text(json.dumps(passage), encoding="utf-8")
    pair = {
        "passage_id": "p1",
        "false": "延第二次找谁批",
        "true": "延一次找谁批",
        "claim": "可延两次",
        "told": "延期只能一次",
    }
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(pair), encoding="utf-8")
    task = premises.read(path, "premises", "", tmp_path / "p")
    assert task.mode == "closed" and [item.type for item in task.items] == ["false_premise", "true_premise"]
    assert task.items[0].answers == ("延期只能一次",) and task.items[1].passages[0].title == "规定 期限"
    folder = run(task, AlwaysAnswers({}), RunOptions(tmp_path / "run"))
    found = RunFolder.open(folder.path).figures()
    assert found["premise_caught"].value == 1.0 and found["true_premise_named"].value == 0.0
    path.write_text(json.dumps(pair | {"passage_id": "p2"}), encoding="utf-8")
    with pytest.raises(EvalError, match="no passage 'p2'"):
        premises.read(path, "premises", "", tmp_path / "p")


def test_the_shipped_premises_stand_in_their_passages() -> None:
    task = load("premises")
    false = [item for item in task.items if item.false_premise]
    assert len(task.items) == 80 and len(false) == 40
    assert all(item.answers[0] in item.passages[0].text for item in false)
