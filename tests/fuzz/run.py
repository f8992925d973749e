"""Fuzzing for a time: every target in turn, new values each time, the smallest input of each finding kept.

    PYTHONPATH=.:tests python -m fuzz.run --minutes 480 [--target NAME ...] [--seed N] [--out FOLDER]
    [--atheris]

A finding is where something does not hold, an error that is not ours, or ten seconds of one value. Each is
told once, by where it was raised; its input goes to FOLDER (default tests/fuzz/findings, not kept by git).
Mended, it belongs into tests/fuzz/seeds, which tests/test_fuzz.py replays. ``--atheris`` lets atheris, where
it is installed, choose the values by the branches that they reach (one target). Ends with 1 when there were
findings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz.kept import as_json
from fuzz.targets import TARGETS

SLOW = 10
"""Seconds of processor time that one value may take."""
EXAMPLES = 200
"""Values of a target between two others, times its share."""
ROOT = Path(__file__).parents[2]


class Slow(Exception):
    """One value took too long."""


def place(error: BaseException) -> str:
    """Kind of an error and the innermost line of ours that it came through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(ROOT)]
    ours = [f for f in frames if "/fuzz/" not in f.filename] or frames
    last = ours[-1] if ours else None
    where = f"{Path(last.filename).relative_to(ROOT)}:{last.lineno}" if last else "?"
    inner = frames[-1].lineno if frames else 0
    return f"{type(error).__name__} {where} ({inner})"


class Findings:
    """What was found so far; each place is told and kept once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: set[str] = set()
        self.values: dict[str, int] = {}
        self.last: Any = None

    def watched(self, name: str, check: Callable[[Any], None]) -> Callable[[Any], None]:
        """``check`` with a time limit, silent about what is known."""

        def run(value: Any) -> None:
            self.values[name] = self.values.get(name, 0) + 1
            signal.setitimer(signal.ITIMER_PROF, SLOW)
            try:
                check(value)
            except Exception as error:
                if place(error) in self.known:
                    return
                self.last = value
                raise
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)

        return run

    def keep(self, name: str, error: BaseException) -> None:
        """Tell of a finding and write its input down."""
        at = place(error)
        self.known.add(at)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}-{hashlib.sha256(at.encode()).hexdigest()[:8]}.json"
        file.write_text(
            json.dumps({"target": name, "was": at, "value": as_json(self.last)}, ensure_ascii=True) + "\n",
            "utf-8",
        )
        told = str(error).split("\n")[0][:200]
        print(f"FOUND {name}: {at}: {told}\n      {file}", flush=True)


def rounds(names: list[str], until: float, chance: random.Random, findings: Findings) -> None:
    """Target after target until the time is over."""
    while True:
        for name in names:
            target = TARGETS[name]
            one = given(target.values)(findings.watched(name, target.check))
            wanted = settings(
                max_examples=EXAMPLES * target.share,
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            )
            try:
                seed(chance.getrandbits(48))(wanted(one))()
            except Exception as error:
                findings.keep(name, error)
            if time.monotonic() > until:
                return


def guided(name: str, until: float, findings: Findings) -> None:
    """atheris chooses the bytes from which hypothesis makes the values."""
    import atheris

    target = TARGETS[name]
    one = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))(
        given(target.values)(findings.watched(name, target.check))
    )

    def feed(data: bytes) -> None:
        try:
            one.hypothesis.fuzz_one_input(data)  # type: ignore[attr-defined]
        except Exception as error:
            findings.keep(name, error)

    atheris.instrument_all()
    options = [
        sys.argv[0],
        f"-max_total_time={max(1, int(until - time.monotonic()))}",  # 0 would be for ever
        "-max_len=8192",
        "-timeout=60",
    ]
    atheris.Setup(options, feed)
    atheris.Fuzz()


def _ring(*_: object) -> None:
    raise Slow(f"more than {SLOW} s")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--target", action="append", choices=sorted(TARGETS))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("findings"))
    parser.add_argument("--atheris", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _ring)
    first = asked.seed if asked.seed is not None else random.SystemRandom().getrandbits(32)
    names, findings = asked.target or list(TARGETS), Findings(asked.out)
    until = time.monotonic() + asked.minutes * 60
    print(f"seed {first}, {', '.join(names)}", flush=True)
    if asked.atheris:
        guided(names[0], until, findings)
    else:
        rounds(names, until, random.Random(first), findings)
    print(
        f"{time.process_time() / 60:.1f} minutes of processor time, {sum(findings.values.values())} values:"
    )
    for name, count in findings.values.items():
        print(f"  {name} {count}")
    print(f"findings: {len(findings.known)}")
    return 1 if findings.known else 0


if __name__ == "__main__":
    sys.exit(main())
