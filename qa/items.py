"""The items of an answer, and which of them a question means by its number: 第二个 of 甲、乙、丙.

Told by form alone: lines, numbers that items begin with, or parts between enumeration commas.
"""

from __future__ import annotations

from index.normalize import number_spans
from index.outline import own_number
from index.sentences import split_sentences

LONGEST = 40
"""Characters of an item that stand for it in a question."""
_ENDS = "；;。，, \n"
_CLAUSE = str.maketrans("，。；：！？\n", "\n\n\n\n\n\n\n")
_SAID = str.maketrans("，。；\n", "\n\n\n\n")


def items_of(answer: str) -> list[str]:
    """The items of a text, without the numbers that they begin with: its lines, else what is numbered in it,
    else the longest run of parts between enumeration commas; [] where there are not two."""
    lines = [line.strip() for line in answer.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith(("：", ":")):
        lines = lines[1:]
    if len(lines) > 1:
        rest = lines[0].partition("：")[2]
        first = rest if own_number(rest) and own_number(lines[1]) else lines[0]
        return [_bare(line) for line in (first, *lines[1:])]
    parts = [answer[a:b].strip() for a, b in split_sentences(answer)]
    parts = [_behind_lead(part) for part in parts]
    numbered = [part for part in parts if own_number(part)]
    if len(numbered) > 1:
        return [_bare(part) for part in numbered]
    runs = [clause.split("、") for clause in answer.translate(_CLAUSE).splitlines()]
    longest = max(runs, key=len, default=[])
    return [part.strip() for part in longest] if len(longest) > 1 else []


def clauses_of(answer: str) -> list[str]:
    """The clauses of a text, where there are two or more, and each has a figure; else []."""
    clauses = [clause.strip() for clause in answer.translate(_SAID).splitlines() if clause.strip()]
    return clauses if len(clauses) > 1 and all(any(c.isdigit() for c in one) for one in clauses) else []


def with_item(asked: str, answer: str) -> str:
    """The question with the item of the answer in the place of its number, "" where it names none: after
    甲桥、乙桥 the question 第二个哪天完工 is 乙桥哪天完工."""
    items = items_of(answer)
    numbers = [span for span in number_spans(asked) if span.kind == "ordinal"]
    if len(numbers) != 1 or not 1 <= numbers[0].value <= len(items):
        return ""
    item = items[int(numbers[0].value) - 1]
    if len(item) > LONGEST:
        item = item[:LONGEST].rsplit("；", 1)[0]
    end = max(numbers[0].end, numbers[0].unit_end)
    return f"{asked[: numbers[0].start]}{item.rstrip(_ENDS)}{asked[end:]}"


def _bare(item: str) -> str:
    return item[len(own_number(item)) :].strip(_ENDS)


def _behind_lead(part: str) -> str:
    """The part from the number on that stands behind a colon: 有四种情形：（一）…."""
    lead, colon, rest = part.partition("：")
    return rest.strip() if colon and own_number(rest.strip()) and not own_number(lead) else part
