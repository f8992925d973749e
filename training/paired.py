"""Variants of the engine against the default one, question by question: what each changes in speed and in answers.

    python training/paired.py --data DIR --bench DIR --out FILE.jsonl [--count 60] [NAME...]

Tuning questions alone: the first of `tianjin`'s tuning split over the sample corpus, and of cmrc2018 trial with ten passages
each, half of which do not hold the answer (``training.gate_data``). Every question is asked of every variant in turn, in an
order drawn anew for each question, with nothing kept of prompts but their fixed part; the answer cache is off. One line an
answer goes to FILE as it is there, and the same command goes on with an interrupted run. Printed, by set: seconds (median of the
paired ratios with a bootstrap interval), tokens read, how often the answer is the same, right, refused, and McNemar's
test on right.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import prompts
from engine import _gguf, _model_path, paged
from engine.base import Chunk, GenerationRequest, Message
from engine.batch import Batch
from engine.convert import Form, prepare
from engine.openvino import _KEPT_BYTES, OpenVINOGenerator, _told
from engine.passes import BLOCK
from eval.metrics.stats import mcnemar, percentile, statistic_figure
from qa.engine import Engine
from qa.settings import AnswerSettings, EngineSettings
from training.gate_data import gate_items
from training.gate_rows import is_right, tuning_items

BASE = "default"
HEAD = (
    "| variant | n | seconds, median | ratio to the default, paired | first token | read / written | same | right "
    "| right only by the default / only by this | refused: answerable, not |"
)


@dataclass(frozen=True)
class Variant:
    """What differs from the default: the form of the weights, plugin options, guesses, what is kept, answer settings."""

    form: Form = "int8"
    options: Mapping[str, str] = field(default_factory=dict)
    guess: int = 6
    keep: int = _KEPT_BYTES
    stop: tuple[str, ...] = ()
    answer: Mapping[str, Any] = field(default_factory=dict)


VARIANTS = {
    BASE: Variant(),
    "int4": Variant(form="int4"),
    "kv_u8": Variant(options={"KV_CACHE_PRECISION": "u8"}),
    "group_0": Variant(options={"DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}),
    "group_64": Variant(options={"DYNAMIC_QUANTIZATION_GROUP_SIZE": "64"}),
    "no_lookup": Variant(guess=0),
    "nothing_kept": Variant(keep=0),
    "one_sentence": Variant(stop=("。",)),
    "tokens_150": Variant(answer={"context_tokens": 150, "max_passages": 5, "context_gain": 0.0}),
    "tokens_200": Variant(answer={"context_tokens": 200, "max_passages": 5, "context_gain": 0.0}),
    "tokens_300": Variant(answer={"context_tokens": 300, "max_passages": 5, "context_gain": 0.0}),
    "tokens_500": Variant(answer={"context_tokens": 500, "max_passages": 6, "context_gain": 0.0}),
    "whole_passages": Variant(answer={"context_tokens": 4000, "max_passages": 3, "context_gain": 0.0}),
}


class _Paged(OpenVINOGenerator):
    """The default engine with what a variant changes."""

    def __init__(self, folder: Path, variant: Variant) -> None:
        super().__init__(folder, guess=variant.guess, context=4096)
        self._variant = variant

    def _load(self) -> Batch:
        model = paged.PagedModel(self._folder, -(-self._context // BLOCK) * 2, 0, dict(self._variant.options))
        model.warm()
        return Batch(model, self._most, self._variant.keep, _told)

    def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
        """With a stop string it ends there, and the full stop is put back."""
        stop = self._variant.stop
        for chunk in super().stream(replace(request, stop=stop) if stop else request):
            yield replace(chunk, text=chunk.text + "。") if stop and chunk.finish == "stop" else chunk


def engines(settings: EngineSettings, names: Sequence[str]) -> dict[str, Engine]:
    """An engine for each variant; those with the same model in memory share it, all share the index."""
    gguf = _gguf(_model_path(settings.generator.model, settings.models))
    loaded: dict[str, _Paged] = {}
    out: dict[str, Engine] = {}
    for name in names:
        variant = VARIANTS[name]
        key = repr(replace(variant, answer={}))
        if key not in loaded:
            loaded[key] = _Paged(prepare(gguf, form=variant.form), variant)
            loaded[key].warm()
        answer = settings.answer.model_copy(update=dict(variant.answer))
        out[name] = Engine.open(settings.model_copy(update={"answer": answer}), generator=loaded[key])
        out[name].library = next(iter(out.values())).library
    return out


def questions(bench: Path, count: int) -> list[tuple[str, dict[str, Any]]]:
    """``count`` of each set, in turn."""
    ours = list(islice((row for row in tuning_items(bench, 1) if row[0] == "tianjin"), count))
    trial = gate_items([bench / "cmrc2018" / "cmrc2018_trial.json"], count, seed=2)
    theirs = [("cmrc2018 trial", item.row()) for item in trial]
    return [row for pair in zip(ours, theirs, strict=False) for row in pair]


def asked(engine: Engine, item: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as shown, with its seconds, and whether it is right."""
    begun, worked = time.perf_counter(), time.process_time()
    answer = engine.answer(item["question"], passages=item.get("passages"))
    seconds = time.perf_counter() - begun
    answerable = bool(item.get("answerable", item["answers"]))
    shown = "" if answer.refused else answer.text
    return {
        "seconds": seconds,
        "first": answer.timings.get("first_token"),
        "processor": time.process_time() - worked,
        "read": answer.usage.get("prompt_tokens", 0),
        "written": answer.usage.get("completion_tokens", 0),
        "refused": answer.refused,
        "answerable": answerable,
        "right": is_right(shown, item) if answerable else answer.refused,
        "shown": shown,
    }


