"""Encoders side by side: python eval/scripts/bench_encoder.py DATA [--encoder NAME] [--n 192] [--rounds 5]
[--hits 500].

Torch (float32), OpenVINO bf16 and OpenVINO int8, each in a process of its own, take turns: in every round
each encodes the same 150-character passages and 15 questions. Printed are medians, the ratio to torch (of the
same round), and the cosine with torch. With --hits, so many questions of cmrc2018 dev are searched among the
passages of the first 250 articles (no times are taken then): hit@1 and hit@5 of each encoder alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

QUESTION = "个体工商户营业执照上登记的经营者与实际经营者不一致的，是否承担共同责任？"
ENCODERS = ("torch", "bf16", "int8")


def serve(which: str, folder: Path, line: Connection) -> None:
    """Encode what comes down the line; answer (vectors, seconds). Each engine has all cores, and nobody
    else's threads."""
    from index.encoder import TorchEncoder
    from index.encoder_openvino import OpenVinoEncoder

    encoder = TorchEncoder(folder) if which == "torch" else OpenVinoEncoder(folder, precision=which)  # type: ignore[arg-type]
    while True:
        texts, query = line.recv()
        if texts is None:
            return
        began = time.perf_counter()
        vectors = encoder.encode(texts, query=query)
        line.send((vectors, time.perf_counter() - began))


class Line:
    """An encoder in its own process."""

    def __init__(self, which: str, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(which, folder, other), daemon=True)
        self.process.start()

    def encode(self, texts: list[str], query: bool = False) -> tuple[np.ndarray, float]:
        self.pipe.send((texts, query))
        vectors, seconds = self.pipe.recv()
        return vectors, seconds

    def close(self) -> None:
        self.pipe.send((None, False))
        self.process.join()


def speed(lines: dict[str, Line], texts: list[str], rounds: int) -> None:
    passages: dict[str, list[float]] = {which: [] for which in lines}
    questions: dict[str, list[float]] = {which: [] for which in lines}
    vectors = {which: line.encode(texts)[0] for which, line in lines.items()}  # also warms up
    for _ in range(rounds):
        for which, line in lines.items():
            passages[which].append(len(texts) / line.encode(texts)[1])
            questions[which] += [line.encode([QUESTION], True)[1] * 1000 for _ in range(15)]
            time.sleep(0.2)  # until the threads of this one have stopped waiting for work
    print(f"{len(texts)} passages of up to 150 characters, {rounds} rounds, medians")
    base = np.array(passages["torch"])
    for which in lines:
        rates = np.array(passages[which])
        likeness = (vectors[which] * vectors["torch"]).sum(1)
        p50, p95 = np.percentile(questions[which], [50, 95])
        print(
            f"{which:6} {np.median(rates):6.1f} passages/s  {np.median(rates / base):4.2f} "
            f"x [{(rates / base).min():.2f}, {(rates / base).max():.2f}]"
            f"  question p50 {p50:.1f} ms p95 {p95:.1f} ms  cosine mean "
            f"{likeness.mean():.4f} least {likeness.min():.4f}"
        )


def hits(lines: dict[str, Line], data: Path, limit: int) -> None:
    passages: list[str] = []
    asked: list[str] = []
    gold: list[int] = []
    for article in json.loads((data / "cmrc2018" / "cmrc2018_dev.json").read_text("utf-8"))["data"][:250]:
        for paragraph in article["paragraphs"]:
            passages.append(paragraph["context"])
            asked += [entry["question"] for entry in paragraph["qas"]]
            gold += [len(passages) - 1] * len(paragraph["qas"])
    chosen = np.random.default_rng(0).permutation(len(asked))[:limit]
    right: dict[str, np.ndarray] = {}
    for which, line in lines.items():
        shelf = line.encode(passages)[0]
        scores = line.encode([asked[i] for i in chosen], True)[0] @ shelf.T
        own = scores[np.arange(len(chosen)), [gold[i] for i in chosen]]
        ranks = (scores > own[:, None]).sum(1)
        right[which] = ranks
        changed = int(((ranks < 1) != (right["torch"] < 1)).sum())
        print(
            f"{which:6} n={len(chosen)} of {len(passages)} passages  hit@1 {100 * (ranks < 1).mean():.1f}  "
            f"hit@5 {100 * (ranks < 5).mean():.1f}  first hit other than torch's: {changed}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="m3e-small")
    parser.add_argument("--n", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hits", type=int, default=0)
    given = parser.parse_args()
    from models.store import ModelStore

    folder = ModelStore().path(given.encoder)
    stories = (given.data / "news" / "news.jsonl").read_text("utf-8").splitlines()[: given.n]
    lines = {which: Line(which, folder) for which in ENCODERS}
    if given.hits:
        hits(lines, given.data, given.hits)
    else:
        speed(lines, [json.loads(story)["text"][:150] for story in stories], given.rounds)
    for line in lines.values():
        line.close()


if __name__ == "__main__":
    main()
