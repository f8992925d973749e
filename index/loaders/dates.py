"""The published date of a document, as ISO, from what it says of itself; None when that is not sure."""

from __future__ import annotations

import datetime
import re

from index.loaders.datelines import role

_DATE = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*(?:年|[-./])\s*(?P<m>1[0-2]|0?[1-9])\s*(?:月|[-./])\s*(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)\s*日?"
)
_HAN_DATE = re.compile(
    r"(?P<y>[一二][〇零○ОO一二三四五六七八九]{3})年(?P<m>[元正一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十廿卅]{1,3})日"
)
_AROUND = re.compile(
    r"[\s\[\]()（）【】《》|·,，:：.。\-—]*(?:星期[一二三四五六日天]|第?\s*\d{1,3}\s*版)?[\s\[\]()（）【】|]*(?:\d{1,2}:\d\d(?::\d\d)?)?[\s()（）]*"
)
_FILE = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-_.年]?)(?P<m>0[1-9]|1[0-2]|(?<=[-_.年])[1-9])(?:(?P=s)|月)(?P<d>0[1-9]|[12]\d|3[01]|(?<=[-_.月])[1-9])(?!\d)"
)
_MONTH = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*[年.]\s*(?P<m>1[0-2]|0?[1-9])(?!\d)\s*月?")
_HAN_MONTH = re.compile(
    r"(?P<y>[一二][〇零○ОO一二三四五六七八九]{3})\s*年\s*(?P<m>[元正一二三四五六七八九十]{1,2})\s*月"
)
HEAD_LINES, TAIL_LINES = 12, 6


def iso_date(value: str) -> str | None:
    """The date at the beginning of a value such as ``2024-05-01T08:00``, ``2024年5月1日``,
    二〇二四年五月一日; else None."""
    value = value.strip()
    match = (
        _DATE.match(value)
        or _HAN_DATE.match(value)
        or re.match(r"(?:D:)?(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)", value)
    )
    return _iso(match) if match else None


def dates_in(text: str) -> list[str]:
    """Every full date in a text."""
    found = (_iso(match) for match in (*_DATE.finditer(text), *_HAN_DATE.finditer(text)))
    return [iso for iso in found if iso]


def _iso(match: re.Match[str], day: str = "") -> str | None:
    year, month, day = match["y"], match["m"], day or match["d"]
    try:
        numbers = (int("".join(str(_han_digit(char)) for char in year)), _small(month), _small(day))
        found = datetime.date(*numbers)
    except ValueError:
        return None
    latest = datetime.date.today() + datetime.timedelta(days=366)
    return found.isoformat() if datetime.date(1949, 1, 1) <= found <= latest else None


def _han_digit(char: str) -> int:
    return int(char) if char.isdigit() else max(0, "〇一二三四五六七八九".find(char))


def _small(text: str) -> int:
    """1..39 in Arabic or Chinese numerals."""
    if text.isdigit():
        return int(text)
    if text in ("元", "正"):
        return 1
    tens, ten, ones = text.replace("廿", "二十").replace("卅", "三十").rpartition("十")
    return (10 * (_han_digit(tens) if tens else 1) if ten else 0) + (_han_digit(ones) if ones else 0)


def days(text: str) -> list[tuple[int, int]]:
    """Where the full dates of a text stand, in reading order."""
    return sorted(match.span() for match in (*_DATE.finditer(text), *_HAN_DATE.finditer(text)))


def dateline(lines: list[str]) -> str | None:
    """A date that stands as a dateline in a text's lines, near the top or the end.

    One that its line tells to be the document's own (发布时间：2024-05-01, （2024年5月1日……通过），
    某某办公室  2024年5月1日) wins, of several in a line the last; else a signature date alone on one of the
    last lines (of two, the last); else one alone near the top; else the day of the meeting that is recorded.
    Dates within sentences are events, not datelines, and never count.
    """
    head, tail = lines[:HEAD_LINES], lines[HEAD_LINES:][-TAIL_LINES:]
    told = [(found, role) for line in head + tail for found, role in _told(line)]
    if own := next((found for found, role in told if role == "own"), None):
        return own
    for line in [*reversed(tail), *head]:
        if (date := _DATE.search(line) or _HAN_DATE.search(line)) and _alone(line, *date.span()):
            return _iso(date)
    return next((found for found, _ in told), None)


def _alone(line: str, start: int, end: int) -> bool:
    """Does a date stand alone on its line?"""
    return len(line) <= 40 and bool(_AROUND.fullmatch(line[:start]) and _AROUND.fullmatch(line[end:]))


def _told(line: str) -> list[tuple[str, str]]:
    """The date of a line that has a role, and which: its last one that is the document's own, else the first
    day of a meeting. A sentence has none, but for one in brackets, as below the title of a law."""
    bracketed = line[:1] in "（(" and line[-1:] in "）)"
    if len(line) > (300 if bracketed else 120) or (line[-1:] in "。；" and not bracketed):
        return []
    found = [
        (day, role(line, *span))
        for span in days(line)
        if not _alone(line, *span) and (day := iso_date(line[slice(*span)]))
    ]
    own = [one for one in found if one[1] == "own"]
    return own[-1:] or [one for one in found if one[1]][:1]


def month_line(lines: list[str]) -> str | None:
    """A month that stands alone on a line, as on covers: 二○二六年五月 or 2026年5月 gives ``2026-05``; else
    None."""
    for line in lines:
        if len(line) <= 40 and (month := _MONTH.search(line) or _HAN_MONTH.search(line)):
            before, after = line[: month.start()], line[month.end() :]
            if (
                (_AROUND.fullmatch(before) or role(line, *month.span()) == "own")
                and _AROUND.fullmatch(after)
                and (found := _iso(month, "1"))
            ):
                return found[:7]
    return None


def latest_year(text: str) -> str:
    """The latest year up to this one that a text names, "" when it names none; of the first million
    characters."""
    years = re.findall(r"(?<!\d)((?:19|20)\d\d)\s*[年./〕\]）)-]", text[:1_000_000])
    return max((year for year in years if year <= str(datetime.date.today().year)), default="")


def file_name_date(name: str) -> str | None:
    """A full date in a file name: 通知-2024-05-01.docx, 20240501通报.pdf, 2024年5月1日.txt; else None."""
    match = _FILE.search(name)
    return _iso(match) if match else None


def speaking_year(text: str) -> str:
    """The year that 今年 means in a text without a date of its own: the latest year among its dates with a
    month.

    "" when the text says neither 今年 nor the like, or names no such date. Only the first million characters
    count.
    """
    head = text[:1_000_000]
    if not re.search("今年|去年|本年|明年", head):
        return ""
    return max(re.findall(r"(?<!\d)((?:19|20)\d\d)年\s*\d{1,2}月", head), default="")
