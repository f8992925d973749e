"""Arithmetic over quantities that keep their units: what may be added, what may be multiplied, and how it is
written. Exact; where units do not fit there is no result.

A figure beside which a unit stands without a figure is one for each of it, and may be multiplied by a number
of that: 每平方米6.5元 (元/平方米) by 12,000平方米 is an amount in 元.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from index.normalize import NumberSpan, number_spans
from qa.attribution import EvidenceSentence
from qa.checks.numbers import measured_in

SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}
HUNDRED = Decimal(100)
LARGE = {"万": Decimal(10**4), "亿": Decimal(10**8)}
AFTER = 4
"""Characters after a figure in which what it is for each of may stand (元/平方米)."""
PLACES = 4
"""Decimals that a quotient is shown with."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A figure of a calculation.

    Attributes:
        name: what it is said to be, "" for nothing.
        text: as it stands, with its unit.
        span: the figure.
        before: what of its clause stands before it.
        after: what of the clause follows it.
        place: where it stands; None for one of the question.
    """

    name: str
    text: str
    span: NumberSpan
    before: str
    after: str
    place: EvidenceSentence | None


@dataclass(frozen=True, slots=True)
class Step:
    """Two parts and what is done with them: one of ``+ - * /``."""

    sign: str
    left: Node
    right: Node


Node = Operand | Step


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its unit on the way to a result.

    Attributes:
        before: what stands before it in its clause, without figures and their units.
        after: the first characters after it.
        things: what it may be a number of, as it is written.
        shown: how it comes about.
        loose: must it stand in brackets before it is multiplied?
    """

    value: Decimal
    unit: str
    before: str
    after: str
    things: tuple[str, ...]
    shown: str
    loose: bool = False

    def for_each(self, number: Quantity) -> bool:
        """Is it so much for each of what the other is a number of?"""
        return self.unit != number.unit and any(
            thing in self.before or 0 <= self.after.find(thing) <= 1 for thing in number.things
        )


def in_large(value: Decimal, unit: str, texts: Sequence[str]) -> tuple[Decimal, str]:
    """What was computed in 万 or 亿, with that before its unit, where all figures that it was computed from
    are written so."""
    for mark, size in LARGE.items():
        if texts and all(text.endswith(mark + unit) for text in texts):
            return value / size, mark + unit
    return value, unit


def operands(node: Node) -> Iterator[Operand]:
    """The figures of a calculation, from left to right."""
    if isinstance(node, Step):
        yield from operands(node.left)
        yield from operands(node.right)
    else:
        yield node


def signs(node: Node) -> Iterator[str]:
    """What a calculation does."""
    if isinstance(node, Step):
        yield node.sign
        yield from signs(node.left)
        yield from signs(node.right)


def result(node: Node) -> Quantity | None:
    """What a calculation comes to; None where its units do not fit."""
    if isinstance(node, Operand):
        return _of(node)
    left, right = result(node.left), result(node.right)
    if left is None or right is None:
        return None
    if node.sign in "+-":
        return _added(left, right, node.sign)
    return _multiplied(left, right) if node.sign == "*" else _divided(left, right)


def _of(one: Operand) -> Quantity:
    unit, factor = measured_in(one.span.unit)
    named = (one.span.unit, unit if factor == 1 else "", one.after[:1], one.after[:2])
    before = one.before
    for span in reversed(number_spans(before)):
        before = before[: span.start] + before[max(span.end, span.unit_end) :]
    things = tuple(thing for thing in named if thing.isalpha())
    return Quantity(one.span.value, one.span.unit, before, one.after[:AFTER], things, one.text)


def _added(left: Quantity, right: Quantity, sign: str) -> Quantity | None:
    (one, factor), (other, per) = measured_in(left.unit), measured_in(right.unit)
    if one != other or factor != per:
        return None
    value = left.value + right.value if sign == "+" else left.value - right.value
    shown = f"{left.shown} {SIGNS[sign]} {right.shown}"
    unit = "个百分点" if left.unit == "%" and sign == "-" else left.unit
    things = tuple(thing for thing in left.things if thing in right.things)
    before = left.before + right.before
    return Quantity(value, unit, before, right.after, things, shown, loose=True)


def _multiplied(left: Quantity, right: Quantity) -> Quantity | None:
    shown = " × ".join(f"（{part.shown}）" if part.loose else part.shown for part in (left, right))
    for price, number in ((left, right), (right, left)):
        if number.unit == "%" != price.unit:
            return replace(price, value=price.value * number.value / HUNDRED, shown=shown, loose=False)
        if price.for_each(number) and not number.for_each(price):
            return replace(price, value=price.value * number.value, things=(), shown=shown, loose=False)
    return None


def _divided(left: Quantity, right: Quantity) -> Quantity | None:
    if left.unit != right.unit or not right.value:
        return None
    shown = " ÷ ".join(f"（{part.shown}）" if part.loose else part.shown for part in (left, right))
    return Quantity(round(left.value / right.value, PLACES), "", "", "", (), shown)
