"""The draft as it grows; the question is asked of the material once, when it is written."""

import threading

import pytest
from adapter_fakes import Adapted, weighed
from fakes import ScriptedGenerator
from hit_fakes import hit

import prompts
from errors import Cancelled
from qa.clock import Clock
from qa.context import assembled, sentences_of
from qa.draft import write_draft
from qa.settings import AnswerSettings

STATION = "全市已建成113家就业驿站，居民可以就近求职。"
ASKED = "建成了多少家就业驿站？"


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    weighed(monkeypatch)


def tells():
    return Adapted(lambda _: (2.0, 0.0, 0.0), answers={"": "全市已建成113家就业驿站。"})


def drafts(generator, cancelled=None, style="sentence"):
    found = hit(STATION)
    context = assembled([(found, sentences_of(found))], len)
    settings = AnswerSettings(style=style)
    yield from write_draft(generator, ASKED, context, settings, Clock(), cancelled or threading.Event())


@pytest.mark.parametrize("style", ["sentence", "short"])
def test_the_question_is_asked_once_of_the_material_and_told_at_the_end(style):
    generator = tells()
    growing = list(drafts(generator, style=style))
    assert len(generator.chats) == 1 and len(growing) > 3
    assert growing[-1].judged.answered == 2.0 and {draft.judged for draft in growing[:-1]} == {None}


def test_what_the_judge_reads_begins_like_what_the_answer_is_written_from():
    parts = [prompts.chat(name, evidence="资料", question=ASKED) for name in ("answer", "judge")]
    (system, answer), (same, judge) = parts
    assert system == same
    assert answer[1].startswith(judge[1]) and judge[1].endswith(f"问题：{ASKED}")


def test_an_engine_that_cannot_read_writes_all_the_same():
    assert list(drafts(ScriptedGenerator({"": "全市已建成113家就业驿站。"})))[-1].judged is None


def test_stopping_does_not_wait_for_the_judge():
    cancelled, generator = threading.Event(), tells()
    growing = drafts(generator, cancelled)
    next(growing)
    cancelled.set()
    with pytest.raises(Cancelled):
        list(growing)
