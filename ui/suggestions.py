"""Questions to begin with, to go on with and to ask instead: only ones that the documents answer.

Order of sources: the administrator's own, those that documents bring along (front matter ``questions``, a
list or one text with ；between), questions of other readers that got a supported answer, and questions made
from headings. A question is offered when a search for it returns what it should, and not once the engine has
refused it (``known``). One made from a heading is nobody's claim: it is offered only when the engine has
answered it (ui.idle).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from errors import WenjuError
from index.types import Document, Passage
from qa.types import Answer
from ui.access import limited
from ui.storage import Store
from ui.texts import Texts

if TYPE_CHECKING:
    from qa.engine import Engine

HEADING_MIN, HEADING_MAX = 4, 22
QUESTION_MAX = 60
OPENERS, FURTHER, NOT_TRIED = 4, 3, 12
"""Questions on the empty page, under an answer or a refusal, and of those nobody has asked yet."""


def openers(
    engine: Engine, store: Store, own: Sequence[str], lang: str, collection: str = ""
) -> tuple[str, ...]:
    """Questions for the empty page, at most ``OPENERS``; nothing when nothing is indexed. With ``collection``
    of its documents alone, and none of other readers, which may be about any."""
    out: list[str] = list(own[:OPENERS])
    documents = engine.documents() if len(out) < OPENERS else []
    documents = [d for d in documents if not collection or collection in d.collections]
    out += _brought(engine, documents, out, OPENERS - len(out), collection=collection)
    if not collection and len(out) < OPENERS:
        known = {_key(q) for q in out}
        out += [q for q in _others(engine, store, OPENERS * 2) if _key(q) not in known][: OPENERS - len(out)]
    for document in documents:
        if len(out) >= OPENERS:
            break
        out += _from_headings(engine, engine.passages(document.id), lang, 1, out)
    return tuple(out[:OPENERS])


def follow_ups(
    engine: Engine,
    answer: Answer,
    asked: Sequence[str],
    lang: str,
    propose: Callable[[str], object] | None = None,
) -> tuple[str, ...]:
    """Questions that lead on from ``answer``: about what was found beside it, and its neighbours in the
    document. ``propose`` is told of questions that nobody has asked yet."""
    cited = {c.passage_id for s in answer.sentences for c in s.citations}
    documents = list(dict.fromkeys(c.document_id for s in answer.sentences for c in s.citations))
    seen = {_key(q) for q in asked}
    used = {h for r in answer.retrieved if r.passage_id in cited for h in r.heading[-1:]}
    out: list[str] = []
    for document_id in documents[:2]:
        try:
            passages = engine.passages(document_id)
            out += _brought(engine, [engine.document(document_id)], [*asked, *out], FURTHER - len(out), cited)
        except (KeyError, WenjuError):
            continue
        if len(out) >= FURTHER:
            break
        near = [p for p in passages if p.id not in cited and not used & set(p.heading[-1:])]
        position = next((i for i, p in enumerate(near) if p.id > min(cited)), 0)
        fresh = _from_headings(
            engine, near[position:] + near[:position], lang, FURTHER - len(out), out, propose
        )
        out += [q for q in fresh if _key(q) not in seen]
        if len(out) >= FURTHER:
            break
    return tuple(out[:FURTHER])


def instead(engine: Engine, store: Store, answer: Answer, lang: str) -> Answer:
    """A refusal with the questions that come nearest to the one asked and lead to the nearest passages; every
    other answer, and a refusal that has suggestions, as it is."""
    refusal = answer.refusal
    if refusal is None or refusal.suggestions or not refusal.nearest:
        return answer
    nearest = set(refusal.nearest)
    candidates: list[str] = []
    for document_id in list(dict.fromkeys(r.document_id for r in answer.retrieved))[:4]:
        try:
            candidates += brought_along(engine.document(document_id))
        except (KeyError, WenjuError):
            continue
    candidates += _others(engine, store, 20)
    topics = [_topic(r.heading[-1], lang) for r in answer.retrieved if r.passage_id in nearest and r.heading]
    candidates += [q for q in topics if q and known_answered(engine, q)]
    asked, alike = {_key(answer.question), _key(answer.query)}, _grams(answer.query)
    out: list[str] = []
    for question in sorted(dict.fromkeys(candidates), key=lambda q: -len(_grams(q) & alike))[: 4 * FURTHER]:
        if len(out) >= FURTHER:
            break
        if _key(question) in asked or known_answered(engine, question) is False:
            continue
        hits = engine.search(question, 1, collection=answer.collection)
        best = hits[0].passage.id if hits else ""
        if best == refusal.nearest[0] or (best in nearest and len(_grams(question) & alike) > 1):
            out.append(question)
    return replace(answer, refusal=replace(refusal, suggestions=tuple(out)))


def known_answered(engine: Engine, question: str) -> bool | None:
    """Whether the engine has answered a question with support or refused it; None when it was not asked
    yet."""
    kept = engine.known(question)
    return (
        None if kept is None else kept.refusal is None and any(s.state == "supported" for s in kept.sentences)
    )


def _others(engine: Engine, store: Store, limit: int) -> list[str]:
    """Questions of other readers that may be offered. Where a part of the index is closed, they may be about
    that part: then only those that are known to be answered from the rest."""
    asked = [q for q in store.answered(limit) if len(q) <= 40]
    return [
        q for q in asked if (known := known_answered(engine, q)) or (known is None and not limited(engine))
    ]


def not_tried(engine: Engine, lang: str) -> list[str]:
    """Up to ``NOT_TRIED`` questions that the empty page might offer, of which nobody knows yet whether they
    are answered."""
    documents = engine.documents()
    rounds = zip_longest(*(brought_along(d) for d in documents))
    found = [q for one in rounds for q in one if q is not None][:NOT_TRIED]
    for document in documents[: NOT_TRIED - len(found)]:
        headings = dict.fromkeys(p.heading[-1] for p in engine.passages(document.id) if p.heading)
        found += [q for h in headings if (q := _topic(h, lang))][:1]
    return [q for q in dict.fromkeys(found) if known_answered(engine, q) is None]


def brought_along(document: Document) -> tuple[str, ...]:
    """The questions that a document's front matter says it answers."""
    parts = (part.strip() for part in re.split(r"[；;\n]", document.meta.get("questions", "")))
    return tuple(dict.fromkeys(part for part in parts if 0 < len(part) <= QUESTION_MAX))


