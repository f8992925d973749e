"""What is worked out of running text: the model that writes tells which figures of the evidence stand in
which arithmetic, from which day to which, or which words are the items that are counted; all of it is looked
up and computed here.

A figure that stands neither in the evidence nor in the question ends it, as does one that is told and not
used, units that do not fit (``qa.kinds.arithmetic``), an enumeration that is not whole
(``qa.kinds.told_items``), and a step that the model was not sure of. Then nothing is computed: a wrong figure
is worse than a quotation.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import combinations

import prompts
from engine.base import Generator, Message
from index.normalize import normalize
from qa.attribution import EvidenceSentence
from qa.checks.dates import Date, find_dates
from qa.context import Context
from qa.draft import beginning, reply_with_least
from qa.judge import Judge
from qa.kind import Operation
from qa.kinds.arithmetic import Operand, in_large, operands, result, signs
from qa.kinds.conditions import longest
from qa.kinds.counted import numbered
from qa.kinds.evidence import narrow
from qa.kinds.formula import calculation, named, shared_pairs
from qa.kinds.tables import in_table, row_text, stands, table_of
from qa.kinds.told_items import counted_items

TOKENS = 120
"""Tokens of a calculation."""
CERTAIN = -2.0
"""Least log-probability of a token for the whole to be trusted; chosen on tuning questions
(docs/log/reader.md)."""
ITEMS = frozenset("n")
DONE = {"count": "n", "sum": "+*", "difference": "-", "product": "*", "ratio": "/", "average": "/"}
"""What is done for an operation; ``n`` is counting items."""
UNNAMED = 1
"""Figures that are added up of which it need not be said what they are: nobody can check those."""
SAID = 0.8
"""Least share of a name that column and row say, for nobody to be asked."""
ALIKE = 0.5
"""Least share of the pairs of characters of a name that another has for both to be variants of one thing."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What was worked out.

    Attributes:
        what: ``figure``, ``days`` or ``items``.
        total: the result; of days, from the first to the last without the first.
        unit: of a figure.
        shown: the arithmetic, or the two days, as a person reads it.
        places: what it was worked out from, in order.
        signs: of a figure, what was done.
        claims: of a figure, what each of those in the evidence is said to be, for the judge to look at.
    """

    what: str
    total: Decimal
    unit: str
    shown: str
    places: tuple[EvidenceSentence, ...]
    signs: frozenset[str] = frozenset()
    claims: tuple[str, ...] = ()

    def does(self, operation: Operation) -> bool:
        """Is that what was to be computed?"""
        return self.what == "days" or bool(self.signs & frozenset(DONE.get(operation.what, "")))


def worked_out(
    question: str, context: Context, generator: Generator, cancelled: threading.Event
) -> Worked | None:
    """What the question asks to work out from the evidence; None where that is not certain.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if not context.sentences:
        return None
    text, sure = _said(question, context, generator, cancelled)
    lines = [line for line in text.splitlines() if line.strip()]
    if not sure or not lines:
        return None
    told = dict(named(lines))
    return _items(told, question, context) or _days(told, context) or _figure(lines, question, context)


def borne_out(worked: Worked, context: Context, judge: Judge | None, cancelled: threading.Event) -> bool:
    """Does the evidence say of each figure what it is said to be? Without a judge nobody doubts it.

    Raises:
        Cancelled: it was stopped. GeneratorError: the generator failed.
    """
    if judge is None or not worked.claims:
        return True
    chances = judge.supports(context.text, worked.claims, cancelled)
    return all(judge.state(chance) != "unsupported" for chance in chances)


def examples() -> tuple[Message, ...]:
    """A chat of which what stands before the evidence of any question comes again."""
    chat = prompts.chat("worked", evidence="", question="")
    return beginning(chat, chat[-1][1].index("\n") + 1)


def _said(
    question: str, context: Context, generator: Generator, cancelled: threading.Event
) -> tuple[str, bool]:
    """What the model writes, and whether it was sure of every step."""
    parts = prompts.chat("worked", evidence=context.text, question=prompts.escape_evidence(question))
    text, least = reply_with_least(parts, generator, TOKENS, ("\n\n",), cancelled)
    return text, least >= CERTAIN


def _items(named: dict[str, str], question: str, context: Context) -> Worked | None:
    """The items of the one list that is told; None where they are rows of which the question means some."""
    lists = [text for text in named.values() if text.startswith("[")]
    if len(lists) != 1:
        return None
    items = [part.strip() for part in lists[0].strip("[]").split('"') if part.strip(" ,，、")]
    for hit in context.hits:
        places = counted_items(items, narrow(hit))
        if places and not _some(normalize(question).text, places):
            return Worked("items", Decimal(len(items)), "", "、".join(items), _once(places), ITEMS)
    return None


def _some(asked: str, places: Sequence[EvidenceSentence]) -> bool:
    """Does the question name a cell that some of the rows have, and others not?"""
    rows = [[cell.partition("：")[2].strip() for cell in place.text.split("；")] for place in places]
    named = {cell for row in rows for cell in row if stands(asked, cell)}
    return any(not all(cell in row for row in rows) for cell in named)


