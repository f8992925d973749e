"""False premises written by hand, each with a true twin: how many are named, and how many true ones are?

    python -m training.premise_pairs --data DIR [--split tuning|reporting] [--show]

86 pairs (``data/premises.jsonl``) over the sample corpus and four invented reports (``data/premises/``), worded as staff ask.
The evidence is what the pipeline would put into the prompt; no answer is written. Then, for the document that the pair is
about: would an answer cited from it be refused by rule all the same (``qa.gate.elsewhere``, ``qa.checks.unmet``)?
The tuning half was looked at while the rules were made, the reporting half was not.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from eval.metrics.stats import wilson
from index.types import Hit
from qa.checks import EvidenceText, unmet
from qa.conflicts import premise_conflicts
from qa.context import build_context, resolve
from qa.engine import Engine
from qa.gate import elsewhere
from qa.question import Question, analyse
from qa.settings import AnswerSettings, EngineSettings

HERE = Path(__file__).with_name("data")


def judged(engine: Engine, asked: str, told: str) -> tuple[list[tuple[str, str]], bool]:
    """What is named for a question (claim, evidence), and whether an answer out of the passage with ``told`` is refused."""
    settings = engine.settings
    hits = engine.library.search(asked, settings.index.top_k)
    question = analyse(resolve(asked, hits[0].document.spoken))
    context = build_context(question, hits, engine.generator.count_tokens, *settings.answer.context_limits)
    sent = {sentence.passage.id for sentence in context.sentences}
    cited = ([h for h in hits if h.passage.id in sent and told[:2] in h.passage.text] or hits)[:1]
    return [(p.claim, p.evidence) for p in premise_conflicts(question.text, context.known)], refused(question, cited)


def refused(question: Question, cited: Sequence[Hit]) -> bool:
    """Would an answer cited from these passages be refused for what they do not speak of?"""
    over = [EvidenceText(h.passage.text, h.document.spoken, " ".join((h.document.title, *h.passage.heading))) for h in cited]
    return elsewhere(question, cited) or bool(unmet(question, "没有", over))


def main() -> None:
    """Command line of this module."""
    from corpus import sample_documents

    parser = argparse.ArgumentParser(prog="python -m training.premise_pairs", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data folder; filled when it is empty")
    parser.add_argument("--split", default="tuning", choices=("tuning", "reporting"))
    parser.add_argument("--show", action="store_true", help="print what is missed, and true ones that are named")
    args = parser.parse_args()
    engine = Engine.open(EngineSettings(data=args.data, answer=AnswerSettings(cache=False)))
    if not engine.library.count:
        engine.add([*sample_documents(), *sorted((HERE / "premises").glob("*.md"))])
    rows = [json.loads(line) for line in (HERE / "premises.jsonl").read_text("utf-8").splitlines()]
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in (r for r in rows if r["split"] == args.split):
        for which in ("false", "true"):
            found, held_back = judged(engine, row[which], row["told"])
            for kind in (row["kind"], "all"):
                counts[kind, which, "n"] += 1
                counts[kind, which, "named"] += bool(found)
                counts[kind, which, "stopped"] += bool(found) or held_back
            if args.show and bool(found) == (which == "true"):
                print(which, row["kind"], row[which], found, "refused" if held_back else "")
    for kind in sorted({k for k, _, _ in counts}):
        for which in ("false", "true"):
            n, named = counts[kind, which, "n"], counts[kind, which, "named"]
            low, high = wilson(named, n)
            print(f"{kind:8} {which:5} n={n:3}  named {named:3} [{low:.1%}, {high:.1%}]  named or refused {counts[kind, which, 'stopped']:3}")


if __name__ == "__main__":
    main()
