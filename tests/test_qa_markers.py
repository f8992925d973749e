"""Markers that a model writes, in every shape and cut at every place of the stream."""

from __future__ import annotations

import pytest

from qa.markers import StreamSplitter, strip_markers


@pytest.mark.parametrize(
    ("written", "clean", "hints"),
    [
        ("共287个[1]。", "共287个。", (1,)),
        ("共287个【2】。", "共287个。", (2,)),
        ("共287个［3］。", "共287个。", (3,)),
        ("共287个[编号]。", "共287个。", ()),
        ("共287个（资料1）。", "共287个。", (1,)),
        ("共287个(来源：2)。", "共287个。", (2,)),
        ("共287个[1,3][4]。", "共287个。", (1, 3, 4)),
        ("共287个[1-3]。", "共287个。", (1, 2, 3)),
        ("共287个 [材料 1]。", "共287个。", (1,)),
        ("见津政发〔2025〕12号。", "见津政发〔2025〕12号。", ()),
        ("见津政发[2025]12号。", "见津政发[2025]12号。", ()),
        ("（一）总则[方法]（2025年）", "（一）总则[方法]（2025年）", ()),
    ],
)
def test_shapes(written: str, clean: str, hints: tuple[int, ...]) -> None:
    assert strip_markers(written) == (clean, hints)


TEXT = (
    "市财政局制定100条措施[1]。党支部书记于洋介绍【2】：“驿站已建成。”他说。\n1. 第一条（资料1）\n2. 第二条"
)
SENTENCES = ["市财政局制定100条措施。", "党支部书记于洋介绍：“驿站已建成。”他说。", "1. 第一条", "2. 第二条"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 100])
def test_any_cut_gives_the_same_sentences(size: int) -> None:
    splitter = StreamSplitter()
    found = [
        s for at in range(0, len(TEXT), size) for s in splitter.feed(TEXT[at : at + size])
    ] + splitter.flush()
    assert found == SENTENCES
    assert splitter.hints == [(1,), (2,), (1,), ()]


def test_half_a_marker_is_never_shown() -> None:
    splitter = StreamSplitter()
    for size in range(1, len(TEXT) + 1):
        one = StreamSplitter()
        one.feed(TEXT[:size])
        assert "[" not in one.pending and "【" not in one.pending
    splitter.feed("共287个[")
    assert splitter.pending == "共287个"
    assert splitter.flush() == ["共287个["]


def test_a_sentence_comes_out_as_soon_as_the_next_begins() -> None:
    splitter = StreamSplitter()
    assert splitter.feed("第一句。") == []
    assert splitter.feed("第二") == ["第一句。"]
    assert splitter.pending == "第二"
