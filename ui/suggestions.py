"""Questions to begin with and to go on with: only ones that the documents answer, each checked by a search.

Order of sources: the administrator's own, those that documents bring along (front matter ``questions``, a list or one
text with ；between), questions of other readers that got a supported answer, and questions made from headings. A
question is offered when a search for it returns what it should.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from errors import WenjuError
from index.types import Document, Passage
from qa.types import Answer
from ui.store import Store
from ui.texts import Texts

if TYPE_CHECKING:
    from qa.engine import Engine

HEADING_MIN, HEADING_MAX = 4, 22
QUESTION_MAX = 60


def openers(engine: Engine, store: Store | None, own: Sequence[str], lang: str, limit: int = 4) -> tuple[str, ...]:
    """Questions for the empty page, at most ``limit``; nothing when nothing is indexed."""
    out: list[str] = list(own[:limit])
    documents = engine.documents() if len(out) < limit else []
    out += _brought(engine, documents, out, limit - len(out))
    if store is not None and len(out) < limit:
        known = {_key(q) for q in out}
        out += [q for q in store.answered(limit * 2) if _key(q) not in known and len(q) <= 40][: limit - len(out)]
    for document in documents:
        if len(out) >= limit:
            break
        asked = _from_headings(engine, engine.passages(document.id), lang, 1, out)
        out += asked
    return tuple(out[:limit])


def follow_ups(
    engine: Engine, store: Store | None, answer: Answer, asked: Sequence[str], lang: str, limit: int = 3
) -> tuple[str, ...]:
    """Questions that lead on from ``answer``: about what was found beside it, and its neighbours in the document."""
    cited = {c.passage_id for s in answer.sentences for c in s.citations}
    documents = list(dict.fromkeys(c.document_id for s in answer.sentences for c in s.citations))
    seen = {_key(q) for q in asked}
    used = {h for r in answer.retrieved if r.passage_id in cited for h in r.heading[-1:]}
    out: list[str] = []
    for document_id in documents[:2]:
        try:
            passages = engine.passages(document_id)
            out += _brought(engine, [engine.document(document_id)], [*asked, *out], limit - len(out), cited)
        except (KeyError, WenjuError):
            continue
        if len(out) >= limit:
            break
        near = [p for p in passages if p.id not in cited and not used & set(p.heading[-1:])]
        position = next((i for i, p in enumerate(near) if p.id > min(cited)), 0)
        fresh = _from_headings(engine, near[position:] + near[:position], lang, limit - len(out), out)
        out += [q for q in fresh if _key(q) not in seen]
        if len(out) >= limit:
            break
    return tuple(out[:limit])


def brought_along(document: Document) -> tuple[str, ...]:
    """The questions that a document's front matter says it answers."""
    parts = (part.strip() for part in re.split(r"[；;\n]", document.meta.get("questions", "")))
    return tuple(dict.fromkeys(part for part in parts if 0 < len(part) <= QUESTION_MAX))


def _brought(engine: Engine, documents: Sequence[Document], taken: Sequence[str], limit: int, told: Iterable[str] = ()) -> list[str]:  # fmt: skip
    """Up to ``limit`` of the documents' own questions, first the first of each, whose search leads back to the document
    and to none of the passages ``told`` already."""
    known, told = {_key(q) for q in taken}, set(told)
    rounds = zip_longest(*([(d, q) for q in brought_along(d)] for d in documents))
    candidates = [pair for one in rounds for pair in one if pair is not None and _key(pair[1]) not in known]
    out: list[str] = []
    for document, question in candidates[: 3 * limit] if limit > 0 else ():
        hits = engine.search(question, 1)
        if hits and hits[0].document.id == document.id and hits[0].passage.id not in told:
            out.append(question)
        if len(out) >= limit:
            break
    return out


def _from_headings(
    engine: Engine, passages: Iterable[Passage], lang: str, limit: int, taken: Sequence[str]
) -> list[str]:
    """Up to ``limit`` questions, one a heading, whose search leads back to a passage under that heading."""
    t = Texts(lang)
    out: list[str] = []
    tried: set[str] = set()
    for passage in passages:
        heading = passage.heading[-1].strip() if passage.heading else ""
        topic = heading.lstrip("0123456789.、 一二三四五六七八九十第章节条（）()").strip("：: ")
        if not HEADING_MIN <= len(topic) <= HEADING_MAX or topic in tried or len(tried) > 6:
            continue
        tried.add(topic)
        question = t("about", topic=topic)
        hits = engine.search(question, 1)
        if question not in taken and hits and hits[0].passage.heading[-1:] == (heading,):
            out.append(question)
        if len(out) >= limit:
            break
    return out


def _key(question: str) -> str:
    return "".join(question.split()).rstrip("？?。")
