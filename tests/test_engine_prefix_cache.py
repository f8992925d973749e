"""What was read stays read on disk: found by its tokens, bounded, shared by processes, never wrong."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fake_model import WORDS, Asker, Model, alone, prompts, wait

from engine import paged
from engine import prefix_cache as module
from engine.base import GenerationRequest, Keeps, Message
from engine.batch import Batch
from engine.jobs import ReadJob
from engine.openvino import OpenVINOGenerator
from engine.passes import BLOCK
from engine.prefix_cache import Disk, Kept
from errors import Cancelled, GeneratorError
from tests import tiny

SIZE = BLOCK * 4
FILE = SIZE + 4


def store(folder: Path, most: int = 1 << 20, model: str = "a model") -> Kept:
    return Kept(folder, most, model, SIZE, 2 * SIZE)


def batch(runs: Model, folder: Path, keep: int = 0, **options: object) -> Batch:
    """A batch that keeps nothing in memory."""
    disk = Disk(store(folder, **options), runs.dump, runs.fill)  # type: ignore[arg-type]
    return Batch(runs, 8, keep, lambda error: GeneratorError(f"failed: {error}", "Try again."), disk)  # type: ignore[arg-type]


def read(runs: Batch, prompt: list[int], lasting: int, deep: bool = False) -> None:
    """Read, and wait until everything is kept."""
    reader = ReadJob(prompt, threading.Event(), lasting, deep=deep)
    runs.submit(reader)
    reader.state()
    saved()


def saved() -> None:
    wait(lambda: not any(t.name in ("wenju-kept", "wenju-batch") for t in threading.enumerate()))


def begins(model: Model) -> list[int]:
    """How many tokens each prompt did not have to read."""
    return [part.past for parts in model.passes for part in parts if len(part.ids) > 1]


def test_what_left_memory_is_read_from_disk_up_to_the_last_token_that_comes_again(tmp_path: Path) -> None:
    model, (stem, tail, other) = Model(), prompts([75, 20, 25])
    runs = batch(model, tmp_path)
    read(runs, stem + tail, len(stem))
    assert len(list(tmp_path.iterdir())) == 3, "two full blocks and what begins the third"
    again = batch(fresh := Model(), tmp_path)
    assert again.known(stem + other) == 75 and again.known([5, *stem]) == 0
    asker = Asker(stem + other)
    again.submit(asker)
    assert asker.result() == alone(stem + other, 12)
    assert begins(fresh) == [75]
    whole = Asker(stem[:64])
    again.submit(whole)
    assert whole.result() == alone(stem[:64], 12)


@pytest.mark.parametrize("deep", [False, True])
def test_what_will_be_written_after_is_kept_of_all_layers(tmp_path: Path, deep: bool) -> None:
    (stem, tail) = prompts([75, 20])
    read(batch(Model(), tmp_path), stem, 75, deep)
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {4 + SIZE * (1 + deep)}
    runs, asker = batch(fresh := Model(), tmp_path), Asker(stem + tail)
    runs.submit(asker)
    assert asker.result() == alone(stem + tail, 12)
    first = fresh.passes[0][0]
    assert first.past == 75 and first.deep == (75 if deep else 0)


def test_reading_for_states_and_writing_share_what_they_have(tmp_path: Path) -> None:
    stem, one, two = prompts([75, 20, 25])
    runs = batch(model := Model(), tmp_path, keep=64)
    read(runs, stem + one, 0)
    for prompt in (stem + two, stem + one, stem + two + one):
        asker = Asker(prompt)
        runs.submit(asker)
        assert asker.result() == alone(prompt, 12)
        read(runs, prompt + one, 0)
    assert [part.deep for parts in model.passes for part in parts if len(part.ids) > 1][:3] == [None, 0, None]


def test_disk_goes_on_where_memory_ends(tmp_path: Path) -> None:
    model, (stem, tail) = Model(), prompts([100, 20])
    read(batch(model, tmp_path), stem, 100)
    runs = batch(fresh := Model(), tmp_path, keep=64)
    for prompt in (stem[:40] + tail, stem + tail):
        asker = Asker(prompt)
        runs.submit(asker)
        assert asker.result() == alone(prompt, 12)
    assert begins(fresh) == [32, 100], "of the first, two blocks are not on disk as it has them"


def test_what_is_not_told_to_come_again_is_not_kept(tmp_path: Path) -> None:
    (prompt,) = prompts([80])
    read(batch(Model(), tmp_path), prompt, 0)
    assert list(tmp_path.iterdir()) == []


def test_another_model_finds_nothing(tmp_path: Path) -> None:
    (prompt,) = prompts([80])
    read(batch(Model(), tmp_path), prompt, 80)
    assert batch(Model(), tmp_path).known([*prompt, 1]) == 80
    assert batch(Model(), tmp_path, model="another").known([*prompt, 1]) == 0


@pytest.mark.parametrize("harm", ["short", "bit", "name", "empty"])
def test_a_damaged_file_is_not_used_and_goes(tmp_path: Path, harm: str) -> None:
    (prompt,) = prompts([90])
    read(batch(Model(), tmp_path), prompt, 90)
    names = store(tmp_path).names(prompt)
    second, data = tmp_path / names[1], (tmp_path / names[1]).read_bytes()
    harmed = {"short": data[:-1], "bit": data[:-1] + bytes([data[-1] ^ 1]), "empty": b""}
    second.write_bytes(harmed[harm] if harm != "name" else (tmp_path / names[0]).read_bytes())
    runs, asker = batch(fresh := Model(), tmp_path), Asker([*prompt, 11, 12])
    runs.submit(asker)
    assert asker.result() == alone(asker.prompt, 12)
    assert begins(fresh) == [32] and not second.exists()


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    one = store(tmp_path, most=10 * FILE)
    for number in range(8):
        one.save(f"{number:032x}", bytes(SIZE))
        os.utime(tmp_path / f"{number:032x}", (number, number))
    assert not one.full and one.load(f"{0:032x}") is not None, "used just now"
    for number in range(8, 14):
        one.save(f"{number:032x}", bytes(SIZE))
    left = {int(path.name, 16) for path in tmp_path.iterdir()}
    assert len(left) <= 11 and 0 in left and 1 not in left and 13 in left


def test_two_processes_share_a_folder_and_one_is_killed(tmp_path: Path) -> None:
    code = f"""
