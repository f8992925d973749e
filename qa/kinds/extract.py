"""Answers in the documents' own words: the sentences and items that the reader finds to answer the question,
each cited.

Lists and steps are read section by section, so that no item is missed; other kinds passage by passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.attribution import EvidenceSentence
from qa.kinds.contrast import against_items, against_rows
from qa.kinds.enumerations import Enumeration, enumerations, leads_in
from qa.kinds.evidence import Block, Indexed, Window, narrow, read, wide
from qa.kinds.tables import Row, in_table, tables_in
from qa.kinds.told_rows import Telling, odds_of
from qa.linear import sigmoid
from qa.reader import Reads

WIDE = frozenset({"list", "steps", "compare", "overview_topic", "multi"})
"""Kinds whose answer is spread over a section, or over several passages."""
SPREAD = WIDE - {"steps"}
"""Kinds for which the whole section is read; steps stand together where they are told."""
APART = frozenset({"compare", "multi"})
"""Kinds that no single passage need answer."""
NEAR = 1.5
"""How much less worth (log-odds) than the best a further passage may be, to be part of a spread answer."""
SHARE = {"inline": 0.3, "table": 0.5, "paragraphs": 0.5}
"""Least share of the items of an enumeration that answer, for all of it to be shown, by its form."""
ITEMS = frozenset({"list", "steps", "multi"})
"""Kinds that want every item of the enumeration that answers, be it text in a line or paragraphs."""
BRIEF = 25
"""Characters of an item, on average, up to which it says nothing without those beside it."""
FEW = 0.4
"""Share of the items below which, by the model that writes, an enumeration without a lead and of more than
brief items is not shown whole for one that answers: articles are no list."""
BEST, BESIDE, LEAST, TOGETHER = 1.0, 2.0, -0.5, 3
"""What the reader's best sentence gains (log-odds) beside what the model that writes tells; how much less
worth than the first a further sentence may be, and at least, to be shown; and how many, but of lists and the
like. Chosen on tuning questions (docs/log/reader.md)."""
ITEM = 2.5
"""How much less than the best sentence (log-odds) an item of an enumeration beside it may answer, to be
counted among those that do: none of many answers as surely as a sentence that answers alone."""
LOOKED_UP = 0.8
"""What a row counts for that is named in so many words: the reader's probability, at least."""
LINES = 20
"""Most lines of an answer in the documents' words."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What was found.

    Attributes:
        lines: sentences of the documents, best document first, in reading order.
        likely: probability (0..1) that the best passage answers the question.
        sure: probability (0..1) of the best span in it.
        judged: probability (0..1) by the model that writes that the best passage answers; None where it was
        not asked.
        lead: how much more (log-odds) the best passage is worth than the next.
        best: the sentence that holds the best span.
        span: that span, in characters of its document.
        told: the model that writes has told which sentences answer: ``best`` is what it prefers.
        exact: the lines are rows of a table that the question names or falls into.
        fallen: it falls into them: that is arithmetic.
        parts: of a question that asks or compares several things each of these as a question, and the lines
        that answer it.
    """

    lines: tuple[EvidenceSentence, ...]
    likely: float
    sure: float
    lead: float
    best: EvidenceSentence
    span: tuple[int, int]
    judged: float | None = None
    told: bool = False
    exact: bool = False
    fallen: bool = False
    parts: tuple[tuple[str, tuple[EvidenceSentence, ...]], ...] = ()


def extract(
    question: str,
    kind: str,
    windows: Sequence[Window],
    index: Indexed,
    reader: Reads,
    typed: str = "",
    telling: Telling | None = None,
) -> Extract | None:
    """The answer in the documents' own words; None when no passage has anything to say.

    Args:
        windows: what the passages that were found say to the question (``qa.kinds.evidence.read``).
        typed: the question without what it takes up from turns before, where it does: what answers that is
            told as well.
        telling: gives the log-odds that each of the first sentences of a passage answers, [] where that is
            not known; None: the reader alone tells.
    """
    if not windows:
        return None
    first = max(windows, key=lambda w: w.worth)
    lead = first.worth - max((w.worth for w in windows if w is not first), default=first.worth - 6.0)
    section, passage = wide(first.block.hit, index), first.block
    if kind in SPREAD:
        windows = _spread(question, first, section, windows, reader)
        first = _at(windows, first)
    best = _best(first)
    if best is None:
        return None
    span = (first.begin + first.reading.best[0], first.begin + first.reading.best[1])
    chosen = [w for w in windows if w is first or (kind in WIDE and _belongs(w, first))]
    told = [s for w in chosen for s in w.holding()]
    alone = read(typed, [passage], reader) if typed else []
    asked = _best(max(alone, key=lambda w: w.reading.answerable)) if alone else None
    if asked is None or in_table(asked):  # which row is meant is told by the turns before
        asked = best
    answers = _answers(passage, _beyond(told, passage), kind, asked, telling)
    if answers and telling and kind not in WIDE:
        answers = _over_passages(answers, passage, index, telling)
    if answers:
        best, told = answers[0], answers
        span = span if best.start <= span[0] < best.end else (best.start, best.end)
    elif kind not in WIDE:
        if rival := _rival(question, first, best, reader):
            told.append(rival)
        told += [s for w in alone for s in w.holding()]
    items = _items(passage, telling) if answers and kind in ITEMS else ()
    lines = tuple(_whole(question, kind, told, section, best, bool(answers), index, typed, items)[:LINES])
    judged = None if first.told is None else sigmoid(first.told)
    return Extract(
        lines, first.reading.answerable, first.reading.sure, lead, best, span, judged, bool(answers)
    )


