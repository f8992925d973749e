"""Trains the adapter of the default generator and the heads over it: what is answered, borne out, taken for
granted, and by which line.

    python -m training.adapter read FOLDER FILE.jsonl... [--pairs PAIRS.jsonl...]     # GGUF of the store
    python -m training.adapter fit FOLDER NAME... --try NAME... --minutes 60 --out ADAPTER.npz
    python -m training.adapter calibrate FOLDER NAME... --out ADAPTER.npz
    python -m training.adapter try FOLDER NAME... --out ADAPTER.npz

``read`` writes down once what does not change: keys, values and states of the material, and what goes into
the first adapted layer of each text (``FOLDER/NAME.pt`` for ``NAME.jsonl``). ``fit`` takes two passages
a step, in two processes where ``torchrun --nproc-per-node 2 -m`` runs it; it writes
``ADAPTER.pt`` every five minutes and goes on from it. Every tenth passage (its id ends with
0) is left out: ``calibrate`` scales the heads on these, and on all of names that ``fit`` did not have
(Platt 1999), and writes ``ADAPTER.npz`` with the least probabilities at which a statement is shown and
shown as borne out. ``try`` writes what the heads say of each text to ``ADAPTER.NAME.json``, and prints how
well.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import distributed
from torch.nn import functional

import prompts
from engine import open_generator
from engine.adapter import FIRST, LAST
from engine.base import Message
from engine.settings import GeneratorSettings
from models.settings import ModelSettings
from models.store import ModelStore
from qa.adapted import HEADS
from training.adapted import Adapter, Before, Lower, packed
from training.asked import Asked, Text, asked
from training.examples import rows

MODEL = "qwen2.5-coder-1.5b"
PARTS = 2
"""Passages of one step."""
RATE, HEAD_RATE = 4e-4, 4e-4
DECAY = 0.01
UNCERTAIN = 0.25
"""Weight of a question whose premise is not in doubt, for what tells a false one."""
STRUCK, PASSED, FALSE_ALARMS = 0.08, 0.03, 0.05
"""Share of true statements that may be struck, of false ones that may be shown as borne out, of true
premises that may be taken for false."""
IN_USE = 1.6
"""Log-odds by which the best passage of a search answers more often than those of the files, half of whose
questions have no answer: with them the unanswerable questions of tuning sets are refused, and few others
(docs/log/gate.md)."""
ALIKE = 2.0
"""Weight of two texts that differ in one thing beside all others of a passage."""

Tensor = torch.Tensor


def texts_of(
    given: Asked, tokens: Any
) -> tuple[list[int], list[list[int]], list[tuple[int, int]], list[list[int]]]:
    """Token ids of what all texts begin with, and of what follows of each; the tokens of each line; and of
    each text, for every token that follows, where it ends in the text (-1: outside)."""
    chats = []
    for text in given.texts:
        name, key = ("support", "statement") if text.statement else ("judge", "question")
        parts = prompts.chat(name, **{"evidence": given.evidence, key: prompts.escape_evidence(text.text)})
        chats.append(tuple(Message(*part) for part in parts))
    ids = [tokens.encode_chat(chat) for chat in chats]
    content = chats[0][-1].content
    end = content.index(given.evidence) + len(given.evidence)
    cut = tokens.encode_chat([*chats[0][:-1], Message("user", content[:end])])
    common = next(i for i, one in enumerate(zip(*ids, cut, strict=False)) if len(set(one)) > 1)
    head = len(tokens.encode_chat([*chats[0][:-1], Message("user", "")])) - _closing(tokens, chats[0])
    ends = tokens.ends(content)
    begin = content.index(given.evidence)
    lines = []
    for a, b in given.lines:
        first = next(i for i, e in enumerate(ends) if e > begin + a)
        last = next(i for i, e in enumerate(ends) if e >= begin + b)
        lines.append((head + first, min(head + last + 1, common)))
    within = []
    for chat, own, text in zip(chats, ids, given.texts, strict=True):
        said = prompts.escape_evidence(text.text)
        start = chat[-1].content.rindex(said)
        of = [e - start if start < e <= start + len(said) else -1 for e in tokens.ends(chat[-1].content)]
        out = [-1] * len(own)
        out[head : head + len(of)] = of
        within.append(out[common:])
    return ids[0][:common], [own[common:] for own in ids], lines, within


def _closing(tokens: Any, chat: Sequence[Message]) -> int:
    """Tokens after the last message."""
    one, other = (tokens.encode_chat([*chat[:-1], Message("user", text)]) for text in ("一", "二"))
    return next(i for i, (a, b) in enumerate(zip(reversed(one), reversed(other), strict=True)) if a != b)


@torch.no_grad()
def read(lower: Lower, tokens: Any, given: Asked) -> dict[str, Any]:
    """What does not change of a passage and its texts."""
    start, ids, lines, within = texts_of(given, tokens)
    n = len(start)
    x, seen = lower.embed(start), []
    turned, mask = lower.turned(torch.arange(n)), torch.ones(n, n, dtype=torch.bool).tril()
    for number in range(LAST + 1):
        x, own = lower.layer(number, x, turned, mask)
        seen.append(own)
    material = x.half()
    lengths = [len(one) for one in ids]
    places, sees = packed(lengths, n)
    turned, x = lower.turned(places), lower.embed([i for one in ids for i in one])
    for number in range(FIRST):
        x, _ = lower.layer(number, x, turned, sees, seen[number])
    return {
        "id": given.id,
        "kind": given.kind,
        "kept": torch.stack(seen[FIRST:]).to(torch.bfloat16),
        "material": material,
        "x": x.to(torch.bfloat16),
        "lengths": lengths,
        "lines": lines,
        "within": within,
        "texts": given.texts,
    }


def scaled(passages: Sequence[dict[str, Any]], lower: Lower) -> tuple[Tensor, Tensor]:
    """Mean and deviation of states after texts and of the material, unadapted."""
    ends, material = [], []
    with torch.no_grad():
        for one in passages:
            places, mask = packed(one["lengths"], one["kept"].shape[3])
            turned, x = lower.turned(places), one["x"].float()
            for number in range(FIRST, LAST + 1):
                x, _ = lower.layer(number, x, turned, mask, one["kept"][number - FIRST])
            ends.append(x[np.cumsum(one["lengths"]) - 1])
            material.append(one["material"].float()[20:])
    found = [torch.cat(ends), torch.cat(material)]
    return torch.stack([f.mean(0) for f in found]), torch.stack([f.std(0).clamp(min=1e-3) for f in found])


def told(adapter: Adapter, lower: Lower, one: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
    """Of a passage's texts the heads' log-odds ``[texts, HEADS]``, of each token that it is borne out, and
    of each line that it answers."""
    states = adapter(lower, one["x"].float(), one["lengths"], Before(one["kept"]))
    last = states[torch.as_tensor(np.cumsum(one["lengths"]) - 1)]
    return (
        adapter.heads(last),
        adapter.borne(states)[:, 0],
        adapter.pointed(last, one["material"], one["lines"]),
    )


def left_out(one: dict[str, Any]) -> bool:
    """Is this one of the passages that are not fitted on?"""
    return bool(one["id"].endswith("0"))


def loss_of(adapter: Adapter, lower: Lower, one: dict[str, Any]) -> Tensor:
    heads, borne, lines = told(adapter, lower, one)
    texts: list[Text] = one["texts"]
    parts = []
    for at, (name, most) in enumerate(zip(HEADS, (1.0, UNCERTAIN, 1.0), strict=True)):
        label = [getattr(text, name) for text in texts]
        known = [i for i, value in enumerate(label) if value is not None]
        if not known:
            continue
        y = torch.tensor([float(label[i]) for i in known])  # type: ignore[arg-type]
        sure = torch.tensor([1.0 if name != "premise" or texts[i].answered is None else most for i in known])
        z = heads[known, at]
        parts.append(
            (functional.binary_cross_entropy_with_logits(z, y, reduction="none") * sure).sum() / sure.sum()
        )
        if name == "premise" and not y.any():
            continue
        less = z[y == 1][:, None] - z[y == 0][None]
        if less.numel():
            parts.append(functional.softplus(-less).mean())
        pairs = [
            (i, t.twin)
            for i, t in enumerate(texts)
            if t.twin is not None and label[i] is True and label[t.twin] is False
        ]
        pairs += [
            (t.twin, i)
            for i, t in enumerate(texts)
            if t.twin is not None and label[i] is False and label[t.twin] is True
        ]
        if pairs:
            better, worse = (torch.tensor(side) for side in zip(*set(pairs), strict=True))
            parts.append(ALIKE * functional.softplus(heads[worse, at] - heads[better, at]).mean())
    parts += _of_lines(lines, texts)
    parts += _of_tokens(borne, one)
    return sum(parts[1:], parts[0])


def _of_lines(lines: Tensor, texts: Sequence[Text]) -> Iterator[Tensor]:
    known = [i for i, text in enumerate(texts) if text.lines is not None]
    if not known or not lines.shape[1]:
        return
    y = torch.tensor([texts[i].lines for i in known])
    z = lines[known]
    sure = (y >= 0).float()
    each = functional.binary_cross_entropy_with_logits(z, (y > 0).float(), reduction="none") * sure
    heavy = torch.where(y > 0, 3.0, 1.0)
    yield (each * heavy).sum() / (sure * heavy).sum()
    listed = [
        -(torch.logsumexp(row[own != 0], 0) - torch.logsumexp(row, 0))
        for row, own in zip(z, y, strict=True)
        if (own != 0).any()
    ]
    if listed:
        yield torch.stack(listed).mean()
    one_of = [
        -torch.log1p(-torch.prod(1 - torch.sigmoid(row[own == part])).clamp(max=1 - 1e-4))
        for row, own in zip(z, y, strict=True)
        for part in own[own < 0].unique()
    ]
    if one_of:
        yield 0.3 * torch.stack(one_of).mean()


def _of_tokens(borne: Tensor, one: dict[str, Any]) -> Iterator[Tensor]:
    y = tokens_borne(one)
    known = y >= 0
    if known.any():
        yield 0.5 * functional.binary_cross_entropy_with_logits(borne[known], y[known].float())


def tokens_borne(one: dict[str, Any]) -> Tensor:
    """Of every token of the texts: borne out (1), not (0), not known (-1)."""
    out: list[int] = []
    for text, within in zip(one["texts"], one["within"], strict=True):
        own = [-1] * len(within)
        for (a, b), label in text.borne:
            for i, end in enumerate(within):
                if a < end <= b:
                    own[i] = label
        out += own
    return torch.tensor(out)


def fit(given: argparse.Namespace, lower: Lower) -> None:
    kept, rank, world = given.out.with_suffix(".pt"), _joined(), int(os.environ.get("WORLD_SIZE", "1"))
    passages = [one for one in load(given.folder, given.names) if not left_out(one)]
    tried = [one for name in given.tried for one in load(given.folder, [name])[:24]]
    adapter = Adapter(lower, *scaled(passages[:: max(1, len(passages) // 40)], lower))
    heads = [p for n, p in adapter.named_parameters() if not n.startswith("low")]
    optimiser = torch.optim.AdamW(
        [{"params": list(adapter.low.values()), "lr": RATE}, {"params": heads, "lr": HEAD_RATE}],
        weight_decay=DECAY,
        betas=(0.9, 0.98),
    )
    spent, done = 0.0, 0
    if kept.is_file():
        before = torch.load(kept, weights_only=False)
        adapter.load_state_dict(before["adapter"])
        optimiser.load_state_dict(before["optimiser"])
        spent, done = before["spent"], before["done"]
    order, sums = _order(passages, done), list[float]()
    began, last = time.monotonic() - spent, time.monotonic()

    def keep(step: int) -> None:
        state = {"adapter": adapter.state_dict(), "optimiser": optimiser.state_dict(), "fitted": given.names}
        torch.save({**state, "spent": time.monotonic() - began, "done": step}, kept.with_suffix(".new"))
        kept.with_suffix(".new").replace(kept)

    for step in itertools.count(done):
        now = time.monotonic()
        share = _of_first((now - began) / (given.minutes * 60))
        if share >= 1:
            break
        factor = min(1.0, share / 0.03) * 0.5 * (1 + math.cos(math.pi * share)) + 0.01
        for group, rate in zip(optimiser.param_groups, (RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * factor
        for place in next(order)[rank::world]:
            loss = loss_of(adapter, lower, passages[place]) / PARTS
            loss.backward()
            sums.append(loss.item() * PARTS)
        _together(adapter)
        torch.nn.utils.clip_grad_norm_(adapter.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if rank:
            continue
        if step % 25 == 0:
            mean = np.mean(sums[-50:])
            print(f"step {step} {share:.1%} loss {mean:.3f} {time.monotonic() - now:.2f} s", flush=True)
        if now - last > 300:
            last = now
            keep(step + 1)
            for line in measured([said(adapter, lower, one) for one in tried]):
                print("  ", line, flush=True)
    if not rank:
        keep(step)


def _order(passages: Sequence[dict[str, Any]], seed: int) -> Iterator[list[int]]:
    """The passages of each step, all once and then again, those of a step of about the same length."""
    rng = random.Random(seed)
    while True:
        drawn, steps = rng.sample(range(len(passages)), len(passages)), []
        for begin in range(0, len(drawn), 16 * PARTS):
            part = sorted(drawn[begin : begin + 16 * PARTS], key=lambda i: len(passages[i]["x"]))
            steps += [part[i : i + PARTS] for i in range(0, len(part), PARTS)]
        rng.shuffle(steps)
        yield from (step for step in steps if len(step) == PARTS)


def _joined() -> int:
    """This process's number among those that train together (``torchrun``)."""
    if "WORLD_SIZE" not in os.environ:
        return 0
    distributed.init_process_group("gloo")
    return distributed.get_rank()


