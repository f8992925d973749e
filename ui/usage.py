"""How the program is used, from what stores keep: by week, unanswered, marked wrong, slow, never cited, disk.
Pure functions.

Small talk counts nowhere. Everything is a Sheet, which the page shows and the export writes: one of each, the
same cells.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from index.orders import Suspect
from index.types import Document
from models.files import size_of
from ui.storage_types import Asked, Feedback, folded
from ui.texts import Texts

Cell = str | int | float
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet calculate; a text that begins so gets an apostrophe before it."""
PARTS = {"index": "index", "originals": "originals", "wenju.db": "records", "answers.sqlite": "answers"}
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the name that its texts hang on, names of columns, rows. ``links``: an address for each row,
    if any."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at: questions and feedback of so many weeks up to ``today``, and whether names may be
    shown."""

    asked: tuple[Asked, ...]
    feedback: tuple[Feedback, ...]
    weeks: int
    today: date
    names: bool

    @classmethod
    def of(
        cls,
        asked: Sequence[Asked],
        feedback: Sequence[Feedback],
        weeks: int,
        *,
        names: bool,
        today: date | None = None,
    ) -> Span:
        """Without small talk, and from the Monday on with which the first week begins."""
        until = today or datetime.now(UTC).date()
        first = _monday(until) - timedelta(weeks=weeks - 1)
        real = tuple(row for row in asked if not row.talk and _day(row.at) >= first)
        said = tuple(
            f for f in feedback if _day(f.at) >= first and not (f.answer is not None and f.answer.talk)
        )
        return cls(real, said, weeks, until, names)

    @property
    def wrong(self) -> list[Feedback]:
        """Answers that somebody found wrong; that something is missing alone is a gap."""
        return [f for f in self.feedback if f.verdict == "down" and set(f.reasons) != {"gap"}]


def totals(span: Span) -> dict[str, Cell]:
    """The few figures at the top."""
    times = _times(span.asked)
    return {
        "asked": len(span.asked),
        "answered": sum(map(_answered, span.asked)),
        "refused": sum(row.reason != "" for row in span.asked),
        "wrong": len(span.wrong),
        "typical": f"{median(times):.1f} s" if times else "–",
        "slowest": f"{_late(times):.1f} s" if times else "–",
    }


def sheets(
    span: Span,
    documents: Sequence[Document],
    data: Path,
    originals: Path | None,
    t: Texts,
    base: str,
    suspects: Sequence[Suspect] = (),
) -> list[Sheet]:
    """All tables, in the order in which the page shows them. ``suspects``: passages that read like orders to
    a program."""
    return [
        _weeks(span),
        _missed(span, t),
        _gaps(span),
        _wrong(span, t),
        _often(span),
        _slow(span),
        _uncited(span, documents, base),
        _orders(suspects, base),
        _disk(data, originals, t),
    ]


def to_csv(sheet: Sheet, t: Texts) -> bytes:
    """The table for a spreadsheet: UTF-8 with the mark by which Excel knows it, no cell that would be
    calculated."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow([t("col_" + name) for name in sheet.columns])
    rows.writerows([[_plain(cell) for cell in row] for row in sheet.rows])
    return out.getvalue().encode("utf-8-sig", "replace")


def _weeks(span: Span) -> Sheet:
    asked: dict[date, list[Asked]] = {}
    for row in span.asked:
        asked.setdefault(_monday(_day(row.at)), []).append(row)
    wrong = Counter(_monday(_day(f.at)) for f in span.wrong)
    rows = []
    for start in (_monday(span.today) - timedelta(weeks=n) for n in range(span.weeks)):
        here = asked.get(start, [])
        times = _times(here)
        refused, answered = sum(row.reason != "" for row in here), sum(map(_answered, here))
        typical, late = (round(median(times), 1), round(_late(times), 1)) if times else ("", "")
        unfinished = len(here) - answered - refused
        rows.append(
            (start.isoformat(), len(here), answered, refused, unfinished, wrong[start], typical, late)
        )
    columns = ("week", "asked", "answered", "refused", "failed", "wrong", "typical", "slowest")
    return Sheet("weeks", columns, tuple(rows) if span.asked or span.wrong else ())


def _often(span: Span) -> Sheet:
    return Sheet(
        "asked", ("question", "times", "last"), _grouped((row.question, row.at) for row in span.asked)
    )


