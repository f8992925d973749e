"""Citation quality when the answer is given: evidence F1 of ExpMRC, and what attribution costs. Reporting data.

    python -m training.attribution_report [--data ../shared/bench]

The gold answer stands in for the generator. The evidence is every sentence of the passage; what is scored is the text
of the sentences that ``attribute`` cites, in reading order (ExpMRC, Cui et al. 2022: bag-of-tokens F1 against the best
reference). Beside it the first sentence that holds the answer. Intervals are from 1,000 bootstrap samples, seed 0.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from errors import EvalError
from eval.metrics.text import evidence_f1
from qa.attribution import attribute
from qa.checks import warm
from training.attribution_fit import evidence_of
from training.swaps_make import Source

FILE = "expmrc-cmrc/expmrc-cmrc2018-dev.json"


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the mean by bootstrap."""
    rng = random.Random(0)
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(1000))
    return means[25], means[974]


def main(argv: Sequence[str] | None = None) -> int:
    """Print evidence F1 of attribution and of the plain rule, states and milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m training.attribution_report", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/bench"))
    args = parser.parse_args(argv)
    path = args.data / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError) as error:
        problem = EvalError(f"{path} cannot be read: {error}", "Give the folder of the benchmarks with --data.")
        print(problem, file=sys.stderr)
        return problem.exit_code
    warm()
    ours: list[float] = []
    plain: list[float] = []
    seconds: list[float] = []
    states: Counter[str] = Counter()
    for number, paragraph in enumerate(p for article in data for p in article["paragraphs"]):
        evidence = evidence_of(number, Source(paragraph["context"], ()))
        for item in paragraph["qas"]:
            answer = item["answers"][0]["text"]
            begin = time.perf_counter()
            found = attribute(answer, evidence, question=item["question"])
            seconds.append(time.perf_counter() - begin)
            states[found.state] += 1
            cited = "".join(evidence[i].text for i in sorted(t.index for t in found.citations))
            first = next((e.text for e in evidence if answer in e.text), "")
            ours.append(evidence_f1(cited, item["evidences"]))
            plain.append(evidence_f1(first, item["evidences"]))
    for name, values in (("attribution", ours), ("first sentence with the answer", plain)):
        low, high = interval(values)
        print(f"{name}: evidence F1 {100 * statistics.fmean(values):.1f} [{100 * low:.1f}, {100 * high:.1f}], n={len(values)}")
    print(f"states: {dict(states)}; {1000 * statistics.median(seconds):.1f} ms median, {1000 * sorted(seconds)[int(0.95 * len(seconds))]:.1f} ms p95 an answer")
    return 0


if __name__ == "__main__":
    sys.exit(main())
