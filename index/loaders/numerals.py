"""The number formats of automatic numbering (ECMA-376 part 1, 17.18.59 ST_NumberFormat) as text."""

from __future__ import annotations

from collections.abc import Callable

_DIGITS = "〇一二三四五六七八九"
_LEGAL = ("零壹贰叁肆伍陆柒捌玖", "拾佰仟萬")
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
LARGEST = 99_999
"""A counter above this, or below 1, is written in Arabic digits whatever its format."""


def numeral(value: int, form: str) -> str:
    """``value`` in a number format by its name in the standard: 3 in ``chineseCounting`` is 三; "" for
    ``none``.

    Formats that are not known here, and values that a format has no sign for, are written in Arabic digits.
    """
    if form in ("none", "bullet"):
        return ""
    if value < (0 if form == "decimalZero" else 1) or value > LARGEST:
        return str(value)
    write = _FORMS.get(form)
    return write(value) or str(value) if write else str(value)


def counted(
    value: int, digits: str = "零" + _DIGITS[1:], units: str = "十百千万", *, bare_ten: bool = True
) -> str:
    """A number as it is counted in Chinese: 十二, 一百零五; 1 to 99,999."""
    parts: list[str] = []
    gap = False
    for power in range(4, -1, -1):
        digit = value // 10**power % 10
        if not digit:
            gap = bool(parts)
            continue
        if gap:
            parts.append(digits[0])
            gap = False
        parts.append(digits[digit] + (units[power - 1] if power else ""))
    text = "".join(parts)
    return text[1:] if bare_ten and 10 <= value < 20 else text


def _digital(value: int) -> str:
    return "".join(_DIGITS[int(char)] for char in str(value))


def _roman(value: int) -> str:
    text = ""
    for worth, sign in _ROMAN:
        count, value = divmod(value, worth)
        text += sign * count
    return text


def _letters(value: int) -> str:
    """a ... z, aa, bb, ... as Word repeats a letter."""
    return chr(97 + (value - 1) % 26) * min(1 + (value - 1) // 26, 30)


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda value: signs[(value - 1) % len(signs)]


def _run(*runs: tuple[int, int, int]) -> Callable[[int], str]:
    """Signs that stand in runs of code points: (first value, last value, code of the first)."""

    def write(value: int) -> str:
        return next((chr(code + value - first) for first, last, code in runs if first <= value <= last), "")

    return write


def _wide(value: int) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in str(value))


def _ordinal(value: int) -> str:
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


_circle = _run((1, 20, 0x2460), (21, 35, 0x3251), (36, 50, 0x32B1))
_legal: Callable[[int], str] = lambda value: counted(value, *_LEGAL, bare_ten=False)  # noqa: E731
_FORMS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda value: f"{value:02d}",
    "upperRoman": _roman,
    "lowerRoman": lambda value: _roman(value).lower(),
    "upperLetter": lambda value: _letters(value).upper(),
    "lowerLetter": _letters,
    "ordinal": _ordinal,
    "numberInDash": lambda value: f"- {value} -",
    "decimalFullWidth": _wide,
    "decimalFullWidth2": _wide,
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), _circle),
    "decimalEnclosedFullstop": _run((1, 20, 0x2488)),
    "decimalEnclosedParen": _run((1, 20, 0x2474)),
    "ideographEnclosedCircle": _run((1, 10, 0x3280)),
    **dict.fromkeys(
        (
            "chineseCounting",
            "chineseCountingThousand",
            "japaneseCounting",
            "japaneseDigitalTenThousand",
            "taiwaneseCounting",
            "taiwaneseCountingThousand",
            "koreanCounting",
        ),
        counted,
    ),
    **dict.fromkeys(("ideographDigital", "taiwaneseDigital", "koreanDigital2"), _digital),
    "chineseLegalSimplified": _legal,
    "ideographLegalTraditional": lambda value: counted(
        value, "零壹貳參肆伍陸柒捌玖", _LEGAL[1], bare_ten=False
    ),
    "ideographTraditional": _cycle(_STEMS),
    "ideographZodiac": _cycle(_BRANCHES),
    "ideographZodiacTraditional": lambda value: _STEMS[(value - 1) % 10] + _BRANCHES[(value - 1) % 12],
}
