"""Options that several commands share, and how they become Settings and an Engine."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from models.files import Progress
    from models.store import ModelStore
    from qa.engine import Engine
    from wenju.settings import Settings

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Data folder (else WENJU_DATA, else the user's).")
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, for programs.")]
Collection = Annotated[
    str, typer.Option("--collection", metavar="NAME", help="A set of documents: put into it, or asked alone.")
]
Question = Annotated[str, typer.Argument(help="The question, in quotes.", metavar="QUESTION")]


def settings_of(
    ctx: typer.Context, data: Path | None = None, config: Path | None = None, **sections: dict[str, Any]
) -> Settings:
    """All settings, with the flags of this call on top: those of ``wenju`` itself, then those of the command.

    ``sections`` are nested flags, e.g. ``answer={"style": "short"}``; None values set nothing.
    """
    from wenju.settings import load_settings

    root = ctx.find_root().params
    flags: dict[str, Any] = {"data": root.get("data")}
    for assignment in root.get("set_") or ():
        _assign(flags, assignment)
    if data is not None:
        flags["data"] = data
    for section, values in sections.items():
        given = {key: value for key, value in values.items() if value is not None}
        flags[section] = {**flags.get(section, {}), **given}
    return load_settings(flags, config or root.get("config"))


def _assign(flags: dict[str, Any], assignment: str) -> None:
    """Put ``answer.risk=0.1`` into the nested flags; the value is TOML, or else plain text."""
    key, equals, text = assignment.partition("=")
    if not equals or not key.strip():
        raise typer.BadParameter(f"{assignment!r} is not KEY=VALUE", param_hint="--set")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, name = key.strip().split(".")
    for section in sections:
        flags = flags.setdefault(section, {})
    flags[name] = value


def open_engine(settings: Settings) -> Engine:
    """The engine of these settings; nothing is loaded yet."""
    from qa.engine import Engine

    return Engine.open(settings.engine)


def open_store(settings: Settings) -> ModelStore:
    from models.store import ModelStore

    return ModelStore(settings.models.folder)


def print_json(data: Any) -> None:
    """One JSON document on standard output, Chinese readable."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


class Bars:
    """Progress bars on stderr, one per thing; silent when stderr is not a terminal. Use as a context
    manager."""

    def __init__(self, unit: str = "bytes") -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        amount = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            amount,
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Progress:
        self._bars.start()
        return self.update

    def __exit__(self, *_error: object) -> None:
        self._bars.stop()

    def update(self, what: str, done: int, total: int) -> None:
        """The callback that stores, engines and runners call."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total or None)
        self._bars.update(self._tasks[what], completed=done, total=total or None)
