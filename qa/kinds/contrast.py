"""Lines of an answer against the rows and items beside them: of one table, or one enumeration, those that the
question names stay (``qa.kinds.rows``).

Where it names none, or none of the lines, they stay as they were found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.normalize import normalize
from qa.attribution import EvidenceSentence
from qa.kinds.enumerations import enumerations
from qa.kinds.evidence import Block, Indexed
from qa.kinds.rows import meant_rows
from qa.kinds.tables import Row, Table, tables_in

NAME = 12
"""Characters of a name before a colon."""


def against_rows(
    question: str, lines: Sequence[EvidenceSentence], index: Indexed, every: bool, typed: str = ""
) -> list[EvidenceSentence]:
    """The lines of an answer without the rows of a table that fall behind others of it among them; where some
    are named in so many words, without rows of other tables of which nothing is named.

    Args:
        lines: the best document's first.
        every: all rows that the question names are wanted, be they among the lines or not.
        typed: the question without what it takes up from turns before, where it does.
    """
    asked, own = normalize(question).text, normalize(typed).text
    out, unnamed, exact = list(lines), set[tuple[str, int]](), False
    for table in _tables(lines, index):
        whole = {(row.place.document.id, row.place.start) for row in table.rows}
        told = [line for line in out if (line.document.id, line.start) in whole]
        named = meant_rows(asked, own, table)
        places = [row.place for row in named.rows] if named else []
        kept = [place for place in places if place.start in {line.start for line in told}]
        if named and kept and (named.exact or not every):
            at = out.index(told[0])
            out = [*out[:at], *(places if every else kept), *(x for x in out[at:] if x not in told)]
            exact = exact or named.exact
        else:
            unnamed |= whole
    return [line for line in out if not exact or (line.document.id, line.start) not in unnamed]


def against_items(
    question: str, lines: Sequence[EvidenceSentence], block: Block, typed: str = ""
) -> list[EvidenceSentence]:
    """The lines of an answer without the items of an enumeration in running text, of one sentence each, that
    fall behind others of it among them.

    Args:
        block: where the lines stand.  typed: as for :func:`against_rows`.
    """
    asked, own, out = normalize(question).text, normalize(typed).text, list(lines)
    told = [[item[0] for item in one.items if len(item) == 1] for one in enumerations(block)]
    for items in (*told, *_headed(block)):
        table = Table(("",), tuple(Row(item, {"": item.text}) for item in items))
        named = meant_rows(asked, own, table)
        kept = {row.place.start for row in named.rows} if named and named.exact else set()
        if kept & {line.start for line in out}:
            out = [x for x in out if x.start in kept or x.start not in {item.start for item in items}]
    return out


def _headed(block: Block) -> Iterator[list[EvidenceSentence]]:
    """Sentences after one another that each begin with a name of one kind, told by its last character, and a
    colon: 甲线：…。乙线：…。"""
    run: list[EvidenceSentence] = []
    last = ""
    for sentence in [*block.sentences(), None]:
        name = sentence.text.lstrip().partition("：")[0] if sentence and "：" in sentence.text else ""
        kind = name[-1] if len(name) <= NAME and name.isalnum() else ""
        if sentence and kind and kind == last:
            run.append(sentence)
            continue
        if len(run) > 1:
            yield run
        run, last = ([sentence] if sentence else []), kind


def _tables(lines: Sequence[EvidenceSentence], index: Indexed) -> Iterator[Table]:
    """The tables that lines are rows of, each once."""
    left = list(lines)
    while left:
        line = left.pop(0)
        for table in tables_in(line.document, line.start, line.start + 1, index):
            own = {row.place.start for row in table.rows}
            if line.start in own:
                left = [x for x in left if x.document.id != line.document.id or x.start not in own]
                yield table
