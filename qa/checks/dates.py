"""Dates in folded text: year, month and day as far as they are told, with what the text leaves to be
understood.

今年, 去年 and the like are resolved through the published date of the document; a day without its year
inherits the year last named before it, else that of publication. Knows nothing of sentences or evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HAN = "〇零一二三四五六七八九十"
_DIGIT = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"〇": "0"}
_YEAR_WORDS = {
    "今年": 0,
    "本年": 0,
    "本年度": 0,
    "去年": -1,
    "上年": -1,
    "前年": -2,
    "明年": 1,
    "后年": 2,
    "昨年": -1,
}
_NOT_AFTER = {"上年": "(?<![以早])", "前年": "(?<![目以])"}
_RELATIVE = "|".join(_NOT_AFTER.get(word, "") + word for word in sorted(_YEAR_WORDS, key=len, reverse=True))

_Y = r"(?:\d{3,4}|[〇零一二三四五六七八九]{4})(?=年(?!代|级|龄|来|间|历史|以上|的历史|之久|之间))"
_Y2 = rf"\d{{1,2}}(?=年(?:\d{{1,2}}|[{_HAN}]{{1,3}})月)"
_M = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]|元|正|腊)(?=月(?!球|亮|饼|光|租|薪|刊|经|子|票))"
_D = (
    r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
)
_DATE = re.compile(
    rf"(?P<bc>公元前|前)?(?P<y>{_Y}|{_Y2})年(?:度)?(?:\s*(?P<m>{_M})月份?(?:\s*(?P<d>{_D})[日号])?)?"
    rf"|(?P<rel>{_RELATIVE})"
    rf"(?:\s*(?P<rm>{_M})月份?(?:\s*(?P<rd>{_D})[日号])?)?"
    rf"|(?<![个\d.])(?P<om>{_M})月份?(?:\s*(?P<od>{_D})[日号])?"
    rf"|(?<![\d第/.-])(?P<iy>1[5-9]\d\d|20\d\d)(?P<sep>[-/.])(?P<im>1[0-2]|0?[1-9])(?P=sep)(?P<id>3[01]|[12]\d|0?[1-9])(?![\d/-])"
    rf"|(?<![\d.])(?P<oy>1[0-9]\d\d|20\d\d)(?=\s*(?:-|至|到)\s*(?:1[0-9]\d\d|20\d\d)年)"
    rf"|(?<![\d第.:])(?P<xd>3[01]|[12]\d|0?[1-9])日(?!元|圆|本|间|均|式|报|常|用|元)"
)
_RANGE_DAY = re.compile(rf"\s*(?:-|至|到|、|和)\s*(?P<d>{_D})[日号]")
_FROM_DAY = re.compile(rf"(?P<m>{_M})月(?P<d>{_D})(?=\s*(?:-|至|到|、|和)\s*{_D}[日号])")


@dataclass(frozen=True, slots=True)
class Date:
    """A date as far as the text tells it, as a half-open span.

    ``soft_years`` are the years that may be understood when ``year`` is None (the one last named before it,
    that of publication); ``soft_month`` likewise. ``relative`` is 0 for 今年, -1 for 去年 ... when nothing
    resolves it.
    """

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    soft_years: tuple[int, ...] = ()
    soft_month: int | None = None
    relative: int | None = None

    @property
    def parts(self) -> int:
        return sum(x is not None for x in (self.year if self.relative is None else 0, self.month, self.day))

    def describe(self) -> str:
        """As ISO-like text, unknown parts as ``?``: used in messages."""
        year = self.year if self.year is not None else "?"
        return "-".join(str(x) for x in (year, self.month or "?", self.day or "?"))


def find_dates(text: str, published: str | None = None) -> tuple[Date, ...]:
    """Every date of a folded text in reading order; ``published`` is the ISO date of its document."""
    base = int(published[:4]) if published and published[:4].isdigit() else None
    found: list[Date] = []
    year, month = base, None
    for match in _DATE.finditer(text):
        date = _read(match, base)
        if date is None:
            continue
        if date.year is not None:
            year = date.year
        soft_month = None
        if date.month is not None:
            month = date.month
        elif date.day is not None:
            soft_month = month
        soft: tuple[int, ...] = ()
        if date.year is None and date.relative is None:
            soft = tuple(dict.fromkeys(y for y in (year, base) if y is not None))
        date = Date(date.start, date.end, date.year, date.month, date.day, soft, soft_month, date.relative)
        # 5月12至14日, 5月12、14日: the first day has no 日 of its own
        if date.month and not date.day and (first := _FROM_DAY.match(text, _month_at(text, date))):
            date = _with(date, first.end(), date.month, _number(first["d"]))
        found.append(date)
        while date.day is not None and (more := _RANGE_DAY.match(text, date.end)):
            date = Date(
                more.start("d"),
                more.end(),
                None,
                None,
                _number(more["d"]),
                date.soft_years or tuple(y for y in (date.year,) if y is not None),
                date.month or date.soft_month,
            )
            found.append(date)
    unique: list[Date] = []
    for date in found:  # a day of a range is also found by itself
        if not unique or date.start >= unique[-1].end:
            unique.append(date)
    return tuple(unique)


def with_years(text: str, published: str | None) -> str:
    """今年, 去年 ... as years, counted from the date of publication; for the prompt alone, never for a quote.

    A small model copies what stands there: 今年6月13日 would come out without its year, or with a wrong one.
    """
    if not published:
        return text
    year = int(published[:4])
    return re.sub(rf"(?!本年度)(?:{_RELATIVE})", lambda m: f"{year + _YEAR_WORDS[m.group()]}年", text)


def agrees(said: Date, told: Date) -> bool:
    """Does ``told`` (evidence) bear out every part of ``said``? A part that the evidence leaves open does
    not."""
    if said.relative is not None:
        if told.relative != said.relative:
            return False
    elif said.year is not None and said.year != told.year and said.year not in told.soft_years:
        return False
    if said.month is not None and said.month not in (told.month, told.soft_month):
        return False
    return said.day is None or said.day == told.day


def _read(match: re.Match[str], base: int | None) -> Date | None:
    start, end = match.span()
    if match["y"]:
        year = _year(match["y"])
        if len(match["y"]) <= 2:
            year += 1900 if year > 40 else 2000
        return Date(start, end, -year if match["bc"] else year, _number(match["m"]), _number(match["d"]))
    if match["rel"]:
        offset = _YEAR_WORDS[match["rel"]]
        known = base + offset if base is not None else None
        return Date(
            start,
            end,
            known,
            _number(match["rm"]),
            _number(match["rd"]),
            relative=offset if base is None else None,
        )
    if match["om"]:
        if match["om"] in "元正腊" or (match["om"] in _HAN and not match["od"] and not _month_alone(match)):
            return None
        return Date(start, end, None, _number(match["om"]), _number(match["od"]))
    if match["iy"]:
        return Date(start, end, int(match["iy"]), int(match["im"]), int(match["id"]))
    if match["oy"]:
        return Date(start, end, int(match["oy"]))
    return Date(start, end, None, None, _number(match["xd"]))


def _month_alone(match: re.Match[str]) -> bool:
    """三月 by itself is a month only when it does not count (三个月) or name something; 十月革命 is no
    harm."""
    return match.string[match.start() - 1 : match.start()] not in ("岁", "满", "数", "几", "几个")


def _month_at(text: str, date: Date) -> int:
    """Where the month's figure of ``date`` starts."""
    cut = text.rfind("月", date.start, date.end)
    at = cut
    while at > date.start and (text[at - 1].isdigit() or text[at - 1] in _HAN):
        at -= 1
    return at


def _with(date: Date, end: int, month: int | None, day: int | None) -> Date:
    return Date(date.start, end, date.year, month, day, date.soft_years, date.soft_month, date.relative)


def _year(text: str) -> int:
    return int("".join(_DIGIT.get(c, c) for c in text))


def _number(text: str | None) -> int | None:
    """1..31 in Arabic or Chinese figures."""
    if not text:
        return None
    if text.isdigit() and text.isascii():
        return int(text)
    if text == "元" or text == "正":
        return 1
    if text == "腊":
        return 12
    tens, _, ones = text.partition("十") if "十" in text else ("", "", text)
    total = (int(_DIGIT.get(tens, "1")) * 10 if "十" in text else 0) + (int(_DIGIT[ones]) if ones else 0)
    return total
