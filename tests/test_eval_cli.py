"""The command line from front door to exit code, on a fake engine; and an index of contexts that is built
once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eval_fakes import HonestEngine
from test_eval_runner import PLANTS, fact
from typer.testing import CliRunner

import qa.engine
from errors import EvalError, GateFailed
from eval import corpora
from eval.cli import app
from eval.tasks.types import Context, Task
from qa.settings import EngineSettings


class Door:
    """Stands for the `wenju` command."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.configs: list[Path | None] = []

    def settings(self, config: Path | None, data: Path | None) -> EngineSettings:
        self.configs.append(config)
        return EngineSettings(data=data or self.data)


class FolderEngine(HonestEngine):
    """The honest engine over the text files that were added to its data folder."""

    opened: list[Path] = []
    added: list[Path] = []
    warmed: list[Path] = []

    def __init__(self, data: Path) -> None:
        self.data = data
        self.opened.append(data)
        folder = data / "files"
        super().__init__(
            {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*")} if folder.is_dir() else {}
        )

    @classmethod
    def open(cls, settings: EngineSettings, **_: Any) -> FolderEngine:
        return cls(settings.data)

    def warm(self) -> None:
        self.warmed.append(self.data)

    def add(self, paths: list[Path], progress: Any = None) -> None:
        self.added.extend(paths)
        if progress:
            progress("x", 1, 1)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(qa.engine, "Engine", FolderEngine)
    monkeypatch.setattr(FolderEngine, "opened", [])
    monkeypatch.setattr(FolderEngine, "added", [])
    monkeypatch.setattr(FolderEngine, "warmed", [])
    monkeypatch.setenv("COLUMNS", "120")
    door = Door(tmp_path / "data")

    def invoke(*arguments: object, fails: type[Exception] | None = None) -> Any:
        result = CliRunner().invoke(app, [str(a) for a in arguments], obj=door)
        if fails is None:
            assert result.exit_code == 0, (result.output, result.exception)
        else:
            assert isinstance(result.exception, fails), (result.output, result.exception)
        return result

    invoke.door = door  # type: ignore[attr-defined]
    return invoke


def squad_file(path: Path, questions: int = 8) -> Path:
    paragraphs = [
        {
            "id": f"P{n}",
            "context": fact(n),
            "qas": [
                {
                    "id": f"q{n}",
                    "question": f"{PLANTS[n]}树苗圃共培育幼苗多少株？",
                    "answers": [{"text": f"{200 + 7 * n}株"}],
                }
            ],
        }
        for n in range(questions)
    ]
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}, ensure_ascii=False), encoding="utf-8")
    return path


def test_list_in_both_forms(call: Any) -> None:
    rows = json.loads(call("list", "--json").stdout)
    assert {"tianjin", "cmrc2018_dev", "nomiracl-zh", "stard"} <= {row["name"] for row in rows}
    assert next(row for row in rows if row["name"] == "tianjin")["present"] is True
    assert "tianjin" in call("list").stdout


def test_run_report_gate_and_compare(call: Any, tmp_path: Path) -> None:
    task, run_a, run_b = squad_file(tmp_path / "plants.json"), tmp_path / "a", tmp_path / "b"
    printed = call("run", task, "--out", run_a, "--config", tmp_path / "x.toml").stdout
    assert "答对" in printed and "100.0%" in printed and call.door.configs == [tmp_path / "x.toml"]
    summary = json.loads(call("run", task, "--out", run_b, "--mode", "closed", "--json").stdout)
    assert (
        summary["n"] == 8
        and summary["figures"]["right"]["value"] == 1.0
        and "hit@1" not in summary["figures"]
    )
    assert "ok   right 1 >= 0.9 (n = 8)" in call("gate", run_a, "--min", "right=0.9").stdout
    failed = call("gate", run_a, "--min", "right=0.9", "--max", "length=3", fails=GateFailed)
    assert "FAIL length" in failed.stdout and failed.exception.exit_code == 3
    assert "共同 8 题" in call("compare", run_a, run_b).stdout
    assert json.loads(call("compare", run_a, run_b, "--json").stdout)["n"] == 8
    assert (run_a / "report.html").exists() is False
    call("report", run_a, run_b)
    assert "plants" in (run_a / "report.html").read_text(encoding="utf-8")
    assert "| 答对 |" in call("report", run_a, "--markdown").stdout
    assert "答对" in call("rescore", run_a, "--judge", "own").stdout
    made = json.loads((run_a / "manifest.json").read_text())
    assert made["config"]["index"]["encoder"] == "multilingual-e5-small"
    assert made["config"]["models_sha256"]["multilingual-e5-small"]


