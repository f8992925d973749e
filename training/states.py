"""Collects the default generator's hidden states after it has read evidence and a statement: what the judge
is fitted on.

    python -m training.states OUT.npz FILE.jsonl...

One row a statement, in the order of the files: ``states`` float16 [n, layers * hidden size], ``labels`` bool
[n], ``ids`` and ``groups`` (kind of document). A file of the hand-written form (``passage``, ``statements``)
or of pairs (``evidence``, ``statement``, ``label``). Goes on where it stopped: OUT is written every 200
statements.
"""

from __future__ import annotations

import argparse
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import prompts
from engine.base import Message, Reads
from qa.judge import messages
from training.examples import rows
from training.kept import opened

TOGETHER = 4
"""Pieces of evidence whose statements are read together."""
DISTRACTED = 0.4
"""Share of the passages beside which another one of the same kind of document stands."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Evidence as it stands in a prompt, a statement, and whether the evidence bears it out."""

    id: str
    evidence: str
    statement: str
    label: bool
    group: str


def pairs(path: Path) -> Iterator[Pair]:
    """The statements of a file with their evidence, those of one passage after another."""
    given = rows(path)
    for row in given:
        if "statements" not in row:
            yield Pair(
                row["id"],
                f"[1] {row['evidence']}",
                row["statement"],
                row["label"] == "supported",
                row["kind"],
            )
            continue
        rng = random.Random(row["id"])
        passage = rng.choice((f"（{row['heading']}）", "")) + row["passage"]
        beside = [r["passage"] for r in given if r["kind"] == row["kind"] and r is not row]
        texts = [passage]
        if beside and rng.random() < DISTRACTED:
            texts.insert(rng.randrange(2), rng.choice(beside)[:200])
        evidence = "\n".join(f"[{i}] {text}" for i, text in enumerate(texts, 1))
        for i, item in enumerate(row["statements"]):
            yield Pair(f"{row['id']}-{i}", evidence, item["s"], bool(item["label"]), row["kind"])


def collect(out: Path, wanted: Sequence[Pair], threads: int) -> None:
    """Read what is not in ``out`` yet."""
    generator = opened(Reads, threads)
    states: list[np.ndarray] = []
    if out.is_file():
        with np.load(out) as kept:
            states = list(kept["states"])
            if list(kept["ids"]) != [p.id for p in wanted[: len(states)]]:
                raise SystemExit(f"{out} holds other statements")
    while len(states) < len(wanted):
        end = _end(wanted, len(states))
        part = wanted[len(states) : end]
        states += _read(generator, part)
        if len(states) // 200 > (len(states) - len(part)) // 200 or end == len(wanted):
            done = wanted[:end]
            new = out.with_suffix(".new.npz")
            np.savez(
                new,
                states=np.stack(states),
                labels=[p.label for p in done],
                ids=[p.id for p in done],
                groups=[p.group for p in done],
            )
            new.replace(out)
            print(f"{len(states)} of {len(wanted)}", flush=True)


def _end(wanted: Sequence[Pair], begin: int) -> int:
    """Where the statements of the next TOGETHER pieces of evidence end."""
    seen: list[str] = []
    for i in range(begin, len(wanted)):
        if wanted[i].evidence not in seen:
            seen.append(wanted[i].evidence)
        if len(seen) > TOGETHER:
            return i
    return len(wanted)


def _chat(pair: Pair) -> tuple[Message, ...]:
    evidence = "\n".join(prompts.escape_evidence(line) for line in pair.evidence.split("\n"))
    return messages(evidence, pair.statement)


def _read(generator: Reads, part: Sequence[Pair]) -> list[np.ndarray]:
    """States of some statements: one for each piece of evidence first, so that the others find it read."""
    firsts = {pair.evidence: i for i, pair in reversed(list(enumerate(part)))}.values()
    found: dict[int, np.ndarray] = {}
    for turn in (sorted(firsts), [i for i in range(len(part)) if i not in firsts]):
        reading = [(i, generator.read(_chat(part[i]), threading.Event())) for i in turn]
        found |= {i: np.asarray(one.state(), np.float16) for i, one in reading}
    return [found[i] for i in range(len(part))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    collect(given.out, [pair for path in given.files for pair in pairs(path)], given.threads)


if __name__ == "__main__":
    main()
