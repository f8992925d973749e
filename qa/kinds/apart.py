"""What was found for each of several things that a question asks or compares: each under its own name, of a
comparison side by side in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os.path import commonprefix

import prompts
from qa.kinds.compose import quoted, stacked
from qa.kinds.extract import Extract
from qa.kinds.ordered import head_of, line_of
from qa.types import Answer, Sentence

NAME = 2
"""Least characters of a name."""
CELL = 160
"""Most characters of a cell of a table."""


def set_apart(answer: Answer, found: Extract) -> Answer:
    """The answer with the lines found for each thing under its name; as it is where they were not looked for
    one by one, or a line says something of several."""
    each = [own for _, own in found.parts]
    places = [(line.document.id, line.start) for own in each for line in own]
    if len(each) < 2 or not all(each) or len(set(places)) < len(places):
        return answer
    lines = [[quoted(line) for line in own] for own in each]
    parts = [part.rstrip("？?。. ") for part, _ in found.parts]
    cells = ["".join(line.text for line in own) for own in lines]
    if answer.kind == "compare" and max(map(len, cells)) <= CELL:
        shown = [head_of((prompts.text("qa.compared_thing"), prompts.text("qa.compared_said")))]
        for name, cell, own in zip(names(parts), cells, lines, strict=True):
            cited = tuple(c for line in own for c in line.citations)
            shown.append(Sentence(line_of((name, cell)) + "\n", "supported", cited))
        return replace(answer, sentences=tuple(shown))
    named = [
        replace(line, text=f"{part}：{line.text}") if line is own[0] else line
        for part, own in zip(parts, lines, strict=True)
        for line in own
    ]
    return replace(answer, sentences=stacked(named))


def names(parts: Sequence[str]) -> list[str]:
    """What each of some questions is about that the others are not: without the characters that all of them
    begin and end with, figures and words of Latin letters whole; the questions as they are where one is left
    without a name, or two have the same."""
    start, end = len(commonprefix(list(parts))), len(commonprefix([part[::-1] for part in parts]))
    while start and _joined(parts[0][start - 1]):
        start -= 1
    while end and _joined(parts[0][-end]):
        end -= 1
    while end and min(len(part) - end - start for part in parts) < NAME:
        end -= 1
    own = [part[start : len(part) - end].strip() for part in parts]
    return own if all(own) and len(set(own)) == len(own) else list(parts)


def _joined(character: str) -> bool:
    """Is it part of a figure or of a word of Latin letters?"""
    return character.isascii() and character.isalnum()
