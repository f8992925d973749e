"""Comparisons that no sentence of the documents makes: 顺义的对接会和深圳的推介活动哪个在前, 开工比完工多多少公里.

A deduction by rules, no model: each of the two subjects is found with one figure (or date) of the evidence, both are
cited, and what follows is computed and marked as computed. Silent unless both operands are certain: one place for each,
told of that subject and not of the other, with one unit.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import prompts
from qa.attribution import EvidenceSentence
from qa.checks import EvidenceText
from qa.checks.dates import Date
from qa.checks.numbers import UNITS, Figure, same_unit
from qa.checks.slots import end_of
from qa.checks.text import Prepared, fold_same, grams, prepare
from qa.question import analyse

TOLD = 0.6
"""Share of a subject's own bigrams that must stand with its figure."""
PART, HEADED = 0.25, 0.85
"""... or this share, where the headings over it say the rest: all but so much."""
LEAD = 0.15
"""By how much the best place must beat the next one that has another value."""
APART = Decimal("1.2")
"""Ratio from which rounded figures (10余, 近2000) may be compared."""
_LATER, _EARLIER = "在后|靠后|晚|后|迟", "在前|靠前|早|先|前"
_MORE, _LESS = "多|大|高|长|远|重|贵|快", "少|小|低|短|近|轻|便宜|慢"
_WORD = f"(?P<word>{_LATER}|{_EARLIER}|{_MORE}|{_LESS})"
_WHICH = re.compile(
    rf"^(?P<both>.{{5,80}}?)[,，]?\s*(?:相比|比起来|之间|之中|中)?[,，]?(?:是)?(?:哪(?:一)?(?:个|项|次|场|条|家|种|边|件|方)|谁|哪)的?"
    rf"(?:日子|时间|日期|数量|人数|规模|总数|数字|里程|面积|金额)?(?:举行|举办|召开|开始|发布|发出|印发)?(?:得|的)?(?:会|要)?(?:更|比较|较|最)?{_WORD}(?:一些|一点|些|点)?(?:举行|举办|召开|开始|发布|发出|印发)?[呢啊呀]?[?？。]?$"
)
_THAN = re.compile(rf"^(?P<a>.{{2,40}}?)比(?P<b>.{{2,40}}?)(?:要|会)?{_WORD}(?:了|出)?(?:多少|几)[^，,]{{0,4}}[?？。]?$")
_APART = re.compile(r"^(?P<both>.{5,80}?)[,，]?(?:之间|两者|二者)?(?P<word>相差|差|相隔|间隔|隔)了?(?:多少|几|多久|多长时间)[^，,]{0,4}[?？。]?$")
_CHANGED = re.compile(r"^(?P<what>.{4,60}?)(?P<word>增加|增长|提高|上升|减少|降低|下降|缩短)了(?:多少|几)[^，,]{1,4}[?？。]?$")
_FROM_TO = re.compile(r"(?:由|从)(?:原来的?|原先的?)?(?P<from>[\d.]+[万亿]?\w{0,3}?)(?P<to>(?:提高|增加|增长|上升|扩大|减少|降低|下降|缩短|压缩|增|升|降|减|缩)[至到])(?=[\d.])")
_DIFFER = re.compile(r"相差|差|相隔|间隔|隔")
_JOINS = re.compile(r"和|与|跟|同|、|还是")
_LITTLE = re.compile(r"[的了在是有去到从于被把个得]|请问|一共|总共|分别|数量|时间|日期")
_STOP = re.compile(r"[。；;！？!?\n]")
_CLAUSE = re.compile(r"[，,、。；;！？!?\n（）()]")


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Operand:
    """One side: the subject as the question has it, and the figure or date that the evidence sentence ``index`` has for it."""

    subject: str
    index: int
    item: Figure | Date
    shown: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two operands in the order of the question, and what follows from them in the reader's words."""

    first: Operand
    second: Operand
    text: str