def _days(named: dict[str, str], context: Context) -> Worked | None:
    """From one day to another, both told by the evidence."""
    told = [text[len("date(") :].strip('")') for text in named.values() if text.startswith("date(")]
    found = [spot for text in told if (day := _day(text)) and (spot := _holding(day, context))]
    if len(told) != 2 or len(found) != 2:
        return None
    (first, start), (second, end) = found
    year = start.year or end.year or int((first.document.spoken or "2001")[:4])
    days = [_dated(one, year) for one in (start, end)]
    if days[0] is None or days[1] is None or days[1] <= days[0]:
        return None
    total = Decimal((days[1] - days[0]).days)
    shown = "至".join(normalize(p.text).text[d.start : d.end] for p, d in found)
    return Worked("days", total, "天", shown, _once((first, second)))


def _day(text: str) -> Date | None:
    found = find_dates(normalize(text).text)
    return found[0] if len(found) == 1 and found[0].month and found[0].day else None


def _dated(one: Date, year: int) -> date | None:
    try:
        return date(one.year or year, one.month or 1, one.day or 1)
    except ValueError:
        return None


def _holding(day: Date, context: Context) -> tuple[EvidenceSentence, Date] | None:
    """The first sentence that tells the day, as it tells it; a year that it leaves out is no other one."""
    for place in context.sentences:
        for one in find_dates(normalize(place.text).text):
            same = (one.month, one.day) == (day.month, day.day)
            if same and (one.year is None or day.year is None or one.year == day.year):
                return place, one
    return None


def _figure(lines: Sequence[str], question: str, context: Context) -> Worked | None:
    """The result of what the lines calculate."""
    node = calculation(lines, question, context)
    if node is None:
        return None
    own = list(operands(node))
    spots = {(one.place.start if one.place else -1, one.span.start) for one in own}
    known = [one for one in own if one.place]
    if len(spots) < len(own) or not known:
        return None
    unnamed = sum(not one.name for one in known)
    if "+" in signs(node) and (unnamed > UNNAMED or _variants(own, question) or _crossed(known, question)):
        return None
    total = result(node)
    if total and total.value < 0 and node.sign == "-":
        total = result(replace(node, left=node.right, right=node.left))
    if total is None or total.value <= 0:
        return None
    places = _once([one.place for one in known if one.place])
    value, unit = in_large(total.value, total.unit, [o.text for o in own if o.span.unit == total.unit])
    claims = tuple(f"{one.name}是{one.text}。" for one in known if one.name and not _of_row(one))
    return Worked("figure", value, unit, total.shown, places, frozenset(signs(node)), claims)


def _of_row(one: Operand) -> bool:
    """Is a figure a cell of a table, and what it is said to be nearly all the name of its column and a cell
    of its row: 劳务已支出 of 项目：临聘劳务；已支出：36,000?"""
    if one.place is None or not in_table(one.place):
        return False
    cells = [cell.partition("：")[::2] for cell in one.place.text.split("；")]
    own = [len(longest(column, one.name)) for column, cell in cells if cell and one.text.startswith(cell)]
    row = max(len(longest(cell, one.name)) for _, cell in cells)
    return row > 0 and max(own, default=0) + row >= SAID * len(one.name)


def _crossed(own: Sequence[Operand], question: str) -> bool:
    """Are figures of one table, that are added up, of several rows and several columns, or of a row of which
    the question names no cell though it names one of another?"""
    asked = normalize(question).text
    tables: dict[tuple[str, int], list[tuple[str, bool, int]]] = {}
    for one in own:
        if one.place and (number := table_of(one.place)):
            cells = [cell.partition("：")[::2] for cell in row_text(one.place).split("；")]
            column = next((name for name, cell in cells if _holds(cell, one.text)), "")
            named = any(stands(asked, cell) for _, cell in cells)
            tables.setdefault((one.place.document.id, number), []).append((column, named, one.place.start))
    for figures in tables.values():
        rows, columns = {at for *_, at in figures}, {column for column, *_ in figures}
        if len(rows) > 1 and (len(columns) > 1 or len({named for _, named, _ in figures}) > 1):
            return True
    return False


def _holds(cell: str, figure: str) -> bool:
    """Does the cell begin with this figure, and not with a longer one: 2022年 with 20?"""
    return cell.startswith(figure) and not cell[len(figure) :][:1].isdigit()


def _variants(own: Sequence[Operand], question: str) -> bool:
    """Are two of the figures of variants of one thing (全天, 半天) of which the question does not say both,
    nor how many there are? Then all that stood there was put together."""
    if numbered(normalize(question).text, len(own)):
        return False
    for one, other in combinations([o.name for o in own if o.place and o.name], 2):
        least = min(len(one), len(other)) - 1
        if least > 0 and ALIKE * least <= shared_pairs(one, other):
            apart = [[c for c in a if c not in b] for a, b in ((one, other), (other, one))]
            if not all(any(c in question for c in chars) for chars in apart if chars):
                return True
    return False


def _once(places: Sequence[EvidenceSentence]) -> tuple[EvidenceSentence, ...]:
    return tuple({(place.document.id, place.start): place for place in places}.values())
