"""Text bodies of DrawingML -> paragraphs, with the numbers that are set by the program (ECMA-376 part 1,
21.1.2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.loaders.raw import clean, squeeze

_HAN = "零一二三四五六七八九"


def paragraphs(body: Any) -> Iterator[str]:
    """The paragraphs that say something; struck text is left out, a line break within becomes a space."""
    counts: dict[int, int] = {}
    for paragraph in body.iterfind("{*}p"):
        text = squeeze(clean("".join(_pieces(paragraph))))
        properties = paragraph.find("{*}pPr")
        level = int(properties.get("lvl") or 0) if properties is not None else 0
        automatic = properties.find("{*}buAutoNum") if properties is not None else None
        if not text:
            continue
        counts = {depth: count for depth, count in counts.items() if depth <= level}
        if automatic is None:
            counts.pop(level, None)
            yield text
            continue
        counts[level] = counts.get(level, int(automatic.get("startAt") or 1) - 1) + 1
        yield numbered(counts[level], automatic.get("type") or "") + text


def _pieces(paragraph: Any) -> Iterator[str]:
    for run in paragraph:
        name = str(run.tag).rsplit("}", 1)[-1]
        if name == "br":
            yield " "
        elif name in ("r", "fld"):
            properties = run.find("{*}rPr")
            struck = properties is not None and properties.get("strike", "noStrike") != "noStrike"
            if not struck and not (name == "fld" and (run.get("type") or "").startswith("slidenum")):
                yield "".join(piece.text or "" for piece in run.iterfind("{*}t"))
        elif name == "m" or name == "AlternateContent":  # a formula
            choice = next((child for child in run if str(child.tag).endswith("}Choice")), run)
            yield "".join(piece.text or "" for piece in choice.iter("{*}t"))


def numbered(number: int, form: str) -> str:
    """The sign before a numbered paragraph by its type (``arabicPeriod`` 1., ``ea1ChsPeriod`` 一、), and the
    gap after it."""
    if form.startswith("circle"):
        return chr(0x245F + number) if number <= 20 else f"{number} "
    if form.startswith("ea1"):
        digits = (
            f"{_HAN[number // 10] if number >= 20 else ''}{'十' if number >= 10 else ''}"
            f"{_HAN[number % 10] if number % 10 else ''}"
        )
        return f"{digits}、" if form.endswith("Period") else f"{digits} "
    if form.startswith("alpha"):
        sign = chr((65 if "Uc" in form else 97) + (number - 1) % 26)
    elif form.startswith("roman"):
        sign = _roman(number) if "Uc" in form else _roman(number).lower()
    else:
        sign = str(number)
    if form.endswith("ParenBoth"):
        return f"({sign}) "
    return f"{sign}) " if form.endswith("ParenR") else f"{sign}. " if form.endswith("Period") else f"{sign} "


def _roman(number: int) -> str:
    text = ""
    for worth, sign in ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        count, number = divmod(number, worth)
        text += sign * count
    return text
