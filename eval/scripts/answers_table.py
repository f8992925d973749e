"""Every question of a run with its answer and verdict, as a Markdown table.

    python eval/scripts/answers_table.py RUN > docs/ARTICLE.md

Answers are cut to a few words, so that no sentence of the documents is copied into the table.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

SHOWN = 36
VERDICTS = {
    "right": "right",
    "wrong": "**wrong**",
    "refused_right": "refused, right",
    "refused_wrong": "**refused**, has an answer",
    "hallucinated": "**answered**, has none",
}


def lines(file: Path) -> dict[str, dict[str, Any]]:
    """Rows of a JSONL file by id."""
    rows = (json.loads(line) for line in file.read_text("utf-8").splitlines())
    return {row["id"]: row for row in rows}


def main(run: Path) -> None:
    """Print the table of one run."""
    items, answers, scores = (lines(run / f"{name}.jsonl") for name in ("items", "answers", "scores"))
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    counts = Counter(row["verdict"] for row in scores.values())
    told = ", ".join(f"{count} {VERDICTS.get(name, name).replace('**', '')}" for name, count in counts.most_common())
    print(f"# Every answer of the task `{manifest.get('task', run.name)}`\n")
    print(f"{len(scores)} questions: {told}. Cited: of the right answers those whose citations lie on the marked evidence.\n")
    print("| question | answer | verdict | cited right | s |\n|---|---|---|---|---|")
    for identity, score in scores.items():
        answer = answers[identity]["answer"] or {}
        text = (answer.get("answer") or answers[identity].get("error") or "").replace("|", "\\|").replace("\n", " ")
        if answer.get("refused"):
            text = f"({answer['reason']})"
        cited = score["scores"].get("right_with_evidence")
        mark = {1.0: "yes", 0.0: "no"}.get(cited, "-") if score["verdict"] == "right" else "-"
        short = text if len(text) <= SHOWN else text[:SHOWN] + "…"
        seconds = answer.get("timings", {}).get("total", 0.0)
        question = items[identity]["question"].replace("|", "\\|")
        print(f"| {question} | {short} | {VERDICTS.get(score['verdict'], score['verdict'])} | {mark} | {seconds:.1f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
