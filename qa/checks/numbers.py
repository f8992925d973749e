"""Figures in folded text: what ``index.numbers`` finds, without dates, with what each one counts.

Knows nothing of evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from index.numbers import find_numbers

# Unit -> (dimension, factor): equal quantities written in different units are equal.
UNITS: dict[str, tuple[str, str]] = {
    "公里": ("米", "1000"),
    "千米": ("米", "1000"),
    "km": ("米", "1000"),
    "米": ("米", "1"),
    "m": ("米", "1"),
    "公尺": ("米", "1"),
    "厘米": ("米", "0.01"),
    "公分": ("米", "0.01"),
    "cm": ("米", "0.01"),
    "毫米": ("米", "0.001"),
    "mm": ("米", "0.001"),
    "里": ("里", "1"),
    "公斤": ("克", "1000"),
    "千克": ("克", "1000"),
    "kg": ("克", "1000"),
    "克": ("克", "1"),
    "g": ("克", "1"),
    "吨": ("克", "1000000"),
    "t": ("克", "1000000"),
    "斤": ("克", "500"),
    "毫克": ("克", "0.001"),
    "mg": ("克", "0.001"),
    "升": ("升", "1"),
    "l": ("升", "1"),
    "毫升": ("升", "0.001"),
    "ml": ("升", "0.001"),
    "平方公里": ("平方米", "1000000"),
    "平方千米": ("平方米", "1000000"),
    "平方米": ("平方米", "1"),
    "公顷": ("平方米", "10000"),
    "分钟": ("分钟", "1"),
    "小时": ("分钟", "60"),
    "个小时": ("分钟", "60"),
    "钟头": ("分钟", "60"),
    "时": ("时刻", "1"),
    "点": ("时刻", "1"),
    "天": ("天", "1"),
    "日": ("天", "1"),
    "周": ("周", "1"),
    "星期": ("周", "1"),
    "个月": ("月", "1"),
    "月": ("月", "1"),
    "元": ("元", "1"),
    "块": ("元", "1"),
    "人民币": ("元", "1"),
    "美元": ("美元", "1"),
    "美金": ("美元", "1"),
    "℃": ("度", "1"),
    "°c": ("度", "1"),
    "摄氏度": ("度", "1"),
    "度": ("度", "1"),
    "岁": ("岁", "1"),
    "周岁": ("岁", "1"),
    "年": ("年", "1"),
    "周年": ("年", "1"),
    "个年": ("年", "1"),
}


def measured_in(unit: str) -> tuple[str, Decimal]:
    """What a unit measures, under one name (块 and 元, 毫升 and L), and its factor: 1 公里 is 1000 of 米. An
    unknown unit measures itself."""
    dimension, factor = UNITS.get(unit, (unit, "1"))
    return dimension, Decimal(factor)


def counts(unit: str) -> bool:
    """Is it a measure word for things (个, 台, 名), and none of an amount (元, 公里)?"""
    return unit in _COUNTS


_PERSONS = frozenset(["名", "人", "位", "口", "员"])
_COUNT_WORDS = (
    "个 名 人 位 口 员 户 家 对 双 组 队 批 群 类 种 样 项 条 款 章 节 篇 卷 册 本 部 份 "
    "件 张 页 段 期 届 次 回 场 轮 座 栋 幢 间 套 所 处 片 块 支 枝 只 头 匹 辆 架 艘 列 "
    "台 把 颗 粒 株 棵 门 首 曲 集 笔 单 例 起 宗 则 席 枚 站 班 课 票 字 句 股 人次 层 "
    "级 大 方面 国 省 市 县 区 镇 乡 村 院 校 厂 店 线 环 道 重 面 路 编 代 任"
)
_COUNTS = frozenset(_COUNT_WORDS.split())
_LARGE = {"万": 10**4, "亿": 10**8}
_FORMAL = frozenset("壹贰叁肆伍陆柒捌玖")
_GLUED = re.compile(r"[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as a half-open span (``end`` is before the unit, ``unit_end`` after it).

    ``value`` is exact in the base unit of its dimension (1.5公里 -> 1500 米); ``unit`` the measure word as
    written, "" when there is none; ``kind`` is number, percent, fraction or ordinal; ``noun`` up to four
    characters after the unit; ``weak`` marks figures that may be part of a word (一个, glued to letters).
    """

    start: int
    end: int
    unit_end: int
    value: Decimal
    unit: str
    dimension: str
    kind: str
    noun: str
    weak: bool
    approx: bool

    @property
    def counts(self) -> bool:
        """Whether it counts things (个, 家, 名), rather than measuring (元, 公里) or giving a share or a
        rank."""
        return self.kind == "number" and self.unit in _COUNTS


def find_figures(text: str, dates: tuple[tuple[int, int], ...] = ()) -> tuple[Figure, ...]:
    """Every figure of a folded text that is not part of one of the ``dates`` spans, in reading order."""
    found = []
    for number in find_numbers(text):
        if any(start < number.end and number.start < end for start, end in dates):
            continue
        unit_end = max(number.end, number.unit_end)
        unit, value = number.unit, number.value
        dimension, factor = UNITS.get(unit, (unit, "1"))
        if number.kind == "ordinal":
            dimension = "第"
            value *= _LARGE.get(text[number.end : number.end + 1], 1)
        else:
            value = value * Decimal(factor)
        glued = bool(_GLUED.match(text[number.start - 1 : number.start])) if number.start else False
        raw = text[number.start : number.end]
        if raw in _FORMAL:  # 陆 is 登陆, 大陆 far more often than six
            continue
        weak = (
            raw in ("一", "两", "半", "第一")
            or glued
            or (not raw[:1].isdigit() and len(raw) == 1 and not unit)
        )
        after = re.match(r"[^\W\d_]{0,4}", text[unit_end : unit_end + 4])
        noun = after.group() if after else ""
        found.append(
            Figure(
                number.start,
                number.end,
                unit_end,
                value.normalize(),
                unit,
                dimension,
                number.kind,
                noun,
                weak,
                number.approx,
            )
        )
    return tuple(found)


def same_value(said: Figure, told: Figure) -> bool:
    """Equal amounts, whatever the script; a percentage never equals a plain number."""
    return said.value == told.value and (said.kind == "percent") == (told.kind == "percent")


def same_unit(said: Figure, told: Figure) -> bool:
    """May both count the same thing? Measures must have one dimension; 个 stands for any counting word."""
    if said.kind == "percent" or told.kind == "percent":
        return said.kind == told.kind and said.unit == told.unit
    if (said.kind == "ordinal") != (told.kind == "ordinal"):  # 排名147位 is 第147位
        return said.unit == told.unit and said.unit in ("位", "名")
    if said.dimension == told.dimension or not said.unit or not told.unit:
        return True
    if said.unit in _PERSONS and told.unit in _PERSONS:
        return True
    return "个" in (said.unit, told.unit) and said.unit in _COUNTS and told.unit in _COUNTS
