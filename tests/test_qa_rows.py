"""Which rows of a table a question names, against the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from index import types
from index.normalize import normalize
from index.types import Document, Hit, Passage
from qa.attribution import EvidenceSentence
from qa.kinds.contrast import against_items, against_rows
from qa.kinds.evidence import Block, Indexed
from qa.kinds.rows import named_rows
from qa.kinds.tables import Table, tables_in


def stored(*tables: str) -> tuple[Document, Indexed]:
    """A document of tables, a row a line, and an index of it."""
    text, blocks = "", []
    for number, table in enumerate(tables, 1):
        for line in table.strip().splitlines():
            start = len(text)
            text += line.strip() + "\n"
            blocks.append(types.Block(start, len(text) - 1, table=number))
    document = Document("d", "表", "a.md", text, "0", blocks=tuple(blocks))
    passages = [Passage("d-0001", "d", 0, len(text), text)]
    return document, cast(Indexed, SimpleNamespace(passages=lambda _: passages))


def table(text: str) -> Table:
    document, index = stored(text)
    (found,) = tables_in(document, 0, len(document.text), index)
    return found


CLASSES = """
课名：少儿武术入门；年龄：6-9岁；学费（元）：900；时间：周六 9:00-10:30；教师：曲向东
课名：少儿武术进阶；年龄：10-14岁；学费（元）：1200；时间：周六 14:00-15:30；教师：曲向东；备注：须通过考核
课名：国画；年龄：8-12岁；学费（元）：760；时间：周日 9:00-10:30；教师：殷若水
课名：古筝提高；年龄：持四级证书；学费（元）：1800；时间：周日 14:00-15:00；教师：柏青、殷若水；备注：自备琴
课名：亲子烘焙；年龄：不限；学费（元）：680；时间：周三 18:30-20:00；教师：冉冉
"""
DUTY = """
日期：5月2日；值守：景明、宋词；电话：3301；备注：开放日
日期：5月3日；值守：岳岚；电话：3301
日期：5月9日；值守：景明；电话：3301；备注：5月16日补检
日期：5月16日；值守：宋词；电话：3301
"""
DEVICES = """
设备：台式离心机；台时费：30元/小时；房间：A101
设备：超速离心机；台时费：90元/小时；房间：A103
设备：流式细胞仪；台时费：150元/小时；房间：B201
"""

DOCTORS = """
号别：主任医师；挂号费：25元；说明：含普通门诊项目
号别：副主任医师；挂号费：15元；说明：含普通门诊项目
号别：普通门诊；挂号费：6元；说明：当日有效
号别：特需门诊；挂号费：200元；说明：含主任医师复诊
"""


@pytest.mark.parametrize(
    ("asked", "given", "first", "exact"),
    [
        ("武术进阶班多少钱", CLASSES, ["少儿武术进阶"], True),
        ("武术班多少钱", CLASSES, ["少儿武术入门", "少儿武术进阶"], False),
        ("古筝和国画哪个贵", CLASSES, ["国画", "古筝提高"], False),
        ("9岁能报什么", CLASSES, ["少儿武术入门", "国画", "亲子烘焙"], True),
        ("9岁能学武术进阶吗", CLASSES, ["少儿武术进阶"], True),
        ("周日下午上什么课", CLASSES, ["古筝提高"], True),
        ("周六晚上有什么课", CLASSES, [], False),
        ("殷若水教哪几门", CLASSES, ["国画", "古筝提高"], True),
        ("学费怎么收", CLASSES, [], False),
        ("每小时怎么收", DEVICES, [], False),
        ("5月16号谁值守", DUTY, ["5月16日"], True),
        ("16号谁值守", DUTY, ["5月16日"], True),
        ("5月2号是岳岚值守吗", DUTY, ["5月2日"], True),
        ("宋词5月哪几天值守", DUTY, ["5月2日", "5月16日"], True),
        ("6月2号谁值守", DUTY, [], False),
        ("超速离心机在哪个房间", DEVICES, ["超速离心机"], True),
        ("离心机一小时多少钱", DEVICES, ["台式离心机", "超速离心机"], True),
        ("流式一小时多少钱", DEVICES, ["流式细胞仪"], False),
        ("副主任的号多少钱", DOCTORS, ["副主任医师"], True),
        ("主任跟副主任的号各多少钱", DOCTORS, ["主任医师", "副主任医师"], False),
        ("特需和主任医师差多少", DOCTORS, ["主任医师", "特需门诊"], False),
        ("A103是什么设备", DEVICES, ["超速离心机"], True),
    ],
)
def test_the_rows_that_hold_what_the_question_says(
    asked: str, given: str, first: list[str], exact: bool
) -> None:
    whole = table(given)
    named = named_rows(normalize(asked).text, whole)
    assert ([row.cells[whole.columns[0]] for row in named.rows] if named else []) == first
    assert bool(named and named.exact) == exact


def test_a_row_with_an_empty_cell_is_one_of_the_table() -> None:
    whole = table(DUTY)
    assert whole.columns == ("日期", "值守", "电话", "备注") and len(whole.rows) == 4
    assert [row.cells["备注"] for row in whole.rows] == ["开放日", "", "5月16日补检", ""]


def test_rows_with_hardly_a_column_in_common_stay_apart() -> None:
    document, index = stored("甲：1；乙：2\n丙：3；丁：4\n戊：5；己：6")
    assert len(tables_in(document, 0, len(document.text), index)) == 3


def lines(document: Document, index: Indexed, *first: str) -> list[EvidenceSentence]:
    found = tables_in(document, 0, len(document.text), index)
    rows = [row for one in found for row in one.rows]
    return [row.place for cell in first for row in rows if cell in row.cells.values()]


def test_a_row_that_falls_behind_another_of_the_answer_goes() -> None:
    document, index = stored(CLASSES)
    told = lines(document, index, "少儿武术入门", "少儿武术进阶", "国画")
    assert against_rows("武术进阶什么时候上课", told, index, False) == told[1:2]
    assert against_rows("武术什么时候上课", told, index, False) == told[:2]
    assert against_rows("古筝什么时候上课", told, index, False) == told, "what was found stays as it is"


def test_of_a_list_every_row_that_is_named_comes() -> None:
    document, index = stored(CLASSES)
    told = lines(document, index, "少儿武术入门", "古筝提高")
    named = against_rows("周六有什么课", told, index, True)
    assert named == lines(document, index, "少儿武术入门", "少儿武术进阶")
    assert against_rows("有什么课", told, index, True) == told


def test_a_table_of_which_nothing_is_named_goes_where_rows_of_another_are() -> None:
    document, index = stored(CLASSES, DUTY)
    told = lines(document, index, "国画", "5月3日")
    assert against_rows("9岁能报什么", told, index, True) == lines(
        document, index, "少儿武术入门", "国画", "亲子烘焙"
    )
    assert against_rows("国画老师值守吗", told, index, False) == told[:1]


ROUTES = """一、路线
1号线：大桥路（7:00）、厂区（7:40）。2号线：北站（6:50）、厂区（7:35）。3号线：师范街（7:05）、厂区（7:45）。
时间：工作日。地点：厂区南门。"""


def test_sentences_headed_by_names_of_one_kind_fall_behind_each_other() -> None:
    document = Document("d", "班车", "a.md", ROUTES, "0")
    passage = Passage("d-0001", "d", 0, len(ROUTES), ROUTES)
    block = Block(Hit(passage, document, 1.0), (passage,), "班车")
    told = block.sentences()
    lines = [line for line in told if "：" in line.text]
    assert len(lines) == 5
    assert against_items("1号线几点从大桥路发", lines, block) == [lines[0], *lines[3:]]
    assert against_items("1号线几点从大桥路发：3号线呢", lines[:3], block, "3号线呢") == lines[2:3]
    assert against_items("地点在哪，几点发", lines[3:], block) == lines[3:], "names of other kinds"
    assert against_items("班车几点发", lines, block) == lines


def test_after_a_turn_what_was_typed_names_the_rows() -> None:
    document, index = stored(CLASSES)
    told = lines(document, index, "国画", "古筝提高")
    assert against_rows("国画多少钱：古筝呢", told, index, False, "古筝呢") == told[1:]
