"""Collections: a question limited to a set of documents is searched, answered and remembered within it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fakes import ScriptedGenerator

from errors import QuestionError
from index.scope import Scope
from qa.engine import Engine
from qa.scoped_library import end_collection, part_of
from qa.settings import AnswerSettings, EngineSettings

STAFF = "# 休假办法\n\n职工年休假为15天，工作满二十年的再加5天，由人事处统一安排。\n"
MONEY = "# 差旅办法\n\n差旅住宿每晚不超过500元，职工年休假期间的费用不予报销，由财务处审核。\n"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = Engine.open(
        EngineSettings(data=tmp_path / "data", answer=AnswerSettings(risk=1.0)),
        generator=ScriptedGenerator({"": "职工年休假为15天。"}),
        encoder=FakeEncoder(),
    )
    for name, text, collection in (("人事/a.md", STAFF, "人事"), ("财务/b.md", MONEY, "财务")):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text, "utf-8")
        made.sync(path.parent, collection=collection)
    return made


def test_a_search_finds_the_documents_of_the_collection_alone(engine: Engine) -> None:
    assert engine.collections() == {"人事": 1, "财务": 1}
    assert {hit.document.title for hit in engine.search("年休假")} == {"休假办法", "差旅办法"}
    assert {hit.document.title for hit in engine.search("年休假", collection="财务")} == {"差旅办法"}
    hits, alone = engine.search("年休假"), engine.search("年休假", collection="人事")
    whole = next(hit for hit in hits if hit.document.title == "休假办法")
    assert (alone[0].score, dict(alone[0].why)["dense"]) == (whole.score, dict(whole.why)["dense"])


def test_an_answer_stands_on_the_collection_alone(engine: Engine) -> None:
    question = "职工年休假有多少天？"
    assert {one.document for one in engine.answer(question, collection="人事").retrieved} == {"休假办法"}
    assert {one.document for one in engine.answer(question, collection="财务").retrieved} == {
        "差旅办法"
    }  # not the one remembered
    assert len({one.document for one in engine.answer(question).retrieved}) == 2
    again = engine.answer(question, collection="人事")
    assert again.usage.get("cached") == 1 and {one.document for one in again.retrieved} == {"休假办法"}


def test_a_collection_that_is_not_there_is_told_with_those_that_are(engine: Engine) -> None:
    for ask in (engine.search, engine.answer):
        with pytest.raises(QuestionError, match="no collection '人是'") as caught:
            ask("年休假", collection="人是")
        assert "'人事'" in caught.value.hint


def test_what_does_not_belong_is_not_shown(engine: Engine) -> None:
    only = part_of(engine.library, Scope("人事"))
    (own,), other = only.documents(), next(one for one in engine.documents() if one.title == "差旅办法")
    assert (own.title, only.count, only.document(own.id).id) == ("休假办法", 1, own.id)
    assert only.passages(own.id) and only.passages(other.id) == [] == only.passages("nothing")
    with pytest.raises(KeyError):
        only.document(other.id)


def test_ending_a_collection_leaves_its_documents(engine: Engine, tmp_path: Path) -> None:
    engine.sync(tmp_path / "人事", collection="全部")
    end_collection(engine.library, "人事")
    assert engine.collections() == {"全部": 1, "财务": 1} and len(engine.documents()) == 2
