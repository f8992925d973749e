"""What a cell of a table holds of a question: runs of its characters, days, times, figures in its range."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from index.normalize import normalize, number_spans
from qa.checks.dates import find_dates
from qa.checks.moments import Moment, meet, moments
from qa.kinds.ranges import Fallen, figures_within
from qa.kinds.tables import bare

PART = 0.25
"""Share of a cell, or of one of the things that it lists, that two characters of it must be to name it; three
are enough anywhere."""
MOSTLY = 2 / 3
"""Share of a column's cells that tell days for it to be one of days."""
FEW = 200
"""Things listed in a column among which one is looked for that another contains."""
_TOKEN = re.compile(r"[a-z0-9]+(?:[.:-][a-z0-9]+)*|[^\W_]")
_ITEM = re.compile(r"[、,，;；。/\s()（）]+|(?<!\d):|:(?!\d)")
_Token = tuple[str, int, int]
Places = frozenset[int]
"""Where characters of the question stand."""
NONE: Places = frozenset()


@dataclass(frozen=True, slots=True)
class Hold:
    """What a cell holds of the question: places of its characters; what share of it they are, 1 by value."""

    places: Places = NONE
    share: float = 0.0


def heads(asked: str, columns: Sequence[str]) -> Places:
    """What of the question names a column."""
    told = _tokens(asked)
    names = [_tokens(normalize(bare(column)).text) for column in columns]
    return frozenset(i for name in names for run, _ in _runs(told, name) for i in run)


def held_of(asked: str, cells: Sequence[str], column: str, bare_figures: bool) -> list[Hold]:
    """What each cell of a column, normalised, holds of the question: what it tells by value, and else by its
    characters."""
    values, taken = _by_moment(asked, cells)
    values += [
        f
        for f in figures_within(asked, column, cells, bare_figures)
        if not taken & set(range(f.start, f.end))
    ]
    taken = taken.union(*(range(one.start, one.end) for one in values))
    told = [token for token in _tokens(asked) if token[1] not in taken]
    listed = {item for cell in cells for item in things(cell)}
    said = {asked[i : i + 2] for i in range(len(asked) - 1)}
    said |= {text[0] for text, _, _ in told if text[0].isascii()}
    near = {item for item in listed if any(part in item for part in said)}
    within = near if len(near) <= FEW else frozenset[str]()
    texts = {item: _by_text(asked, told, item, within) for item in near}
    out = []
    for n, cell in enumerate(cells):
        by_value = frozenset(i for one in values if n in one.cells for i in range(one.start, one.end))
        by_text = [texts[item] for item in things(cell) if item in texts]
        places = by_value.union(*(hold.places for hold in by_text))
        out.append(Hold(places, max([1.0 * bool(by_value), *(hold.share for hold in by_text)])))
    return out


def whole_in(asked: str, cells: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """The things that cells, normalised, list and that stand whole in the question, but for figures and days,
    with where they do."""
    for thing in {one for cell in cells for one in things(cell) if len(one) > 1 and one in asked}:
        spans = [(span.start, span.unit_end) for span in number_spans(thing)]
        spans += [(day.start, day.end) for day in find_dates(thing)]
        if (0, len(thing)) not in spans:
            yield from ((thing, *match.span()) for match in re.finditer(re.escape(thing), asked))


def _by_moment(asked: str, cells: Sequence[str]) -> tuple[list[Fallen], Places]:
    """The days and times of the question with the cells that mean them, of a column that tells such; and
    where these stand in the question, meant by a cell or not. A cell means all that it tells: 周六下午."""
    wanted = moments(asked)
    told: list[list[Moment]] = [moments(cell) for cell in cells] if wanted else []
    kinds = [
        kind
        for kind in dict.fromkeys(one.kind for one in wanted)
        if _tells_moments(cells, [[other for other in own if other.kind == kind] for own in told])
    ]
    known = [one for one in wanted if one.kind in kinds]
    meant = [[one for one in known if any(meet(one, other) for other in own)] for own in told]
    full = [n for n, own in enumerate(meant) if {one.kind for one in own} == set(kinds)]
    held = [(one, frozenset(n for n in full if one in meant[n])) for one in known]
    taken = NONE.union(*(range(one.start, one.end) for one in known))
    return [Fallen(one.start, one.end, own) for one, own in held if own], taken


def _tells_moments(cells: Sequence[str], told: Sequence[Sequence[Moment]]) -> bool:
    """Does a column tell moments of a kind? Days without a month are such where each is a cell: 15日 may be a
    length of time."""
    full = [(cell, own) for cell, own in zip(cells, told, strict=True) if cell]
    if sum(bool(own) for _, own in full) < MOSTLY * len(full):
        return False
    open_days = [own and own[0].kind == "day" and not own[0].runs[0][0][1] for _, own in full]
    return not any(open_days) or len({cell for cell, own in full if own and own[0].end == len(cell)}) == len(
        cells
    )


def _by_text(asked: str, told: Sequence[_Token], item: str, things: Set[str]) -> Hold:
    """What of the question stands in one of the things that a cell lists, and not in another thing of the
    column that this one contains: 主任 names 主任医师 and not 副主任医师."""
    places: set[int] = set()
    share = 0.0
    for run, at in _runs(told, _tokens(item)):
        words = asked[run.start : run.stop]
        name = not words.isdigit() or (at == 0 and not item.isdigit())
        enough = name and (len(run) > 2 or len(run) >= PART * len(item))
        if enough and not any(words in other and other in item and other != item for other in things):
            places.update(run)
            share = max(share, len(run) / len(item))
    return Hold(frozenset(places), share)


def things(cell: str) -> list[str]:
    """The things that a cell lists."""
    return [item for item in _ITEM.split(cell) if item]


def _tokens(text: str) -> list[_Token]:
    """Characters, runs of Latin letters and figures, and figures with their units by value, with where they
    stand; one of a unit in words is no figure (一次 is not 1次)."""
    spans = [span for span in number_spans(text) if span.unit]
    taken = {i for span in spans for i in range(span.start, max(span.end, span.unit_end))}
    figures = [
        (
            f"{span.value:f} {span.unit}"
            if span.value != 1 or text[span.start].isdecimal()
            else text[span.start : max(span.end, span.unit_end)],
            span.start,
            max(span.end, span.unit_end),
        )
        for span in spans
    ]
    words = [(match.group(), *match.span()) for match in _TOKEN.finditer(text) if match.start() not in taken]
    return sorted([*figures, *words], key=lambda token: token[1])


def _runs(told: Sequence[_Token], cell: Sequence[_Token]) -> Iterator[tuple[range, int]]:
    """The longest runs of the one that stand in the other, with where they do; of Chinese at least two
    characters."""
    end = 0
    for i, (_, start, _) in enumerate(told):
        lengths = [(_length(told[i:], cell[j:]), -j) for j in range(len(cell)) if cell[j][0] == told[i][0]]
        length, at = max(lengths, default=(0, 0))
        stop = told[i + length - 1][2] if length else 0
        if stop > end and stop - start > 1:
            yield range(start, stop), cell[-at][1]
            end = stop


def _length(told: Sequence[_Token], cell: Sequence[_Token]) -> int:
    """How many tokens of the two are the same from the beginning, those of the question without a gap."""
    length = 0
    for one, other in zip(told, cell, strict=False):
        if one[0] != other[0] or (length and one[1] != told[length - 1][2]):
            break
        length += 1
    return length
