"""What is stored, on SQLite, on PostgreSQL and in memory: one suite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import ANSWER, REFUSAL, emptied, exchange

from ui.storage import Store
from ui.storage_types import Asked, Feedback, now


@pytest.fixture(params=("memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)))
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        yield Store.in_memory()
        return
    with emptied(
        "" if request.param == "sqlite" else request.getfixturevalue("postgres"), tmp_path
    ) as opened:
        yield opened


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
    assert [c.id for c in any_store.conversations("wang", "0%")] == ["c2"] and not any_store.conversations(
        "wang", "_"
    )
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


def test_what_was_dropped_meanwhile_does_not_come_back_when_its_answer_is_done(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange())
    any_store.save("wang", "c1", exchange("e2", status="running", answer=None))
    any_store.update("wang", "c1", exchange("e2", "食堂几点开门", REFUSAL))
    assert [e.status for e in any_store.exchanges("wang", "c1")] == ["done", "done"]
    any_store.save("wang", "c1", exchange("e3", status="running", answer=None))
    any_store.truncate("wang", "c1", 2)
    any_store.update("wang", "c1", exchange("e3"))
    assert [e.id for e in any_store.exchanges("wang", "c1")] == ["e1", "e2"]
    any_store.delete("wang", "c1")
    any_store.update("wang", "c1", exchange("e2"))
    assert any_store.exchanges("wang", "c1") is None


def test_a_share_link_shows_the_conversation_as_it_was(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange())
    token = any_store.share("wang", "c1")
    any_store.save("wang", "c1", exchange("e2"))
    shared = any_store.shared(token)
    assert [e.id for e in shared.exchanges] == ["e1"] and shared.exchanges[0].answer == ANSWER
    assert any_store.shared("guess") is None


def test_feedback_keeps_the_answer_and_the_last_word_counts(any_store: Any) -> None:
    said = Feedback(
        "c1", "e1", "wang", "down", now(), ("wrong_evidence",), "第二句", ANSWER, {"model": "m", "index": "i"}
    )
    any_store.add_feedback(replace(said, verdict="up", reasons=()))
    any_store.add_feedback(said)
    any_store.add_feedback(replace(said, user="li", at=(datetime.now(UTC) - timedelta(days=40)).isoformat()))
    assert list(any_store.feedback()) == [said] and len(any_store.feedback(60)) == 2


def test_warnings_that_were_seen(any_store: Any) -> None:
    any_store.mark_seen(["a", "b", "a"])
    any_store.mark_seen(["b"])
    any_store.mark_seen(["a", "c"], False)
    assert any_store.seen() == {"b"}
    any_store.mark_seen([str(n) for n in range(1200)])
    assert len(any_store.seen()) == 1201


def test_questions_without_an_answer_are_counted_and_answered_ones_suggested(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange("e1", "食堂几点开门？", REFUSAL))
    any_store.save("li", "c2", exchange("e2", "食堂几点 开门", REFUSAL))
    any_store.save("li", "c2", exchange("e3"))
    rows = any_store.asked()
    assert [row.reason for row in rows] == ["not_answered", "not_answered", ""] and [
        row.documents for row in rows
    ][:2] == [(), ()]
    assert (
        rows[2].documents
        and rows[2].seconds == ANSWER.timings["total"]
        and rows[2] == Asked.of(exchange("e3", asked_at=rows[2].at))
    )
    assert list(any_store.answered()) == ["年休假怎么申请？"]


def test_what_no_database_holds_is_taken_out(any_store: Any) -> None:
    any_store.save("wang", "c1", exchange("e1", "零\x00字符\ud83d", None))
    assert any_store.exchanges("wang", "c1")[0].question.startswith("零")


def test_a_deleted_conversation_ends_its_share_links_and_no_others(any_store: Any) -> None:
    for user, conversation in (("wang", "c1"), ("wang", "c2"), ("li", "c1")):
        any_store.save(user, conversation, exchange(f"{user}-{conversation}"))
    ended = [any_store.share("wang", "c1"), any_store.share("wang", "c1")]
    kept = [any_store.share("wang", "c2"), any_store.share("li", "c1")]
    assert not any_store.delete("zhao", "c1") and any_store.delete("wang", "c1")
    assert [any_store.shared(token) for token in ended] == [None, None]
    assert all(any_store.shared(token) is not None for token in kept)


def test_threads_may_write_at_once(sql: Store) -> None:
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
