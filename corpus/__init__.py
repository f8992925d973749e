"""The sample corpus that ships with the program: six Markdown documents. A leaf: imports nothing of ours."""

from __future__ import annotations

from pathlib import Path


def sample_documents() -> list[Path]:
    """The documents of the sample corpus in reading order, and nothing else of this folder."""
    return sorted(Path(__file__).resolve().parent.glob("[0-9]*.md"))
