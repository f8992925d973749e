"""Reading benchmark files: JSON and JSONL with errors that name the file, the line and the next step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from errors import EvalError


def read_text(path: Path) -> str:
    """The file's text; raises EvalError when it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise EvalError(
            f"benchmark file not found: {path}",
            "Check the path, or name the folder that holds the benchmarks with --bench DIR or WENJU_BENCH.",
        ) from None
    except UnicodeDecodeError as error:
        raise EvalError(
            f"{path} is not UTF-8 (byte {error.start})", "Save it as UTF-8 and try again."
        ) from None
    except OSError as error:
        raise EvalError(f"cannot read {path}: {error.strerror}") from None


def read_json(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise EvalError(
            f"{path}, line {error.lineno}: not JSON ({error.msg})", "Check the file at that line."
        ) from None


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for every line that is not blank."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise EvalError(
                f"{path}, line {number}: not JSON ({error.msg})", "Each line must be one JSON object."
            ) from None
        if not isinstance(row, dict):
            raise EvalError(f"{path}, line {number}: not a JSON object", "Each line must be one JSON object.")
        yield number, row


def need(row: dict[str, Any], key: str, where: str) -> Any:
    """``row[key]``, or an EvalError that says where it is missing and which keys are there."""
    if key not in row:
        raise EvalError(f"{where}: no field {key!r}", f"Fields found: {', '.join(sorted(row)) or 'none'}")
    return row[key]
