"""Many questions from a file, answered with one model load; an interrupted run goes on where it stopped.

In: a JSON object a line with ``question`` and ``id`` (default: the line's number), optionally ``history``
(objects with ``question`` and ``answer``). Out: the JSON of an answer (docs/API.md) with the ``id`` in front,
or ``id``, ``question`` and ``error``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import DocumentError, QuestionError
from qa.serialize import answer_to_dict
from qa.types import Turn
from wenju.options import Bars

if TYPE_CHECKING:
    from qa.engine import Engine


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the input."""

    id: str
    question: str
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How many lines were answered now (``refused`` of them refusals), could not be taken, or were there
    before."""

    answered: int
    refused: int
    failed: int
    kept: int


def read_questions(path: Path) -> list[Asked]:
    """All questions of a file. Raises DocumentError that names the line when one is not usable."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DocumentError(f"There is no file {path}.", "Check the path given to --batch.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"Cannot read {path}: {error}.", "It must be a UTF-8 text file.") from None
    found: dict[str, Asked] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        asked = _question(path, number, line)
        if asked.id in found:
            raise DocumentError(
                f"{path}, line {number}: the id {asked.id!r} occurs twice.", "Give each question its own."
            )
        found[asked.id] = asked
    if not found:
        raise DocumentError(
            f"{path} holds no question.", 'One JSON object a line: {"id": "1", "question": "…"}'
        )
    return list(found.values())


def _question(path: Path, number: int, line: str) -> Asked:
    try:
        data = json.loads(line)
        turns = tuple(Turn(str(t["question"]), str(t["answer"])) for t in data.get("history", ()))
        return Asked(str(data.get("id", number)), str(data["question"]), turns)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError(
            f"{path}, line {number}: not a question ({type(error).__name__}: {error}).",
            'One JSON object a line: {"id": "1", "question": "…"}',
        ) from None


def finished(out: Path) -> set[str]:
    """Ids that ``out`` has already; a last line cut off by an interruption is taken away.

    Raises DocumentError when the file is something else than the output of an earlier run.
    """
    if not out.exists():
        return set()
    ids: set[str] = set()
    good = 0
    with out.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            try:
                entry = json.loads(line)
                whole = line.endswith(b"\n")
                ids |= {str(entry["id"])} if whole else set()
            except (ValueError, KeyError, TypeError):
                whole = False
            if not whole and handle.read(1):
                raise DocumentError(
                    f"{out}, line {number} is not an answer.", "Choose another file for --out."
                )
            if not whole:
                break
            good += len(line)
    with out.open("r+b") as handle:
        handle.truncate(good)
    return ids


def answer_file(engine: Engine, questions: Path, out: Path, collection: str = "") -> BatchReport:
    """Answer every question of a file that ``out`` does not have yet, from one collection if it is named;
    each answer is written as it comes."""
    asked = read_questions(questions)
    have = finished(out)
    todo = [entry for entry in asked if entry.id not in have]
    answered = refused = failed = 0
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as target, Bars("questions") as progress:
        for done, (entry, line) in enumerate(_answers(engine, todo, collection), 1):
            own = {"id": entry.id} | {key: value for key, value in line.items() if key != "id"}
            target.write(json.dumps(own, ensure_ascii=False) + "\n")
            target.flush()
            failed += "error" in line
            answered += "error" not in line
            refused += bool(line.get("refused"))
            progress(questions.name, done, len(todo))
    return BatchReport(answered, refused, failed, len(asked) - len(todo))


def _answers(engine: Engine, todo: list[Asked], collection: str) -> Iterator[tuple[Asked, dict[str, Any]]]:
    for entry in todo:
        try:
            yield entry, answer_to_dict(engine.answer(entry.question, entry.history, collection=collection))
        except QuestionError as error:
            yield entry, {"question": entry.question, "error": error.message}
