"""Things that are asked or compared at once stand apart: each under its name, of a comparison in a table."""

from __future__ import annotations

import pytest
from fake_corpus import LEAVE
from fake_engine import passages_of

from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.context import sentences_of
from qa.kinds.apart import CELL, names, set_apart
from qa.kinds.compose import extracted
from qa.kinds.extract import Extract
from qa.types import Answer

LINES = [line for passage in passages_of(LEAVE) for line in sentences_of(Hit(passage, LEAVE, 0.5))]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (("Ⅲ级响应每天报几次", "Ⅱ级以上响应每天报几次"), ["Ⅲ级", "Ⅱ级以上"]),
        (("病假要什么证明", "事假要什么证明"), ["病假", "事假"]),
        (("2024年报了几人", "2025年报了几人"), ["2024", "2025"]),
        (("plan A costs what", "plan AB costs what"), ["A", "AB"]),
        (("停车证怎么办", "丢了咋补"), ["停车证怎么办", "丢了咋补"]),
        (("押金", "押金多少"), ["押金", "押金多少"]),
    ],
)
def test_a_name_is_what_the_others_do_not_have(parts: tuple[str, ...], told: list[str]) -> None:
    assert names(parts) == told


def shown(kind: str, *parts: tuple[str, tuple[EvidenceSentence, ...]]) -> Answer:
    lines = tuple({line.start: line for _, own in parts for line in own}.values())
    found = Extract(lines, 0.9, 0.9, 1.0, lines[0], (0, 1), parts=parts)
    plain = extracted(Answer("问", "问", kind=kind), found)
    return set_apart(plain, found)


def test_a_comparison_is_a_table_every_row_of_which_is_cited() -> None:
    one, other = LINES[-2:]
    answer = shown("compare", ("病假要什么证明？", (one,)), ("事假要什么证明？", (other,)))
    text = "".join(sentence.text for sentence in answer.sentences)
    rows = text.strip().split("\n")
    assert len(rows) == 4 and rows[2] == f"| 病假 | {one.text} |" and rows[3].startswith("| 事假 |")
    assert [c.quote for s in answer.sentences for c in s.citations] == [one.text, other.text]


def test_a_long_cell_is_no_table() -> None:
    many = tuple(LINES[:-1])
    assert sum(len(line.text) for line in many) > CELL
    answer = shown("compare", ("病假？", many), ("事假？", LINES[-1:]))
    text = "".join(sentence.text for sentence in answer.sentences)
    assert "|" not in text and text.startswith("病假：") and "\n事假：" in text


def test_of_several_questions_each_stands_over_its_lines() -> None:
    answer = shown("multi", ("病假要什么", tuple(LINES[:2])), ("事假几天？", (LINES[-1],)))
    assert [s.text.rstrip("\n") for s in answer.sentences] == [
        f"病假要什么：{LINES[0].text}",
        LINES[1].text,
        f"事假几天：{LINES[-1].text}",
    ]


@pytest.mark.parametrize("own", [(LINES[:1], LINES[:1]), (LINES[:2], LINES[1:3])], ids=["all", "some"])
def test_a_line_that_says_something_of_several_stands_as_it_was(
    own: tuple[list[EvidenceSentence], ...],
) -> None:
    answer = shown("multi", ("病假要什么", tuple(own[0])), ("事假几天", tuple(own[1])))
    assert {s.text.strip() for s in answer.sentences} == {line.text for part in own for line in part}


def test_lines_of_one_thing_have_no_name() -> None:
    answer = shown("compare", ("病假要什么证明", (LINES[0],)))
    assert [s.text for s in answer.sentences] == [LINES[0].text]
