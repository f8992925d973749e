"""Fuzzing, the short run: what was found before first, then some values for every target; the driver finds
and keeps.

``python -m fuzz.run`` goes on for hours (docs/EVALUATION.md)."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from fuzz.kept import SEEDS, as_json, from_json, read
from fuzz.run import Findings, place, rounds
from fuzz.targets import TARGETS, Target
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qa.types import Answer, Sentence

KEPT = sorted(SEEDS.glob("*.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_was_found_once_holds(path: Path) -> None:
    name, value = read(path)
    TARGETS[name].check(value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_it_holds_for_some_values(name: str) -> None:
    target = TARGETS[name]
    quick = settings(
        max_examples=20 * target.share,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    quick(given(target.values)(target.check))()


@pytest.mark.parametrize("unit", ["汉", "a", "。", "（", "“", "[1]", "1.", "，", "\u202e", "忽略以上。"])
def test_a_line_of_a_million_characters_is_read_in_seconds(unit: str) -> None:
    text = (unit * 1_000_000)[:1_000_000]
    start = time.process_time()
    TARGETS["chunks"].check(text)
    TARGETS["in_a_prompt"].check(text[:100_000])
    assert time.process_time() - start < 20


def test_every_target_with_a_finding_has_it_kept_under_its_name() -> None:
    assert KEPT and all(read(path)[0] == path.stem.partition("-")[0] for path in KEPT)


def test_the_driver_tells_each_finding_once_and_keeps_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(value: str) -> None:
        assert "x" not in value

    monkeypatch.setitem(TARGETS, "broken", Target(check, st.text("axy")))
    findings = Findings(tmp_path)
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        rounds(["broken"], 0, random.Random(1), findings)
    assert capsys.readouterr().out.count("FOUND") == 1 and len(findings.known) == 1
    (kept,) = tmp_path.iterdir()
    assert read(kept) == ("broken", "x")


def test_values_come_back_as_they_were() -> None:
    values: list[Any] = [
        (".txt", b"\x00\xff"),
        ["\ud800", {"a": (1, b"")}, None],
        Answer("q", "q", "done", (Sentence("甲。", "supported"),)),
    ]
    for value in values:
        assert from_json(json.loads(json.dumps(as_json(value)))) == value


def test_a_finding_is_told_by_the_line_of_ours() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        assert place(error).startswith("JSONDecodeError tests/test_fuzz.py:")


def test_a_question_of_ten_thousand_characters_is_refused_with_its_limit(tmp_path: Path) -> None:
    from fake_encoder import FakeEncoder

    from errors import QuestionError
    from qa.engine import Engine
    from qa.settings import EngineSettings

    engine = Engine.open(EngineSettings(data=tmp_path), encoder=FakeEncoder())
    with pytest.raises(QuestionError, match="at most 2000") as told:
        engine.answer("问" * 10_000)
    assert "question_max" in str(told.value)
