"""Word files made at random: text, numbers and relations come out as they were put in.

60 files in a normal run; WENJU_GENERATED=500 for more (docs/DOCUMENTS.md).
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from index.loaders import load
from tests.word_maker import blank, number_list, numbered, paragraph, put, run, table

COUNT = int(os.environ.get("WENJU_GENERATED", "60"))
NAMES = ["林小雨", "何平", "周成", "沈一诺", "马晓东", "顾青", "罗大勇", "秦岚"]
PLACES = ["河东路8号", "西山镇", "东湖街道", "北岸码头", "南山苑3栋"]
WORDS = [
    "物资",
    "入库",
    "清点",
    "出库",
    "凭单",
    "领用",
    "归还",
    "登记",
    "保管",
    "盘点",
    "报废",
    "审批",
    "签字",
    "备案",
    "复核",
    "巡查",
    "交接",
    "停用",
]
LABELS = [
    "姓名",
    "单位",
    "电话",
    "来访日期",
    "事由",
    "陪同人",
    "证件号",
    "住址",
    "职务",
    "邮箱",
    "车牌号",
    "联系人",
]
COLUMNS = ["项目", "城市", "数量", "金额", "期限", "电话", "编号", "比例"]
CHINESE = [
    "零",
    "一",
    "二",
    "三",
    "四",
    "五",
    "六",
    "七",
    "八",
    "九",
    "十",
    "十一",
    "十二",
    "十三",
    "十四",
    "十五",
    "十六",
    "十七",
    "十八",
    "十九",
    "二十",
]
BOXES = (
    ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', "☑"),
    ('<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>', "□"),
    (
        '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>'
        "</w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt>",
        "☑",
    ),
)


class Maker:
    """Puts pieces into a document and notes which lines they must give."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.document = blank()
        self.expected: list[str] = []
        self.lists = 40
        self.tables: list[int] = []

    def sentence(self) -> str:
        words = "".join(self.chance.choice(WORDS) for _ in range(self.chance.randint(2, 12)))
        return (
            f"{words}{self.chance.randint(1, 999)}{self.chance.choice('件次项')}{self.chance.choice('。；')}"
        )

    def value(self, label: str) -> str:
        """A value of the kind that the label asks for."""
        number = self.chance.randint(100, 999)
        match label:
            case "姓名" | "陪同人" | "联系人":
                return self.chance.choice(NAMES)
            case "电话":
                return f"555-0{number}"
            case "来访日期":
                return f"202{number % 7}年{number % 12 + 1}月{number % 28 + 1}日"
            case "住址" | "单位":
                return self.chance.choice(PLACES)
            case "邮箱":
                return f"user{number}@example.com"
            case "事由" | "职务":
                return self.chance.choice(("设备验收", "看样品", "送材料", "主任", "技术员"))
            case _:
                return f"QH-{number}"

    def plain(self) -> None:
        text = self.sentence()
        self.document.add_paragraph(text)
        self.expected.append(text)

    def changed(self) -> None:
        kept, out = self.sentence(), self.sentence()
        xml = self.chance.choice(
            [
                run(out, "<w:strike/>"),
                run(out, "<w:vanish/>"),
                run(out, "<w:dstrike/>"),
                f'<w:del w:id="1" w:author="a">{run(out)}</w:del>',
                f'<w:moveFrom w:id="1" w:author="a">{run(out)}</w:moveFrom>',
            ]
        )
        new = (
            f'<w:ins w:id="2" w:author="a">{run("补记一项。")}</w:ins>' if self.chance.random() < 0.5 else ""
        )
        put(self.document, paragraph(run(kept[:3]) + xml + run(kept[3:]) + new))
        self.expected.append(kept + ("补记一项。" if new else ""))

    def box(self) -> None:
        xml, sign = self.chance.choice(BOXES)
        put(self.document, paragraph(run("是否同意：") + xml + run("同意")))
        self.expected.append(f"是否同意：{sign}同意")

    def heading(self) -> None:
        text = "".join(self.chance.sample(WORDS, 3))
        self.document.add_heading(text, self.chance.randint(1, 3))
        self.expected.append(text)

    def numbers(self) -> None:
        self.lists += 1
        number_list(
            self.document,
            self.lists,
            [
                ("chineseCounting", "第%1条"),
                ("chineseCounting", "（%2）"),
                ("decimal", "%3."),
                ("decimal", "%1.%2.%3.%4"),
            ],
        )
        counts = [0, 0, 0, 0]
        depth = 0
        for _ in range(self.chance.randint(2, 9)):
            depth = self.chance.randint(0, min(3, depth + 1)) if counts[0] else 0
            counts[depth] += 1
            counts[depth + 1 :] = [0] * (3 - depth)
            label = [
                f"第{CHINESE[counts[0]]}条 ",
                f"（{CHINESE[counts[1]]}）",
                f"{counts[2]}. ",
                f"{CHINESE[counts[0]]}.{CHINESE[counts[1]]}.{counts[2]}.{counts[3]} ",
            ]
            text = self.sentence()
            numbered(self.document, text, self.lists, depth)
            self.expected.append(label[depth] + text)

    def form(self) -> None:
        pairs = self.chance.choice([1, 2])
        rows = self.chance.randint(2, 5)
        first = [
            self.chance.choice(("姓名", "陪同人", "联系人")),
            self.chance.choice(("电话", "来访日期", "证件号")),
        ][:pairs]  # as forms begin
        labels = first + self.chance.sample(
            [label for label in LABELS if label not in first], pairs * (rows - 1)
        )
        values = [self.value(label) for label in labels]
        cells = [
            [text for k in range(pairs) for text in (labels[r * pairs + k], values[r * pairs + k])]
            for r in range(rows)
        ]
        grid = table(self.document, cells)
        told = ["；".join(f"{row[k]}：{row[k + 1]}" for k in range(0, len(row), 2)) for row in cells]
        if pairs == 2 and self.chance.random() < 0.5:
            grid.cell(rows - 1, 1).merge(grid.cell(rows - 1, 3)).text = values[-1]
            told[-1] = f"{cells[-1][0]}：{values[-1]}"
        self._table(told)

    def rows(self) -> None:
        width, count = self.chance.randint(2, 6), self.chance.randint(2, 6)
        names = self.chance.sample(COLUMNS, width)
        kinds = [self.chance.choice(("元", "天", "%", "件")) for _ in names]
        cells = [
            [f"{self.chance.choice(WORDS)}{self.chance.choice('甲乙丙丁')}类"]
            + [f"{self.chance.randint(1, 999)}{kind}" for kind in kinds[1:]]
            for _ in range(count)
        ]
        grid = table(self.document, [names, *cells])
        if count > 2 and self.chance.random() < 0.4:  # one value for two rows
            grid.cell(1, width - 1).merge(grid.cell(2, width - 1)).text = cells[0][-1]
            cells[1][-1] = cells[0][-1]
        self._table(
            ["；".join(f"{name}：{text}" for name, text in zip(names, row, strict=True)) for row in cells]
        )

    def _table(self, told: list[str]) -> None:
        self.tables.append(len(told))
        self.expected += told
        self.plain()


@pytest.mark.parametrize("seed", range(COUNT))
def test_what_was_put_in_comes_out(tmp_path: Path, seed: int) -> None:
    maker = Maker(seed)
    pieces: list[Any] = [
        maker.plain,
        maker.changed,
        maker.box,
        maker.heading,
        maker.numbers,
        maker.form,
        maker.rows,
    ]
    maker.document.add_heading("仓库管理细则", 0)
    maker.expected.append("仓库管理细则")
    for _ in range(maker.chance.randint(3, 9)):
        maker.chance.choice(pieces)()
    maker.document.save(str(tmp_path / "a.docx"))
    found = load(tmp_path / "a.docx")
    assert found.text.split("\n") == maker.expected
    assert found.title == "仓库管理细则"
    told = [
        sum(block.table == number for block in found.blocks) for number in range(1, len(maker.tables) + 1)
    ]
    assert told == maker.tables
