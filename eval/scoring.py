"""From records to scores: per question first, then figures with intervals. A run can be rescored at any time.

A score is None where a question has nothing to be scored by (it is then counted as unscored, never as 0), and
0 where the run failed to deliver it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval import pairs
from eval.evidence import cited_quotes, names_of, pieces_hit
from eval.metrics import citation, text
from eval.metrics.matching import answer_contains, parts_found
from eval.metrics.retrieval import score_runs
from eval.runfolder import RunFolder
from eval.support import SupportJudge, open_judge
from eval.tasks import premises
from eval.tasks.types import Item
from eval.verdict import Verdict, judge, shown_text

Scores = dict[str, float | None]


def score_run(folder: RunFolder, judge_name: str = "auto") -> RunFolder:
    """Score every question that was asked and write ``scores.jsonl`` and ``summary.json``."""
    from eval.summary import summarise

    items, records = folder.items(), folder.records()
    if folder.manifest().get("pairs"):
        judged = [pairs.row(item, records[item.id]) for item in items if item.id in records]
        folder.write_scores(judged, summarise(items, records, judged))
        return folder
    depth = int(folder.manifest()["options"]["depth"])
    judges = open_judge(judge_name)
    found = retrieval_scores(records, depth)
    rows = [_row(item, records[item.id], judges, found) for item in items if item.id in records]
    folder.write_scores(rows, summarise(items, records, rows))
    return folder


def retrieval_scores(records: Mapping[str, Mapping[str, Any]], depth: int) -> dict[str, dict[str, float]]:
    """Retrieval measures of the records that have gold; a search that found nothing, or failed, is all
    zeros."""
    qrels = {key: record["gold"] for key, record in records.items() if record.get("gold")}
    return score_runs(qrels, {key: records[key].get("ranked", []) for key in qrels}, depth) if qrels else {}


def _row(
    item: Item,
    record: Mapping[str, Any],
    judges: Sequence[SupportJudge],
    found: Mapping[str, dict[str, float]],
) -> dict[str, Any]:
    verdict = judge(item, record) if record["answer"] or record["error"] else None
    scores: Scores = dict(found.get(item.id, {}))
    used = ""
    if verdict:
        scores |= answer_scores(item, record, verdict)
        used, cited = citation_scores(item, record, judges)
        scores |= cited
    return {
        "id": item.id,
        "verdict": verdict.kind if verdict else "",
        "reason": verdict.reason if verdict else "",
        "judge": used,
        "confidence": record["answer"].get("confidence") if record["answer"] else None,
        "scores": scores,
    }


def answer_scores(item: Item, record: Mapping[str, Any], verdict: Verdict) -> Scores:
    """Everything about the answer itself: right, text scores, refusal, length, time and tokens."""
    answer = record["answer"]
    refused = verdict.refused
    prediction = "" if answer is None or refused else shown_text(answer)
    expected = item.answerable is True and not item.false_premise
    references = item.answers if expected else ()
    scores: Scores = {
        "right": _right(verdict),
        "right_with_evidence": _both(item, verdict),
        "refused": float(refused),
        "hallucinated": float(verdict.kind in ("hallucinated", "error"))
        if item.answerable is False
        else None,
        "wrongly_refused": float(verdict.kind in ("refused_wrong", "error")) if expected else None,
        "premise_caught": float(bool(verdict.right)) if item.false_premise else None,
        "true_premise_named": float(_named(answer)) if item.type == premises.TRUE else None,
    }
    if references:
        scores["exact_match"] = text.exact_match(prediction, references)
        scores["char_f1"] = text.char_f1(prediction, references)
        scores["answer_contains"] = answer_contains(prediction, references)
    if expected and item.parts:
        scores["parts_found"] = parts_found(prediction, item.parts)
    if item.reference or references:
        scores["rouge_l"] = text.rouge_l(prediction, [item.reference] if item.reference else references)
    if references and item.evidence and all(e.quote for e in item.evidence):
        scores |= _expmrc(item, record, prediction)
    if answer is None:
        return scores
    usage, seconds = answer.get("usage", {}), record["seconds"]
    scores["length"] = float(len(prediction)) if prediction else None
    scores["tokens_in"] = _number(usage.get("prompt_tokens"))
    scores["tokens_out"] = _number(usage.get("completion_tokens"))
    scores["seconds_evidence"] = _number(seconds.get("evidence"))
    scores["seconds_first"] = _number(answer["timings"].get("first_token", seconds.get("first")))
    scores["seconds_total"] = _number(seconds.get("total"))
    return scores


def _right(verdict: Verdict) -> float | None:
    if verdict.share is not None:
        return verdict.share
    return None if verdict.right is None else float(verdict.right)


def _named(answer: Mapping[str, Any] | None) -> bool:
    """Does the answer say that the question takes something false for granted?"""
    if answer is None:
        return False
    noted = any(note["kind"] == "premise" for note in answer.get("notes", ()))
    return noted or bool(answer["refused"] and answer["reason"] == "false_premise")


def _both(item: Item, verdict: Verdict) -> float | None:
    """Right and standing on the right evidence; a rightly refused question needs no evidence."""
    if verdict.right is None or not (item.evidence or item.answerable is False):
        return None
    if item.answerable is False or item.false_premise:
        return float(verdict.right)
    return float(bool(verdict.right and verdict.evidence_right))


def _expmrc(item: Item, record: Mapping[str, Any], prediction: str) -> Scores:
    """ExpMRC's three: answer, evidence (all citations put together), and their product question by
    question."""
    quotes = [] if record["answer"] is None or not prediction else cited_quotes(record["answer"])
    answer = text.evidence_f1(prediction, item.answers) if prediction else 0.0
    evidence = text.evidence_f1("".join(q["quote"] for q in quotes), [e.quote for e in item.evidence])
    return {"ans_f1": answer, "evi_f1": evidence, "all_f1": answer * evidence}


def citation_scores(
    item: Item, record: Mapping[str, Any], judges: Sequence[SupportJudge]
) -> tuple[str, Scores]:
    """ALCE's citation precision and recall by the first judge that applies, and both against gold evidence.

    Where that judge is the check that made the citations, the figures have a name of their own (``_own``):
    they stand apart from those of other judges wherever they are shown.
    """
    answer = record["answer"]
    if answer is None or answer["refused"] or not answer["sentences"]:
        return "", {}
    cited = [(s["text"], s["citations"]) for s in answer["sentences"]]
    scores: Scores = {}
    applying = [one for one in judges if one.applies(item)]
    if applying:
        chosen = applying[0]

        def entails(citations: Sequence[Mapping[str, Any]], sentence: str) -> bool:
            return chosen.entails(citations, sentence, item, record)

        by = chosen.suffix
        scores[f"citation_recall{by}"] = citation.citation_recall(cited, entails)
        scores[f"citation_precision{by}"] = citation.citation_precision(cited, entails)
    if item.evidence:
        hits = [pieces_hit(c, names_of(c, record), item.evidence) for c in cited_quotes(answer)]
        scores["gold_precision"], scores["gold_recall"] = citation.set_precision_recall(
            hits, len(item.evidence)
        )
    return (applying[0].name if applying else ""), scores


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
