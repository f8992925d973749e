"""Outlines of documents: what counts as one line, and which document is meant."""

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from qa.engine import Engine
from qa.kinds.overview import outline
from qa.settings import EngineSettings

ROWS = "".join(f"| 第{n}车间 | {n * 10}件 | 本月因设备检修停工{n}小时，已补足产量 |\n" for n in range(1, 9))
MINUTES = """# 车间例会纪要

时间：2026年{day}

## 一、产量

各车间产量见下表。

| 车间 | 产量 | 说明 |
|---|---|---|
{rows}
## 二、决定

（一）劳保手套。

会议决定改用防割手套，每人两副，由采购部办理。

（二）南区照明。

会议决定更换南区灯管，月底前完成。
"""


@pytest.fixture()
def summed(tmp_path):
    """Makes an engine over minutes of two days and gives the lines of its overview."""

    def made(asked):
        for name, day in (("a", "3月12日"), ("b", "4月16日")):
            text = MINUTES.format(day=day, rows=ROWS).replace("手套", "手套" if name == "a" else "护目镜")
            (tmp_path / f"{name}.md").write_text(text, "utf-8")
        engine = Engine.open(
            EngineSettings(data=tmp_path / "data"),
            generator=ScriptedGenerator(),
            encoder=FakeEncoder(),
            reader=ScriptedReader({asked: "overview_document"}),
        )
        engine.add([tmp_path / "a.md", tmp_path / "b.md"])
        return [sentence.text.strip() for sentence in engine.answer(asked).sentences]

    return made


def test_a_table_is_one_line_that_says_how_many_rows_are_left_out(summed):
    lines = summed("3月12日的车间例会讲了什么")
    (table,) = (line for line in lines if "第1车间" in line)
    assert table.count("车间：第") > 1 and "第8车间" not in table and table.endswith(" 项）")
    left = 8 - table.count("车间：第")
    assert f"另有 {left} 项" in table


def test_a_numbered_heading_stands_with_what_follows_it(tmp_path):
    (tmp_path / "a.md").write_text(MINUTES.format(day="3月12日", rows=ROWS), "utf-8")
    engine = Engine.open(EngineSettings(data=tmp_path / "data"), encoder=FakeEncoder())
    engine.add([tmp_path / "a.md"])
    (document,) = (engine.document(one.id) for one in engine.documents())
    lines = [line.sentence.text for line in outline(document, engine.library.passages(document.id))]
    assert lines[-2:] == [
        "（一）劳保手套。\n会议决定改用防割手套，每人两副，由采购部办理。",
        "（二）南区照明。\n会议决定更换南区灯管，月底前完成。",
    ]


@pytest.mark.parametrize(("day", "told"), [("3月12号", "手套"), ("4月16日", "护目镜")])
def test_the_document_whose_first_lines_tell_the_day_is_meant(summed, day, told):
    assert any(f"防割{told}" in line for line in summed(f"{day}的车间例会讲了什么"))
