"""Sentence spans: Chinese and Latin punctuation, quotations, numbering, hostile input."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.sentences import split_sentences


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("路通了。桥呢？也通了！", ["路通了。", "桥呢？", "也通了！"]),
        ("真的！！！？？好", ["真的！！！？？", "好"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("“先修路。再架桥。”局长王某说。群众满意。", ["“先修路。再架桥。”局长王某说。", "群众满意。"]),
        (
            "“节用是手段，裕民是目的。”今年6月13日，发出倡议。",
            ["“节用是手段，裕民是目的。”", "今年6月13日，发出倡议。"],
        ),
        ("这就是“谁来管？怎么管？”的问题。", ["这就是“谁来管？怎么管？”的问题。"]),
        ("「好。」她答道。完。", ["「好。」她答道。", "完。"]),
        ("（见附件一。另见附件二。）第二句。", ["（见附件一。另见附件二。）第二句。"]),
        ("新增23条线路……“下一步扩面。”", ["新增23条线路……", "“下一步扩面。”"]),
        ("他想说……，却没有说。", ["他想说……，却没有说。"]),
        (
            "增长3.14%。网址 https://a.cn/x.html?y=1 可查。",
            ["增长3.14%。", "网址 https://a.cn/x.html?y=1 可查。"],
        ),
        ("第3.2.1条适用。见1.5节", ["第3.2.1条适用。", "见1.5节"]),
        ("1. 第一项\n2. 第二项", ["1. 第一项", "2. 第二项"]),
        ("要求：（一）公开；（二）便民；别的不变。", ["要求：（一）公开；", "（二）便民；别的不变。"]),
        ("建成113家。[1][2]下一句。【3】", ["建成113家。[1][2]", "下一句。【3】"]),
        ("Mr. Smith paid $3.50. He left.", ["Mr. Smith paid $3.50.", "He left."]),
        ("e.g. this one. Next, i.e. that.", ["e.g. this one.", "Next, i.e. that."]),
        ('他说:"好。"然后走了.再见', ['他说:"好。"', "然后走了.", "再见"]),
        ("一行\r\n二行\u2028三行", ["一行", "二行", "三行"]),
        ("结束。……", ["结束。……"]),
        ("", []),
        (" \n\u3000\n", []),
        ("。。。", ["。。。"]),
        ("“没有关上。又一句。", ["“没有关上。", "又一句。"]),
    ],
)
def test_split(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_long_quotation_is_split_inside() -> None:
    speech = "“" + "这是一句话，说得很长很长。" * 20 + "”他说。"
    assert len(pieces(speech)) > 10


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="一二他说，。！？；“”「」（）().…\n \"'!?;:abcA1[]2\u3000", max_size=80))
def test_spans_are_ordered_tight_and_cover_everything(text: str) -> None:
    spans = split_sentences(text)
    covered = set()
    last = 0
    for start, end in spans:
        assert last <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert "\n" not in text[start:end]
        covered.update(range(start, end))
        last = end
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)


@pytest.mark.parametrize("unit", ["字", "“", ". ", "。", "“字。", "(", "a.b", "。[1]", "；1.", " "])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    began = time.perf_counter()
    split_sentences(unit * (400_000 // len(unit)))
    assert time.perf_counter() - began < 3.0
