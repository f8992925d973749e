"""Fits which sentences read like orders to a program (``index/orders.npz``): a logistic regression over runs
of characters, and one over runs and the encoder's vector together.

    python -m training.orders [--vectors FILE.npy] [--out index/orders.npz] [--doubtful FILE.json]

Orders and hard ordinary sentences: ``training/data/orders.jsonl``, by kind (``group``). Other ordinary ones:
sentences and titles of the passages of ``training/data/a.jsonl`` to ``k.jsonl`` and ``count_docs.jsonl``, and
of the technical pages of ``docs/`` (not of its log); of all ordinary ones also the pieces that are looked at
for themselves. Of every seven kinds of each one is left out in turn, so that what is told here is of kinds
that the fit has not seen. Not fitted on, and counted for false alarms: the documents of ``eval/data``.
``--vectors`` keeps the vectors, which take minutes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from eval.metrics.stats import wilson
from index.encoder import open_encoder
from index.loaders import load
from index.loaders.raw import clean
from index.order_classifier import SLOTS, runs_of
from index.order_spans import pieces
from index.sentences import split_sentences
from training.examples import DATA, rows

MODEL = "multilingual-e5-small"
STRENGTH = 10.0
RUNS, VECTOR = 1.0, 1.0
"""How long the two parts of what the second regression sees are."""
FOLDS = 7
ALARMS, HARD, CROWDED = 0.0001, 0.14, 0.01
"""Share of sentences of office documents, and of those written to be mistaken, that may be told wrongly; and
of these where much of a text is told."""
NEVER = -99.0
"""Log-odds of what does not pass the screen."""
BESIDE = 0.01
"""The same for a sentence beside one that is told."""
WIDE = 0.01
"""The same where a text is listed or written; for a question of fact these are doubtful."""
SCREEN = 0.97
"""Share of the orders that are told by both that must pass the screen."""
DOUBT, DOUBTFUL = 0.03, 0.08
"""Share of sentences of office documents that may be doubtful where a text is listed or written, and whose
vector is asked for what is doubtful."""
FILES = (*"abcdefghijk", "count_docs")
ABOUT = Path(__file__).parents[1] / "docs"
"""Technical pages in Chinese and English: commands, settings, tables, code."""
EVALUATED = Path(__file__).parents[1] / "eval" / "data"


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence; ``group``: its kind, ``origin``: order, hard, office (fitted on) or eval (not)."""

    text: str
    group: str
    origin: str

    @property
    def order(self) -> bool:
        return self.origin == "order"


def sentences(text: str, cut: bool = False) -> Iterator[str]:
    """As ``index.order_spans`` sees them; ``cut``: with the pieces that it looks at for themselves."""
    text = clean(text)
    for start, end in split_sentences(text):
        yield text[start:end]
        for a, b in pieces(text, start, end) if cut else ():
            yield text[a:b]


def examples() -> list[Example]:
    """Each sentence once, and each piece of an ordinary one."""
    found: dict[str, Example] = {}
    for row in sorted(rows(DATA / "orders.jsonl"), key=lambda row: not row["order"]):
        origin = "order" if row["order"] else "hard"
        for text in sentences(row["text"], cut=not row["order"]):
            found.setdefault(text, Example(text, f"{origin} {row['group']}", origin))
    for name in FILES:
        for row in rows(DATA / f"{name}.jsonl"):
            if "passage" in row:
                for text in (row.get("title", ""), *sentences(row["passage"], cut=True)):
                    found.setdefault(text, Example(text, f"office {row['kind']}", "office"))
    for path in sorted(ABOUT.glob("[A-Z]*.md")) + sorted(ABOUT.glob("zh/*.md")):
        document = load(path)
        for text in (document.title, *sentences(document.text, cut=True)):
            found.setdefault(text, Example(text, f"technical {path.stem}", "technical"))
    for path in sorted(EVALUATED.glob("*/documents/*")):
        document = load(path)
        for text in (document.title, *sentences(document.text, cut=True)):
            found.setdefault(text, Example(text, path.parts[-3], "eval"))
    found.pop("", None)
    return list(found.values())


def folds_of(given: Sequence[Example]) -> np.ndarray:
    """Number of the fold of each example, whole kinds together; -1 where it is never fitted on."""
    chance, fold = np.random.default_rng(5), {}
    for origin in ("order", "hard", "office", "technical"):
        groups = sorted({e.group for e in given if e.origin == origin})
        fold |= {groups[i]: n % FOLDS for n, i in enumerate(chance.permutation(len(groups)))}
    return np.array([fold.get(e.group, -1) for e in given])


def runs_matrix(given: Sequence[Example]) -> sparse.csr_matrix:
    row, slot, value = runs_of([e.text for e in given])
    return sparse.csr_matrix((value, (row, slot)), shape=(len(given), SLOTS))


def fitted(x: sparse.csr_matrix, y: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, solver="liblinear", dual=True, tol=1e-2, random_state=7).fit(x, y)


