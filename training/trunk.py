"""The network that is trained: multilingual-e5-small's layers in torch, with small heads for each task of the
reader.

The word table stays as it is (4 bits) and is no part of what is trained. Layers compute in bfloat16, their
masters and the optimiser's moments are float32: on processors with matrix units this is three times as fast
as float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.e5 import E5File
from qa.heads import HEADS

Dtype = torch.bfloat16
FROZEN = 4
"""Layers at the bottom that stay as they are."""


class Layer(nn.Module):
    """One layer of BERT (post-norm), without dropout: the data are few, but each is seen a few times only."""

    def __init__(self, size: int, inner: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.ao = (nn.Linear(size, size) for _ in range(4))
        self.fi, self.fo = nn.Linear(size, inner), nn.Linear(inner, size)
        self.aln, self.oln = nn.LayerNorm(size, 1e-12), nn.LayerNorm(size, 1e-12)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        rows, length, size = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(rows, length, self.heads, -1).transpose(1, 2)

        q, k, v = split(self.q(x)), split(self.k(x)), split(self.v(x))
        seen = ((q @ k.transpose(-1, -2)) * (q.shape[-1] ** -0.5) + mask).softmax(
            -1
        ) @ v  # torch's fused form is slower
        x = self.aln(x + self.ao(seen.transpose(1, 2).reshape(rows, length, size)))
        return self.oln(x + self.fo(functional.gelu(self.fi(x))))


class Trunk(nn.Module):
    """Layers and heads; ``forward`` gives the logits of every head for every token."""

    def __init__(self, file: E5File) -> None:
        super().__init__()
        config = file.config
        size = config["hidden_size"]
        self.words = torch.tensor(file.words()(np.arange(config["vocab_size"]))).to(
            Dtype
        )  # a plain tensor: no parameter
        self.positions = nn.Parameter(torch.zeros(config["max_position_embeddings"], size))
        self.types = nn.Parameter(torch.zeros(size))
        self.norm = nn.LayerNorm(size, 1e-12)
        self.layers = nn.ModuleList(
            Layer(size, config["intermediate_size"], config["num_attention_heads"])
            for _ in range(config["num_hidden_layers"])
        )
        self.token_head = nn.Linear(size, len(HEADS.token))
        self.text_head = nn.Linear(size, len(HEADS.text))
        named = dict(self.named_parameters())
        with torch.no_grad():
            for name, array in file.arrays().items():
                named[name].copy_(torch.tensor(array))

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Token logits [rows, length, token heads] and text logits [rows, text heads], float32.

        Args:
            ids: int64 [rows, length], padded with 1.
        """
        mask = torch.where(ids == 1, -1e9, 0.0).to(Dtype)[:, None, None, :]
        with torch.no_grad():
            x = self.norm(self.words[ids] + self.positions[: ids.shape[1]] + self.types)
            for layer in self.layers[:FROZEN]:
                x = layer(x, mask)
        for layer in self.layers[FROZEN:]:
            x = layer(x, mask)
        return self.token_head(x).float(), self.text_head(x[:, 0]).float()


class Optimiser:
    """AdamW (Loshchilov and Hutter, 2019) on float32 masters of bfloat16 parameters."""

    def __init__(self, module: nn.Module) -> None:
        self.given = [p for p in module.parameters() if p.requires_grad]
        self.masters = [p.detach().float().clone().requires_grad_() for p in self.given]
        matrices = [m for m in self.masters if m.ndim > 1]
        rest = [m for m in self.masters if m.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
        self.adam = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), fused=True)

    @torch.no_grad()
    def step(self, rate: float, most: float = 1.0) -> float:
        """One step at this learning rate, gradients clipped to norm ``most``; returns the norm."""
        for p, m in zip(self.given, self.masters, strict=True):
            m.grad = torch.zeros_like(m) if p.grad is None else p.grad.float()
            p.grad = None
        norm = float(nn.utils.clip_grad_norm_(self.masters, most))
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        for p, m in zip(self.given, self.masters, strict=True):
            p.copy_(m)
        return norm

    def state(self) -> dict[str, object]:
        return {"masters": self.masters, "adam": self.adam.state_dict()}

    @torch.no_grad()
    def load(self, state: dict[str, Any], masters_only: bool = False) -> None:
        """Go on from a saved state; ``masters_only`` keeps the weights and forgets the moments."""
        for p, mine, m in zip(self.given, self.masters, state["masters"], strict=True):
            mine.copy_(m)
            p.copy_(m)
        if not masters_only:
            self.adam.load_state_dict(state["adam"])


def open_trunk(path: Path) -> Trunk:
    """The trunk with the encoder's own weights, heads at small random values."""
    torch.manual_seed(0)
    trunk = Trunk(E5File(path))
    for head in (trunk.token_head, trunk.text_head):
        nn.init.normal_(head.weight, std=0.02)
        nn.init.zeros_(head.bias)
    frozen = [trunk.positions, trunk.types, *trunk.norm.parameters(), *trunk.layers[:FROZEN].parameters()]
    for parameter in frozen:
        parameter.requires_grad = False
    return trunk.to(Dtype)


def arrays(trunk: Trunk, optimiser: Optimiser) -> Iterator[tuple[str, np.ndarray]]:
    """Names and float32 values of all weights, masters where there are any, as ``qa.reader`` has them."""
    masters = iter(optimiser.masters)
    for name, p in trunk.named_parameters():
        yield name, (next(masters).detach() if p.requires_grad else p.detach().float()).numpy()


def export(arrays_: Mapping[str, np.ndarray], out: Path) -> None:
    """Write the weights as they ship: matrices in 8 bits with one scale for each output, the rest as
    float16."""
    from index.bert import int8

    packed: dict[str, np.ndarray] = {}
    for name, array in arrays_.items():
        if array.ndim == 2 and name.startswith("layers."):
            packed[name], scale = int8(array)
            packed[f"{name}.scale"] = scale.astype(np.float32)
        else:
            packed[name] = array.astype(np.float16)
    np.savez_compressed(out, **packed)  # type: ignore[arg-type]
