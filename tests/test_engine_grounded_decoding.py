"""Only figures of the context may be written; stop strings are cut wherever the pieces end."""

from __future__ import annotations

import pytest

from engine.grounded_decoding import Figures
from engine.writing import Cutter

CONTEXT = "2025年3月6日，建成1017家就业驿站，增长5.5%，投资1,234万元，第二十三条，全角１８。"


def allowed(text: str, context: str = CONTEXT) -> bool:
    figures = Figures(context)
    state: str | None = ""
    for char in text:
        state = figures.advance(state or "", char)
        if state is None:
            return False
    return figures.may_end(state or "")


@pytest.mark.parametrize(
    "text",
    [
        "2025年3月6日",
        "1017家",
        "5.5%",
        "1,234",
        "1234万",
        "第23条",
        "18",
        "１０１７家",
        "没有数字。",
        "为6。",
        "有6、3两种",
        "共1017.",
        "5.5.",
    ],
)
def test_figures_of_the_context_are_allowed(text: str) -> None:
    assert allowed(text), text


@pytest.mark.parametrize(
    "text",
    [
        "2024年",
        "101家",
        "10170",
        "5.6%",
        "6.5",
        "3.6",
        "1,235",
        "20",
        "4",
        "１９",
        "5.5.5",
        "12",
        "25年",
        "6,31",
    ],
)
def test_other_figures_are_not(text: str) -> None:
    assert not allowed(text), text


def test_pieces_of_several_characters_and_digits_that_can_follow() -> None:
    figures = Figures(CONTEXT)
    assert figures.advance("", "建成10") == "10"
    assert figures.next_digits("10") == {"1"}
    assert figures.advance("10", "17家") == ""
    assert figures.advance("10", "家") is None and not figures.may_end("10")


def test_a_context_without_figures_allows_none() -> None:
    assert allowed("没有", "没有数字") and not allowed("1", "没有数字")


@pytest.mark.parametrize(
    "numeral, arabic",
    [
        ("十", "10"),
        ("二十三", "23"),
        ("一百零五", "105"),
        ("一千二百", "1200"),
        ("二〇二五", "2025"),
        ("两", "2"),
    ],
)
def test_chinese_numerals_allow_their_arabic_form(numeral: str, arabic: str) -> None:
    assert allowed(arabic, f"共{numeral}项")


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_cutter_cuts_before_the_first_stop_string(size: int) -> None:
    cutter = Cutter(("END", "。。", ""))
    text = "一E二EN三。四END五。。六"
    shown = "".join(cutter.push(text[i : i + size]) for i in range(0, len(text), size))
    assert shown == "一E二EN三。四" and cutter.stopped


def test_cutter_gives_back_what_it_held() -> None:
    cutter = Cutter(("END",))
    assert cutter.push("好EN") + "|" + cutter.end() == "好|EN"
    assert not cutter.stopped
