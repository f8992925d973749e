"""A causal language model of transformers with its keys and values in blocks (see ``passes.py``), on CPU or
CUDA.

All tokens of a pass stand in one row, and the model's attention is replaced through the library's
``AttentionInterface``: each token attends to what its own sequence holds. So any model will do whose
attention goes through that interface. Prompts are attended one by one, answers (a few tokens each) together.
Not thread-safe; knows nothing of requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear, scaled_dot_product_attention
from transformers import AttentionInterface

from engine.adapter import ADAPTED, matrices
from engine.passes import BLOCK, STATE_LAYERS, Part, Sizes, Taken

NAME = "wenju_paged"
ON_CPU = Sizes(read_alone=384, read_beside=160, rows=16)
ON_GPU = Sizes(read_alone=8192, read_beside=2048, rows=256)
"""A GPU reads thousands of tokens as fast as a few (by its arithmetic; not measured)."""
_TOGETHER = 8
"""Parts of so many tokens or fewer are attended together, filled up to the longest."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Parts that are attended together: rows of the pass ``[n, q]``, the slots of their keys ``[n, m]``, and
    the positions of both; what is filled up stands at position -1."""

    rows: torch.Tensor
    slots: torch.Tensor
    at: torch.Tensor
    seen: torch.Tensor

    def mask(self, window: int | None) -> torch.Tensor:
        """Bool ``[n, 1, q, m]``: which keys a row may see; a row that is filled up sees the first key, and is
        not used."""
        distance = self.at[:, :, None] - self.seen[:, None, :]
        allowed = (distance >= 0) & (self.seen >= 0)[:, None, :]
        if window is not None:
            allowed &= distance < window
        allowed[..., 0] |= self.at < 0
        return allowed[:, None]


@dataclass(frozen=True, slots=True)
class _Pass:
    """What the attention needs to know of a pass: the slots that its tokens go to ``[tokens]``, and who sees
    what."""

    keys: list[torch.Tensor]
    values: list[torch.Tensor]
    slots: torch.Tensor
    groups: list[_Group]
    masks: dict[tuple[int, int | None], torch.Tensor] = field(default_factory=dict)

    def mask(self, number: int, window: int | None) -> torch.Tensor:
        if (number, window) not in self.masks:
            self.masks[number, window] = self.groups[number].mask(window)
        return self.masks[number, window]


class TorchPagedModel:
    """``model`` with room for ``blocks`` blocks of keys and values, which are taken on its device at once.

    Args:
        adapted: the adapter was trained for this model.

    Raises:
        ValueError: the model's attention cannot be replaced.
    """

    def __init__(self, model: Any, blocks: int, adapted: bool = False) -> None:
        AttentionInterface.register(NAME, _attend)
        model.set_attn_implementation(NAME)
        config = model.config.get_text_config()
        if getattr(model.config, "_attn_implementation", NAME) != NAME:
            raise ValueError(f"the attention of {type(model).__name__} cannot be replaced")
        self._model = model
        self.blocks = blocks
        self.sizes = ON_GPU if model.device.type == "cuda" else ON_CPU
        self._layers = STATE_LAYERS if config.num_hidden_layers > max(STATE_LAYERS) else ()
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (blocks * BLOCK, config.num_key_value_heads, size)
        place = {"dtype": model.dtype, "device": model.device}
        self._keys = [torch.zeros(shape, **place) for _ in range(config.num_hidden_layers)]
        self._values = [torch.zeros(shape, **place) for _ in range(config.num_hidden_layers)]
        self._between = torch.zeros(
            (blocks * BLOCK if self._layers else 0, config.hidden_size),
            dtype=torch.float16,
            device=model.device,
        )
        self._mark = torch.zeros(0)
        if adapted:
            if not self._layers:
                raise ValueError("the adapter was trained for another model of this name")
            self._adapt()
        kept = (*self._keys, *self._values, self._between)
        self.block_bytes = sum(tensor.nbytes for tensor in kept) // blocks

    @torch.inference_mode()
    def forward(self, parts: Sequence[Part]) -> list[Taken]:
        marked = [token for part in parts for token in part.ids]
        ids = [token & (ADAPTED - 1) for token in marked]
        self._mark = self._tensor([token >= ADAPTED for token in marked])[None, :, None]
        plan = self._plan(parts, ends := np.cumsum([len(part.ids) for part in parts]))
        positions = [part.past + i for part in parts for i in range(len(part.ids))]
        wanted = [
            end - len(part.ids) + row for part, end in zip(parts, ends, strict=True) for row in part.rows
        ]
        out = self._model(
            input_ids=self._tensor([ids]),
            position_ids=self._tensor([positions]),
            attention_mask=None,
            use_cache=False,
            logits_to_keep=self._tensor(wanted or [0]),
            output_hidden_states=bool(self._layers),
            paged=plan,
        )
        if self._layers:
            self._between[plan.slots] = out.hidden_states[max(self._layers) + 1][0].half()
        logits = out.logits[0].float().cpu().numpy()
        states = (
            [out.hidden_states[layer + 1][0, wanted].float().cpu().numpy() for layer in self._layers]
            if wanted
            else []
        )
        cuts = np.cumsum([len(part.rows) for part in parts])[:-1]
        each = zip(
            np.split(logits[: len(wanted)], cuts), *(np.split(state, cuts) for state in states), strict=True
        )
        return [Taken(first, tuple(rest)) for first, *rest in each]

    @torch.inference_mode()
    def between(self, table: Sequence[int], begin: int, end: int) -> NDArray[np.float16] | None:
        if not self._layers:
            return None
        slots = _slots(Part(range(begin, end), begin, table, 0))[begin:]
        found: NDArray[np.float16] = self._between[slots].cpu().numpy()
        return found

    @torch.inference_mode()
    def copy(self, source: int, target: int) -> None:
        for kept in (*self._keys, *self._values, *([self._between] if self._layers else [])):
            kept[target * BLOCK : (target + 1) * BLOCK] = kept[source * BLOCK : (source + 1) * BLOCK]

    def give_back(self, blocks: Sequence[int]) -> None:
        """Memory was taken at once, and stays."""

    def _adapt(self) -> None:
        """Have marked tokens pass through the adapter's matrices beside the model's own."""
        modules = {
            **dict.fromkeys(("q", "k", "v", "o"), "self_attn"),
            **dict.fromkeys(("gate", "up", "down"), "mlp"),
        }
        for (number, name), pair in matrices().items():
            layer = self._model.model.layers[number]
            down, up = (torch.from_numpy(one).to(self._model.device, self._model.dtype) for one in pair)

            def beside(
                _module: Any, given: tuple[torch.Tensor], out: torch.Tensor, down: Any = down, up: Any = up
            ) -> torch.Tensor:
                return out + linear(linear(given[0], down) * self._mark.to(out.dtype), up)

            getattr(getattr(layer, modules[name]), f"{name}_proj").register_forward_hook(beside)

    def _plan(self, parts: Sequence[Part], ends: np.ndarray) -> _Pass:
        slots = [_slots(part)[part.past :] for part in parts]
        short = [i for i, part in enumerate(parts) if len(part.ids) <= _TOGETHER]
        groups = [[i] for i in range(len(parts)) if i not in short] + ([short] if short else [])
        made = [self._group([parts[i] for i in group], [int(ends[i]) for i in group]) for group in groups]
        return _Pass(self._keys, self._values, self._tensor([slot for own in slots for slot in own]), made)

    def _group(self, parts: Sequence[Part], ends: Sequence[int]) -> _Group:
        longest = max(len(part.ids) for part in parts)
        most = max(part.past + len(part.ids) for part in parts)
        rows = np.zeros((len(parts), longest), np.int64)
        slots, at, seen = (
            np.zeros((len(parts), most), np.int64),
            np.full_like(rows, -1),
            np.full((len(parts), most), -1),
        )
        for i, (part, end) in enumerate(zip(parts, ends, strict=True)):
            new, total = len(part.ids), part.past + len(part.ids)
            rows[i, :new], at[i, :new] = np.arange(end - new, end), np.arange(part.past, total)
            slots[i, :total], seen[i, :total] = _slots(part), np.arange(total)
        return _Group(*(self._tensor(array) for array in (rows, slots, at, seen)))

    def _tensor(self, values: Any) -> torch.Tensor:
        return torch.as_tensor(values, dtype=torch.long, device=self._model.device)


def _slots(part: Part) -> list[int]:
    """Where the tokens of the part's sequence lie, those of this pass too."""
    return [part.table[i // BLOCK] * BLOCK + i % BLOCK for i in range(part.past + len(part.ids))]


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    paged: _Pass,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **rest: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one layer: ``query`` ``[1, heads, tokens, size]`` over what the sequences hold; ``[1,
    tokens, heads, size]``.

    Raises:
        ValueError: the model's attention has a soft cap or sinks, which are not known here.
    """
    if softcap is not None or s_aux is not None:
        raise ValueError("models with soft caps or sinks in their attention are not supported")
    keys, values = paged.keys[module.layer_idx], paged.values[module.layer_idx]
    keys[paged.slots] = key[0].transpose(0, 1)
    values[paged.slots] = value[0].transpose(0, 1)
    out = torch.empty_like(query[0].transpose(0, 1))
    for number, group in enumerate(paged.groups):
        attended = scaled_dot_product_attention(
            query[0][:, group.rows].transpose(0, 1),
            keys[group.slots].transpose(1, 2),
            values[group.slots].transpose(1, 2),
            attn_mask=paged.mask(number, sliding_window),
            scale=scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        )
        real = group.at >= 0
        out[group.rows[real]] = attended.transpose(1, 2)[real]
    return out[None], None
