"""The batch: joining, leaving, stopping and failing; each gets what it would get alone."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence

import pytest
from fake_model import WORDS, Asker, Model, alone, following, prompts, wait

from engine.batch import Batch
from engine.blocks import SPARE, Blocks
from engine.jobs import ReadJob
from engine.paged import SIZES
from engine.passes import BLOCK, Part
from errors import GeneratorError


def batch(model: Model, most: int = 8, keep: int = 64) -> Batch:
    return Batch(model, most, keep, lambda error: GeneratorError(f"failed: {error}", "Try again."))  # type: ignore[arg-type]


@pytest.fixture
def held() -> Iterator[Model]:
    model = Model(hold=True)
    yield model
    model.let_go()


def test_alone_a_prompt_is_read_in_equal_parts_and_then_written() -> None:
    model, (prompt,) = Model(), prompts([SIZES.read_alone + 40])
    asker = Asker(prompt)
    batch(model).submit(asker)
    assert asker.result() == alone(prompt, 12)
    assert [len(one.ids) for (one,) in model.passes[:3]] == [(SIZES.read_alone + 40) // 2] * 2 + [1]
    assert asker.states == [len(prompt)], "the hidden state comes once, after the last token of the prompt"


def test_who_joins_is_read_in_small_parts_beside_those_who_write(held: Model) -> None:
    (first, second), runs = prompts([40, 2 * SIZES.read_beside]), batch(held)
    one, two = Asker(first), Asker(second)
    runs.submit(one)
    held.let(2)
    runs.submit(two)
    held.let(3)
    beside = [parts for parts in held.passes[2:] if len(parts) == 2]
    assert [len(parts[1].ids) for parts in beside[:2]] == [SIZES.read_beside] * 2
    assert all(len(parts[0].ids) == 1 for parts in beside), "the first writes in each of these passes"
    assert len(one.written) >= 4
    held.let_go()
    assert one.result() == alone(first, 12) and two.result() == alone(second, 12)


def test_no_more_than_allowed_fly_and_the_next_joins_when_one_leaves(held: Model) -> None:
    asked, runs = prompts([10, 12, 14]), batch(held, most=2)
    askers = [Asker(prompt, most) for prompt, most in zip(asked, (3, 12, 12), strict=True)]
    for asker in askers:
        runs.submit(asker)
    held.let(4)
    assert askers[0].result() == alone(asked[0], 3)
    held.let_go()
    assert [asker.result() for asker in askers[1:]] == [alone(prompt, 12) for prompt in asked[1:]]
    assert max(map(len, held.passes)) == 2


def test_stopping_one_leaves_the_others_alone(held: Model) -> None:
    asked, runs = prompts([20, 21, 22]), batch(held)
    askers = [Asker(prompt) for prompt in asked]
    for asker in askers:
        runs.submit(asker)
    held.let(4)
    askers[1].stopped = True
    held.let(2)
    wait(askers[1].over.is_set)
    assert askers[1].cancelled and 0 < len(askers[1].written) <= 6
    held.let_go()
    assert askers[0].result() == alone(asked[0], 12) and askers[2].result() == alone(asked[2], 12)
    assert all(len(parts) == 2 for parts in held.passes[6:12])


def test_who_stops_in_line_or_while_read_never_writes(held: Model) -> None:
    asked, runs = prompts([20, 3 * SIZES.read_beside, 30]), batch(held, most=2)
    askers = [Asker(prompt) for prompt in asked]
    runs.submit(askers[0])
    held.let(1)
    for asker in askers[1:]:
        runs.submit(asker)
    held.let(2)
    askers[1].stopped = askers[2].stopped = True
    held.let(2)
    wait(lambda: askers[1].over.is_set() and askers[2].over.is_set())
    assert askers[1].cancelled and askers[2].cancelled and not askers[1].written + askers[2].written
    held.let_go()
    assert askers[0].result() == alone(asked[0], 12)


def test_a_failed_pass_fails_all_in_flight_and_nobody_else(held: Model) -> None:
    asked, runs = prompts([20, 21, 22]), batch(held, most=2)
    askers = [Asker(prompt) for prompt in asked]
    for asker in askers:
        runs.submit(asker)
    held.let(3)
    held.fails = True
    held.let_go()
    for asker in askers[:2]:
        with pytest.raises(GeneratorError, match="no more memory"):
            asker.result()
    assert askers[2].result() == alone(asked[2], 12)
    again = Asker(asked[0])
    runs.submit(again)
    assert again.result() == alone(asked[0], 12), "nothing is taken over from what the failed pass left"


def test_closing_stops_everybody_after_the_pass_under_way(held: Model) -> None:
    asked, runs = prompts([20, 21, 22]), batch(held, most=2)
    askers = [Asker(prompt) for prompt in asked]
    for asker in askers:
        runs.submit(asker)
    held.let(3)
    closing = threading.Thread(target=runs.close)
    closing.start()
    wait(lambda: runs._closing)
    held.let_go()
    closing.join(20)
    assert all(asker.over.is_set() and asker.cancelled for asker in askers) and len(held.passes) <= 4


def test_a_jobs_own_mistake_is_its_own() -> None:
    asked, runs = prompts([20, 21]), batch(Model())
    broken, sound = (Asker(prompt) for prompt in asked)
    broken.breaks = True
    runs.submit(broken)
    runs.submit(sound)
    with pytest.raises(GeneratorError, match="its own mistake"):
        broken.result()
    assert sound.result() == alone(asked[1], 12)


def test_prompts_that_begin_alike_are_read_once() -> None:
    model, (prompt, tail) = Model(), prompts([100, 30])
    runs, other = batch(model), prompt[:70] + tail
    first, second, third = Asker(prompt), Asker(other), Asker(prompt)
    for asker, expected in ((first, prompt), (second, other), (third, prompt)):
        runs.submit(asker)
        assert asker.result() == alone(expected, 12)
    reads = [
        part
        for parts in model.passes
        for part in parts
        if part.past + len(part.ids) in (len(prompt), len(other)) and part.keep == 1
    ]
    assert [(part.past, len(part.ids)) for part in reads if len(part.ids) > 1 or part.past == 99] == [
        (0, 100),
        (70, 30),
        (99, 1),
    ]


def test_what_is_in_flight_is_shared_too(held: Model) -> None:
    (prompt,) = prompts([90])
    runs, one, two = batch(held), Asker(prompt), Asker([*prompt[:64], *prompt[40:60]])
    runs.submit(one)
    held.let(3)
    runs.submit(two)
    held.let(2)
    joined = next(parts[1] for parts in held.passes if len(parts) == 2)
    assert joined.past == 64 and joined.table[:2] == held.passes[0][0].table[:2]
    held.let_go()
    assert one.result() == alone(prompt, 12) and two.result() == alone(two.prompt, 12)


def test_with_too_few_blocks_one_waits_and_what_never_fits_is_refused() -> None:
    model, asked = Model(blocks=6, hold=True), prompts([60, 61, 62])
    runs, askers = batch(model), [Asker(prompt) for prompt in asked]
    for asker in askers:
        runs.submit(asker)
    model.let_go()
    assert [asker.result() for asker in askers] == [alone(prompt, 12) for prompt in asked]
    assert max(map(len, model.passes)) == 2
    long = Asker([11] * 6 * BLOCK)
    runs.submit(long)
    with pytest.raises(GeneratorError, match="no room"):
        long.result()


def test_the_more_write_the_fewer_are_the_guesses() -> None:
    model = Model(blocks=400)
    runs = batch(model, most=16)
    askers = [Asker(prompt, 12, lambda history: [11] * 31) for prompt in prompts([20] * 16)]
    for asker in askers:
        runs.submit(asker)
    for asker in askers:
        assert asker.result() == alone(asker.prompt, 12)
    for parts in model.passes:
        assert sum(part.keep for part in parts) <= SIZES.rows + len(parts)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_each_gets_what_it_would_get_alone(seed: int) -> None:
    source = random.Random(seed)
    stems = prompts([120, 70], seed)

    def guess(history: list[int]) -> list[int]:
        right: list[int] = []
        for _ in range(source.randrange(5)):
            right.append(following(history + right) if source.random() < 0.7 else 12)
        return right

    model = Model(blocks=source.choice((12, 40, 90)))
    runs = batch(model, most=source.choice((1, 3, 8)), keep=source.choice((0, 10, 60)))
    askers = []
    for _ in range(60):
        stem = source.choice(stems)
        prompt = stem[: source.randrange(1, len(stem))] + [
            source.randrange(10, WORDS) for _ in range(source.randrange(1, 90))
        ]
        askers.append(Asker(prompt, source.randrange(1, 30), guess))
    for number, asker in enumerate(askers):
        runs.submit(asker)
        if number % 9 == 5:
            askers[source.randrange(number)].stopped = True
        if number % 20 == 19:
            early = askers[: number - 5]
            wait(lambda early=early: all(asker.over.is_set() for asker in early))  # type: ignore[misc]
    for asker in askers:
        expected = alone(asker.prompt, asker.room)
        assert asker.result() == (expected[: len(asker.written)] if asker.cancelled else expected)


def test_blocks_are_counted() -> None:
    copies: list[tuple[int, int]] = []
    model = Model(8)
    model.copy = lambda source, target: copies.append((source, target))  # type: ignore[method-assign]
    blocks = Blocks(model, 5)
    first = blocks.take([1] * 70, 20)
    assert first is not None and len(first.table) == 3 and first.tokens == []
    first.tokens += [1] * 70
    second = blocks.take([1] * 40 + [2] * 30, 0)
    assert second is not None and second.tokens == [1] * 40
    assert second.table[0] == first.table[0] and copies == [(first.table[1], second.table[1])]
    second.tokens += [2] * 30
    assert blocks.take([3] * 100, 0) is None, "three are left"
    blocks.give_back(first)
    blocks.give_back(second)
    third = blocks.take([3] * 100, 100)
    assert third is not None and len(third.table) == 7, "what was kept made room"
    blocks.give_back(third)
    whole = blocks.take([4] * 8 * BLOCK, 0)
    assert whole is not None and sorted(whole.table) == list(range(8))


def test_the_memory_of_free_blocks_is_given_back_but_for_that_of_a_few() -> None:
    given: list[list[int]] = []
    model = Model(64)
    model.give_back = lambda blocks: given.append(sorted(blocks))  # type: ignore[method-assign]
    blocks = Blocks(model, 8)

    def use(number: int, first: int) -> None:
        held = blocks.take([first] * number * BLOCK, 0)
        assert held is not None
        held.tokens += [first] * number * BLOCK
        blocks.give_back(held)
        blocks.rest()

    use(SPARE, 1)
    assert given == [], "so few may stay"
    use(40, 2)
    assert len(given) == 1 and len(given[0]) == 40 - SPARE
    use(SPARE, 3)
    assert len(given) == 1, "those that stayed were taken"
    use(40, 4)
    assert len(given) == 2 and len(set(given[1])) == 40 - SPARE


def test_who_only_reads_goes_ahead_of_the_line_and_of_a_full_batch(held: Model) -> None:
    (first, second), runs = prompts([40, 12]), batch(held, most=1)
    one, two = Asker(first), Asker(second)
    runs.submit(one)
    held.let(2)
    runs.submit(two)
    reader = ReadJob([*first[:-1], *second[:3]], threading.Event())
    runs.submit(reader)
    held.let(2)  # the first of these was planned before
    state = reader.state()
    assert state is not None and state.tolist() == [len(reader.prompt)]
    assert [len(part.ids) for part in held.passes[3]] == [1, 3], "all but its last words was read before"
    assert not two.written and not one.over.is_set()
    held.let_go()
    assert one.result() == alone(first, 12) and two.result() == alone(second, 12)


def test_a_long_text_does_not_stand_before_ten_short_ones() -> None:
    long, *short = prompts([8 * SIZES.read_alone, *(SIZES.read_alone // 4 + i for i in range(10))])
    held, none = Model(blocks=256, hold=True), threading.Event()
    runs = batch(held, keep=256)
    runs.submit(overview := ReadJob(long, none))
    readers = [ReadJob(prompt, none) for prompt in short]
    for reader in readers:
        runs.submit(reader)
    held.let_go()
    assert [reader.state() for reader in readers] == [[len(prompt)] for prompt in short]
    assert overview.state() == [len(long)]
    numbered = list(enumerate(short))
    done = {n: at for at, parts in enumerate(held.passes) for n, prompt in numbered if _ends(parts, prompt)}
    assert list(done) == list(range(10)), "in the order in which they came"
    assert max(done.values()) < 8, "two of them beside a part of the long one in each pass"
    (last,) = held.passes[-1]
    assert len(last.ids) > SIZES.read_alone // 2, "with nobody beside, it is read in whole passes again"


def _ends(parts: Sequence[Part], prompt: Sequence[int]) -> bool:
    """Whether the pass reads the end of the prompt."""
    return any(part.ids[-1] == prompt[-1] and part.past + len(part.ids) == len(prompt) for part in parts)


def test_a_reader_is_told_the_state_after_each_mark_whatever_was_read_before() -> None:
    model, (prompt,) = Model(), prompts([2 * SIZES.read_alone + 40])
    runs, marks = batch(model), [5, 6, SIZES.read_alone + 1, len(prompt) - 1]
    for _ in range(2):  # the second finds the prompt read, and reads again what it has to be told of
        runs.submit(reader := ReadJob(prompt, threading.Event(), marks=marks))
        state = reader.state()
        assert state is not None and state[:, 0].tolist() == [*marks, len(prompt)]
    begins = [parts[0].past for parts in model.passes]
    assert begins[0] == 0 and begins[len(begins) // 2] == marks[0] - 1, "what lies before is not read again"


def test_a_reader_is_told_what_the_lower_layers_gave_for_what_it_wants() -> None:
    model, (prompt,) = Model(), prompts([SIZES.read_alone + 40])
    runs, wanted = batch(model), (3, SIZES.read_alone + 20)
    for _ in range(2):  # the second finds most of it read
        runs.submit(reader := ReadJob(prompt, threading.Event(), wanted=wanted))
        assert reader.state() is not None
        material = reader.material()
        assert material is not None and material[:, 0].tolist() == prompt[slice(*wanted)]
