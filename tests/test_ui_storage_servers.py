"""Several servers on one PostgreSQL: the answers of those that are there are left alone, and limits count
everywhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import emptied, exchange
from sqlalchemy import update

from ui import storage_servers
from ui.rates import Limits, RateLimited
from ui.storage import Store
from ui.storage_tables import rates, servers

pytestmark = pytest.mark.postgres


@pytest.fixture
def two(postgres: str, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    with emptied(postgres, tmp_path) as one:
        other = Store.open(postgres, tmp_path)
        yield one, other
        other.close()


def statuses(store: Store) -> list[str]:
    return [e.status for e in store.exchanges("wang", "c1") or ()]


def test_a_server_that_starts_cuts_only_what_no_living_one_answers(two: tuple[Store, Store]) -> None:
    one, other = two
    for store, name in ((one, "e1"), (other, "e2")):
        storage_servers.beat(store.database, store.server)
        store.save("wang", "c1", exchange(name, status="running", answer=None))
    assert storage_servers.recover(one.database, "重启了") == 0
    with one.database.begin() as c:
        old = servers.c.beat - 2 * storage_servers.SILENT
        c.execute(update(servers).where(servers.c.id == other.server).values(beat=old))
    assert storage_servers.recover(one.database, "重启了") == 1
    assert statuses(one) == ["running", "failed"]
    other.update("wang", "c1", exchange("e2"))  # it was only slow
    one.update("wang", "c1", exchange("e1"))
    assert statuses(one) == ["done", "done"] and storage_servers.recover(one.database, "重启了") == 0


def test_one_that_stops_in_order_is_gone_at_once(two: tuple[Store, Store]) -> None:
    one, other = two
    storage_servers.beat(other.database, other.server)
    other.save("wang", "c1", exchange("e2", status="running", answer=None))
    storage_servers.leave(other.database, other.server)
    stopping = threading.Event()
    given = (one.database, one.server, "重启了", stopping)
    original, storage_servers.BEAT = storage_servers.BEAT, 0.05
    watching = threading.Thread(target=storage_servers.keep_alive, args=given)
    watching.start()
    try:
        for _ in range(200):
            if statuses(one) == ["failed"]:
                break
            stopping.wait(0.05)
    finally:
        stopping.set()
        watching.join()
        storage_servers.BEAT = original
    assert statuses(one) == ["failed"]


def test_a_limit_counts_what_was_asked_at_all_servers(two: tuple[Store, Store]) -> None:
    limits = [
        Limits(3, 0, 5, 64, lambda kind, n, store=store: storage_servers.SharedRate(store.database, kind, n))
        for store in two
    ]
    for n in range(3):
        limits[n % 2].take("wang", "203.0.113.9", ())
    for one in limits:
        with pytest.raises(RateLimited) as caught:
            one.take("wang", "203.0.113.8", ())
        assert 50 <= caught.value.retry_after <= 61
    limits[0].take("li", "203.0.113.9", ())
    limits[1].take("zhao", "203.0.113.9", ())
    with pytest.raises(RateLimited):
        limits[0].take("qian", "203.0.113.9", ())
    with two[0].database.begin() as c:
        c.execute(update(rates).values(at=rates.c.at - 61))
    limits[1].take("wang", "203.0.113.9", ())
