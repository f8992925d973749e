"""Kinds of answer: what is wanted decides which evidence is read and how the answer is put together."""

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from engine import calibration
from engine.calibration import Speed
from qa.engine import Engine
from qa.reader import history, windows_of
from qa.settings import EngineSettings
from qa.types import Turn
from qa.unwritten import Unwritten

RULES = """# 实验室用水管理办法

## 第一章 领用

领用纯水应提交下列材料：

（一）领用申请单；

（二）安全培训证明；

（三）课题编号。

除应急实验外，夜间不得领用。

## 第二章 检查

每周一检查水质，由设备科负责。水质不合格的，当日停用并贴封条。
"""
HALL = "# 东湖体育馆须知\n\n东湖体育馆6时30分开门，21时30分关门。停车前两小时免费，之后每小时3元。\n"


def over(folder, text, reader, answers=None):
    """An engine over one document with a scripted reader and generator."""
    (folder / "a.md").write_text(text, "utf-8")
    engine = Engine.open(
        EngineSettings(data=folder / "data"),
        generator=ScriptedGenerator(answers),
        encoder=FakeEncoder(),
        reader=reader,
    )
    engine.add([folder / "a.md"])
    return engine


@pytest.fixture()
def desk(tmp_path):
    """Makes an engine over two documents with a scripted reader and generator."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "water.md").write_text(RULES, "utf-8")
    (folder / "hall.md").write_text(HALL, "utf-8")

    def made(reader, answers=None):
        generator = ScriptedGenerator(answers or {"": "文档没有写明。"})
        engine = Engine.open(
            EngineSettings(data=tmp_path / "data"), generator=generator, encoder=FakeEncoder(), reader=reader
        )
        engine.add([folder])
        return engine

    return made


def test_a_list_is_read_from_the_whole_section_item_by_item(desk):
    asked = "领纯水要交什么材料"
    engine = desk(ScriptedReader({asked: "list"}, answers={asked: ("申请单", "培训证明", "课题编号")}))
    answer = engine.answer(asked)
    assert answer.kind == "list" and not answer.refused
    assert answer.text.splitlines()[:4] == [
        "领用纯水应提交下列材料：",
        "（一）领用申请单；",
        "（二）安全培训证明；",
        "（三）课题编号。",
    ]
    for sentence in answer.sentences:
        (citation,) = sentence.citations
        assert citation.quote.strip() == sentence.text.strip()
        assert engine.document(citation.document_id).text[citation.start : citation.end] == citation.quote
    assert engine.generator.requests == [], "nothing is written"


def test_small_talk_is_answered_without_search_or_model(desk):
    engine = desk(ScriptedReader({"你好": "chat", "有哪些文件": "about"}))
    hello = engine.answer("你好")
    assert hello.kind == "chat" and not hello.refused and hello.retrieved == () and hello.text
    snapshots = list(engine.stream("有哪些文件"))
    assert [s.stage for s in snapshots] == ["done"]
    assert engine.generator.requests == []


def test_an_order_without_an_answer_before_it_is_told_so(desk):
    engine = desk(ScriptedReader({"用表格列出来": "order"}))
    told = engine.answer("用表格列出来")
    assert told.talk and not told.refused and "先提一个问题" in told.text


def test_an_overview_goes_through_the_sections_of_the_document_asked_for(desk):
    asked = "总结一下实验室用水管理办法"
    answer = desk(ScriptedReader({asked: "overview_document"})).answer(asked)
    assert "《实验室用水管理办法》" in answer.text and "第二章 检查" in answer.text
    assert "东湖" not in answer.text
    assert all(s.citations for s in answer.sentences)


def test_an_outline_keeps_enumerations_together(tmp_path):
    """What leads in and the items are one line; of a long one the first items, and how many are left out."""
    items = "".join(f"（{n}）第{n}类家庭，须提供街道出具的近三个月内的证明原件；" for n in "一二三四五六七八")
    text = f"# 优待办法\n\n## 一、对象\n\n下列家庭优先：{items}\n\n## 二、期限\n\n每年六月办理。\n"
    asked = "概括一下优待办法"
    engine = over(tmp_path, text, ScriptedReader({asked: "overview_document"}))
    _, first, second = (sentence.text.strip() for sentence in engine.answer(asked).sentences)
    assert first.startswith("一、对象：下列家庭优先：（一）第一类家庭") and "（三）第三类" in first
    assert first.endswith("……（另有 3 项）") and "第六类" not in first
    assert second == "二、期限：每年六月办理。"


def test_an_overview_of_everything_names_each_document(desk):
    asked = "这些文件都讲了什么"
    answer = desk(ScriptedReader({asked: "overview_all"})).answer(asked)
    assert "《实验室用水管理办法》" in answer.text and "《东湖体育馆须知》" in answer.text


def test_a_follow_up_takes_its_subject_from_the_turns_before(desk):
    reader = ScriptedReader(carried={"几点关门？": ("东湖体育馆",)})
    engine = desk(reader, {"": "东湖体育馆21时30分关门。"})
    answer = engine.answer("几点关门？", [Turn("东湖体育馆几点开门？", "6时30分。")])
    assert answer.query == "东湖体育馆几点开门：几点关门？" and answer.question == "几点关门？"
    alone = engine.answer("年休假怎么申请？", [Turn("东湖体育馆几点开门？", "6时30分。")])
    assert alone.query == "年休假怎么申请？"


def test_what_the_reader_finds_stands_in_for_a_draft_that_is_not_borne_out(desk):
    asked = "水质由哪个科检查"
    engine = desk(ScriptedReader(answers={asked: ("设备科",)}), {"": "水质由财务科检查。"})
    answer = engine.answer(asked)
    assert not answer.refused and "设备科" in answer.text and "财务科" not in answer.text


LIMITS = """# 检测中心收费与准入规定

