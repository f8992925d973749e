"""Plain JSONL: a file of questions is a task, without writing code. The tasks that ship with the project are
such files.

One object a line: ``question`` (required), ``answers`` (list or string; empty or missing with ``answerable``
false: must be refused), ``answer_parts`` (list; every part must be in the answer; a part may be a list of
alternatives), ``evidence`` (list of quotes, or of {document, quote}), ``passages`` (closed context: list of
texts, or of {id, text}), ``history`` (list of {question, answer}), ``conversation``, ``polarity``, ``type``,
``split``, ``id``, ``answerable``, ``reference``, ``status``. Lines with ``status`` "draft" or "rejected" are
left out: a person has not agreed to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from errors import EvalError
from eval.tasks.files import need, read_jsonl
from eval.tasks.types import Context, Evidence, Exchange, Item, Mode, Task

_LEFT_OUT = ("draft", "rejected")


def read(
    path: Path,
    name: str = "",
    title: str = "",
    contexts: Iterable[Context] = (),
    split: str = "reporting",
    drafts: bool = False,
) -> Task:
    """A task from a JSONL file; closed when every question brings its passages, else open over ``contexts``.

    Raises:
        EvalError: the file cannot be read, a line lacks a field, two lines have one id, or no question is
            left.
    """
    items: list[Item] = []
    left_out = 0
    seen: dict[str, int] = {}
    for number, row in read_jsonl(path):
        if row.get("status") in _LEFT_OUT and not drafts:
            left_out += 1
            continue
        item = _item(row, number, f"{path}, line {number}")
        if item.id in seen:
            raise EvalError(
                f"{path}: lines {seen[item.id]} and {number} have the same id {item.id!r}",
                "Give each line its own id.",
            )
        seen[item.id] = number
        items.append(item)
    if not items:
        hint = (
            f'{left_out} line(s) are drafts: set "status": "checked" on those that are right.'
            if left_out
            else ""
        )
        raise EvalError(
            f"{path} holds no questions to ask",
            hint or "Write one JSON object a line; see docs/EVALUATION.md.",
        )
    mode: Mode = "closed" if all(item.passages for item in items) else "open"
    splits = {item.split for item in items if item.split}
    label = name or path.stem
    return Task(
        label,
        title or label,
        tuple(items),
        tuple(contexts),
        mode=mode,
        split="/".join(sorted(splits)) if splits else split,
    )


def _item(row: dict[str, Any], number: int, where: str) -> Item:
    question = need(row, "question", where)
    if not isinstance(question, str) or not question.strip():
        raise EvalError(f"{where}: 'question' is empty or not a text")
    answers = _texts(row.get("answers"), f"{where}, answers")
    parts = tuple(_texts(part, f"{where}, answer_parts") for part in row.get("answer_parts") or ())
    passages = _passages(row.get("passages") or (), number, where)
    answerable = row.get("answerable")
    if answerable is None:
        answerable = bool(answers or parts or row.get("reference"))
    return Item(
        id=str(row.get("id", number)),
        question=question,
        answers=answers,
        parts=tuple(part for part in parts if part),
        answerable=bool(answerable),
        evidence=tuple(_evidence(e, where) for e in row.get("evidence") or ()),
        qrels={str(k): int(v) for k, v in (row.get("qrels") or {}).items()},
        type=str(row.get("type") or ("" if answerable else "unanswerable")),
        split=str(row.get("split") or ""),
        history=tuple(_exchange(t, where) for t in row.get("history") or ()),
        passages=passages,
        reference=str(row.get("reference") or ""),
        polarity=str(row.get("polarity") or ""),
        conversation=str(row.get("conversation") or ""),
    )


def _texts(value: Any, where: str) -> tuple[str, ...]:
    """A text or a list of texts or numbers, as texts; None is empty."""
    values = [] if value is None else [value] if isinstance(value, str | int | float) else value
    if not isinstance(values, list) or not all(isinstance(v, str | int | float) for v in values):
        raise EvalError(f"{where}: expected a text or a list of texts")
    return tuple(str(v).strip() for v in values if str(v).strip())


def _passages(rows: Any, number: int, where: str) -> tuple[Context, ...]:
    found = []
    for n, row in enumerate(rows, 1):
        fields = {"text": row} if isinstance(row, str) else row
        if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
            raise EvalError(f"{where}: passage {n} is neither a text nor an object with 'text'")
        found.append(
            Context(str(fields.get("id", f"{number}-{n}")), fields["text"], str(fields.get("title", "")))
        )
    return tuple(found)


def _evidence(row: Any, where: str) -> Evidence:
    if isinstance(row, str):
        return Evidence("", row)
    if not isinstance(row, dict) or not (row.get("quote") or row.get("document")):
        raise EvalError(f"{where}: evidence is neither a quote nor an object with 'document' and 'quote'")
    return Evidence(str(row.get("document") or ""), str(row.get("quote") or ""))


def _exchange(row: Any, where: str) -> Exchange:
    if isinstance(row, dict) and "question" in row:
        return Exchange(str(row["question"]), str(row.get("answer", "")))
    if isinstance(row, list) and len(row) == 2:
        return Exchange(str(row[0]), str(row[1]))
    if isinstance(row, str):
        return Exchange(row, "")
    raise EvalError(f"{where}: a turn of 'history' is an object with 'question' and 'answer'")
