"""What is found and how much of it is shown: rival sentences, steps, tables, editions, this year, turns."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

import prompts
from index.sentences import split_sentences
from index.settings import IndexSettings
from index.types import Hit
from qa.engine import Engine
from qa.finding import SAME, found_in, searched
from qa.kind import Operation
from qa.kinds.counted import counted, measure
from qa.kinds.enumerations import enumerations
from qa.kinds.evidence import narrow, read, wide
from qa.kinds.extract import extract
from qa.kinds.queried import computed
from qa.reader import Reading
from qa.settings import EngineSettings
from qa.types import Answer, Turn
from qa.understand import after, understand

DESK = """# 场馆使用须知

第一条 押金五百元，当日缴清。因故取消的，提前三日告知，全额退费。

第二条 申请步骤：（一）填写申请表；（二）上传方案；（三）窗口审核；（四）签订协议。夜间使用另加两成。
"""


class Whole(ScriptedReader):
    """Of a whole passage the first sentence is best; alone, each sentence with the word answers."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        found = []
        for text in passages:
            body = text.split("\n", 1)[-1]
            start, first = text.find(body), body.split("。")[0]
            sure = 0.9 if self.word in body else 0.1
            found.append(Reading(sure, (start, start + len(first)), 0.7, ()))
        return found


def engine_over(tmp_path: Path, reader: ScriptedReader, *texts: str, top_k: int = 8) -> Engine:
    settings = EngineSettings(data=tmp_path / "data", index=IndexSettings(top_k=top_k))
    generator = ScriptedGenerator({"": "文档没有写明。"})
    engine = Engine.open(settings, encoder=FakeEncoder(), generator=generator, reader=reader)
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.md").write_text(text, "utf-8")
    engine.add([tmp_path / f"{number}.md" for number in range(len(texts))])
    return engine


def hit_of(engine: Engine, words: str) -> Hit:
    return next(hit for hit in engine.search(words, 20) if words in hit.passage.text)


@pytest.mark.parametrize(
    ("word", "shown"), [("告知", ["第一条 押金", "因故取消的"]), ("押金", ["第一条 押金"])]
)
def test_the_sentence_that_answers_alone_stands_beside_the_best_one(tmp_path, word, shown):
    reader = Whole(word)
    engine = engine_over(tmp_path, reader, DESK)
    windows = read("取消了怎么办", [narrow(hit_of(engine, "押金五百元"))], reader)
    found = extract("取消了怎么办", "fact", windows, engine.library, reader)
    assert found is not None
    lines = [line.text.strip() for line in found.lines]
    assert len(lines) == len(shown) and all(a.startswith(b) for a, b in zip(lines, shown, strict=True))


def test_steps_are_those_of_the_passage_that_tells_them(tmp_path):
    asked = "场馆怎么申请"
    reader = ScriptedReader({asked: "steps"}, answers={asked: ("上传方案",)})
    engine = engine_over(tmp_path, reader, DESK)
    windows = read(asked, [narrow(hit_of(engine, "申请步骤"))], reader)
    found = extract(asked, "steps", windows, engine.library, reader)
    assert found is not None
    told = "".join(line.text for line in found.lines)
    assert all(word in told for word in ("填写申请表", "上传方案", "窗口审核", "签订协议"))
    assert "押金" not in told and "加两成" not in told


def test_within_a_question_no_text_is_read_twice(tmp_path):
    read_: list[str] = []

    class Counting(Whole):
        def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
            read_.extend(passages)
            return super().read(question, passages)

    engine = engine_over(tmp_path, Counting("告知"), DESK)
    engine.answer("取消了怎么办")
    assert read_ and len(read_) == len(set(read_))


def test_a_table_is_whole_though_its_first_row_stands_with_the_line_before(tmp_path):
    rows = "\n".join(f"| 场地{c} | 可容纳三百二十人，配备灯光、音响、投影和镜墙 |" for c in "甲乙丙丁")
    engine = engine_over(
        tmp_path, ScriptedReader(), f"# 须知\n\n第四条 标准如下：\n\n| 场地 | 说明 |\n|---|---|\n{rows}\n"
    )
    block = wide(hit_of(engine, "场地丁"), engine.library)
    (table,) = [one for one in enumerations(block) if one.form == "table"]
    assert len(table.items) == 4 and "场地甲" in table.items[0][0].text