## 一、准入

申请进入的应当具备：（一）有效的上岗证；（二）当年体检合格；（三）签订保密承诺；（四）部门负责人同意。不具备的不得进入。

## 二、收费

| 项目 | 费用（元） | 周期 |
|---|---|---|
| 水样 | 120 | 三日 |
| 土样 | 260 | 五日 |
| 气样 | 180 | 三日 |

东区有42个工位，西区有35个工位。
"""


@pytest.fixture()
def centre(tmp_path):
    """Like ``desk``, over one document with an enumeration in a sentence, a table and figures in a
    sentence."""
    (tmp_path / "limits.md").write_text(LIMITS, "utf-8")

    def made(reader, writes="没有写明。"):
        settings = EngineSettings(data=tmp_path / "data")
        engine = Engine.open(
            settings, generator=ScriptedGenerator({"": writes}), encoder=FakeEncoder(), reader=reader
        )
        engine.add([tmp_path / "limits.md"])
        return engine

    return made


def test_an_enumeration_of_which_some_items_answer_is_shown_whole(centre):
    asked = "进检测中心要具备什么"
    answer = centre(ScriptedReader({asked: "list"}, answers={asked: ("上岗证", "保密承诺")})).answer(asked)
    assert [s.text.strip()[:3] for s in answer.sentences] == ["申请进", "（二）", "（三）", "（四）"]
    assert "不得进入" not in answer.text
    one = "进检测中心体检要求"
    few = centre(ScriptedReader({one: "why"}, answers={one: ("体检合格",)})).answer(one)
    assert [s.text.strip() for s in few.sentences] == ["（二）当年体检合格；"], (
        "one item of four answers by itself"
    )


def test_a_clause_with_a_colon_in_it_leads_in_to_no_other(tmp_path):
    clauses = "\n\n".join(
        (
            "# 设备采购合同",
            "第二条 交货",
            "2.1 分两批交货：第一批7月5日前运抵，第二批7月25日前运抵。",
            "2.2 交货地点为图书楼一层库房，乙方应提前2日通知。",
            "2.3 安装应于8月15日前完成。",
        )
    )
    asked = "为什么第二批晚些到"
    reader = ScriptedReader({asked: "why"}, answers={asked: ("第二批",)})
    engine = over(tmp_path, clauses, reader)
    assert engine.answer(asked).text.startswith("2.1 分两批") and "2.2" not in engine.answer(asked).text


def test_the_question_said_again_is_no_answer(centre):
    """Though it stands in a document word for word."""
    refusal = centre(ScriptedReader(), "不具备的不得进入。").answer("不具备的不得进入？").refusal
    assert refusal is not None and refusal.reason == "unsupported"


@pytest.mark.parametrize(
    ("asked", "operation", "query", "lead", "lines"),
    [
        ("三日周期的项目有几个", ("count", "one"), "SELECT 项目 FROM t WHERE 周期 = '三日'", "共2个：", 2),
        ("费用超过150元的项目有几个", ("count", "one"), "SELECT 1 FROM t WHERE 费用_元 > 150", "共2个：", 2),
        ("各项目的费用一共多少", ("sum",), "SELECT SUM(费用_元) FROM t", "合计560元（120 + 260 + 180）：", 3),
        (
            "三日周期的费用平均多少",
            ("average",),
            "SELECT AVG(费用_元) FROM t WHERE 周期 = '三日'",
            "推算为150元（由120，180算得）：",
            2,
        ),
        ("东西两区一共多少个工位", ("sum", "one"), "", "合计77个工位（42个 + 35个）：", 1),
    ],
)
def test_what_is_computed_shows_what_it_stands_on(centre, asked, operation, query, lead, lines):
    engine = centre(ScriptedReader({asked: "count"}, operations={asked: operation}), query)
    answer = engine.answer(asked)
    first, *places = answer.sentences
    assert first.text.strip() == lead and len(places) == lines
    asks = bool(query) and operation != ("sum",)  # that one says itself what is added up
    assert [n.kind for n in answer.notes] == ["computed"] and len(engine.generator.requests) == asks
    assert len(first.citations) == lines and all(s.citations for s in places)


@pytest.mark.parametrize(
    ("asked", "operation", "writes", "lead"),
    [
        (
            "东区比西区多几个工位",
            ("difference", "one"),
            "东区工位 = 42个\n西区工位 = 35个\n答案 = 东区工位 - 西区工位",
            "推算为7个（42个 − 35个）：",
        ),
        (
            "进检测中心的条件分几条",
            ("count", "several"),
            '条件 = ["有效的上岗证", "当年体检合格", "签订保密承诺", "部门负责人同意"]\n答案 = len(条件)',
            "共4条：",
        ),
    ],
)
def test_what_is_worked_out_of_running_text_shows_what_it_stands_on(centre, asked, operation, writes, lead):
    reader = ScriptedReader({asked: "count"}, operations={asked: operation})
    answer = centre(reader, writes).answer(asked)
    first, *places = answer.sentences
    assert first.text.strip() == lead and [n.kind for n in answer.notes] == ["computed"]
    assert places and len(first.citations) == len(places) and all(s.citations for s in places)
    sent = {r.passage_id for r in answer.retrieved if r.sent}
    assert sent == {c.passage_id for c in first.citations}


@pytest.mark.parametrize(
    ("operation", "computed"), [("difference", True), ("product", False), ("sum", False), ("extreme", False)]
)
def test_what_is_done_to_figures_is_what_the_question_asks(centre, operation, computed):
    """Where it is not sure that a number is counted or computed at all."""
    asked = "东区比西区工位怎么样"
    reader = ScriptedReader({asked: "fact"}, operations={asked: (operation, "one")})
    writes = "东区工位 = 42个\n西区工位 = 35个\n答案 = 东区工位 - 西区工位"
    answer = centre(reader, writes).answer(asked)
    assert ("computed" in [n.kind for n in answer.notes]) == computed


def test_where_the_best_passage_surely_does_not_answer_nothing_is_worked_out(centre, monkeypatch):
    asked = "东区比西区多几个工位"
    reader = ScriptedReader({asked: "count"}, operations={asked: ("difference", "one")})
    monkeypatch.setattr("qa.gate.Gate.unanswered", lambda *_: True)
    writes = "东区工位 = 42个\n西区工位 = 35个\n答案 = 东区工位 - 西区工位"
    refused = centre(reader, writes).answer(asked).refusal
    assert refused is not None and refused.reason == "not_answered"


def test_what_asks_for_no_computing_is_not_worked_out(centre):
    asked = "东区有多少工位"
    engine = centre(ScriptedReader(), "东区有42个工位。")
    engine.answer(asked)
    assert not any("答案 = None" in m.content for r in engine.generator.requests for m in r.messages)


def test_the_row_with_the_most_is_the_answer(centre):
    asked = "哪个项目最贵"
    reader = ScriptedReader({asked: "fact"}, operations={asked: ("extreme", "one")})
    answer = centre(reader, "SELECT 项目 FROM t ORDER BY 费用_元 DESC LIMIT 1").answer(asked)
    assert answer.text == "项目：土样；费用：260元；周期：五日"
    assert [n.kind for n in answer.notes] == ["computed"]


def test_rows_that_are_compared_stand_side_by_side_with_their_difference(centre):
    asked = "水样和土样的费用差多少"
    engine = centre(ScriptedReader({asked: "compare"}))
    answer = engine.answer(asked)
    assert "| 水样 | 120 |" in answer.text and "| 土样 | 260 |" in answer.text and "气样" not in answer.text
    assert answer.sentences[-1].text == "推算：费用相差140元。" and len(answer.sentences[-1].citations) == 2
    assert engine.generator.requests == []


@pytest.mark.parametrize(
    ("form", "query", "first"),
    [
        ("sort", "SELECT * FROM t ORDER BY 费用_元 DESC", "土样"),
        ("sort", "SELECT * FROM t ORDER BY 费用_元", "水样"),
        ("table", "", "水样"),
    ],
)
def test_a_table_comes_in_the_order_that_was_given_with_every_row_cited(centre, form, query, first):
    asked = "各项目费用排一下"
    answer = centre(ScriptedReader({asked: "write"}, orders={asked: form}), query).answer(asked)
    head, *rows = answer.sentences
    assert head.text.startswith("| 项目 | 费用（元） |") and rows[0].text.startswith(f"| {first} |")
    assert len(rows) == 3 and all(len(row.citations) == 1 for row in rows)


def test_without_a_column_the_one_that_adds_up_the_others_is_compared(tmp_path):
    text = (
        "# 照护收费\n\n| 等级 | 床位费 | 护理费 | 餐费 | 每月合计 |\n|---|---|---|---|---|\n"
        "| 一级照护 | 1800 | 1200 | 1050 | 4050 |\n| 二级照护 | 1800 | 2000 | 1050 | 4850 |\n"
        "| 三级照护 | 1800 | 3100 | 1050 | 5950 |\n"
    )
    asked = "二级照护和三级照护一个月差多少钱"
    engine = over(tmp_path, text, ScriptedReader({asked: "compare"}))
    assert engine.answer(asked).sentences[-1].text == "推算：每月合计相差1,100。"


SLIPS = """# 园林处苗木

