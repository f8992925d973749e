"""A run on disk. Self-contained: reports, comparisons and gates need nothing but this folder.

manifest.json   what made the run; written first, and again with ``finished`` at the end
items.jsonl     the questions as they were asked, with what is known about their answers
answers.jsonl   one record a question, appended as it comes; an interrupted run goes on after the last
scores.jsonl    per question: verdict and scores; written at the end, and again by rescoring
summary.json    figures with n, unscored and intervals
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import EvalError
from eval.metrics.stats import Figure
from eval.tasks.types import Item


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that holds one run."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run. Raises EvalError when the folder holds none."""
        folder = cls(path)
        if not folder.manifest_path.is_file():
            raise EvalError(
                f"{path} is not a run: it has no manifest.json",
                "Name a folder that `wenju eval run` wrote (its --out).",
            )
        return folder

    @property
    def manifest_path(self) -> Path:
        return self.path / "manifest.json"

    @property
    def answers_path(self) -> Path:
        return self.path / "answers.jsonl"

    @property
    def name(self) -> str:
        return self.path.name

    def manifest(self) -> dict[str, Any]:
        return _object(self.manifest_path)

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        _replace(self.manifest_path, json.dumps(manifest, ensure_ascii=False, indent=1, default=str) + "\n")

    def items(self) -> list[Item]:
        return [Item.from_dict(row) for row in rows_of(self.path / "items.jsonl")]

    def write_items(self, items: Iterable[Item]) -> None:
        _write_rows(self.path / "items.jsonl", (item.to_dict() for item in items))

    def records(self) -> dict[str, dict[str, Any]]:
        """Records by question id; a question that was asked again counts with its last record."""
        path = self.answers_path
        return {row["id"]: row for row in rows_of(path, torn=True)} if path.exists() else {}

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one record."""
        append_row(self.answers_path, record)

    def scores(self) -> dict[str, dict[str, Any]]:
        """Per question: ``verdict``, ``reason``, ``judge`` and ``scores``. Raises EvalError when not yet
        scored."""
        path = self.path / "scores.jsonl"
        if not path.exists():
            raise EvalError(
                f"{self.path} has no scores yet", "The run was interrupted: start the same command again."
            )
        return {row["id"]: row for row in rows_of(path)}

    def write_scores(self, rows: Iterable[Mapping[str, Any]], summary: Mapping[str, Any]) -> None:
        _write_rows(self.path / "scores.jsonl", rows)
        _replace(self.path / "summary.json", json.dumps(summary, ensure_ascii=False, indent=1) + "\n")

    def summary(self) -> dict[str, Any]:
        if not (self.path / "summary.json").exists():
            raise EvalError(
                f"{self.path} has no summary yet", "The run was interrupted: start the same command again."
            )
        return _object(self.path / "summary.json")

    def figures(self) -> dict[str, Figure]:
        """The headline figures by name."""
        return {name: Figure(**row) for name, row in self.summary()["figures"].items()}


def _object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise EvalError(
            f"{path} cannot be read: {error}", "Run the evaluation again into a new folder."
        ) from None
    if not isinstance(value, dict):
        raise EvalError(f"{path} is not a JSON object")
    return value


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add a line and hand it to the disk."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def mend(path: Path) -> None:
    """Cut a torn last line, left by a process that was killed while writing, so that appending starts on a
    new line."""
    data = path.read_bytes() if path.exists() else b""
    if data and not data.endswith(b"\n"):
        path.write_bytes(data[: data.rfind(b"\n") + 1])


def rows_of(path: Path, torn: bool = False) -> Iterator[dict[str, Any]]:
    """Objects of a JSONL file; with ``torn``, a broken last line is left out instead of being an error."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise EvalError(f"{path} cannot be read: {error.strerror}") from None
    lines = [line for line in lines if line.strip()]
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            if torn and number == len(lines):
                return
            raise EvalError(
                f"{path}, line {number}: not JSON", "Remove that line; its question is asked again."
            ) from None


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    _replace(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _replace(path: Path, text: str) -> None:
    """Write beside and move into place: a reader sees the old file or the new one, never half of one."""
    beside = path.with_suffix(path.suffix + ".part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