def _of_first(value: float) -> float:
    """What the first of the processes says."""
    told = torch.tensor(value, dtype=torch.float64)
    if distributed.is_initialized():
        distributed.broadcast(told, 0)
    return float(told)


def _together(adapter: Adapter) -> None:
    """Add up the gradients of all processes."""
    if not distributed.is_initialized():
        return
    parameters = list(adapter.parameters())
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
    distributed.all_reduce(flat)
    for p, own in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad = own.view_as(p)


@torch.no_grad()
def calibrate(given: argparse.Namespace, lower: Lower) -> None:
    """Scale the heads so that they tell log-odds, and choose where probabilities become states of a
    sentence."""
    before = torch.load(given.out.with_suffix(".pt"), weights_only=False)
    adapter = adapter_of(given.out.with_suffix(".pt"), lower)
    fitted = set(before["fitted"])
    passages = [
        one
        for name in given.names
        for one in load(given.folder, [name])
        if name not in fitted or left_out(one)
    ]
    found = [said(adapter, lower, one) for one in passages]
    arrays = adapter.arrays()
    for at, name in enumerate(HEADS):
        texts = [t for p in found for t in p["texts"] if t[name] is not None]
        if name == "premise":
            texts = [t for t in texts if t["answered"] is None]
        z, y = np.array([t[f"{name}_told"] for t in texts]), np.array([bool(t[name]) for t in texts])
        a, b = _platt(z, y)
        odds = a * z + b
        print(f"{name}: n {len(y)}, {a:.2f} z {b:+.2f}, AUC {roc_auc_score(y, odds):.3f}")
        arrays["heads"][at] *= a
        arrays["heads_bias"][at] = a * arrays["heads_bias"][at] + b + (IN_USE if name == "answered" else 0.0)
        chance = 1 / (1 + np.exp(-odds))
        if name == "supported":
            shown = np.quantile(chance[y], STRUCK)
            sure = max(shown, np.quantile(chance[~y], 1 - PASSED))
            arrays["states"] = np.array([shown, sure], np.float32)
            wholly = (chance[y] >= sure).mean()
            print(f"  shown from {shown:.3f}, as borne out from {sure:.3f}: of true ones {wholly:.3f}")
        if name == "premise":
            arrays["premise"] = np.quantile(odds[~y], 1 - FALSE_ALARMS).astype(np.float32)
            print(f"  false from {arrays['premise']:.2f}: {(odds[y] > arrays['premise']).mean():.3f} of them")
    each = [(told(adapter, lower, one)[1].detach(), tokens_borne(one)) for one in passages[::3]]
    borne, label = (torch.cat(side).numpy() for side in zip(*each, strict=True))
    a, b = _platt(borne[label >= 0], label[label >= 0])
    arrays["borne"] *= a
    arrays["borne_bias"] = a * arrays["borne_bias"] + b
    print(f"words: n {(label >= 0).sum()}, {a:.2f} z {b:+.2f}")
    lines = [(t["lines"], t["pointed"]) for p in found for t in p["texts"] if t["lines"] and any(t["lines"])]
    pairs = [(v > 0, s) for y, z in lines for v, s in zip(y, z, strict=True) if v >= 0]
    y, z = (np.array(side) for side in zip(*pairs, strict=True))
    a, b = _platt(z, y)
    arrays["line_scale"] = np.array([a, b], np.float32)
    print(f"lines: n {len(y)}, {a:.2f} z {b:+.2f}, AUC {roc_auc_score(y, z):.3f}")
    np.savez_compressed(given.out, **arrays, model=MODEL)


