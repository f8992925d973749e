"""The Encoder seam: texts in, unit vectors out; and ``open_encoder``, which picks the fastest one that is
installed.

This is one of two doors to sentence_transformers (and with it torch), which is imported only when that
backend is opened. The backend without torch is ``index.encoder_openvino``.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from errors import ModelError
from index.encoder_packed import float_folder, is_packed
from index.encoder_traits import Traits, traits_of
from index.normalize import simplify

Vectors = NDArray[np.float32]
Backend = Literal["auto", "openvino", "torch"]

MAX_TOKENS = 512


class Encoder(Protocol):
    """Turns texts into vectors whose dot product is the cosine. Thread-safe."""

    @property
    def name(self) -> str:
        """Model name as manifests record it; the same for every backend of one model."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Unit vectors, float32 of shape (len(texts), dimension); texts are cut at 512 tokens.

        What the model wants in front of passages, with ``query=True`` in front of questions, is put there.
        """
        ...

    def relevance(self, cosines: Vectors) -> Vectors:
        """Cosines of this model on the scale that all models share (``index.encoder_traits``); linear and
        rising."""
        ...


class TorchEncoder:
    """The reference implementation: sentence-transformers on CPU or CUDA."""

    def __init__(self, folder: Path, name: str = "", traits: Traits | None = None) -> None:
        """Open the model in ``folder``; a folder without modules.json is pooled by the mean of its tokens.

        ``traits``: None takes those of the model's name.

        Raises:
            ModelError: the folder does not hold a model, or sentence-transformers is not installed.
        """
        if importlib.util.find_spec("sentence_transformers") is None:
            raise ModelError.named("encoder_torch")
        check_folder(folder)
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

        self._name = name or folder.name
        self._traits = traits or traits_of(self._name)
        if is_packed(folder):
            folder = float_folder(folder)
        if (folder / "modules.json").is_file():
            model = SentenceTransformer(str(folder), local_files_only=True)
        else:
            words = Transformer(str(folder), max_seq_length=MAX_TOKENS)
            pooling = Pooling(int(json.loads((folder / "config.json").read_text("utf-8"))["hidden_size"]))
            model = SentenceTransformer(modules=[words, pooling])
        self._model: Any = model
        model.max_seq_length = MAX_TOKENS

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        front = self._traits.query if query else self._traits.passage
        given = [front + simplify(text) for text in texts]
        vectors = self._model.encode(given, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def relevance(self, cosines: Vectors) -> Vectors:
        return self._traits.relevance(cosines)


def open_encoder(
    name_or_folder: str | Path, backend: Backend = "auto", models_folder: Path | None = None
) -> Encoder:
    """The encoder of that name in the model store, or in a folder of one's own.

    ``auto`` takes OpenVINO where it is installed and knows the architecture, else torch.

    Raises:
        ModelError: unknown name, files missing, or the backend asked for cannot run it.
    """
    from models.store import ModelStore

    folder = Path(name_or_folder)
    if not folder.is_dir():
        folder = ModelStore(models_folder).path(str(name_or_folder))
    name = folder.name
    check_folder(folder)
    from index import encoder_openvino as fast

    if backend == "openvino" or (backend == "auto" and fast.can_run(folder)):
        return fast.OpenVinoEncoder(folder, name)
    return TorchEncoder(folder, name)


def check_folder(folder: Path) -> None:
    """Raise ModelError unless ``folder`` looks like an encoder (config.json and a tokenizer)."""
    missing = [name for name in ("config.json", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise ModelError.named("encoder_missing", folder=str(folder), missing=", ".join(missing))
