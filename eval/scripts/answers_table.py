"""Every question of a run with its answer and verdict, as a Markdown table.

    python -m eval.scripts.answers_table RUN [--whole] > docs/ARTICLE.md

Answers are cut to a few words, so that no sentence of the documents is copied into the table; of documents
that were invented for their set (``office``, ``desk``) they may be printed ``--whole``. Where answers earn
part of their points, the share stands beside the verdict.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.labels import type_label
from eval.runfolder import RunFolder

SHOWN = 36
VERDICTS = {
    "right": "right",
    "right_other_evidence": "right",
    "wrong": "**wrong**",
    "refused_right": "refused, right",
    "refused_wrong": "**refused**, has an answer",
    "hallucinated": "**answered**, has none",
    "answered": "answered, not judged",
    "error": "**failed**",
}


def table(run: RunFolder, whole: bool = False) -> str:
    """The table of one run. Raises EvalError when it is not finished."""
    items, records, scores, manifest = run.items(), run.records(), run.scores(), run.manifest()
    rows = [(item, records[item.id], scores[item.id]) for item in items if item.id in scores]
    counts = Counter(_told(score["verdict"]) for _, _, score in rows)
    told = ", ".join(f"{count} {name.replace('**', '')}" for name, count in counts.most_common())
    typed = len({item.type for item, _, _ in rows}) > 1
    lines = [
        f"# Every answer of the task `{manifest['task']}`\n",
        (
            f"{len(rows)} questions: {told}. Cited: of the right answers "
            "those whose citations lie on the marked evidence.\n"
        ),
        f"| {'type | ' if typed else ''}question | answer | verdict | cited right | s |",
        "|---" * (6 if typed else 5) + "|",
    ]
    for item, record, score in rows:
        asked = " → ".join([*(turn.question for turn in item.history), item.question])
        seconds = (record["answer"] or {}).get("timings", {}).get("total", 0.0)
        cells = [_cell(asked), _answer(record, whole), _verdict(score), _cited(score), f"{seconds:.1f}"]
        lines.append(
            "| " + " | ".join(([_cell(type_label(item.type, "en"))] if typed else []) + cells) + " |"
        )
    return "\n".join(lines)


def _answer(record: Mapping[str, Any], whole: bool) -> str:
    answer = record["answer"]
    if answer is None:
        return _cell(f"({record['error']['message']})" if record["error"] else "-")
    if answer["refused"]:
        return f"({answer['reason']})"
    text = str(answer["answer"]) if whole else str(answer["answer"]).replace("\n", " ")
    return _cell(text if whole or len(text) <= SHOWN else text[:SHOWN] + "…")


def _verdict(score: Mapping[str, Any]) -> str:
    share = score["scores"].get("right")
    part = f", {share:.0%} of its points" if share is not None and 0 < share < 1 else ""
    return _told(score["verdict"]) + part


def _told(verdict: str) -> str:
    return VERDICTS.get(verdict, verdict)


def _cited(score: Mapping[str, Any]) -> str:
    if not score["verdict"].startswith("right"):
        return "-"
    return {1.0: "yes", 0.0: "no"}.get(score["scores"].get("right_with_evidence"), "-")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--whole", action="store_true", help="answers in full")
    given = parser.parse_args()
    print(table(RunFolder.open(given.run), given.whole))


if __name__ == "__main__":
    main()