def compared(question: str, evidence: Sequence[EvidenceSentence]) -> Comparison | None:
    """What follows for a question that weighs two figures or dates of the evidence; None unless that is certain."""
    texts = [prepare(EvidenceText(e.text, e.document.spoken)) for e in evidence]
    folded, unit = fold_same(question), analyse(question).unit
    found: dict[str, Comparison] = {}
    for first, second, word in _asked(folded):
        for dated in _kinds(word, folded):
            operands = [
                _operand(question[slice(*own)], question[slice(*other)], evidence, texts, dated, unit)
                for own, other in ((first, second), (second, first))
            ]
            if operands[0] and operands[1] and (text := _follows(operands[0], operands[1], word)):
                found[text] = Comparison(operands[0], operands[1], text)
    if match := _CHANGED.match(folded):
        found |= {made.text: made for made in _changes(match["what"], evidence, texts)}
    return next(iter(found.values())) if len(found) == 1 else None


def _kinds(word: str, folded: str) -> tuple[bool, ...]:
    """Whether dates are weighed, or figures: as the word says, or (相差多少天) the unit."""
    if re.fullmatch(f"{_LATER}|{_EARLIER}", word):
        return (True,)
    return (True, False) if _DIFFER.fullmatch(word) and re.search(r"[天日月年]|多久|时间", folded[-6:]) else (False,)


def _asked(folded: str) -> Iterator[tuple[Span, Span, str]]:
    """(span of the first subject, of the second, the word that compares) for every way to read the question."""
    if match := _THAN.match(folded):
        yield match.span("a"), match.span("b"), match["word"]
    elif match := _WHICH.match(folded) or _APART.match(folded):
        begin, end = match.span("both")
        for join in _JOINS.finditer(folded, begin + 2, end - 1):
            yield (begin, join.start()), (join.end(), end), match["word"]


def _changes(what: str, evidence: Sequence[EvidenceSentence], texts: Sequence[Prepared]) -> Iterator[Comparison]:
    """What a figure grew or fell by, where one sentence tells it before and after: 由80米提高到120米."""
    own = _own(what)
    for index, text in enumerate(texts):
        for match in _FROM_TO.finditer(text.folded) if own and _share(own, grams(text.folded)) >= TOLD else ():
            before = next((f for f in text.figures if f.start == match.start("from")), None)
            after = next((f for f in text.figures if f.start == match.end()), None)
            if before is None or after is None:
                continue
            shown = evidence[index].text
            one = Operand(shown[match.start("to") : after.unit_end], index, after, shown[after.start : after.unit_end])
            two = Operand(shown[match.start() : before.unit_end], index, before, shown[before.start : before.unit_end])
            if made := _follows(one, two, "多" if after.value > before.value else "少"):
                yield Comparison(one, two, made)


def _operand(
    subject: str, other: str, evidence: Sequence[EvidenceSentence], texts: Sequence[Prepared], dated: bool, unit: str
) -> Operand | None:
    """The one place that tells the subject's figure or date; None when there is none or more than one.

    Args:
        unit: what the question asks for (多少公里); figures that can have none of it are no operands.
    """
    mine, theirs = _own(subject), _own(other)
    distinct = mine - theirs
    if not distinct:
        return None
    ranked = []
    for index, text in enumerate(texts):
        last = -9
        for item, near, around, _ in places(text, dated):
            ranged, last = item.start - last <= 1, end_of(item)
            over = grams(fold_same(" ".join((evidence[index].document.title, *evidence[index].passage.heading))))
            told = _share(distinct, near)
            if PART <= told < TOLD and _share(distinct, near | over) >= HEADED:
                told = TOLD
            if told < TOLD or _share(theirs - mine, near) >= told or (dated and ranged):
                continue
            if isinstance(item, Figure) and unit in UNITS and item.dimension != UNITS[unit][0]:
                continue
            ranked.append((told + 0.3 * _share(mine | theirs, around | over), -index, -item.start, item))
    ranked.sort(key=lambda r: r[:3], reverse=True)
    if not ranked:
        return None
    best = ranked[0]
    if any(best[0] - r[0] < LEAD and _key(r[3]) != _key(best[3]) for r in ranked[1:]):
        return None
    item = best[3]
    sentence = evidence[-best[1]].text
    about = 1 if sentence[item.start - 1 : item.start] in tuple("近约超逾") else 0
    return Operand(subject.strip("，, 的"), -best[1], item, sentence[item.start - about : end_of(item)])


def _own(subject: str) -> frozenset[str]:
    """Bigrams of a subject; those across words that say little do not count."""
    return grams(_LITTLE.sub("|", fold_same(subject)))