def odds_out_of_fold(x: sparse.csr_matrix, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Log-odds of every example by a fit that saw nothing of its kind; of those never fitted on, the mean of
    all fits."""
    odds = np.zeros(len(y))
    for number in range(FOLDS):
        model = fitted(x[(fold >= 0) & (fold != number)], y[(fold >= 0) & (fold != number)])
        odds[fold == number] = model.decision_function(x[fold == number])
        odds[fold < 0] += model.decision_function(x[fold < 0]) / FOLDS
    return odds


def report(name: str, odds: np.ndarray, given: Sequence[Example], least: float) -> None:
    """AUC, recall of orders, false alarms by origin."""
    origin = np.array([e.origin for e in given])
    order = origin == "order"
    print(f"\n{name}: at {least:.2f}")
    for other in ("office", "eval", "technical", "hard"):
        both = order | (origin == other)
        print(f"  AUC beside {other} {roc_auc_score(order[both], odds[both]):.4f}")
    for one in ("order", "office", "eval", "technical", "hard"):
        told(f"  {one} told", (odds >= least)[origin == one])


def by_kind(odds: np.ndarray, given: Sequence[Example], least: float) -> None:
    for group in sorted({e.group for e in given if e.origin in ("order", "hard")}):
        told(f"  {group}", (odds >= least)[[e.group == group for e in given]])


def told(name: str, which: np.ndarray) -> None:
    low, high = wilson(int(which.sum()), len(which))
    print(f"{name} {which.sum()} of {len(which)} ({which.mean():.1%}, {low:.1%} to {high:.1%})")


def main() -> None:
    asked = _arguments()
    given = examples()
    y, fold = np.array([e.order for e in given]), folds_of(given)
    vectors = encoded([e.text for e in given], asked.vectors)
    runs = runs_matrix(given)
    mean, scale = vectors[fold >= 0].mean(0), vectors[fold >= 0].std(0) * np.sqrt(vectors.shape[1])
    vector = sparse.csr_matrix((VECTOR * (vectors - mean) / scale).astype(np.float32))
    both = sparse.hstack([RUNS * runs, vector], format="csr")
    office = np.array([e.origin in ("office", "eval", "technical") for e in given])
    hard = np.array([e.origin == "hard" for e in given])
    odds, least = {}, {}
    for name, x in (("runs", runs), ("vector", vector), ("both", both)):
        odds[name] = odds_out_of_fold(x, y, fold)
        least[name] = max(
            float(np.quantile(odds[name][office], 1 - ALARMS)), float(np.quantile(odds[name][hard], 1 - HARD))
        )
        report(name, odds[name], given, least[name])
    by_kind(odds["both"], given, least["both"])
    numbers = levels(odds, least, given)
    reported(odds, numbers, given)
    if asked.doubtful:
        passed = np.where(odds["runs"] >= numbers["doubtful"], odds["both"], NEVER)
        by = {e.text: odd - least["both"] for e, odd in zip(given, passed.tolist(), strict=True)}
        kept = {text: odd for text, odd in by.items() if odd >= -numbers["doubt"]}
        asked.doubtful.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
    if asked.out:
        alone, last = fitted(runs[fold >= 0], y[fold >= 0]), fitted(both[fold >= 0], y[fold >= 0])
        weights = VECTOR * last.coef_[0][SLOTS:] / scale
        np.savez_compressed(
            asked.out,
            grams=alone.coef_[0].astype(np.float16),
            bias=float(alone.intercept_[0]),
            beside_vector=(RUNS * last.coef_[0][:SLOTS]).astype(np.float16),
            weights=weights.astype(np.float32),
            shift=float(last.intercept_[0] - weights @ mean),
            model=MODEL,
            **numbers,
        )


def levels(
    odds: Mapping[str, np.ndarray], least: Mapping[str, float], given: Sequence[Example]
) -> dict[str, float]:
    """The thresholds and screens of ``index.order_classifier.Fit``, by name."""
    y, runs, both = np.array([e.order for e in given]), odds["runs"], odds["both"]
    office = np.array([e.origin in ("office", "eval", "technical") for e in given])
    plain = np.array([e.origin in ("office", "eval") for e in given])
    hard = np.array([e.origin == "hard" for e in given])
    sure = least["both"]
    wide, doubt = (sure - float(np.quantile(both[plain], 1 - share)) for share in (WIDE, DOUBT))
    return {
        "screen": float(np.quantile(runs[y & (both >= sure)], 1 - SCREEN)),
        "least": sure,
        "alone": least["runs"],
        "beside": sure - float(np.quantile(both[office], 1 - BESIDE)),
        "crowded": max(0.0, float(np.quantile(both[hard], 1 - CROWDED)) - sure),
        "wide": wide,
        "doubt": doubt,
        "doubtful": float(np.quantile(runs[plain], 1 - DOUBTFUL)),
    }


def reported(odds: Mapping[str, np.ndarray], at: Mapping[str, float], given: Sequence[Example]) -> None:
    """What is told at each level, behind its screen."""
    plain, sure = np.array([e.origin in ("office", "eval") for e in given]), at["least"]
    for name, screen, least in (
        ("both, behind the screen", "screen", sure),
        ("listed or written, or asked of for a question of fact", "doubtful", sure - at["wide"]),
        ("doubtful there", "doubtful", sure - at["doubt"]),
    ):
        passed = odds["runs"] >= at[screen]
        report(f"{name} (screen {at[screen]:.2f})", np.where(passed, odds["both"], NEVER), given, least)
        told("  pass the screen: office, eval", passed[plain])
    print(
        f"beside an order {at['beside']:.2f} less is enough, in a text full of them {at['crowded']:.2f} more"
    )
    report("both, where much of a text is told", odds["both"], given, sure + at["crowded"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--doubtful", type=Path, help="how much each doubtful sentence is told, for training.suspected"
    )
    return parser.parse_args()


def encoded(texts: Sequence[str], kept: Path | None) -> np.ndarray:
    """Vectors ``[n, size]``, out of the file where it holds those of these texts."""
    names = kept.with_suffix(".json") if kept else None
    if kept and names and kept.is_file() and json.loads(names.read_text("utf-8")) == list(texts):
        return np.asarray(np.load(kept))
    vectors = open_encoder(MODEL).encode(list(texts))
    if kept and names:
        np.save(kept, vectors)
        names.write_text(json.dumps(list(texts), ensure_ascii=False), "utf-8")
    return vectors


if __name__ == "__main__":
    main()
