"""`wenju doctor`: is everything here that answers need, and if not, what to do next."""

from __future__ import annotations

from dataclasses import asdict

import typer

from wenju.border import fail
from wenju.options import Data, Json, print_json, settings_of


def doctor(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """Check Python, packages, processor, memory, disk, models, generator, index and port; say what to do next."""
    from wenju.health import examine

    checks = examine(settings_of(ctx, data))
    failed = [check for check in checks if check.state == "fail"]
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
        if failed:
            raise typer.Exit(1)
        return
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    for check in checks:
        typer.echo(
            typer.style(f"{check.state:<5}", fg=colours[check.state]) + f"{check.name:<10} {check.found}"
        )
        if check.next_step:
            typer.echo(f"      -> {check.next_step}")
    if failed:
        fail(f"{len(failed)} checks failed.")
