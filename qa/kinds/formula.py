"""A calculation as the model that writes puts it down, read: names of figures, one a line, and what is done
with them. Every figure is looked up in the evidence, or else in the question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from index.normalize import NumberSpan, number_spans
from qa.attribution import EvidenceSentence
from qa.context import Context
from qa.kinds.arithmetic import Node, Operand, Step, result
from qa.kinds.tables import row_text

ANSWER = "答案"
EDGES = "，。；：！？,;!?\n"
"""Marks between clauses."""
SIGNS = {"+": "+", "-": "-", "−": "-", "*": "*", "×": "*", "/": "/", "÷": "/", "(": "(", ")": ")"}
RANK = {"+": 1, "-": 1, "*": 2, "/": 2}


def named(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names and what stands after them; of a line without a name its text is both."""
    for line in lines:
        name, equals, rest = line.partition("=")
        yield name.strip(), rest.strip() if equals else name.strip()


def calculation(lines: Sequence[str], question: str, context: Context) -> Step | None:
    """What the last line calculates; None where a line is no calculation, a figure stands nowhere, or one is
    told and not used."""
    known: dict[str, Node] = {}
    used: set[str] = set()
    node: Node | None = None
    last = ""
    for name, text in named(lines):
        line = _parsed(text.split("=", 1)[0], name, known, used, question, context)
        if line is None and name == ANSWER and node and _same_result(node, text):
            continue  # the result of the line before, said again
        if line is None:
            return None
        known[name] = node = line
        last = name
    return node if isinstance(node, Step) and not set(known) - used - {last} else None


def _same_result(node: Node, text: str) -> bool:
    """Is the text one figure, the result of the calculation?"""
    spans, total = number_spans(text), result(node)
    return total is not None and len(spans) == 1 and abs(total.value) == spans[0].value


def _parsed(
    text: str, name: str, known: dict[str, Node], used: set[str], question: str, context: Context
) -> Node | None:
    """The calculation that a line writes down, of names and figures; None where it is none."""
    parts = list(_parts(text, known))
    nodes: list[Node | str] = []
    alone = len(parts) == 1
    for part in parts:
        if part in SIGNS:
            nodes.append(SIGNS[part])
            continue
        own = part if part in known else _twin(part, known, used)
        node = known[own] if own else _operand(part, name if alone else "", question, context)
        if node is None:
            return None
        used.update([own] if own else [])
        nodes.append(node)
    tree = _tree(nodes)
    return tree if not nodes else None


def _twin(part: str, known: dict[str, Node], used: set[str]) -> str:
    """The name that was given to a figure which is written out again, or of which the one name that fits is
    shortened: 违建 of 违法建设."""
    spans = number_spans(part)
    if not spans:
        fit = [name for name in known if name not in used and len(part) > 1 and _shortens(part, name)]
        return fit[0] if len(fit) == 1 else ""
    value, unit = (spans[0].value, spans[0].unit) if len(spans) == 1 else (None, "")
    for name, node in known.items():
        same = isinstance(node, Operand) and node.span.value == value and unit in ("", node.span.unit)
        if same and name not in used:
            return name
    return ""


def _shortens(part: str, name: str) -> bool:
    """Do all characters of the one stand in the other, in order?"""
    rest = iter(name)
    return all(c in rest for c in part)


def _parts(text: str, known: dict[str, Node]) -> Iterator[str]:
    """Names, figures and signs of a calculation; 元/天 is no quotient."""
    names = sorted(known, key=len, reverse=True)
    at, held = 0, ""
    text = text.translate(str.maketrans("（）", "()"))
    while at < len(text):
        name = next((n for n in names if n and text.startswith(n, at)), "") if not held.strip() else ""
        sign = text[at] in SIGNS and not (text[at] == "/" and _unit_follows(text[at + 1 :], names))
        if name or sign:
            if held.strip():
                yield held.strip()
            yield name or text[at]
            held, at = "", at + (len(name) or 1)
        else:
            held, at = held + text[at], at + 1
    if held.strip():
        yield held.strip()