@pytest.mark.parametrize(
    "second, last", [("2. 填表。", "4. 领证。"), ("2. 填表。\n\n表在窗口领。", "外地户籍的还须出示居住证。")]
)
def test_what_follows_a_list_is_no_item_of_it_where_the_others_are_of_one_paragraph(
    tmp_path: Path, second: str, last: str
) -> None:
    text = (
        f"# 须知\n\n1. 持证到窗口。\n\n{second}\n\n3. 缴押金。\n\n4. 领证。\n\n外地户籍的还须出示居住证。\n"
    )
    engine = engine_over(tmp_path, ScriptedReader(), text)
    block = wide(hit_of(engine, "领证"), engine.library)
    (steps,) = [one for one in enumerations(block) if one.form == "paragraphs"]
    assert len(steps.items) == 4 and steps.items[-1][-1].text == last
    assert steps.sentences()[-1].text == "外地户籍的还须出示居住证。", "shown with the list"


def test_a_replaced_edition_takes_no_place_among_what_is_found(tmp_path):
    old = "# 图书借阅规定（2019年版）\n\n" + "\n\n".join(
        f"借阅期限为{n}天，逾期记入档案。" * 12 for n in range(10, 16)
    )
    new = "# 图书借阅规定（2024年版）\n\n可以续借一次，每次六十天。\n"
    asked = "借阅期限为几天，逾期记入档案吗"
    engine = engine_over(tmp_path, ScriptedReader(), old, new, top_k=4)
    documents = {d.id: d.title for d in engine.documents()}
    found = [documents[one.document_id] for one in engine.answer(asked).retrieved]
    assert found == ["图书借阅规定（2024年版）"]


def test_this_year_is_that_of_the_newest_document_found(tmp_path):
    text = "---\ndate: {}-05-01\n---\n# {}年招生公告\n\n今年小班招收{}人，五月报名。\n"
    engine = engine_over(
        tmp_path, ScriptedReader(), text.format(2024, 2024, 125), text.format(2025, 2025, 100)
    )
    assert engine.answer("今年小班招收多少人").query == "2025年小班招收多少人"


def test_the_model_is_asked_a_follow_up_after_its_turns():
    turns = [Turn("年假几天？", "五天。"), Turn("婚假呢？", "十天。" * 40)]
    told = after(turns, "要谁批")
    said = f"年假几天（五天。）；婚假呢（{('十天。' * 40)[:40]}）"
    assert told == prompts.render("turns", before=said, question="要谁批")
    reader = ScriptedReader(carried={"要谁批": ("婚假",)})
    want = understand("要谁批", turns, reader)
    assert want.told == told and want.query != told
    assert understand("食堂几点开门", turns, reader).told == "食堂几点开门"


def test_turns_that_come_without_what_was_searched_are_given_it():
    reader = ScriptedReader(carried={"要谁批": ("婚假几天",), "多久批下来": ("要谁批",)})
    bare = [Turn("婚假几天", "十天。"), Turn("要谁批", "处长。")]
    told = [Turn("婚假几天", "十天。", "婚假几天"), Turn("要谁批", "处长。", "婚假几天：要谁批")]
    query = understand("多久批下来", bare, reader).query
    assert query == understand("多久批下来", told, reader).query and "婚假几天" in query


def test_an_order_that_is_not_sure_is_a_question():
    class Unsure(ScriptedReader):
        def kind(self, question: str, before: str = "") -> dict[str, float]:
            return {"order": 0.5, "fact": 0.3, "list": 0.2}

    turns = [Turn("求决类的最多拖几天", "三十天。")]
    assert understand("意见建议类呢", turns, Unsure()).kind == "fact"


