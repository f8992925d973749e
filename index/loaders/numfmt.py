"""A stored number and its number format -> what the sheet displays: 000123, ￥1,234.50, 85.50万元, 8.5%.

Dates that show a month and a day are given as ISO, whatever their format, so that one search finds them all;
other dates and times as displayed. The formats are those of ECMA-376 part 1, 18.8.30 and 18.8.31, the
built-in ones 27 to 36 and 50 to 58 as in Chinese Excel and WPS.
"""

from __future__ import annotations

import functools
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from index.loaders.datefmt import DATE_LETTERS, date_shown

_YM, _MD, _YMD = 'yyyy"年"m"月"', 'm"月"d"日"', 'yyyy"年"m"月"d"日"'
_AP, _APS = '上午/下午h"时"mm"分"', '上午/下午h"时"mm"分"ss"秒"'
BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "¥#,##0;¥-#,##0",
    6: "¥#,##0;¥-#,##0",
    7: "¥#,##0.00;¥-#,##0.00",
    8: "¥#,##0.00;¥-#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    27: _YM,
    28: _MD,
    29: _MD,
    30: "m-d-yy",
    31: _YMD,
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    34: _AP,
    35: _APS,
    36: _YM,
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    41: "#,##0",
    42: "¥#,##0",
    43: "#,##0.00",
    44: "¥#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    50: _YM,
    51: _MD,
    52: _YM,
    53: _MD,
    54: _MD,
    55: _AP,
    56: _APS,
    57: _YM,
    58: _MD,
}

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>General|G/通用格式|常规)'
    r"|(?P<ampm>AM/PM|A/P|上午/下午)|(?P<exp>[Ee][+-]0+)|(?P<fraction>/\s*(?:\?+|0+|#+|\d+))|(?P<char>.)",
    re.I | re.S,
)
_CONDITION = re.compile(r"([<>]=?|<>|=)\s*(-?[\d.]+)")
_CURRENCY = re.compile(r"\$([^-\]]*)")
Token = tuple[str, str]


def number_shown(value: float, code: str, since_1904: bool = False) -> tuple[str, str]:
    """The displayed text and its kind: ``n`` number, ``d`` date or time, ``t`` text.

    Args:
        value: the stored number; dates count days (from 1900, or 1904 where the book says so).
        code: the number format; "" is General.
    """
    tokens, conditioned = _section(value, code or "General")
    if not tokens:  # ";;;" hides a number
        return "", "n"
    if _is_date(tokens) and (text := date_shown(value, tokens, since_1904)):
        return text, "d"
    if not any(kind in ("digit", "general", "text") for kind, _ in tokens):
        return ("".join(text for kind, text in tokens if kind == "literal").strip() or general(value)), "t"
    number = Decimal(repr(value))
    lead = "-" if number < 0 and not conditioned else ""
    return lead + _filled(abs(number), tokens).strip(), "n"


def general(value: float) -> str:
    """A number in the format General: whole numbers in full, others with ten digits, as Excel has room
    for."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if 1e15 <= abs(value) < 1e21:  # numbers of cards and persons: every digit that is stored
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if not 1e-5 <= abs(value) < 1e15:
        return f"{value:.6g}".upper()
    decimals = max(0, 10 - len(str(int(abs(value)))))
    return f"{round(Decimal(repr(value)), decimals):f}".rstrip("0").rstrip(".")


@functools.lru_cache(maxsize=512)
def _sections(code: str) -> tuple[tuple[tuple[Token, ...], tuple[str, Decimal] | None], ...]:
    """The format's sections (positive; negative; zero; text) as tokens, each with its condition."""
    sections: list[tuple[tuple[Token, ...], tuple[str, Decimal] | None]] = []
    tokens: list[Token] = []
    condition: tuple[str, Decimal] | None = None
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "pad", match.group(match.lastgroup) if match.lastgroup else ""
        if kind == "char" and text == ";":
            sections.append((tuple(tokens), condition))
            tokens, condition = [], None
        elif kind == "bracket" and (found := _CONDITION.fullmatch(text)):
            condition = found[1], Decimal(found[2])
        elif kind in ("quoted", "escaped") or (kind == "bracket" and (currency := _CURRENCY.match(text))):
            tokens.append(("literal", currency[1] if kind == "bracket" and currency else text))
        elif kind == "bracket":
            tokens += [("bracket", text.lower())] if re.fullmatch(r"(?i)[hms]+|dbnum[1-3]", text) else []
        elif kind == "char" and text in "0#?":
            tokens.append(("digit", text))
        elif kind == "char" and text in ".,%@":
            tokens.append(({".": "dot", ",": "comma", "%": "percent", "@": "text"}[text], text))
        elif kind != "pad":
            tokens.append(
                (kind if kind != "char" else "letter" if text.lower() in DATE_LETTERS else "literal", text)
            )
    sections.append((tuple(tokens), condition))
    return tuple(sections)


