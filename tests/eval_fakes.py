"""A small honest engine for tests of the evaluation, and four that are broken on purpose."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from index.types import Document, Hit, Passage
from qa.types import Answer, Citation, Refusal, Retrieved, Sentence, Turn


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def document(source: str, text: str) -> Document:
    return Document(id=sha(source)[:16], title=Path(source).stem, source=source, text=text, sha256=sha(text))


def grams(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def sentences_of(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for n, char in enumerate(text):
        if char in "。！？\n":
            if text[start : n + 1].strip():
                spans.append((start, n + 1))
            start = n + 1
    if text[start:].strip():
        spans.append((start, len(text)))
    return spans


class HonestEngine:
    """Finds by shared bigrams, answers with the best sentence and cites it, refuses when too little is
    shared."""

    threshold = 0.35

    def __init__(self, files: dict[str, str]) -> None:
        self.files = [document(source, text) for source, text in sorted(files.items())]
        self.asked: list[str] = []

    def documents(self) -> list[Document]:
        return self.files

    def passages(self, document_id: str) -> list[Passage]:
        found = next(d for d in self.files if d.id == document_id)
        return self._split(found)

    @staticmethod
    def _split(doc: Document) -> list[Passage]:
        made, offset = [], 0
        for block in doc.text.split("\n"):
            if block.strip():
                made.append(
                    Passage(f"{doc.id}-{len(made) + 1:04d}", doc.id, offset, offset + len(block), block)
                )
            offset += len(block) + 1
        return made

    def search(self, question: str, k: int = 8) -> list[Hit]:
        return self._rank(question, self.files)[:k]

    def _rank(self, question: str, files: Sequence[Document]) -> list[Hit]:
        wanted = grams(question)
        hits = [
            Hit(p, d, len(wanted & grams(p.text)) / max(1, len(wanted)))
            for d in files
            for p in self._split(d)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        passages: Sequence[tuple[str, str]] | None = None,
    ) -> Iterator[Answer]:
        self.asked.append(question)
        query = " ".join([*(turn.question for turn in history), question])
        if passages is None:
            hits = self.search(query, 8)
        else:
            hits = self._rank(query, [document(title, text) for title, text in passages])[:8]
        found = Answer(
            question,
            query,
            "found",
            retrieved=tuple(self._retrieved(h) for h in hits),
            model="fake",
            index="fake",
        )
        yield found
        yield self._decide(found, query, hits)

    @staticmethod
    def _retrieved(hit: Hit) -> Retrieved:
        p, d = hit.passage, hit.document
        return Retrieved(
            p.id, d.id, d.title, d.sha256, p.heading, p.page, p.start, p.end, p.text, hit.score, sent=True
        )

    def _decide(self, found: Answer, query: str, hits: Sequence[Hit]) -> Answer:
        score, hit, start, end = max(
            (
                (len(grams(query) & grams(h.passage.text[a:b])) / max(1, len(grams(query))), h, a, b)
                for h in hits
                for a, b in sentences_of(h.passage.text)
            ),
            key=lambda row: (row[0], row[1].passage.id),
        )
        usage = {"prompt_tokens": len(query), "completion_tokens": end - start}
        done = replace(
            found, stage="done", confidence=min(1.0, score), usage=usage, timings={"first_token": 0.01}
        )
        if self.refuses(score):
            return replace(
                done,
                refusal=Refusal("not_answered", "文档中没有找到答案。", draft=hit.passage.text[start:end]),
            )
        return replace(done, sentences=(self._cite(hit, start, end),))

    def refuses(self, score: float) -> bool:
        return score < self.threshold

    def _cite(self, hit: Hit, start: int, end: int) -> Sentence:
        p, d, quote = hit.passage, hit.document, hit.passage.text[start:end]
        cite = Citation(p.id, d.id, d.title, d.sha256, (), None, p.start + start, p.start + end, quote, 0.9)
        return Sentence(quote, "supported", (cite,))


class AlwaysAnswers(HonestEngine):
    def refuses(self, score: float) -> bool:
        return False


class AlwaysRefuses(HonestEngine):
    def refuses(self, score: float) -> bool:
        return True


class RandomRetriever(HonestEngine):
    """Ranks by dice, and answers from whatever came up."""

    def _rank(self, question: str, files: Sequence[Document]) -> list[Hit]:
        hits = [Hit(p, d, 0.5) for d in files for p in self._split(d)]
        random.Random(question).shuffle(hits)
        return hits

    def search(self, question: str, k: int = 8) -> list[Hit]:
        return self._rank(question, self.files)[:k]

    def _decide(self, found: Answer, query: str, hits: Sequence[Hit]) -> Answer:
        return super()._decide(found, query, hits[:1])

    def refuses(self, score: float) -> bool:
        return False


class ShuffledCitations(HonestEngine):
    """Answers as the honest one, but each sentence points at some other passage."""

    def _cite(self, hit: Hit, start: int, end: int) -> Sentence:
        true = super()._cite(hit, start, end)
        others = [(d, p) for d in self.files for p in self._split(d) if p.id != hit.passage.id]
        d, p = random.Random(true.text).choice(others)
        wrong = Citation(p.id, d.id, d.title, d.sha256, (), None, p.start, p.end, p.text, 0.9)
        return replace(true, citations=(wrong,))


class Failing(HonestEngine):
    """Fails on the questions it is told to."""

    def __init__(self, files: dict[str, str], bad: set[str]) -> None:
        super().__init__(files)
        self.bad = bad

    def _decide(self, found: Answer, query: str, hits: Sequence[Hit]) -> Answer:
        if found.question in self.bad:
            raise RuntimeError("out of memory")
        return super()._decide(found, query, hits)
