"""Trains the reader: one small network that finds spans, tells answerable from not, judges statements, and
more.

    python -m training.reader MODEL_FOLDER OUT --stage broad|written [--from CHECKPOINT] [--minutes 40]

``broad`` reads everything (comprehension sets, statutes, hand-written data), ``written`` the hand-written
data again and again. A checkpoint is written every five minutes; the same command goes on from it.
training/README.md has the commands that made the weights that ship.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from index.normalize import simplify
from qa.heads import HEADS, KINDS
from qa.reader import load_weights
from training.examples import DATA, Example, Span
from training.trunk import Optimiser, Trunk, arrays, export, open_trunk

MOST = 384
"""Tokens of one example; what is longer is cut at the end of the second text."""
BATCH_TOKENS = 3072
BATCH_ROWS = 28
SHORT = ("turn",)
RATE = 2e-4
WARM = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One example as tokens: ids, and for every token where it stands (first text 0, second 1, neither -1)
    and its labels."""

    ids: list[int]
    where: np.ndarray
    spans: list[tuple[int, int]] | None
    inside: np.ndarray
    unborne: np.ndarray | None
    example: Example


def encode(tokenizer: Any, example: Example) -> Row:
    """Tokens of ``task: first`` and ``second`` with the labels of each."""
    lead = f"{example.task}: "
    found = tokenizer.encode(lead + simplify(example.first), simplify(example.second))
    ids, offsets = found.ids[:MOST], found.offsets[:MOST]
    where = np.array([-1 if s is None else s for s in found.sequence_ids[:MOST]])

    def covered(spans: Sequence[Span], sequence: int, shift: int) -> list[tuple[int, int]]:
        out = []
        for start, end in spans:
            inside = [
                i
                for i, (a, b) in enumerate(offsets)
                if where[i] == sequence and a < end + shift and b > start + shift and b > a
            ]
            if inside:
                out.append((inside[0], inside[-1]))
        return out

    spans = None if example.spans is None else covered(example.spans, 1, 0)
    inside = np.zeros(len(ids), np.float32)
    for a, b in spans or ():
        inside[a : b + 1] = 1
    unborne = None
    if example.unborne is not None:
        unborne = np.zeros(len(ids), np.float32)
        for a, b in covered(example.unborne, 0, len(lead)):
            unborne[a : b + 1] = 1
    return Row(ids, where, spans, inside, unborne, example)


def batches(rows: Sequence[Row], rng: random.Random) -> list[list[Row]]:
    """Rows of about the same length together, about BATCH_TOKENS tokens each, in random order."""
    order = sorted(rows, key=lambda r: len(r.ids) + rng.random() * 24)
    out: list[list[Row]] = [[]]
    for row in order:
        if out[-1] and (len(row.ids) * (len(out[-1]) + 1) > BATCH_TOKENS or len(out[-1]) == BATCH_ROWS):
            out.append([])
        out[-1].append(row)
    rng.shuffle(out)
    return out


