"""Folding and its map of offsets; numbers in Chinese text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from index.normalize import fold, normalize, number_spans, parse_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("臺灣與中國共產黨", "台湾与中国共产党"),
        ("中 国\n共产党", "中国共产党"),
        ("Open AI 模型", "open ai 模型"),
        ("“津牌服务”《办法》", '"津牌服务"《办法》'),
        ("2025—2027年", "2025-2027年"),
        ("", ""),
        ("面积３㎡", "面积3m2"),
    ],
)
def test_normalize(text: str, expected: str) -> None:
    assert normalize(text).text == expected


def test_every_normalised_character_maps_back_to_where_it_came_from() -> None:
    text = "面积 ㎡ 与 資 料\n中　國 ① ABC"
    norm = normalize(text)
    assert len(norm.starts) == len(norm.ends) == len(norm.text)
    for i, char in enumerate(norm.text):
        start, end = norm.original_span(i, i + 1)
        assert end - start == 1
        assert char in fold(text[start:end])
    assert list(norm.starts) == sorted(norm.starts)


def test_a_match_in_normalised_text_is_cut_from_the_original() -> None:
    text = "市 級 機 關 共 ２，６００餘 人"
    norm = normalize(text)
    at = norm.text.index("级机关")
    start, end = norm.original_span(at, at + 3)
    assert text[start:end] == "級 機 關"


def test_an_empty_span_stays_empty() -> None:
    norm = normalize("天津")
    assert norm.original_span(1, 1) == (1, 1)
    assert norm.original_span(2, 2) == (2, 2)
    assert normalize("").original_span(0, 0) == (0, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("二十三", 23),
        ("十", 10),
        ("十二", 12),
        ("一百零五", 105),
        ("三千五百万", 35_000_000),
        ("1.5亿", 150_000_000),
        ("二〇二五", 2025),
        ("一九四九", 1949),
        ("两千", 2000),
        ("2,600", 2600),
        ("一万亿", 10**12),
        ("三点五", Decimal("3.5")),
        ("1亿2000万", 120_000_000),
        ("四千二百一十一万", 42_110_000),
        ("壹佰贰拾", 120),
        ("3万2", 32_000),
        ("一百五", 150),
        ("两千三", 2300),
        ("1亿2", 120_000_000),
        ("3万零2", 30_002),
    ],
)
def test_parse_number(text: str, value: int | Decimal) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "七八", "十四五", "亿", "一二"])
def test_what_is_not_one_numeral(text: str) -> None:
    assert parse_number(text) is None


def one(text: str) -> tuple[str, Decimal, str, bool, str]:
    (span,) = number_spans(text)
    return text[span.start : span.end], span.value, span.unit, span.approx, span.kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("出台二十三条措施", ("二十三", 23, "条", False, "number")),
        ("2600余人参加", ("2600", 2600, "人", True, "number")),
        ("投资１.５亿元", ("１.５亿", 150_000_000, "元", False, "number")),
        ("增长百分之五", ("百分之五", 5, "%", False, "percent")),
        ("增长5%", ("5%", 5, "%", False, "percent")),
        ("下降千分之三", ("千分之三", 3, "‰", False, "percent")),
        ("第三届大会", ("第三", 3, "届", False, "ordinal")),
        ("近300人", ("300", 300, "人", True, "number")),
        ("七八个人", ("七八", 7, "个", True, "number")),
        ("约占三成", ("三", 30, "%", True, "percent")),
        ("提高5个百分点", ("5", 5, "个百分点", False, "number")),
        ("两千多家企业", ("两千", 2000, "家", True, "number")),
        ("2.5万余人次", ("2.5万", 25_000, "人次", True, "number")),
        ("合作113 項", ("113", 113, "项", False, "number")),
        ("推进五个方面的建设", ("五", 5, "个", False, "number")),
        ("气温为-5度", ("-5", -5, "度", False, "number")),
    ],
)
def test_number_spans(text: str, expected: tuple[object, ...]) -> None:
    assert one(text) == expected


def test_a_fraction_is_its_quotient() -> None:
    assert one("三分之二以上")[1] == Decimal(2) / Decimal(3)


@pytest.mark.parametrize(
    "text",
    [
        "一起来",
        "一些单位",
        "统一部署",
        "进一步加强",
        "十分重要",
        "三农工作",
        "十四五规划",
        "万达广场",
        "千万不要",
        "一带一路",
    ],
)
def test_words_that_count_nothing(text: str) -> None:
    assert number_spans(text) == []


def test_the_lower_end_of_a_range_takes_magnitude_and_unit() -> None:
    low, high = number_spans("资助3-5万元")
    assert (low.value, low.unit, low.range_with) == (30_000, "元", 1)
    assert (high.value, high.unit, high.range_with) == (50_000, "元", -1)


@pytest.mark.parametrize("text", ["022-12345678", "2025-07", "7:30"])
def test_what_looks_like_a_range_and_is_none(text: str) -> None:
    assert [span.range_with for span in number_spans(text)] == [0, 0]


def test_the_parts_of_a_date_carry_their_units() -> None:
    spans = number_spans("2025年7月1日")
    assert [(span.value, span.unit) for span in spans] == [(2025, "年"), (7, "月"), (1, "日")]


def test_a_dotted_version_is_not_a_decimal() -> None:
    assert [span.value for span in number_spans("1.2.3版")] == [1, 2, 3]
