"""What does not change of a passage and its texts while the adapter is trained: keys, values and states of
the material, what goes into the first adapted layer of each text, and where lines and words stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import prompts
from engine.adapter import FIRST, LAST
from engine.base import Message
from training.adapted import Lower, packed
from training.asked import Asked

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


def load(folder: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """What was read of the files that are there."""
    paths = [folder / f"{name}.pt" for name in names]
    return [
        one for path in paths if path.is_file() for one in torch.load(path, weights_only=False, mmap=True)
    ]


def left_out(one: dict[str, Any]) -> bool:
    """Is this one of the passages that are not fitted on?"""
    return bool(one["id"].endswith("0"))


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
