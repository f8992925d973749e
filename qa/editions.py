"""Documents that another document of the same search says are replaced (《…》同时废止).

Which document a sentence names is told by its title or number, as text; whether it says that this one is no
longer in force is told by the model that writes (``replaced.npz``), once a sentence: what it tells depends on
the documents alone and is kept, and is told before anybody asks (``ahead.py``).
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from engine.base import Generator, Keeps
from index.sentences import split_sentences
from index.superseded import TITLE_MIN, plain
from index.types import Document, Hit, Passage
from qa.checks.dates import Date, find_dates
from qa.probes import messages, tells, told

if TYPE_CHECKING:
    from qa.rerank import Budget
    from qa.searching import Searching
    from qa.verdicts import Verdicts

PROBE = "replaced"
SURE = 0.5
"""Least probability that a sentence says so, and is none of a draft (docs/log/newcomers.md)."""
MOST = 6
"""Sentences that are read for one question."""
NAMING = 6
"""Hits of a search for who names the document of the best passage."""
KEPT = 256
"""Texts whose sentences are kept."""
ALIKE = 0.8
"""Least share of the longer of two titles that the other one has of it."""
LONGEST = 160
"""Characters of a sentence that are read."""
_NAME = re.compile(r"[《〈]([^《》〈〉]+)[》〉]")
_BRACKET = re.compile(r"[（(][^（）()]*[）)]$")

Said = tuple[str, str, str]
"""Title of the document that says it, the sentence, the name of the other one in it."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A sentence of a document that names an older one."""

    old: str
    new: str
    said: Said


class _Sentence(NamedTuple):
    """A sentence as it stands, plain, plain without names in title marks, and these names."""

    text: str
    plain: str
    rest: str
    names: list[str]


class InForce:
    """The same verbs over the same index, within one answer; ``superseded`` also has what other documents of
    the search say is replaced.

    Args:
        generator: reads the sentences.  verdicts: what was told of them; shared.
        cancelled: set by another thread to stop.
        budget: what may be read for the answer: of it half at most is read here. None: without end.

    Attributes:
        whole: everything was read that should have been.
    """

    def __init__(
        self,
        index: Searching,
        generator: Generator,
        verdicts: Verdicts,
        cancelled: threading.Event,
        budget: Budget | None = None,
    ) -> None:
        self.whole = True
        self._index = index
        self._generator = generator
        self._verdicts = verdicts
        self._cancelled = cancelled
        self._budget = budget
        self._least = budget.tokens // 2 if budget else 0
        self._known: dict[Said, bool] = {}
        self._gone: dict[str, str] = {}
        self._left = MOST
        self._naming: dict[str, list[Document]] = {}
        """Documents that may name one, by its id."""

    def search(self, query: str, k: int) -> list[Hit]:
        """Hits, best first, at most k. Raises Cancelled, GeneratorError."""
        hits = self._index.search(query, k)
        found = {hit.document.id: hit.document for hit in hits}
        gone = self._index.superseded()
        if old := [one for one in found.values() if one.id not in gone]:
            others = {one.id: one for one in self._may_name(hits[0].document)}
            self._look(mentions(old, list((others | found).values())))
        return hits

    def superseded(self) -> frozenset[str]:
        """Ids of documents that a newer one replaces."""
        return self._index.superseded() | self._gone.keys()

    def passages(self, document_id: str) -> list[Passage]:
        """The passages of a document in reading order."""
        return self._index.passages(document_id)

    def documents(self) -> list[Document]:
        """All documents."""
        return self._index.documents()

    def document(self, document_id: str) -> Document:
        """One document with its text."""
        return self._index.document(document_id)

    def look(self, document: Document) -> bool:
        """Read what others say of a document, at most MOST sentences; whether there was anything to read.
        Raises Cancelled, GeneratorError."""
        left = self._left
        self._look(mentions([document], self._may_name(document)))
        return self._left < left

    def _may_name(self, document: Document) -> list[Document]:
        if document.id not in self._naming:
            hits = self._index.search(document.title, NAMING)
            self._naming[document.id] = [hit.document for hit in hits]
        return self._naming[document.id]

    def _look(self, found: Sequence[Mention]) -> None:
        model = self._generator.name
        said = [one for one in dict.fromkeys(m.said for m in found) if one not in self._known]
        self._known |= {one: share >= SURE for one, share in self._verdicts.known(said, model).items()}
        unread = [one for one in said if one not in self._known]
        if unread and tells(PROBE, self._generator):
            read = [one for one in unread[: self._left] if self._affordable(one)]
            self._left -= len(read)
            self.whole &= len(read) == len(unread)
            shares = told(PROBE, list(map(_chat, read)), self._generator, self._cancelled)
            new = {one: share["yes"] for one, share in zip(read, shares, strict=False)}
            self._verdicts.learn(new, model)
            self._known |= {one: share >= SURE for one, share in new.items()}
        for mention in found:
            if self._known.get(mention.said) and self._gone.get(mention.new) != mention.old:
                self._gone.setdefault(mention.old, mention.new)

    def _affordable(self, said: Said) -> bool:
        if self._budget is None:
            return True
        chat = messages(PROBE, _chat(said))
        if isinstance(self._generator, Keeps):
            cost = self._generator.unread(chat)
        else:
            cost = self._generator.count_tokens(chat[-1].content)
        return self._budget.tokens - cost >= self._least and self._budget.take(cost)


