"""Days, days of the week and times of the day in folded text, ranges as one: do a question and a cell of a
table mean the same?

3月28号 lies in 3月24日至3月30日 and is 2026-03-28; 周三 lies in 周一至周五, 两点半 may be 14:30. Knows
nothing of tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from index.numbers import UNITS, parse_number
from qa.checks.dates import find_dates

_WEEK = "一二三四五六日"
_WEEKDAY = re.compile(
    rf"(?:周|星期|礼拜)(?P<first>末|[{_WEEK}天](?:、[{_WEEK}](?![{_WEEK}]))*)"
    rf"(?:[-~至到](?:周|星期|礼拜)?(?P<last>[{_WEEK}天]))?"
)
_COUNTED = "|".join(re.escape(unit) for unit in UNITS)
_SHORT = re.compile(
    rf"(?<![\w./:-])(?P<m>1[0-2]|0?[1-9])[/.-](?P<d>3[01]|[12]\d|0?[1-9])(?![a-z\d./:-]|{_COUNTED})"
    r"|(?<![\d第.:月-])(?P<alone>3[01]|[12]\d|0?[1-9])号"
)
_PARTS = {
    "凌晨": (0, 6),
    "早上": (5, 10),
    "上午": (0, 12),
    "中午": (11, 14),
    "下午": (12, 18),
    "晚上": (18, 24),
}
"""Hours of the parts of a day: those of Unicode CLDR (dayPeriods, zh), wider where people say them wider."""
_TIME = re.compile(
    rf"(?P<part>{'|'.join(_PARTS)})"
    r"?(?:(?<![\d:])(?P<h>\d{1,2}):(?P<m>\d\d)(?![\d:])"
    r"|(?<![\d第])(?P<hh>\d{1,2}|[一二两三四五六七八九十]{1,3})点(?!名|心)"
    r"(?:(?P<half>半)|(?P<mm>\d{1,2}|[零一二三四五六七八九十]{1,3})分?)?)?"
)
_TO = re.compile(r"\s*[-~至到]\s*(?:次日)?\s*")
_DAY = 24 * 60
_LATER = {"第二天": 1, "第三天": 2, "次日": 1, "隔天": 1, "后一天": 1, "前一天": -1, "头一天": -1}
_MONTHS_LATER = {"上个月": -1, "上月": -1, "下个月": 1, "下月": 1}
"""Days and months that are counted from one named before."""
_BARE = 2
"""Characters beside one of these up to which nothing else is asked: 第二天呢."""
Run = tuple[tuple[int, ...], tuple[int, ...]]
"""First and last: days (year, month, day; 0 where not told), days of the week (1 to 7) or minutes."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a half-open span of a text means: ``day``, ``week`` or ``time``, in runs with both ends
    included."""

    start: int
    end: int
    kind: str
    runs: tuple[Run, ...]


def moments(text: str) -> list[Moment]:
    """The moments of a folded text; a cell that is one character of the week (六) is a day of it."""
    week = [_weekday(match) for match in _WEEKDAY.finditer(text)]
    if len(text) == 1 and text in _WEEK:
        week = [Moment(0, 1, "week", (((_WEEK.index(text) + 1,),) * 2,))]
    times = [time for match in _TIME.finditer(text) if match.group() and (time := _time(match))]
    return [*_joined(_days(text), text), *week, *_joined(times, text)]


def meet(one: Moment, other: Moment) -> bool:
    """Have two moments a day, a day of the week or a minute in common, as far as both tell it?"""
    return one.kind == other.kind and any(
        low <= high_told and low_told <= high
        for own in one.runs
        for told in other.runs
        for low, high in _comparable(own, told)
        for low_told, high_told in _comparable(told, own)
    )


def counted_from(asked: str, before: str) -> str:
    """A question after another one with the day, or month, that it counts from the one named there: after
    3月31日谁值班 the question 第二天呢 is 4月1日谁值班; "" where it counts none, or several are named."""
    word = next((w for w in (*_LATER, *_MONTHS_LATER) if w in asked), "")
    days = word in _LATER
    named = [one for one in moments(before) if word and one.kind == "day" and one.runs[0][0][1]]
    named = [one for one in named if (one.runs[0][0] == one.runs[0][1]) == days]
    if len(named) != 1:
        return ""
    (year, month, day), _ = named[0].runs[0]
    if days:
        try:
            later = date(year or 2001, month, day) + timedelta(_LATER[word])
        except ValueError:
            return ""
        year, month, text = later.year if year else 0, later.month, f"{later.month}月{later.day}日"
    else:
        years, month = divmod(month - 1 + _MONTHS_LATER[word], 12)
        year, text = year and year + years, f"{month + 1}月"
    text = f"{year}年{text}" if year else text
    at, end = (named[0].start, named[0].end)
    bare = len([c for c in asked if c.isalnum()]) - len(word) <= _BARE
    return f"{before[:at]}{text}{before[end:]}" if bare else asked.replace(word, text, 1)


def _comparable(run: Run, other: Run) -> list[Run]:
    """A run of what both tell: without the years or months that either leaves open, cut at the turn of a
    year or month."""
    (low, high), ends = run, (*run, *other)
    if len(low) == 1 or all(end[0] for end in ends):
        return [run]
    months = all(end[1] for end in ends)
    begin, stop = (low[1:], high[1:]) if months else (low[2:], high[2:])
    if not months and (begin, stop) == ((1,), (31,)):
        return []  # a month and a day have nothing to compare
    turns = (high[0] or low[0]) - (low[0] or high[0]) if months else (high[1] or low[1]) - (low[1] or high[1])
    if turns > 1 or (turns == 1 and stop >= begin):
        return [((0,) * len(begin), (99,) * len(begin))]
    return [(begin, stop)] if begin <= stop else [(begin, (99,) * len(begin)), ((0,) * len(begin), stop)]


def _days(text: str) -> list[Moment]:
    found = [
        _day(date.start, date.end, (date.year or 0, date.month or date.soft_month or 0, date.day or 0))
        for date in find_dates(text)
        if date.day or date.month
    ]
    for match in _SHORT.finditer(text):
        if not any(day.start < match.end() and match.start() < day.end for day in found):
            found.append(_day(*match.span(), (0, int(match["m"] or 0), int(match["d"] or match["alone"]))))
    return sorted(found, key=lambda day: day.start)


def _day(start: int, end: int, day: tuple[int, int, int]) -> Moment:
    year, month, own = day
    return Moment(start, end, "day", (((year, month, own or 1), (year, month, own or 31)),))


def _weekday(match: re.Match[str]) -> Moment:
    days = [6, 7] if match["first"] == "末" else [_number(c) for c in match["first"] if c != "、"]
    runs: list[Run] = [((day,), (day,)) for day in days]
    if match["last"]:
        runs = [*runs[:-1], *_round(days[-1], _number(match["last"]), 1, 7)]
    return Moment(*match.span(), "week", tuple(runs))


def _number(char: str) -> int:
    return 7 if char == "天" else _WEEK.index(char) + 1


def _time(match: re.Match[str]) -> Moment | None:
    """A time of the day; a spoken hour of which the half of the day is not told may be either."""
    part, told = _PARTS.get(match["part"] or ""), match["h"] or match["hh"]
    if told is None:
        return Moment(*match.span(), "time", (((part[0] * 60,), (part[1] * 60 - 1,)),)) if part else None
    hour, minute = parse_number(told), parse_number(match["m"] or match["mm"] or "0")
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    at = int(hour) * 60 + (30 if match["half"] else int(minute))
    if part:
        at += _DAY // 2 * (part[0] >= 11 and at < part[0] * 60)
    either = part is None and match["hh"] and at < _DAY // 2
    meant = (at, at + _DAY // 2) if either else (at,)
    return Moment(*match.span(), "time", tuple(((x,), (x,)) for x in meant))


def _joined(found: Sequence[Moment], text: str) -> list[Moment]:
    """The moments, two that a mark of a range stands between as one."""
    out: list[Moment] = []
    for one in found:
        before = out[-1] if out else None
        if before and len(before.runs) == len(one.runs) == 1 and _TO.fullmatch(text[before.end : one.start]):
            low, high = before.runs[0][0], one.runs[0][1]
            if one.kind == "day":
                runs: Iterable[Run] = [(low, (high[0] or low[0], *high[1:]))]
            else:
                runs = _round(low[0], high[0], 0, _DAY)
            out[-1] = replace(before, end=one.end, runs=tuple(runs))
        else:
            out.append(one)
    return out


def _round(low: int, high: int, first: int, last: int) -> list[Run]:
    """From one to the other, over the end of the week or day where it is."""
    return [((low,), (high,))] if low <= high else [((low,), (last,)), ((first,), (high,))]
