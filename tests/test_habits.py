"""What developers lean on: make explains itself, hooks need no network, changed modules find their tests, a
wheel is whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from changed import select, wanted_by
from wheel import ALONGSIDE, faults

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def yaml(path: Path) -> Any:
    return pytest.importorskip("yaml").safe_load(path.read_text(encoding="utf-8"))


def test_every_target_explains_itself() -> None:
    targets = set(MAKEFILE.partition(".PHONY:")[2].split("\n")[0].split())
    told = dict(re.findall(r"^([a-z-]+):.*## (\S.*)$", MAKEFILE, re.MULTILINE))
    assert targets == set(told)
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert all(f"make {name:<12} {text}" in shown for name, text in told.items())


def test_hooks_are_local_and_need_no_network() -> None:
    repos = yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    hooks = {hook["id"]: hook for hook in repos[0]["hooks"]}
    assert {"ruff", "mypy", "tests"} <= set(hooks)
    assert all(
        hook["language"] == "system" and "additional_dependencies" not in hook for hook in hooks.values()
    )


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("index/loaders/slides.py", "tests/test_index_loaders_formats.py"),
        ("index/bm25.py", "tests/test_index_bm25.py"),
        ("ui/storage_care.py", "tests/test_ui_storage_care.py"),
        ("prompts/strings.toml", "tests/test_prompts.py"),
        ("tests/index_fakes.py", "tests/test_index_store.py"),
        ("tests/test_formats.py", "tests/test_formats.py"),
        ("docs/API.md", "tests/test_docs.py"),
    ],
)
def test_changed_files_find_their_tests(name: str, test: str) -> None:
    assert (ROOT / name).is_file()
    assert test in wanted_by(name)


def test_few_tests_run_for_a_small_change() -> None:
    every = list((ROOT / "tests").glob("test_*.py"))
    chosen = select(["index/bm25.py", "gone/away.py"])
    assert "tests/test_architecture.py" in chosen and "tests/test_ui_page.py" not in chosen
    assert len(chosen) < len(every) / 4


def test_every_package_module_has_tests() -> None:
    """A module that no test imports and none is named after would pass every hook untried."""
    alone = [
        name
        for name in (
            "qa/pipeline.py",
            "index/store.py",
            "ui/server.py",
            "engine/gguf.py",
            "models/store.py",
            "eval/gate.py",
        )
        if not wanted_by(name)
    ]
    assert alone == []


def test_a_wheel_is_told_what_is_wrong_with_it() -> None:
    packages = ["errors", "engine", "qa", "prompts", "models", "ui", "eval"]
    good = {*ALONGSIDE, "errors/__init__.py", "engine/__init__.py", "wenju-1.dist-info/METADATA"}
    assert faults(good, packages) == []
    assert faults(good | {"training/reader.py"}, packages) == ["training does not belong into the wheel"]
    assert faults(good - {"engine/adapter.npz"}, packages) == ["engine/adapter.npz is missing"]
    assert faults(good, [*packages, "index"]) == ["the package index is missing"]


def test_issue_forms_are_whole() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
    assert len(forms) >= 3
    for form in forms:
        told = yaml(form)
        assert {"name", "description", "body"} <= set(told), form.name
        asked = [part for part in told["body"] if part["type"] != "markdown"]
        assert asked and len({part["id"] for part in asked}) == len(asked), form.name
        assert any(part.get("validations", {}).get("required") for part in asked), form.name
