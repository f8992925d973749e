"""Numbers in normalised Chinese text: Arabic or Chinese figures, 万/亿, ranges, percentages, fractions,
ordinals.

Knows nothing of offsets in stored documents (``index.normalize`` maps back) and nothing of dates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Literal

Kind = Literal["number", "percent", "fraction", "ordinal"]

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_DIGITS |= {c: i for i, c in enumerate("壹贰叁肆伍陆柒捌玖", 1)}
_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_HAN_DIGIT = "".join(_DIGITS)
_MAGNITUDE = "".join(_SMALL) + "".join(_LARGE)

_UNIT_WORDS = (
    "平方公里 平方千米 平方厘米 平方米 立方米 公里 千米 厘米 毫米 微米 "
    "纳米 米 英里 海里 里 亩 公顷 公斤 千克 毫克 克 万吨 吨 斤 "
    "毫升 升 千瓦时 兆瓦 千瓦 瓦 度 摄氏度 °c 小时 个小时 分钟 秒钟 秒 "
    "个工作日 工作日 个月 年度 年级 年代 年 月份 月 日 天 周年 周岁 岁 "
    "周 星期 季度 世纪 时 点 刻 人次 人民币 美元 欧元 日元 港元 英镑 元 "
    "角 分 美金 块 个百分点 百分点 倍 成 番 户 家 名 人 位 口 员 "
    "对 双 组 队 批 群 类 种 样 项 条 款 章 节 编 篇 卷 册 本 部 份 件 张 页 "
    "字 句 段 期 届 次 回 场 轮 遍 趟 步 层 级 等 号 栋 幢 座 栋 间 套 "
    "所 处 片 块 根 支 枝 只 头 匹 辆 架 艘 列 台 把 颗 粒 株 棵 朵 道 门 面 幅 "
    "首 曲 集 笔 单 例 起 桩 宗 则 集 版 排 行 带 站 路 线 环 桶 箱 袋 盒 "
    "瓶 杯 碗 包 车 班 课 学时 学分 分 票 席 枚 块 市 县 区 镇 乡 村 省 "
    "州 国 院 校 厂 店 个 大 小 届 方面 方 重 维 股 亿 万 千 百 "
    "km kg mm cm ml mg mb gb kb m l g t ℃ 码 英尺 英寸 公分 光年 帧 像素"
)
UNITS = tuple(dict.fromkeys(_UNIT_WORDS.split()))
"""Measure words and units that may follow a number; longest first where one is the beginning of another."""
_UNIT = "|".join(
    re.escape(unit) + ("(?![a-z])" if unit.isascii() else "")  # mL is no metre
    for unit in sorted(UNITS, key=len, reverse=True)
)

_ARABIC = r"(?<![\d.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|(?<!\d\.)\d+\.\d+(?!\.?\d)|\d+"
_FIGURE = rf"(?:(?:{_ARABIC})[余多来]?[{_MAGNITUDE}]+)*(?:{_ARABIC})(?:[余多来]?[{_MAGNITUDE}]+)?"
_HAN = rf"[{_HAN_DIGIT}{_MAGNITUDE}]+(?:点[{_HAN_DIGIT}]+)?[万亿]*"
_NUMBER = re.compile(
    rf"(?P<ratio>百分之|千分之)(?P<rate>{_HAN}|{_FIGURE})"
    rf"|(?P<below>{_HAN}|\d+)分之(?P<above>{_HAN}|\d+)"
    rf"|(?P<first>第)(?P<ordinal>{_HAN}|\d+)"
    rf"|(?P<figure>{_FIGURE})(?P<mark>%|‰)?"
    rf"|(?P<han>{_HAN})"
)
_TAIL = re.compile(
    rf"(?P<more>[余多来])?(?:(?<=\d) )?(?P<unit>{_UNIT})?(?P<around>左右|上下|以上|以下|以内)?"
)
_BEFORE = re.compile(
    r"(?:约|大约|近|将近|接近|超|超过|逾|突破|不足|不到|至少|最多|不少于|不超过|大概|上)(?:占|为|有|达|到|了|至|于)?\s*$"
)
_JOIN = re.compile(r"\s*(?:-|~|至|到|—)\s*")

# Words that begin or end with a Chinese figure but count nothing.
_WORD_AFTER = re.compile(
    r"一(?:些|起|定|般|样|致|直|切|体|旦|律|味|贯|向|同|并|方面|面|时间|点儿|边|系列|道|带一路|把手|线|流|手|国两制|键|网|站式|"
    r"张网|盘棋|揽子|下|度|再|经|则|早|连|路|心|生|共|举|番|会儿|窍|批|如既往)"
    r"|千万(?:不|别|要|勿)|百姓|百货|百科|十分(?!钟|之)|十足|万一|万能|万物|万众|万分|万岁|千秋|千方|千家|千变|百年大计|百花|百强"
    r"|三农|四海|四川|五官|五金|六安|七夕|八卦|八一|九州|九江|两岸|两会|两侧|两旁|两边|双一流|二氧化|二维码|二手|三角|四面|四周|五湖"
)
_WORD_BEFORE = re.compile(r"(?:统|唯|同|专|单|划|合|归|万|逐|不|其中之|之|任|某|每|另|这|那)$")


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """One number, as the half-open span of its figures (with 第, %, 百分之 and 万/亿, without the unit).

    Attributes:
        value: exact value; 三千五百万 -> 35000000. Percent and per mille keep their figure (百分之五, 5% -> 5
            with unit ``%``; 千分之三 -> 3 with unit ``‰``); 三成 -> 30 with unit ``%``; a fraction its
            quotient.
        unit: measure word right after it (``条``, ``平方米``), "" when none is known; it ends at
            ``unit_end``.
        approx: 余, 多, 近, 约, 超过, 左右, or two neighbouring figures (七八个).
        kind: number, percent, fraction or ordinal (第三).
        range_with: +1 on the lower end of a range, -1 on the upper end, else 0. The lower end of 3-5万元 is
            30000 元.
    """

    start: int
    end: int
    value: Decimal
    unit: str = ""
    unit_end: int = 0
    approx: bool = False
    kind: Kind = "number"
    range_with: int = 0


def parse_number(text: str) -> Decimal | None:
    """The value of one numeral such as 二十三, 1.5亿, 2,600, 二〇二五 or 三点五万; None when it is not
    one."""
    text = text.replace(",", "").replace("余", "").replace("多", "").replace("来", "")
    if not text:
        return None
    if all(c in _DIGITS for c in text):
        if len(text) > 1 and len(text) < 3 and "〇" not in text and "零" not in text:
            return None  # 七八, 三五: not a positional figure
        return Decimal("".join(str(_DIGITS[c]) for c in text))
    total, section, pending, last = Decimal(0), Decimal(0), None, 10**12
    for token in re.findall(r"\d+(?:\.\d+)?|点[" + _HAN_DIGIT + r"]+|.", text):
        if token in _DIGITS:
            if pending not in (None, 0):
                return None
            pending = Decimal(_DIGITS[token])
        elif token in _SMALL:
            if _SMALL[token] >= last or (pending == 0):
                return None
            section += (Decimal(1) if pending is None else pending) * _SMALL[token]
            pending, last = None, _SMALL[token]
        elif token in _LARGE:
            section += pending or 0
            if not section and not total:
                return None
            # 万 closes a section; 亿 closes everything before it (一万亿).
            total = (total + section) * _LARGE[token] if token == "亿" else total + section * _LARGE[token]
            section, pending, last = Decimal(0), None, 10**12
        elif token[0] == "点":
            if len(token) == 1:
                return None
            pending = (pending or 0) + Decimal("0." + "".join(str(_DIGITS[c]) for c in token[1:]))
        else:
            try:
                if pending not in (None, 0):
                    return None
                pending = Decimal(token)
            except InvalidOperation:
                return None
    return total + section + (pending or 0) * _said_short(text)


def _said_short(text: str) -> int:
    """What a last single figure counts: 3万2 is 32,000, 一百五 is 150, as people say it; else 1."""
    before = text[-2:-1]
    magnitude = _SMALL.get(before) or _LARGE.get(before) or 0
    return magnitude // 10 if magnitude >= 100 else 1


def find_numbers(text: str) -> list[NumberSpan]:
    """Every number of a normalised text (see ``index.normalize.normalize``), in reading order."""
    found: list[NumberSpan] = []
    for match in _NUMBER.finditer(text):
        span = _read(text, match)
        if span is None or (found and span.start < found[-1].unit_end):  # 百 in 个百分点
            continue
        if found:
            found[-1], span = _join(text, found[-1], span)
        found.append(span)
    return found


def about_from(text: str, start: int) -> int:
    """Where a figure starts with the words before it that say 'about' (约, 超过), ``start`` where none do."""
    before = _BEFORE.search(text, max(0, start - 6), start)
    return before.start() if before else start


def _read(text: str, match: re.Match[str]) -> NumberSpan | None:
    start, end = match.span()
    kind: Kind = "number"
    unit, approx = "", False
    if match["ratio"]:
        value, kind, unit = parse_number(match["rate"]), "percent", "%" if match["ratio"][0] == "百" else "‰"
    elif match["below"]:
        low, high = parse_number(match["below"]), parse_number(match["above"])
        value, kind = (high / low if high is not None and low else None), "fraction"
    elif match["first"]:
        value, kind = parse_number(match["ordinal"]), "ordinal"
    elif match["figure"]:
        value = parse_number(match["figure"])
        approx = bool(re.search("[余多来]", match["figure"]))
        if match["mark"]:
            kind, unit = "percent", match["mark"]
        if value is not None and re.search(r"(?:^|[\s(:,为])-$", text[max(0, start - 2) : start]):
            value, start = -value, start - 1
    else:
        value, approx = _han_value(text, start, end)
    if value is None:
        return None
    tail = _TAIL.match(text, end)
    assert tail is not None  # every part of the pattern is optional
    approx = approx or bool(tail["more"] or tail["around"] or about_from(text, start) < start)
    unit_end = end
    if not unit and tail["unit"]:
        unit, unit_end = tail["unit"], tail.end("unit")
        if (
            unit == "成"
            and kind == "number"
            and text[unit_end : unit_end + 1] not in ("立", "为", "功", "果", "员", "本", "年")
        ):
            value, unit, kind = value * 10, "%", "percent"
    return NumberSpan(start, end, value, unit, unit_end, approx, kind)


def _han_value(text: str, start: int, end: int) -> tuple[Decimal | None, bool]:
    """Value of a run of Chinese figures that stands alone, or None where it is part of a word."""
    run = text[start:end]
    if all(c in _MAGNITUDE for c in run) and run[0] != "十" and not _TAIL_UNIT.match(text, end):
        return None, False
    if run == "一" and text[start - 1 : start] == "进":  # 进一步, but 推进五个方面
        return None, False
    if _WORD_AFTER.match(text, start) or (
        len(run) == 1 and _WORD_BEFORE.search(text[max(0, start - 3) : start])
    ):
        return None, False
    if len(run) == 1 and not _TAIL_UNIT.match(text, end):
        return None, False
    if len(run) == 1 and run in "百千万亿佰仟":
        return ({"百": Decimal(100), "千": Decimal(1000)}.get(run), True)
    if len(run) >= 2 and run[0] in "一二三四五六七八" and _DIGITS.get(run[1]) == _DIGITS[run[0]] + 1:
        rest = run[0] + run[2:]  # 七八个, 三四十: about that many
        if all(c not in _DIGITS for c in run[2:]):
            return parse_number(rest), True
    return parse_number(run), False


_TAIL_UNIT = re.compile(rf"[余多来]?(?:{_UNIT})")


def _join(text: str, low: NumberSpan, high: NumberSpan) -> tuple[NumberSpan, NumberSpan]:
    """Mark the two ends of a range (3-5万元, 10%至20%); the lower end takes over magnitude and unit it
    lacks."""
    between = text[max(low.end, low.unit_end) : high.start]
    if high.start < low.unit_end or not _JOIN.fullmatch(between) or low.range_with or high.kind == "ordinal":
        return low, high
    if low.unit and low.unit != high.unit and low.unit not in ("年", "月", "日", "时", "点"):
        return low, high
    if not low.unit:
        value = low.value
        scale = re.search(rf"[{_MAGNITUDE}]+$", text[high.start : high.end])
        own = re.search(rf"[{_MAGNITUDE}]+$", text[low.start : low.end])
        factor = parse_number("1" + scale[0]) if scale and not own else None
        if factor and value < high.value:
            value *= factor
        if high.kind == "number" and not high.unit and (value >= high.value or text[low.start] == "0"):
            return low, high  # 2025-07, 022-87654321: a date, a document or telephone number, not a range
        low = replace(low, value=value, unit=high.unit, unit_end=low.end, kind=high.kind)
    return replace(low, range_with=1), replace(high, range_with=-1)