def forget(engine: Engine, variant: Variant) -> None:
    """Drop what is kept of prompts; then the fixed part is read again, as any question before would have left it."""
    batch = engine.generator._batch  # type: ignore[attr-defined]
    while batch._running:
        time.sleep(0.001)
    batch._blocks.forget()
    if variant.keep:
        parts = prompts.chat("answer", evidence="[1] 无。", question="无？")
        reader = engine.generator.read(tuple(Message(role, text) for role, text in parts), threading.Event())  # type: ignore[attr-defined]
        reader.state()


def report(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterator[str]:
    """Lines of the table, by set."""
    for source in sorted({row["source"] for row in rows}):
        own: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in names}
        for row in rows:
            if row["source"] == source and row["variant"] in own:
                own[row["variant"]][row["id"]] = row
        yield from ("", source, HEAD, "|---" * (HEAD.count("|") - 1) + "|")
        for name in names:
            if ids := sorted(own[name].keys() & own[BASE].keys()):
                yield _line(name, [(own[BASE][i], own[name][i]) for i in ids])


def _line(name: str, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> str:
    ratio = statistic_figure([[b["seconds"] / a["seconds"] for a, b in pairs]], lambda groups: percentile(groups[0], 0.5))
    lost = sum(a["right"] and not b["right"] for a, b in pairs)
    won = sum(b["right"] and not a["right"] for a, b in pairs)
    theirs = [b for _, b in pairs]
    refused = [[b["refused"] for b in theirs if b["answerable"] is told] for told in (True, False)]
    cells = (
        name,
        len(pairs),
        f"{percentile([b['seconds'] for b in theirs], 0.5):.2f}",
        f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]",
        f"{percentile([b['first'] for b in theirs if b['first']], 0.5):.2f}",
        f"{fmean(b['read'] for b in theirs):.0f} / {fmean(b['written'] for b in theirs):.0f}",
        sum(a["shown"] == b["shown"] for a, b in pairs),
        sum(b["right"] for b in theirs),
        f"{lost} / {won} (p = {mcnemar(won, lost):.2f})",
        ", ".join(f"{sum(own)} of {len(own)}" for own in refused),
    )
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(VARIANTS)}; default: all")
    parser.add_argument("--data", type=Path, required=True, help="data folder; filled with the sample corpus when it is empty")
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60)
    args = parser.parse_args()
    names = [BASE, *(n for n in args.names or VARIANTS if n != BASE)]
    settings = EngineSettings(data=args.data, answer=AnswerSettings(cache=False))
    known = [json.loads(line) for line in args.out.read_text("utf-8").splitlines()] if args.out.exists() else []
    done = {(row["id"], row["variant"]) for row in known}
    running = engines(settings, names)
    if not running[BASE].library.count:
        from corpus import sample_documents

        running[BASE].add(sample_documents())
    with args.out.open("a", encoding="utf-8") as file:
        for source, item in questions(args.bench, args.count):
            for name in random.Random(item["id"]).sample(names, len(names)):
                if (item["id"], name) in done:
                    continue
                forget(running[name], VARIANTS[name])
                row = {"source": source, "id": item["id"], "variant": name, **asked(running[name], item)}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
                known.append(row)
    print("\n".join(report(known, names)))


if __name__ == "__main__":
    main()
