"""Fits whether a question stands alone or takes up something of the turn before (``qa/alone.npz``): a softmax
over the encoder's vector of the question, how near it is to that turn, and its runs of characters.

    python -m training.alone [--out qa/alone.npz]

Data: every turn of ``conversations.jsonl``, ``turns.jsonl`` and ``rewrites_hard.jsonl`` beside the question
that stands alone, ``alone.jsonl`` (counted ``WEIGHT`` times), and questions of ``kinds.jsonl`` after a turn
of something else, half of them led in to (``LEADS``). Prints AUC out of fold over conversations, for all and
for the turns of conversations and of ``alone.jsonl``, and how many are told above ``qa.understand.ALONE``.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from index.encoder import open_encoder
from qa.kind import MODEL, SAID, beside, features
from qa.understand import ALONE
from training.examples import DATA, rows
from training.kinds import runs, save

STRENGTH = 0.01
WEIGHT = 3
NEARNESS = 3.0
"""How much more than a value of the vector counts how near it is."""
OTHERS = 900
SKIPPED = frozenset({"chat", "about", "order", "write", "keyword"})
LEADS = (
    "换个话题 ", "换个问题，", "对了 ", "对了，", "另外问下，", "还有个事 ", "再问一个 ", "顺便问一下，",
    "不说这个了 ", "哦还有 ", "那再问个别的 ", "换个事 ",
)  # fmt: skip


class Turn(NamedTuple):
    """A question after another one and its answer; ``of``: the file it comes from."""

    question: str
    before: str
    answer: str
    alone: bool
    group: str
    of: str


def turns() -> Iterator[Turn]:
    """Every turn there is to learn from; the same each time."""
    chance = random.Random(3)
    said = rows(DATA / "conversations.jsonl")

    def other() -> tuple[str, str]:
        last = chance.choice(said)["turns"][-1]
        return last["standalone"], last["a"]

    for row in said:
        before = other()
        for i, turn in enumerate(row["turns"]):
            alone = not i or _bare(turn["q"]) == _bare(turn["standalone"])
            yield Turn(turn["q"], *before, alone, row["id"], "conversations" if i else "first")
            before = turn["standalone"], turn["a"]
    for row in rows(DATA / "turns.jsonl"):
        last = row["turns"][-1]["q"], row["turns"][-1]["a"]
        for name in ("answered", "unanswered"):
            full = row[f"{name}_alone"]
            yield Turn(row[name], *last, _bare(row[name]) == _bare(full), row["passage_id"], "turns")
            yield Turn(full, *(other() if chance.random() < 0.5 else last), True, row["passage_id"], "full")
    for row in rows(DATA / "rewrites_hard.jsonl"):
        alone = _bare(row["q"]) == _bare(row["standalone"])
        yield Turn(row["q"], row["before"], row["before_answer"], alone, row["before"], "hard")
    for row in rows(DATA / "alone.jsonl"):
        turn = Turn(row["q"], row["before"], row["before_answer"], row["alone"], row["before"], "alone")
        yield from [turn] * WEIGHT
    kinds = [r for r in rows(DATA / "kinds.jsonl") if not r["before"] and r["kind"] not in SKIPPED]
    for row in chance.sample(kinds, OTHERS):
        lead = chance.choice(LEADS) if chance.random() < 0.5 else ""
        yield Turn(lead + row["q"], *other(), True, row["domain"], "kinds")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    data = list(turns())
    encoder = open_encoder(MODEL)
    asked = encoder.encode([turn.question for turn in data], query=True)
    before = encoder.encode([turn.before for turn in data], query=True)
    answers = encoder.encode([turn.answer[:SAID] for turn in data])
    values = np.stack(
        [
            beside(q, turn.question, (b, a), turn.before + turn.answer)
            for q, b, a, turn in zip(asked, before, answers, data, strict=True)
        ]
    )
    mean, scale = values.mean(0), values.std(0)
    scale[asked.shape[1] :] /= NEARNESS
    dense = np.stack([features(v, mean, scale, False) for v in values])
    x = sparse.hstack(
        [sparse.csr_matrix(dense), sparse.vstack([runs(turn.question) for turn in data])]
    ).tocsr()
    y = np.array([turn.alone for turn in data])
    model = LogisticRegression(C=STRENGTH, max_iter=400)
    groups, of = np.array([turn.group for turn in data]), np.array([turn.of for turn in data])
    told = cross_val_predict(model, x, y, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
    for name, chosen in (
        ("all", of != ""),
        ("conversations", of == "conversations"),
        ("alone.jsonl", of == "alone"),
    ):
        yes, no = told[chosen & y] >= ALONE, told[chosen & ~y] >= ALONE
        auc = roc_auc_score(y[chosen], told[chosen])
        print(f"{name}: n {chosen.sum()}, AUC out of fold {auc:.3f}, told to stand alone:")
        print(f"  {yes.mean():.3f} of {len(yes)} that do, {no.mean():.3f} of {len(no)} that do not")
    if given.out:
        fitted = model.fit(x, y)
        both = np.vstack([-fitted.coef_, fitted.coef_]) / 2
        bias = np.concatenate([-fitted.intercept_, fitted.intercept_]) / 2
        save(given.out, both, bias, mean, scale, ["taken up", "alone"])


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


if __name__ == "__main__":
    main()
