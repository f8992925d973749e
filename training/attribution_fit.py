"""Fit the support score of ``qa.attribution`` on cmrc2018 trial, and measure it there.

    python -m training.attribution_fit [--noise 2] [--write] [--data ../shared/bench]

A row is a question of the set with its answer, bare and as a sentence. True: the passage's sentences and
those of ``noise`` other passages are the evidence. False: the same without every sentence that holds the
answer. Features and choice of citations are the product's own; logistic regression (needs scikit-learn) with
balanced classes. ``supported`` is set so that at most 2 % of the false rows reach it, ``partial`` at 10 %.
``--write`` stores the result beside the code.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from index.sentences import split_sentences
from index.types import Document, Passage
from qa.attribution import WEIGHTS, Cover, EvidenceSentence, _held, _passages
from qa.checks import examine
from training.swaps_make import Source, read
from training.swaps_rewrite import answer_sentence

FILES = ("cmrc2018/cmrc2018_trial.json",)


def evidence_of(number: int, source: Source) -> list[EvidenceSentence]:
    """A passage as a document of its own, split into sentences."""
    document = Document(f"{number:016x}", "", f"{number}.txt", source.text, "")
    passage = Passage(f"{document.id}-0001", document.id, 0, len(source.text), source.text)
    return [
        EvidenceSentence(passage, document, a, b, source.text[a:b]) for a, b in split_sentences(source.text)
    ]


def rows(
    sources: Sequence[Source], noise: int, seed: int
) -> tuple[list[tuple[float, ...]], list[int], list[bool]]:
    """Features, labels, and for the true rows whether the first citation holds the answer."""
    rng = random.Random(seed)
    evidence = [evidence_of(i, s) for i, s in enumerate(sources)]
    x: list[tuple[float, ...]] = []
    y: list[int] = []
    first: list[bool] = []
    for number, source in enumerate(sources):
        for question, answer, _ in source.questions:
            around = [
                e
                for other in rng.sample(range(len(sources)), noise)
                if other != number
                for e in evidence[other]
            ]
            own = evidence[number]
            for sentence in {answer, answer_sentence(question, answer)} - {""}:
                if len(answer) > 60 or not any(answer in e.text for e in own):
                    continue
                for label, items in (
                    (1, own + around),
                    (0, [e for e in own if answer not in e.text] + around),
                ):
                    passages, offsets = _passages(items)
                    findings = examine(sentence, passages)
                    cover = Cover(items, sentence, question, _held(findings.places, offsets, items))
                    chosen = cover.choose()
                    x.append(cover.features(chosen) if chosen else (0.0, 0.0, 0.0))
                    y.append(label)
                    if label:
                        first.append(bool(chosen) and answer in items[chosen[0]].text)
    return x, y, first


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, print, and with ``--write`` store."""
    from sklearn.linear_model import LogisticRegression

    parser = argparse.ArgumentParser(prog="python -m training.attribution_fit", description=__doc__)
    parser.add_argument("--noise", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--limit", type=int, default=256, help="passages")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--data", type=Path, default=Path("../shared/bench"))
    args = parser.parse_args(argv)
    sources = [s for name in FILES for s in read(args.data / name)][: args.limit]
    x, y, first = rows(sources, args.noise, args.seed)
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(x, y)
    score = model.predict_proba(x)[:, 1]
    false = sorted((float(s) for s, label in zip(score, y, strict=True) if not label), reverse=True)
    true = [float(s) for s, label in zip(score, y, strict=True) if label]
    supported, partial = false[int(0.02 * len(false))], false[int(0.10 * len(false))]
    result = {
        "features": ["own content held", "sentence held", "question held"],
        "weights": [round(float(w), 4) for w in model.coef_[0]],
        "bias": round(float(model.intercept_[0]), 4),
        "supported": round(supported, 4),
        "partial": round(partial, 4),
        "data": f"{', '.join(FILES)} (tuning): {len(true)} true and {len(false)} false rows",
        "command": f"python -m training.attribution_fit --noise {args.noise} --seed {args.seed} --write",
    }
    print(json.dumps(result, ensure_ascii=False, indent=1))
    for name, limit in (("supported", supported), ("partial or better", partial)):
        print(
            f"{name}: true {sum(s > limit for s in true) / len(true):.3f}, "
            f"false {sum(s > limit for s in false) / len(false):.3f}"
        )
    print(f"first citation holds the answer: {sum(first) / len(first):.3f} of {len(first)}")
    if args.write:
        WEIGHTS.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
