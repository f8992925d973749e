"""`wenju doctor`: is everything here that answers need, and if not, what to do next."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from wenju.border import fail
from wenju.options import Data, Json, print_json, settings_of

if TYPE_CHECKING:
    from wenju.health import Check

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    ctx: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="This machine has no network: what would need one is a fault.")
    ] = False,
    ask: Annotated[
        bool, typer.Option(help="Also answer a question of the sample corpus, with sockets blocked.")
    ] = True,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure the speed again, though a figure is kept.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Check machine, packages, settings, prompts, models, index and port, and ask one question; say what to
    do next."""
    from wenju.health import Wanted, examine

    checks = []
    for check in examine(lambda: settings_of(ctx, data), Wanted(offline, ask, measure)):
        checks.append(check)
        if not as_json:
            _show(check)
    failed = [check for check in checks if check.state == "fail"]
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
        if failed:
            raise typer.Exit(1)
    elif failed:
        fail(f"{len(failed)} checks failed.")


def _show(check: Check) -> None:
    typer.echo(typer.style(f"{check.state:<5}", fg=COLOURS[check.state]) + f"{check.name:<10} {check.found}")
    if check.next_step:
        typer.echo(f"      -> {check.next_step}")
