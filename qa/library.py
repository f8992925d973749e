"""The Library: the documents of one data folder, and the searches over them. Knows nothing of generators.

The current generation is looked up by name before each search, so that another process's `wenju index add` is
seen at once and a search never mixes two generations.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import IndexError_
from index.scope import EVERYTHING, Scope
from index.store import IndexStore
from index.types import Document, Hit, Passage
from qa.closed import ClosedContext
from qa.settings import EngineSettings

if TYPE_CHECKING:
    from index.backend import Backend
    from index.build import Progress
    from index.documents import AddReport
    from index.encoder import Encoder
    from index.generation import Generation
    from index.orders import Orders, Suspect
    from index.prepared import Prepared
    from index.reading import Reader
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
        self._named: str | None = None
        self._retriever: HybridRetriever | None = None
        self._backend: Backend | None = None
        self._orders: Orders | None = None
        self._suspects: tuple[Generation, tuple[Suspect, ...]] | None = None
        self._lock = threading.RLock()

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded on first use. Raises ModelError when its files are missing."""
        with self._lock:
            if self._encoder is None:
                from index.encoder import open_encoder

                index = self.settings.index
                self._encoder = open_encoder(
                    index.encoder, index.encoder_backend, self.settings.models.folder
                )
            return self._encoder

    def free_encoder(self) -> Encoder:
        """The encoder that the fitted weights stand on, whatever the index was made with; loaded on first
        use."""
        from qa.kind import MODEL

        if self.encoder.name == MODEL:
            return self.encoder
        with self._lock:
            if self._beside is None:
                from index.encoder import open_encoder

                self._beside = open_encoder(
                    MODEL, self.settings.index.encoder_backend, self.settings.models.folder
                )
            return self._beside

    @property
    def generation(self) -> Generation | None:
        """The current generation, reopened when another one has been swapped in; None when nothing is
        indexed.

        A generation that is replaced is not closed here: a search in another thread may still read it.
        """
        with self._lock:
            name = self.store.current_name()
            if self._generation is None or name != self._named:
                self._generation = self.store.current()
                self._named = name  # what answers may be an earlier one, where the one named is damaged
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
        """Tells this generation from every other, also from one of the same name built anew; "" without an
        index."""
        generation = self.generation
        if generation is None:
            return ""
        files = generation.manifest["files"]
        return f"{generation.name} {generation.manifest['created']} {[f['sha256'] for f in files.values()]}"

    def describe(self) -> dict[str, object]:
        """Kinds and sizes of the lexical and the dense index (exact or a graph); {} when nothing is
        indexed."""
        generation = self.generation
        return self.backend.open(generation).describe() if generation and generation.count else {}

    @property
    def backend(self) -> Backend:
        """Where passages are searched: files of this machine, or Milvus."""
        with self._lock:
            if self._backend is None:
                from index import open_backend

                self._backend = open_backend(self.settings.index)
            return self._backend

    @property
    def ready(self) -> dict[str, bool]:
        return {"index": self.generation is not None, "encoder": self._encoder is not None}

    def warm(self) -> None:
        """Load the encoder and open the index, with one search so that everything is paged in."""
        self.encoder.encode(["预热"], query=True)
        if self.count:
            self.search("预热", 1)

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """Hits, best first, of the documents that the scope holds; [] when nothing is indexed.

        Raises:
            IndexError_: the index was made with another encoder; the hint says what to do.
        """
        retriever = self._searching()
        return retriever.search(query, k, scope) if retriever else []

    def _searching(self) -> HybridRetriever | None:
        """The searches of the current generation; of the next one where it is swapped out while they are
        opened."""
        from index.retriever import HybridRetriever

        with self._lock:
            for attempt in range(5):
                generation = self.generation
                if generation is None or not generation.count:
                    return None
                if self._retriever is None:
                    self._check(generation)
                    try:
                        self._retriever = HybridRetriever(
                            generation, self.encoder, self.settings.index, self.backend
                        )
                    except IndexError_:
                        if attempt == 4 or self.store.current_name() == self._named:
                            raise
                        continue
                return self._retriever
        return None

    def _check(self, generation: Generation | None) -> None:
        made = generation.manifest["identity"]["encoder"] if generation else ""
        name = self._encoder_name
        if generation and made != name:
            raise IndexError_.named("index_encoder", made=made, name=name)

    def collections(self) -> dict[str, int]:
        """Names of the collections, sorted, with the number of their documents."""
        generation = self.generation
        return generation.collections() if generation else {}

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

    @property
    def orders(self) -> Orders:
        """What of documents reads like orders to a program, found once a text."""
        from index.orders import Orders

        with self._lock:
            if self._orders is None:
                self._orders = Orders(self.encoder)
            return self._orders

    def suspects(self, sources: Collection[str] | None = None) -> tuple[Suspect, ...]:
        """Passages that read like orders to a program, the surest first (``index.orders``), of all documents
        or of those of these names; of all found once a generation."""
        from index.orders import suspects

        generation = self.generation
        if generation is None:
            return ()
        if sources is not None:
            return suspects(generation, self.orders, sources)
        known = self._suspects
        if known is None or known[0] is not generation:
            known = self._suspects = (generation, suspects(generation, self.orders))
        return known[1]

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

    def add(
        self,
        paths: Sequence[Path],
        progress: Progress | None = None,
        collection: str = "",
        below: Path | None = None,
        prepared: Prepared | None = None,
    ) -> AddReport:
        """Index files and folders (``index.documents.add_paths``). Raises IndexError_ when another process is
        writing or the disk is full."""
        from index.documents import add_paths

        self._can_encode()
        return add_paths(
            paths,
            self.store,
            self.settings.index,
            self._encode,
            self._ahead(progress),
            collection=collection,
            below=below,
            prepared=prepared,
            **self._building(),
        )

    def prepare(self, folder: Path, name: str, path: Path, source: str, reader: Reader) -> None:
        """Read and encode a file ahead of whoever writes it (``index.prepared.prepare``)."""
        from index.prepared import prepare

        self._can_encode()
        given = (reader, self.settings.index, self._encode, self._encoder_name)
        prepare(folder, name, path, source, *given)

    def prepared(self, folder: Path, names: Mapping[Path, str]) -> Prepared:
        """What was prepared of files, to be handed to ``add``."""
        from index.prepared import Prepared

        return Prepared(folder, names, self._encoder_name)

    def sync(
        self, folder: Path, progress: Progress | None = None, collection: str = "", empty: bool = False
    ) -> AddReport:
        """Make the index hold what the folder holds (``index.documents.sync_folder``)."""
        from index.documents import sync_folder

        self._can_encode()
        return sync_folder(
            folder,
            self.store,
            self.settings.index,
            self._encode,
            self._ahead(progress),
            collection=collection,
            empty=empty,
            **self._building(),
        )

    def remove(self, *document_ids: str) -> None:
        """Take documents out of the index. Raises KeyError when there is none with one of these ids."""
        for document_id in document_ids:
            self.document(document_id)
        self.write((), document_ids)

    def write(
        self,
        add: Iterable[Document],
        remove: Iterable[str] = (),
        progress: Progress | None = None,
        *,
        afresh: bool = False,
    ) -> Generation:
        """One new generation with documents that were read already, as of ``IndexStore.write``."""
        return self.store.write(
            add, remove, self.settings.index, self._encode, progress, afresh=afresh, **self._building()
        )

    def _can_encode(self) -> None:
        """Raise ModelError when the encoder is not there: before files are read, and without loading it for
        nothing."""
        if self._encoder is None and not Path(self.settings.index.encoder).is_dir():
            from models.store import ModelStore

            ModelStore(self.settings.models.folder).path(self.settings.index.encoder)

    def _ahead(self, progress: Progress | None) -> Progress:
        """Load the encoder beside the reading, as soon as there is a document that has to be encoded."""
        loading = self._encoder is not None

        def told(stage: str, done: int, total: int) -> None:
            nonlocal loading
            if stage == "read" and not loading:
                loading = True
                threading.Thread(target=self._load_encoder, name="wenju-encoder").start()
            if progress is not None:
                progress(stage, done, total)

        return told

    def _load_encoder(self) -> None:
        with suppress(Exception):  # whoever needs it is told
            _ = self.encoder

    def _encode(self, texts: list[str]) -> Any:
        return self.encoder.encode(texts)

    def _building(self) -> dict[str, Any]:
        """How a generation of this library is built, whatever changes in it."""
        return {"backend": self.backend, "encoder": self._encoder_name}

    @property
    def _encoder_name(self) -> str:
        """Its name, which needs no model loaded."""
        return self._encoder.name if self._encoder else Path(self.settings.index.encoder).name