| 品名 | 单价（元） | 存放 |
|---|---|---|
| 银杏 | 420 | 东圃 |
| 海棠 | 面议 | 西圃 |
| 紫薇 | 96 | 东圃 |
| 樱花 | 180 | 南圃 |
"""


@pytest.mark.parametrize(
    ("form", "query", "names"),
    [
        ("sort", "SELECT 品名 FROM t ORDER BY 单价_元 DESC", "银杏 樱花 紫薇 海棠"),
        ("sort", "SELECT 品名 FROM t ORDER BY 单价_元", "紫薇 樱花 银杏 海棠"),
        ("choose", "SELECT * FROM t WHERE 存放 = '东圃'", "银杏 紫薇"),
        ("choose", "SELECT * FROM t WHERE 存放 <> '东圃'", "海棠 樱花"),
        ("sort", "SELECT * FROM t WHERE 存放 = '东圃' ORDER BY 单价_元", "紫薇 银杏"),
        ("table", "", "银杏 海棠 紫薇 樱花"),
        ("table+sort", "SELECT 品名 FROM t ORDER BY 单价_元", "紫薇 樱花 银杏 海棠"),
        ("table+choose", "SELECT * FROM t WHERE 存放 = '东圃'", "银杏 紫薇"),
        ("table+sort", "按单价", "银杏 海棠 紫薇 樱花"),
        ("sort", "SELECT * FROM t ORDER BY 价钱", "紫薇 樱花 银杏 海棠"),
        ("sort", "SELECT * FROM t ORDER BY 价钱 + 1", ""),
        ("choose", "SELECT * FROM t WHERE 存放 = '北圃'", ""),
        ("choose", "SELECT * FROM t", ""),
        ("sort", "SELECT 存放, COUNT(*) FROM t GROUP BY 存放 ORDER BY 2", ""),
        ("sort", "按单价", ""),
    ],
)
def test_rows_of_the_last_answer_are_sorted_kept_or_left_out(tmp_path, form, query, names):
    """A cell without a figure comes last; where the query cannot be trusted it is written."""
    order = "东圃那些" if "WHERE" in query else "摆一下"
    reader = ScriptedReader({order: "order"}, orders={order: form})
    engine = over(tmp_path, SLIPS, reader, {"CREATE TABLE": query, "": "银杏420元。"})
    answer = engine.answer(order, [Turn("园林处苗木有哪些", "银杏、海棠、紫薇、樱花")])
    assert [s.text.split("|")[1].strip() for s in answer.sentences[1:] if "|" in s.text] == names.split()
    assert bool(names) == (answer.text.startswith("| 品名 |"))


def test_days_without_years_are_not_sorted_over_the_end_of_a_year(tmp_path):
    rows = "".join(
        f"| {name} | {day} |\n" for name, day in (("甲", "11月3日"), ("乙", "1月4日"), ("丙", "12月5日"))
    )
    text = f"# 分工\n\n| 事项 | 期限 |\n|---|---|\n{rows}"
    reader = ScriptedReader({"按期限排": "order"}, orders={"按期限排": "sort"})
    answers = {"CREATE TABLE": "SELECT * FROM t ORDER BY 期限", "": "没有写明。"}
    engine = over(tmp_path, text, reader, answers)
    assert (
        "|" not in engine.answer("按期限排", [Turn("分工有哪些事项", "甲11月3日，乙1月4日，丙12月5日")]).text
    )


def test_rows_are_not_compared_where_what_is_asked_stands_elsewhere(tmp_path):
    rows = "| 立式车床 | 2台 | 68万元 |\n| 平面磨床 | 1台 | 42万元 |\n| 龙门铣床 | 1台 | 95万元 |\n"
    told = "车床的质保期为24个月，磨床的质保期为12个月。"
    text = f"# 合同\n\n## 标的\n\n| 设备 | 数量 | 价格 |\n|---|---|---|\n{rows}\n## 保证\n\n{told}\n"
    longer, dearer = "立式车床和平面磨床质保谁长", "立式车床和平面磨床价格差多少"
    reader = ScriptedReader({longer: "compare", dearer: "compare"}, answers={longer: ("24个月",)})
    engine = over(tmp_path, text, reader, {"": "没有写明。"})
    assert "|" not in engine.answer(longer).text
    assert "26万元" in engine.answer(dearer).text, "a column that is asked for is compared wherever it stands"


def test_a_list_that_is_wanted_as_a_table_is_one(centre):
    asked = "各项目的费用列个表"
    reader = ScriptedReader({asked: "list"}, answers={asked: ("120",)}, orders={asked: "table"})
    answer = centre(reader).answer(asked)
    assert answer.text.startswith("| 项目 | 费用（元） |") and answer.timings
    plain = "各项目的费用"
    assert "|" not in centre(ScriptedReader({plain: "list"}, answers={plain: ("120",)})).answer(plain).text


def test_what_is_not_counted_for_certain_is_answered_like_any_question(centre):
    asked = "东区一共多少个工位"
    engine = centre(ScriptedReader({asked: "count"}, operations={asked: ("sum", "none")}))
    engine.answer(asked)
    assert engine.generator.requests, "one figure of two is named: no sum"


def test_an_overview_of_a_part_keeps_to_that_part(centre):
    asked = "准入那部分概括一下"
    answer = centre(ScriptedReader({asked: "overview_topic"})).answer(asked)
    assert "上岗证" in answer.text and "水样" not in answer.text


@pytest.mark.parametrize(
    ("answers", "other", "names"),
    [
        (True, "乙规定", {"甲规定", "乙规定"}),
        (False, "乙规定", set()),
        (True, "甲规定", {"甲规定（a.md）", "甲规定（b.md）"}),
    ],
    ids=["it answers", "it does not", "of the same title"],
)
def test_another_document_that_says_otherwise_is_shown_beside_the_answer(
    tmp_path, monkeypatch, answers, other, names
):
    asked_of = []
    monkeypatch.setattr(
        Unwritten, "_answers_too", lambda _, query, __, window: asked_of.append(window.text) or answers
    )
    (tmp_path / "a.md").write_text("# 甲规定\n\n办公用房每人不超过9平方米。\n", "utf-8")
    (tmp_path / "b.md").write_text(f"# {other}\n\n办公用房每人不超过12平方米。\n", "utf-8")
    asked = "办公用房每人不超过多少平方米"
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        generator=ScriptedGenerator({"": "办公用房每人不超过9平方米。"}),
        encoder=FakeEncoder(),
        reader=ScriptedReader(answers={asked: ("平方米",)}),
    )
    engine.add([tmp_path / "a.md", tmp_path / "b.md"])
    answer = engine.answer(asked)
    notes = [n for n in answer.notes if n.kind == "conflict"]
    assert len(asked_of) == 1 and "12平方米" in asked_of[0] and len(notes) == answers
    for note in notes:
        assert "9平方米" in note.message and "12平方米" in note.message
        assert {c.document for c in note.citations} == names and all(
            f"《{n}》" in note.message for n in names
        )


def test_on_a_slow_machine_the_documents_own_words_stay_and_less_is_read(desk):
    asked, again = "水质由哪个科检查", "哪个科检查水质"
    engine = desk(
        ScriptedReader(answers={asked: ("设备科",), again: ("设备科",)}), {"": "水质由设备科检查。"}
    )
    assert "设备科" in engine.answer(asked).text and engine.generator.requests, "it was written, too"
    calibration.keep(
        Speed(20.0, 2.0, 0.0, calibration.measured_of(engine.generator, 0), ""), engine.settings.data
    )
    engine.generator.requests.clear()
    slow = engine.answer(again)
    assert (
        "设备科" in slow.text
        and [n.kind for n in slow.notes] == ["quoted"]
        and engine.generator.requests == []
    )


def test_history_has_the_last_turn_first_and_windows_are_whole_sentences():
    assert history([("甲", "一"), ("乙", "")]) == "乙\n甲 — 一"
    text = "第一句话。" * 200
    windows = windows_of(text, 100)
    assert "".join(w for _, w in windows) == text
    assert all(text[b : b + len(w)] == w and w.endswith("。") and len(w) <= 100 for b, w in windows)


def test_items_of_the_last_answer_become_the_rows_of_a_table(centre):
    """Not the table of another subject; where an item stands nowhere in the documents, it is written."""
    engine = centre(ScriptedReader({"列成表格": "order"}, orders={"列成表格": "table"}), "没有写明。")
    last = "应当具备：\n（一）有效的上岗证；\n（二）当年体检合格；"
    answer = engine.answer("列成表格", [Turn("进检测中心要具备什么", last)])
    assert [s.text for s in answer.sentences[1:]] == ["| 1 | 有效的上岗证 |\n", "| 2 | 当年体检合格 |\n"]
    assert all(s.citations for s in answer.sentences[1:])
    other = engine.answer("列成表格", [Turn("进检测中心要具备什么", "一、学历证书\n二、当年体检合格")])
    assert "| 1 |" not in other.text


def test_an_order_keeps_to_what_the_last_answer_had(centre):
    """The table that has its figures, and of that its rows; clauses with a figure each where none has all."""
    reader = ScriptedReader(dict.fromkeys(("列成表格", "排个序"), "order"), orders={"列成表格": "table"})
    engine = centre(reader, "没有写明。")
    rows = engine.answer("列成表格", [Turn("各项目费用多少", "水样120元，气样180元。")])
    assert [line.split(" | ")[0] for line in rows.text.splitlines()[2:]] == ["| 水样", "| 气样"]
    clauses = engine.answer("列成表格", [Turn("检测中心有多少工位", "东区有42个工位，西区有35个工位。")])
    assert [s.text for s in clauses.sentences[1:]] == ["| 1 | 东区有42个工位 |\n", "| 2 | 西区有35个工位 |\n"]
    assert all(s.state == "supported" and s.citations for s in clauses.sentences[1:])
    reader.orders, sorts = {"排个序": "sort"}, "SELECT 内容 FROM t ORDER BY 数值"
    engine.generator.answers = {"": sorts}
    least = engine.answer("排个序", [Turn("检测中心有多少工位", "东区有42个工位，西区有35个工位。")])
    assert [s.text for s in least.sentences[1:]] == ["| 1 | 西区有35个工位 |\n", "| 2 | 东区有42个工位 |\n"]


@pytest.mark.parametrize("kind", ["order", "write"])
def test_a_text_of_the_last_answer_is_made_from_what_that_stands_on(desk, kind):
    """Such an order does not stand alone, be it one to write: nothing else of the passages is read."""
    asked = "把上面的写成通知"
    engine = desk(ScriptedReader({asked: kind}, {asked: ()}), {"": "领用申请单；\n安全培训证明；"})
    last = "要交领用申请单;安全培训证明"
    answer = engine.answer(asked, [Turn("领纯水要交什么材料", last)])
    assert answer.kind == "order" and not answer.refused
    (request,) = engine.generator.requests
    material = request.messages[-1].content
    assert last in material and "领用申请单；" in material and "安全培训证明；" in material
    assert "课题编号。" not in material


def test_what_is_written_to_order_has_no_numbers_of_the_material(desk):
    asked = "写一段水质检查的通知"
    writes = "[1] 每周一检查水质，由设备科负责。\n[2] 水质不合格的，当日停用并贴封条。"
    engine = desk(ScriptedReader({asked: "write"}), {"": writes})
    *growing, done = engine.stream(asked)
    assert done.text.strip() == writes.replace("[1] ", "").replace("[2] ", "") and done.sentences[0].citations
    assert not any("[1]" in snapshot.text for snapshot in growing)
