"""A repeated question is answered from the cache, and only the very same one."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from qa.cache import KEPT, AnswerCache, Table, code_version, key
from qa.types import Answer, Sentence

ANSWER = Answer("建成几家驿站？", "建成几家驿站？", "done", (Sentence("113家。", "supported"),), id="1")
STATE = ("gen-1", "model", "prompts", "settings")


def test_found_again_for_the_same_question_and_state(tmp_path):
    cache = AnswerCache(tmp_path / "c" / "answers.sqlite")
    assert cache.get(ANSWER.query, *STATE) is None
    cache.put(ANSWER, *STATE)
    assert cache.get("建成几家驿站", *STATE) == ANSWER
    assert cache.get(" 建成幾家驛站? ", *STATE) == ANSWER


@pytest.mark.parametrize(
    "other",
    ["查处了几家驿站？", "建成几家车站？", "建成几家驿站了？", "2025年建成几家驿站？", "北京建成几家驿站？"],
)
def test_another_question_is_another(tmp_path, other):
    cache = AnswerCache(tmp_path / "answers.sqlite")
    cache.put(ANSWER, *STATE)
    assert cache.get(other, *STATE) is None


@pytest.mark.parametrize("changed", range(len(STATE)))
def test_any_change_of_state_makes_it_new(tmp_path, changed):
    cache = AnswerCache(tmp_path / "answers.sqlite")
    cache.put(ANSWER, *STATE)
    state = [s + "!" if i == changed else s for i, s in enumerate(STATE)]
    assert cache.get(ANSWER.query, *state) is None


def test_another_version_of_the_code_answers_anew(tmp_path, monkeypatch):
    from fake_encoder import FakeEncoder
    from fakes import ScriptedGenerator

    from qa.engine import Engine
    from qa.settings import EngineSettings

    engine = Engine.open(EngineSettings(data=tmp_path), generator=ScriptedGenerator(), encoder=FakeEncoder())
    before = engine._state()
    monkeypatch.setattr("qa.engine.code_version", lambda: "another")
    assert engine._state() != before and len(code_version()) == 12


def test_numbers_are_not_run_together():
    assert key("3.5万") != key("35万") and key("-5度") != key("5度")


def test_a_damaged_file_is_started_anew(tmp_path):
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"not a database" * 100)
    cache = AnswerCache(path)
    assert cache.get(ANSWER.query, *STATE) is None
    cache.put(ANSWER, *STATE)
    assert cache.get(ANSWER.query, *STATE) == ANSWER


def test_a_disk_that_cannot_be_written_does_no_harm(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x")
    AnswerCache(blocked / "answers.sqlite").put(ANSWER, *STATE)


def test_the_oldest_go_when_there_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr("qa.cache.KEPT", 3)
    cache = AnswerCache(tmp_path / "answers.sqlite")
    for n in range(5):
        cache.put(Answer(f"问题{n}", f"问题{n}", "done"), *STATE)
    assert [cache.get(f"问题{n}", *STATE) is not None for n in range(5)] == [False, False, True, True, True]
    assert KEPT > 100


def test_tables_of_one_file_know_nothing_of_each_other(tmp_path):
    one, other = (Table(tmp_path / "c" / "answers.sqlite", name) for name in ("one", "other"))
    assert one.get("a") == {}
    one.put({"a": "yes", "b": "no"}, 10)
    assert one.get("a", "b", "c") == {"a": "yes", "b": "no"} and other.get("a", "b") == {}
    one.put({"c": "no"}, 2)
    assert len(one.get("a", "b", "c")) == 2 and one.get("c")


def test_threads_do_not_disturb_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr("qa.cache.WAIT", 200.0)  # a busy disk must not look like a lost answer
    cache = AnswerCache(tmp_path / "answers.sqlite")
    at_once = threading.Barrier(4)

    def work(n):
        at_once.wait()
        for i in range(10):
            cache.put(Answer(f"{n}-{i}", f"{n}-{i}", "done"), *STATE)
            assert cache.get(f"{n}-{i}", *STATE) is not None

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert all(cache.get(f"{n}-{i}", *STATE) for n in range(4) for i in range(10))


def test_a_file_that_another_writes_for_long_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setattr("qa.cache.WAIT", 0.0)
    cache = AnswerCache(tmp_path / "answers.sqlite")
    cache.put(ANSWER, *STATE)
    with closing(sqlite3.connect(cache.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        cache.put(Answer("另一问", "另一问", "done"), *STATE)
    assert cache.get("另一问", *STATE) is None and cache.get(ANSWER.query, *STATE) == ANSWER


def test_the_engine_answers_a_repeated_question_without_the_generator(tmp_path):
    from fake_encoder import FakeEncoder
    from fakes import ScriptedGenerator

    from qa.engine import Engine
    from qa.settings import AnswerSettings, EngineSettings

    source = tmp_path / "a.md"
    source.write_text(
        "# 就业\n\n全市已建成113家就业驿站，居民可以就近求职，企业也可以在这里发布岗位并现场招人。\n", "utf-8"
    )
    generator = ScriptedGenerator({"": "全市已建成113家就业驿站。"})
    settings = EngineSettings(data=tmp_path / "data", answer=AnswerSettings(risk=1.0))
    engine = Engine.open(settings, generator=generator, encoder=FakeEncoder())
    engine.add([source])
    first = engine.answer("建成了多少家就业驿站？")
    again = engine.answer("建成了多少家就业驿站")
    assert len(generator.requests) == 1
    assert (again.sentences, again.usage["cached"], again.id != first.id) == (first.sentences, 1, True)
    source.write_text(
        "# 就业\n\n全市已建成120家就业驿站，居民可以就近求职，企业也可以在这里发布岗位并现场招人。\n", "utf-8"
    )
    engine.add([source])
    assert (
        "113" not in engine.answer("建成了多少家就业驿站？").text
    )  # the scripted 113 is no longer borne out
    assert len(generator.requests) == 2
