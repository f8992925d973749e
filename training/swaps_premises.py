"""Premises of questions, true and with one name or figure changed: how many are named, and how many true ones are?

    python -m training.swaps_premises --split tuning|reporting [--noise 3] [--seed 7] [--data ../shared/bench] [--show 10]

Every question of the split is asked of its own passage and ``noise`` others. The changed ones have a name (never one of
the asking words, never the only words beside them) of another passage, or another name of the same kind from the same
passage; or a word turned into its opposite (下降 for 增长, from a list of the swap test's own) where the passage has the word
and not the opposite; or a figure, or a part of a date, changed to another.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from errors import WenjuError
from eval.metrics.stats import wilson
from index.sentences import split_sentences
from index.types import Document, Passage
from qa.attribution import EvidenceSentence
from qa.checks import warm
from qa.conflicts import PremiseConflict, premise_conflicts
from qa.question import analyse, asking
from training.swaps import SPLITS, load
from training.swaps_make import OPPOSITES, Source, related
from training.swaps_names import named


def sentences(source: Source) -> list[EvidenceSentence]:
    """The passage as a document of its own."""
    key = hashlib.sha256(source.text.encode()).hexdigest()[:16]
    document = Document(key, "", f"{key}.txt", source.text, key, None)
    passage = Passage(f"{key}-0001", key, 0, len(source.text), source.text, ())
    return [EvidenceSentence(passage, document, a, b, source.text[a:b]) for a, b in split_sentences(source.text)]


def with_another_name(question: str, source: Source, pool: dict[str, list[str]], rng: random.Random) -> tuple[str, str] | None:
    """The question with one of its names exchanged, and how; None when it has no name that the passage has too."""
    start, end = asking(question)
    spans = [(a, b, k) for a, b, k in named((), question, "") if not (start < b and a < end) and question[a:b] in source.text]
    if not spans:
        return None
    a, b, kind = rng.choice(spans)
    here = sorted({source.text[x:y] for x, y, k in named((), source.text, "") if k == kind and not related(source.text[x:y], question)})
    how = rng.choice(("other", "in_passage"))
    names = here if how == "in_passage" else [n for n in pool.get(kind, []) if not related(n, question) and n not in source.text]
    if not names:
        return None
    return f"{how}_{kind}", question[:a] + rng.choice(names) + question[b:]


def turned(question: str, source: Source, rng: random.Random) -> tuple[str, str] | None:
    """The question with one word turned into its opposite; None when it has none that the passage bears out."""
    pairs = [
        (a, b)
        for one, two in OPPOSITES
        for a, b in ((one, two), (two, one))
        if len(a) > 1 and len(b) > 1 and a in question and a in source.text and b not in source.text and b not in question
    ]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    return "opposite", question.replace(a, b, 1)


def with_another_figure(question: str, rng: random.Random) -> tuple[str, str] | None:
    """The question with one of its figures, or a number in one of its dates, changed; None when it states none."""
    asked = analyse(question)
    spans = [("number", f.start, f.end) for f in asked.figures if not f.weak and f.kind != "ordinal"]
    spans += [("date", d.start, d.end) for d in asked.dates if not (asked.asked[0] < d.end and d.start < asked.asked[1])]
    numbers = [(kind, a + m.start(), a + m.end()) for kind, a, b in spans for m in re.finditer(r"\d+|(?<![一二三四五六七八九十])[三四五六七八九](?![一二三四五六七八九十百千万])", question[a:b])]
    if not numbers:
        return None
    kind, a, b = rng.choice(numbers)
    said = question[a:b]
    near = "三四五六七八九" if not said.isdigit() else [str(n) for n in range(max(1, int(said) - 5), int(said) + 6)]
    return kind, question[:a] + rng.choice([n for n in near if n != said]) + question[b:]


def measure(sources: Sequence[Source], noise: int, seed: int) -> tuple[Counter[tuple[str, bool]], list[tuple[str, str, list[PremiseConflict]]]]:
    """(set, flagged) counted, and the rows that went wrong: set, question, what was found."""
    rng = random.Random(seed)
    pool: dict[str, list[str]] = {}
    for source in sources:
        for a, b, kind in named(source.questions, source.text, ""):
            pool.setdefault(kind, []).append(source.text[a:b])
    ready = {id(s): sentences(s) for s in sources}
    counts: Counter[tuple[str, bool]] = Counter()
    wrong = []
    for source in sources:
        for question, _, _ in source.questions:
            others = [s for s in rng.sample(list(sources), noise) if s is not source]
            evidence = [e for s in (source, *others) for e in ready[id(s)]]
            asked = [("true", question)]
            ways = (with_another_name(question, source, pool, rng), turned(question, source, random.Random(question)))
            for changed in (*ways, with_another_figure(question, random.Random(question))):
                if changed:
                    asked.append(changed)
            for kind, text in asked:
                found = premise_conflicts(text, evidence)
                counts[(kind, bool(found))] += 1
                if bool(found) == (kind == "true"):
                    wrong.append((kind, text, found))
    return counts, wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.swaps_premises", description=__doc__)
    parser.add_argument("--split", default="tuning", choices=sorted(SPLITS))
    parser.add_argument("--noise", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--limit", type=int, default=0, help="only this many passages, drawn at random")
    parser.add_argument("--data", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--show", type=int, default=0, help="print this many wrong rows of each set")
    args = parser.parse_args(argv)
    warm()
    try:
        sources = load(args.data, args.split)
    except WenjuError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if args.limit:
        sources = random.Random(args.seed).sample(sources, min(args.limit, len(sources)))
    counts, wrong = measure(sources, args.noise, args.seed)
    for kind in sorted({k for k, _ in counts}):
        flagged, n = counts[(kind, True)], counts[(kind, True)] + counts[(kind, False)]
        low, high = wilson(flagged, n)
        print(f"{kind:18} n={n:5}  named {flagged / n:7.2%}  [{low:.2%}, {high:.2%}]")
        for _, text, found in [w for w in wrong if w[0] == kind][: args.show]:
            print("   ", text, [(p.kind, p.claim, p.evidence) for p in found])
    return 0


if __name__ == "__main__":
    sys.exit(main())