SHELTERS = """# 安置点

| 安置点 | 容纳人数 | 对应村 |
|---|---|---|
| 小学体育馆 | 400 | 上堰村 |
| 文化站大厅 | 150 | 石坪村 |
| 老粮库 | 260 | 桥头村 |
"""


@pytest.mark.parametrize(
    ("query", "operation", "total"),
    [
        ("SELECT SUM(容纳人数) FROM t", ("sum", "none"), 810),
        ("SELECT COUNT(*) FROM t WHERE 容纳人数 > 200", ("count", "one"), 2),
        ("SELECT COUNT(*) FROM t WHERE 对应村 = '上堰村'", ("count", "one"), None),
        ("文档没有写明。", ("count", "one"), None),
    ],
)
def test_what_is_computed_over_the_table_of_the_best_passage(tmp_path, query, operation, total):
    engine = engine_over(tmp_path, ScriptedReader(), SHELTERS)
    asked, writer = "安置点", ScriptedGenerator({"": query})
    found = counted(
        asked,
        Operation(*operation),
        engine.search(asked, 8),
        engine.library,
        None,
        lambda what, table: computed(asked, what, table, writer, threading.Event()),
    )
    assert (found and found.total) == total


def test_what_a_question_counts():
    assert [measure(asked) for asked in ("一共几类", "合计招多少", "有哪些")] == ["类", "项", "项"]
    assert [measure(asked) for asked in ("超过15块的有几顿", "共有几？")] == ["顿", "项"]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ([-3.0, 2.0], ["因故取消的"]),
        ([-0.5, 2.0], ["第一条 押金", "因故取消的"]),
        ([1.0, 2.0], ["第一条 押金", "因故取消的"]),
        ([-6.0, -3.0], ["因故取消的"]),
        ([], ["第一条 押金"]),
    ],
)
def test_the_sentences_that_the_model_tells_are_shown(tmp_path, told, shown):
    """The reader's best sentence, here the first, counts for one more; at least one is shown, and without
    the model the reader's."""
    reader = Whole("押金")
    engine = engine_over(tmp_path, reader, DESK)
    windows = read("取消了怎么办", [narrow(hit_of(engine, "押金五百元"))], reader)
    found = extract("取消了怎么办", "fact", windows, engine.library, reader, telling=lambda block: told)
    assert found is not None
    lines = [line.text.strip() for line in found.lines]
    assert len(lines) == len(shown) and all(a.startswith(b) for a, b in zip(lines, shown, strict=True))


@pytest.mark.parametrize(("typed", "shown"), [("", 1), ("取消了怎么办", 2)])
def test_after_turns_the_readers_best_is_that_of_what_was_typed(tmp_path, typed, shown):
    query = "押金多少：取消了怎么办"
    reader = ScriptedReader(answers={query: ("押金五百元",), typed: ("因故取消",)})
    engine = engine_over(tmp_path, reader, DESK)
    windows = read(query, [narrow(hit_of(engine, "押金五百元"))], reader)
    found = extract(query, "fact", windows, engine.library, reader, typed, lambda block: [3.0, 0.9])
    assert found is not None and len(found.lines) == shown and found.best.text.startswith("第一条 押金")


LISTS = """# 场馆须知

## 一、食品

4.1 食品由食堂统一采购，每半年调整一次供应商名录，并在门口公布，接受大家监督。

4.2 不得带入：散装熟食、凉菜，以及超过两升的饮料，违者由保安暂存到离场。

4.3 每餐留样不少于一百五十克，冷藏保存两天，由专人登记并签字。

## 二、带入

场馆内不得带入易燃物品、管制刀具和宠物，保安查验后放行，违者当日不得再次入场，由办公室记录在案。
"""


class Every(ScriptedReader):
    """Of every passage all sentences answer, the one with the word best."""

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        found = []
        for text in passages:
            parts = tuple(split_sentences(text))
            best = next((part for part in parts if "不得" in text[part[0] : part[1]]), parts[0])
            found.append(Reading(0.9 if "不得" in text else 0.6, best, 0.7, parts))
        return found


