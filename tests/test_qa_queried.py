"""What is computed over a table: the query is the model's, scripted here; which rows and figures it is about,
and what is not trusted, is ours."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from errors import Cancelled
from index.settings import IndexSettings
from qa.attribution import EvidenceSentence
from qa.engine import Engine
from qa.kind import Operation
from qa.kinds.compose import tallied
from qa.kinds.counted import Count
from qa.kinds.queried import computed
from qa.kinds.sheet import sheet_of
from qa.kinds.tables import Table, row_text, tables_at
from qa.settings import EngineSettings
from qa.types import Answer

HALLS = """# 场地

| 序号 | 场地 | 押金 | 本月（场） | 上月（场） | 开放日 | 管理 |
|---|---|---|---|---|---|---|
| 1 | 羽毛球馆 | 免 | 42 | 30 | 3月2日 | 体育组 |
| 2 | 报告厅 | 200元 | 8 | 12 | 3月15日 | 总务处 |
| 3 | 排练室 | 50元 | 15 | 15 | 4月1日 | 团委 |
| 4 | 舞蹈房 | 100元 | 20 | 9 | 5月20日 | 体育组 |
"""


def opened(tmp_path: Path, text: str, words: str) -> Table:
    """The table of a document that the words find."""
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data", index=IndexSettings()),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator(),
        reader=ScriptedReader(),
    )
    (tmp_path / "table.md").write_text(text, "utf-8")
    engine.add([tmp_path / "table.md"])
    return tables_at(engine.search(words, 4)[0], engine.library)[0]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return opened(tmp_path, HALLS, "羽毛球馆 押金")


def asked(
    table: Table, query: str, what: str = "count", conditions: str = "one", question: str = "有几个"
) -> Count | None:
    operation = Operation(what, conditions)
    return computed(question, operation, table, ScriptedGenerator({"": query}), threading.Event())


def names(found: Count | None) -> list[str]:
    return [place.text.split("；")[1].split("：")[1] for place in found.places] if found else []


def test_a_table_as_a_query_sees_it(table: Table):
    """Units stand in the names, figures are numbers, days ISO text; the column of row numbers is out."""
    sheet = sheet_of(table, table.rows)
    assert sheet.described().splitlines()[:3] == [
        "CREATE TABLE t (场地 TEXT, 押金 REAL, 本月_场 REAL, 上月_场 REAL, 开放日 TEXT, 管理 TEXT);",
        "-- 羽毛球馆 | 免 | 42 | 30 | 03-02 | 体育组",
        "-- 报告厅 | 200 | 8 | 12 | 03-15 | 总务处",
    ]
    assert tuple(sheet.column(name).unit for name in ("本月_场", "押金", "管理")) == ("场", "元", "")


@pytest.mark.parametrize(
    ("question", "counted"),
    [
        ("体育组一共管几处", ["羽毛球馆", "舞蹈房"]),
        ("3月开放的一共几处", ["羽毛球馆", "报告厅"]),
        ("一共管几处", ["羽毛球馆", "报告厅", "排练室", "舞蹈房"]),
    ],
)
def test_a_count_without_a_condition_is_of_the_rows_that_the_question_names(
    table: Table, question: str, counted: list[str]
):
    generator = ScriptedGenerator({"": "SELECT COUNT(*) FROM t"})
    found = computed(question, Operation("count", "none"), table, generator, threading.Event())
    assert names(found) == counted and found is not None and found.total == len(counted)


QUOTAS = """# 名额

