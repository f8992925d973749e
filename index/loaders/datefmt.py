"""A day number and a date format -> the date as text. Knows nothing of files."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

DATE_LETTERS = frozenset("ymdhsaeg")
_WEEKDAYS = "一二三四五六日"
_LONGEST = 2_958_465  # 9999-12-31


def moment(value: float, since_1904: bool = False) -> datetime.datetime | None:
    """The moment that a number of days stands for, to the second; None outside what sheets can hold."""
    days = value + 1462 if since_1904 else value
    if not 0 <= days <= _LONGEST + 1:
        return None
    base = datetime.datetime(
        1899, 12, 31 if days < 60 else 30
    )  # a 29 February 1900 is counted that never was
    return base + datetime.timedelta(seconds=round(days * 86_400))


def date_shown(value: float, tokens: Sequence[tuple[str, str]], since_1904: bool = False) -> str:
    """The date or time as its format shows it, a full date as ISO; "" when the number is no date.

    ``tokens``: kinds ``letter`` (y m d h s a e), ``ampm``, ``bracket`` (h: elapsed hours), ``literal``,
    ``digit``.
    """
    when = moment(value, since_1904)
    if when is None:
        return ""
    runs = _runs(tokens)
    noon = any(kind == "ampm" for kind, _ in runs)
    letters = {run[0] for kind, run in runs if kind == "letter"}
    year, month = "y" in letters, "m" in letters
    day = any(kind == "letter" and run in ("d", "dd") for kind, run in runs)
    weekday = next((run for kind, run in runs if kind == "letter" and (run[:3] in ("aaa", "ddd"))), "")
    clock = "".join(_piece(kind, run, value, when, noon) for kind, run in _clock(runs)).strip(" ,，-/T")
    parts: list[str] = []
    if month and day:
        parts.append(when.date().isoformat())
    elif year and month:
        parts.append(
            f"{when.year}年{when.month}月"
            if any("年" in run for kind, run in runs if kind == "literal")
            else f"{when:%Y-%m}"
        )
    elif year or month or day or not clock:
        return "".join(_piece(kind, run, value, when, noon) for kind, run in runs).strip()
    if weekday and parts:
        parts.append(f"星期{_WEEKDAYS[when.weekday()]}")
    elapsed = any(kind == "bracket" and run[0] in "hms" for kind, run in runs)
    if clock and parts and not elapsed:  # beside a date: on the clock of 24 hours, and none at midnight sharp
        clock = (
            ""
            if when.time() == datetime.time()
            else f"{when:%H:%M:%S}"
            if "s" in letters
            else f"{when:%H:%M}"
        )
    return " ".join([*parts, *([clock] if clock else [])])


def _runs(tokens: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Letters of one kind gathered into runs; ``m`` becomes ``n`` where it means minutes, ``e`` a year."""
    runs: list[tuple[str, str]] = []
    for kind, text in tokens:
        text = text.lower() if kind == "letter" else text
        if kind == "letter" and runs and runs[-1][0] == "letter" and runs[-1][1][0] == text:
            runs[-1] = (kind, runs[-1][1] + text)
        else:
            runs.append((kind, text))
    runs = [(kind, "yyyy" if kind == "letter" and run[0] == "e" else run) for kind, run in runs]
    order = [
        n for n, (kind, run) in enumerate(runs) if kind == "letter" or (kind == "bracket" and run[0] in "hms")
    ]
    for place, n in enumerate(order):
        kind, run = runs[n]
        if kind == "letter" and run in ("m", "mm"):
            before = runs[order[place - 1]][1][0] if place else ""
            after = runs[order[place + 1]][1][0] if place + 1 < len(order) else ""
            if before == "h" or after == "s":
                runs[n] = (kind, "n" * len(run))
    return runs


def _clock(runs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The runs that show the time of day, with what stands between and right behind them."""
    times = [
        n
        for n, (kind, run) in enumerate(runs)
        if kind == "ampm" or (kind == "letter" and run[0] in "hns") or (kind == "bracket" and run[0] in "hms")
    ]
    if not times:
        return []
    last = times[-1] + 1
    while last < len(runs) and runs[last][0] in ("literal", "dot", "digit") and not runs[last][1].isspace():
        last += 1
    return runs[times[0] : last]


def _piece(kind: str, run: str, value: float, when: datetime.datetime, noon: bool = False) -> str:
    """One run as text; ``noon``: hours are counted to twelve."""
    if kind == "literal" or kind == "dot":
        return run
    if kind == "digit":  # thousandths of a second
        return "0"
    if kind == "ampm":
        return "上午" if when.hour < 12 else "下午"
    if kind == "bracket" and run[0] in "hms":
        total = round(value * 86_400)
        return f"{total // {'h': 3600, 'm': 60, 's': 1}[run[0]]:0{len(run)}d}"
    if kind != "letter":
        return ""
    name, wide = run[0], len(run)
    if name == "y":
        return str(when.year)
    if name == "m":
        return f"{when.month:0{min(2, wide)}d}" if wide < 3 else f"{when.month}月"
    if run[:3] in ("aaa", "ddd"):
        return f"星期{_WEEKDAYS[when.weekday()]}" if run != "aaa" else _WEEKDAYS[when.weekday()]
    if name in "dnsh":
        number = {
            "d": when.day,
            "n": when.minute,
            "s": when.second,
            "h": (when.hour - 1) % 12 + 1 if noon else when.hour,
        }[name]
        return f"{number:0{min(2, wide)}d}"
    return ""
