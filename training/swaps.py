"""The swap test: change one number, date, name, polarity or subject of a true sentence; is it caught, and are true ones left alone?

    python -m training.swaps --split tuning|reporting [--n 1000] [--seed 7] [--data ../shared/bench] [--out FILE.json]

Tuning: cmrc2018 trial and drcd dev. Reporting: cmrc2018 dev; no rule or threshold was chosen on it. Each kind has
``n`` true sentences (verbatim and rewritten in seven ways) and one swapped sentence for each, checked against the
passage and three others; bare answers, which are no sentences, are added and told apart. Intervals are Wilson's (1927), 95 %.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errors import EvalError, WenjuError
from eval.metrics.stats import wilson
from qa.checks import check, warm
from qa.types import Problem
from training.swaps_make import KINDS, Case, Source, cases, read
from training.swaps_subject import subject_cases

SPLITS = {
    "tuning": ("cmrc2018/cmrc2018_trial.json", "drcd/DRCD_dev.json"),
    "reporting": ("cmrc2018/cmrc2018_dev.json",),
}


def load(data: Path, split: str) -> list[Source]:
    """The passages of a split."""
    if split not in SPLITS:
        raise EvalError(f"unknown split {split!r}", f"Valid: {', '.join(SPLITS)}")
    return [source for name in SPLITS[split] for source in read(data / name)]


def _made(sources: Sequence[Source], kind: str, n: int, seed: int) -> list[Case]:
    return subject_cases(sources, n, seed) if kind == "subject" else cases(sources, kind, n, seed)


def run(all_cases: Sequence[Case]) -> tuple[list[tuple[Case, list[Problem]]], list[float]]:
    """Each case with what the checks found, and the seconds each took."""
    results, seconds = [], []
    for case in all_cases:
        begin = time.perf_counter()
        problems = check(case.sentence, case.evidence, case.question)
        seconds.append(time.perf_counter() - begin)
        results.append((case, problems))
    return results, seconds


def table(results: Sequence[tuple[Case, list[Problem]]]) -> list[dict[str, Any]]:
    """Rows: kind, swapped or true, how or form, n, share flagged with interval."""
    groups: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for case, problems in results:
        what = ("swapped" if case.swapped else "true") + (" bare" if case.form == "bare" else "")
        for detail in ("all", case.how if case.swapped else case.form):
            groups[(case.kind, what, detail)].append(bool(problems))
        if not case.swapped and case.kind != "subject":
            groups[("any", what, "all")].append(bool(problems))
            groups[("any", what, case.form)].append(bool(problems))
    rows = []
    for (kind, what, detail), flags in sorted(groups.items(), key=lambda g: (g[0][0], g[0][1], g[0][2] != "all", g[0][2])):
        low, high = wilson(sum(flags), len(flags))
        rows.append({"kind": kind, "set": what, "detail": detail, "n": len(flags), "flagged": round(sum(flags) / len(flags), 4),
                     "low": round(low, 4), "high": round(high, 4)})  # fmt: skip
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.swaps", description=__doc__)
    parser.add_argument("--split", default="tuning", choices=sorted(SPLITS))
    parser.add_argument("--n", type=int, default=1000, help="true sentences per kind, and as many swapped")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kinds", default=",".join((*KINDS, "subject")))
    parser.add_argument("--data", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--out", type=Path, help="write the table and every wrong case as JSON")
    parser.add_argument("--show", type=int, default=0, help="print this many misses and false flags of each kind")
    args = parser.parse_args(argv)
    warm()
    try:
        sources = load(args.data, args.split)
    except WenjuError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    made = [case for kind in args.kinds.split(",") for case in _made(sources, kind, args.n, args.seed)]
    results, seconds = run(made)
    rows = table(results)
    for row in rows:
        print("{kind:9} {set:12} {detail:18} n={n:5}  flagged {flagged:7.2%}  [{low:.2%}, {high:.2%}]".format(**row))
    print(f"check: median {1000 * statistics.median(seconds):.2f} ms, p95 {1000 * sorted(seconds)[int(0.95 * len(seconds))]:.2f} ms a sentence")
    wrong = [(c, p) for c, p in results if bool(p) != c.swapped]
    for kind in args.kinds.split(","):
        for swapped in (True, False):
            for case, problems in [w for w in wrong if w[0].kind == kind and w[0].swapped == swapped][: args.show]:
                print(f"\n[{kind} {'missed' if swapped else 'false flag'} {case.form}/{case.how}] {case.sentence}"
                      f"\n   question: {case.question}  changed: {case.changed}  found: {[(p.kind, p.text, p.evidence) for p in problems]}")  # fmt: skip
    if args.out:
        detail = [{"kind": c.kind, "swapped": c.swapped, "form": c.form, "how": c.how, "sentence": c.sentence, "question": c.question,
                   "changed": c.changed, "found": [[p.kind, p.text, p.evidence] for p in ps]} for c, ps in wrong]  # fmt: skip
        args.out.write_text(json.dumps({"split": args.split, "seed": args.seed, "rows": rows, "wrong": detail}, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
