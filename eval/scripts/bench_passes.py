"""How long the default engine takes for a pass of so many tokens after 512 others: smallest of six. Written,
all of them are told; read, the last alone, and the upper layers are left out.

    python eval/scripts/bench_passes.py [TOKENS ...]

Limited to other instructions: ``python eval/scripts/limited.py AVX2 -- python eval/scripts/bench_passes.py``.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from engine.convert import prepare
from engine.paged import PagedModel
from engine.passes import BLOCK, Part
from kernels import processor
from models.store import ModelStore

PAST = 512
TOKENS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32, 96, 192)
ROUNDS = 6


def main() -> None:
    """Print a row a number of tokens."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tokens", nargs="*", type=int, default=TOKENS)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    given = parser.parse_args()
    begin = time.perf_counter()
    model = PagedModel(prepare(ModelStore().path(given.model)), 2 * PAST // BLOCK)
    model.warm()
    print(f"{processor.path()}; {model.form}; loaded in {time.perf_counter() - begin:.1f} s")
    print("| tokens | written, ms by the clock | of processor | read, ms by the clock | of processor |")
    print("|---|---|---|---|---|")
    for count in given.tokens:
        columns = [f"{ms:.0f}" for deep in (PAST, None) for ms in least(model, count, deep)]
        print("|", " | ".join([str(count), *columns]), "|", flush=True)


def least(model: PagedModel, count: int, deep: int | None) -> tuple[float, float]:
    """Milliseconds by the clock and of processor, each the smallest of the rounds."""
    random, rounds = np.random.default_rng(0), []
    for _ in range(ROUNDS):
        ids = [int(one) for one in random.integers(1000, 20000, count)]
        part = Part(ids, PAST, list(range(2 * PAST // BLOCK)), 1 if deep is None else count, deep=deep)
        clock, spent = time.perf_counter(), time.process_time()
        model.forward([part])
        rounds.append((time.perf_counter() - clock, time.process_time() - spent))
    return 1000 * min(clock for clock, _ in rounds), 1000 * min(spent for _, spent in rounds)


if __name__ == "__main__":
    main()
