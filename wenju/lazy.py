"""A group of commands that lives in another package and is imported only when it is used."""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperGroup


def lazy_group(module: str, name: str) -> typer.Typer:
    """A Typer app that stands for ``module.name`` until one of its commands, or its help, is asked for."""

    class Lazy(TyperGroup):
        def _real(self) -> Any:
            return typer.main.get_command(getattr(importlib.import_module(module), name))

        def list_commands(self, ctx: Any) -> list[str]:
            found: list[str] = self._real().list_commands(ctx)
            return found

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            return self._real().get_command(ctx, cmd_name)

    group = typer.Typer(cls=Lazy, no_args_is_help=True)

    @group.callback()
    def stands_for() -> None:
        """Makes Typer build a group; the help text is given where it is mounted."""

    return group
