"""Documents that another one says are replaced: which are named, and what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from index.types import Document
from qa.editions import LONGEST, mentions
from qa.engine import Engine
from qa.settings import EngineSettings

OLD = "关于夜间浇灌的通知"


def document(title: str, text: str = "", published: str | None = None, number: str = "") -> Document:
    name = f"{title} {published}"
    meta = {"number": number} if number else {}
    return Document(name, title, name, f"{title}\n{text}", name, published, meta=meta)


def named(*documents: Document) -> list[tuple[str, str]]:
    return [(m.old, m.said[2]) for m in mentions(documents, documents)]


@pytest.mark.parametrize(
    ("title", "sentence", "name"),
    [
        (OLD, f"《{OLD}》同时废止。", OLD),
        (f"关于印发《{OLD}》的办法", f"《{OLD}》同时废止。", OLD),
        (
            "关于苗圃夜间浇灌安排的通知",
            "《关于苗圃夜间浇灌的安排的通知》同时废止。",
            "关于苗圃夜间浇灌的安排的通知",
        ),
        ("苗圃浇灌暂行规定", "苗圃浇灌暂行规定不再执行。", "苗圃浇灌暂行规定"),
    ],
)
def test_a_document_is_named_by_its_title_or_nearly(title: str, sentence: str, name: str) -> None:
    old = document(title, published="2020-05-01")
    new = document("苗圃管理新规", sentence, "2024-05-01")
    assert named(old, new) == [(old.id, name)]


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("西区浇灌管理规定", "《东区浇灌管理规定》同时废止。"),
        ("2019年苗圃浇灌工作安排", "《2020年苗圃浇灌工作安排》同时废止。"),
        ("苗圃浇灌管理规定", "《苗圃浇灌管理规定实施细则》同时废止。"),
        ("通知", "《通知》同时废止。"),
    ],
)
def test_another_name_is_another_document(title: str, sentence: str) -> None:
    old = document(title, published="2018-05-01")
    assert named(old, document("苗圃管理新规", sentence, "2024-05-01")) == []


def test_a_document_is_named_by_its_number_and_of_one_title_by_its_date() -> None:
    old = document("浇灌办法甲", published="2020-05-01", number="苗发〔2020〕7号")
    assert named(old, document("新规", "苗发〔2020〕7号文件不再执行。", "2024-05-01")) == [
        (old.id, "苗发〔2020〕7号")
    ]
    two = [document(OLD, "旧", "2020-03-01"), document(OLD, "旧", "2021-03-01")]
    new = document("新规", f"2021年3月1日印发的《{OLD}》同时废止。", "2024-05-01")
    assert named(*two, new) == [(two[1].id, OLD)]


def test_nothing_replaces_what_came_later_or_itself() -> None:
    old, new = document(OLD, f"《{OLD}》同时废止。", "2020-03-01"), document(OLD, "新", "2021-03-01")
    assert named(old, new) == []
    same = f"{'甲' * LONGEST}，《{OLD}》同时废止。"
    (mention,) = mentions([old], [document("新规", same, "2022-01-01")])
    assert len(mention.said[1]) == LONGEST and OLD in mention.said[1]


@pytest.mark.parametrize("replaced", [True, False])
def test_an_answer_is_made_of_what_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    """What was told of a sentence is not asked again."""
    read: list[Mapping[str, str]] = []

    def told(
        name: str, chats: Sequence[Mapping[str, str]], generator: object, cancelled: threading.Event
    ) -> list[dict[str, float]]:
        read.extend(chats)
        return [{"yes": float(replaced), "no": float(not replaced)} for _ in chats]

    monkeypatch.setattr("qa.editions.told", told)
    (tmp_path / "a.md").write_text(f"# {OLD}\n\n2020年3月1日\n\n东棚浇灌从21点开始。\n", "utf-8")
    later = f"# 关于调整夜间浇灌的通知\n\n2021年3月1日\n\n《{OLD}》同时废止。\n\n东棚浇灌从20点开始。\n"
    (tmp_path / "b.md").write_text(later, "utf-8")
    asked = "东棚浇灌从几点开始"
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        generator=ScriptedGenerator(),
        encoder=FakeEncoder(),
        reader=ScriptedReader(answers={asked: ("从21点开始", "从20点开始"), "东棚几点浇灌": ("从20点开始",)}),
    )
    engine.add([tmp_path / "a.md", tmp_path / "b.md"])
    answer = engine.answer(asked)
    assert {r.document for r in answer.retrieved} >= ({"关于调整夜间浇灌的通知"} if replaced else {OLD})
    assert (OLD in {r.document for r in answer.retrieved}) is not replaced
    engine.answer("东棚几点浇灌")
    assert [(chat["sentence"], chat["named"]) for chat in read] == [(f"《{OLD}》同时废止。", OLD)]