| 奖项 | 名额 | 规模 | 价格 |
|---|---|---|---|
| 一等奖 | 每年级10人 | 4个班100人 | 每次16元 |
| 二等奖 | 每年级20人 | 5个班125人 | 每小时38元 |
| 三等奖 | 每年级30人 | 2个班50人 | 每次20元 |
| 鼓励奖 | 不限 | 3个班75人 | 每次10元 |
"""


def test_a_figure_stands_for_the_cell_whose_range_holds_it(tmp_path: Path):
    rows = "| 65至79周岁 | 100 |\n| 80至89周岁 | 200 |\n| 90周岁及以上 | 400 |\n"
    table = opened(tmp_path, f"# 补贴\n\n| 年龄 | 补贴 |\n|---|---|\n{rows}", "补贴 年龄")
    query = "SELECT (SELECT 补贴 FROM t WHERE 年龄 = '92岁') - (SELECT 补贴 FROM t WHERE 年龄 = '70')"
    found = asked(table, query, "count")
    assert found is None, "a difference is no count"
    counted = asked(table, "SELECT COUNT(*) FROM t WHERE 年龄 <> '92岁'")
    assert counted and counted.total == 2


def test_figures_behind_the_same_words_and_two_in_a_cell(tmp_path: Path):
    """A column of cells of one form is its figures, each with its unit; cells of several forms stay words."""
    table = opened(tmp_path, QUOTAS, "一等奖 名额")
    sheet = sheet_of(table, table.rows)
    assert sheet.described().splitlines()[:2] == [
        "CREATE TABLE t (奖项 TEXT, 名额_人 REAL, 规模_个 REAL, 规模_人 REAL, 价格 TEXT);",
        "-- 一等奖 | 10 | 4 | 100 | 每次16元",
    ]
    total = asked(table, "SELECT SUM(规模_人) FROM t", "sum", "none")
    assert total and (total.total, total.unit, total.terms) == (
        Decimal(350),
        "人",
        ("100人", "125人", "50人", "75人"),
    )


FIRST, SECOND, THIRD, FOURTH = "羽毛球馆", "报告厅", "排练室", "舞蹈房"


@pytest.mark.parametrize(
    ("question", "where", "rows"),
    [
        ("体育组管几个", "管理 = '体育组'", [FIRST, FOURTH]),
        ("不归体育组管的有几个", "管理 <> '体育组'", [SECOND, THIRD]),
        ("押金不免的有几个", "押金 <> '免'", [SECOND, THIRD, FOURTH]),
        ("免押金的有几个", "押金 = '免'", [FIRST]),
        ("带体育的有几个", "场地 LIKE '%体育%'", [FIRST, FOURTH]),
        # Words are not over a figure, as they are for SQLite.
        ("押金超过60元的有几个", "押金 > 60", [SECOND, FOURTH]),
        ("4月1号以前开放的有几个", "开放日 < '04-01'", [FIRST, SECOND]),
        ("三月开放的有几个", "开放日 LIKE '03-%'", [FIRST, SECOND]),
        ("三月底前开放的有几个", "开放日 BETWEEN '03-01' AND '03-31'", [FIRST, SECOND]),
        ("本月比上月多的有几个", "本月_场 > 上月_场", [FIRST, FOURTH]),
        # A part of a cell stands for it; a text that only another column has belongs to that.
        ("体育的有几个", "管理 = '体育'", [FIRST, FOURTH]),
        ("不是体育的有几个", "管理 <> '体育'", [SECOND, THIRD]),
        ("体育组有几个", "场地 = '体育组'", [FIRST, FOURTH]),
        ("体育组负责几个", "负责人 = '体育组'", [FIRST, FOURTH]),
        ("团委和总务处管几个", "管理 IN ('团委', '总务处')", [SECOND, THIRD]),
        # What the model added and the question does not say is not asked; what it says is.
        ("体育组管几个", "管理 = '体育组' AND 开放日 = '03-02'", [FIRST, FOURTH]),
        ("体育组免押金的有几个", "管理 = '体育组' AND 押金 = '免'", [FIRST]),
        ("本月10场到30场的几个", "本月_场 >= 10 AND 本月_场 < 30 AND 押金 = '免'", [THIRD, FOURTH]),
        # What stands over the whole table is no condition on its rows.
        ("场地里归体育组管的有几个", "管理 = '体育组' AND 场地 = '场地'", [FIRST, FOURTH]),
        # No such text, no such column, no row, no condition where there is one.
        ("后勤处管几个", "管理 = '后勤处'", []),
        ("面积超过3的几个", "面积 > 3", []),
        ("本月过100场的几个", "本月_场 > 100", []),
        # A figure of the question that no condition has, and one row that the question does not say.
        ("本月20场以上的几个", "本月_场 >= 2", []),
        ("归学生管的有几个", "管理 = '团委'", []),
    ],
)
def test_the_rows_that_count(table: Table, question: str, where: str, rows: list[str]):
    found = asked(table, f"SELECT COUNT(*) FROM t WHERE {where}", question=question)
    assert names(found) == rows
    assert found is None or (found.total, found.guessed) == (len(rows), ())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM t",
        "共有两个场地归体育组管",
        "SELECT COUNT(*) FROM t JOIN t AS u",
        "SELECT COUNT(*) FROM sqlite_master",
        "SELECT 管理, COUNT(*) FROM t GROUP BY 管理",
        "DROP TABLE t",
    ],
)
def test_what_is_no_query_for_rows(table: Table, query: str):
    assert asked(table, query) is None


def test_what_the_question_names_is_a_condition(table: Table):
    """One that the query leaves out is put in, and shown as a guess: 不 may stand before it."""
    found = asked(table, "SELECT COUNT(*) FROM t", conditions="none", question="体育组一共几个场地")
    assert names(found) == [FIRST, FOURTH] and found and found.guessed == ("管理=体育组",)
    other = "SELECT COUNT(*) FROM t WHERE 场地 = '羽毛球馆'"
    assert names(asked(table, other, question="体育组有几个")) == [FIRST, FOURTH]
    denied = "SELECT COUNT(*) FROM t WHERE 押金 <> '免'"
    assert asked(table, denied, question="体育组以外的有几个") is None


def test_other_words_than_the_cell_has_are_a_guess(table: Table):
    found = asked(table, "SELECT COUNT(*) FROM t WHERE 管理 = '体育组'", question="搞运动的有几个")
    assert names(found) == [FIRST, FOURTH] and found and found.guessed == ("管理=体育组",)
    either = "SELECT COUNT(*) FROM t WHERE 管理 = '团委' OR 上月_场 > 5"
    assert asked(table, either, question="团委有几个") is None, "one of which the question says half"
    # So it is where the small model sees no condition.
    none = asked(
        table, "SELECT COUNT(*) FROM t WHERE 管理 = '体育组'", conditions="none", question="搞运动的几个"
    )
    assert none and none.guessed == ("管理=体育组",)
    # Of two, of neither of which the question says anything, nobody knows which.
    two = "SELECT COUNT(*) FROM t WHERE 管理 = '体育组' AND 上月_场 > 5"
    assert asked(table, two, question="搞运动的有几个") is None


def test_a_guess_is_shown_as_one(table: Table):
    """The count is partly borne out, its rows are word for word; the most are one themselves."""
    query = "SELECT COUNT(*) FROM t WHERE 管理 = '体育组'"
    for question, state in (("搞运动的有几个", "partial"), ("体育组管几个", "supported")):
        count = asked(table, query, question=question)
        assert count
        shown = tallied(Answer(question, question), count)
        assert [one.state for one in shown.sentences] == [state, "supported", "supported"]
        assert any("管理=体育组" in note.message for note in shown.notes) == (state == "partial")
    last = asked(table, "SELECT 场地 FROM t ORDER BY 开放日 DESC LIMIT 1", "extreme")
    assert last and [one.state for one in tallied(Answer("问", "问"), last).sentences] == ["partial"]


def test_without_an_operation_only_what_the_question_says_is_counted(table: Table):
    query = "SELECT COUNT(*) FROM t WHERE 管理 = '体育组'"
    assert names(asked(table, query, "none", question="体育组管几个")) == [FIRST, FOURTH]
    assert asked(table, query, "none", question="搞运动的有几个") is None
    assert asked(table, query, "none", question="体育组的押金是几元") is None, (
        "a figure of the table is asked for"
    )
    assert asked(table, query.replace("COUNT(*)", "场地"), "none", question="体育组管什么") is None


ROSTER = """# 值班

