"""The command line as programs and people meet it: output, errors, exit codes, speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_encoder import FakeEncoder
from typer.testing import CliRunner, Result

from qa.engine import Engine
from qa.settings import EngineSettings
from wenju import __version__
from wenju.cli import app

ROOT = Path(__file__).parents[1]
NOTE = "# 值班通知\n\n值班电话是63085678，由办公室在每周一上午九点前公布，遇有调整另行通知各处室。\n"


class Parrot:
    """A generator that says what it is told to."""

    name = "parrot"
    text = "值班电话是63085678。"

    def stream(self, request: object) -> Iterator[object]:
        from engine.base import Chunk

        yield Chunk(self.text, finish="stop", prompt_tokens=10, completion_tokens=5)

    def count_tokens(self, text: str) -> int:
        return len(text)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[object]:
    """Call the command in this process, with a fake encoder and generator; data lie in a folder of the
    test."""
    real = Engine.open.__func__  # type: ignore[attr-defined]

    def fake(cls: type[Engine], settings: EngineSettings, **_models: object) -> Engine:
        engine: Engine = real(cls, settings, generator=Parrot(), encoder=FakeEncoder())
        return engine

    monkeypatch.setattr(Engine, "open", classmethod(fake))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--data", str(tmp_path / "data"), *arguments])

    yield call


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    path.write_text(NOTE, encoding="utf-8")
    return path


def shell(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wenju", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", **options)  # type: ignore[call-overload, no-any-return]


def test_help_is_fast_and_lists_the_commands() -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = shell("--help", env={**os.environ, "TERM": "dumb"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    for name in ("index", "search", "ask", "serve", "models", "doctor", "eval", "mcp"):
        assert name in done.stdout
    # Processor time: other work on a busy machine does not count.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_version() -> None:
    assert shell("--version").stdout == f"wenju {__version__}\n"


def test_index_search_ask(run, note: Path) -> None:  # type: ignore[no-untyped-def]
    added = json.loads(run("index", "add", str(note), "--json").stdout)
    assert (added["added"], added["failed"]) == (["note.md"], [])
    assert run("index", "add", str(note)).stdout.startswith("0 added, 0 replaced, 1 unchanged")
    info = json.loads(run("index", "info", "--json").stdout)
    assert (info["documents"], info["passages"]) == (1, 1)
    listed = json.loads(run("index", "list", "--json").stdout)["documents"]
    assert listed[0]["title"] == "值班通知"

    stored = json.loads(run("index", "show", "值班通知", "--json").stdout)
    unread = json.loads(run("index", "show", str(note), "--json").stdout)
    assert stored["text"] == unread["text"] and stored["sections"][0]["title"] == "值班通知"
    assert "# 值班通知" in run("index", "show", listed[0]["id"]).stdout
    packed = note.with_name("包.zip")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(note, "二/note.md")
    assert "包.zip/二/note.md  值班通知" in run("index", "show", str(packed)).stdout
    assert (
        json.loads(run("index", "show", str(packed), "--json").stdout)["documents"][0]["text"]
        == stored["text"]
    )
    missing = run("index", "show", "值班通告")
    assert missing.exit_code == 1 and "值班通知" in missing.output

    hits = json.loads(run("search", "值班电话", "--json").stdout)["hits"]
    text = hits[0]["text"]
    assert "63085678" in text and text == NOTE[NOTE.index(text) :][: hits[0]["end"] - hits[0]["start"]]
    shown = run("search", "值班电话")
    assert "63085678" in shown.stdout and "值班通知" in shown.stdout

    answer = json.loads(run("ask", "值班电话是多少？", "--json").stdout)
    assert list(answer)[:5] == ["question", "query", "answer", "refused", "reason"]
    assert {"sentences", "retrieved", "timings", "model", "index"} <= set(answer)
    assert answer["retrieved"][0]["sent"] is True
    plain = run("ask", "值班电话是多少？")
    assert plain.exit_code == 0 and answer["answer"] in plain.stdout.replace("\n", "")

    removed = run("index", "remove", "值班通知")
    assert removed.stdout == "removed: 值班通知\n"
    refused = json.loads(run("ask", "值班电话是多少？", "--json").stdout)
    assert (refused["refused"], refused["reason"]) == (True, "no_documents")


def test_bad_files_are_named_and_good_ones_indexed(run, note: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "image.txt").write_bytes(bytes(range(256)) * 8)
    done = run("index", "add", str(note), str(tmp_path / "empty.txt"), str(tmp_path / "image.txt"))
    assert done.exit_code == 1
    assert "1 added" in done.stdout
    assert "empty.txt" in done.stderr and "image.txt" in done.stderr
    assert "2 of the files could not be read; the others are indexed." in done.stderr


def test_file_that_does_not_exist(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = run("index", "add", str(tmp_path / "nowhere.md"))
    assert done.exit_code == 1 and "nowhere.md" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("index", "info"), 1, "There is no index"),
        (("index", "remove", "x"), 1, "There is no document 'x'"),
        (("ask", ""), 2, "the question is empty"),
        (("ask", "长" * 10_000), 2, "has 10000 characters; at most"),
        (("ask",), 2, "--batch"),
        (("ask", "--batch", "in.jsonl"), 2, "--out"),
        (("ask", "--batch", "in.jsonl", "--out", "out.jsonl"), 1, "There is no file in.jsonl"),
        (("models", "fetch", "m3e-smal"), 1, "Did you mean 'm3e-small'?"),
        (("models", "fetch", "--from", "no.tar"), 1, "There is no file no.tar"),
        (("--set", "answer.riks=1", "search", "x"), 2, "Did you mean 'answer.risk'?"),
        (("--set", "answer.risk", "search", "x"), 2, "KEY=VALUE"),
        (("--config", "no.toml", "search", "x"), 2, "no settings file no.toml"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_errors_say_what_is_wrong_on_stderr(run, arguments: tuple[str, ...], code: int, message: str) -> None:  # type: ignore[no-untyped-def]
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_quietly(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "search", interrupted)
    done = run("search", "x")
    assert (done.exit_code, done.stderr) == (130, "Stopped.\n")


def test_reader_that_goes_away(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "wenju", "models", "list", "--json"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_eval_is_mounted_and_gets_the_settings() -> None:
    done = shell("eval", "list", "--json")
    assert done.returncode == 0, done.stderr
    assert "tianjin" in done.stdout


def test_bench_is_mounted() -> None:
    done = shell("bench", "--help", env={**os.environ, "TERM": "dumb"})
    assert done.returncode == 0 and "answers" in done.stdout


def test_widget_tag_is_for_these_settings(run) -> None:  # type: ignore[no-untyped-def]
    done = run("--set", 'ui.title="甲&乙"', "widget", "--url", "https://ask.example/wenju/")
    assert done.stdout.startswith('<script src="https://ask.example/wenju/widget.js" data-title="甲&amp;乙"')
    assert "ui.allowed_origins" in done.stderr


def test_models_list_shows_licences(run) -> None:  # type: ignore[no-untyped-def]
    models = {row["name"]: row for row in json.loads(run("models", "list", "--json").stdout)["models"]}
    assert models["multilingual-e5-small"]["used"] and models["multilingual-e5-small"]["licence"] == "MIT"
    assert not models["m3e-small"]["used"] and "research" in models["m3e-small"]["licence"]
    assert not any(row["terms"] for row in models.values() if row["used"])
    shown = run("models", "list").stdout
    assert "research only" in shown and "multilingual-e5-small (MIT)" in " ".join(shown.split())


def test_models_verify_says_what_to_do(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("WENJU_MODELS", str(tmp_path / "none"))
    done = run("models", "verify")
    assert done.exit_code == 1 and "wenju models fetch" in done.stderr


def test_a_folder_in_step_from_the_command_line(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "文件"
    folder.mkdir()
    (folder / "值班.md").write_text(NOTE, encoding="utf-8")
    (folder / "餐厅.md").write_text(
        "# 餐厅通知\n\n餐厅每天早上七点开门，晚上七点关门，节假日另行通知。\n", encoding="utf-8"
    )
    assert run("index", "sync", str(folder), "--collection", "后勤").stdout.startswith(
        "2 added, 0 replaced, 0 unchanged in "
    )
    (folder / "餐厅.md").rename(folder / "食堂.md")
    (folder / "值班.md").unlink()
    synced = json.loads(run("index", "sync", str(folder), "--json").stdout)
    assert (synced["renamed"], synced["removed"]) == ([{"from": "餐厅.md", "to": "食堂.md"}], ["值班.md"])
    run("index", "add", str(tmp_path / "文件"))
    (tmp_path / "note.md").write_text(NOTE, encoding="utf-8")
    run("index", "add", str(tmp_path / "note.md"), "--collection", "办公")
    assert run("index", "collections").stdout == "     1  办公\n     1  后勤\n"
    hits = json.loads(run("search", "通知", "--collection", "后勤", "--json").stdout)["hits"]
    assert {hit["document"] for hit in hits} == {"餐厅通知"}
    answer = json.loads(run("ask", "值班电话是多少？", "--collection", "办公", "--json").stdout)
    assert {one["document"] for one in answer["retrieved"]} == {"值班通知"}
    unknown = run("ask", "值班电话是多少？", "--collection", "办工")
    assert unknown.exit_code == 2 and "办公" in unknown.stderr
    assert run("index", "collections", "--delete", "后勤").stdout == "     1  办公\n"
    (folder / "食堂.md").unlink()
    nothing = run("index", "sync", str(folder))
    assert nothing.exit_code == 1 and "--empty" in nothing.stderr
    assert "removed: 食堂.md" in run("index", "sync", str(folder), "--empty").stdout


def test_an_index_looked_after_from_the_command_line(run, note: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert "there is no index yet" in run("index", "verify").stdout
    assert run("index", "rebuild").exit_code == 1
    run("index", "add", str(note))
    assert "all right" in run("index", "verify").stdout
    assert run("index", "export", str(tmp_path / "a.jsonl")).stdout.startswith("1 documents")
    assert run("backup", str(tmp_path / "b.zip")).stdout.startswith("1 documents (gen-1)")
    (tmp_path / "data" / "index" / "gen-1" / "vectors.npy").unlink()
    damaged = run("index", "verify")
    assert (
        damaged.exit_code == 3
        and "gen-1/vectors.npy: is missing" in damaged.stdout
        and "wenju index rebuild" in damaged.stdout
    )
    assert json.loads(run("index", "verify", "--json").stdout)["faults"][0]["place"] == "gen-1/vectors.npy"
    assert run("search", "值班电话").exit_code == 1
    assert any(
        one["name"] == "index" and one["state"] == "fail"
        for one in json.loads(run("doctor", "--json", "--no-ask").stdout)["checks"]
    )
    assert run("index", "rebuild").stdout == "gen-2: 1 documents, 1 passages\n"
    assert "all right" in run("index", "verify").stdout and "63085678" in run("search", "值班电话").stdout
    run("index", "remove", "值班通知")
    assert run("index", "import", str(tmp_path / "a.jsonl")).stdout.endswith(": 1 documents\n")
    assert run("restore", str(tmp_path / "b.zip")).exit_code == 1
    assert run("restore", str(tmp_path / "b.zip"), "--replace").exit_code == 0
    assert "63085678" in run("search", "值班电话").stdout


@pytest.mark.parametrize(
    ("lang", "said"), [("zh_CN.UTF-8", "里没有索引"), ("en_GB.UTF-8", "There is no index")]
)
def test_errors_are_told_in_the_language_of_the_terminal(
    run: Any, monkeypatch: pytest.MonkeyPatch, lang: str, said: str
) -> None:
    monkeypatch.setenv("LC_ALL", lang)
    assert said in run("index", "rebuild").stderr and "wenju index add" in run("index", "rebuild").stderr


def test_watch_ends_with_ctrl_c(run, note: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    import threading

    def interrupted(self: threading.Event, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "index.watch.threading", type("Fake", (), {"Event": type("Event", (), {"wait": interrupted})})
    )
    done = run("index", "watch", str(note.parent), "--every", "0.2")
    assert done.exit_code == 130 and "1 added" in done.stdout