@pytest.mark.parametrize(
    ("told", "shown", "left"),
    [
        (lambda text: 3.0 if "不得" in text else -3.0, ["易燃", "凉菜"], ["半年", "留样"]),
        (lambda text: 3.0 if "凉菜" in text else -3.0, ["凉菜"], ["易燃", "半年", "留样"]),
        (lambda text: 3.0, ["易燃", "凉菜", "半年", "留样"], []),
    ],
    ids=["two passages", "one passage", "all"],
)
def test_of_a_list_what_the_model_tells_is_shown_wherever_it_stands(tmp_path, told, shown, left):
    """Sentences of other passages too; articles beside the one that answers are not the rest of its list."""
    asked, reader = "哪些食品和散装熟食不得带入", Every()
    engine = engine_over(tmp_path, reader, LISTS)
    windows = read(asked, [narrow(hit) for hit in engine.search(asked, 8)], reader)
    found = extract(
        asked,
        "list",
        windows,
        engine.library,
        reader,
        telling=lambda block: [told(s.text) for s in block.sentences()],
    )
    assert found is not None
    text = "".join(line.text for line in found.lines)
    assert all(word in text for word in shown) and not any(word in text for word in left)


def test_passages_of_the_document_before_are_preferred(tmp_path):
    texts = [f"# {name}须知\n\n{name}的咨询电话是{n}。" for n, name in enumerate(("游泳馆", "图书馆"), 1)]
    engine = engine_over(tmp_path, ScriptedReader(), *texts)
    plain = searched("咨询电话", engine.library, 8)
    after_turn = searched("咨询电话", engine.library, 8, "图书馆几点开 图书馆八点开")
    assert {hit.document.title for hit in plain} == {"游泳馆须知", "图书馆须知"}
    assert after_turn[0].document.title == "图书馆须知"
    gained = {hit.document.title: hit.score for hit in after_turn}["图书馆须知"]
    assert gained == pytest.approx({h.document.title: h.score for h in plain}["图书馆须知"] + SAME)


TABLE = """# 采购办法

第一条 采购按下表办理：

| 预算（元） | 方式 | 审批 |
|---|---|---|
| 2000以下 | 自购 | 科长 |
| 2000至50000 | 询价 | 处长 |
| 50000以上 | 招标 | 局长 |
"""


@pytest.mark.parametrize(
    ("asked", "rows"),
    [("花3万2的采购谁审批", ["2000至50000"]), ("自购和招标各由谁审批", ["2000以下", "50000以上"])],
)
def test_rows_that_a_question_names_or_falls_into_are_the_answer(tmp_path, asked, rows):
    reader = ScriptedReader(answers={asked: ("审批",)})
    engine = engine_over(tmp_path, reader, TABLE)
    hits = searched(asked, engine.library, 8)
    windows = read(asked, [narrow(hit) for hit in hits], reader)
    found = found_in(Answer(asked, asked, kind="fact"), hits, windows, engine.library, reader)
    assert found is not None and found.exact
    assert [line.text.split("；")[0].split("：")[1] for line in found.lines] == rows
    both = "3万2和8万的采购各由谁审批"
    compared = found_in(Answer(both, both, kind="compare"), hits, windows, engine.library, reader)
    assert compared is not None and len(compared.lines) == 2
    listed = found_in(Answer(asked, asked, kind="list"), hits, windows, engine.library, reader)
    assert listed is not None and not listed.exact, "a list is read, not looked up"


@pytest.mark.parametrize(("preferred", "exact"), [("本人", False), ("自购", True), ("", True)])
def test_rows_stand_back_behind_a_sentence_that_the_model_prefers(tmp_path, preferred, exact):
    """Where it tells nothing, they are the answer; so are they where it prefers a row."""
    asked = "我是科长，自己自购由谁审批"
    reader = ScriptedReader(answers={asked: ("审批",)})
    engine = engine_over(tmp_path, reader, TABLE + "\n科长本人经手的，改由处长审批。\n")
    hits = searched(asked, engine.library, 8)
    windows = read(asked, [narrow(hit) for hit in hits], reader)
    found = found_in(
        Answer(asked, asked, kind="fact"),
        hits,
        windows,
        engine.library,
        reader,
        lambda block: [6.0 * (preferred in s.text) - 3.0 for s in block.sentences()] if preferred else [],
    )
    assert found is not None and found.exact == exact and found.told == bool(preferred)
    assert exact or [line.text for line in found.lines] == ["科长本人经手的，改由处长审批。"]


