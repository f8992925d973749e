"""What an administrator does from the command line: tokens, the audit, feedback for evaluation, one person's
data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from errors import SettingsError
from ui.actions import Name, command_line, keep

if TYPE_CHECKING:
    from ui.opening import ServerSettings
    from ui.storage import Store
    from ui.storage_tokens import Role, TokenRow, TokenTable


def create_token(
    settings: ServerSettings,
    name: str,
    role: Role = "reader",
    days: float = 365,
    groups: Sequence[str] = (),
) -> str:
    """A new access token, to be shown once. Raises SettingsError for a bad name or number of days."""
    with _opened(settings) as store:
        made = _tokens(settings, store).create(name, role, days, groups)
        _note(store, "create_token", f"{name} ({', '.join([role, *groups])})")
        return made


def tokens(settings: ServerSettings) -> tuple[TokenRow, ...]:
    """All tokens without their text, newest first."""
    with _opened(settings) as store:
        return _tokens(settings, store).list()


def revoke_token(settings: ServerSettings, token_id: str) -> None:
    """End a token, at once and also in a running server. Raises SettingsError when there is none with this
    id."""
    with _opened(settings) as store:
        if not _tokens(settings, store).revoke(token_id):
            raise SettingsError.named("token_unknown", id=token_id)
        _note(store, "revoke_token", token_id)


def audit(settings: ServerSettings, days: int = 28, user: str = "") -> list[dict[str, Any]]:
    """Who asked what and what was cited, oldest first."""
    from ui import storage_care

    with _opened(settings) as store:
        _note(store, "read_audit", user)
        return list(storage_care.audit(store.database, days, user))


def acted(settings: ServerSettings, days: int = 365) -> list[dict[str, Any]]:
    """What administrators did, oldest first."""
    from ui import storage_care

    with _opened(settings) as store:
        return [asdict(action) for action in storage_care.acted(store.database, days)]


def sign_out(settings: ServerSettings, user: str) -> int:
    """End the browser sessions of somebody who signed on at the OpenID provider; how many there were."""
    from ui.auth_sessions import Sessions

    with _opened(settings) as store:
        ended = Sessions(store.database).end_all(user)
        _note(store, "sign_out", user)
        return ended


def feedback(settings: ServerSettings, days: int = 3650) -> list[dict[str, Any]]:
    """What readers said, in the form that `wenju eval from-feedback` reads."""
    from ui.storage_rows import feedback_to_dict

    with _opened(settings) as store:
        _note(store, "read_feedback", "")
        rows = [(f.answer.question, f) for f in store.feedback(days) if f.answer is not None]
        return [{"question": question} | feedback_to_dict(f) for question, f in rows]


def delete_user(settings: ServerSettings, user: str) -> dict[str, int]:
    """Delete what is kept under a name; the rows by table. Raises SettingsError, naming who is known, for
    nobody's."""
    from errors import choice
    from ui import storage_care

    with _opened(settings) as store:
        known = storage_care.users(store.database)
        if user not in known:
            raise SettingsError.named("person_unknown", name=user, **choice(user, known[:50]))
        _note(store, "delete_user", user)
        return storage_care.delete_user(store.database, user)


def _tokens(settings: ServerSettings, store: Store) -> TokenTable:
    from ui.auth_signing import server_key
    from ui.storage_tokens import TokenTable

    return TokenTable(store.database, server_key(settings.data))


def _note(store: Store, name: Name, target: str) -> None:
    keep(store, command_line(), "", name, target)


@contextmanager
def _opened(settings: ServerSettings) -> Iterator[Store]:
    from ui.storage import Store

    if settings.ui.database == "none":
        raise SettingsError.named("database_none")
    store = Store.open(settings.ui.database, settings.data, settings.ui.audit)
    try:
        yield store
    finally:
        store.close()
