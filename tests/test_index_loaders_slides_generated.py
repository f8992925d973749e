"""Slides made at random with python-pptx: titles, texts in reading order, tables, notes come out as put in.

25 files in a normal run; WENJU_GENERATED=500 for more (docs/DOCUMENTS.md).
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from index.loaders import load

COUNT = int(os.environ.get("WENJU_GENERATED", "25"))
WORDS = "泵房水表检定巡查阀门管网化验药剂台账值班交接抢修调度站点压力余氯流量机组电耗备件"
NAMES = ["站点", "口径", "电耗", "药耗", "责任人", "台数", "型号", "班次"]

Expected = list[tuple[str, str, int]]
"""What must be read: heading, row or text; the text; the page."""


class Maker:
    def __init__(self, seed: int) -> None:
        from pptx import Presentation

        self.chance = random.Random(seed)
        self.deck: Any = Presentation()
        self.page = 0
        self.expected: Expected = []
        self.hidden = 0

    def words(self, low: int = 2, high: int = 8) -> str:
        return "".join(self.chance.choice(WORDS) for _ in range(self.chance.randint(low, high)))

    def sentence(self) -> str:
        return f"{self.words(4, 20)}{self.chance.randint(1, 9999)}{self.chance.choice('米件次')}。"

    def slide(self) -> None:
        from pptx.util import Inches

        slide = self.deck.slides.add_slide(self.deck.slide_layouts[5])  # a title and nothing else
        self.page += 1
        title = f"{self.words(3, 9)}{self.page}"
        slide.shapes.title.text = title
        if self.page > 1 and self.chance.random() < 0.15:
            slide._element.set("show", "0")
            self.hidden += 1
            slide.shapes.add_textbox(0, Inches(2), Inches(4), Inches(1)).text_frame.text = "藏起来的话。"
            return
        self.expected.append(("heading", title, self.page))
        pieces = [
            self.chance.choice((self.text, self.text, self.table)) for _ in range(self.chance.randint(1, 4))
        ]
        told: list[tuple[float, Expected]] = []
        order = list(range(len(pieces)))
        self.chance.shuffle(order)  # the order in the file is not that on the slide
        for place in order:
            told.append((place, pieces[place](slide, Inches(1.6 + 1.4 * place))))
        for _, lines in sorted(told, key=lambda one: one[0]):
            self.expected += lines
        if self.chance.random() < 0.4:
            note = self.sentence()
            slide.notes_slide.notes_text_frame.text = note
            self.expected.append(("text", f"备注：{note}", self.page))

    def text(self, slide: Any, top: int) -> Expected:
        from pptx.util import Inches

        lines = [self.sentence() for _ in range(self.chance.randint(1, 3))]
        shapes = slide.shapes.add_group_shape().shapes if self.chance.random() < 0.3 else slide.shapes
        frame = shapes.add_textbox(Inches(0.5), top, Inches(8), Inches(1)).text_frame
        frame.text = lines[0]
        for line in lines[1:]:
            frame.add_paragraph().text = line
        return [("text", line, self.page) for line in lines]

    def table(self, slide: Any, top: int) -> Expected:
        from pptx.util import Inches

        width, height = self.chance.randint(3, 5), self.chance.randint(2, 4)
        names = self.chance.sample(NAMES, width)
        rows = [
            [f"{self.words(2, 3)}{n}", *(str(self.chance.randint(1, 999)) for _ in names[1:])]
            for n in range(height)
        ]
        grid = slide.shapes.add_table(height + 1, width, Inches(0.5), top, Inches(8), Inches(1)).table
        for r, row in enumerate([names, *rows]):
            for c, cell in enumerate(row):
                grid.cell(r, c).text = cell
        if height > 2 and self.chance.random() < 0.5:
            grid.cell(2, width - 1).text = ""
            grid.cell(1, width - 1).merge(grid.cell(2, width - 1))
            rows[1][-1] = rows[0][-1]
        return [
            ("row", "；".join(f"{name}：{cell}" for name, cell in zip(names, row, strict=True)), self.page)
            for row in rows
        ]


@pytest.mark.parametrize("seed", range(COUNT))
def test_slides_come_out_as_put_in(tmp_path: Path, seed: int) -> None:
    maker = Maker(seed)
    for _ in range(maker.chance.randint(1, 5)):
        maker.slide()
    path = tmp_path / "a.pptx"
    maker.deck.save(str(path))
    document = load(path)
    found = [
        (
            "row" if b.table else "heading" if b.level else "text",
            document.text[b.start : b.end],
            document.page_of(b.start),
        )
        for b in document.blocks
    ]
    assert found == maker.expected
    assert document.meta.get("hidden_slides", "0") == str(maker.hidden)