def _whole(
    question: str,
    kind: str,
    told: Sequence[EvidenceSentence],
    section: Block,
    best: EvidenceSentence,
    known: bool,
    index: Indexed,
    typed: str,
    items: Sequence[EvidenceSentence] = (),
) -> list[EvidenceSentence]:
    """The sentences that answer with what belongs to them and without what stands beside it: enumerations
    whole, of rows and items those that the question names, in order.

    Args:
        section: where they stand.  best: the one of them that answers most.
        known, items, typed: as for :func:`completed` and :func:`extract`.
    """
    if kind not in WIDE:
        told = against_items(question, told, section, typed)
    lines = _ordered(completed(told, section, kind, best, known, items), section)
    if kind == "list" or kind not in WIDE:
        lines = against_rows(question, lines, index, kind == "list", typed)
    return lines if kind in WIDE else [s for s in lines if s.document.id == section.document.id]


def _over_passages(
    answers: list[EvidenceSentence], passage: Block, index: Indexed, telling: Telling
) -> list[EvidenceSentence]:
    """The sentences that answer; where the first is a row of a table that goes on in other passages, instead
    of its rows the one of the whole table that the model that writes prefers."""
    first = answers[0]
    for table in tables_in(first.document, first.start, first.end, index):
        if any(not passage.start <= row.place.start < passage.end for row in table.rows):
            odds = odds_of(table, index, telling)
            row = max(odds, key=lambda one: one[1])[0].place if odds else first
            return [row, *(s for s in answers if not in_table(s))]
    return answers


def _best(window: Window) -> EvidenceSentence | None:
    """The sentence of a window that holds the reader's best span; None where there is none."""
    holding, at = window.holding(), window.begin + window.reading.best[0]
    return next((s for s in holding if s.start <= at < s.end), holding[0] if holding else None)


def _beyond(told: Sequence[EvidenceSentence], passage: Block) -> list[Block]:
    """The other passages that hold some of the sentences, in their order."""
    found: dict[str, Block] = {}
    for one in told:
        if one.passage.id not in {p.id for p in passage.passages}:
            hit = replace(passage.hit, passage=one.passage, document=one.document)
            found.setdefault(one.passage.id, narrow(hit))
    return list(found.values())


def _answers(
    passage: Block, beyond: Sequence[Block], kind: str, best: EvidenceSentence, telling: Telling | None
) -> list[EvidenceSentence]:
    """The sentences of the passage, and of lists and the like of those ``beyond``, that answer by the model
    that writes, the one that does so most first; ``best`` is the reader's, after turns by what was typed. []
    where the model tells nothing, of a passage beyond nothing where it does not tell."""
    sentences, wanted = passage.sentences(), beyond if kind in WIDE else ()
    told = telling(passage) if telling and (len(sentences) > 1 or wanted) else []
    worth = [(value + BEST * (s.start == best.start), s) for s, value in zip(sentences, told, strict=False)]
    if not worth or telling is None:
        return []
    most = max(value for value, _ in worth)
    least = min(most, max(most - BESIDE, LEAST))
    for block in wanted:
        worth += zip(telling(block), block.sentences(), strict=False)
    found = [s for value, s in sorted(worth, key=lambda pair: -pair[0]) if value >= least]
    return found if kind in WIDE else found[:TOGETHER]


def _items(passage: Block, telling: Telling | None) -> list[EvidenceSentence]:
    """The sentences of a passage that answer nearly as much as its best, by the model that writes."""
    odds = telling(passage) if telling else []
    pairs = zip(odds, passage.sentences(), strict=False)
    return [s for value, s in pairs if value >= max(odds) - ITEM]


