"""A scripted Engine for the page: real-looking office documents, a search over shared bigrams, streamed
Answers.

A question that contains a script's key gets that script; anything else is refused. ``pace`` is the delay in
seconds between snapshots, so that a browser test can look at each stage.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from errors import Cancelled, DocumentError, GeneratorError, NoCollection
from index.duplicates import copies_of
from index.files import expand
from index.orders import Suspect
from index.types import Block, Document, Hit, Passage
from qa.types import Answer, Citation, Note, Problem, Refusal, Retrieved, Sentence, Turn


@dataclass(frozen=True)
class Line:
    """A scripted sentence: what is written, which quotes bear it out, its final state."""

    text: str
    quotes: tuple[str, ...] = ()
    state: str = "supported"
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Script:
    """What a question gets: sentences, or a refusal, notes, a failure, or an endless answer."""

    lines: tuple[Line, ...] = ()
    refusal: Refusal | None = None
    notes: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    fails: bool = False
    query: str = ""
    confidence: float = 0.93
    kind: str = ""
    quick: str = ""
    """A quotation that stands there while the answer is being written."""


def document(
    title: str,
    source: str,
    sections: Sequence[tuple[str, Sequence[str]]],
    *,
    published: str = "2025-03-18",
    pages: bool = False,
    supersedes: tuple[str, ...] = (),
) -> Document:
    """Build a Document from (heading, paragraphs) sections; with ``pages`` each section starts a page."""
    text, blocks, starts = "", [], []
    for heading, paragraphs in sections:
        if pages:
            starts.append(len(text))
        blocks.append(Block(len(text), len(text) + len(heading), 2))
        text += heading + "\n\n"
        for paragraph in paragraphs:
            blocks.append(Block(len(text), len(text) + len(paragraph)))
            text += paragraph + "\n\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        hashlib.sha256(source.encode()).hexdigest()[:16],
        title,
        source,
        text,
        digest,
        published,
        "application/pdf" if pages else "text/markdown",
        tuple(blocks),
        tuple(starts),
        supersedes,
    )


def passages_of(document: Document) -> list[Passage]:
    out, heading = [], ""
    for block in document.blocks:
        text = document.text[block.start : block.end]
        if block.level:
            heading = text
            continue
        out.append(
            Passage(
                f"{document.id}-{len(out) + 1:04}",
                document.id,
                block.start,
                block.end,
                text,
                (heading,) if heading else (),
                document.page_of(block.start),
            )
        )
    return out


@dataclass
class Report:
    """What add() gives back."""

    failed: tuple[tuple[Path, DocumentError], ...] = ()


@dataclass
class FakeEngine:
    """See the module. ``ready_after`` seconds from warm() it becomes ready; ``asked`` records histories,
    ``within`` collections; ``kept`` is its answer cache; ``running`` streams have not ended, ``writing`` ones
    were pulled beyond what was found."""

    docs: list[Document]
    scripts: dict[str, Script]
    pace: float = 0.0
    ready_after: float = 0.0
    together: int = 1
    loaded: bool = True
    asked: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)
    within: list[str] = field(default_factory=list)
    kept: dict[str, Answer] = field(default_factory=dict)
    flagged: tuple[Suspect, ...] = ()
    running: int = 0
    writing: int = 0
    most_writing: int = 0
    settings: Any = field(default_factory=lambda: SimpleNamespace(data=Path("no-such-folder")))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ready(self) -> dict[str, bool]:
        return {"index": True, "encoder": self.loaded, "generator": self.loaded}

    def warm(self) -> None:
        time.sleep(self.ready_after)
        self.loaded = True

    def copies(self) -> dict[str, str]:
        return copies_of(self.docs)

    def collections(self) -> dict[str, int]:
        return dict(sorted(Counter(name for d in self.docs for name in d.collections).items()))

    def _held(self, collection: str) -> list[Document]:
        if collection and collection not in self.collections():
            raise NoCollection.named("collection_none", name=collection)
        return [d for d in self.docs if not collection or collection in d.collections]

    def calibrate(self) -> None:
        return None

    def read_ahead(self, cancelled: threading.Event) -> bool:
        return False

    def suspects(self) -> tuple[Suspect, ...]:
        """The passages that the test has set."""
        return self.flagged

    def documents(self) -> list[Document]:
        """Without their text, as the real engine gives them."""
        return [replace(d, text="") for d in self.docs]

    def document(self, document_id: str) -> Document:
        return next((d for d in self.docs if d.id == document_id), None) or self._missing(document_id)

    def passages(self, document_id: str) -> list[Passage]:
        return passages_of(self.document(document_id))

    def search(self, question: str, k: int | None = None, *, collection: str = "") -> list[Hit]:
        want = _bigrams(question)
        hits = []
        for d in self._held(collection):
            for p in passages_of(d):
                have = _bigrams(p.text + "".join(p.heading))
                score = len(want & have) / max(1, len(want))
                if score > 0:
                    hits.append(Hit(p, d, score, {"coverage": score}))
        return sorted(hits, key=lambda h: (-h.score, h.passage.id))[: k or 6]

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        cancelled: threading.Event | None = None,
        passages: object = None,
        collection: str = "",
    ) -> Iterator[Answer]:
        stop = cancelled or threading.Event()
        self._held(collection)
        self.asked.append((question, tuple(history)))
        self.within.append(collection)
        with self._lock:
            self.running += 1
        writing = False
        try:
            for answer in self._stream(question, stop):
                yield replace(answer, collection=collection)
                if answer.stage == "found":
                    writing = True
                    with self._lock:
                        self.writing += 1
                        self.most_writing = max(self.most_writing, self.writing)
        finally:
            with self._lock:
                self.running -= 1
                self.writing -= writing

    def answer(self, question: str, history: Sequence[Turn] = (), **kwargs: object) -> Answer:
        *_, last = self.stream(question, history)
        return last

    def known(self, question: str) -> Answer | None:
        return self.kept.get(question)

    def add(
        self,
        paths: Sequence[Path],
        progress: object = None,
        *,
        collection: str = "",
        below: Path | None = None,
    ) -> Report:
        failed = []
        files = [Path(one.path) for one in expand(paths)]
        for number, path in enumerate(files, 1):
            if callable(progress):
                progress("load", number, len(files))
            text = path.read_text("utf-8", errors="replace")
            if not text.strip():
                failed.append((path, DocumentError(f"{path.name} is empty")))
                continue
            new = document(
                path.stem,
                path.relative_to(below).as_posix() if below else path.name,
                [(path.stem, [line for line in text.splitlines() if line.strip()])],
            )
            new = replace(
                new, meta={"path": str(path), **({"collections": collection} if collection else {})}
            )
            self.docs = [d for d in self.docs if d.id != new.id] + [new]
        return Report(tuple(failed))

    def remove(self, document_id: str) -> None:
        self.docs = [d for d in self.docs if d.id != document_id]

    def _stream(self, question: str, stop: threading.Event) -> Iterator[Answer]:
        script = next((s for key, s in self.scripts.items() if key in question), None)
        query = script.query if script and script.query else question
        base = Answer(
            question,
            query,
            "searching",
            model="fake-1.5b",
            index="fake-7",
            id="fake",
            kind=script.kind if script else "",
        )
        if base.kind in ("chat", "about") and script is not None:
            yield replace(
                base, stage="done", sentences=tuple(map(self._checked, script.lines)), timings={"total": 0.02}
            )
            return
        yield base
        self._rest(stop)
        hits = self.search(query, 5)
        base = replace(base, stage="found", retrieved=tuple(_retrieved(h, n < 3) for n, h in enumerate(hits)))
        if script is not None:
            base = replace(base, retrieved=self._with_quoted(base.retrieved, script))
        yield base
        self._rest(stop)
        if script is None:
            yield replace(
                base, stage="done", refusal=self._default_refusal(question, hits), timings={"total": 0.4}
            )
            return
        if script.fails:
            raise GeneratorError("scripted failure")
        if script.quick:
            yield replace(
                base, stage="writing", sentences=(self._checked(Line(script.quick, (script.quick,))),)
            )
            self._rest(stop)
        written: list[Sentence] = []
        for line in script.lines:
            for end in range(4, len(line.text) + 4, 4):
                yield replace(base, stage="writing", sentences=(*written, Sentence(line.text[:end])))
                self._rest(stop)
            written.append(self._checked(line))
            yield replace(base, stage="writing", sentences=tuple(written))
        yield replace(base, stage="checking", sentences=tuple(written))
        self._rest(stop)
        notes = tuple(Note(kind, text, tuple(map(self._cite, quotes))) for kind, text, quotes in script.notes)
        yield replace(
            base,
            stage="done",
            sentences=() if script.refusal else tuple(written),
            refusal=script.refusal,
            notes=notes,
            confidence=script.confidence,
            timings={"retrieve": 0.04, "first_token": 0.9, "total": 2.6},
            usage={"prompt_tokens": 412, "completion_tokens": 63},
        )

    def _rest(self, stop: threading.Event) -> None:
        if stop.wait(self.pace) if self.pace else stop.is_set():
            raise Cancelled("stopped")

    def _checked(self, line: Line) -> Sentence:
        return Sentence(line.text, line.state, tuple(map(self._cite, line.quotes)), line.problems)  # type: ignore[arg-type]

    def _cite(self, quote: str) -> Citation:
        for d in self.docs:
            for p in passages_of(d):
                if quote in p.text:
                    start = p.start + p.text.index(quote)
                    return Citation(
                        p.id,
                        d.id,
                        d.title,
                        d.sha256,
                        p.heading,
                        p.page,
                        start,
                        start + len(quote),
                        quote,
                        0.95,
                        d.published,
                    )
        raise AssertionError(f"no passage holds {quote!r}")

    def _with_quoted(self, retrieved: tuple[Retrieved, ...], script: Script) -> tuple[Retrieved, ...]:
        """The passages a script quotes come first, as a good retriever would have it."""
        wanted = {self._cite(q).passage_id for line in script.lines for q in line.quotes}
        wanted |= {self._cite(q).passage_id for _, _, quotes in script.notes for q in quotes}
        wanted |= set(script.refusal.nearest) if script.refusal else set()
        have = {r.passage_id for r in retrieved}
        extra = [
            _retrieved(Hit(p, d, 0.5), True)
            for d in self.docs
            for p in passages_of(d)
            if p.id in wanted - have
        ]
        titles = {t for d in self.docs for t in d.supersedes}
        marked = (replace(r, superseded=r.document in titles) for r in (*retrieved, *extra))
        return tuple(sorted(marked, key=lambda r: r.passage_id not in wanted))

    def _default_refusal(self, question: str, hits: Sequence[Hit]) -> Refusal:
        return Refusal(
            "not_answered",
            "已收录的文档中有相近的内容，但没有写明这个问题的答案，因此不作推测。",
            nearest=tuple(h.passage.id for h in hits[:3]),
            suggestions=tuple(list(self.scripts)[:2]),
        )

    @staticmethod
    def _missing(document_id: str) -> Document:
        raise KeyError(document_id)


def _bigrams(text: str) -> set[str]:
    kept = "".join(c for c in text if c.isalnum())
    return {kept[i : i + 2] for i in range(len(kept) - 1)}


def _retrieved(hit: Hit, sent: bool) -> Retrieved:
    p, d = hit.passage, hit.document
    return Retrieved(
        p.id,
        d.id,
        d.title,
        d.sha256,
        p.heading,
        p.page,
        p.start,
        p.end,
        p.text,
        hit.score,
        sent,
        (),
        d.published,
    )