def padded(rows: Sequence[Row]) -> torch.Tensor:
    """Token ids [rows, longest], padded with 1."""
    ids = torch.ones((len(rows), max(len(r.ids) for r in rows)), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
    return ids


def supported(token: torch.Tensor, text: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """Log-odds that the whole statement is borne out: what the text head says, less what any of its tokens
    says against.

    Args:
        token, text: logits of the network.  first: bool [rows, length], tokens of the first text.
    """
    against = token[..., HEADS.token.index("unborne")].masked_fill(~first, -1e4)
    return text[:, HEADS.text.index("supported")] - functional.softplus(torch.logsumexp(against, 1))


def loss_of(trunk: Trunk, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
    """Losses by head, each a mean over those examples that have its label."""
    ids = padded(rows)
    token, text = trunk(ids)
    length = ids.shape[1]
    where = torch.full((len(rows), length), -1)
    for i, row in enumerate(rows):
        where[i, : len(row.ids)] = torch.tensor(row.where)
    losses: dict[str, list[torch.Tensor]] = {}
    logit = functional.binary_cross_entropy_with_logits
    borne = supported(token, text, where == 0)
    edge = (
        token[..., :2]
        .masked_fill(((where != 1) & (torch.arange(length) > 0))[..., None], -1e4)
        .log_softmax(1)
    )
    for i, row in enumerate(rows):
        example, n = row.example, len(row.ids)
        if row.spans is not None:
            starts = [a for a, _ in row.spans] or [0]
            ends = [b for _, b in row.spans] or [0]
            losses.setdefault("edge", []).append(-(edge[i, starts, 0].mean() + edge[i, ends, 1].mean()) / 2)
            second = where[i, :n] == 1
            if second.any():
                got = logit(token[i, :n, 2], torch.tensor(row.inside), reduction="none")
                weight = torch.tensor(1 + 3 * row.inside) * second
                losses.setdefault("inside", []).append((got * weight).sum() / weight.sum())
        if row.unborne is not None:
            first = where[i, :n] == 0
            got = logit(token[i, :n, 3], torch.tensor(row.unborne), reduction="none")
            weight = torch.tensor(1 + 4 * row.unborne) * first
            losses.setdefault("unborne", []).append((got * weight).sum() / weight.sum())
        for name, value in (("answerable", example.answerable), ("alone", example.alone)):
            if value is not None:
                got = logit(text[i, HEADS.text.index(name)], torch.tensor(float(value)))
                losses.setdefault(name, []).append(got)
        if example.supported is not None:
            losses.setdefault("supported", []).append(logit(borne[i], torch.tensor(float(example.supported))))
        if example.kind:
            kind = text[i, -len(KINDS) :].log_softmax(0)[KINDS.index(example.kind)]
            losses.setdefault("kind", []).append(-kind)
    return {name: torch.stack(values).mean() for name, values in losses.items()}


WEIGHTS = {
    "edge": 0.7,
    "inside": 1.5,
    "unborne": 1.0,
    "answerable": 2.0,
    "alone": 2.0,
    "supported": 1.5,
    "kind": 1.0,
}


def train(
    folder: Path,
    out: Path,
    examples: Iterable[Example],
    minutes: float,
    begin: Path | None,
    seed: int,
    rate: float,
) -> None:
    """Train until the minutes are over; write ``out/reader.pt`` every five minutes and at the end."""
    from tokenizers import Tokenizer

    out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = [encode(tokenizer, example) for example in examples]
    trunk = open_trunk(folder / "e5-small-q4.bin")
    with torch.no_grad():
        trunk.token_head.bias[3] = -4.0
    optimiser, spent, step = Optimiser(trunk), 0.0, 0
    path = out / "reader.pt"
    if path.is_file():
        saved = torch.load(path)
        optimiser.load(saved["optimiser"])
        spent, step = saved["spent"], saved["step"]
    elif begin and begin.suffix == ".npz":
        shipped = load_weights(begin)
        named = [torch.from_numpy(shipped[name]) for name, p in trunk.named_parameters() if p.requires_grad]
        optimiser.load({"masters": named}, masters_only=True)
    elif begin:
        optimiser.load(torch.load(begin)["optimiser"], masters_only=True)
    rng = random.Random(seed + step)
    print(f"{len(rows)} examples, {sum(len(r.ids) for r in rows)} tokens, from step {step}", flush=True)
    sides = {
        True: [r for r in rows if r.example.task in SHORT],
        False: [r for r in rows if r.example.task not in SHORT],
    }
    queues: dict[bool, list[list[Row]]] = {side: [] for side in sides if sides[side]}
    last = saved_at = time.monotonic()
    shown: dict[str, list[float]] = {}
    while spent < 60 * minutes:
        losses: dict[str, torch.Tensor] = {}
        for side in queues:  # a batch of each in every step: the short ones are few, and cheap
            queues[side] = queues[side] or batches(sides[side], rng)
            found = loss_of(trunk, queues[side].pop())
            sum(WEIGHTS[name] * value for name, value in found.items()).backward()  # type: ignore[union-attr]
            losses |= found
        step += 1
        share = min(1.0, spent / (60 * minutes))
        norm = optimiser.step(
            rate * min(1.0, step / WARM) * (0.05 + 0.95 * (1 + math.cos(math.pi * share)) / 2)
        )
        now = time.monotonic()
        spent, last = spent + now - last, now
        for name, value in losses.items():
            shown.setdefault(name, []).append(value.item())
        if step % 50 == 0:
            told = " ".join(f"{name} {np.mean(values):.3f}" for name, values in sorted(shown.items()))
            print(
                f"step {step} {spent / 60:.1f} min norm {norm:.1f} left {len(queues[False])} {told}",
                flush=True,
            )
            shown = {}
        if now - saved_at > 300 or spent >= 60 * minutes:
            state = {"optimiser": optimiser.state(), "spent": spent, "step": step}
            torch.save(state, path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
            saved_at = now
    export(dict(arrays(trunk, optimiser)), out / "reader.npz")


def broad(bench: Path, written_data: Sequence[Path], judging: bool) -> list[Example]:
    """What the first stage reads."""
    from training import examples as made

    public = [bench / "cmrc2018" / "cmrc2018_trial.json", bench / "drcd" / "DRCD_dev.json"]
    out = [e for path in public for e in made.comprehension(path)]
    out += made.relevance(bench)
    if judging:
        out += made.swapped(public, 1200)
        out += made.statutes(bench / "stard" / "corpus.jsonl", 2500)
    return out + hand(written_data)


def hand(paths: Sequence[Path]) -> list[Example]:
    """The hand-written data alone."""
    from training import examples as made

    return [*made.written(paths), *made.turns()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="multilingual-e5-small in the model store")
    parser.add_argument("out", type=Path)
    parser.add_argument("--stage", choices=("broad", "written"), required=True)
    parser.add_argument("--bench", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--data", type=Path, nargs="*", default=sorted(DATA.glob("[a-hj-z].jsonl")))
    parser.add_argument("--from", dest="begin", type=Path, help="a checkpoint, or weights as they ship")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument(
        "--judge", action="store_true", help="statements too, not only what a question of yes or no comes to"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    examples = broad(given.bench, given.data, given.judge) if given.stage == "broad" else hand(given.data)
    if not given.judge:
        examples = [e for e in examples if e.task != "judge" or e.first[-2:] in (" 是", " 否")]
    random.Random(given.seed).shuffle(examples)
    train(given.folder, given.out, examples, given.minutes, given.begin, given.seed, given.rate)
    (given.out / "stage.json").write_text(json.dumps({k: str(v) for k, v in vars(given).items()}, indent=1))


if __name__ == "__main__":
    main()
