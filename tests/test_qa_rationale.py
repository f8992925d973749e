"""Lines that were found are weighed against what is left of their passages, and mended by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from adapter_fakes import Adapted, weighed
from fake_corpus import LEAVE
from fake_engine import passages_of
from fakes import ScriptedGenerator

from engine.base import Generator
from index.types import Hit
from qa.attribution import EvidenceSentence
from qa.context import sentences_of
from qa.kinds.extract import Extract
from qa.rationale import MARGIN, NOTHING, TOKENS, Rationale, Weighed
from qa.rerank import Budget

STOP = threading.Event()
HITS = [Hit(passage, LEAVE, 0.5) for passage in passages_of(LEAVE)]
LINES = [line for hit in HITS for line in sentences_of(hit)]
FIRST = [line for line in LINES if line.passage == LINES[0].passage]


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed(monkeypatch)


def rationale(generator: Generator, tokens: int = 9 * TOKENS, hits: Sequence[Hit] = HITS) -> Rationale:
    return Rationale("年休假有几天", hits, {}, generator, Budget(tokens), STOP)


def found(*lines: EvidenceSentence, fallen: bool = False) -> Extract:
    return Extract(lines, 0.9, 0.9, 1.0, lines[0], (lines[0].start, lines[0].end), fallen=fallen)


def saying(values: dict[str, float]) -> Callable[[str], Sequence[float]]:
    """Log-odds that material answers: the largest of those of the texts that it holds."""
    return lambda text: (max((value for said, value in values.items() if said in text), default=-5.0), 0, 0)


def test_the_corpus_has_a_passage_of_several_sentences():
    assert len(FIRST) > 1


def test_the_lines_are_read_alone_and_then_what_is_left_of_their_passages():
    generator = Adapted()
    told = rationale(generator).weighed([FIRST[0]])
    assert told.lines is not None and len(told.lines.lines) == 1
    alone, left = (chat[-1].content for chat in generator.chats)
    assert [line for line in LINES if line.text in alone] == [FIRST[0]]
    assert [line for line in LINES if line.text in left] == FIRST[1:] == list(told.rest)


def test_lines_of_two_passages_are_read_together():
    generator = Adapted()
    assert rationale(generator).weighed([LINES[0], LINES[-1]]).lines is not None
    assert all(line.text in generator.chats[0][-1].content for line in (LINES[0], LINES[-1]))


def test_a_passage_that_was_not_found_itself_is_read_too():
    told = rationale(Adapted(), hits=HITS[:1]).weighed([LINES[-1]])
    assert told.lines is not None


def test_of_a_passage_that_is_shown_whole_nothing_is_left():
    told = rationale(Adapted()).weighed(FIRST)
    assert told.rest == () and told.odds == NOTHING


@pytest.mark.parametrize(
    ("lines", "generator"),
    [
        ([], Adapted()),
        ([replace(LINES[0], text="很长的一句话。" * TOKENS)], Adapted()),
        (LINES[:1], ScriptedGenerator()),
    ],
    ids=["no lines", "too many", "no adapter"],
)
def test_nothing_is_told(lines: list[EvidenceSentence], generator: Generator):
    assert rationale(generator).weighed(lines) == Weighed()


def test_what_is_read_is_taken_of_the_budget_and_nothing_beyond_it():
    one = rationale(Adapted(), TOKENS)
    assert one.weighed(FIRST[:1]).lines is not None and 0 < one.budget.tokens < TOKENS
    assert rationale(Adapted(), 1).weighed(FIRST[:1]) == Weighed()


def test_what_is_left_and_was_not_read_is_not_taken_for_nothing():
    generator = Adapted()
    enough = Budget(TOKENS)
    Rationale("年休假有几天", HITS, {}, generator, enough, STOP).weighed(
        FIRST
    )  # nothing left: the lines alone
    alone = rationale(generator, TOKENS - enough.tokens).weighed(FIRST[:1])
    assert alone.lines is not None and alone.left is None and alone.odds is None


@pytest.mark.parametrize("fallen", [False, True])
def test_a_line_that_is_left_and_answers_takes_the_place_of_one_that_does_not(fallen: bool):
    generator = Adapted(saying({FIRST[0].text: -2.0, FIRST[1].text: 4.0}), line=FIRST[1].text)
    mended, told = rationale(generator).whole(found(FIRST[0], fallen=fallen))
    assert mended.lines == ((FIRST[0],) if fallen else (FIRST[1],))
    assert mended.best in mended.lines and (fallen or told.margin >= MARGIN)
    assert mended.best.start <= mended.span[0] < mended.best.end


def test_a_line_that_is_left_joins_those_that_answer_only_with_it():
    def says(text: str) -> Sequence[float]:
        own = [line.text in text for line in FIRST[:2]]
        return (5.0 if all(own) else 1.0 if any(own) else -5.0, 0, 0)

    mended, _ = rationale(Adapted(says, line=FIRST[1].text)).whole(found(FIRST[0]))
    assert mended.lines == (FIRST[0], FIRST[1]) and mended.best == FIRST[0]


def test_lines_stay_where_what_is_left_answers_less_or_nothing_is_better():
    sure = Adapted(saying({FIRST[0].text: 4.0, FIRST[1].text: 1.0}), line=FIRST[1].text)
    assert rationale(sure).whole(found(FIRST[0]))[0].lines == (FIRST[0],)
    none = Adapted(saying({line.text: 2.0 for line in FIRST}), line=FIRST[1].text)
    many = rationale(none).whole(found(FIRST[0]))[0].lines
    assert FIRST[0] in many


def test_a_sentence_too_long_to_be_read_is_not_taken_for_nothing():
    long = "很长的一句话" * TOKENS + "。"
    document = replace(LEAVE, text=f"第一句。{long}")
    passage = replace(FIRST[0].passage, text=document.text, start=0, end=len(document.text))
    hits = [Hit(passage, document, 0.5)]
    told = rationale(Adapted(), hits=hits).weighed(sentences_of(hits[0])[:1])
    assert told.lines is not None and told.rest == () and not told.whole and told.odds is None


def test_as_much_of_what_is_left_is_read_as_the_budget_holds():
    long = "".join(f"第{n}项要在三个工作日以内办完。" for n in range(40))
    passage = replace(FIRST[0].passage, text=long, start=0, end=len(long))
    hits = [Hit(passage, replace(LEAVE, text=long), 0.5)]
    few, many = (
        len(rationale(Adapted(), tokens, hits).weighed(sentences_of(hits[0])[:1]).rest)
        for tokens in (120, 900)
    )
    assert 0 < few < many


def test_of_several_lines_that_join_at_once_those_that_are_not_needed_go() -> None:
    first, needed, beside = next(own for hit in HITS if len(own := sentences_of(hit)) == 3)

    def says(text: str) -> Sequence[float]:
        if first.text in text and needed.text in text:
            return (5.0, 0, 0)
        return (1.0 if first.text in text or needed.text in text else -5.0, 0, 0)

    mended, told = rationale(Adapted(says)).whole(found(first))
    assert mended.lines == (first, needed) and told.margin >= MARGIN and beside in told.rest
