"""The Library: the documents of one data folder, and the searches over them. Knows nothing of generators.

The current generation is looked up by name before each search, so that another process's `wenju index add` is seen at
once and a search never mixes two generations.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import IndexError_
from index.store import IndexStore
from index.types import Document, Hit, Passage
from qa.closed import ClosedContext
from qa.settings import EngineSettings

if TYPE_CHECKING:
    from index.documents import AddReport
    from index.encoder import Encoder
    from index.generation import Generation
    from index.retriever import HybridRetriever


class Library:
    """Documents in, hits out. Thread-safe.

    Args:
        settings: data folder, index and model settings.
        encoder: used instead of the one that the settings name.
    """

    def __init__(self, settings: EngineSettings, encoder: Encoder | None = None) -> None:
        self.settings = settings
        self.store = IndexStore(settings.data / "index")
        self._encoder = encoder
        self._beside: Encoder | None = None
        self._generation: Generation | None = None
        self._retriever: HybridRetriever | None = None
        self._lock = threading.RLock()

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded on first use. Raises ModelError when its files are missing."""
        with self._lock:
            if self._encoder is None:
                from index.encoder import open_encoder

                index = self.settings.index
                self._encoder = open_encoder(index.encoder, index.encoder_backend, self.settings.models.folder)
            return self._encoder

    def free_encoder(self) -> Encoder:
        """The encoder that the fitted weights stand on, whatever the index was made with; loaded on first use."""
        from qa.kind import MODEL

        if self.encoder.name == MODEL:
            return self.encoder
        with self._lock:
            if self._beside is None:
                from index.encoder import open_encoder

                self._beside = open_encoder(MODEL, self.settings.index.encoder_backend, self.settings.models.folder)
            return self._beside

    @property
    def generation(self) -> Generation | None:
        """The current generation, reopened when another one has been swapped in; None when nothing is indexed.

        A generation that is replaced is not closed here: a search in another thread may still read it.
        """
        with self._lock:
            name = self.store.current_name()
            if name != (self._generation.name if self._generation else None):
                self._generation = self.store.current()
                self._retriever = None
            return self._generation

    @property
    def count(self) -> int:
        """Number of passages."""
        generation = self.generation
        return generation.count if generation else 0

    @property
    def name(self) -> str:
        """Name of the current generation, "" when nothing is indexed."""
        generation = self.generation
        return generation.name if generation else ""

    @property
    def fingerprint(self) -> str:
        """Tells this generation from every other, also from one of the same name built anew; "" without an index."""
        generation = self.generation
        if generation is None:
            return ""
        files = generation.manifest["files"]
        return f"{generation.name} {generation.manifest['created']} {[f['sha256'] for f in files.values()]}"

    def describe(self) -> dict[str, object]:
        """Kinds and sizes of the lexical and the dense index (exact or a graph); {} when nothing is indexed."""
        from index.bm25 import LexicalIndex
        from index.dense import DenseIndex

        generation = self.generation
        if generation is None or not generation.count:
            return {}
        path = generation.path
        return {"lexical": LexicalIndex.open(path).describe(), "dense": DenseIndex.open(path).describe()}

    @property
    def ready(self) -> dict[str, bool]:
        return {"index": self.generation is not None, "encoder": self._encoder is not None}

    def warm(self) -> None:
        """Load the encoder and open the index, with one search so that everything is paged in."""
        self.encoder.encode(["预热"], query=True)
        if self.count:
            self.search("预热", 1)

    def search(self, query: str, k: int) -> list[Hit]:
        """Hits, best first; [] when nothing is indexed.

        Raises:
            IndexError_: the index was made with another encoder; the hint says what to do.
        """
        with self._lock:
            generation = self.generation
            if generation is None or not generation.count:
                return []
            if self._retriever is None:
                from index.retriever import HybridRetriever

                self.check_encoder()
                self._retriever = HybridRetriever(generation, self.encoder, self.settings.index)
            retriever = self._retriever
        return retriever.search(query, k)

    def check_encoder(self) -> None:
        """Raise IndexError_ when the index was made with another encoder than the settings name."""
        generation = self.generation
        made = generation.manifest["identity"]["encoder"] if generation else ""
        name = self._encoder.name if self._encoder else Path(self.settings.index.encoder).name
        if generation and made != name:
            raise IndexError_(
                f"The index was made with the encoder {made}, the settings name {name}.",
                f"Run 'wenju index add PATH' once, which encodes all documents again, or set index.encoder to {made}.",
            )

    def closed(self, passages: Sequence[tuple[str, str]]) -> ClosedContext:
        """A search over passages given with the question, ``(title, text)`` each."""
        return ClosedContext(passages, self.encoder)

    def superseded(self) -> frozenset[str]:
        """Ids of documents that a newer one replaces."""
        generation = self.generation
        return frozenset(generation.superseded()) if generation else frozenset()

    def copies(self) -> dict[str, str]:
        """Id of each document that is a copy -> id of the one that stands for all of them."""
        generation = self.generation
        return generation.copies() if generation else {}

    def documents(self) -> list[Document]:
        """All documents without their text, in the order of their titles."""
        generation = self.generation
        return sorted(generation.documents(), key=lambda d: (d.title, d.id)) if generation else []

    def document(self, document_id: str) -> Document:
        """One document with its text. Raises KeyError when there is none with this id."""
        generation = self.generation
        if generation is None:
            raise KeyError(document_id)
        return generation.document(document_id)

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document in reading order; [] when there is no such document."""
        generation = self.generation
        return generation.passages(document_id) if generation else []

    def add(self, paths: Sequence[Path], progress: Callable[[str, int, int], None] | None = None) -> AddReport:
        """Index files and folders. Raises IndexError_ when another process is writing or the disk is full."""
        from index.documents import add_paths

        return add_paths(paths, self.store, self.settings.index, self.encoder.encode, progress, **self._building())

    def remove(self, document_id: str) -> None:
        """Take a document out of the index. Raises KeyError when there is none with this id."""
        self.document(document_id)
        self.store.write((), (document_id,), self.settings.index, self.encoder.encode, **self._building())

    def _building(self) -> dict[str, Any]:
        """How a generation of this library is built, whatever changes in it."""
        from index.bm25 import LexicalIndex
        from index.dense import DenseIndex

        return {"build_dense": DenseIndex.build, "build_lexical": LexicalIndex.build, "encoder": self.encoder.name}
