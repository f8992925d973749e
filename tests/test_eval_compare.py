"""Comparing two runs, and gates that fail a build."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eval_fakes import AlwaysAnswers, HonestEngine
from test_eval_runner import garden

from errors import EvalError, GateFailed
from eval.compare import compare, improved
from eval.gate import check, enforce
from eval.metrics.stats import Difference
from eval.runfolder import RunFolder
from eval.runner import RunOptions, run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, RunFolder]:
    task, files = garden()
    base = tmp_path_factory.mktemp("runs")
    return run(task, HonestEngine(files), RunOptions(base / "a")), run(
        task, AlwaysAnswers(files), RunOptions(base / "b")
    )


def test_changed_questions_and_the_paired_test(runs: tuple[RunFolder, RunFolder]) -> None:
    found = compare(*runs)
    assert found.n == 20 and found.only_a == found.only_b == 0
    assert [change.id for change in found.changed] == ["u0", "u1", "u2", "u3"]
    assert not any(change.better for change in found.changed)
    assert found.changed[0].verdict_a == "refused_right" and found.changed[0].verdict_b == "hallucinated"
    right = found.differences["right"]
    assert (right.gained, right.lost, right.test, right.n) == (0, 4, "McNemar", 20)
    assert right.value == pytest.approx(-0.2) and right.p == pytest.approx(0.125)
    assert found.differences["hallucination_rate"].value == 1.0
    assert found.differences["hit@1"].p == 1.0
    back = compare(runs[1], runs[0])
    assert all(change.better for change in back.changed) and back.differences["right"].value == pytest.approx(
        0.2
    )


def test_only_questions_that_both_were_asked_count(runs: tuple[RunFolder, RunFolder], tmp_path: Path) -> None:
    task, files = garden()
    part = run(replace(task, items=task.items[10:]), HonestEngine(files), RunOptions(tmp_path / "part"))
    found = compare(runs[0], part)
    assert (found.n, found.only_a, found.only_b) == (10, 10, 0) and found.changed == ()
    other = replace(task, items=tuple(replace(i, question=i.question + "呢") for i in task.items))
    with pytest.raises(EvalError, match="no question in common"):
        compare(runs[0], run(other, HonestEngine(files), RunOptions(tmp_path / "other")))


def test_better_depends_on_the_metric() -> None:
    up, down, unsure = (
        Difference(v, v - 0.1, v + 0.1, p, 50, "x") for v, p in ((0.3, 0.01), (-0.3, 0.01), (0.3, 0.2))
    )
    assert (
        improved("right", up) is True
        and improved("right", down) is False
        and improved("right", unsure) is None
    )
    assert improved("hallucination_rate", down) is True and improved("seconds_total_p95", up) is False
    assert improved("refused", up) is None


def test_gate(runs: tuple[RunFolder, RunFolder]) -> None:
    good = check(runs[0], ["right=0.9", "hit@1=0.95"], ["hallucination_rate=0.1"])
    assert [str(one) for one in good][0] == "right 1 >= 0.9 (n = 20)"
    enforce(good)
    with pytest.raises(GateFailed, match="hallucination_rate 1 <= 0.1") as error:
        enforce(check(runs[1], ["right=0.5"], ["hallucination_rate=0.1"]))
    assert error.value.exit_code == 3 and "right" not in error.value.message


@pytest.mark.parametrize(
    ("minimum", "message"),
    [
        (["rigth=0.9"], "no figure 'rigth'"),
        (["right"], "not metric=value"),
        (["right=high"], "not metric=value"),
        ([], "no bound"),
    ],
)
def test_gates_that_make_no_sense(
    runs: tuple[RunFolder, RunFolder], minimum: list[str], message: str
) -> None:
    with pytest.raises(EvalError, match=message) as error:
        check(runs[0], minimum)
    assert not isinstance(error.value, GateFailed)
    if "rigth" in message:
        assert "Did you mean 'right'?" in error.value.hint


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="is not a run"):
        RunFolder.open(tmp_path)
