"""What questions ask for, and an answer put where the question asks."""

from __future__ import annotations

import pytest

from qa.question import analyse, asking, place


@pytest.mark.parametrize(
    ("question", "kind", "unit"),
    [
        ("市财政局制定了多少条措施？", "count", "条"),
        ("共有几个支部？", "count", "个"),
        ("大桥有多长？", "count", ""),
        ("公开信什么时候发出？", "date", ""),
        ("哪一年建成？", "date", ""),
        ("党支部书记是谁？", "who", ""),
        ("培训班在哪里举办？", "place", ""),
        ("他出生于哪个城市？", "place", ""),
        ("活动由哪个单位主办？", "body", ""),
        ("包括哪些方面？", "list", ""),
        ("为什么要厉行节约？", "reason", ""),
        ("如何申请居住证？", "how", ""),
        ("图书馆周末开放吗？", "yesno", ""),
        ("是否可以报名？", "yesno", ""),
        ("凉茶铺又叫什么？", "what", ""),
        ("什麼時候發出？", "date", ""),
    ],
)
def test_kind_and_unit(question: str, kind: str, unit: str) -> None:
    info = analyse(question)
    assert (info.kind, info.unit) == (kind, unit)


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("市财政局制定了多少条措施？", "100", "市财政局制定了100条措施。"),
        ("市财政局制定了多少条措施？", "100条。", "市财政局制定了100条措施。"),
        ("蓝线裸顶鲷体长约多少公分？", "80公分", "蓝线裸顶鲷体长约80公分。"),
        ("党支部书记是谁？", "于洋", "党支部书记是于洋。"),
        ("约有多少人参加？", "2万", "约有2万人参加。"),
        ("为什么要厉行节约？", "裕民", "为什么要厉行节约：裕民。"),
        ("总则", "第一条", "总则：第一条。"),
        ("占了百分之多少？", "8.90", "占了百分之8.90。"),
        ("哪一年開館？", "1990", "1990年開館。"),
        ("最大的衛星是哪一顆？", "木衛三", "最大的衛星是木衛三。"),
        ("遭哪队淘汰？", "德国", "遭德国淘汰。"),
    ],
)
def test_place(question: str, answer: str, statement: str) -> None:
    text, start, end = place(question, answer)
    assert text == statement
    assert answer.rstrip("。")[:2] in text[start:end]


def test_words_entities_and_what_is_missing() -> None:
    info = analyse("2026年北京市评定了多少个“四强”党支部？")
    assert "党支部" in info.words and "多少" not in info.words
    assert info.missing_from("天津2025年评定命名287个“四强”党支部") == ("北京市", "2026年")
    assert info.missing_from("2026年，北京评定“四强”党支部") == ()
    assert info.absent_words("评定党支部")
    assert 0.0 < info.share_of_words_in("评定党支部") < 1.0


@pytest.mark.parametrize(
    ("question", "text", "holds"),
    [
        ("制定了多少条措施？", "制定100条措施", True),
        ("制定了多少条措施？", "制定了措施", False),
        ("什么时候发出？", "今年6月13日发出", True),
        ("什么时候发出？", "市级机关工委发出", False),
        ("书记是谁？", "党支部书记于洋介绍", True),
        ("书记是谁？", "共有二十条", False),
        ("为什么？", "因为需要", True),
    ],
)
def test_the_kind_asked_for_is_found_in_a_text(question: str, text: str, holds: bool) -> None:
    assert analyse(question).wants(text) is holds


@pytest.mark.parametrize("question", ["", "？", "。。。", "a", "什么", "1"])
def test_odd_questions_are_taken(question: str) -> None:
    info = analyse(question)
    assert info.text == question
    assert info.share_of_words_in("") in (0.0, 1.0) or info.words
    assert asking(question)[0] <= len(question)
