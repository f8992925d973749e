"""Signs that Office files draw with a symbol font (Wingdings, Symbol) as the Unicode characters they look
like."""

from __future__ import annotations

import re

# The fonts' own code charts; only signs that carry meaning in office papers: boxes, ticks, bullets, arrows,
# numbers.
_WINGDINGS = {
    0x6C: "●",
    0x6D: "○",
    0x6E: "■",
    0x6F: "□",
    0x70: "□",
    0x71: "□",
    0x72: "□",
    0x73: "◆",
    0x74: "◆",
    0x75: "◆",
    0x76: "❖",
    0x77: "◆",
    0x78: "☒",
    0xA1: "○",
    0xA2: "○",
    0xA3: "○",
    0xA4: "◎",
    0xA5: "◎",
    0xA7: "■",
    0xA8: "□",
    0xAB: "★",
    0xD8: "➢",
    0xDF: "←",
    0xE0: "→",
    0xE1: "↑",
    0xE2: "↓",
    0xE8: "→",
    0xF0: "⇨",
    0xFB: "✗",
    0xFC: "✓",
    0xFD: "☒",
    0xFE: "☑",
    0x28: "☎",
    0x2A: "✉",
    0x21: "✏",
    0x46: "☞",
    0x4A: "☺",
    0xB2: "☆",
    **{0x80 + n: char for n, char in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩")},
    **{0x8B + n: char for n, char in enumerate("⓿❶❷❸❹❺❻❼❽❾❿")},
}
_WINGDINGS_2 = {
    0x4F: "✗",
    0x50: "✓",
    0x51: "☒",
    0x52: "☑",
    0x53: "☒",
    0x54: "☒",
    0x2A: "□",
    0x30: "□",
    0xA2: "■",
    0xA3: "□",
    0xA4: "□",
    0x97: "●",
    0x98: "●",
    0x99: "◎",
    0x9A: "○",
    **{0x69 + n: char for n, char in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩")},
}
_WEBDINGS = {0x61: "✓", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "✗"}
# Adobe's Symbol encoding (Unicode's mapping table VENDORS/ADOBE/symbol.txt), without the pieces of large
# brackets.
_SYMBOL = {
    **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
    **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)),
    0x22: "∀",
    0x24: "∃",
    0x27: "∋",
    0x2D: "−",
    0x5E: "⊥",
    0xA2: "′",
    0xA3: "≤",
    0xA4: "⁄",
    0xA5: "∞",
    0xAB: "↔",
    0xAC: "←",
    0xAD: "↑",
    0xAE: "→",
    0xAF: "↓",
    0xB0: "°",
    0xB1: "±",
    0xB2: "″",
    0xB3: "≥",
    0xB4: "×",
    0xB5: "∝",
    0xB6: "∂",
    0xB7: "•",
    0xB8: "÷",
    0xB9: "≠",
    0xBA: "≡",
    0xBB: "≈",
    0xBC: "…",
    0xC6: "∅",
    0xC7: "∩",
    0xC8: "∪",
    0xC9: "⊃",
    0xCC: "⊂",
    0xCE: "∈",
    0xCF: "∉",
    0xD0: "∠",
    0xD1: "∇",
    0xD5: "∏",
    0xD6: "√",
    0xD7: "⋅",
    0xD8: "¬",
    0xD9: "∧",
    0xDA: "∨",
    0xDE: "⇒",
    0xE5: "∑",
    0xF2: "∫",
}
_FONTS = {"wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "webdings": _WEBDINGS, "symbol": _SYMBOL}
_PRINTED = {
    "wingdings": "wingdings",
    "wingdingsregular": "wingdings",
    "wingdings2": "wingdings 2",
    "webdings": "webdings",
    "opensymbol": "wingdings 2",
}
"""Fonts by the names that they have in a PDF; LibreOffice prints with OpenSymbol what is in a font that it
does not have."""


def is_symbol_font(font: str) -> bool:
    """Does the font draw signs where other fonts have letters? Its text must go through :func:`symbol`."""
    return font.lower() in _FONTS


def printed_font(name: str) -> str:
    """The symbol font that a PDF names (``ABCDEE+Wingdings2``); "" for any other font. Signs in Symbol have
    their characters there."""
    return _PRINTED.get(re.sub(r"[^a-z0-9]", "", name.rpartition("+")[2].lower()), "")


def symbol(font: str, text: str) -> str:
    """``text`` as it looks in ``font``: "þ" in Wingdings is ☑. Text in other fonts stays; signs unknown here
    vanish.

    Codes in the private use area (U+F0FE) mean the same as without it (0xFE).
    """
    table = _FONTS.get(font.lower())
    if table is None:
        return "".join(char for char in text if not 0xE000 <= ord(char) <= 0xF8FF)
    plain = font.lower() == "symbol"
    signs = []
    for char in text:
        code = ord(char) - 0xF000 if 0xF000 <= ord(char) <= 0xF0FF else ord(char)
        signs.append(
            table.get(code, chr(code) if code <= 0x40 and plain or code == 0x20 or code > 0xFF else "")
        )
    return "".join(signs)


def code_symbol(font: str, code: str) -> str:
    """The sign of a code in hexadecimal (``F0FE``) in a font; a Unicode character in fonts that are no symbol
    fonts."""
    try:
        return symbol(font, chr(int(code, 16)))
    except (ValueError, OverflowError):
        return ""
