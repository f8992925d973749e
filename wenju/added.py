"""What became of files that were added or synced, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from index.documents import AddReport

NAMED = 5
"""Skipped files that are named one by one."""


def as_json(report: AddReport) -> dict[str, Any]:
    """Every name, and every failure with its next step."""
    done = {name: list(getattr(report, name)) for name in ("added", "replaced", "unchanged", "removed")}
    renamed = [{"from": old, "to": new} for old, new in report.renamed]
    failed = [
        {"file": str(path), "error": error.message, "hint": error.hint} for path, error in report.failed
    ]
    return {**done, "renamed": renamed, "failed": failed, "skipped": [str(path) for path in report.skipped]}


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


def tell(report: AddReport, where: str) -> None:
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
    for path, error in report.failed:
        typer.secho(f"not indexed: {path}: {error.message}", fg="yellow", err=True)
        if error.hint:
            typer.echo(f"  {error.hint}", err=True)
