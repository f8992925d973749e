"""The lower layers of the model that writes in torch, with low-rank matrices beside them (Hu et al. 2022,
"LoRA: Low-Rank Adaptation of Large Language Models") and the heads that read off what they tell.

Only the tokens of a question or statement pass through the matrices (``engine/adapter.py``); what stands
before them is read without, so it is read once and kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from engine.adapter import FIRST, LAST, MATRICES, RANK
from qa.adapted import HEADS

Tensor = torch.Tensor
POINTER = 64
"""Width of the product that tells which line answers."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was read before: keys and values ``[layers, 2, heads, tokens, size]`` of layers FIRST to LAST."""

    kept: Tensor

    @property
    def tokens(self) -> int:
        return self.kept.shape[3]


class Lower:
    """Layers 0 to LAST of the model in a GGUF file, bfloat16; the residual stream in 32 bits."""

    def __init__(self, path: Path) -> None:
        from engine.transformers import load_model

        model = load_model(path, "cpu", 0)
        config = model.config
        self.heads, self.shared = config.num_attention_heads, config.num_key_value_heads
        self.size = config.hidden_size // self.heads
        self.hidden = config.hidden_size
        self.eps = config.rms_norm_eps
        theta = getattr(config, "rope_theta", None) or config.rope_parameters["rope_theta"]
        self._turns = 1.0 / theta ** (torch.arange(0, self.size, 2).float() / self.size)
        self.table = model.model.embed_tokens.weight.detach().to(torch.bfloat16)
        self.layers = [_weights(layer) for layer in model.model.layers[: LAST + 1]]

    def embed(self, ids: Sequence[int]) -> Tensor:
        return self.table[torch.as_tensor(ids)].float()

    def layer(
        self,
        number: int,
        x: Tensor,
        turned: tuple[Tensor, Tensor],
        mask: Tensor,
        before: Tensor | None = None,
        low: Mapping[str, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """One layer over tokens ``x [n, hidden]`` that see what ``mask [n, before + n]`` allows; its output
        and its keys and values ``[2, heads, n, size]``."""
        w = self.layers[number]

        def linear(name: str, given: Tensor) -> Tensor:
            out = functional.linear(given, w[name], w.get(f"{name}_bias"))
            if low is not None:
                down, up = (low[f"{number}.{name}.{side}"].to(torch.bfloat16) for side in ("down", "up"))
                out = out + functional.linear(functional.linear(given, down), up)
            return out

        n = len(x)
        normed = self._norm(x, w["norm1"])
        q, k, v = (linear(name, normed).view(n, -1, self.size).transpose(0, 1) for name in ("q", "k", "v"))
        q, k = _turn(q, *turned), _turn(k, *turned)
        own = torch.stack([k, v])
        k, v = own if before is None else torch.cat([before, own], 2)
        each = self.heads // self.shared
        told = functional.scaled_dot_product_attention(
            q[None], k.repeat_interleave(each, 0)[None], v.repeat_interleave(each, 0)[None], attn_mask=mask
        )[0]
        x = x + linear("o", told.transpose(0, 1).reshape(n, -1)).float()
        normed = self._norm(x, w["norm2"])
        x = x + linear("down", functional.silu(linear("gate", normed)) * linear("up", normed)).float()
        return x, own

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * weight).to(torch.bfloat16)

    def turned(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine of the places of tokens, ``[n, size]`` each."""
        angles = places.float()[:, None] * self._turns
        angles = torch.cat([angles, angles], 1)
        return angles.cos(), angles.sin()


def _weights(layer: Any) -> dict[str, Tensor]:
    attention, mlp = layer.self_attn, layer.mlp
    linears = {
        "q": attention.q_proj,
        "k": attention.k_proj,
        "v": attention.v_proj,
        "o": attention.o_proj,
        "gate": mlp.gate_proj,
        "up": mlp.up_proj,
        "down": mlp.down_proj,
    }
    found = {name: one.weight.detach().to(torch.bfloat16) for name, one in linears.items()}
    found |= {
        f"{name}_bias": one.bias.detach().to(torch.bfloat16)
        for name, one in linears.items()
        if one.bias is not None
    }
    norms = {"norm1": layer.input_layernorm, "norm2": layer.post_attention_layernorm}
    return found | {name: one.weight.detach().float() for name, one in norms.items()}


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    other = torch.cat([-x[..., half:], x[..., :half]], -1)
    return (x.float() * cos + other.float() * sin).to(x.dtype)


def packed(lengths: Sequence[int], before: int) -> tuple[Tensor, Tensor]:
    """Places ``[n]`` of the tokens of several texts that follow the same ``before`` tokens, one after the
    other, and who sees whom, bool ``[n, before + n]``: each all before it, and itself as far as it goes."""
    places = torch.cat([torch.arange(before, before + length) for length in lengths])
    text = torch.repeat_interleave(torch.arange(len(lengths)), torch.as_tensor(lengths))
    own = (text[:, None] == text[None]) & (places[:, None] >= places[None])
    return places, torch.cat([torch.ones(len(places), before, dtype=torch.bool), own], 1)


class Adapter(torch.nn.Module):
    """The matrices and the heads.

    Args:
        mean, scale: of the states after texts, ``[2, hidden]``: unadapted at the texts' ends, and of the
        tokens of
            the material.
    """

    def __init__(self, lower: Lower, mean: Tensor, scale: Tensor, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.low = torch.nn.ParameterDict()
        for number in range(FIRST, LAST + 1):
            for name in MATRICES:
                out, given = lower.layers[number][name].shape
                down = torch.nn.Parameter(torch.randn(RANK, given) / given**0.5)
                self.low[f"{number}|{name}|down"] = down
                self.low[f"{number}|{name}|up"] = torch.nn.Parameter(torch.zeros(out, RANK))
        hidden = lower.hidden
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.heads = torch.nn.Linear(hidden, len(HEADS))
        self.borne = torch.nn.Linear(hidden, 1)
        self.ask = torch.nn.Linear(hidden, POINTER)
        self.line = torch.nn.Linear(hidden, POINTER, bias=False)
        self.bias = torch.nn.Parameter(torch.tensor(-3.0))
        for head in (self.heads, self.borne):
            torch.nn.init.zeros_(head.weight)
            torch.nn.init.zeros_(head.bias)

    def matrices(self) -> dict[str, Tensor]:
        return {name.replace("|", "."): value for name, value in self.low.items()}

    def forward(self, lower: Lower, x: Tensor, lengths: Sequence[int], before: Before) -> Tensor:
        """States ``[n, hidden]``, standardised, of texts of which ``x`` is what goes into layer FIRST."""
        places, mask = packed(lengths, before.tokens)
        turned = lower.turned(places)
        low = self.matrices()
        for number in range(FIRST, LAST + 1):
            x, _ = lower.layer(number, x, turned, mask, before.kept[number - FIRST], low)
        return (x - self.mean[0]) / self.scale[0]

    def pointed(self, asked: Tensor, material: Tensor, lines: Sequence[tuple[int, int]]) -> Tensor:
        """Log-odds ``[texts, lines]`` that a line of the material answers.

        Args:
            asked: states after texts ``[texts, hidden]``, standardised.
            material: states of its tokens ``[tokens, hidden]``.  lines: their tokens, from and to.
        """
        keys = self.line((material.float() - self.mean[1]) / self.scale[1])
        scores = self.ask(asked) @ keys.T / POINTER**0.5
        return torch.stack([scores[:, a:b].logsumexp(1) for a, b in lines], 1) + self.bias

    def arrays(self) -> dict[str, np.ndarray]:
        """What ``engine/adapter.py`` and ``qa/adapted.py`` read, by name."""
        found = {name: value.detach().half().numpy() for name, value in self.matrices().items()}
        parts = {
            "mean": self.mean,
            "scale": self.scale,
            "heads": self.heads.weight,
            "heads_bias": self.heads.bias,
            "borne": self.borne.weight[0],
            "borne_bias": self.borne.bias,
            "ask": self.ask.weight,
            "ask_bias": self.ask.bias,
            "line": self.line.weight,
            "line_bias": self.bias,
        }
        return found | {name: value.detach().numpy().astype(np.float32) for name, value in parts.items()}
