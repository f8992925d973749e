"""What became of files that were added or synced, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from index.documents import AddReport
    from index.orders import Suspect
    from qa.engine import Engine

NAMED = 5
"""Skipped files that are named one by one."""


def as_json(report: AddReport, suspects: Sequence[Suspect] = ()) -> dict[str, Any]:
    """Every name, every failure with its next step, and what reads like orders to a program."""
    done = {name: list(getattr(report, name)) for name in ("added", "replaced", "unchanged", "removed")}
    renamed = [{"from": old, "to": new} for old, new in report.renamed]
    failed = [
        {"file": str(path), "error": error.message, "hint": error.hint} for path, error in report.failed
    ]
    skipped = [str(path) for path in report.skipped]
    orders = orders_in(report, suspects)
    return {**done, "renamed": renamed, "failed": failed, "skipped": skipped, "orders": orders}


def in_short(report: AddReport) -> str:
    """``2 added, 0 replaced, 7 unchanged``, with what was renamed and removed where there is any."""
    more = "".join(
        f", {len(found)} {name}"
        for name, found in (("renamed", report.renamed), ("removed", report.removed))
        if found
    )
    return (
        f"{len(report.added)} added, {len(report.replaced)} replaced, {len(report.unchanged)} unchanged{more}"
    )


def suspects_of(engine: Engine, report: AddReport) -> Sequence[Suspect]:
    """What reads like orders to a program, looked for in what is new or changed."""
    new = {*report.added, *report.replaced}
    return engine.suspects(new) if new else ()


def orders_in(report: AddReport, suspects: Sequence[Suspect]) -> dict[str, int]:
    """Of the documents that are new or changed: source -> how many passages read like orders to a program."""
    new = {*report.added, *report.replaced}
    return dict(Counter(one.document.source for one in suspects if one.document.source in new))


def tell(report: AddReport, where: str, suspects: Sequence[Suspect] = ()) -> None:
    """Print it: numbers and names on standard output, what was not read on standard error."""
    typer.echo(f"{in_short(report)} in {where}")
    for old, new in report.renamed:
        typer.echo(f"renamed: {old} -> {new}")
    for name in report.removed:
        typer.echo(f"removed: {name}")
    if report.skipped:
        names = ", ".join(path.name for path in report.skipped[:NAMED]) + (
            " ..." if len(report.skipped) > NAMED else ""
        )
        typer.echo(f"skipped, not of a kind that is read: {len(report.skipped)} ({names})", err=True)
    for source, count in orders_in(report, suspects).items():
        typer.secho(f"reads like orders to a program: {source}, {count} passages", fg="yellow", err=True)
        typer.echo(f"  Look whether it belongs here: wenju index show '{source}'", err=True)
    for path, error in report.failed:
        typer.secho(f"not indexed: {path}: {error.message}", fg="yellow", err=True)
        if error.hint:
            typer.echo(f"  {error.hint}", err=True)