def _rival(question: str, window: Window, best: EvidenceSentence, reader: Reads) -> EvidenceSentence | None:
    """The sentence of the passage that answers most when each is read by itself, where that is not the one
    that holds the best span: then one of the two is it (docs/log/reader.md)."""
    sentences = window.block.sentences()
    if len(sentences) < 2:
        return None
    lead = f"{window.block.heading}\n" if window.block.heading else ""
    readings = reader.read(question, [lead + s.text for s in sentences])
    alone = max(zip(readings, sentences, strict=True), key=lambda pair: pair[0].answerable)[1]
    return None if alone.start == best.start else alone


def completed(
    told: Sequence[EvidenceSentence],
    section: Block,
    kind: str,
    best: EvidenceSentence,
    known: bool = False,
    items: Sequence[EvidenceSentence] = (),
) -> list[EvidenceSentence]:
    """The sentences that answer, with the rest of each enumeration of which enough items are among them, or
    which the ``best`` sentence belongs to or leads in to; of a table one row is enough for a list.

    Args:
        known: the model that writes has told which sentences answer.
        items: sentences that answer if an enumeration is asked for.
    """
    starts = {(s.document.id, s.start) for s in (*told, *items)}
    whole: list[Enumeration] = []
    for one in enumerations(section):
        touched = sum(any((s.document.id, s.start) in starts for s in item) for item in one.items)
        share = touched / len(one.items)
        least = 0.0 if one.form == "table" and kind == "list" else SHARE[one.form]
        of_best = _of_best(one, kind, best, known and share < FEW)
        if of_best or (kind in WIDE and touched and share >= least):
            whole.append(one)
    if not whole:
        return list(told)
    return [*told, *(s for one in whole for s in one.sentences())]


def _of_best(one: Enumeration, kind: str, best: EvidenceSentence, few: bool) -> bool:
    """Is the enumeration wanted whole because of the best sentence: what leads in to it says nothing alone,
    nor does a brief item where conditions are asked for? Of a list, of which ``few`` items answer, only where
    the items are brief or something leads in."""
    own = (*one.lead, *(s for item in one.items for s in item))
    if one.form == "table" or best.start not in {s.start for s in own}:
        return False
    first = one.items[0]
    led = best in one.lead or (best in first and leads_in(best.text))
    brief = sum(len(s.text) for item in one.items for s in item) <= BRIEF * len(one.items)
    whole = brief or bool(one.lead) or leads_in(first[0].text)
    return led or (kind == "condition" and brief) or (kind in ITEMS and (whole or not few))


def of_rows(found: Extract | None, rows: Sequence[Row], fallen: bool) -> Extract:
    """What was found, with the rows of a table that the question names, or whose range it has ``fallen``
    into, as its answer."""
    lines = tuple(row.place for row in rows)
    place = lines[0]
    if found is None:
        span = (place.start, place.end)
        return Extract(lines, LOOKED_UP, LOOKED_UP, 1.0, place, span, exact=True, fallen=fallen)
    likely, sure = max(found.likely, LOOKED_UP), max(found.sure, LOOKED_UP)
    inside = next((p for p in lines if p.start <= found.span[0] < p.end), None)
    span = found.span if inside else (place.start, place.end)
    return replace(
        found,
        lines=lines,
        likely=likely,
        sure=sure,
        lead=max(found.lead, 1.0),
        best=inside or place,
        span=span,
        exact=True,
        fallen=fallen,
    )


def _belongs(window: Window, first: Window) -> bool:
    return window.worth >= first.worth - NEAR


def _spread(
    question: str, first: Window, section: Block, windows: Sequence[Window], reader: Reads
) -> list[Window]:
    """The section of the best passage read whole, and the other passages as they were."""
    inside = {p.id for p in section.passages}
    rest = [w for w in windows if not inside.issuperset(p.id for p in w.block.passages)]
    return [*(replace(w, told=first.told) for w in read(question, [section], reader)), *rest]


def _at(windows: Sequence[Window], first: Window) -> Window:
    """The window of the section that holds the place where the best passage answers."""
    place = first.begin + first.reading.best[0]
    near = [w for w in windows if w.block.hit is first.block.hit and w.begin <= place < w.begin + len(w.text)]
    return max(near or windows, key=lambda w: w.worth)


def _ordered(sentences: Sequence[EvidenceSentence], first: Block) -> list[EvidenceSentence]:
    """Each once, the best document's first, each document in reading order."""
    unique = {(s.document.id, s.start): s for s in sentences}
    rank: dict[str, int] = {first.document.id: 0}
    for s in sentences:
        rank.setdefault(s.document.id, len(rank))
    return sorted(unique.values(), key=lambda s: (rank[s.document.id], s.start))
