"""What a bench has measured so far, a line an answer, so that an interrupted one goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from errors import EvalError
from eval.bench.systems import Timed
from eval.runfolder import append_row, mend, rows_of

Measured = dict[str, dict[int, Timed]]
"""System -> number of the question -> its answer."""


def read(path: Path, questions: Sequence[str]) -> Measured:
    """What ``path`` holds; nothing where it does not exist. A line that was cut off at the end goes.

    Raises:
        EvalError: the file is damaged, or of other questions.
    """
    mend(path)
    found: Measured = {}
    for row in rows_of(path) if path.exists() else ():
        n = row["n"]
        if n >= len(questions) or questions[n] != row["question"]:
            raise EvalError(
                f"{path} was measured with other questions",
                "Name another --out, or give --questions and --task as then.",
            )
        found.setdefault(row["system"], {})[n] = Timed(**row["timed"])
    return found


def append(path: Path, system: str, n: int, question: str, timed: Timed) -> None:
    """Add one answer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    append_row(path, {"system": system, "n": n, "question": question, "timed": asdict(timed)})
