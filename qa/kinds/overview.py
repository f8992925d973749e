"""Overviews: an outline of a document by its sections, each with the sentence that carries it; what documents
there are.

No model: a sentence carries its section when it stands early, says much of what the section's other sentences
say (centrality over character pairs, weighed by how rare they are in the document) and is not too long.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.normalize import normalize
from index.outline import outline as tree
from index.outline import own_number
from index.sentences import split_sentences
from index.types import Document, Hit, Passage
from qa.attribution import EvidenceSentence
from qa.checks.moments import meet, moments

LINES = 20
COVER = 0.6
"""Share of what was found that a section must hold to be the one that is meant."""
NAMED = 0.6
"""Share of a heading that the question must hold for it to be named."""
LENGTH = 160
"""Characters of a sentence beyond which it counts as too long to carry a section."""
HEAD = 20
"""Characters of a numbered sentence up to which it is the heading of what follows."""
FRONT = 200
"""Characters of a document in which the day stands that names it."""
PARTS = 6
"""Numbered parts of a section that are all shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an outline.

    Attributes:
        heading: of the section, "" where there is none.
        sentence: that carries it; of an enumeration what leads in and its first items.
        left: how many of its items are left out.
    """

    heading: str
    sentence: EvidenceSentence
    left: int = 0


def outline(document: Document, passages: Sequence[Passage], most: int = LINES) -> list[Line]:
    """The sections of a run of passages in order, each with the sentences that carry it: about ``most`` in
    all, the longer a section the more, and at least one of each of the first ``most`` sections."""
    sections = [(heading, *_whole(sentences)) for heading, sentences in _sections(document, passages)]
    weights = _rarity(s.text for _, sentences, _ in sections for s in sentences)
    if not sections:
        return []
    total = sum(math.sqrt(len(sentences)) for _, sentences, _ in sections)
    lines = []
    for heading, sentences, left in sections:
        share = max(1, round(most * math.sqrt(len(sentences)) / total))
        parts = sum(len(one.text) > HEAD and bool(own_number(one.text)) for one in sentences)
        share = max(share, min(parts, PARTS))
        carry = carrying(sentences, share, weights)
        lines += [Line(heading, sentence, left.get(sentence.start, 0)) for sentence in carry]
    if len(lines) <= most + len(sections) // 2:
        return lines
    ranked = sorted(range(len(lines)), key=lambda i: (-_weight(lines[i].sentence.text, weights), i))[:most]
    return [lines[i] for i in sorted(ranked)]


def section_of(question: str, hits: Sequence[Hit]) -> tuple[Document, int, int]:
    """The part of a document that an overview is asked of, as a span: of the sections under headings the
    smallest that holds ``COVER`` of what was found in the best document (by score), or one that the question
    names.

    Args:
        hits: at least one, best first.
    """
    scores: dict[str, float] = {}
    for hit in hits:
        scores[hit.document.id] = scores.get(hit.document.id, 0.0) + hit.score
    document = about(question, list({h.document.id: h.document for h in hits}.values()), scores)[0][1]
    own = [h for h in hits if h.document.id == document.id]
    asked = set(_pairs(question))
    best = (document, 0, len(document.text))
    for node in tree(document).walk():
        if node.kind not in ("heading", "article"):
            continue
        named = set(_pairs(node.title))
        held = sum(h.score for h in own if node.start <= h.passage.start < node.end)
        told = len(named & asked) / len(named) if named else 0.0
        if node.title != document.title and (
            held >= COVER * sum(h.score for h in own) or (told >= NAMED and held)
        ):
            best = (document, node.start, node.end)
    return best


def carrying(sentences: Sequence[EvidenceSentence], n: int, weights: Counter[str]) -> list[EvidenceSentence]:
    """The ``n`` sentences that say most of what all of them say, in reading order."""
    together = Counter(pair for s in sentences for pair in set(_pairs(s.text)))

    def score(i: int) -> float:
        pairs = set(_pairs(sentences[i].text))
        if not pairs:
            return 0.0
        central = sum(together[p] * math.log(1 + 40 / weights[p]) for p in pairs) / math.sqrt(len(pairs))
        figures = any(c.isdigit() for c in sentences[i].text)
        fit = 1.0 if len(sentences[i].text) <= LENGTH else LENGTH / len(sentences[i].text)
        return central * fit * (1.25 if i == 0 else 1.0) * (1.15 if figures else 1.0)

    best = sorted(range(len(sentences)), key=lambda i: (-score(i), i))[:n]
    return [sentences[i] for i in sorted(best)]


def _sections(
    document: Document, passages: Sequence[Passage]
) -> Iterator[tuple[str, list[EvidenceSentence]]]:
    """Headings with their sentences, in order; a document without headings is cut into its paragraphs."""
    found: list[tuple[tuple[str, ...], list[EvidenceSentence]]] = []
    for passage in passages:
        own = [
            EvidenceSentence(passage, document, passage.start + a, passage.start + b, passage.text[a:b])
            for a, b in split_sentences(passage.text)
        ]
        if found and passage.heading and found[-1][0] == passage.heading:
            found[-1][1].extend(own)
        else:
            found.append((passage.heading, own))
    for path, sentences in found:
        if sentences:
            heading = path[-1] if path and path[-1] != document.title else ""
            yield heading, sentences


def _whole(sentences: Sequence[EvidenceSentence]) -> tuple[list[EvidenceSentence], dict[int, int]]:
    """The sentences with each enumeration, each table and each part under a heading of its own as one: what
    leads in and its items, as far as they are not too long; and, by where such a one begins, how many of its
    items are left out."""
    out: list[EvidenceSentence] = []
    left: dict[int, int] = {}
    tables = {one.start: one.table for s in sentences[:1] for one in s.document.blocks if one.table}
    heads = _heads(sentences)
    for before, sentence in zip((None, *sentences), sentences, strict=False):
        lead = out[-1] if before and sentence.start not in heads else None
        table = tables.get(sentence.start, 0)
        if lead and before and (table or lead.start not in heads):
            item = before.passage == sentence.passage and own_number(sentence.text)
            led = item and ("：" in lead.text or own_number(lead.text))
            lead = lead if (table == tables.get(before.start) if table else led) else None
        if lead is None or (sentence.end - lead.start > LENGTH and lead.start in heads):
            out.append(sentence)
        elif sentence.end - lead.start > LENGTH or left.get(lead.start):
            left[lead.start] = left.get(lead.start, 0) + 1
        else:
            text = lead.document.text[lead.start : sentence.end]
            out[-1] = EvidenceSentence(lead.passage, lead.document, lead.start, sentence.end, text)
    return out, left


def _heads(sentences: Sequence[EvidenceSentence]) -> set[int]:
    """Where numbered headings of parts of a section begin: short sentences with text after them; () where
    there is one alone, which may be the last item of an enumeration."""
    pairs = zip(sentences, sentences[1:], strict=False)
    found = {
        one.start
        for one, after in pairs
        if own_number(one.text) and len(one.text) <= HEAD and not own_number(after.text)
    }
    return found if len(found) > 1 else set()


def _rarity(texts: Iterable[str]) -> Counter[str]:
    """In how many sentences each pair of characters stands."""
    return Counter(pair for text in texts for pair in set(_pairs(text)))


def _weight(text: str, weights: Counter[str]) -> float:
    pairs = set(_pairs(text))
    return sum(math.log(1 + 40 / weights[p]) for p in pairs) / math.sqrt(len(pairs)) if pairs else 0.0


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1) if text[i].isalnum() and text[i + 1].isalnum()]


def about(
    query: str, documents: Sequence[Document], scores: dict[str, float]
) -> list[tuple[float, Document]]:
    """Documents by how likely they are the one that an overview is asked of, best first: by its title, the
    day that its first lines tell, and the search.

    Args:
        scores: by document id, what its passages scored in the search; 0 for those that were not found.
    """
    asked = set(_pairs(query))
    days = [one for one in moments(normalize(query).text) if one.kind == "day" and len(set(one.runs[0])) == 1]
    top = max(scores.values(), default=0.0) or 1.0
    rated = []
    for document in documents:
        title = set(_pairs(document.title))
        named = len(title & asked) / len(title) if title else 0.0
        told = moments(normalize(document.text[:FRONT]).text) if days else ()
        dated = any(meet(day, one) for day in days for one in told)
        rated.append((2 * named + dated + scores.get(document.id, 0.0) / top, document))
    return sorted(rated, key=lambda pair: (-pair[0], pair[1].title, pair[1].id))
