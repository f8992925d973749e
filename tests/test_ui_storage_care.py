"""What only databases do: restarts, the audit, retention, deletion on request, tokens, and refusals to
open."""

from __future__ import annotations

import stat
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import ANSWER, REFUSAL, exchange

from errors import SettingsError
from ui import storage_care, storage_servers
from ui.auth_signing import seal, server_key
from ui.storage import Store
from ui.storage_tokens import TokenTable


def test_everything_is_there_after_a_restart_and_the_file_is_private(tmp_path: Path) -> None:
    first = Store.open("", tmp_path)
    first.save("wang", "c1", exchange())
    first.save("wang", "c1", exchange("e2", status="running", answer=None))
    first.close()
    second = Store.open("", tmp_path)
    assert storage_servers.recover(second.database, "重启了") == 1
    one, two = second.exchanges("wang", "c1") or ()
    assert one.answer == ANSWER and (two.status, two.message) == ("failed", "重启了")
    second.close()
    assert stat.S_IMODE((tmp_path / "wenju.db").stat().st_mode) == 0o600


def test_the_audit_tells_who_asked_what_and_what_was_cited(sql: Store) -> None:
    sql.save("wang", "c1", exchange())
    sql.save("wang", "c1", exchange())
    sql.record("robot", exchange("e5", "食堂几点开门", replace(REFUSAL, id="a5")), "api")
    rows = list(storage_care.audit(sql.database))
    assert [(r["user"], r["channel"], r["reason"]) for r in rows] == [
        ("wang", "page", ""),
        ("robot", "api", "not_answered"),
    ]
    assert rows[0]["model"] == "fake-1.5b" and rows[0]["index"] == "fake-7" and len(rows[0]["cited"]) == 3
    assert sql.recorded("robot", "a5") == replace(REFUSAL, id="a5") and sql.recorded("wang", "a5") is None
    assert len(list(storage_care.audit(sql.database, user="wang"))) == 1


def test_without_audit_questions_are_counted_but_not_named(tmp_path: Path) -> None:
    store = Store.open("", tmp_path, audit=False)
    store.record("robot", exchange("e5", "食堂几点开门", replace(REFUSAL, id="a5")), "api")
    (row,) = storage_care.audit(store.database)
    assert row["user"] == "" and row["cited"] == [] and store.recorded("robot", "a5") is None
    assert [row.reason for row in store.asked()] == ["not_answered"]
    store.close()


def test_old_things_go_after_their_time_and_one_persons_on_request(
    sql: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=100)).isoformat(timespec="seconds")
    with monkeypatch.context() as past:
        past.setattr("ui.storage.now", lambda: long_ago)
        sql.save("wang", "old", exchange("e1", asked_at=long_ago))
        sql.share("wang", "old")
    sql.save("wang", "new", exchange("e2"))
    sql.save("li", "c", exchange("e3"))
    assert storage_care.purge(sql.database, 0) == 0 and storage_care.purge(sql.database, 30) == 4
    assert [c.id for c in sql.conversations("wang")] == ["new"]
    assert storage_care.users(sql.database) == ["li", "wang"]
    token = sql.share("wang", "new")
    assert storage_care.delete_user(sql.database, "wang") == {
        "exchanges": 1,
        "conversations": 1,
        "shares": 1,
        "feedback": 0,
        "asked": 1,
    }
    assert sql.shared(str(token)) is None and storage_care.users(sql.database) == ["li"]
    assert storage_care.counts(sql.database)["wenju_exchanges"] == 1


def test_tokens_are_signed_hashed_and_revocable(sql: Store, tmp_path: Path) -> None:
    key = server_key(tmp_path)
    table = TokenTable(sql.database, key)
    token = table.create("archive", "administrator", days=30)
    viewer, identity = table.viewer(token) or (None, "")
    assert viewer is not None and viewer.name == "archive" and viewer.administers
    assert table.holder(identity) == viewer
    with sql.database.connect() as c:
        assert token not in str(c.exec_driver_sql("select * from wenju_tokens").all())
    assert table.viewer(token[:-2] + "xx") is None and table.viewer("") is None
    forged = "wj1." + seal(
        "f" * 64, "wenju:token", {"jti": identity, "sub": "archive", "role": "administrator"}, 900
    )
    assert table.viewer(forged) is None
    resigned = "wj1." + seal(
        key, "wenju:token", {"jti": identity, "sub": "archive", "role": "administrator"}, 900
    )
    assert table.viewer(resigned) is None
    assert table.revoke(identity) and not table.revoke("none")
    assert table.viewer(token) is None and table.holder(identity) is None
    assert [(r.name, r.revoked) for r in table.list()] == [("archive", True)]
    short = table.create("soon", days=1 / 864000)
    assert table.viewer(short) is None
    for name, days in (("", 1), ("x" * 201, 1), ("a\nb", 1), ("ok", 0)):
        with pytest.raises(SettingsError):
            table.create(name, days=days)


def test_a_single_use_id_is_used_once(sql: Store, tmp_path: Path) -> None:
    table = TokenTable(sql.database, server_key(tmp_path))
    assert table.spend("j1", time.time() + 60) and not table.spend("j1", time.time() + 60)
    assert table.spend("j2", time.time() - 1) and table.spend("j2", time.time() + 60)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://x/y", "mysql is not known"),
        ("postgresql://wenju:geheim@127.0.0.1:1/none", "Cannot open the database"),
        ("sqlite:////nowhere/at/all.db", "Cannot open the database"),
    ],
)
def test_a_bad_database_is_named_without_its_password(url: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        Store.open(url, tmp_path)
    assert "geheim" not in str(refused.value)


def test_tables_of_another_version_are_left_alone(tmp_path: Path) -> None:
    store = Store.open("", tmp_path)
    with store.database.begin() as c:
        c.exec_driver_sql("update wenju_about set value = '99'")
    store.close()
    with pytest.raises(SettingsError, match="version 99"):
        Store.open("", tmp_path)
