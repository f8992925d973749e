"""Documents that another one says are replaced: which are named, and what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from engine.base import Message
from engine.calibration import Speed
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


ASKED, AGAIN, NEW = "东棚浇灌从几点开始", "东棚几点浇灌", "关于调整夜间浇灌的通知"


class Keeping(ScriptedGenerator):
    """Keeps what it reads ahead; a chat costs a hundred tokens."""

    def read(self, messages: tuple[Message, ...], cancelled: threading.Event) -> None:  # type: ignore[return]
        raise AssertionError("told is scripted")

    def unread(self, messages: tuple[Message, ...], begin: int | None = None) -> int:
        return 100

    def ahead(self, messages: tuple[Message, ...], cancelled: threading.Event, written: bool = False) -> bool:
        return True


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The sentences that were read, with the name in each, all of which say that it is replaced."""
    found: list[tuple[str, str]] = []

    def told(
        name: str, chats: Sequence[Mapping[str, str]], generator: object, cancelled: threading.Event
    ) -> list[dict[str, float]]:
        found.extend((chat["sentence"], chat["named"]) for chat in chats)
        return [{"yes": 1.0, "no": 0.0} for _ in chats]

    monkeypatch.setattr("qa.editions.told", told)
    monkeypatch.setattr("qa.editions.tells", lambda name, generator: True)
    return found


def opened(tmp_path: Path) -> Engine:
    (tmp_path / "a.md").write_text(f"# {OLD}\n\n2020年3月1日\n\n东棚浇灌从21点开始。\n", "utf-8")
    later = f"# {NEW}\n\n2021年3月1日\n\n《{OLD}》同时废止。\n\n东棚浇灌从20点开始。\n"
    (tmp_path / "b.md").write_text(later, "utf-8")
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        generator=Keeping(),
        encoder=FakeEncoder(),
        reader=ScriptedReader(answers={ASKED: ("从21点开始", "从20点开始"), AGAIN: ("从20点开始",)}),
    )
    engine.add([tmp_path / "a.md", tmp_path / "b.md"])
    return engine


def documents(engine: Engine, question: str = ASKED) -> set[str]:
    return {found.document for found in engine.answer(question).retrieved}


SAID = [(f"《{OLD}》同时废止。", OLD)]


def test_an_answer_is_made_of_what_is_in_force(tmp_path: Path, read: list[tuple[str, str]]) -> None:
    """What was told of a sentence is not asked again, neither by the next question nor after a restart."""
    engine = opened(tmp_path)
    assert documents(engine) == {NEW} and read == SAID
    assert documents(engine, AGAIN) == {NEW} and documents(opened(tmp_path), "东棚浇灌") == {NEW}
    assert read == SAID


def test_a_sentence_that_says_no_such_thing_leaves_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.editions.tells", lambda name, generator: True)
    monkeypatch.setattr("qa.editions.told", lambda name, chats, *_: [{"yes": 0.4, "no": 0.6} for _ in chats])
    assert documents(opened(tmp_path)) == {OLD, NEW}


def test_a_model_of_which_no_probe_knows_is_not_asked(tmp_path: Path) -> None:
    assert documents(opened(tmp_path)) == {OLD, NEW}, "it would raise"


def test_it_is_read_before_anybody_asks(tmp_path: Path, read: list[tuple[str, str]]) -> None:
    engine = opened(tmp_path)
    while engine.read_ahead(threading.Event()):
        pass
    assert read == SAID
    assert documents(engine) == {NEW} and read == SAID


def test_what_would_take_too_long_is_left_unread_and_the_answer_is_not_kept(
    tmp_path: Path, read: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine of 60 tokens a second reads 180 within the patience, half of it for this."""
    slow = Speed(60, 10, 0, "this", "now")
    engine = opened(tmp_path)
    monkeypatch.setattr(engine, "_speed", lambda: slow)
    assert documents(engine) == {OLD, NEW} and not read and engine.known(ASKED) is None
    monkeypatch.setattr(engine, "_speed", lambda: replace(slow, judged=90))
    assert documents(engine) == {NEW} and read == SAID and engine.known(ASKED) is not None