import sys, itertools
from pathlib import Path
from engine.prefix_cache import Kept
kept = Kept(Path(sys.argv[1]), 40 * {FILE}, "a model", {SIZE})
for number in itertools.count(int(sys.argv[2])):
    name = f"{{number % 60:032x}}"
    kept.save(name, bytes([number % 60]) * {SIZE})
    data = kept.load(f"{{(number * 7) % 60:032x}}")
    assert data is None or set(data) == {{(number * 7) % 60}}
    if number % 60 == 0:
        print(number, flush=True)
"""
    run = [sys.executable, "-c", code, str(tmp_path)]
    both = [
        subprocess.Popen(
            [*run, begin], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[1]
        )
        for begin in ("0", "30")
    ]
    for process in both:
        assert process.stdout
        assert [process.stdout.readline() for _ in range(4)][-1]
    for process in both:
        process.send_signal(signal.SIGKILL)
        assert process.communicate()[1] == b""
    found = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert 20 < len(found) <= 60
    for path in found:
        data = store(tmp_path).load(path.name)
        assert data is not None and set(data) == {int(path.name, 16)}
    aside = tmp_path / ".left-by-somebody"
    aside.write_bytes(b"half")
    os.utime(aside, (1, 1))
    store(tmp_path).save("ab", bytes(SIZE))
    assert not aside.exists()


@pytest.mark.parametrize("harm", ["full", "a file", "nearly full"])
def test_without_room_nothing_is_kept_and_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    folder, (prompt,) = tmp_path / "kept", prompts([80])
    if harm == "a file":
        folder.write_text("in the way")
    if harm == "nearly full":
        monkeypatch.setattr(module, "FREE", 1 << 60)
    if harm == "full":

        def refuse(source: object, target: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "replace", refuse)
    with caplog.at_level(logging.WARNING):
        runs = batch(Model(), folder)
        for _ in range(2):
            read(runs, prompt, 80)
            asker = Asker(prompt)
            runs.submit(asker)
            assert asker.result() == alone(prompt, 12)
    assert len([r for r in caplog.records if "not kept" in r.message]) == 1
    assert runs.full and (harm == "a file" or list(folder.iterdir()) == [])


def read_while_written(folder: Path, sizes: list[int]) -> tuple[Model, Asker]:
    """A model that is held while it writes the second prompt and has read the first, which is to be kept."""
    model, (first, second) = Model(hold=True), prompts(sizes)
    runs = batch(model, folder)
    reader, asker = ReadJob(first, threading.Event(), 70), Asker(second)
    runs.submit(asker)
    model.let(2)
    runs.submit(reader)
    model.let(3)
    reader.state()
    return model, asker


def test_nothing_is_saved_while_somebody_waits(tmp_path: Path) -> None:
    model, asker = read_while_written(tmp_path, [70, 300])
    time.sleep(0.05)
    assert not tmp_path.exists() or list(tmp_path.iterdir()) == []
    model.let_go()
    asker.result()
    wait(lambda: len(list(tmp_path.iterdir())) == 3)


def test_blocks_that_changed_before_they_were_saved_are_not(tmp_path: Path) -> None:
    model, asker = read_while_written(tmp_path, [70, 71])
    model.fails = True
    model.let_go()
    with pytest.raises(GeneratorError):
        asker.result()
    saved()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_kept_each_gets_what_it_would_get_alone(tmp_path: Path, seed: int) -> None:
    source, stems = random.Random(seed), prompts([220, 70], seed)
    runs = batch(Model(blocks=120), tmp_path, keep=source.choice((0, 20)), most=30 * FILE)
    for _ in range(40):
        stem = source.choice(stems)
        stem = stem[: source.randrange(1, len(stem))]
        prompt = stem + [source.randrange(10, WORDS) for _ in range(source.randrange(1, 90))]
        if source.random() < 0.5:
            runs.submit(ReadJob(prompt, threading.Event(), len(stem)))
        asker = Asker(prompt, source.randrange(1, 30))
        runs.submit(asker)
        assert asker.result() == alone(asker.prompt, asker.room)
        if source.random() < 0.3 and tmp_path.exists():
            for path in sorted(tmp_path.iterdir())[: source.randrange(2)]:
                path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.openvino_model(tmp_path_factory.mktemp("tiny") / "model")


def chat(question: str) -> tuple[Message, ...]:
    stem = "the 12 dogs and 34 cats " * 9
    return Message("system", "s" * 20), Message("user", stem + question, lasting=len(stem))


def test_kept_blocks_give_the_states_and_words_of_fresh_ones(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paged, "STATE_LAYERS", (0,))  # the small model has one
    first, later, fresh = (OpenVINOGenerator(small, kept=k) for k in (tmp_path, tmp_path, None))
    assert isinstance(first, Keeps) and first.ahead(chat("x"), threading.Event())
    saved()
    later.warm()
    asked = chat("who? 12")
    assert first.unread(asked) == later.unread(asked) < 60 < fresh.unread(asked)
    states = [g.read(asked, threading.Event()).state() for g in (later, fresh)]
    assert np.allclose(*states, atol=2e-2 * np.abs(states[1]).max())
    written = [
        [(c.text, c.logprobs) for c in g.stream(GenerationRequest(asked, max_new_tokens=20))]
        for g in (later, fresh)
    ]
    assert [text for text, _ in written[0]] == [text for text, _ in written[1]]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert later.ahead(chat("y"), threading.Event())
    saved()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before, "it was all there"


def test_reading_ahead_stops_at_once_and_where_nothing_can_be_kept(small: Path, tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Cancelled):
        OpenVINOGenerator(small, kept=tmp_path).ahead(chat("x"), stopped)
    for options in ({}, {"kept": tmp_path, "kept_bytes": 0}):
        assert not OpenVINOGenerator(small, **options).ahead(chat("x"), threading.Event())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
