"""Follow-ups get what they leave out; questions that stand alone are left exactly as typed."""

from __future__ import annotations

import pytest

from qa.followup import standalone
from qa.types import Turn

ROADS = Turn("上半年农村公路开工了多少公里？", "上半年农村公路开工251公里。")
LETTER = Turn("谁发出了《致市级机关党员干部职工的公开信》？", "市级机关工委联合市机关事务管理局。")
PARTY = Turn("天津评定命名了多少个“四强”党支部？", "287个。")
STATION = Turn("2025年建成多少家就业驿站？", "建成113家就业驿站。")
PERSON = Turn("谁介绍了就业驿站的建设情况？", "党支部书记于洋。")
WHERE = Turn("培训班在哪里举办？", "市委党校蓟州校区。")
BRAND = Turn("“津甘护工”劳务品牌和哪个省共建？", "与甘肃省共建。")
SAVING = Turn("市财政局制定了多少条“过紧日子”具体措施？", "10个方面100条。")
EVENT = Turn("京津冀高端装备产业协同发展大会什么时候举办？", "2025年3月6日。")

FOLLOW_UPS = [
    # question, the turn before, what the standalone question must hold
    ("那完工了多少？", ROADS, ["农村公路", "完工", "公里"]),
    ("完工呢？", ROADS, ["农村公路", "完工", "多少公里"]),
    ("完工了多少公里？", ROADS, ["农村公路", "完工"]),
    ("那完工的呢？", ROADS, ["农村公路", "完工"]),
    ("它是哪个单位办的?", EVENT, ["京津冀高端装备产业协同发展大会", "哪个单位"]),
    ("它在哪里举办？", EVENT, ["京津冀高端装备产业协同发展大会", "哪里"]),
    ("在哪里举办？", EVENT, ["京津冀高端装备产业协同发展大会", "哪里"]),
    ("有多少人参加？", EVENT, ["京津冀高端装备产业协同发展大会", "多少人"]),
    ("谁主办的？", EVENT, ["京津冀高端装备产业协同发展大会", "谁主办"]),
    ("什么时候的事？", LETTER, ["公开信", "什么时候"]),
    ("什么时候发出的？", LETTER, ["公开信", "什么时候"]),
    ("它有哪些要求？", LETTER, ["《致市级机关党员干部职工的公开信》", "要求"]),
    ("这封信是什么时候发出的？", LETTER, ["《致市级机关党员干部职工的公开信》", "什么时候"]),
    ("北京呢？", PARTY, ["北京", "“四强”党支部", "多少个"]),
    ("那北京呢？", PARTY, ["北京", "“四强”党支部"]),
    ("上海的呢", PARTY, ["上海", "“四强”党支部"]),
    ("什么时候评定的？", PARTY, ["“四强”党支部", "什么时候评定"]),
    ("2024年呢？", STATION, ["2024年", "就业驿站"]),
    ("那2024年呢？", STATION, ["2024年建成多少家就业驿站"]),
    ("他是什么职务？", PERSON, ["于洋", "职务"]),
    ("他还说了什么？", PERSON, ["于洋", "说了什么"]),
    ("这位书记是哪个单位的？", PERSON, ["于洋", "哪个单位"]),
    ("那里有多少人参加？", WHERE, ["蓟州", "多少人"]),
    ("什么时候举办？", WHERE, ["培训班", "什么时候"]),
    ("有多少人参加？", WHERE, ["培训班", "多少人"]),
    ("谁负责的？", BRAND, ["“津甘护工”", "谁负责"]),
    ("什么时候开始的？", BRAND, ["“津甘护工”", "什么时候"]),
    ("为什么？", SAVING, ["为什么", "市财政局", "措施"]),
    ("涉及几个方面？", SAVING, ["措施", "几个方面"]),
    ("市统计局呢？", SAVING, ["市统计局", "措施"]),
    ("那公交线路呢？", ROADS, ["上半年公交线路有多少"]),
    ("公交线路呢？", STATION, ["2025年公交线路有多少"]),
    ("高速公路呢？", ROADS, ["高速公路开工了多少公里"]),
    ("其主要内容是什么？", LETTER, ["公开信", "主要内容"]),
    ("这些措施包括哪些方面？", SAVING, ["措施", "哪些方面"]),
]

STAND_ALONE = [
    "上半年农村公路完工了多少公里？",
    "市财政局制定了多少条具体措施？",
    "《致市级机关党员干部职工的公开信》是什么时候发出的？",
    "建成了多少家就业驿站？",
    "就业驿站建成了多少家？",
    "天津东疆国际班列运营管理有限公司总经理是谁？",
    "京津冀智能网联新能源汽车供应链深度对接会在哪里举办？",
    "市级机关工委与哪个省共建“津甘护工”劳务品牌？",
    "培训班在哪里举办？",
    "市应急局健康咨询活动是什么时候？",
    "于洋是什么职务？",
    "刘彤斌说了什么？",
    "年休假有几天？",
    "差旅费报销需要哪些材料？",
    "实习生有餐补吗？",
    "食堂几点开门？",
    "图书馆周末开放吗？",
    "如何申请居住证？",
    "办理护照需要多少钱？",
    "公积金提取的条件是什么？",
    "会议室怎么预订？",
    "打印机坏了找谁？",
    "2025年民心工程项目有哪些？",
    "新增了多少条公交线路？",
    "噪声污染防治法由哪个部门宣传？",
    "中欧班列货物满一周年是什么时候？",
    "为什么要厉行节约？",
    "机场大道整治工程完工了吗？",
    "党员服务示范窗口有多少个？",
    "保税维修政策有多少项？",
    "天津云遥宇航科技有限公司遇到了什么问题？",
    "What is the opening time of the library?",
    "WiFi密码是多少？",
    "哪些单位参加了结对共建？它们各做了什么事？",
]


@pytest.mark.parametrize(("question", "before", "holds"), FOLLOW_UPS, ids=[f"{q}|{t.question[:6]}" for q, t, _ in FOLLOW_UPS])
def test_follow_ups_are_completed(question: str, before: Turn, holds: list[str]) -> None:
    rewritten = standalone(question, [before])
    assert all(part in rewritten for part in holds), rewritten


@pytest.mark.parametrize("question", STAND_ALONE)
@pytest.mark.parametrize("before", [ROADS, LETTER, PARTY], ids=["roads", "letter", "party"])
def test_questions_that_stand_alone_are_left_alone(question: str, before: Turn) -> None:
    assert standalone(question, [before]) == question


@pytest.mark.parametrize(("question", "before"), [("那公交线路呢？", ROADS), ("示范窗口呢？", STATION), ("食堂呢？", SAVING)])
def test_another_thing_does_not_get_the_verb_and_unit(question: str, before: Turn) -> None:
    rewritten = standalone(question, [before])
    assert not any(word in rewritten for word in ("公里", "开工", "建成", "家", "条", "制定")), rewritten


def test_without_history_nothing_changes() -> None:
    assert standalone("那完工了多少？", []) == "那完工了多少？"


def test_what_was_searched_last_is_what_is_carried_on() -> None:
    first = Turn("那完工了多少？", "192公里。", "上半年农村公路完工了多少公里？")
    assert "农村公路" in standalone("开工呢？", [ROADS, first])


def test_tables_are_large_enough() -> None:
    assert len(FOLLOW_UPS) >= 30
    assert len(STAND_ALONE) >= 30