NOTICE = "# 青禾幼儿园{year}年秋季招生公告\n\n青禾幼儿园{year}年小班招收{many}人，伙食费每天{fee}元。\n"


@pytest.mark.parametrize(
    ("asked", "year"),
    [
        ("小班招多少人", 2025),
        ("今年小班招多少人", 2025),
        ("去年小班招多少人", 2024),
        ("2023年小班招多少人", 2023),
        ("今年小班招多少人：去年呢", 2024),
    ],
)
def test_of_documents_of_several_years_the_one_asked_about_comes_first(tmp_path, asked, year):
    texts = [NOTICE.format(year=y, many=90 + n, fee=18 + n) for n, y in enumerate((2023, 2024, 2025))]
    other = "# 采购办法2022年\n\n采购办法由财务处解释，小班额的采购另行规定。\n"
    engine = engine_over(tmp_path, ScriptedReader(), *texts, other)
    assert searched(asked, engine.library, 8)[0].document.title == f"青禾幼儿园{year}年秋季招生公告"


def test_two_years_of_a_comparison_are_both_found(tmp_path):
    texts = [NOTICE.format(year=y, many=90 + n, fee=18 + n) for n, y in enumerate((2023, 2024, 2025))]
    engine = engine_over(tmp_path, ScriptedReader(), *texts)
    found = searched("小班名额今年跟去年比多了还是少了", engine.library, 8)
    assert {hit.document.title[5:9] for hit in found[:2]} == {"2025", "2024"}


@pytest.mark.parametrize(
    ("typed", "named"),
    [("询价的呢", True), ("谁来审批", True), ("周末也照这个办吗", False)],
    ids=["cell", "column", "neither"],
)
def test_a_row_is_the_answer_to_a_follow_up_only_where_it_is_named(tmp_path, typed, named):
    """自购 stands in the question before; what was typed must name something of the table as well."""
    query = f"自购由谁审批：{typed}"
    engine = engine_over(tmp_path, ScriptedReader(), TABLE)
    hits = searched(query, engine.library, 8)
    windows = read(query, [narrow(hit) for hit in hits], ScriptedReader())
    found = found_in(Answer(typed, query, kind="fact"), hits, windows, engine.library, ScriptedReader())
    assert bool(found and found.exact) == named
    if typed.startswith("询价"):
        assert found is not None and ["询价" in line.text for line in found.lines] == [True]


LESSONS = """# 课程

| 课程 | 学费（元） | 教师 |
|---|---|---|
| 少儿国画初级 | 760 | 殷若水 |
| 少儿国画提高 | 920 | 殷若水 |
| 古筝 | 1800 | 柏青 |
"""


@pytest.mark.parametrize(
    ("told", "read_in", "kind", "exact"),
    [
        (None, "920", "fact", False),
        (0.2, "920", "fact", False),
        (1.9, "920", "fact", True),
        (1.9, "760", "fact", True),
        (1.9, "随班缴费", "fact", False),
        (1.9, "920", "steps", False),
    ],
)
def test_a_row_named_without_a_column_is_the_answer_where_a_row_is_known_to_answer(
    tmp_path, told, read_in, kind, exact
):
    query = "国画提高班多少钱"
    reader = ScriptedReader(answers={query: [read_in]})
    engine = engine_over(tmp_path, reader, LESSONS + "\n注：随班缴费。\n")
    hits = searched(query, engine.library, 8)
    windows = [replace(w, told=told) for w in read(query, [narrow(hit) for hit in hits], reader)]
    found = found_in(Answer(query, query, kind=kind), hits, windows, engine.library, reader)
    assert bool(found and found.exact) == exact
    if exact:
        assert found is not None and ["少儿国画提高" in line.text for line in found.lines] == [True]