def test_index_of_contexts_is_built_once(call: Any, tmp_path: Path) -> None:
    task = squad_file(tmp_path / "plants.json")
    call("run", task, "--out", tmp_path / "a")
    assert len(FolderEngine.added) == 1
    call("run", task, "--out", tmp_path / "b", "--limit", 3)
    assert len(FolderEngine.added) == 1 and FolderEngine.opened[0] == FolderEngine.opened[1]
    squad_file(task, 5)
    call("run", task, "--out", tmp_path / "c")
    assert len(FolderEngine.added) == 2


def test_runs_without_a_name_are_numbered(call: Any, tmp_path: Path) -> None:
    task = squad_file(tmp_path / "plants.json")
    for _ in range(2):
        call("run", task, "--limit", 2)
    assert len(FolderEngine.warmed) == 2
    call("run", task, "--limit", 2, "--no-answers", "--out", tmp_path / "search-only")
    assert len(FolderEngine.warmed) == 2  # searching needs no generator
    assert sorted(p.name for p in (call.door.data / "eval" / "runs").iterdir()) == [
        "plants-2-001",
        "plants-2-002",
    ]


def test_own_file_uses_the_users_index(call: Any, tmp_path: Path) -> None:
    files = call.door.data / "files"
    files.mkdir(parents=True)
    (files / "a.txt").write_text(fact(0), encoding="utf-8")
    mine = tmp_path / "mine.jsonl"
    mine.write_text(
        json.dumps({"question": "松树苗圃共培育幼苗多少株？", "answers": ["200株"], "evidence": [fact(0)]}),
        encoding="utf-8",
    )
    result = json.loads(call("run", mine, "--out", tmp_path / "m", "--json").stdout)
    assert FolderEngine.opened == [call.door.data] and FolderEngine.added == []
    assert (
        result["figures"]["right_with_evidence"]["value"] == 1.0
        and result["figures"]["hit@1"]["value"] == 1.0
    )


def test_synth_and_feedback_write_files_that_run(call: Any, tmp_path: Path) -> None:
    (tmp_path / "doc.md").write_text(
        "# 年报\n\n全市共评定示范窗口47个。市财政局局长王海涛表示，今年5月12日开始发放补贴。\n",
        encoding="utf-8",
    )
    out = tmp_path / "drafts.jsonl"
    assert "drafts in" in call("synth", tmp_path / "doc.md", "--out", out).stdout
    call("synth", tmp_path / "doc.md", "--out", out, fails=EvalError)
    call("run", out, "--out", tmp_path / "r", fails=EvalError)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row["status"] for row in rows} == {"draft"}
    answer = {
        "answer": "47个。",
        "refused": False,
        "sentences": [{"text": "47个。", "citations": [{"document": "年报", "quote": "示范窗口47个"}]}],
    }
    source = tmp_path / "feedback.jsonl"
    source.write_text(
        json.dumps({"question": "几个？", "answer": answer, "verdict": "up"}, ensure_ascii=False),
        encoding="utf-8",
    )
    assert "1 questions in" in call("from-feedback", source, "--out", tmp_path / "reg.jsonl").stdout


def test_without_a_front_door() -> None:
    result = CliRunner().invoke(app, ["run", "tianjin"])
    assert isinstance(result.exception, EvalError) and "without settings" in result.exception.message


def test_context_files_are_safe_and_lead_back(tmp_path: Path) -> None:
    contexts = (
        Context("../../etc/passwd", "甲"),
        Context("法 第一条", "正文。", "甲法第一条"),
        Context("01-a.md", "# 原样\n\n文。", "01-a"),
    )
    task = Task("t", "t", (), contexts)
    folder = corpora.prepare(task, tmp_path, {})
    names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    assert sorted(names.values()) == sorted(c.id for c in contexts)
    assert {p.name for p in (folder / "files").iterdir()} == set(names) and not any(
        "/" in n or n.startswith(".") for n in names
    )
    by_id = {value: (folder / "files" / name).read_text(encoding="utf-8") for name, value in names.items()}
    assert (
        by_id["法 第一条"] == "# 甲法第一条\n\n正文。\n"
        and by_id["01-a.md"] == "# 原样\n\n文。"
        and names["01-a.md"] == "01-a.md"
    )
    assert corpora.key(task, {"encoder": "a"}) != corpora.key(task, {"encoder": "b"})


def test_contexts_that_were_not_indexed_stop_the_run(tmp_path: Path) -> None:
    folder = corpora.prepare(
        Task("t", "t", (), (Context("a.txt", "甲"), Context("b.txt", "乙"))), tmp_path, {}
    )
    (folder / "files" / "b.txt").unlink()
    with pytest.raises(EvalError, match="1 of 2 contexts were not indexed, such as b.txt"):
        corpora.build(folder, FolderEngine(folder))
    assert not (folder / "built.json").exists()