| 日期 | 值班员 | 扣分项 | 备注 | 工龄（年） | 入职年份 |
|---|---|---|---|---|---|
| 3月14日 | 苏晓、蒋南 | 侧方压线 | 到岗 | 3 | 2011 |
| 3月15日 | 彭凯 | 超速 | | 5 | 2009 |
| 3月22日 | 苏晓 | 倒车压线 | 演练 | 5 | 2009 |
| 3月29日 | 蒋南、彭凯 | 超速 | 盘点 | 不满1年 | 2014 |
"""


def test_a_row_with_an_empty_cell_belongs_to_its_table(tmp_path: Path):
    roster = opened(tmp_path, ROSTER, "彭凯 值班")
    assert len(roster.rows) == 4 and roster.rows[1].cells["备注"] == ""
    assert roster.columns == ("日期", "值班员", "扣分项", "备注", "工龄（年）", "入职年份")


def days(found: Count | None) -> list[str]:
    return [place.text.split("；")[0].split("：")[1] for place in found.places] if found else []


def test_one_of_several_things_in_a_cell_and_what_two_cells_have_in_common(tmp_path: Path):
    roster = opened(tmp_path, ROSTER, "彭凯 值班")
    query = "SELECT COUNT(*) FROM t WHERE {}"
    one = asked(roster, query.format("值班员 = '彭凯'"), question="彭凯三月值几天班")
    assert days(one) == ["3月15日", "3月29日"]
    both = asked(roster, query.format("扣分项 = '倒车压线'"), question="压线扣分的有几个")
    assert days(both) == ["3月14日", "3月22日"]
    # A day of another month than the table has is a figure that no condition has.
    assert asked(roster, query.format("值班员 = '彭凯'"), question="彭凯四月值几天班") is None


def test_different_things_of_a_column_are_counted_as_a_guess(tmp_path: Path):
    roster = opened(tmp_path, ROSTER, "彭凯 值班")
    found = asked(roster, "SELECT COUNT(DISTINCT 扣分项) FROM t", "count", "none", "扣分的有几项")
    assert found and (found.total, found.guessed) == (3, ("扣分项",))


def test_the_most_is_of_figures_that_are_understood(tmp_path: Path):
    roster = opened(tmp_path, ROSTER, "彭凯 值班")
    query = "SELECT 值班员 FROM t ORDER BY {} LIMIT 1"
    assert asked(roster, query.format("工龄_年 DESC"), "extreme", question="谁工龄最长") is None
    assert asked(roster, query.format("入职年份 DESC"), "extreme", question="谁最老") is None
    assert asked(roster, query.format("值班员 DESC"), "extreme", question="谁最多") is None
    last = asked(roster, query.format("日期 DESC"), "extreme", question="最后一天谁值班")
    assert days(last) == ["3月29日"] and last and (last.by, last.guessed) == ("日期", ("日期",))


def test_several_conditions_all_count_and_each_must_be_known(table: Table):
    both = "SELECT COUNT(*) FROM t WHERE 管理 <> '体育组' AND {}"
    assert names(
        asked(table, both.format("押金 > 10"), "count", "several", "除了体育组，押金过10元的几个")
    ) == ["报告厅", "排练室"]
    assert asked(table, both.format("押金 = '减半'"), "count", "several", "除了体育组，减半的几个") is None
    assert names(asked(table, "SELECT COUNT(*) FROM t", conditions="none")) == [
        "羽毛球馆",
        "报告厅",
        "排练室",
        "舞蹈房",
    ]


def test_so_many_as_there_are_is_no_condition(table: Table):
    writer = ScriptedGenerator({"": "SELECT 本月_场 * 4 FROM t"})
    for question, total in (("四个场地本月一共几场", Decimal(85)), ("三个场地本月一共几场", None)):
        found = computed(question, Operation("sum", "one"), table, writer, threading.Event())
        assert (found and found.total) == total


def test_sums_and_other_figures_come_with_what_they_are_made_of(table: Table):
    total = asked(
        table, "SELECT SUM(本月_场) FROM t WHERE 管理 = '体育组'", "sum", question="体育组本月共几场"
    )
    assert total is not None
    assert (total.total, total.terms, total.unit) == (Decimal(62), ("42", "20"), "场")
    # A sum that the model counts is a count: 一共排了多少个班.
    assert names(
        asked(table, "SELECT COUNT(*) FROM t WHERE 管理 = '体育组'", "sum", question="体育组共几个")
    ) == [
        "羽毛球馆",
        "舞蹈房",
    ]
    assert asked(table, "SELECT SUM(管理) FROM t WHERE 押金 > 10", "sum") is None
    one = asked(table, "SELECT 上月_场 - 本月_场 FROM t WHERE 场地 = '羽毛球馆'", "difference")
    assert one is not None and (one.total, one.terms, one.unit) == (Decimal(12), ("30", "42"), "场")
    two = "SELECT (SELECT 押金 FROM t WHERE 场地 = '{}') - (SELECT 押金 FROM t WHERE 场地 = '排练室')"
    rows = asked(table, two.format("报告厅"), "difference", question="报告厅比排练室贵多少")
    assert rows and rows.guessed == ()
    other = asked(table, two.format("报告厅"), "difference", question="开会的比排练室贵多少")
    assert other and other.guessed == ("场地=报告厅",)
    assert rows is not None and (rows.total, rows.unit, names(rows)) == (
        Decimal(150),
        "元",
        ["报告厅", "排练室"],
    )
    assert asked(table, two.format("音乐厅"), "difference") is None
    # Another column of figures than the question names; named rows, one by a part of its name.
    assert asked(table, two.format("报告厅"), "difference", question="报告厅本月比排练室多几场") is None
    sums = "SELECT SUM(上月_场) FROM t WHERE 场地 IN ('报告', '排练室')"
    added = asked(table, sums, "sum", question="报告和排练室上月加起来几场")
    assert added and (added.total, added.guessed, names(added)) == (27, (), ["报告厅", "排练室"])
    apart = asked(
        table,
        f"{two.format('报告厅').replace(' - ', ' + ')} FROM t",
        "sum",
        question="报告厅加排练室押金多少",
    )
    assert apart and (apart.total, apart.unit) == (250, "元")


MACHINES = """# 设备

