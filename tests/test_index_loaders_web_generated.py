"""Web pages and Markdown made at random: text, levels, numbers of lists and cells with their headers come out
as put in.

25 of each in a normal run; WENJU_GENERATED=500 for more (docs/DOCUMENTS.md).
"""

from __future__ import annotations

import html
import os
import random
from pathlib import Path

import pytest

from index.loaders import load

COUNT = int(os.environ.get("WENJU_GENERATED", "25"))
WORDS = "泵房水表检定巡查阀门管网化验药剂台账值班交接抢修调度站点压力余氯流量机组电耗备件"
NAMES = ["站点", "口径", "电耗", "药耗", "责任人", "台数", "型号", "备注", "班次", "日期"]
UPPER = ["上半年", "下半年", "东区", "西区"]
LOWER = ["进水", "出水", "计划", "实际"]
LETTERS = "abcdefghij"
ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"]

Expected = list[tuple[str, str]]
"""What must be read: (kind, text), the kind ``h1`` to ``h6``, ``p`` or ``row``."""


class Maker:
    """Puts pieces of a page or a Markdown text together and notes what they must give."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.parts: list[str] = []
        self.expected: Expected = []

    def words(self, low: int = 2, high: int = 8) -> str:
        return "".join(self.chance.choice(WORDS) for _ in range(self.chance.randint(low, high)))

    def sentence(self) -> str:
        end = self.chance.choice("。；！")
        return f"{self.words(4, 30)}{self.chance.randint(1, 9999)}{self.chance.choice('米件次%')}{end}"

    def value(self, column: int) -> str:
        kinds = (
            self.words(2, 5),
            str(self.chance.randint(1, 9999)),
            f"{self.chance.randint(1, 999) / 10}%",
            f"DN{self.chance.randint(15, 300)}",
            f"2024-{self.chance.randint(1, 12):02}-{self.chance.randint(1, 28):02}",
        )
        return kinds[column % len(kinds)]

    def cells(self) -> tuple[list[str], list[list[str]]]:
        width = self.chance.randint(3, 6)
        names = self.chance.sample(NAMES, width)
        return names, [
            [self.words(2, 4) + str(n), *(self.value(c) for c in range(1, width))]
            for n in range(self.chance.randint(2, 6))
        ]

    def rows(self, names: list[str], rows: list[list[str]]) -> None:
        for row in rows:
            told = "；".join(f"{name}：{cell}" for name, cell in zip(names, row, strict=True) if cell)
            self.expected.append(("row", told))


class Page(Maker):
    def heading(self) -> None:
        level, text = self.chance.randint(2, 4), self.words()
        self.parts.append(f"<h{level}>{text}</h{level}>")
        self.expected.append((f"h{level}", text))

    def paragraph(self) -> None:
        one, two = self.sentence(), self.sentence()
        out = self.words()
        drop = self.chance.choice(
            (
                f"<del>{out}</del>",
                f"<s>{out}</s>",
                f"<span style='display:none'>{out}</span>",
                f"<!--{out}-->",
                "",
            )
        )
        mark = self.chance.choice(("b", "em", "span", "a href='#x'"))
        tag = self.chance.choice(("p", "div", "blockquote"))
        text = f"<{mark}>{one[:3]}</{mark.split()[0]}>{one[3:]}{drop}&lt;{two[:-1]}&gt;{two[-1]}"
        self.parts.append(f"<{tag}>{text}</{tag}>")
        self.expected.append(("p", f"{one}<{two[:-1]}>{two[-1]}"))

    def list(self) -> None:
        start = self.chance.choice((1, 1, 3))
        kind = self.chance.choice(("1", "a", "i", "A"))
        first = {
            "1": str,
            "a": lambda n: LETTERS[n - 1],
            "i": lambda n: ROMAN[n - 1],
            "A": lambda n: LETTERS[n - 1].upper(),
        }
        items = ""
        for number in range(start, start + self.chance.randint(2, 4)):
            text = self.sentence()
            self.expected.append(("p", f"{first[kind](number)}. {text}"))
            inner = ""
            if self.chance.random() < 0.4:
                below = [self.sentence() for _ in range(2)]
                inner = f"<ul>{''.join(f'<li>{one}</li>' for one in below)}</ul>"
                self.expected += [("p", one) for one in below]
            items += f"<li>{text}{inner}</li>"
        self.parts.append(f"<ol start={start} type={kind}>{items}</ol>")

    def table(self) -> None:
        names, rows = self.cells()
        head = "".join(f"<th>{name}</th>" for name in names)
        body = ""
        joined = len(rows) > 2 and self.chance.random() < 0.5
        for number, row in enumerate(rows):
            cells = [f"<td>{html.escape(cell)}</td>" for cell in row]
            if joined and number == 0:
                cells[-1] = f"<td rowspan=2>{row[-1]}</td>"
                rows[1][-1] = row[-1]
            elif joined and number == 1:
                cells.pop()
            body += f"<tr>{''.join(cells)}</tr>"
        self.parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        self.rows(names, rows)

    def deep(self) -> None:
        upper = self.chance.sample(UPPER, 2)
        low = self.chance.sample(LOWER, 2)
        levels = self.chance.choice((2, 3))
        top = "".join(f"<th colspan={2 * (levels - 1)}>{one}</th>" for one in upper)
        middle = (
            "".join(f"<th colspan=2>{one}</th>" for _ in upper for one in ("甲线", "乙线"))
            if levels == 3
            else ""
        )
        last = "".join(f"<th>{one}</th>" for _ in range(2 * (levels - 1)) for one in low)
        names = ["站点"] + [
            a + b + c for a in upper for b in (("甲线", "乙线") if levels == 3 else ("",)) for c in low
        ]
        rows = [
            [self.words(2, 3) + str(n), *(str(self.chance.randint(1, 999)) for _ in names[1:])]
            for n in range(3)
        ]
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        rest = f"<tr>{middle}</tr>" if middle else ""
        self.parts.append(
            f"<table><tr><th rowspan={levels}>站点</th>{top}</tr>{rest}<tr>{last}</tr>{body}</table>"
        )
        self.rows(names, rows)

    def form(self) -> None:
        pairs = [(f"{name}", self.sentence()[:-1]) for name in self.chance.sample(NAMES, 4)]
        rows = "".join(f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in pairs)
        self.parts.append(f"<table>{rows}</table>")
        self.expected += [("row", f"{name}：{text}") for name, text in pairs]


class Marked(Maker):
    def heading(self) -> None:
        level, text = self.chance.randint(2, 4), self.words()
        self.parts.append(f"{'#' * level} {text}")
        self.expected.append((f"h{level}", text))

    def paragraph(self) -> None:
        one, two, out = self.sentence(), self.sentence(), self.words()
        drop = self.chance.choice((f"~~{out}~~", ""))
        self.parts.append(f"**{one[:3]}**{one[3:]}{drop}[{two[:-1]}](http://a.invalid){two[-1]}")
        self.expected.append(("p", one + two))

    def list(self) -> None:
        lines = []
        number = self.chance.choice((1, 4))
        for n in range(number, number + self.chance.randint(2, 4)):
            text = self.sentence()
            lines.append(f"{n}. {text}")
            self.expected.append(("p", f"{n}. {text}"))
            if self.chance.random() < 0.4:
                below = self.sentence()
                lines.append(f"   - {below}")
                self.expected.append(("p", below))
        self.parts.append("\n".join(lines))

    def boxes(self) -> None:
        one, two = self.sentence(), self.sentence()
        self.parts.append(f"- [x] {one}\n- [ ] {two}")
        self.expected += [("p", f"☑{one}"), ("p", f"□{two}")]

    def note(self) -> None:
        text, note = self.sentence(), self.sentence()
        number = len(self.parts)
        self.parts.append(f"{text[:-1]}[^{number}]{text[-1]}\n\n[^{number}]: {note}")
        self.expected += [("p", text), ("p", f"注{number}：{note}")]

    def table(self) -> None:
        names, rows = self.cells()
        line = "| " + " | ".join(":-:" for _ in names) + " |"
        self.parts.append(
            "\n".join([f"| {' | '.join(names)} |", line, *(f"| {' | '.join(row)} |" for row in rows)])
        )
        self.rows(names, rows)


def read(path: Path) -> Expected:
    document = load(path)
    return [
        ("row" if b.table else f"h{b.level}" if b.level else "p", document.text[b.start : b.end])
        for b in document.blocks
    ]


@pytest.mark.parametrize("seed", range(COUNT))
def test_pages_come_out_as_put_in(tmp_path: Path, seed: int) -> None:
    maker = Page(seed)
    pieces = (maker.heading, maker.paragraph, maker.list, maker.table, maker.deep, maker.form)
    maker.parts.append("<h1>供水管理手册</h1>")
    maker.expected.append(("h1", "供水管理手册"))
    maker.paragraph()
    for _ in range(maker.chance.randint(3, 9)):
        maker.chance.choice(pieces)()
        maker.paragraph()
    menu = "<nav><a href=1>首页</a><a href=2>办事</a></nav>"
    body = f"{menu}<main>{''.join(maker.parts)}</main><footer>版权所有</footer>"
    code = maker.chance.choice(("utf-8", "gb18030"))
    path = tmp_path / "a.html"
    path.write_bytes(
        f"<html><head><meta charset={code}><title>x</title></head><body>{body}</body></html>".encode(code)
    )
    assert read(path) == maker.expected


@pytest.mark.parametrize("seed", range(COUNT))
def test_markdown_comes_out_as_put_in(tmp_path: Path, seed: int) -> None:
    maker = Marked(seed)
    pieces = (maker.heading, maker.paragraph, maker.list, maker.boxes, maker.note, maker.table)
    maker.parts.append("# 供水管理手册")
    maker.expected.append(("h1", "供水管理手册"))
    for _ in range(maker.chance.randint(4, 12)):
        maker.chance.choice(pieces)()
        maker.paragraph()
    path = tmp_path / "a.md"
    path.write_text("\n\n".join(maker.parts), "utf-8")
    assert read(path) == maker.expected
