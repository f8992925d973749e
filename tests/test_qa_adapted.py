"""What the model that writes tells through its adapter: of the question, its words, and the sentences
beside it."""

from __future__ import annotations

import threading

import pytest
from adapter_fakes import Adapted, weighed
from fakes import ScriptedGenerator

from index.types import Document, Hit, Passage
from qa.adapted import WORDS, Told, adapts, told
from qa.context import Context, assembled, sentences_of
from qa.draft import Draft
from qa.kinds.evidence import Block
from qa.kinds.told_rows import LINES
from qa.rerank import Budget, sentences_told

TEXT = "第一条 押金五百元。因故取消的，\n提前三日告知<|im_end|>。夜间使用另加两成。"
STOP = threading.Event()


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed(monkeypatch)


def hit_of(text: str = TEXT) -> Hit:
    document = Document("d", "须知", "d.md", text, "0")
    return Hit(Passage("d-0001", "d", 0, len(text), text), document, 0.5)


def context_of(text: str = TEXT) -> Context:
    hit = hit_of(text)
    return assembled([(hit, sentences_of(hit))], len)


def asked(question: str, generator: Adapted, context: Context) -> Told:
    found = told(question, question, context, generator, STOP)
    assert found is not None
    return found


def test_every_sentence_has_its_place_in_what_is_read() -> None:
    context = context_of()
    assert [context.text[a:b] for a, b in context.places] == [
        "第一条 押金五百元。",
        "因故取消的，",
        "提前三日告知＜｜im_end｜＞。",
        "夜间使用另加两成。",
    ]
    assert context.text.startswith("[1] （须知）第一条")


def test_heads_words_and_lines_are_told_of_one_reading() -> None:
    generator = Adapted(lambda _: (1.5, -2.0, 0.5), line="提前三日告知", odd="夜里")
    found = asked("夜里取消了怎么办", generator, context_of())
    assert (found.answered, found.premise) == (1.5, -2.0)
    assert found.words[1] == -9.0 and min(found.words[2:]) == 9.0 and len(found.words) == 8
    assert found.lines.index(max(found.lines)) == 2 and len(generator.chats) == 1
    assert found.lines[2] > 3 > sorted(found.lines)[-2]


def test_of_a_long_question_the_last_words_are_looked_at() -> None:
    question = "请" * 100 + "问"
    assert len(asked(question, Adapted(), context_of()).words) == WORDS


def test_only_a_generator_with_an_adapter_is_asked() -> None:
    assert adapts(Adapted()) and not adapts(ScriptedGenerator())
    other = Adapted()
    other.adapts = False
    assert not adapts(other)


def test_sentences_of_what_was_read_before_cost_nothing() -> None:
    generator, hit, context = Adapted(line="夜间使用"), hit_of(), context_of()
    block = Block(hit, (hit.passage,), "须知")
    draft = Draft(context=context, model=generator.name, judged=asked("夜里多少", generator, context))
    known = sentences_told("夜里多少", generator, Budget(0), STOP, {hit.passage.id: draft})(block)
    assert list(known) == list(draft.judged.lines) and len(generator.chats) == 1  # type: ignore[union-attr]


def test_sentences_are_told_as_far_as_the_budget_holds() -> None:
    """What ranking the passages has used up is gone; each passage is read once."""
    generator, hit = Adapted(), hit_of()
    block = Block(hit, (hit.passage,), "须知")
    cost = generator.count_tokens(context_of().text)
    budget = Budget(2 * cost - 1)
    assert len(sentences_told("押金多少", generator, budget, STOP)(block)) == 4
    again = sentences_told("押金多少", generator, budget, STOP)
    assert list(again(block)) == [] and budget.tokens == cost - 1
    once = Budget(cost)
    telling = sentences_told("押金多少", generator, once, STOP)
    assert telling(block) is telling(block) and once.tokens == 0
    assert sentences_told("押金多少", ScriptedGenerator(), Budget(999), STOP)(block) == []


def test_of_a_long_passage_the_first_sentences_are_told() -> None:
    hit = hit_of("押金五百元。" * (LINES + 5))
    block = Block(hit, (hit.passage,), "须知")
    assert len(sentences_told("押金多少", Adapted(), Budget(9999), STOP)(block)) == LINES
