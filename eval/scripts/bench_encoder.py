"""Encoder speed, side by side: python eval/scripts/bench_encoder.py DATA [--encoder NAME] [--n 192] [--rounds 3].

Encodes the same 150-character passages with torch (float32), OpenVINO bf16 and OpenVINO int8 in turn, several rounds,
and prints medians, the ratio to torch, the time of one question, and the worst cosine with torch.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from index.encoder import Encoder, TorchEncoder
from index.encoder_openvino import OpenVinoEncoder
from models.store import ModelStore

QUESTION = "个体工商户营业执照上登记的经营者与实际经营者不一致的，是否承担共同责任？"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="m3e-small")
    parser.add_argument("--n", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    folder = ModelStore().path(given.encoder)
    lines = (given.data / "news" / "news.jsonl").read_text("utf-8").splitlines()[: given.n]
    texts = [json.loads(line)["text"][:150] for line in lines]
    encoders: dict[str, Encoder] = {
        "torch float32": TorchEncoder(folder),
        "openvino bf16": OpenVinoEncoder(folder, precision="bf16"),
        "openvino int8": OpenVinoEncoder(folder, precision="int8"),
    }
    passages: dict[str, list[float]] = {name: [] for name in encoders}
    questions: dict[str, list[float]] = {name: [] for name in encoders}
    vectors = {name: encoder.encode(texts) for name, encoder in encoders.items()}  # also warms up
    for _ in range(given.rounds):
        for name, encoder in encoders.items():
            began = time.perf_counter()
            encoder.encode(texts)
            passages[name].append(len(texts) / (time.perf_counter() - began))
            for _ in range(15):
                began = time.perf_counter()
                encoder.encode([QUESTION], query=True)
                questions[name].append((time.perf_counter() - began) * 1000)
    base = float(np.median(passages["torch float32"]))
    print(f"{len(texts)} passages of up to 150 characters, {given.rounds} rounds, medians")
    for name in encoders:
        rate = float(np.median(passages[name]))
        worst = float((vectors[name] * vectors["torch float32"]).sum(1).min())
        p50, p95 = np.percentile(questions[name], [50, 95])
        print(f"{name:14} {rate:7.0f} passages/s  {rate / base:4.1f} x  question p50 {p50:.1f} ms p95 {p95:.1f} ms  cosine >= {worst:.4f}")


if __name__ == "__main__":
    main()
