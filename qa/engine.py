"""The Engine: an index and a generator behind six verbs. What the command line, the page, the API and eval
call.

Opening is cheap: models are loaded on first use, or ahead of it by ``warm()`` in a thread.
"""

from __future__ import annotations

import importlib
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import prompts
from engine.base import Generator, Loads
from errors import QuestionError
from index.scope import EVERYTHING, Scope
from index.types import Document, Hit, Passage
from qa.cache import AnswerCache, code_version
from qa.clock import Clock
from qa.closed import ClosedContext
from qa.library import Library
from qa.scoped_library import ScopedLibrary, part_of
from qa.settings import EngineSettings
from qa.types import Answer, Refusal, Sentence, Turn

if TYPE_CHECKING:
    from engine.calibration import Speed
    from index.documents import AddReport
    from index.encoder import Encoder
    from index.orders import Suspect
    from index.prepared import Prepared
    from qa.ahead import Ahead
    from qa.gate import Gate
    from qa.orders import Snapshots
    from qa.reader import Reads
    from qa.verdicts import Verdicts


ANSWERING = ("qa.editions", "qa.pipeline", "qa.struck", "qa.suspected", "pypinyin")
"""What answers are made with, brought in while the model that writes is loaded."""
RENEWALS = 3
"""How often a search is made anew because the index has changed since. While it changes all the time, the
last search is
answered from: its evidence is that of one moment."""


