"""Questions with a false premise and their true twins, each asked of one passage: ``premises_written.jsonl``.

The passages are those of ``training/data``, which no wheel carries; so this task needs a full checkout.
"""

from __future__ import annotations

from pathlib import Path

from errors import EvalError
from eval.tasks.files import need, read_jsonl
from eval.tasks.types import Context, Item, Task

TRUE = "true_premise"


def read(path: Path, name: str, title: str, passages: Path) -> Task:
    """A closed task: of each pair the question with the false premise, then the one with the true premise.

    Args:
        passages: folder with the hand-written passages (``*.jsonl`` with ``id`` and ``passage``).

    Raises:
        EvalError: a passage is not there, or a line lacks a field.
    """
    known = {
        str(row["id"]): row
        for file in sorted(passages.glob("*.jsonl"))
        for _, row in read_jsonl(file)
        if "passage" in row
    }
    items: list[Item] = []
    for number, row in read_jsonl(path):
        where = f"{path}, line {number}"
        key = str(need(row, "passage_id", where))
        if key not in known:
            raise EvalError(f"{where}: no passage {key!r} in {passages}", "Run it from a full checkout.")
        given = known[key]
        title_ = " ".join(filter(None, (given.get("title"), given.get("heading"))))
        context = (Context(key, given["passage"], title_),)
        false, true = need(row, "false", where), need(row, "true", where)
        told = (str(need(row, "told", where)),)
        items.append(
            Item(f"{key}-false", false, told, answerable=True, type="false_premise", passages=context)
        )
        items.append(Item(f"{key}-true", true, answerable=True, type=TRUE, passages=context))
    return Task(name, title, tuple(items), mode="closed")