| 设备 | 数量（台） | 备件 | 单价（万元） | 运费（万元） |
|---|---|---|---|---|
| 电炉 | 4 | 2 | 165 | 3 |
| 抛丸机 | 3 | 5 | 86 | 2 |
"""


@pytest.mark.parametrize(
    ("product", "total", "unit"),
    [
        ("数量_台 * 单价_万元", 660, "万元"),
        ("备件 * 单价_万元", 330, "万元"),
        ("运费_万元 * 单价_万元", None, ""),
    ],
)
def test_so_many_things_at_a_price_are_an_amount(tmp_path: Path, product: str, total: int | None, unit: str):
    machines = opened(tmp_path, MACHINES, "电炉 单价")
    found = asked(machines, f"SELECT {product} FROM t WHERE 设备 = '电炉'", "product")
    assert (found and (int(found.total or 0), found.unit)) == (total and (total, unit))


def test_the_most_and_the_least_are_rows(table: Table):
    most = asked(table, "SELECT 场地 FROM t ORDER BY 本月_场 DESC LIMIT 1", "extreme")
    assert names(most) == ["羽毛球馆"] and most is not None and most.total is None
    assert names(
        asked(table, "SELECT 场地 FROM t WHERE 上月_场 = (SELECT MIN(上月_场) FROM t)", "extreme")
    ) == ["舞蹈房"]
    assert asked(table, "SELECT 管理 FROM t GROUP BY 管理 ORDER BY COUNT(*) DESC LIMIT 1", "extreme") is None
    assert asked(table, "SELECT 场地 FROM t", "extreme") is None


def test_units_stand_beside_the_figures_of_a_row(table: Table):
    """As a person reads it; the sentence of a text, and cells with words, stay as they are."""
    row = table.rows[1].place
    assert row_text(row) == (
        "序号：2；场地：报告厅；押金：200元；本月：8场；上月：12场；开放日：3月15日；管理：总务处"
    )
    plain = EvidenceSentence(row.passage, replace(row.document, blocks=()), 0, 9, "本月（场）：8")
    assert row_text(plain) == "本月（场）：8"


def test_a_row_of_totals_is_no_row(tmp_path: Path):
    text = "# 表\n\n| 项目 | 预算 |\n|---|---|\n| 甲楼 | 10 |\n| 乙楼 | 20 |\n| 合计 | 30 |\n"
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator(),
        reader=ScriptedReader(),
    )
    (tmp_path / "sums.md").write_text(text, "utf-8")
    engine.add([tmp_path / "sums.md"])
    whole = tables_at(engine.search("甲楼 预算", 4)[0], engine.library)[0]
    found = asked(whole, "SELECT SUM(预算) FROM t", "sum", "none")
    assert found is not None and found.total == 30 and len(found.places) == 2


def test_a_row_of_totals_with_few_cells_splits_no_table(tmp_path: Path):
    """Rows with and without a remark stay one table, the last one adds up the others."""
    head = "| 号 | 项目 | 预算 | 已支 | 经办 | 备注 |\n|---|---|---|---|---|---|\n"
    rows = "| 1 | 甲楼 | 10 | 4 | 冯 | 已验收 |\n| 2 | 乙楼 | 20 | 5 | 冯 | |\n| 3 | 丙楼 | 40 | 6 | 柯 | |\n"
    table = opened(tmp_path, f"# 表\n\n{head}{rows}| 合计 | | 70 | 15 | | |\n", "甲楼 预算 经办")
    assert len(table.rows) == 4
    found = asked(table, "SELECT 预算 FROM t WHERE 经办 = '冯'", "sum", question="冯经办的预算一共多少")
    assert found and (found.total, found.terms) == (30, ("10", "20"))


@pytest.mark.parametrize(
    ("conditions", "total"), [("none", 66), ("one", None)], ids=["made up", "one was put"]
)
def test_conditions_on_columns_that_are_not_there_are_the_models_own(
    table: Table, conditions: str, total: int | None
):
    """Where the question puts none; so are those on several cells of which it says none."""
    query = "SELECT SUM(上月_场) FROM t WHERE 日期 = '04-01' AND 场地 IN ('报告厅', '排练室')"
    found = asked(table, query, "sum", conditions, "上月一共几场")
    assert (found and found.total) == total


def test_nothing_but_reading_is_done_for_a_query(table: Table):
    sheet = sheet_of(table, table.rows)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
    for query in ("ATTACH 'other.db' AS o", "PRAGMA user_version = 1", "DELETE FROM t", endless):
        with pytest.raises(sqlite3.Error):
            sheet.ask(query)


def test_it_can_be_stopped(table: Table):
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Cancelled):
        computed("问", Operation("count", "one"), table, ScriptedGenerator({"": "SELECT 1"}), stopped)


def test_what_a_document_writes_opens_no_turn(tmp_path: Path):
    """Marks of chat templates in a cell or a question reach the model as text."""
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator(),
        reader=ScriptedReader(),
    )
    text = "# 表\n\n| 项目 | 说明 |\n|---|---|\n| 甲 | [INST] |\n| 乙 | 无 |\n"
    (tmp_path / "marks.md").write_text(text, "utf-8")
    engine.add([tmp_path / "marks.md"])
    whole = tables_at(engine.search("甲 说明", 4)[0], engine.library)[0]
    generator = ScriptedGenerator({"": "SELECT COUNT(*) FROM t"})
    computed("几项<|im_start|>", Operation("count", "none"), whole, generator, threading.Event())
    content = generator.requests[0].messages[-1].content
    assert "<|" not in content and "[INST]" not in content and "INST" in content


TRIPS = """# 派车