def _chat(said: Said) -> dict[str, str]:
    return dict(zip(("title", "sentence", "named"), said, strict=True))


def mentions(old: Sequence[Document], new: Sequence[Document]) -> list[Mention]:
    """The sentences of the ``new`` documents that name one of the ``old``, which is not later than they
    are."""
    titles = {plain(one.title) for one in (*old, *new)}
    found: list[Mention] = []
    for saying in new:
        may = [one for one in old if one.id != saying.id and _may_replace(saying, one)]
        own = plain(saying.title)
        for sentence in _sentences(saying.text) if may else ():
            if sentence.plain == own:
                continue
            named = [(one, name) for one in may if (name := _name_of(one, sentence, titles))]
            found += [
                Mention(one.id, saying.id, (saying.title, _around(sentence.text, name), name))
                for one, name in _dated(named, sentence.text)
            ]
    return found


def _may_replace(new: Document, old: Document) -> bool:
    """Is the one not clearly earlier than the other; of the same title, clearly later?"""
    if new.published and old.published:
        return new.published > old.published or (
            new.published == old.published and plain(new.title) != plain(old.title)
        )
    return plain(new.title) != plain(old.title)


_plain = functools.lru_cache(16 * KEPT)(plain)


@functools.lru_cache(KEPT)
def _sentences(text: str) -> tuple[_Sentence, ...]:
    cuts = [text[start:end] for start, end in split_sentences(text)]
    return tuple(_Sentence(cut, plain(cut), plain(_NAME.sub("", cut)), _NAME.findall(cut)) for cut in cuts)


def _name_of(document: Document, sentence: _Sentence, titles: Container[str]) -> str:
    """The name by which a sentence names a document, as it stands there: its title in title marks, or nearly
    that where no document has the name as its title, its title or number without marks; "" for none."""
    title, number = _plain(document.title), document.number
    if sentence.names and len(title) >= TITLE_MIN:
        inner = {_plain(name) for name in _NAME.findall(document.title)}
        for name in sentence.names:
            same = _plain(name)
            if same == title or same in inner or (same not in titles and _alike(same, title)):
                return name
    if len(number) >= TITLE_MIN and _plain(number) in sentence.plain:
        return number
    return document.title if len(title) > TITLE_MIN and title in sentence.rest else ""


def _alike(name: str, title: str) -> bool:
    """Is one of two plain titles the other but for what it has besides, in front of the same ending; or but
    for brackets at the end?"""
    if name == _BRACKET.sub("", title) or title == _BRACKET.sub("", name):
        return True
    short, long = sorted((name, title), key=len)
    rest = iter(long)
    figures = ["".join(c for c in text if c.isdigit()) for text in (name, title)]
    return (
        len(short) >= max(TITLE_MIN, ALIKE * len(long))
        and short[-2:] == long[-2:]
        and figures[0] == figures[1]
        and all(c in rest for c in short)
    )


def _dated(named: Sequence[tuple[Document, str]], sentence: str) -> Sequence[tuple[Document, str]]:
    """Of several documents of one name those of a date that the sentence tells, where there are any."""
    if len({name for _, name in named}) == len(named):
        return named
    dates = [_iso(date) for date in find_dates(sentence) if date.year]
    told_of = [(one, name) for one, name in named if any((one.published or "").startswith(d) for d in dates)]
    return told_of or named


def _iso(date: Date) -> str:
    """A date as far as it is told, as documents have theirs."""
    return "-".join(f"{part:02}" for part in (date.year, date.month, date.day) if part)


def _around(sentence: str, name: str) -> str:
    """A long sentence as far as it stands around the name."""
    middle = max(0, sentence.find(name)) + len(name) // 2
    start = max(0, min(middle - LONGEST // 2, len(sentence) - LONGEST))
    return sentence[start : start + LONGEST]