def _missed(span: Span, t: Texts) -> Sheet:
    refused = [row for row in span.asked if row.reason]
    reasons = {folded(row.question): t("refused_" + row.reason) for row in refused}
    rows = [
        (q, n, reasons[folded(str(q))], last)
        for q, n, last in _grouped((row.question, row.at) for row in refused)
    ]
    return Sheet("missed", ("question", "times", "reason", "last"), tuple(rows))


def _gaps(span: Span) -> Sheet:
    told = [f for f in span.feedback if "gap" in f.reasons]
    comments: dict[str, list[str]] = {}
    for f in told:
        comments.setdefault(folded(_question(f)), []).extend([f.comment] if f.comment else [])
    rows = [
        (q, n, last, "；".join(comments[folded(str(q))]))
        for q, n, last in _grouped((_question(f), f.at) for f in told)
    ]
    return Sheet("gaps", ("question", "times", "last", "comment"), tuple(rows))


def _wrong(span: Span, t: Texts) -> Sheet:
    rows = [
        (_question(f), t("listed").join(t("reason_" + r) for r in f.reasons), f.comment, f.at[:10], f.user)
        for f in span.wrong
    ]
    columns = ("question", "reason", "comment", "when", "who")
    kept = len(columns) if span.names else len(columns) - 1
    return Sheet("wrong", columns[:kept], tuple(row[:kept] for row in rows))


def _slow(span: Span) -> Sheet:
    timed = sorted((row for row in span.asked if row.seconds), key=lambda row: -(row.seconds or 0))
    return Sheet(
        "slow",
        ("question", "seconds", "when"),
        tuple((r.question, round(r.seconds or 0, 1), _minute(r.at)) for r in timed),
    )


def _uncited(span: Span, documents: Sequence[Document], base: str) -> Sheet:
    cited = {identity for row in span.asked for identity in row.documents}
    never = sorted((d for d in documents if d.id not in cited), key=lambda d: (d.published or "", d.title))
    rows = tuple((d.title, d.source, d.published or "") for d in never)
    return Sheet(
        "uncited", ("title", "source", "date"), rows, tuple(f"{base}/documents/{d.id}" for d in never)
    )


def _orders(suspects: Sequence[Suspect], base: str) -> Sheet:
    rows = tuple((s.document.title, " ".join(s.passage.text.split()), round(s.score, 2)) for s in suspects)
    links = tuple(
        f"{base}/documents/{s.document.id}?start={s.passage.start}&end={s.passage.end}#span" for s in suspects
    )
    return Sheet("orders", ("title", "passage", "sure"), rows, links)


def _disk(data: Path, originals: Path | None, t: Texts) -> Sheet:
    if not data.is_dir():
        return Sheet("disk", ("part", "size"), ())
    sizes: Counter[str] = Counter()
    for entry in data.iterdir():
        part = next((part for name, part in PARTS.items() if entry.name.startswith(name)), "other")
        sizes[part] += size_of(entry)
    if originals is not None and originals.is_dir() and not originals.is_relative_to(data):
        sizes["originals"] += size_of(originals)
    rows = [(t("disk_" + part), round(size / MEGABYTE, 1)) for part, size in sizes.most_common()]
    return Sheet("disk", ("part", "size"), (*rows, (t("disk_free"), round(free(data) / MEGABYTE))))


def free(data: Path) -> int:
    """Bytes free on the disk of the data folder; 0 where it is not there."""
    return shutil.disk_usage(data).free if data.is_dir() else 0


def _grouped(rows: Iterable[tuple[str, str]]) -> tuple[tuple[str, int, str], ...]:
    """Question, how often, day of the last time; the most frequent first, then the latest, each under its
    latest wording."""
    counts: Counter[str] = Counter()
    latest: dict[str, tuple[str, str]] = {}
    for question, at in rows:
        key = folded(question)
        counts[key] += 1
        latest[key] = max(latest.get(key, ("", "")), (at, question))
    found = [(question, counts[key], at[:10]) for key, (at, question) in latest.items()]
    return tuple(sorted(found, key=lambda row: (row[1], row[2], row[0]), reverse=True))


def _question(f: Feedback) -> str:
    return f.answer.question if f.answer is not None else "–"


def _answered(row: Asked) -> bool:
    return row.status == "done" and not row.reason


def _times(rows: Iterable[Asked]) -> list[float]:
    return [row.seconds for row in rows if row.seconds]


def _late(times: Sequence[float]) -> float:
    return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def _day(at: str) -> date:
    return date.fromisoformat(at[:10])


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _plain(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
