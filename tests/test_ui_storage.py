"""What is stored, on SQLite, on PostgreSQL and in memory: one suite, and what only databases do."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_corpus import fake_engine

from errors import SettingsError
from qa.serialize import answer_from_dict, answer_to_dict
from qa.types import Answer
from ui import storage_care
from ui.auth_signing import seal, server_key
from ui.storage import SqlStore
from ui.storage_tables import metadata
from ui.storage_tokens import TokenTable
from ui.store import Exchange, Feedback
from ui.store_memory import MemoryStore, now

ENGINE = fake_engine()
ANSWER = answer_from_dict(answer_to_dict(ENGINE.answer("年休假怎么申请？")))
REFUSAL = answer_from_dict(answer_to_dict(ENGINE.answer("食堂几点开门")))


def exchange(identity: str = "e1", question: str = "年休假怎么申请？", answer: Answer | None = ANSWER, **changes: Any) -> Exchange:
    return replace(Exchange(identity, question, now(), "done", answer), **changes)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own in a temporary folder, reached through a socket in it; skipped where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or list(filter(None, [shutil.which("initdb")]))
    if not found:
        pytest.skip("no PostgreSQL server binaries (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg")
    tools = Path(found[-1]).parent
    folder = Path(os.path.realpath(tmp_path_factory.mktemp("pg")))
    command: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        if not shutil.which("setpriv") or subprocess.run(["id", "postgres"], capture_output=True).returncode:
            pytest.skip("running as root, and there is no user postgres to run the server as")
        folder = Path("/tmp") / f"wenju-pg-{os.getpid()}"
        folder.mkdir(mode=0o700)
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    run = {"check": True, "capture_output": True, "timeout": 60, "cwd": str(folder)}
    subprocess.run([*command, str(tools / "initdb"), "-D", str(data), "-U", "wenju", "-A", "trust", "-E", "UTF8", "--no-sync"], **run)  # type: ignore[call-overload]
    options = f"-k {folder} -p {port} -c listen_addresses='' -c fsync=off"
    subprocess.run([*command, str(tools / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start"], **run)  # type: ignore[call-overload]
    try:
        yield f"postgresql://wenju@/postgres?host={folder}&port={port}"
    finally:
        subprocess.run([*command, str(tools / "pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop"], **run)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture(params=DATABASES)
def sql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres")
    opened = SqlStore.open(url, tmp_path)
    yield opened
    metadata.drop_all(opened.database)
    opened.close()


@pytest.fixture(params=("memory", *DATABASES))
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryStore()
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres")
    opened = SqlStore.open(url, tmp_path)
    yield opened
    metadata.drop_all(opened.database)
    opened.close()


def test_an_exchange_comes_back_as_it_was_and_is_replaced_by_its_id(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange(status="running", answer=None))
    any_store.save("wang", "c1", exchange())
    any_store.save("wang", "c1", exchange("e2", "食堂几点开门", REFUSAL))
    first, second = any_store.exchanges("wang", "c1")
    assert (first.status, first.answer) == ("done", ANSWER) and second.answer == REFUSAL
    row = any_store.conversations("wang")[0]
    assert (row.id, row.title, row.turns) == ("c1", "年休假怎么申请？", 2)


def test_two_users_are_apart_even_under_one_id(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange())
    any_store.save("li", "c1", exchange("e9", "食堂几点开门", REFUSAL))
    assert [e.id for e in any_store.exchanges("wang", "c1")] == ["e1"]
    assert any_store.exchanges("zhao", "c1") is None and any_store.conversations("zhao") == []
    assert not any_store.delete("zhao", "c1") and not any_store.rename("zhao", "c1", "x")
    assert any_store.share("zhao", "c1") is None
    assert any_store.delete("wang", "c1") and any_store.exchanges("li", "c1") is not None


def test_history_is_searched_renamed_and_newest_first(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange())
    any_store.save("wang", "c2", exchange("e2", "100%的VPN怎么开", None, status="failed", message="出错了"))
    assert [c.id for c in any_store.conversations("wang")] == ["c2", "c1"]
    assert [c.id for c in any_store.conversations("wang", "协同办公系统")] == ["c1"]
    assert [c.id for c in any_store.conversations("wang", "vpn")] == ["c2"]
    assert [c.id for c in any_store.conversations("wang", "0%")] == ["c2"] and not any_store.conversations("wang", "_")
    assert any_store.rename("wang", "c1", "  休假  ") and not any_store.rename("wang", "c1", "  ")
    assert [c.title for c in any_store.conversations("wang", "休假")][0] == "休假"
    any_store.save("wang", "c1", exchange("e3", "那超过三天谁批"))
    assert [c.id for c in any_store.conversations("wang")] == ["c1", "c2"]


def test_truncate_keeps_the_first_exchanges_and_the_order_goes_on(any_store: Any) -> None:
    for n in range(4):
        any_store.save("wang", "c1", exchange(f"e{n}"))
    any_store.truncate("wang", "c1", 2)
    any_store.save("wang", "c1", exchange("e9"))
    assert [e.id for e in any_store.exchanges("wang", "c1")] == ["e0", "e1", "e9"]
    any_store.truncate("wang", "c1", 0)
    assert any_store.exchanges("wang", "c1") is None and any_store.conversations("wang") == []


def test_a_share_link_shows_the_conversation_as_it_was(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange())
    token = any_store.share("wang", "c1")
    any_store.save("wang", "c1", exchange("e2"))
    shared = any_store.shared(token)
    assert [e.id for e in shared.exchanges] == ["e1"] and shared.exchanges[0].answer == ANSWER
    assert any_store.shared("guess") is None


def test_feedback_keeps_the_answer_and_the_last_word_counts(any_store: Any) -> None:
    said = Feedback("c1", "e1", "wang", "down", now(), ("wrong_evidence",), "第二句", ANSWER, {"model": "m", "index": "i"})
    any_store.add_feedback(replace(said, verdict="up", reasons=()))
    any_store.add_feedback(said)
    any_store.add_feedback(replace(said, user="li", at=(datetime.now(UTC) - timedelta(days=40)).isoformat()))
    assert list(any_store.feedback()) == [said] and len(any_store.feedback(60)) == 2


def test_questions_without_an_answer_are_counted_and_answered_ones_suggested(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange("e1", "食堂几点开门？", REFUSAL))
    any_store.save("li", "c2", exchange("e2", "食堂几点 开门", REFUSAL))
    any_store.save("li", "c2", exchange("e3"))
    missed = any_store.missed()
    assert [(m.count, m.reason) for m in missed] == [(2, "not_answered")]
    assert list(any_store.answered()) == ["年休假怎么申请？"]


def test_what_no_database_holds_is_taken_out(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange("e1", "零\x00字符\ud83d", None))
    assert any_store.exchanges("wang", "c1")[0].question.startswith("零")


def test_everything_is_there_after_a_restart_and_the_file_is_private(tmp_path: Path) -> None:
    first = SqlStore.open("", tmp_path)
    first.save("wang", "c1", exchange())
    first.save("wang", "c1", exchange("e2", status="running", answer=None))
    first.close()
    second = SqlStore.open("", tmp_path)
    assert storage_care.recover(second.database, "重启了") == 1
    one, two = second.exchanges("wang", "c1") or ()
    assert one.answer == ANSWER and (two.status, two.message) == ("failed", "重启了")
    second.close()
    assert stat.S_IMODE((tmp_path / "wenju.db").stat().st_mode) == 0o600


def test_the_audit_tells_who_asked_what_and_what_was_cited(sql: SqlStore) -> None:
    sql.save("wang", "c1", exchange())
    sql.save("wang", "c1", exchange())
    sql.record("robot", exchange("e5", "食堂几点开门", replace(REFUSAL, id="a5")), "api")
    rows = list(storage_care.audit(sql.database))
    assert [(r["user"], r["channel"], r["reason"]) for r in rows] == [("wang", "page", ""), ("robot", "api", "not_answered")]
    assert rows[0]["model"] == "fake-1.5b" and rows[0]["index"] == "fake-7" and len(rows[0]["cited"]) == 3
    assert sql.recorded("robot", "a5") == replace(REFUSAL, id="a5") and sql.recorded("wang", "a5") is None
    assert len(list(storage_care.audit(sql.database, user="wang"))) == 1


def test_without_audit_questions_are_counted_but_not_named(tmp_path: Path) -> None:
    store = SqlStore.open("", tmp_path, audit=False)
    store.record("robot", exchange("e5", "食堂几点开门", replace(REFUSAL, id="a5")), "api")
    (row,) = storage_care.audit(store.database)
    assert row["user"] == "" and row["cited"] == [] and store.recorded("robot", "a5") is None
    assert len(store.missed()) == 1
    store.close()


def test_old_things_go_after_their_time_and_one_persons_on_request(sql: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
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
        "exchanges": 1, "conversations": 1, "shares": 1, "feedback": 0, "asked": 1
    }  # fmt: skip
    assert sql.shared(str(token)) is None and storage_care.users(sql.database) == ["li"]
    assert storage_care.counts(sql.database)["wenju_exchanges"] == 1


def test_a_deleted_conversation_ends_its_share_links_and_no_others(any_store: Any) -> None:
    for user, conversation in (("wang", "c1"), ("wang", "c2"), ("li", "c1")):
        any_store.save(user, conversation, exchange(f"{user}-{conversation}"))
    ended = [any_store.share("wang", "c1"), any_store.share("wang", "c1")]
    kept = [any_store.share("wang", "c2"), any_store.share("li", "c1")]
    assert not any_store.delete("zhao", "c1") and any_store.delete("wang", "c1")
    assert [any_store.shared(token) for token in ended] == [None, None]
    assert all(any_store.shared(token) is not None for token in kept)


def test_threads_may_write_at_once(sql: SqlStore) -> None:
    failures: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for i in range(6):
                sql.save("wang", "c1", exchange(f"e{n}-{i}"))
                sql.save("wang", f"c{n}", exchange("same"))
                sql.record("robot", exchange("shared"), "api")
        except BaseException as error:
            failures.append(error)

    sql.save("wang", "c1", exchange("first"))
    threads = [threading.Thread(target=work, args=(n,)) for n in range(2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(sql.exchanges("wang", "c1") or ()) == 1 + 36


def test_tokens_are_signed_hashed_and_revocable(sql: SqlStore, tmp_path: Path) -> None:
    key = server_key(tmp_path)
    table = TokenTable(sql.database, key)
    token = table.create("archive", "administrator", days=30)
    viewer, identity = table.viewer(token) or (None, "")
    assert viewer is not None and viewer.name == "archive" and viewer.administers and table.alive(identity)
    with sql.database.connect() as c:
        assert token not in str(c.exec_driver_sql("select * from wenju_tokens").all())
    assert table.viewer(token[:-2] + "xx") is None and table.viewer("") is None
    forged = "wj1." + seal("f" * 64, "wenju:token", {"jti": identity, "sub": "archive", "role": "administrator"}, 900)
    assert table.viewer(forged) is None
    resigned = "wj1." + seal(key, "wenju:token", {"jti": identity, "sub": "archive", "role": "administrator"}, 900)
    assert table.viewer(resigned) is None
    assert table.revoke(identity) and not table.revoke("none")
    assert table.viewer(token) is None and not table.alive(identity)
    assert [(r.name, r.revoked) for r in table.list()] == [("archive", True)]
    short = table.create("soon", days=1 / 864000)
    assert table.viewer(short) is None
    for name, days in (("", 1), ("x" * 201, 1), ("a\nb", 1), ("ok", 0)):
        with pytest.raises(SettingsError):
            table.create(name, days=days)


def test_a_single_use_id_is_used_once(sql: SqlStore, tmp_path: Path) -> None:
    import time

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
        SqlStore.open(url, tmp_path)
    assert "geheim" not in str(refused.value)


def test_tables_of_another_version_are_left_alone(tmp_path: Path) -> None:
    store = SqlStore.open("", tmp_path)
    with store.database.begin() as c:
        c.exec_driver_sql("update wenju_about set value = '99'")
    store.close()
    with pytest.raises(SettingsError, match="version 99"):
        SqlStore.open("", tmp_path)
