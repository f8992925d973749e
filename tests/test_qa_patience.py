"""What is written on the way to an answer is written only within the patience."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from fakes import ScriptedGenerator

from engine.base import GenerationRequest, Message
from engine.calibration import Speed
from qa.kinds.parts import parts_of
from qa.patience import Patient

ASKED = "单人间和双人间各住几个人"
PARTS = "单人间住几个人\n双人间住几个人"
SLOW = Speed(read=1000.0, written=10.0, load=0.0, of="", when="")


def asked(writer: Patient) -> tuple[str, ...]:
    return parts_of(ASKED, writer, threading.Event())


def test_nothing_is_bounded_where_nobody_measured_the_machine() -> None:
    writer = Patient(ScriptedGenerator({"": PARTS}), 0.001, None)
    assert len(asked(writer)) == len(asked(writer)) == 2


def test_what_takes_longer_than_is_left_is_not_begun() -> None:
    generator = ScriptedGenerator({"": PARTS})
    writer = Patient(generator, 4.0, SLOW)
    assert len(asked(writer)) == 2
    assert len(asked(writer)) == 2
    assert asked(writer) is None  # 20 tokens at 15 a second, and the prompt, three times
    assert len(generator.requests) == 2


def test_what_has_to_be_read_first_counts() -> None:
    generator = ScriptedGenerator({"": PARTS})
    assert asked(Patient(generator, 4.0, replace(SLOW, read=50.0))) is None
    assert not generator.requests


class Kept(ScriptedGenerator):
    """Has read so much of every chat before."""

    def __init__(self, unread: int) -> None:
        super().__init__({"": PARTS})
        self._unread = unread

    def read(self, messages: tuple[Message, ...], cancelled: threading.Event) -> object:
        raise AssertionError("nothing is read here")

    def ahead(self, messages: tuple[Message, ...], cancelled: threading.Event, written: bool = False) -> bool:
        raise AssertionError("nothing is read ahead here")

    def unread(self, messages: Sequence[Message]) -> int:
        return self._unread


def test_what_was_read_before_costs_nothing() -> None:
    slow = replace(SLOW, read=50.0)
    assert len(asked(Patient(Kept(20), 4.0, slow))) == 2
    assert asked(Patient(Kept(200), 4.0, slow)) is None


def test_it_tells_the_generators_name_and_tokens() -> None:
    generator = ScriptedGenerator({"": "好"})
    writer = Patient(generator, 1.0, SLOW)
    assert (writer.name, writer.count_tokens("三个字")) == (generator.name, generator.count_tokens("三个字"))
    request = GenerationRequest((Message("user", "问"),), 8)
    assert "".join(chunk.text for chunk in writer.stream(request)) == "好"
