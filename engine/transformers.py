"""The second engine: transformers on CPU or CUDA, from safetensors or GGUF. Slow on a CPU, at home on a
GPU."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base import Message
from engine.batched import BatchedGenerator, engine_errors, failed
from errors import GeneratorError

if TYPE_CHECKING:
    from engine.batch import Batch

_HOLE = "\ue000{}\ue001"
_KEPT_TOKENS = 5800
"""Tokens of prompts that are kept for others to begin with, as the default engine keeps."""


class TransformersGenerator(BatchedGenerator):
    """Writes with a causal language model; on CUDA in 16 bits (bfloat16).

    Args:
        path: a folder with safetensors, or a GGUF file (which is dequantised).
        device: auto takes CUDA where there is one.
        threads: CPU threads; 0: torch's default.
        context, guess, batch: as BatchedGenerator.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: str = "auto",
        threads: int = 0,
        context: int = 8192,
        guess: int = 6,
        batch: int = 8,
    ) -> None:
        super().__init__(context=context, guess=guess, batch=batch)
        self._path = path
        self._device = device
        self._threads = threads

    @property
    def name(self) -> str:
        return f"{self._path.stem if self._path.is_file() else self._path.name} (transformers)"

    def _load_tokens(self) -> HubTokens:
        with engine_errors("transformers"):
            return HubTokens(load_tokenizer(self._path), self._stated_eos())

    def _load(self) -> Batch:
        with engine_errors("transformers"):
            from engine.batch import Batch
            from engine.passes import BLOCK
            from engine.torch_paged import TorchPagedModel

            room = self._context + 1024 * self._most
            model = TorchPagedModel(
                load_model(self._path, self._device, self._threads), -(-room // BLOCK), self.adapts
            )
            return Batch(
                model, self._most, _KEPT_TOKENS // BLOCK * model.block_bytes, partial(failed, "transformers")
            )

    def _stated_eos(self) -> list[int]:
        """Tokens that end an answer by the model's own settings, besides the tokenizer's."""
        found: list[int] = []
        for file in (self._path / name for name in ("generation_config.json", "config.json")):
            stated = json.loads(file.read_text("utf-8")).get("eos_token_id") if file.is_file() else None
            found += stated if isinstance(stated, list) else [] if stated is None else [stated]
        return found


def load_model(path: Path, device: str, threads: int) -> Any:
    """The model in a folder or GGUF file, placed: bfloat16 on CUDA, on a CPU in 32 bits or, from a folder, as
    it is stored.

    Raises:
        GeneratorError: CUDA was asked for and there is none.
    """
    import torch
    from transformers import AutoModelForCausalLM

    cuda = device != "cpu" and torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise GeneratorError.named("no_cuda")
    if threads:
        torch.set_num_threads(threads)
    folder, options = _source(path)
    dtype = torch.bfloat16 if cuda else torch.float32 if path.is_file() else "auto"
    loaded: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **options)
    return loaded.to("cuda" if cuda else "cpu").eval()


def load_tokenizer(path: Path) -> Any:
    """The tokenizer in a folder or GGUF file. Raises GeneratorError when it has no chat template."""
    from transformers import AutoTokenizer

    folder, options = _source(path)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, **options)
    if not tokenizer.chat_template:
        raise GeneratorError.named("no_template", path=str(path))
    return tokenizer


def _source(path: Path) -> tuple[str, dict[str, Any]]:
    """The folder, and the options that say what in it is read."""
    file = path.is_file()
    return str(path.parent if file else path), {"local_files_only": True} | (
        {"gguf_file": path.name} if file else {}
    )


class HubTokens:
    """A tokenizer of transformers, with what ``jobs.Vocabulary`` asks for. Thread-safe."""

    def __init__(self, tokenizer: Any, eos: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        """Whether marks are letters is a switch of the tokenizer."""
        self.name = ""
        self.eos: frozenset[int] = frozenset(i for i in [*eos, tokenizer.eos_token_id] if i is not None)

    def encode(self, text: str) -> list[int]:
        with self._lock:
            return list(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids)

    def ends(self, text: str) -> list[int]:
        with self._lock:
            told = self._tokenizer(
                text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
            )
        return [end for _, end in told.offset_mapping]

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        with self._lock:
            return encode_chat(self._tokenizer, messages)

    def decoder(self) -> _Decoder:
        return _Decoder(self)

    def decode(self, ids: list[int]) -> str:
        """Their text without marks."""
        with self._lock:
            text: str = self._tokenizer.decode(
                ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        return text

    def piece(self, token: int) -> bytes:
        with self._lock:
            text: str = self._tokenizer.decode([token])
        return text.encode()


def encode_chat(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """The chat template around the messages; their own text is encoded with special tokens split into
    letters."""
    opened = messages[-1].role == "assistant"
    holes = [{"role": m.role, "content": _HOLE.format(i)} for i, m in enumerate(messages)]
    rest: str = tokenizer.apply_chat_template(holes, tokenize=False, add_generation_prompt=not opened)
    ids: list[int] = []
    for i, message in enumerate(messages):
        before, found, rest = rest.partition(_HOLE.format(i))
        if not found:
            raise GeneratorError.named("template_leaves_out", role=message.role)
        ids += tokenizer(before, add_special_tokens=False).input_ids if before else []
        ids += tokenizer(message.content, add_special_tokens=False, split_special_tokens=True).input_ids
    return ids if opened or not rest else ids + list(tokenizer(rest, add_special_tokens=False).input_ids)


class _Decoder:
    """Decodes the whole text again at each token (cheap at these lengths) and gives what is new and
    complete."""

    def __init__(self, tokens: HubTokens) -> None:
        self._tokens = tokens
        self._ids: list[int] = []
        self._given = 0

    def push(self, token: int) -> str:
        self._ids.append(token)
        text = self._tokens.decode(self._ids)
        return "" if text.endswith("\ufffd") else self._new(text)

    def end(self) -> str:
        return self._new(self._tokens.decode(self._ids))

    def _new(self, text: str) -> str:
        new, self._given = text[self._given :], len(text)
        return new
