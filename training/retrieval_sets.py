"""Questions and texts that the encoders' cosines are matched on: ``tianjin`` and 300 questions of cmrc2018
trial, with their vectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from index.encoder import open_encoder
from index.loaders import load
from index.paragraphs import passage_search_text, passages_of

MOST = 300
"""Questions of cmrc2018 trial."""
_ROOT = Path(__file__).parents[1]


class RetrievalSet:
    """Texts, questions, and whether each question is one for tuning.

    Args:
        data: folder of the benchmark files.
        name: ``tianjin`` or ``trial-sample``.
    """

    def __init__(self, data: Path, name: str) -> None:
        self.texts: list[str] = []
        self.questions: list[str] = []
        self.tuning: list[bool] = []
        if name == "tianjin":
            self._tianjin()
        else:
            self._squad(data / "cmrc2018/cmrc2018_trial.json")

    def _squad(self, path: Path) -> None:
        for article in json.loads(path.read_text("utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                if len(self.questions) >= MOST:
                    break
                if paragraph["context"] not in self.texts:
                    self.texts.append(paragraph["context"])
                self.questions += [entry["question"] for entry in paragraph["qas"]]
        self.tuning = [True] * len(self.questions)

    def _tianjin(self) -> None:
        """Passages as the index cuts them."""
        for path in sorted((_ROOT / "corpus").glob("*.md")):
            document = load(path)
            self.texts += [passage_search_text(document, passage) for passage in passages_of(document)]
        for line in (_ROOT / "eval/data/tianjin.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            if not row.get("history"):
                self.questions.append(row["question"])
                self.tuning.append(row["split"] == "tuning")


_opened = cache(open_encoder)


def vectors(texts: Sequence[str], encoder: str, folder: Path, name: str, query: bool = False) -> np.ndarray:
    """Vectors of the texts, kept in ``folder`` under ``name`` and the encoder's, so that a second run does
    not encode again."""
    path = folder / f"{name}_{Path(encoder).name}.npy"
    if path.is_file():
        kept: np.ndarray = np.load(path)
        return kept
    encode = _opened(encoder).encode
    made = np.concatenate([encode(texts[i : i + 512], query=query) for i in range(0, len(texts), 512)])
    np.save(path, made)
    return made