def _unit_follows(rest: str, names: Sequence[str]) -> bool:
    rest = rest.lstrip()
    return bool(rest) and not rest[0].isdigit() and rest[0] != "(" and not rest.startswith(tuple(names))


def _tree(left: list[Node | str], least: int = 0) -> Node | None:
    """A calculation of what stands at the beginning of ``left``, which is taken from it (precedence
    climbing)."""
    if not left:
        return None
    first = left.pop(0)
    node: Node | None
    if first == "(":
        node = _tree(left)
        if not left or left.pop(0) != ")":
            return None
    else:
        node = first if not isinstance(first, str) else None
    while node and left and isinstance(left[0], str) and (rank := RANK.get(left[0], 0)) > least:
        sign = str(left.pop(0))
        right = _tree(left, rank)
        node = Step(sign, node, right) if right else None
    return node


def _operand(part: str, name: str, question: str, context: Context) -> Operand | None:
    """The figure that stands in the evidence, or else in the question; where several do, the one in whose
    clause most of its name stands."""
    told = number_spans(part)
    if len(told) != 1 or told[0].kind not in ("number", "percent"):
        return None
    label = name or part[: told[0].start]
    rows = [(row_text(place), place) for place in context.sentences]
    found = [
        one for text, place in (*rows, (question, None)) for one in _standing(told[0], label, text, place)
    ]
    found = [one for one in found if not label or _named_so(one)]
    if not found:
        return None
    return max(found, key=lambda one: (shared_pairs(label, one.before), one.place is not None))


def _standing(told: NumberSpan, label: str, text: str, place: EvidenceSentence | None) -> Iterator[Operand]:
    """Where a figure stands in a text, with the unit that is told; a cell of a table may leave it out."""
    for span in number_spans(text):
        if not _usable(span, text) or span.kind != told.kind:
            continue
        same = span.value == told.value or (not told.unit and _digits(text, span) == told.value)
        unit = text[span.start : max(span.end, span.unit_end) + len(told.unit)]
        cell = not span.unit and text[: span.start].endswith("：")
        if not same or not (told.unit in unit or cell):
            continue
        start = max(text.rfind(mark, 0, span.start) for mark in EDGES) + 1
        ends = [at for mark in EDGES if (at := text.find(mark, span.unit_end)) >= 0]
        end = min(ends, default=len(text))
        shown = text[span.start : max(span.end, span.unit_end)]
        yield Operand(
            label,
            shown,
            span,
            text[start : span.start],
            text[len(shown) + span.start : end],
            place,
        )


def _named_so(one: Operand) -> bool:
    """Has the sentence of a figure, or what stands over it, anything of its name? Of 间数 its unit may be
    that."""
    if one.place is None or any(c in one.name for c in one.span.unit):
        return True
    over = (one.place.document.title, *one.place.passage.heading)
    return shared_pairs(one.name, "，".join((*over, one.place.text))) > 0


def _usable(span: NumberSpan, text: str) -> bool:
    """Is it a figure to compute with: none of a range, a year, a number in brackets, about so much?"""
    year = span.unit == "年" and 1900 <= span.value <= 2100
    bracketed = text[: span.start].endswith(("（", "(")) and text[span.end :].startswith(("）", ")"))
    return not (span.approx or span.range_with or year or bracketed)


def _digits(text: str, span: NumberSpan) -> Decimal | None:
    """The figure without 万 and the like."""
    own = number_spans(text[span.start : span.end].rstrip("万亿千百"))
    return own[0].value if len(own) == 1 else None


def shared_pairs(label: str, clause: str) -> int:
    """How many pairs of characters of the label stand in the clause."""
    return sum(label[i : i + 2] in clause for i in range(len(label) - 1))
