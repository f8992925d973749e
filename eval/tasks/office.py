"""Sets in the form of the office set: ``questions.jsonl`` beside the folder ``documents``, right or wrong by
points.

Every question is answerable but those of the type ``unanswerable``; to ``chat`` there is no key: whatever is
said is right.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from errors import EvalError
from eval.tasks import jsonl
from eval.tasks.types import Context, Task


def read(path: Path, name: str, title: str, split: str = "reporting") -> Task:
    """The task in ``path``, open over the files of ``documents`` beside it.

    Raises:
        EvalError: there are no documents, or the questions cannot be read.
    """
    files = sorted(file for file in (path.parent / "documents").glob("*") if file.is_file())
    if not files:
        raise EvalError(
            f"the documents of task {name!r} are not here: {path.parent / 'documents'}",
            "Put them beside questions.jsonl.",
        )
    contexts = [
        Context(file.name, file.read_text(encoding="utf-8", errors="replace"), file.stem) for file in files
    ]
    task = jsonl.read(path, name, title, contexts, split)
    items = tuple(
        replace(item, rubric="office", answerable=item.type != "unanswerable") for item in task.items
    )
    return replace(task, items=items, files=tuple(files))
