"""Support pairs: both forms of file, the judge that is taken and named, and the figures."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from errors import EvalError, WenjuError
from eval.compare import compare
from eval.console import print_run
from eval.pairs import EngineJudge, RulesJudge, auc, open_pair_judge
from eval.report import html
from eval.report.markdown import table
from eval.runner import RunOptions, run
from eval.scoring import score_run
from eval.tasks import load, pairs

EVIDENCE = "婚假10天，须一次性休完。\n年假未休的可顺延。"
PAIRS = [
    {"id": "t1", "family": "verbatim", "evidence": EVIDENCE, "statement": "婚假10天。", "label": "supported"},
    {
        "id": "t2",
        "family": "paraphrase",
        "evidence": EVIDENCE,
        "statement": "结婚可以歇十日。",
        "label": True,
    },
    {
        "id": "f1",
        "family": "number",
        "evidence": EVIDENCE,
        "statement": "婚假15天。",
        "label": "not",
        "question": "婚假几天",
    },
    {"id": "f2", "family": "modality", "evidence": EVIDENCE, "statement": "年假不得顺延。", "label": "not"},
]
CHANCES = {"婚假10天。": 0.9, "结婚可以歇十日。": 0.4, "婚假15天。": 0.6, "年假不得顺延。": 0.1}


def written(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


class FakeJudge:
    """Says what CHANCES has."""

    asked: list[str] = []

    def supports(self, evidence: str, statements: Sequence[str], cancelled: threading.Event) -> list[float]:
        self.asked.append(evidence)
        if statements[0] not in CHANCES:
            raise WenjuError("the model failed", "")
        return [CHANCES[one] for one in statements]

    def state(self, probability: float) -> str:
        return "supported" if probability >= 0.8 else "partial" if probability >= 0.5 else "unsupported"


class FakeEngine:
    class generator:
        name = "fake-model"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> type[FakeJudge]:
    monkeypatch.setattr("eval.pairs.open_judge", lambda generator: FakeJudge())
    monkeypatch.setattr(FakeJudge, "asked", [])
    return FakeJudge


def test_both_forms_are_told_from_questions(tmp_path: Path) -> None:
    task = load(str(written(tmp_path / "pairs.jsonl", PAIRS)))
    assert task.pairs and [item.answers[0] for item in task.items] == ["supported", "supported", "not", "not"]
    assert task.items[2].type == "not · number" and task.items[2].history[0].question == "婚假几天"
    hand = {
        "id": "h",
        "passage": EVIDENCE,
        "statements": [{"s": "婚假10天。", "label": True, "family": "verbatim"}],
    }
    task = load(str(written(tmp_path / "hand.jsonl", [hand])))
    assert task.pairs and task.items[0].id == "h-0" and task.items[0].evidence[0].quote == EVIDENCE
    assert not load(str(written(tmp_path / "q.jsonl", [{"question": "婚假几天", "answers": ["10天"]}]))).pairs
    (tmp_path / "support").mkdir()
    written(tmp_path / "support" / "pairs.jsonl", PAIRS)
    assert load("support", tmp_path).pairs


@pytest.mark.parametrize(
    ("change", "message"),
    [({"label": "maybe"}, "label 'maybe'"), ({"statement": " "}, "empty"), ({"id": "t1"}, "is there twice")],
)
def test_broken_lines_are_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        pairs.read(written(tmp_path / "p.jsonl", [PAIRS[0], PAIRS[1] | change]))


def test_figures_of_the_engines_judge(
    tmp_path: Path, judged: type[FakeJudge], capsys: pytest.CaptureFixture[str]
) -> None:
    task = pairs.read(written(tmp_path / "p.jsonl", PAIRS))
    folder = run(task, FakeEngine(), RunOptions(tmp_path / "run"))  # type: ignore[arg-type]
    found = {name: figure.value for name, figure in folder.figures().items()}
    assert found["support_balanced_accuracy"] == 0.5 and found["support_auc"] == 0.75
    assert (found["true_struck"], found["false_shown"], found["false_supported"]) == (0.5, 0.5, 0.0)
    assert folder.figures()["true_struck"].n == 2 and folder.figures()["support_balanced_accuracy"].n == 4
    assert folder.summary()["by_type"]["supported · paraphrase"]["right"]["value"] == 0.0
    assert judged.asked[0] == "[1] " + EVIDENCE and folder.manifest()["model"] == "fake-model"
    print_run(folder)
    shown = capsys.readouterr().out
    assert "引擎的判定器（qa.judge，4 条）" in shown and "not · number" in shown and "假话被显示" in shown
    told = table([folder], "en")
    assert "the engine's judge (qa.judge, 4)" in told and "| not · number | 0.0%" in told
    assert "结婚可以歇十日。" in html([folder]) and score_run(folder).figures()["support_auc"].value == 0.75
    assert compare(folder, folder).differences["right"].value == 0.0


def test_a_judge_that_fails_is_wrong(tmp_path: Path, judged: type[FakeJudge]) -> None:
    task = pairs.read(written(tmp_path / "p.jsonl", [PAIRS[0], PAIRS[2] | {"statement": "别的话。"}]))
    folder = run(task, FakeEngine(), RunOptions(tmp_path / "run"))  # type: ignore[arg-type]
    found = {name: figure.value for name, figure in folder.figures().items()}
    assert found["failed"] == 0.5 and found["false_shown"] == 1.0 and found["false_supported"] == 1.0
    assert folder.scores()["f1"]["verdict"] == "error" and found["support_auc"] is None


def test_without_a_judge_the_rules_judge(tmp_path: Path) -> None:
    assert isinstance(open_pair_judge(object()), RulesJudge)
    folder = run(pairs.read(written(tmp_path / "p.jsonl", PAIRS)), object(), RunOptions(tmp_path / "run"))  # type: ignore[arg-type]
    rows = folder.scores()
    assert rows["t1"]["verdict"] == "right" and rows["f1"]["verdict"] == "right"
    assert folder.summary()["judges"] == {"attribution": 4}


def test_the_engines_judge_is_taken(judged: type[FakeJudge]) -> None:
    assert isinstance(open_pair_judge(FakeEngine()), EngineJudge)


def test_auc_counts_ties_half() -> None:
    assert auc([0.9, 0.5], [0.5, 0.1]) == 0.875 and auc([1.0], [0.0]) == 1.0 and auc([0.0], [1.0]) == 0.0
