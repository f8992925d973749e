"""The draft as it grows; the question of the judge is read once, beside the writing."""

import threading

import pytest
from fakes import ScriptedGenerator
from hit_fakes import hit

import prompts
from errors import Cancelled
from qa.attribution import EvidenceSentence
from qa.clock import Clock
from qa.context import Context
from qa.draft import write_draft
from qa.settings import AnswerSettings

STATION = "全市已建成113家就业驿站，居民可以就近求职。"
ASKED = "建成了多少家就业驿站？"


class Tells(ScriptedGenerator):
    """Also reads; its hidden state is the text that was read last. A cancelled reading tells so."""

    def __init__(self, answers):
        super().__init__(answers)
        self.read_after = []

    def stream(self, request):
        for self.told, chunk in enumerate(super().stream(request), 1):
            yield chunk

    def read(self, messages, cancelled):
        raise AssertionError("what the question is answered by is told character by character")

    def read_at(self, messages, cuts, cancelled):
        assert cuts[-1] == len(messages[-1].content) and len(cuts) == len(ASKED) + 1
        self.read_after.append(self.told)
        return Read(messages[-1].content, cancelled)


class Read:
    def __init__(self, text, cancelled):
        self.text, self.cancelled = text, cancelled

    def state(self):
        if self.cancelled.is_set():
            raise Cancelled("stopped")
        return self.text


def drafts(generator, cancelled=None, style="sentence"):
    found = hit(STATION)
    places = (EvidenceSentence(found.passage, found.document, 0, len(STATION), STATION),)
    context = Context(f"[1] {STATION}", places, (found,), 30)
    settings = AnswerSettings(style=style)
    yield from write_draft(generator, ASKED, context, settings, Clock(), cancelled or threading.Event())


@pytest.mark.parametrize("style", ["sentence", "short"])
def test_the_judge_is_read_once_after_the_first_chunk_and_told_at_the_end(style):
    generator = Tells({"": "全市已建成113家就业驿站。"})
    growing = list(drafts(generator, style=style))
    asked = prompts.chat("judge", evidence=f"[1] {STATION}", question=ASKED)[-1][1]
    assert generator.read_after == [1] and len(growing) > 3
    assert growing[-1].judged == asked and {draft.judged for draft in growing[:-1]} == {None}


def test_what_the_judge_reads_begins_like_what_the_answer_is_written_from():
    parts = [prompts.chat(name, evidence="资料", question=ASKED) for name in ("answer", "judge")]
    (system, answer), (same, judge) = parts
    assert system == same
    common = next(i for i, (a, b) in enumerate(zip(answer[1], judge[1], strict=False)) if a != b)
    assert answer[1][:common].endswith(f"问题：{ASKED}\n\n")


def test_an_engine_that_cannot_read_writes_all_the_same():
    assert list(drafts(ScriptedGenerator({"": "全市已建成113家就业驿站。"})))[-1].judged is None


def test_stopping_does_not_wait_for_the_judge():
    cancelled, generator = threading.Event(), Tells({"": "全市已建成113家就业驿站。"})
    growing = drafts(generator, cancelled)
    next(growing)
    cancelled.set()
    with pytest.raises(Cancelled):
        list(growing)
