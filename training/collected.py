"""The command line of what is collected over an index, question by question, and then fitted."""

from __future__ import annotations

import argparse
from pathlib import Path


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