def _brought(
    engine: Engine,
    documents: Sequence[Document],
    taken: Sequence[str],
    limit: int,
    told: Iterable[str] = (),
    collection: str = "",
) -> list[str]:
    """Up to ``limit`` of the documents' own questions, first the first of each, whose search leads back to
    the document and to none of the passages ``told`` already."""
    known, told = {_key(q) for q in taken}, set(told)
    rounds = zip_longest(*([(d, q) for q in brought_along(d)] for d in documents))
    candidates = [pair for one in rounds for pair in one if pair is not None and _key(pair[1]) not in known]
    out: list[str] = []
    for document, question in candidates[: 3 * limit] if limit > 0 else ():
        if known_answered(engine, question) is False:
            continue
        hits = engine.search(question, 1, collection=collection)
        if hits and hits[0].document.id == document.id and hits[0].passage.id not in told:
            out.append(question)
        if len(out) >= limit:
            break
    return out


def _from_headings(
    engine: Engine,
    passages: Iterable[Passage],
    lang: str,
    limit: int,
    taken: Sequence[str],
    propose: Callable[[str], object] | None = None,
) -> list[str]:
    """Up to ``limit`` questions, one a heading, that were answered before and whose search leads back to a
    passage under that heading. ``propose`` is told of those that nobody asked yet."""
    out: list[str] = []
    tried: set[str] = set()
    for passage in passages:
        heading = passage.heading[-1].strip() if passage.heading else ""
        question = _topic(heading, lang)
        if not question or question in tried or len(tried) > 6:
            continue
        tried.add(question)
        known = known_answered(engine, question)
        if known is None and propose is not None:
            propose(question)
        if not known or question in taken:
            continue
        hits = engine.search(question, 1)
        if hits and hits[0].passage.heading[-1:] == (heading,):
            out.append(question)
        if len(out) >= limit:
            break
    return out


def _topic(heading: str, lang: str) -> str:
    """A question about a heading, "" when it is too short or too long to make one."""
    topic = heading.strip().lstrip("0123456789.、 一二三四五六七八九十第章节条（）()").strip("：: ")
    return Texts(lang)("about", topic=topic) if HEADING_MIN <= len(topic) <= HEADING_MAX else ""


def _key(question: str) -> str:
    return "".join(question.split()).rstrip("？?。")


def _grams(text: str) -> set[str]:
    kept = _key(text)
    return {kept[i : i + 2] for i in range(len(kept) - 1)}