class Engine:
    """Answers questions over the documents of one data folder. Thread-safe.

    Args:
        settings: data folder, index, models, generator and answer settings.
        generator, encoder, gate, reader: used instead of the ones that the settings name; with an encoder of
        one's own
            and no reader, nothing reads.
    """

    def __init__(
        self,
        settings: EngineSettings,
        *,
        generator: Generator | None = None,
        encoder: Encoder | None = None,
        gate: Gate | None = None,
        reader: Reads | None = None,
    ) -> None:
        from models.memory import one_heap

        one_heap()
        self.settings = settings
        self.gate = gate
        self._reader = reader
        self._reads = reader is not None or encoder is None
        self.cache = AnswerCache(settings.data / "answers.sqlite")
        self.library = Library(settings, encoder=encoder)
        self._generator = generator
        self._kept = settings.data / "kept"
        self._ahead: Ahead | None = None
        self._verdicts: dict[str, Verdicts] = {}
        self._loading = threading.Lock()

    @classmethod
    def open(
        cls,
        settings: EngineSettings,
        *,
        generator: Generator | None = None,
        encoder: Encoder | None = None,
        gate: Gate | None = None,
        reader: Reads | None = None,
    ) -> Engine:
        """Open the data folder; nothing heavy happens yet."""
        return cls(settings, generator=generator, encoder=encoder, gate=gate, reader=reader)

    @property
    def generator(self) -> Generator:
        """The generator, loaded on first use.

        Raises:
            ModelError: the model is missing. GeneratorError: the engine is not installed or fails to load.
        """
        with self._loading:
            if self._generator is None:
                from engine import open_generator

                self._generator = open_generator(self.settings.generator, self.settings.models, self._kept)
            return self._generator

    @property
    def reader(self) -> Reads | None:
        """The reader, opened on first use; None where nothing reads (its weights are not there, or it was
        told so).

        Raises:
            ModelError: the model that it stands on is missing.
        """
        if self._reader is None and self._reads:
            from models.store import ModelStore
            from qa.kind import MODEL
            from qa.reader import WEIGHTS, SmallReader

            if not WEIGHTS.is_file():
                return None
            folder = ModelStore(self.settings.models.folder).path(MODEL)
            self._reader = SmallReader(
                folder, self.library.free_encoder, threads=self.settings.generator.threads
            )
        return self._reader

    @property
    def together(self) -> int:
        """How many answers are best written at the same time; more would only wait for each other."""
        return self.settings.generator.batch

    @property
    def ready(self) -> dict[str, bool]:
        """Which parts are loaded: index, encoder, generator."""
        generator = self._generator
        loaded = generator.loaded if isinstance(generator, Loads) else generator is not None
        return self.library.ready | {"generator": loaded}

    def warm(self) -> None:
        """Load everything, so that the first question does not wait. Raises what loading raises."""
        from models.memory import release_code, trim

        generator = self.generator
        with ThreadPoolExecutor(1, "warm") as beside:
            loading = beside.submit(generator.warm) if isinstance(generator, Loads) else None
            self.library.warm()
            if isinstance(self.reader, Loads):
                self.reader.warm()
            for name in ANSWERING:
                importlib.import_module(name)
            if loading:
                loading.result()
        trim()
        release_code("libllvmlite")

    def calibrate(self) -> None:
        """Measure how fast this machine reads and writes, where that was not done yet; some seconds of
        work."""
        from engine import calibration

        if self._speed() is None:
            speed = calibration.measure(self.generator, self.settings.generator.threads, calibration.load())
            calibration.keep(speed, self.settings.data)

    def read_ahead(self, cancelled: threading.Event) -> bool:
        """Read one more passage of the index before anybody asks; False when there is nothing more to read.
        Raises what :meth:`answer` raises."""
        if self._ahead is None:
            from qa.ahead import Ahead

            self._ahead = Ahead(self.library, self.verdicts)
        return self._ahead.read(self.generator, cancelled)

    def _speed(self) -> Speed | None:
        """What was measured of this machine, engine and model; None where nothing was, or not of these."""
        from engine import calibration

        kept = calibration.kept(self.settings.data)
        return (
            kept
            if kept and kept.of == calibration.measured_of(self.generator, self.settings.generator.threads)
            else None
        )

    def verdicts(self, name: str) -> Verdicts:
        """What was told of sentences of the documents: by name of what is told (``qa.editions.PROBE``,
        ``qa.suspected.PROBE``)."""
        from qa.verdicts import Verdicts

        return self._verdicts.setdefault(name, Verdicts(self.cache.path, name))

    def search(
        self, question: str, k: int | None = None, *, collection: str = "", within: Scope = EVERYTHING
    ) -> list[Hit]:
        """Passages for a question, best first, of one collection if it is named, and of what may be read; []
        when nothing is indexed."""
        scope = replace(within, collection=collection)
        index = part_of(self.library, scope) if scope else self.library
        return index.search(self._checked(question), k or self.settings.index.top_k)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        cancelled: threading.Event | None = None,
        passages: Sequence[tuple[str, str]] | None = None,
        collection: str = "",
        within: Scope = EVERYTHING,
    ) -> Iterator[Answer]:
        """Growing snapshots of the answer; the last has stage ``done``.

        Args:
            question: what was typed.
            history: earlier turns, oldest first; follow-up questions are completed from them.
            cancelled: set it from another thread to stop.
            passages: closed context, ``(title, text)`` each; the index is then left alone.
            collection: answer from the documents of this collection alone; "" from all.
            within: and from what may be read of the index (``ui.access``).

        The generator is needed for what comes after the snapshot ``found`` alone: who wants to wait there
        pulls no further. When the index has changed by then, the search is made anew and ``found`` comes
        again.

        Raises:
            QuestionError: empty or too long, or no such collection. Cancelled: stopped. ModelError,
            GeneratorError: the model is not to be had.
        """
        clock, identity = Clock(), uuid.uuid4().hex[:12]
        asked, stop = self._checked(question), cancelled or threading.Event()
        scope = replace(within, collection=collection)
        for renewal in range(RENEWALS + 1):
            stale, indexed = False, self.library.fingerprint
            with closing(self._snapshots(asked, history, stop, passages, scope, clock)) as snapshots:
                for answer in snapshots:
                    yield replace(answer, id=identity, collection=collection)
                    found = answer.stage == "found" and passages is None and renewal < RENEWALS
                    stale = found and self.library.fingerprint != indexed
                    # whoever pulls may have stood in line after the search, and a document may be gone since
                    if stale:
                        break
            if not stale:
                return

    def _snapshots(
        self,
        asked: str,
        history: Sequence[Turn],
        stop: threading.Event,
        passages: Sequence[tuple[str, str]] | None,
        scope: Scope,
        clock: Clock,
    ) -> Snapshots:
        from qa import editions, suspected
        from qa.gate import Gate
        from qa.kinds.talk import talk
        from qa.pipeline import Pipeline
        from qa.reader import ReadOnce
        from qa.struck import Struck
        from qa.understand import TALK, WHOLE, understand

        index: ClosedContext | ScopedLibrary | Library = self.library
        if passages is not None:
            index = self.library.closed(passages)
        elif scope:
            index = part_of(self.library, scope)
        if not index.count:
            message = prompts.text("qa.refuse_no_documents")
            yield Answer(asked, asked, "done", refusal=Refusal("no_documents", message))
            return
        want = understand(asked, history, self.reader)
        query = want.query
        if want.kind in TALK and passages is None:
            done = talk(
                Answer(asked, asked, index=index.name, kind=want.kind), index.documents, self.library.encoder
            )
            yield replace(done, timings=clock.total())
            return
        if want.kind == "order" and want.order is None and passages is None:
            said = (Sentence(prompts.text("qa.refuse_no_last"), "supported"),)
            yield Answer(asked, asked, "done", said, timings=clock.total(), index=index.name, kind="about")
            return
        kept_here = passages is None and self.settings.answer.cache and want.order is None
        state = self._state(scope) if kept_here else None
        if state and (kept := self.cache.get(query, *state)):
            usage = {**kept.usage, "cached": 1}
            yield replace(kept, question=asked, query=query, usage=usage, timings=clock.total())
            return
        gate = self.gate or Gate(self.settings.answer.risk)
        pipeline = Pipeline(
            self.generator,
            gate,
            self.settings.answer,
            ReadOnce(self.reader) if self.reader else None,
            self._speed(),
        )
        top_k = self.settings.index.top_k
        wide = want.order is not None or want.kind in WHOLE
        suspicion = suspected.Suspicion(self.generator, stop, self.verdicts(suspected.PROBE))
        struck = Struck(index, self.library.orders, wide, suspicion)
        budget = pipeline.budget()
        current = editions.InForce(struck, self.generator, self.verdicts(editions.PROBE), stop, budget)
        with closing(pipeline.stream(asked, want, current, top_k, stop, index.name, budget)) as snapshots:
            for found in snapshots:
                listed = tuple(one for i, one in enumerate(found.retrieved) if i < top_k or one.sent)
                found = replace(found, retrieved=listed)
                answer = struck.noted(found) if found.stage == "done" else found
                if state and answer.stage == "done" and current.whole:
                    self.cache.put(answer, *state)
                yield answer

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        cancelled: threading.Event | None = None,
        passages: Sequence[tuple[str, str]] | None = None,
        collection: str = "",
        within: Scope = EVERYTHING,
    ) -> Answer:
        """The last snapshot of :meth:`stream`."""
        *_, last = self.stream(
            question, history, cancelled=cancelled, passages=passages, collection=collection, within=within
        )
        return last

    def known(self, question: str) -> Answer | None:
        """The finished answer that the cache keeps for a question that stands alone, refusals too; None when
        it was not asked yet, the cache is off, or the models are not loaded."""
        if not self.settings.answer.cache or not all(self.ready.values()):
            return None
        return self.cache.get(self._checked(question), *self._state())

    def copies(self) -> dict[str, str]:
        """Id of each document that is a copy -> id of the one that stands for all of them."""
        return self.library.copies()

    def suspects(self, sources: Collection[str] | None = None) -> tuple[Suspect, ...]:
        """Passages that read like orders to a program, for administrators, the surest first; of all
        documents, or of those of these names."""
        return self.library.suspects(sources)

    def documents(self) -> list[Document]:
        """All documents, in the order of their titles."""
        return self.library.documents()

    def document(self, document_id: str) -> Document:
        """One document. Raises KeyError when there is none with this id."""
        return self.library.document(document_id)

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document in reading order."""
        return self.library.passages(document_id)

    def collections(self) -> dict[str, int]:
        """Names of the collections, sorted, with the number of their documents."""
        return self.library.collections()

    def add(
        self,
        paths: Sequence[Path],
        progress: Callable[[str, int, int], None] | None = None,
        *,
        collection: str = "",
        below: Path | None = None,
        prepared: Prepared | None = None,
    ) -> AddReport:
        """Index files and folders, into a collection if one is named; what cannot be read is reported, the
        rest is indexed. Files ``below`` a folder are named by their path within it; what was ``prepared`` of
        them is not read again."""
        return self._forgetting(self.library.add(paths, progress, collection, below, prepared))

    def sync(
        self,
        folder: Path,
        progress: Callable[[str, int, int], None] | None = None,
        *,
        collection: str = "",
        empty: bool = False,
    ) -> AddReport:
        """Make the index hold what a folder holds: files added, changed, renamed and gone."""
        return self._forgetting(self.library.sync(folder, progress, collection, empty))

    def remove(self, *document_ids: str) -> None:
        """Take documents out of the index, all at once."""
        self.library.remove(*document_ids)
        self._forget()

    def _forgetting(self, report: AddReport) -> AddReport:
        if report.removed or report.replaced:
            self._forget()
        return report

    def _forget(self) -> None:
        """What was read of documents that are gone or replaced goes off the disk too. Nothing tells it from
        what was read of others, so all of it goes, and is read again."""
        from engine.prefix_cache import clear

        clear(self._kept)

    def _state(self, scope: Scope = EVERYTHING) -> tuple[str, ...]:
        """Everything that an answer depends on besides its question."""
        rest = (
            self.settings.answer.model_dump_json()
            + str(self.settings.index.top_k)
            + (f" {scope}" if scope else "")
        )
        return (self.library.fingerprint, self.generator.name, prompts.version(), code_version(), rest)

    def _checked(self, question: str) -> str:
        text = question.strip()
        limit = self.settings.answer.question_max
        if not text:
            raise QuestionError.named("question_empty")
        if len(text) > limit:
            raise QuestionError.named("question_long", found=len(text), limit=limit)
        return text
