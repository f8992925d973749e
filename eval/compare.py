"""Two runs over the same questions: paired differences with tests, and the questions that changed sides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from errors import EvalError
from eval.metrics.stats import Difference, paired
from eval.runfolder import RunFolder
from eval.summary import RENAMED, is_neutral, lower_is_better


@dataclass(frozen=True, slots=True)
class Changed:
    """A question that one run got right and the other did not; ``better``: B is the one that is right."""

    id: str
    question: str
    better: bool
    verdict_a: str
    verdict_b: str
    answer_a: str
    answer_b: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A. ``only_a`` and ``only_b`` count questions that the other run was not asked, which are left
    out."""

    a: str
    b: str
    n: int
    only_a: int
    only_b: int
    differences: dict[str, Difference]
    changed: tuple[Changed, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(a: RunFolder, b: RunFolder) -> Comparison:
    """Compare question by question.

    Raises:
        EvalError: the runs have no question in common, or one has not been finished.
    """
    left, right = a.scores(), b.scores()
    asked = {item.id: item.question for item in a.items()}
    asked_b = {item.id: item.question for item in b.items()}
    common = [key for key in left if key in right and asked[key] == asked_b.get(key)]
    if not common:
        raise EvalError(
            f"{a.name} and {b.name} have no question in common",
            "Compare runs of the same task, split and sample.",
        )
    differences: dict[str, Difference] = {}
    for name in dict.fromkeys(name for key in common for name in left[key]["scores"]):
        pairs = [(left[key]["scores"].get(name), right[key]["scores"].get(name)) for key in common]
        both = [(x, y) for x, y in pairs if x is not None and y is not None]
        if both:
            differences[RENAMED.get(name, name)] = paired([x for x, _ in both], [y for _, y in both])
    changed = _changed(a, b, common, asked)
    return Comparison(
        a.name, b.name, len(common), len(left) - len(common), len(right) - len(common), differences, changed
    )


def _changed(a: RunFolder, b: RunFolder, common: list[str], asked: dict[str, str]) -> tuple[Changed, ...]:
    left, right, said_a, said_b = a.scores(), b.scores(), a.records(), b.records()
    found = []
    for key in common:
        before, after = left[key]["scores"].get("right"), right[key]["scores"].get("right")
        if before is None or after is None or before == after:
            continue
        found.append(
            Changed(
                key,
                asked[key],
                after > before,
                left[key]["verdict"],
                right[key]["verdict"],
                said(said_a[key]),
                said(said_b[key]),
            )
        )
    return tuple(sorted(found, key=lambda change: (change.better, change.id)))


def said(record: dict[str, Any]) -> str:
    """What came back: the answer, the state that a statement was given, or the error in its place."""
    if record["error"]:
        return f"[{record['error']['type']}] {record['error']['message']}"
    return str(record["answer"]["answer"]) if record["answer"] else str(record.get("state") or "")


def improved(name: str, difference: Difference) -> bool | None:
    """Is B better on this metric, worse, or not to be told apart (None) at p < 0.05?"""
    if is_neutral(name) or difference.p >= 0.05 or difference.value == 0:
        return None
    return (difference.value < 0) == lower_is_better(name)
