"""The encoder without torch: the tokenizers library and an OpenVINO model, converted once from the fetched
files.

The converted model takes token ids and gives unit vectors: pooling and normalising are part of it. It lies
beside the model in ``derived/``. Conversion imports torch, in a process of its own
(:mod:`index.encoder_convert`), so that the server never does. Processors with matrix units (AMX) compute in
bfloat16; others in int8 with weights of 8 bits and activations quantised on the fly, and what is left to
compute in bfloat16 where they know it (AVX-512 BF16). All agree with float32 to better than 0.99 cosine
(docs/RETRIEVAL.md).
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from errors import ModelError
from index.bert import rounded
from index.encoder_packed import is_packed
from index.encoder_traits import Traits, traits_of
from index.normalize import simplify
from index.tokenizer import tokenizer_of
from kernels import integer_products, processor
from models.e5 import FILE, E5File
from models.memory import release_mapped

Vectors = NDArray[np.float32]
Precision = Literal["bf16", "int8"]

MAX_TOKENS = 512
BATCH_TOKENS = 2048
"""Tokens (padding included) of one call: larger batches fall out of the caches and are slower."""
BATCH_TEXTS = 64
ARCHITECTURES = ("BertModel", "BertForMaskedLM", "RobertaModel", "XLMRobertaModel", "XLMRobertaForMaskedLM")
CONVERT_SECONDS = 600
GROUPS = ("256", "128", "64")
"""Activations quantised together (int8): the first that divides the size of the states, none (0) where none
does. Larger than the states of a layer and OpenVINO does not quantise at all. Processors known to lack VNNI
gain nothing and get 0."""
VNNI = {"avx512_vnni", "avx_vnni"}


def can_run(folder: Path) -> bool:
    """Is OpenVINO installed, and is the model in ``folder`` of an architecture that this backend knows?"""
    if any(importlib.util.find_spec(name) is None for name in ("openvino", "tokenizers")):
        return False
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return any(name in ARCHITECTURES for name in config.get("architectures", ()))


def best_precision() -> Precision:
    """bf16 where the processor multiplies matrices in it (AMX), else int8."""
    return "bf16" if "amx_bf16" in processor.flags() else "int8"


def engine_settings(precision: Precision, size: int = 512) -> dict[str, Any]:
    """OpenVINO's settings for a model of that precision, with states of that size, on this processor."""
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16"}
    if precision == "int8":
        quantise = not processor.flags() or VNNI & processor.flags()
        fitting = (group for group in GROUPS if quantise and size % int(group) == 0)
        config["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = next(fitting, "0")
        if "avx512_bf16" not in processor.flags():
            config["INFERENCE_PRECISION_HINT"] = "f32"
    return config


class OpenVinoEncoder:
    """Encodes on the CPU. Thread-safe: calls take turns.

    Args:
        folder: a Hugging Face encoder (config.json, tokenizer.json, weights), or one whose weights came in 4
            bits.
        traits: None takes those of the model's name.
        precision: None takes the faster one for this processor.

    Raises:
        ModelError: the conversion failed, or the architecture is not one of ``ARCHITECTURES``.
    """

    def __init__(
        self, folder: Path, name: str = "", traits: Traits | None = None, precision: Precision | None = None
    ) -> None:
        if not can_run(folder):
            raise ModelError.named("encoder_kind", folder=str(folder))
        import openvino

        self._name = name or folder.name
        self._traits = traits or traits_of(self._name)
        self.precision = precision or best_precision()
        path = converted(folder, self.precision)
        self._tokenizer = tokenizer_of(folder)
        model = openvino.Core().read_model(str(path))
        self._dimension = int(model.output(0).get_partial_shape()[1].get_length())
        integer_products(model)
        compiled = openvino.Core().compile_model(
            model, "CPU", engine_settings(self.precision, self._dimension)
        )
        self._request: Any = compiled.create_infer_request()
        self._words = E5File(folder / FILE).words() if is_packed(folder) else None
        self._lock = threading.Lock()
        self.encode(["预热"])  # packs the weights, so that the mapped ones can be let go of
        release_mapped(path.parent)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Unit vectors, float32 [n, dimension]; see ``index.encoder.Encoder``."""
        front = self._traits.query if query else self._traits.passage
        given = [front + simplify(text) for text in texts]
        tokens = (
            [_cut(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(given)] if given else []
        )
        vectors = np.zeros((len(tokens), self._dimension), np.float32)
        order = sorted(range(len(tokens)), key=lambda i: (-len(tokens[i]), i))
        while order:
            size = max(1, min(BATCH_TEXTS, BATCH_TOKENS // max(1, len(tokens[order[0]]))))
            batch, order = order[:size], order[size:]
            ids = np.zeros((len(batch), rounded(len(tokens[batch[0]]), MAX_TOKENS)), np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, : len(tokens[i])] = tokens[i]
                mask[row, : len(tokens[i])] = 1
            fed = [ids, mask] if self._words is None else [self._words(ids), mask.astype(np.float32)]
            with self._lock:
                vectors[batch] = self._request.infer(dict(enumerate(fed)))[0]
        return vectors

    def relevance(self, cosines: Vectors) -> Vectors:
        return self._traits.relevance(cosines)


def _cut(ids: list[int]) -> list[int]:
    """As many tokens as the encoder knows places for, the mark of the end still last."""
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]


def converted(folder: Path, precision: Precision) -> Path:
    """The OpenVINO model of ``folder``, converted now if that has not been done; safe for several processes.

    Raises:
        ModelError: the conversion failed; the message ends with what it printed last.
    """
    from filelock import FileLock

    path = folder / "derived" / f"encoder-{'packed' if is_packed(folder) else precision}.xml"
    if path.is_file() and path.with_suffix(".bin").is_file():
        return path
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise ModelError.named("encoder_denied", folder=str(path.parent), what=str(error)) from error
    with FileLock(str(path.parent / "encoder.lock")):
        if not path.is_file():
            _convert(folder, path, precision)
    return path


def _convert(folder: Path, path: Path, precision: Precision) -> None:
    root = str(Path(__file__).resolve().parent.parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "index.encoder_convert",
        str(folder),
        str(path),
        precision,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=CONVERT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError.named("encoder_slow", folder=str(folder), seconds=CONVERT_SECONDS) from error
    if done.returncode or not path.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelError.named("encoder_failed", folder=str(folder), what=last)
