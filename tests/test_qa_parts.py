"""Several things asked at once: which parts are taken from what the model writes, what is found for each."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from errors import Cancelled
from index.settings import IndexSettings
from qa.engine import Engine
from qa.gate import Gate
from qa.kinds.parts import parts_of
from qa.settings import AnswerSettings, EngineSettings
from qa.types import Answer
from qa.unwritten import Unwritten

ASKED = "商务车和电瓶车一个月各多少钱"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("商务车一个月多少钱\n电瓶车一个月多少钱", ("商务车一个月多少钱", "电瓶车一个月多少钱")),
        ("商务车一个月多少钱", ()),
        ("商务车一个月多少钱\n商务车一个月多少钱", None),
        ("商务车的保险由谁承担\n电瓶车的充电费怎么算", None),
        ("商务车多少钱\n钱", None),
        ("\n".join(f"商务车一个月{'各' * n}多少钱" for n in range(5)), None),
        ("", None),
    ],
    ids=["two", "one", "twice the same", "other words", "too short", "too many", "nothing"],
)
def test_only_questions_of_the_questions_own_words_are_parts(
    written: str, parts: tuple[str, ...] | None
) -> None:
    assert parts_of(ASKED, ScriptedGenerator({"": written}), threading.Event()) == parts


def test_a_stopped_question_is_not_taken_apart() -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Cancelled):
        parts_of(ASKED, ScriptedGenerator({"": "商务车\n电瓶车"}), stopped)


FLEET = """# 租车合同

第一条 商务车每月租金6800元，限3000公里。

第二条 雨天出车须减速慢行，驾驶员不得饮酒。

第三条 电瓶车每月租金3900元，限2500公里。
"""
WRITTEN = "商务车一个月多少钱\n电瓶车一个月多少钱"


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ({"商务车一个月多少钱": ("6800",), "电瓶车一个月多少钱": ("3900",)}, ["6800元", "3900元"]),
        ({"商务车一个月多少钱": ("6800",), ASKED: ("6800",)}, ["6800元"]),
    ],
    ids=["each part", "one part is not told, as it was"],
)
def test_each_part_is_searched_and_answered(
    tmp_path: Path, known: dict[str, tuple[str, ...]], shown: list[str]
) -> None:
    reader = ScriptedReader({ASKED: "compare"}, answers=known)
    generator = ScriptedGenerator({"": WRITTEN})
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data", index=IndexSettings()),
        encoder=FakeEncoder(),
        generator=generator,
        reader=reader,
    )
    (tmp_path / "fleet.md").write_text(FLEET, "utf-8")
    engine.add([tmp_path / "fleet.md"])
    answer = engine.answer(ASKED)
    text = "".join(sentence.text for sentence in answer.sentences)
    assert not answer.refused and [value for value in ("6800元", "饮酒", "3900元") if value in text] == shown


@pytest.mark.parametrize(
    ("written", "kind"), [(ASKED, "fact"), (WRITTEN, "multi"), ("一共要花几个钱呢\n什么车", "multi")]
)
def test_what_is_told_to_ask_one_thing_is_answered_as_a_fact(tmp_path: Path, written: str, kind: str) -> None:
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data", index=IndexSettings()),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator({"": written}),
        reader=ScriptedReader({ASKED: "multi"}, answers={ASKED: ("6800",)}),
    )
    (tmp_path / "fleet.md").write_text(FLEET, "utf-8")
    engine.add([tmp_path / "fleet.md"])
    assert engine.answer(ASKED).kind == kind


@pytest.mark.parametrize(
    ("typed", "told"), [("去年呢", "count"), ("剩多少的时候会催我补", "none")], ids=["elliptic", "a question"]
)
def test_what_a_follow_up_computes_is_told_by_its_own_words(typed: str, told: str) -> None:
    """Of a word or two by the question before as well."""
    query = f"今年一共几个班：{typed}"
    reader = ScriptedReader(operations={query: ("count", "none")})
    unwritten = Unwritten(ScriptedGenerator(), Gate(0.35), AnswerSettings(), reader)
    assert unwritten.operation(Answer(typed, query, kind="fact")).what == told


@pytest.mark.parametrize(("carried", "shown"), [({"限多少公里": ()}, True), ({}, False)])
def test_a_part_that_does_not_stand_alone_is_asked_after_the_first(
    tmp_path: Path, carried: dict[str, tuple[str, ...]], shown: bool
) -> None:
    asked = "电瓶车多少钱，限多少公里"
    known = {"电瓶车多少钱": ("3900",), asked: ("2500",), "限多少公里": ("3000",)}
    reader = ScriptedReader({asked: "multi"}, carried, answers=known)
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data", index=IndexSettings()),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator({"": "电瓶车多少钱\n限多少公里"}),
        reader=reader,
    )
    (tmp_path / "fleet.md").write_text(FLEET, "utf-8")
    engine.add([tmp_path / "fleet.md"])
    text = engine.answer(asked).text
    assert "3900元" in text and ("6800元" not in text) == shown
