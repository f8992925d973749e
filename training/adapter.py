"""Trains the adapter of the default generator and the heads over it: what is answered, borne out, taken for
granted, and by which line.

    python -m training.adapter read FOLDER FILE.jsonl... [--pairs PAIRS.jsonl...]     # GGUF of the store
    python -m training.adapter fit FOLDER NAME... --try NAME... --minutes 60 --out ADAPTER.npz
    python -m training.adapter calibrate FOLDER NAME... --out ADAPTER.npz
    python -m training.adapter try FOLDER NAME... --out ADAPTER.npz

``read`` writes down once what does not change: keys, values and states of the material, and what goes into
the first adapted layer of each text (``FOLDER/NAME.pt`` for ``NAME.jsonl``). ``fit`` takes two passages
a step, in two processes where ``torchrun --nproc-per-node 2 -m`` runs it; it writes
``ADAPTER.pt`` every five minutes and goes on from it. Every tenth passage (its id ends with
0) is left out: ``calibrate`` scales the heads on these, and on all of names that ``fit`` did not have
(Platt 1999), and writes ``ADAPTER.npz`` with the least probabilities at which a statement is shown and
shown as borne out. ``try`` writes what the heads say of each text to ``ADAPTER.NAME.json``, and prints how
well.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed

from engine import open_generator
from engine.settings import GeneratorSettings
from models.settings import ModelSettings
from models.store import ModelStore
from training.adapted import Adapter, Lower
from training.adapter_loss import loss_of
from training.adapter_read import left_out, load, read, scaled
from training.adapter_scaled import calibrated, measured, said
from training.asked import asked, of_tables
from training.examples import rows

MODEL = "qwen2.5-coder-1.5b"
PARTS = 2
"""Passages of one step."""
RATE, HEAD_RATE = 4e-4, 4e-4
DECAY = 0.01


def fit(given: argparse.Namespace, lower: Lower) -> None:
    kept, rank, world = given.out.with_suffix(".pt"), _joined(), int(os.environ.get("WORLD_SIZE", "1"))
    passages = [one for one in load(given.folder, given.names) if not left_out(one)]
    tried = [one for name in given.tried for one in load(given.folder, [name])[:24]]
    adapter = Adapter(lower, *scaled(passages[:: max(1, len(passages) // 40)], lower))
    heads = [p for n, p in adapter.named_parameters() if not n.startswith("low")]
    optimiser = torch.optim.AdamW(
        [{"params": list(adapter.low.values()), "lr": RATE}, {"params": heads, "lr": HEAD_RATE}],
        weight_decay=DECAY,
        betas=(0.9, 0.98),
    )
    spent, done = 0.0, 0
    if kept.is_file():
        before = torch.load(kept, weights_only=False)
        adapter.load_state_dict(before["adapter"])
        optimiser.load_state_dict(before["optimiser"])
        spent, done = before["spent"], before["done"]
    order, sums = _order(passages, done), list[float]()
    began, last = time.monotonic() - spent, time.monotonic()

    def keep(step: int) -> None:
        state = {"adapter": adapter.state_dict(), "optimiser": optimiser.state_dict(), "fitted": given.names}
        torch.save({**state, "spent": time.monotonic() - began, "done": step}, kept.with_suffix(".new"))
        kept.with_suffix(".new").replace(kept)

    for step in itertools.count(done):
        now = time.monotonic()
        share = _of_first((now - began) / (given.minutes * 60))
        if share >= 1:
            break
        factor = min(1.0, share / 0.03) * 0.5 * (1 + math.cos(math.pi * share)) + 0.01
        for group, rate in zip(optimiser.param_groups, (RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * factor
        for place in next(order)[rank::world]:
            loss = loss_of(adapter, lower, passages[place]) / PARTS
            loss.backward()
            sums.append(loss.item() * PARTS)
        _together(adapter)
        torch.nn.utils.clip_grad_norm_(adapter.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if rank:
            continue
        if step % 25 == 0:
            mean = np.mean(sums[-50:])
            print(f"step {step} {share:.1%} loss {mean:.3f} {time.monotonic() - now:.2f} s", flush=True)
        if now - last > 300:
            last = now
            keep(step + 1)
            for line in measured([said(adapter, lower, one) for one in tried]):
                print("  ", line, flush=True)
    if not rank:
        keep(step)


def _order(passages: Sequence[dict[str, Any]], seed: int) -> Iterator[list[int]]:
    """The passages of each step, all once and then again, those of a step of about the same length."""
    rng = random.Random(seed)
    while True:
        drawn, steps = rng.sample(range(len(passages)), len(passages)), []
        for begin in range(0, len(drawn), 16 * PARTS):
            part = sorted(drawn[begin : begin + 16 * PARTS], key=lambda i: len(passages[i]["x"]))
            steps += [part[i : i + PARTS] for i in range(0, len(part), PARTS)]
        rng.shuffle(steps)
        yield from (step for step in steps if len(step) == PARTS)


def _joined() -> int:
    """This process's number among those that train together (``torchrun``)."""
    if "WORLD_SIZE" not in os.environ:
        return 0
    distributed.init_process_group("gloo")
    return distributed.get_rank()