| 日期 | 车号 | 用车人 | 里程（公里） | 油费（元） |
|---|---|---|---|---|
| 3月2日 | B07 | 林栀 | 40 | 30 |
| 3月3日 | B09 | 江砚 | 55 | 42 |
| 3月5日 | B07 | 江砚 | 60 | 45 |
| 3月8日 | B12 | 林栀 | 25 | 20 |
"""


@pytest.mark.parametrize(
    ("question", "conditions", "total", "terms"),
    [
        ("B07和B09各跑多少公里，一共呢", "one", 155, ("B07 100公里", "B09 55公里")),
        ("林栀用车的里程一共多少", "one", 65, ("40", "25")),
        ("油费一共多少", "none", 137, ("30", "42", "45", "20")),
        ("油费一共多少", "one", None, ()),  # the condition is none that the table has
        ("林栀3月5日以后里程一共多少", "several", None, ()),
        ("里程和油费一共多少", "none", None, ()),
    ],
)
def test_a_sum_that_the_question_says_itself_needs_no_query(
    tmp_path: Path, question: str, conditions: str, total: int | None, terms: tuple[str, ...]
) -> None:
    found = asked(opened(tmp_path, TRIPS, "车号 里程"), "没有", "sum", conditions, question)
    assert (found and (int(found.total or 0), found.terms)) == ((total, terms) if total else None)


TOWNS = """# 街镇指标

| 街镇 | 立案（件） | 来电（件） |
|---|---|---|
| 临溪街道 | 34 | 286 |
| 北坊街道 | 29 | 231 |
| 桑园镇 | 20 | 138 |
| 石渡镇 | 18 | 107 |
| 合计 | 101 | 762 |
"""


@pytest.mark.parametrize(
    ("question", "query", "total"),
    [
        ("两个镇一共接了多少来电", "SELECT SUM(来电_件) FROM t", 245),
        ("2个街道来电合计多少", "SELECT SUM(来电_件) FROM t", 517),
        ("四个街镇来电合计多少", "SELECT SUM(来电_件) FROM t", 762),
        ("三个镇来电合计多少", "SELECT SUM(来电_件) FROM t", None),
        ("两个月来电合计多少", "SELECT SUM(来电_件) FROM t", None),
    ],
)
def test_rows_of_a_kind_of_which_the_question_says_how_many_there_are(
    tmp_path: Path, question: str, query: str, total: int | None
) -> None:
    found = asked(opened(tmp_path, TOWNS, "街镇 来电"), query, "sum", "one", question)
    assert (int(found.total or 0) if found else None) == total
