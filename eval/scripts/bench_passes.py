"""How long the default engine takes for a pass of so many tokens after 512 others: smallest of six.

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
    print("| tokens | ms by the clock | ms of processor |\n|---|---|---|")
    random = np.random.default_rng(0)
    for count in given.tokens:
        rounds = []
        for _ in range(ROUNDS):
            ids = [int(one) for one in random.integers(1000, 20000, count)]
            clock, spent = time.perf_counter(), time.process_time()
            model.forward([Part(ids, PAST, list(range(2 * PAST // BLOCK)), count)])
            rounds.append((time.perf_counter() - clock, time.process_time() - spent))
        clock, spent = (1000 * min(column) for column in zip(*rounds, strict=True))
        print(f"| {count} | {clock:.0f} | {spent:.0f} |")


if __name__ == "__main__":
    main()
