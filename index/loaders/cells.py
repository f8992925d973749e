"""Cells of a table and what their form tells: a label, a value of some kind, a header over a column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from index.loaders.raw import Line, period

LABEL_MAX = 16
"""Characters of a label in a form; header cells may have twice as many."""

WORDS_MAX = 200
"""Characters of a cell whose words are told apart; a longer one is no label."""
_NUMBER = re.compile(
    r"[-+±≤≥<>＜＞约¥￥$€£]*\s*[\d,，.]+\s*(?:[%％‰°℃]|[^\W\d]{1,4}(?:/[^\W\d]{1,3})?|[-~～—]\s*[\d,.]+\s*[^\W\d]{0,4})?"
)
_DATE = re.compile(
    r"[^\dA-Za-z]{0,3}(?:(?:(?:19|20)\d{2}|\d{2}(?=\s*年))\s*[年./-]\s*\d{1,2}(?:\s*[月./-]\s*(?:\d{1,2}\s*日?)?)?"
    r"|\d{2}([./-])\d{1,2}\1\d{1,2}).{0,20}|\d{1,2}[:：]\d\d.*"
)
_CODE = re.compile(r"(?=.*\d)[\w./@#()（）:+ -]+", re.A)
_TICK = re.compile(r".*[☑☒□☐√✓✔■].*", re.S)
_ENDED = re.compile(r"[。！？!?；;]$")
_LABELLED = re.compile(
    r"(?=[^：:]*[^\W\d])[^\s：:，。；]{1,12}(?:[（(][^）)]{1,12}[）)])?\s*(?:[：:](?!//|\d)|(?<!\d)[：:](?!//))"
)
_COMMON = frozenset(("n", "vn", "v", "an", "a", "t", "b", "q", "l", "f", "d"))
"""Parts of speech (jieba's) of the words that labels are made of; 城市 is tagged there as the name of a
place."""
_ADDED = re.compile(r"[（(][^（）()]*[）)]")
_DIGITS = re.compile(r"\d+|[一二三四五六七八九十]+")


@dataclass(slots=True, eq=False)
class Cell:
    """A cell: its text on one line, where it stands, how far it reaches, and the paragraphs in it.

    ``text`` is without inner tables, whose rows are among ``lines`` (with ``Line.row``). ``strong``: bold or
    shaded. ``page`` and ``sure`` as of ``Line``.
    """

    text: str
    column: int = 0
    width: int = 1
    height: int = 1
    lines: tuple[Line, ...] = ()
    strong: bool = False
    page: int = 0
    sure: bool = True


def kind(text: str) -> str:
    """What a cell holds: ``""``, ``number``, ``date``, ``code``, ``tick``, ``long`` or ``text`` (short,
    without figures)."""
    text = text.strip()
    if not text or text in ("/", "—", "-", "——", "无"):
        return ""
    if _TICK.fullmatch(text):
        return "tick"
    if _NUMBER.fullmatch(text):
        return "number"
    if _DATE.fullmatch(text):
        return "date"
    if _CODE.fullmatch(text):
        return "code"
    if len(text) > 2 * LABEL_MAX or _ENDED.search(text):
        return "long"
    return "text" if not re.search(r"\d", text) or len(re.findall(r"\d", text)) < 0.2 * len(text) else "code"


def labelled(text: str) -> bool:
    """Does the cell name its value itself (姓名：张三), or stand before a colon (甲方：)?"""
    return bool(_LABELLED.match(text))


def is_label(text: str) -> bool:
    """Could a cell be the label of a value beside or below it: short, no figures, no sentence?"""
    bare = text.strip().rstrip("：:")
    return 0 < len(bare) <= LABEL_MAX and kind(bare) == "text" and not re.search(r"[，。；！？]", bare)


def unqualified(text: str) -> str:
    """A name without what brackets add to it: 白班（8:00-20:00） is 白班."""
    return _ADDED.sub("", text).strip() or text


def is_header(rows: Sequence[Sequence[Cell]], columns: int, strict: bool = False) -> bool:
    """Is the first of these rows a header over the others, rather than labels and values side by side?

    ``strict``: within a form, where only a row of labels over values that differ from labels counts.
    """
    first, body = rows[0], [row for row in rows[1:] if len(row) > 1]
    named = [cell for cell in first if cell.text]
    if len(named) < 2 or not body or len(named) < 0.6 * len(first) or len(rows) < 2:
        return False
    if period([cell.text for cell in first]) and all(is_label(cell.text) for cell in first):
        return True
    if strong := _by_marks(first, body):
        return strong > 0
    if len(first) % 2 == 0 and _repeated_below(first, body):
        return False
    if not _header_texts(first):
        return False
    if any(cell.text.endswith(("：", ":")) for cell in first) or 2 * sum(
        labelled(cell.text) for cell in named
    ) > len(named):
        return False
    if len(first) % 2 and not strict and all(len(row) == len(first) for row in body):
        return True  # labels and values would come in pairs
    pairs = columns > 2 and len(first) % 2 == 0 and all(is_label(cell.text) for cell in first)
    if pairs and 3 * _unpaired(first, body) >= 1:
        return True
    by_column = _columns(body, columns)
    balance = sum(_contrast(cell, by_column.get(cell.column, ()), strict) for cell in first)
    if strict and not (len(named) == len(first) and all(is_label(cell.text) for cell in named)):
        return False
    if len(first) % 2 == 0 and _paired(rows, columns):
        balance += 2 * _by_words(rows) - _form_signs(rows)
        if (
            columns == 2
        ):  # read as a form, a table still says which cell belongs to which; the reverse says nonsense
            return balance > 0.4
    return balance >= 0


def _contrast(top: Cell, below: Sequence[str], strict: bool) -> float:
    """How much the cells below one differ from it in kind, alike among themselves: near 1.5 for a long column
    of figures under a name, -1 where figures, dates and codes stand under each other, as in forms."""
    kinds = Counter(kind(text) for text in below)
    full = sum(count for name, count in kinds.items() if name)
    if not full:
        return 0.5 if strict else 0.0
    values = {name: count for name, count in kinds.items() if name not in ("", "text")}
    share = sum(values.values()) / full
    if len(values) > 1 and max(values.values()) < 0.75 * sum(values.values()):
        return -1.0
    if share < 0.5 or kind(top.text) != "text":
        return 0.0
    return (1.5 if share == 1 else share) * full / (full + 2)


def _repeated_below(first: Sequence[Cell], body: Sequence[Sequence[Cell]]) -> bool:
    """Does a label of the first row stand right below itself, as in forms with the same fields twice? A
    header comes again as a whole."""
    names = {(cell.column, cell.text) for cell in first if is_label(cell.text)}
    below = [{(cell.column, cell.text) for cell in row} for row in body[:1]]
    return any(names & texts and not names <= texts for texts in below)


def _paired(rows: Sequence[Sequence[Cell]], columns: int) -> bool:
    """May every second cell be a label: short, without figures, in every row?"""
    if columns > 2 and any(len(row) % 2 for row in rows):
        return False
    return all(is_label(cell.text) for row in rows for cell in row[::2])


def _unpaired(first: Sequence[Cell], body: Sequence[Sequence[Cell]]) -> float:
    """The share of places of a form's further labels, right of another pair, that hold none: a figure, a
    dash, a long text, or nothing although a value stands beside it. A row of other cells counts as a pair."""
    even = [row for row in body if len(row) == len(first)]
    pairs = [
        pair for row in even for pair in zip(row[2::2], row[3::2], strict=True) if any(c.text for c in pair)
    ]
    bare = sum(not is_label(label.text) for label, _ in pairs)
    return bare / max(1, len(pairs) + len(body) - len(even))


def _by_marks(first: Sequence[Cell], body: Sequence[Sequence[Cell]]) -> int:
    """1 when only the first row is bold or shaded, -1 when the labels of a form are, else 0."""
    cells = [cell for row in body for cell in row if cell.text]
    top = [cell for cell in first if cell.text]
    strong = sum(cell.strong for cell in cells)
    if all(cell.strong for cell in top):
        beside = sum(row[0].strong for row in body)
        return 1 if strong <= 0.2 * len(cells) or strong <= beside < len(cells) else 0
    labels = [cell for row in (first, *body) for cell in row[::2] if cell.text]
    values = [cell for row in (first, *body) for cell in row[1::2] if cell.text]
    if (
        labels
        and sum(cell.strong for cell in labels) > 0.9 * len(labels)
        and not any(cell.strong for cell in values)
    ):
        return -1
    return 0


def _header_texts(first: Sequence[Cell]) -> bool:
    """May these texts be a header: names, or one series (2023年, 2024年 / 1月, 2月), and nothing that is a
    value?"""
    values = [cell.text for cell in first if cell.text and kind(unqualified(cell.text)) != "text"]
    if any(kind(text) in ("tick", "long") or _ENDED.search(text) for text in values):
        return False
    series = Counter(_DIGITS.sub("#", unqualified(text)) for text in values)
    return all(count > 1 for count in series.values()) and all(
        len(cell.text) <= 2 * LABEL_MAX for cell in first
    )


def _columns(rows: Sequence[Sequence[Cell]], columns: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {column: [] for column in range(columns)}
    for row in rows:
        for cell in row:
            if cell.width == 1:
                found[cell.column].append(cell.text)
    return found


def _form_signs(rows: Sequence[Sequence[Cell]]) -> float:
    """What speaks for labels in every second column: none comes twice below another, the same one stands for
    each of two parties side by side, and values of many kinds stand between."""
    labels = [[cell.text for cell in row[::2]] for row in rows]
    even = [text for row in labels for text in dict.fromkeys(row)]
    kinds = {kind(cell.text) for row in rows for cell in row[1::2] if cell.text}
    signs = 1.0 if len(kinds) > 2 else 0.0
    signs += sum(0.75 for cell in rows[0][1::2] if not cell.text)
    signs += sum(len(row) > len(set(row)) for row in labels)
    return signs - min(2.0, 1.0 * (len(even) - len(set(even))))


def _by_words(rows: Sequence[Sequence[Cell]]) -> float:
    """Labels are common nouns, values more often names: above 0 where the first row is one of labels, below 0
    where the first of each two cells is. The dictionary of jieba tells which words are which.
    """
    import jieba
    import jieba.posseg as posseg

    jieba.setLogLevel(60)

    def common(cell: Cell) -> float:
        if len(cell.text) > WORDS_MAX:
            return 0.0
        words = [(word, flag) for word, flag in posseg.lcut(cell.text) if word.strip()]
        known = sum(
            len(word) for word, flag in words if (flag in _COMMON or word == "城市") and len(word) > 1
        )
        return known / max(1, len(cell.text)) * min(1.0, 2 / max(1, len(words)))

    def share(cells: Sequence[Cell]) -> float:
        filled = [common(cell) for cell in cells if cell.text]
        return sum(filled) / len(filled) if filled else 0.0

    some = rows[:20]
    beside = share([cell for row in some for cell in row[::2]]) - share(
        [cell for row in some for cell in row[1::2]]
    )
    over = share(rows[0][1::2]) - share([cell for row in some[1:] for cell in row[1::2]])
    return over - beside
