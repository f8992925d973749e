"""What openpyxl puts into a workbook comes out: texts, numbers as displayed, and which value belongs to which
names.

A few dozen workbooks in the normal run; ``WENJU_GENERATED=500`` makes as many as it says. Each is made from
its number alone, so that a failure can be made again.
"""

from __future__ import annotations

import datetime
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from index.loaders import load
from index.places import place_of

COUNT = int(os.environ.get("WENJU_GENERATED", "40"))
_NAMES = ("单位", "部门", "姓名", "项目", "品名", "地区", "备注", "负责人", "类别", "规格", "说明", "岗位")
_UPPER = ("早班", "晚班", "上半年", "下半年", "计划", "实际", "城镇", "农村")
_MIDDLE = ("男性", "女性", "新增", "存量")
_LOWER = ("人数", "产量", "金额", "比例", "户数", "面积")
_WORDS = "青禾研究东湖体育西山场馆维修采购登记审批车间资料会议设备园区海棠"


@dataclass
class Made:
    """A workbook and what must be read from it: rows as text, with their cells; headings in order."""

    book: openpyxl.Workbook
    lines: list[tuple[str, str]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def word(chance: random.Random) -> str:
    return "".join(chance.choice(_WORDS) for _ in range(chance.randint(2, 7)))


KINDS = 14


def value(chance: random.Random, kind: int) -> tuple[object, str, str]:
    """A value of one of the kinds that a column has, its number format, and what a person sees."""
    number = chance.randint(0, 99999)
    cents = chance.randint(0, 9999999) / 100
    day = datetime.date(2000, 1, 1) + datetime.timedelta(days=chance.randint(0, 9000))
    whole, _, rest = f"{cents:.2f}".partition(".")
    money = f"{int(whole):,}.{rest}"
    return [
        (number, "General", str(number)),
        (number, "000000", f"{number:06d}"),
        (cents, '"￥"#,##0.00', f"￥{money}"),
        (cents, '0.00"万元"', f"{cents:.2f}万元"),
        (number / 1000, "0.0%", f"{number / 10:.1f}%"),
        (number / 1000, "0.0 %", f"{number / 10:.1f} %"),
        (-number - 1, "#,##0", f"-{number + 1:,}"),
        (cents, "#,##0.00 [$€-1]", f"{money} €"),
        (day, "yyyy-mm-dd", day.isoformat()),
        (day, 'yyyy"年"m"月"d"日"', day.isoformat()),
        (day, "yyyy/m/d", day.isoformat()),
        (datetime.time(chance.randint(0, 23), 30), "h:mm", ""),
        (f"{number:06d}", "@", f"{number:06d}"),
        (chance.random() > 0.5, "General", ""),
    ][kind]


def made(seed: int) -> Made:
    chance = random.Random(seed)
    result = Made(openpyxl.Workbook())
    result.book.remove(result.book.active)
    for number in range(chance.randint(1, 2)):
        name = f"表{number}{word(chance)}"
        page = result.book.create_sheet(name)
        start = len(result.lines)
        at = chance.randint(1, 3)
        for table in range(chance.randint(1, 2)):
            at = _table(chance, page, at, result, name, table)
        if len(result.lines) > start:
            result.headings.append(name)
    if chance.random() < 0.4:
        hidden = result.book.create_sheet("藏起来的表")
        hidden.append(["不给看的话"])
        hidden.sheet_state = chance.choice(["hidden", "veryHidden"])
        result.absent.append("不给看的话")
    return result


def _table(chance: random.Random, page: object, at: int, result: Made, name: str, table: int) -> int:
    """One table from row ``at`` on; returns the row at which the next may begin."""
    left = chance.randint(1, 3)
    plain = chance.sample(_NAMES, chance.randint(1, 3))
    levels = chance.choice([1, 1, 2, 3])
    columns: list[list[str]] = [[one] for one in plain]
    for upper in chance.sample(_UPPER, chance.randint(1, 2)) if levels > 1 else ():
        for middle in chance.sample(_MIDDLE, 2) if levels == 3 else [""]:
            columns += [
                [upper, middle, lower] if middle else [upper, lower] for lower in chance.sample(_LOWER, 2)
            ]
    if levels == 1:
        columns += [[one] for one in chance.sample(_LOWER, chance.randint(1, 3))]
    width = len(columns)
    kinds = [chance.randrange(KINDS) for _ in columns]
    if width > 1 and (
        table or chance.random() < 0.5
    ):  # a second table has a title, which parts it from the first
        title = f"{chance.randint(2010, 2030)}年{word(chance)}情况表"
        page.cell(at, left, title)  # type: ignore[attr-defined]
        page.merge_cells(start_row=at, end_row=at, start_column=left, end_column=left + width - 1)  # type: ignore[attr-defined]
        result.headings.append(title)
        at += 1
    _header(page, at, left, columns, levels)
    at += levels
    hidden_row = at + chance.randint(0, 3) if chance.random() < 0.3 else 0
    held, until = "", 0
    for row in range(at, at + chance.randint(2, 7)):
        parts: list[str] = []
        for column, names in enumerate(columns):
            cell = page.cell(row, left + column)  # type: ignore[attr-defined]
            shown = ""
            if column == 0 and row == until:
                shown = held
            elif column < len(plain):
                shown = word(chance)
                cell.value = shown
            elif chance.random() < 0.9 or column == width - 1:
                stored, code, shown = value(chance, kinds[column])
                cell.value, cell.number_format = stored, code
                shown = shown or (
                    ("是" if stored else "否")
                    if isinstance(stored, bool)
                    else f"{stored.hour}:30"
                    if isinstance(stored, datetime.time)
                    else ""
                )
            if shown:
                parts.append(f"{''.join(names)}：{shown}")
            if column == 0 and row != until:
                held = shown
        if row == until:
            page.merge_cells(start_row=row - 1, end_row=row, start_column=left, end_column=left)  # type: ignore[attr-defined]
        elif chance.random() < 0.25:
            until = row + 1
            if until in (hidden_row, hidden_row + 1) or row == hidden_row:
                until = 0
        if row == hidden_row:
            page.row_dimensions[row].hidden = True  # type: ignore[attr-defined]
        else:
            result.lines.append(
                (
                    "；".join(parts),
                    f"{name}!{get_column_letter(left)}{row}:{get_column_letter(left + width - 1)}{row}",
                )
            )
    return row + 2


def _header(page: object, at: int, left: int, columns: list[list[str]], levels: int) -> None:
    """The names, merged across where they repeat and down where they have fewer levels."""
    for column, names in enumerate(columns):
        if len(names) == 1 and levels > 1:
            page.merge_cells(
                start_row=at, end_row=at + levels - 1, start_column=left + column, end_column=left + column
            )  # type: ignore[attr-defined]
        for level, name in enumerate(names):
            begins = column == 0 or columns[column - 1][: level + 1] != names[: level + 1]
            if begins:
                page.cell(at + level, left + column, name)  # type: ignore[attr-defined]
                end = column
                while end + 1 < len(columns) and columns[end + 1][: level + 1] == names[: level + 1]:
                    end += 1
                if end > column:
                    page.merge_cells(
                        start_row=at + level,
                        end_row=at + level,
                        start_column=left + column,
                        end_column=left + end,
                    )  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(COUNT))
def test_what_was_put_in_comes_out(tmp_path: Path, seed: int) -> None:
    put = made(seed)
    path = tmp_path / f"{seed}.xlsx"
    put.book.save(path)
    document = load(path)
    rows = [
        (document.text[block.start : block.end], place_of(document, block.start, block.end))
        for block in document.blocks
        if not block.level
    ]
    assert rows == put.lines
    headings = [document.text[block.start : block.end] for block in document.blocks if block.level]
    assert sorted(headings) == sorted(put.headings)
    assert not any(text in document.text for text in put.absent)
