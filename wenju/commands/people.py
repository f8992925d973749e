"""`wenju token` and `wenju records`: who may ask, and what is kept of what was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wenju.options import Data, Json, print_json, settings_of

token = typer.Typer(no_args_is_help=True)
records = typer.Typer(no_args_is_help=True)
Days = Annotated[int, typer.Option(min=1, help="How far back, in days.")]


@token.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Person or program that will use it.")],
    role: Annotated[str, typer.Option(help="reader or administrator.")] = "reader",
    days: Annotated[float, typer.Option(help="Days until it ends.")] = 365,
    group: Annotated[
        list[str] | None, typer.Option(help="Group of readers (ui.collection_groups); may be repeated.")
    ] = None,
    data: Data = None,
) -> None:
    """Make an access token. It is shown this once; only a hash of it is kept."""
    from ui import manage

    if role not in ("reader", "administrator"):
        raise typer.BadParameter(f"{role!r}: reader or administrator", param_hint="--role")
    checked: Literal["reader", "administrator"] = "administrator" if role == "administrator" else "reader"
    typer.echo(manage.create_token(settings_of(ctx, data), name, checked, days, group or ()))


@token.command("list")
def list_(ctx: typer.Context, data: Data = None, as_json: Json = False) -> None:
    """Tokens with their ids, names, roles, groups and ends."""
    from ui import manage

    rows = manage.tokens(settings_of(ctx, data))
    if as_json:
        fields = ("id", "name", "role", "groups", "created_at", "expires_at", "revoked")
        print_json([{field: getattr(row, field) for field in fields} for row in rows])
        return
    for row in rows:
        state = "revoked" if row.revoked else f"until {row.expires_at[:10]}"
        groups = f"  ({', '.join(row.groups)})" if row.groups else ""
        typer.echo(f"{row.id}  {row.role:13}  {state:16}  {row.name}{groups}")


@token.command()
def revoke(
    ctx: typer.Context,
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `wenju token list` shows it.")],
    data: Data = None,
) -> None:
    """End a token, and every sign-on made with it, at once."""
    from ui import manage

    manage.revoke_token(settings_of(ctx, data), token_id)
    typer.echo("revoked")


@token.command("sign-out")
def sign_out(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="As the audit shows it.")], data: Data = None
) -> None:
    """End the browser sessions of somebody who signed on at the OpenID provider, at once."""
    from ui import manage

    typer.echo(f"{manage.sign_out(settings_of(ctx, data), name)} ended")


@records.command()
def audit(
    ctx: typer.Context,
    days: Days = 28,
    user: Annotated[str, typer.Option(help="This user's alone.")] = "",
    data: Data = None,
) -> None:
    """Who asked what, what was cited, with which model and index: one JSON object a line."""
    from ui import manage

    _lines(manage.audit(settings_of(ctx, data), days, user), None)


@records.command()
def actions(ctx: typer.Context, days: Days = 365, data: Data = None) -> None:
    """What administrators did, from where and to what: one JSON object a line."""
    from ui import manage

    _lines(manage.acted(settings_of(ctx, data), days), None)


@records.command()
def feedback(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option(metavar="FILE.jsonl", help="Else standard output.")] = None,
    days: Days = 3650,
    data: Data = None,
) -> None:
    """What readers said of answers, for `wenju eval from-feedback`: one JSON object a line."""
    from ui import manage

    rows = manage.feedback(settings_of(ctx, data), days)
    _lines(rows, out)
    if out is not None:
        typer.echo(f"{len(rows)} in {out}")


@records.command("delete-user")
def delete_user(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="As the audit shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Delete everything that is kept under a name: conversations, share links, feedback, audit."""
    from ui import manage

    settings = settings_of(ctx, data)
    if not yes:
        typer.confirm(f"Delete everything kept under {name!r}?", abort=True)
    gone = manage.delete_user(settings, name)
    typer.echo(", ".join(f"{count} {table}" for table, count in gone.items()) + " deleted")


def _lines(rows: list[dict[str, Any]], out: Path | None) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if out is None:
        for line in lines:
            typer.echo(line)
        return
    out.write_text("".join(line + "\n" for line in lines), "utf-8")
