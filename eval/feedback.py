"""From what readers said of answers to a regression set: the next version must not make the same mistake.

A row is a mapping with ``question``, ``answer`` (the stable JSON of an answer), ``verdict`` (up or down),
``reasons`` (a list, or ``reason``) and ``comment``. Praised answers become questions with a known answer and
evidence (they must stay right). Complaints become questions whose answer a person has to fill in: their
status is ``draft``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from errors import EvalError

GOOD = frozenset({"up", "good", "right", "1", "true"})
_EVIDENCE = ("依据", "引用", "evidence", "citation")
_SHOULD_ANSWER = ("应该有", "文档里有", "should_answer", "missed")
_SHOULD_REFUSE = ("不该回答", "编造", "made_up", "should_refuse")


def from_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One question for each row; the same question with the same verdict is kept once, the latest row
    counting.

    Raises:
        EvalError: a row has no question or no answer.
    """
    latest: dict[tuple[str, bool], dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        made = question(row, number)
        latest[(made["question"], made["praised"])] = made
    for made in latest.values():
        yield {key: value for key, value in made.items() if key != "praised"}


def question(row: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The row as a line of a question set."""
    answer = row.get("answer")
    asked = str(
        row.get("question") or (answer.get("question") if isinstance(answer, Mapping) else "") or ""
    ).strip()
    if not asked:
        raise EvalError(
            f"feedback row {number} has no question", "Export the feedback again, with questions and answers."
        )
    if not isinstance(answer, Mapping):
        raise EvalError(
            f"feedback row {number} has no answer", "Export the feedback again, with questions and answers."
        )
    praised = str(row.get("verdict", "")).lower() in GOOD
    said = " ".join(
        [*map(str, row.get("reasons") or ()), str(row.get("reason") or ""), str(row.get("comment") or "")]
    )
    quotes = [
        {"document": citation["document"], "quote": citation["quote"]}
        for sentence in answer.get("sentences", ())
        for citation in sentence.get("citations", ())
    ]
    line: dict[str, Any] = {
        "id": "fb-" + hashlib.sha256(f"{asked}\n{praised}".encode()).hexdigest()[:10],
        "question": asked,
        "praised": praised,
        "type": "feedback",
        "said": said.strip(),
        "was": answer.get("answer", ""),
    }
    if isinstance(row.get("history"), list):
        line["history"] = row["history"]
    if praised:
        refused = bool(answer.get("refused"))
        kept = {"answers": [] if refused else [answer.get("answer", "")], "answerable": not refused}
        return line | kept | {"evidence": quotes, "status": "checked"}
    return line | _complaint(said, answer, quotes) | {"status": "draft"}


def _complaint(said: str, answer: Mapping[str, Any], quotes: list[dict[str, str]]) -> dict[str, Any]:
    """What the complaint tells about the right answer, for a person to complete (``todo`` says what is
    missing)."""
    low = said.lower()
    if any(word in low for word in _SHOULD_REFUSE):
        return {"answers": [], "answerable": False, "evidence": [], "todo": "确认文档中确实没有答案"}
    if any(word in low for word in _EVIDENCE):
        # The words were right, the evidence was not: the answer is kept, the evidence is to be filled in.
        return {
            "answers": [answer.get("answer", "")],
            "answerable": True,
            "evidence": [],
            "wrong_evidence": quotes,
            "todo": "填写正确的依据原句",
        }
    missing = "填写答案和依据原句"
    if answer.get("refused") or any(word in low for word in _SHOULD_ANSWER):
        missing = "文档中若有答案，填写答案和依据原句；若没有，将 answerable 设为 false"
    return {"answers": [], "answerable": True, "evidence": [], "todo": missing}
