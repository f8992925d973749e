"""What is collected over an index, question by question, and then fitted: the file that grows, the command
line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def collected(
    out: Path, items: Sequence[dict[str, Any]], row: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Write a row of each question to ``out``, after those that are there."""
    kept: list[dict[str, Any]] = json.loads(out.read_text("utf-8")) if out.is_file() else []
    for item in items[len(kept) :]:
        kept.append(row(item))
        if len(kept) % 20 == 0 or len(kept) == len(items):
            out.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
            print(f"{len(kept)} of {len(items)}", flush=True)


def parsers(told: str | None) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The parser of ``collect OUT DATA QUESTIONS [--limit N]`` and ``fit ROWS... [--try ROWS...]``, and
    that of ``fit`` alone.

    Args:
        told: what the command does.
    """
    parser = argparse.ArgumentParser(description=told, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("collect")
    one.add_argument("out", type=Path)
    one.add_argument("data", type=Path)
    one.add_argument("questions", type=Path)
    one.add_argument("--limit", type=int, default=0)
    two = verbs.add_parser("fit")
    two.add_argument("rows", type=Path, nargs="+")
    two.add_argument("--try", dest="tried", type=Path, nargs="*", default=[])
    return parser, two