def _section(value: float, code: str) -> tuple[tuple[Token, ...], bool]:
    """The section that a number is shown by, and whether that section stands for the sign itself."""
    sections = _sections(code)[:3]
    number = Decimal(repr(value))
    if any(condition for _, condition in sections):
        for place, (tokens, condition) in enumerate(sections):
            if condition is None or _holds(number, *condition):
                negative = condition is not None and condition[0][0] == "<" and condition[1] <= 0
                return tokens, negative or (place > 0 and condition is None and _not_negative(sections[0][1]))
        return sections[-1][0], False
    if value < 0 and len(sections) > 1:
        return sections[1][0], True
    if value == 0 and len(sections) > 2:
        return sections[2][0], True
    return sections[0][0], False


def _not_negative(condition: tuple[str, Decimal] | None) -> bool:
    return condition is not None and condition[0] in (">", ">=") and condition[1] == 0


def _holds(number: Decimal, sign: str, bound: Decimal) -> bool:
    return {
        "<": number < bound,
        "<=": number <= bound,
        ">": number > bound,
        ">=": number >= bound,
        "=": number == bound,
        "<>": number != bound,
    }[sign]


def _is_date(tokens: tuple[Token, ...]) -> bool:
    timed = any(
        kind in ("letter", "ampm") or (kind == "bracket" and text[0] in "hms") for kind, text in tokens
    )
    fraction = next((n for n, (kind, _) in enumerate(tokens) if kind == "dot"), len(tokens))
    return timed and not any(kind in ("digit", "general") for kind, _ in tokens[:fraction])


def _filled(number: Decimal, tokens: tuple[Token, ...]) -> str:
    """An absolute number put into the digit places of its section."""
    han = next((text[-1] for kind, text in tokens if kind == "bracket" and text.startswith("dbnum")), "")
    if any(kind in ("general", "text") for kind, _ in tokens):
        plain = general(float(number))
        return "".join(
            _han(plain, han) if kind in ("general", "text") else text
            for kind, text in tokens
            if kind in ("general", "text", "literal", "percent")
        )
    number *= Decimal(100) ** sum(kind == "percent" for kind, _ in tokens)
    places = [n for n, (kind, _) in enumerate(tokens) if kind == "digit"]
    dot = next((n for n, (kind, _) in enumerate(tokens) if kind == "dot"), len(tokens))
    whole = [n for n in places if n < dot] or [dot]
    scale = 0
    for end in {whole[-1], places[-1]}:
        while end + 1 < len(tokens) and tokens[end + 1][0] == "comma":
            end, scale = end + 1, scale + 1
    number /= Decimal(1000) ** scale
    grouped = any(kind == "comma" and whole[0] < n < whole[-1] for n, (kind, _) in enumerate(tokens))
    if any(kind == "exp" for kind, _ in tokens):
        return _scientific(number, tokens, sum(n > dot for n in places))
    if any(kind == "fraction" for kind, _ in tokens):
        return _fraction(number, tokens)
    after = [n for n in places if n > dot]
    rounded = f"{number.quantize(Decimal(1).scaleb(-len(after)), ROUND_HALF_UP):f}"
    digits, _, decimals = rounded.partition(".")
    shown: dict[int, str] = {}
    digits = digits.lstrip("0")
    for count, n in enumerate(reversed(whole)):
        last = count == len(whole) - 1
        piece = (
            (digits[: len(digits) - count] if last else digits[len(digits) - count - 1 : len(digits) - count])
            if len(digits) > count
            else ""
        )
        piece = piece or ("0" if n < len(tokens) and tokens[n][1] == "0" else "")
        shown[n] = _grouped(piece, count) if grouped else piece
    kept = len(decimals.rstrip("0"))
    for count, n in enumerate(after):
        shown[n] = decimals[count] if count < kept or tokens[n][1] == "0" else ""
    if dot == len(tokens) or not any(n < dot for n in places):
        shown.setdefault(dot, "")
    point = "." if dot < len(tokens) and any(shown[n] for n in after) else ""
    text = "".join(
        shown[n]
        if kind == "digit"
        else shown.get(n, "") + point
        if kind == "dot"
        else ""
        if kind in ("comma", "bracket")
        else part
        for n, (kind, part) in enumerate(tokens)
    )
    return _han(text, han) if han else text