def places(text: Prepared, dated: bool) -> Iterator[tuple[Figure | Date, frozenset[str], frozenset[str], str]]:
    """Each figure or date with the bigrams of what it is told of, and of its sentence, and what it is told of as folded text.

    What it is told of: from the figure before it, or the stop before it, to the stop behind its clause; for a date, as far
    as the clause in which the next date stands.
    """
    items: list[Figure | Date] = list(text.dates) if dated else [f for f in text.figures if not f.weak and f.kind != "ordinal"]
    for n, item in enumerate(items):
        end = item.unit_end if isinstance(item, Figure) else item.end
        start, stop = text.sentences[text.sentence_at(item.start)]
        part = max([m.end() for m in _STOP.finditer(text.folded, start, item.start)], default=start)
        close = _STOP.search(text.folded, end, stop)
        last = close.start() if close else stop
        if n and items[n - 1].start >= part:
            before = items[n - 1]
            part = before.unit_end if isinstance(before, Figure) else before.end
            clause = _CLAUSE.search(text.folded, part, item.start)
            part = clause.end() if clause else part
        if isinstance(item, Figure):
            clause = _CLAUSE.search(text.folded, end, last)
            last = clause.start() if clause else last
        elif after := next((b for a, b in pairwise(items[n:]) if b.start - end_of(a) > 1 and b.start < last), None):
            last = max([m.start() for m in _CLAUSE.finditer(text.folded, end, after.start)], default=after.start)
        yield item, grams(text.folded[part:last]), grams(text.folded[start:stop]), text.folded[part:last]


def _share(own: frozenset[str], held: frozenset[str]) -> float:
    return len(own & held) / len(own) if own else 0.0


def _key(item: Figure | Date) -> object:
    return (item.value, item.dimension) if isinstance(item, Figure) else _day(item)


def _day(date: Date) -> tuple[int, ...] | None:
    """Year, month and day as far as they are told; None without a year."""
    year = date.year if date.year is not None else next(iter(date.soft_years), None)
    month = date.month or date.soft_month
    if year is None:
        return None
    return (year, month, date.day) if month and date.day else (year, month) if month else (year,)


def _follows(one: Operand, two: Operand, word: str) -> str:
    """The computed sentence; "" when the two cannot be weighed."""
    if isinstance(one.item, Date) and isinstance(two.item, Date):
        first, second = _day(one.item), _day(two.item)
        if first is None or second is None or first[: len(second)] == second[: len(first)]:
            return ""
        early, late = (one, two) if first < second else (two, one)
        if re.fullmatch(_LATER, word):
            return _worded("later", late, early, _days(first, second))
        return _worded("earlier", early, late, _days(first, second))
    if not isinstance(one.item, Figure) or not isinstance(two.item, Figure) or one.item.unit != two.item.unit:
        return ""
    low, high = sorted((one.item.value, two.item.value))
    rounded = one.item.approx or two.item.approx
    if not same_unit(one.item, two.item) or low == high or (rounded and high < low * APART):
        return ""
    much, little = (one, two) if one.item.value > two.item.value else (two, one)
    difference = "" if rounded else _amount(one.item, high - low)
    return _worded("less", little, much, difference) if re.fullmatch(_LESS, word) else _worded("more", much, little, difference)


def _days(first: tuple[int, ...], second: tuple[int, ...]) -> str:
    """How many days lie between two dates; "" when one of them is no full date."""
    if len(first) < 3 or len(second) < 3:
        return ""
    try:
        days = abs((datetime.date(*first) - datetime.date(*second)).days)
    except ValueError:  # before our era, or no day of the calendar
        return ""
    return prompts.text("evidence.computed_days", days=days)


def _amount(figure: Figure, value: Decimal) -> str:
    """A difference in the unit of a figure (59公里); "" for shares, whose difference is counted in points."""
    if figure.kind != "number":
        return ""
    amount = f"{value / Decimal(UNITS.get(figure.unit, ('', '1'))[1]):f}"
    return (amount.rstrip("0").rstrip(".") if "." in amount else amount) + figure.unit


def _worded(how: str, one: Operand, two: Operand, difference: str) -> str:
    apart = prompts.text("evidence.computed_difference", difference=difference) if difference else ""
    return prompts.text(f"evidence.computed_{how}", one=one.subject, first=one.shown, two=two.subject, second=two.shown, apart=apart)
