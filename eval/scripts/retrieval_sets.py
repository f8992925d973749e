"""Questions, texts and which texts answer them, for measuring search alone: hits at k without an engine.

``trial``, ``drcd`` and ``stard`` come whole or, as ``trial-sample`` and so on, with some questions and fewer
other texts.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from index.encoder import open_encoder
from index.loaders import load
from index.paragraphs import passage_search_text, passages_of

FILES = {
    "trial": "cmrc2018/cmrc2018_trial.json",
    "dev": "cmrc2018/cmrc2018_dev.json",
    "drcd": "drcd/DRCD_dev.json",
    "trial-sample": "cmrc2018/cmrc2018_trial.json",
    "drcd-sample": "drcd/DRCD_dev.json",
}
OWN = ("tianjin", "article", "english")
SETS = (*FILES, *OWN, "stard", "stard-sample")
QUESTIONS = {"trial-sample": 300, "drcd-sample": 150, "stard-sample": 150}
OTHERS = 300
"""Articles in ``stard-sample`` besides those that answer its questions."""

_DATA = Path(__file__).parents[1] / "data"
_CORPUS = Path(__file__).parents[2] / "corpus"


class RetrievalSet:
    """Texts, their names (hits count by name), and questions with the names that answer them.

    Args:
        data: folder of the benchmark files.
        name: one of ``SETS``.
    """

    def __init__(self, data: Path, name: str) -> None:
        self.texts: list[str] = []
        self.names: list[str] = []
        self.ids: list[str] = []
        self.questions: list[str] = []
        self.gold: list[list[str]] = []
        """Names that answer; [] for a question that the texts do not answer."""
        self.tuning: list[bool] = []
        """May it be looked at while parameters are chosen? cmrc2018 trial, drcd, halves of stard and of
        tianjin may."""
        if name in OWN:
            self._own(data, name)
        elif name.startswith("stard"):
            self._stard(data / "stard", name.endswith("sample"))
        else:
            self._squad(data / FILES[name], name)

    def _ask(self, identity: str, question: str, gold: Sequence[str], tuning: bool) -> None:
        self.ids.append(identity)
        self.questions.append(question)
        self.gold.append(list(gold))
        self.tuning.append(tuning)

    def _squad(self, path: Path, name: str) -> None:
        for article in json.loads(path.read_text("utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                if len(self.ids) >= QUESTIONS.get(name, len(self.ids) + 1):
                    break
                if paragraph["context"] not in self.texts:
                    self.texts.append(paragraph["context"])
                for entry in paragraph["qas"]:
                    self._ask(str(entry["id"]), entry["question"], [paragraph["context"]], name != "dev")
        self.names = self.texts

    def _stard(self, folder: Path, sample: bool) -> None:
        questions = json.loads((folder / "queries.json").read_text("utf-8"))
        if sample:
            questions = [q for q in questions if tuning_half(str(q["query_id"]))][: QUESTIONS["stard-sample"]]
        wanted = {name for entry in questions for name in entry["match_name"]}
        for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines():
            entry = json.loads(line)
            self.names.append(entry["name"])
            self.texts.append(f"{entry['name']}\n{entry['content']}")
        if sample:
            drawn = set(random.Random(0).sample(range(len(self.names)), OTHERS))
            rows = [row for row, name in enumerate(self.names) if name in wanted or row in drawn]
            self.names, self.texts = [self.names[row] for row in rows], [self.texts[row] for row in rows]
        for entry in questions:
            self._ask(
                str(entry["query_id"]),
                entry["问题"],
                entry["match_name"],
                tuning_half(str(entry["query_id"])),
            )

    def _own(self, data: Path, name: str) -> None:
        """Passages as the index cuts them; a passage answers when it holds a quotation that is evidence."""
        files = [data.parent / "seed" / "article.txt"] if name == "article" else sorted(_CORPUS.glob("*.md"))
        for path in files:
            document = load(path)
            self.texts += [passage_search_text(document, passage) for passage in passages_of(document)]
        self.names = [f"{row}\n{text}" for row, text in enumerate(self.texts)]
        rows = _lines("article" if name == "article" else "tianjin")
        if name == "english":
            asked = {row["id"]: row["question"] for row in _lines("tianjin_en")}
            rows = [row | {"question": asked[row["id"]]} for row in rows if row["id"] in asked]
        for row in rows:
            if not row.get("history"):
                quotes = [quote["quote"] for quote in row["evidence"]]
                gold = [own for own in self.names if any(quote in own for quote in quotes)]
                self._ask(row["id"], row["question"], gold, row["split"] == "tuning")


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (_DATA / f"{name}.jsonl").read_text("utf-8").splitlines()]


def tuning_half(question_id: str) -> bool:
    """The half of stard's questions on which weights were chosen."""
    return hashlib.sha256(question_id.encode()).digest()[0] % 2 == 0


_opened = cache(open_encoder)


def vectors(
    texts: Sequence[str], encoder: str, folder: Path | None, name: str, query: bool = False
) -> np.ndarray:
    """Vectors of the texts, kept in ``folder`` under ``name`` and the encoder's, so that a second run does
    not encode again."""
    path = folder / f"{name}_{Path(encoder).name}.npy" if folder else None
    if path is not None and path.is_file():
        kept: np.ndarray = np.load(path)
        return kept
    encode = _opened(encoder).encode
    made = np.concatenate([encode(texts[i : i + 512], query=query) for i in range(0, len(texts), 512)])
    if path is not None:
        np.save(path, made)
    return made
