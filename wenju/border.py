"""The border of the command line: our errors become a message and an exit code, Ctrl-C and closed pipes end
quietly."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from errors import Cancelled, WenjuError

INTERRUPTED = 130
BROKEN_PIPE = 141


@contextlib.contextmanager
def border() -> Iterator[None]:
    """Turn what a command raises into an exit code; nothing but our own mistakes shows a traceback."""
    try:
        yield
        sys.stdout.flush()
    except Cancelled:
        raise typer.Exit(INTERRUPTED) from None
    except WenjuError as error:
        fail(*error.told(language()), error.exit_code)
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # The reader (head, a pager) has gone; Python must not complain again while it shuts down.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None


def language() -> str:
    """What errors are told in: Chinese where the terminal's language is (LC_ALL, LC_MESSAGES, LANG), else
    English."""
    told = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if told.startswith("zh") else "en"


def fail(message: str, hint: str = "", code: int = 1) -> NoReturn:
    """Say on stderr what is wrong and what to do next, and leave with ``code``."""
    typer.secho(f"wenju: {message}", fg="red", err=True)
    if hint:
        typer.echo(f"  {hint}", err=True)
    raise typer.Exit(code)


class BorderGroup(TyperGroup):
    """The root group, with the border around every command."""

    def invoke(self, ctx: Any) -> Any:
        with border():
            return super().invoke(ctx)


def utf8() -> None:
    """Chinese goes out as UTF-8 also where the console or a pipe has another code page."""
    for stream in (sys.stdout, sys.stderr):
        if (stream.encoding or "").lower().replace("-", "") != "utf8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