def _platt(z: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and bias of the logistic model of labels over scores (Platt 1999, "Probabilistic
    Outputs for Support Vector Machines")."""
    model = LogisticRegression(C=1e3).fit(z[:, None], y)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def load(folder: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """What was read of the files that are there."""
    paths = [folder / f"{name}.pt" for name in names]
    return [
        one for path in paths if path.is_file() for one in torch.load(path, weights_only=False, mmap=True)
    ]


@torch.no_grad()
def said(adapter: Adapter, lower: Lower, one: dict[str, Any]) -> dict[str, Any]:
    """What the heads say of a passage's texts, beside what is so."""
    heads, borne, lines = told(adapter, lower, one)
    least, begin = [], 0
    for within in one["within"]:
        inside = [i for i, end in enumerate(within) if end > 0]
        least.append(float(borne[begin : begin + len(within)][inside].min()) if inside else 0.0)
        begin += len(within)
    return {
        "id": one["id"],
        "kind": one["kind"],
        "texts": [
            {
                "text": text.text,
                "lines": text.lines,
                "twin": text.twin,
                "least": least[i],
                "pointed": [round(v, 3) for v in lines[i].tolist()],
                **{name: getattr(text, name) for name in HEADS},
                **{f"{name}_told": round(float(heads[i, at]), 3) for at, name in enumerate(HEADS)},
            }
            for i, text in enumerate(one["texts"])
        ],
    }


def measured(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """AUC of each head, twins told apart, and how often the first line is one that answers."""
    for name in HEADS:
        texts = [(p, t) for p in found for t in p["texts"] if t[name] is not None]
        if len({t[name] for _, t in texts}) < 2:
            continue
        auc = roc_auc_score([t[name] for _, t in texts], [t[f"{name}_told"] for _, t in texts])
        pairs = [
            t[f"{name}_told"] > p["texts"][t["twin"]][f"{name}_told"]
            for p, t in texts
            if t["twin"] is not None and t[name] and p["texts"][t["twin"]][name] is False
        ]
        apart = f", twins told apart {np.mean(pairs):.3f} (n {len(pairs)})" if pairs else ""
        yield f"{name}: AUC {auc:.3f} (n {len(texts)}){apart}"
    answered = [
        (t["lines"], t["pointed"]) for p in found for t in p["texts"] if t["lines"] and any(t["lines"])
    ]
    single = [(y, z) for y, z in answered if sum(v != 0 for v in y) == 1 and len(y) > 2]
    first = [y[int(np.argmax(z))] != 0 for y, z in single]
    if first:
        flat = [(v != 0, s) for y, z in answered for v, s in zip(y, z, strict=True)]
        auc = roc_auc_score(*zip(*flat, strict=True))
        yield f"lines: AUC {auc:.3f}, first right {np.mean(first):.3f} (n {len(first)})"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("read", "fit", "calibrate", "try"):
        one = verbs.add_parser(verb)
        one.add_argument("folder", type=Path)
        one.add_argument("names", nargs="+", type=Path if verb == "read" else str)
        one.add_argument("--threads", type=int, default=0)
        if verb == "read":
            one.add_argument("--pairs", type=Path, nargs="*", default=[])
            one.add_argument("--limit", type=int, default=0)
        else:
            one.add_argument("--out", type=Path, required=True)
        if verb == "fit":
            one.add_argument("--try", dest="tried", nargs="*", default=[])
            one.add_argument("--minutes", type=float, default=60)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if given.threads:
        torch.set_num_threads(given.threads)
    store = ModelStore()
    lower = Lower(store.path(MODEL))
    if given.verb == "read":
        tokens = open_generator(GeneratorSettings(), ModelSettings())._tokens  # type: ignore[attr-defined]
        every = [row for path in given.names for row in rows(path)]
        pairs = [pair for path in given.pairs for pair in rows(path)]
        for path in given.names:
            out, found, since = given.folder / f"{path.stem}.pt", [], time.monotonic()
            if out.is_file():
                continue
            for at, row in enumerate(rows(path)[: given.limit or None], 1):
                found.append(read(lower, tokens, asked(row, every, pairs)))
                if at % 10 == 0:
                    print(f"{path.stem}: {at}, {(time.monotonic() - since) / at:.2f} s each", flush=True)
            torch.save(found, out)
    elif given.verb == "fit":
        fit(given, lower)
    elif given.verb == "calibrate":
        calibrate(given, lower)
    else:
        adapter = adapter_of(given.out.with_suffix(".pt"), lower)
        for name in given.names:
            found = [said(adapter, lower, one) for one in load(given.folder, [name])]
            given.out.with_suffix(f".{name}.json").write_text(json.dumps(found, ensure_ascii=False))
            print(name, *measured(found), sep="\n  ", flush=True)


def adapter_of(path: Path, lower: Lower) -> Adapter:
    """The adapter that ``fit`` kept."""
    state = torch.load(path, weights_only=False)["adapter"]
    adapter = Adapter(lower, state["mean"], state["scale"])
    adapter.load_state_dict(state)
    return adapter


if __name__ == "__main__":
    main()