def _of_first(value: float) -> float:
    """What the first of the processes says."""
    told = torch.tensor(value, dtype=torch.float64)
    if distributed.is_initialized():
        distributed.broadcast(told, 0)
    return float(told)


def _together(adapter: Adapter) -> None:
    """Add up the gradients of all processes."""
    if not distributed.is_initialized():
        return
    parameters = list(adapter.parameters())
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
    distributed.all_reduce(flat)
    for p, own in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad = own.view_as(p)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("read", "fit", "calibrate", "try"):
        one = verbs.add_parser(verb)
        one.add_argument("folder", type=Path)
        one.add_argument("names", nargs="+", type=Path if verb == "read" else str)
        one.add_argument("--threads", type=int, default=0)
        if verb == "read":
            one.add_argument("--pairs", type=Path, nargs="*", default=[])
            one.add_argument("--limit", type=int, default=0)
        else:
            one.add_argument("--out", type=Path, required=True)
        if verb == "fit":
            one.add_argument("--try", dest="tried", nargs="*", default=[])
            one.add_argument("--minutes", type=float, default=60)
    return parser.parse_args()


def _written(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of the hand-written form; of tables with the questions beside it."""
    if path.stem != "count_docs":
        return rows(path)
    return of_tables(rows(path), rows(path.with_name("count_asked.jsonl")))


def main() -> None:
    given = arguments()
    if given.threads:
        torch.set_num_threads(given.threads)
    store = ModelStore()
    lower = Lower(store.path(MODEL))
    if given.verb == "read":
        tokens = open_generator(GeneratorSettings(), ModelSettings())._tokens  # type: ignore[attr-defined]
        written = {path: _written(path) for path in given.names}
        every = [row for own in written.values() for row in own]
        pairs = [pair for path in given.pairs for pair in rows(path)]
        for path in given.names:
            out, found, since = given.folder / f"{path.stem}.pt", [], time.monotonic()
            if out.is_file():
                continue
            for at, row in enumerate(written[path][: given.limit or None], 1):
                found.append(read(lower, tokens, asked(row, every, pairs)))
                if at % 10 == 0:
                    print(f"{path.stem}: {at}, {(time.monotonic() - since) / at:.2f} s each", flush=True)
            torch.save(found, out)
    elif given.verb == "fit":
        fit(given, lower)
    elif given.verb == "calibrate":
        adapter, fitted = adapter_of(given.out.with_suffix(".pt"), lower)
        arrays = calibrated(
            adapter,
            lower,
            [
                one
                for name in given.names
                for one in load(given.folder, [name])
                if name not in fitted or left_out(one)
            ],
        )
        np.savez_compressed(given.out, **arrays, model=MODEL)
    else:
        adapter, _ = adapter_of(given.out.with_suffix(".pt"), lower)
        for name in given.names:
            found = [said(adapter, lower, one) for one in load(given.folder, [name])]
            given.out.with_suffix(f".{name}.json").write_text(json.dumps(found, ensure_ascii=False))
            print(name, *measured(found), sep="\n  ", flush=True)


def adapter_of(path: Path, lower: Lower) -> tuple[Adapter, frozenset[str]]:
    """The adapter that ``fit`` kept, and the names that it was fitted on."""
    kept = torch.load(path, weights_only=False)
    adapter = Adapter(lower, kept["adapter"]["mean"], kept["adapter"]["scale"])
    adapter.load_state_dict(kept["adapter"])
    return adapter, frozenset(kept["fitted"])


if __name__ == "__main__":
    main()
