"""What a bench has measured so far, a line an answer, so that an interrupted one goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from errors import EvalError
from eval.bench.systems import Timed

Measured = dict[str, dict[int, Timed]]
"""System -> number of the question -> its answer."""


def read(path: Path, questions: Sequence[str]) -> Measured:
    """What ``path`` holds; nothing where it does not exist. A line cut off at the end is left out.

    Raises:
        EvalError: the file is of other questions.
    """
    found: Measured = {}
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines):
        try:
            row = json.loads(line)
        except ValueError:
            if number == len(lines) - 1:
                break
            raise EvalError(
                f"{path}, line {number + 1}, is damaged", "Name another --out, or delete the file."
            ) from None
        n = row["n"]
        if n >= len(questions) or questions[n] != row["question"]:
            raise EvalError(
                f"{path} was measured with other questions",
                "Name another --out, or give --questions and --task as then.",
            )
        found.setdefault(row["system"], {})[n] = Timed(**row["timed"])
    return found


def append(path: Path, system: str, n: int, question: str, timed: Timed) -> None:
    """Add one answer. What a killed process left of a line is finished first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"system": system, "n": n, "question": question, "timed": asdict(timed)}
    text = json.dumps(row, ensure_ascii=False) + "\n"
    with path.open("a+b") as file:
        end = file.seek(0, 2)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":
                whole = path.read_bytes().rfind(b"\n") + 1
                file.truncate(whole)
        file.write(text.encode())
