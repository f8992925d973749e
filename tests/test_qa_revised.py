"""Two editions of a document laid side by side: which documents these are, what is matched, what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from qa.engine import Engine
from qa.settings import EngineSettings
from qa.types import Answer

OLD = """# 澄川苗圃门票办法（2021年版）

第一条 成人票每张30元，学生票每张15元。

第二条 苗圃每天8时开门，17时关门。

第三条 自带帐篷的，须到值班室登记。

| 票种 | 价格 | 期限 |
|---|---|---|
| 月卡 | 120元 | 30天 |
| 年卡 | 600元 | 365天 |

第四条 门票当日有效。
"""
NEW = """# 澄川苗圃门票办法（2024年版）

第一条 成人票每张40元，学生票每张15元。

第二条 苗圃每天8时开门，18时关门。

第三条 携带宠物入园的，须系牵引绳，并交清洁费5元。

| 票种 | 价格 | 期限 |
|---|---|---|
| 月卡 | 150元 | 30天 |
| 年卡 | 600元 | 365天 |

第四条 门票当日有效；
"""
OTHER = "# 澄川苗圃门票统计\n\n上月售出成人票900张，学生票300张，月卡42张，年卡7张。\n"
WHOLE, PART, NONE = "门票办法改了哪些", "月卡2021版和2024版各多少钱", "成人票和学生票差多少"


@pytest.fixture()
def ask(tmp_path: Path):  # type: ignore[no-untyped-def]
    def asked(question: str, documents: dict[str, str], kind: str = "compare") -> Answer:
        folder = tmp_path / "files"
        folder.mkdir()
        for name, text in documents.items():
            (folder / f"{name}.md").write_text(text, "utf-8")
        reader = ScriptedReader(
            {question: kind},
            answers={PART: ("月卡",), NONE: ("成人票",)},
            editions={WHOLE: "whole", PART: "part"},
        )
        engine = Engine.open(
            EngineSettings(data=tmp_path / "data"),
            generator=ScriptedGenerator({"": "没有写明。"}),
            encoder=FakeEncoder(),
            reader=reader,
        )
        engine.add([folder])
        return engine.answer(question)

    return asked


def cells(answer: Answer) -> list[list[str]]:
    lines = [line for s in answer.sentences for line in s.text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line]


@pytest.mark.parametrize("kind", ["compare", "overview_document", "list"])
def test_all_that_differs_stands_side_by_side(ask, kind: str) -> None:  # type: ignore[no-untyped-def]
    answer = ask(WHOLE, {"a": OLD, "b": NEW, "c": OTHER}, kind)
    head, *rows = cells(answer)
    assert head == ["《澄川苗圃门票办法（2021年版）》", "《澄川苗圃门票办法（2024年版）》"]
    assert rows == [
        ["第一条 成人票每张30元，学生票每张15元。", "第一条 成人票每张40元，学生票每张15元。"],
        ["第二条 苗圃每天8时开门，17时关门。", "第二条 苗圃每天8时开门，18时关门。"],
        ["第三条 自带帐篷的，须到值班室登记。", "—"],
        ["—", "第三条 携带宠物入园的，须系牵引绳，并交清洁费5元。"],
        ["票种：月卡；价格：120元；期限：30天", "票种：月卡；价格：150元；期限：30天"],
    ]
    told = [len(s.citations) for s in answer.sentences if s.citations]
    assert told == [2, 2, 1, 1, 2] and all(
        "统计" not in c.document for s in answer.sentences for c in s.citations
    )
    assert "改动 3 处，新增 1 处，删去 1 处，相同 2 处" in answer.notes[-1].message


def test_of_one_point_only_what_belongs_to_it(ask) -> None:  # type: ignore[no-untyped-def]
    _, *rows = cells(ask(PART, {"a": OLD, "b": NEW, "c": OTHER}))
    assert rows == [["票种：月卡；价格：120元；期限：30天", "票种：月卡；价格：150元；期限：30天"]]


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        (NONE, {"a": OLD, "b": NEW}),  # no editions are compared
        (WHOLE, {"b": NEW, "c": OTHER}),  # there is one alone
        (WHOLE, {"a": OLD, "b": OLD.replace("2021", "2022")}),  # nothing differs
        (WHOLE, {"b": NEW, "d": "# 澄川苗圃门票办法（2020年版）\n\n停车须知另行公布。\n\n园内禁止烧烤。\n"}),
    ],
)
def test_nothing_is_laid_beside_what_is_no_edition(ask, question: str, documents: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    assert not [row for row in cells(ask(question, documents)) if row[0].startswith("《")]


def test_the_years_that_are_asked_for_are_compared(ask) -> None:  # type: ignore[no-untyped-def]
    third = NEW.replace("2024", "2026").replace("150元", "180元")
    head, *rows = cells(ask(PART, {"a": OLD, "b": NEW, "d": third}))
    assert "2021" in head[0] and "2024" in head[1]
    assert [row[1] for row in rows] == ["票种：月卡；价格：150元；期限：30天"]
