"""Right or wrong, for one question: what was expected, what came, and why it is judged so.

Answerable: right when the answer holds one of the references, or every part of it, and no figure that speaks
against it. Right with evidence: also a citation that overlaps the gold evidence. Not answerable: right when
refused. False premise: right when refused for that reason, or when the correction is in the answer (or its
note on the premise). Questions with a rubric of their own are judged by it: ``eval.points``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eval import points
from eval.evidence import cited_quotes, known_texts, names_of, pieces_hit
from eval.metrics.matching import answer_contains, contradicting_figures, parts_found
from eval.tasks.types import Item


@dataclass(frozen=True, slots=True)
class Verdict:
    """``kind``: right, right_other_evidence (no citation overlaps the gold evidence), wrong, refused_right
    (not answerable), refused_wrong, hallucinated (not answerable, but answered), answered (nothing to judge
    by) or error. ``right`` None: cannot be judged. ``reason`` is for readers of the report. ``share`` (0..1)
    of the points that count, where having some of them counts."""

    kind: str
    right: bool | None
    refused: bool
    evidence_right: bool | None = None
    reason: str = ""
    share: float | None = None


def judge(item: Item, record: Mapping[str, Any]) -> Verdict:
    """The verdict on one record."""
    if record["error"]:
        return Verdict("error", False, False, False if item.evidence else None, record["error"]["message"])
    answer = record["answer"]
    if item.rubric == "office":
        return _by_points(item, record, answer)
    if item.false_premise:
        return _premise(item, answer)
    if answer["refused"]:
        if item.answerable is False:
            return Verdict("refused_right", True, True)
        keyed = bool(
            item.answers or item.parts
        )  # without a key the answered ones are not judged: then the refused neither
        return Verdict(
            "refused_wrong", False if keyed else None, True, False if item.evidence and keyed else None
        )
    if item.answerable is False:
        return Verdict("hallucinated", False, False)
    if not item.answers and not item.parts:
        return Verdict("answered", None, False, _evidence_right(item, record))
    return _answered(item, record, answer)


def _answered(item: Item, record: Mapping[str, Any], answer: Mapping[str, Any]) -> Verdict:
    text, evidence = shown_text(answer), _evidence_right(item, record)
    if not holds(item, text):
        missing = [part[0] for part in item.parts if not answer_contains(text, part)]
        return Verdict(
            "wrong", False, False, evidence, "缺：" + "、".join(missing) if missing else "未见参考答案"
        )
    against = against_figures(item, answer)
    if against:
        return Verdict("wrong", False, False, evidence, "有出入的数字：" + "、".join(sorted(against)))
    if evidence is False:
        return Verdict("right_other_evidence", True, False, False, "引用未落在标注的依据上")
    return Verdict("right", True, False, evidence)


def _by_points(item: Item, record: Mapping[str, Any], answer: Mapping[str, Any]) -> Verdict:
    share, missing = points.share(item, answer)
    right, refused = share == 1.0, bool(answer["refused"])
    evidence = None if refused else _evidence_right(item, record)
    reason = "缺：" + "、".join(missing) if missing else "" if right else "未见参考答案"
    if refused:
        return Verdict("refused_right" if right else "refused_wrong", right, True, evidence, share=share)
    if right:
        return Verdict(
            "right_other_evidence" if evidence is False else "right", True, False, evidence, share=share
        )
    made_up = item.answerable is False or item.false_premise
    return Verdict("hallucinated" if made_up else "wrong", False, False, evidence, reason, share)


def _premise(item: Item, answer: Mapping[str, Any]) -> Verdict:
    named = answer["refused"] and answer["reason"] == "false_premise"
    noted = "".join(note["message"] for note in answer.get("notes", ()) if note["kind"] == "premise")
    if named or holds(item, shown_text(answer) + "。" + noted):
        return Verdict("refused_right" if answer["refused"] else "right", True, answer["refused"])
    if answer["refused"]:
        return Verdict("refused_wrong", False, True, reason="拒答了，但没有指出前提有误")
    return Verdict("hallucinated", False, False, reason="顺着错误的前提作了回答")


def shown_text(answer: Mapping[str, Any]) -> str:
    """What a reader sees as the answer; a refusal shows its message."""
    return str(answer["answer"])


def holds(item: Item, text: str) -> bool:
    """Does the text hold one of the references, or every part?"""
    if item.parts and parts_found(text, item.parts) == 1.0:
        return True
    return answer_contains(text, item.answers) == 1.0


def against_figures(item: Item, answer: Mapping[str, Any]) -> set[str]:
    """Figures in the answer that speak against it: invented, or another value for what was asked."""
    gold = [*item.answers, *(choice for part in item.parts for choice in part)]
    sent = [r["text"] for r in answer["retrieved"] if r.get("sent")] or [
        r["text"] for r in answer["retrieved"]
    ]
    around = [
        " ".join(r.get("heading", ())) + r["document"] + (r.get("published") or "")
        for r in answer["retrieved"]
    ]
    cited = [
        c["quote"] for c in cited_quotes(answer)
    ]  # a comparison may be computed from what was found but not read
    return contradicting_figures(shown_text(answer), gold, known_texts(item), [*sent, *cited, *around])


def _evidence_right(item: Item, record: Mapping[str, Any]) -> bool | None:
    """Does some citation overlap the gold evidence? None when none is known."""
    if not item.evidence:
        return None
    return any(pieces_hit(c, names_of(c, record), item.evidence) for c in cited_quotes(record["answer"]))
