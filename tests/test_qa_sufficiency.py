"""The question is asked beside the lines that were found, each under its passage's label and nothing else."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from adapter_fakes import Adapted, weighed
from fake_corpus import LEAVE
from fake_engine import passages_of
from fakes import ScriptedGenerator

from index.types import Hit
from qa.context import sentences_of
from qa.rerank import Budget
from qa.sufficiency import TOKENS, told_of_lines

STOP = threading.Event()
HITS = [Hit(passage, LEAVE, 0.5) for passage in passages_of(LEAVE)]
LINES = [line for hit in HITS for line in sentences_of(hit)]


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed(monkeypatch)


@pytest.mark.parametrize("lines", [LINES[:1], [LINES[0], LINES[-1]]], ids=["one", "of two passages"])
def test_the_lines_alone_are_read(lines):
    generator = Adapted()
    told = told_of_lines("年休假有几天", lines, HITS, generator, Budget(TOKENS), STOP)
    assert told is not None and len(told.lines) == len(lines)
    read = generator.chats[-1][-1].content
    assert all((line.text in read) == (line in lines) for line in LINES)


def test_a_passage_that_was_not_found_itself_is_read_too():
    told = told_of_lines("年休假有几天", [LINES[-1]], HITS[:1], Adapted(), Budget(TOKENS), STOP)
    assert told is not None and len(told.lines) == 1


def test_nothing_is_told_without_lines_of_too_many_or_without_an_adapter():
    long = replace(LINES[0], text="很长的一句话。" * TOKENS)
    assert told_of_lines("几天", [], HITS, Adapted(), Budget(TOKENS), STOP) is None
    assert told_of_lines("几天", [long], HITS, Adapted(), Budget(TOKENS), STOP) is None
    assert told_of_lines("几天", LINES[:1], HITS, ScriptedGenerator(), Budget(TOKENS), STOP) is None


def test_what_is_read_is_taken_of_the_budget_and_nothing_beyond_it():
    budget = Budget(TOKENS)
    assert told_of_lines("年休假有几天", LINES[:1], HITS, Adapted(), budget, STOP) is not None
    assert 0 < budget.tokens < TOKENS
    assert told_of_lines("年休假有几天", LINES[:1], HITS, Adapted(), Budget(1), STOP) is None