def _grouped(piece: str, count: int) -> str:
    """Digits with commas every three places, ``count`` digits standing to their right."""
    out = ""
    for offset, digit in enumerate(reversed(piece)):
        place = count + offset
        out = digit + ("," if place and place % 3 == 0 else "") + out
    return out


def _scientific(number: Decimal, tokens: tuple[Token, ...], decimals: int) -> str:
    mantissa, _, exponent = f"{number:.{decimals}E}".partition("E")
    literal = "".join(text for kind, text in tokens if kind == "literal")
    return f"{mantissa}E{int(exponent):+03d}{literal}"


def _fraction(number: Decimal, tokens: tuple[Token, ...]) -> str:
    """``# ?/?``: a whole number and a fraction with a denominator of so many digits, or of the given one."""
    form = next(text for kind, text in tokens if kind == "fraction").lstrip("/ ")
    whole, rest = divmod(Fraction(number), 1)
    if form.isdigit() and int(form):
        top, bottom = round(rest * int(form)), int(form)
    else:
        near = rest.limit_denominator(10 ** len(form) - 1)
        top, bottom = near.numerator, near.denominator
    if top == bottom:
        whole, top = whole + 1, 0
    if not top:
        return str(whole)
    return f"{whole} {top}/{bottom}" if whole else f"{top}/{bottom}"


def _han(text: str, form: str) -> str:
    """[DBNum1] 一百二十三, [DBNum2] 壹佰贰拾叁; each run of digits up to a trillion."""
    if form not in ("1", "2"):
        return text
    digits, units = (
        ("零一二三四五六七八九", "十百千万亿") if form == "1" else ("零壹贰叁肆伍陆柒捌玖", "拾佰仟万亿")
    )

    def below(number: int) -> str:
        out, gap = "", False
        for place, unit in zip((1000, 100, 10, 1), (units[2], units[1], units[0], ""), strict=True):
            digit = number // place % 10
            if digit:
                out += (digits[0] if gap and out else "") + digits[digit] + unit
            gap = not digit
        return out

    def whole(match: re.Match[str]) -> str:
        number, out = int(match[0].replace(",", "")), ""
        if number >= 10**12:
            return match[0]
        for place, unit in ((10**8, units[4]), (10**4, units[3]), (1, "")):
            part = number // place % 10**4
            if part:
                out += (digits[0] if out and part < 1000 else "") + below(part) + unit
        return out or digits[0]

    text = re.sub(r"(?<=\.)\d+", lambda match: "".join(digits[int(digit)] for digit in match[0]), text)
    return re.sub(r"\d[\d,]*", whole, text)
