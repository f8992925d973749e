"""What the adapter is trained for: losses of its heads over the texts of a passage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from qa.adapted import HEADS
from training.adapted import Adapter, Before, Lower
from training.asked import Text

UNCERTAIN = 0.25
"""Weight of a question whose premise is not in doubt, for what tells a false one."""
ALIKE = 2.0
"""Weight of two texts that differ in one thing beside all others of a passage."""

Tensor = torch.Tensor


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
