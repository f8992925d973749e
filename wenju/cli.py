"""The `wenju` command: mounts one module per group of commands. Imports nothing heavy, so that --help is
fast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenju import __version__
from wenju.border import BorderGroup, utf8
from wenju.commands import ask, backup, doctor, index, models, people, search, serve
from wenju.lazy import lazy_group
from wenju.options import Data, settings_of

if TYPE_CHECKING:
    from qa.settings import EngineSettings

app = typer.Typer(
    cls=BorderGroup,
    name="wenju",
    help="问据 Wenju: questions to your own documents, answers whose every sentence shows its evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wenju {__version__}")
        raise typer.Exit


class FrontDoor:
    """What commands of other packages get as ``ctx.obj``: the settings, with the flags of ``wenju``
    itself."""

    def __init__(self, ctx: typer.Context) -> None:
        self.ctx = ctx

    def settings(self, config: Path | None = None, data: Path | None = None) -> EngineSettings:
        return settings_of(self.ctx, data, config).engine


@app.callback()
def options(
    ctx: typer.Context,
    data: Data = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Settings file (else WENJU_CONFIG, ./wenju.toml)."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Any setting, e.g. --set answer.risk=0.1 (repeatable)."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """The options are read back by ``wenju.options.settings_of``."""
    ctx.obj = FrontDoor(ctx)


app.add_typer(index.app, name="index", help="The documents: add, keep in step, remove, list, look up, check.")
app.command("search")(search.search)
app.command("ask")(ask.ask)
app.command("serve")(serve.serve)
app.command("mcp")(serve.mcp)
app.command("widget")(serve.widget)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(people.token, name="token", help="Access tokens: create, list, revoke.")
app.add_typer(people.records, name="records", help="What is kept: audit, feedback, one person's data.")
app.add_typer(models.app, name="models", help="Model files: list, fetch, verify, bundle.")
app.command("doctor")(doctor.doctor)
app.add_typer(
    lazy_group("eval.cli", "app"), name="eval", help="Measure retrieval, answers, citations and refusal."
)
app.add_typer(
    lazy_group("eval.bench.cli", "app"), name="bench", help="Measure speed and memory on this machine."
)


def main() -> None:
    """Entry point of the `wenju` script."""
    utf8()
    app()
