"""From what readers said of answers to a regression set: the next version must not make the same mistake.

A row is what `wenju records feedback` writes: ``question``, ``answer`` (the stable JSON of an answer),
``verdict`` (up or down), ``reasons`` (the page's: wrong_evidence, gap, ...) and ``comment``. Praised answers
become questions with a known answer and evidence (they must stay right). Complaints become questions whose
answer a person has to fill in: their status is ``draft``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from errors import EvalError


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
    if not asked or not isinstance(answer, Mapping):
        raise EvalError(
            f"feedback row {number} has no {'answer' if asked else 'question'}",
            "Export it again: wenju records feedback --out FILE.jsonl",
        )
    praised, reasons = row.get("verdict") == "up", [*map(str, row.get("reasons") or ())]
    said = " ".join([*reasons, str(row.get("comment") or "")])
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
    # What a complaint tells about the right answer, for a person to complete: ``todo`` says what is missing.
    draft = line | {"answers": [], "answerable": True, "evidence": [], "status": "draft"}
    if reasons == ["wrong_evidence"]:  # the words were right
        kept = {"answers": [answer.get("answer", "")], "wrong_evidence": quotes}
        return draft | kept | {"todo": "填写正确的依据原句"}
    if answer.get("refused") or "gap" in reasons:
        return draft | {"todo": "文档中若有答案，填写答案和依据原句；若没有，将 answerable 设为 false"}
    return draft | {"todo": "填写答案和依据原句"}
