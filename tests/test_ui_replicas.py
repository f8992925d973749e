"""Two servers behind nginx on one PostgreSQL: one is killed under load; no conversation is lost, no answer is
there twice."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import free_port
from databases import emptied
from processes import nginx, serve, until_ready

from ui.storage import Store
from ui.storage_care import audit

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]
CONF = Path(__file__).parents[1] / "deploy" / "nginx-replicas.conf"
PEOPLE, QUESTIONS = 12, ("年休假怎么申请？", "食堂几点开门", "年休假怎么申请？", "食堂几点开门")
PATIENCE = 240.0


def conf(ports: tuple[int, int]) -> tuple[str, str]:
    """What deploy/nginx-replicas.conf says beside the server, and its main location, for servers on this
    machine."""
    text = CONF.read_text("utf-8")
    for old, new in {
        "10.0.0.11:7860": f"127.0.0.1:{ports[0]}",
        "10.0.0.12:7860": f"127.0.0.1:{ports[1]}",
        " Secure;": "",
        "SameSite=None": "SameSite=Lax",
        'X-Remote-User ""': "X-Remote-User $http_x_test_user",
    }.items():
        assert old in text
        text = text.replace(old, new)
    location = re.search(r"    location / \{.*?\n    \}", text, re.S)
    assert location is not None
    return text[: text.index("server {\n")], location[0]


class Person:
    """Asks as the page does, and reopens the conversation where the connection broke."""

    def __init__(self, address: str, name: str, store: Store) -> None:
        self.client = httpx.Client(base_url=address, headers={"x-test-user": name}, timeout=60)
        self.name, self.store = name, store
        self.session = ""
        self.broken = 0

    def begin(self) -> None:
        """Open the page anew, on the conversation that is there."""
        self.session = secrets.token_hex(6)
        rows = self.store.conversations(self.name)
        self.client.headers["referer"] = f"{self.client.base_url}/chat/" + (
            f"?c={rows[0].id}" if rows else ""
        )
        self.client.get("/chat/").raise_for_status()
        config = self.client.get("/chat/config").raise_for_status().json()
        events = [(d["id"], [target[1] for target in d["targets"]]) for d in config["dependencies"]]
        self.submit = next(number for number, how in events if "submit" in how)
        self.command = next(number for number, how in events if number > self.submit and how == ["click"])

    def ask(self, question: str, done: int) -> None:
        """Until it is answered: as the ``done``-th exchange of the conversation, whatever happens on the
        way."""
        end = time.monotonic() + PATIENCE
        order: tuple[int, str] | None = None
        while time.monotonic() < end:
            try:
                if not self.session:
                    self.begin()
                    order = self.again(question, done)
                    if order is None:
                        return
                self.run(*(order or (self.submit, question)))
            except (httpx.HTTPError, Broken):
                self.broken, self.session = self.broken + 1, ""
                time.sleep(0.2)
                continue
            kept = self.kept()
            if len(kept) == done and kept[-1].status == "done":
                return
            self.session = ""
        raise AssertionError(f"{self.name} got no answer to {question}: {self.kept()}")

    def kept(self) -> tuple[Any, ...]:
        rows = self.store.conversations(self.name)
        return (self.store.exchanges(self.name, rows[0].id) or ()) if rows else ()

    def again(self, question: str, done: int) -> tuple[int, str] | None:
        """What a person does on the reopened page: nothing where the answer is there, try again where it was
        cut, else ask."""
        kept = self.kept()
        if len(kept) < done:
            return self.submit, question
        if kept[-1].status == "done":
            return None
        return self.command, json.dumps({"do": "retry", "id": kept[-1].id})

    def run(self, event: int, text: str) -> None:
        body = {"data": [text, None], "fn_index": event, "session_hash": self.session}
        body |= {"event_data": None, "trigger_id": None}
        self.client.post("/chat/gradio_api/queue/join", json=body).raise_for_status()
        stream = {"session_hash": self.session}
        with self.client.stream("GET", "/chat/gradio_api/queue/data", params=stream) as reply:
            reply.raise_for_status()
            for line in reply.iter_lines():
                if '"process_completed"' in line:
                    return
                if '"unexpected_error"' in line:
                    break
        raise Broken


class Broken(Exception):
    """The connection ended before the answer did."""


@pytest.fixture
def house(postgres: str, tmp_path: Path) -> Iterator[tuple[str, list[Any], Store]]:
    """Two servers and nginx in front of them: address, processes, the database."""
    ports = (free_port(), free_port())
    proxied = {
        "auth": "header",
        "sso_proxies": ["127.0.0.1"],
        "rate_per_minute": 0,
        "prove_suggestions": False,
    }
    with emptied(postgres, tmp_path) as store, nginx(tmp_path) as start, ExitStack() as stack:
        processes = []
        for port in ports:
            process = serve(
                port, tmp_path / "data", 0.05, database=postgres, allowed_hosts=["127.0.0.1"], **proxied
            )
            reading = threading.Thread(target=lambda p=process: [None for _ in p.stderr or ()])
            reading.start()  # or the pipe fills up
            stack.callback(process.communicate, timeout=30)
            stack.callback(reading.join)
            stack.callback(process.kill)
            processes.append(process)
        for port in ports:
            until_ready(f"http://127.0.0.1:{port}", PATIENCE)
        beside, location = conf(ports)
        yield start(location, beside), processes, store


def test_one_of_two_is_killed_under_load(house: tuple[str, list[Any], Store]) -> None:
    address, processes, store = house
    people = [Person(address, f"u{n}", store) for n in range(PEOPLE)]
    failures: list[BaseException] = []
    half = threading.Barrier(PEOPLE + 1)

    def life(person: Person) -> None:
        try:
            for done, question in enumerate(QUESTIONS, 1):
                if done == 3:
                    half.wait(PATIENCE)
                person.ask(question, done)
        except BaseException as error:
            failures.append(error)
            half.abort()

    threads = [threading.Thread(target=life, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    half.wait(PATIENCE)
    end = time.monotonic() + 30
    while running(store, people) < PEOPLE // 2 and time.monotonic() < end:
        time.sleep(0.05)
    under_way = running(store, people)
    processes[0].kill()
    for thread in threads:
        thread.join(2 * PATIENCE)
    assert not failures, failures[0]
    assert under_way and sum(person.broken for person in people) > 0, (
        "nothing was cut: the test shows nothing"
    )
    for person in people:
        (row,) = store.conversations(person.name)
        kept = store.exchanges(person.name, row.id) or ()
        assert [(e.question, e.status) for e in kept] == [(question, "done") for question in QUESTIONS]
        assert all(e.answer is not None and e.answer.text for e in kept if e.answer and not e.answer.refusal)
        told = [a for a in audit(store.database, user=person.name) if a["status"] == "done"]
        assert sorted(a["question"] for a in told) == sorted(QUESTIONS)
    print(f"{under_way} answers under way at the kill, {sum(p.broken for p in people)} connections cut")


def running(store: Store, people: list[Person]) -> int:
    return sum(any(e.status == "running" for e in person.kept()) for person in people)


def test_seats_are_spread_and_kept(house: tuple[str, list[Any], Store]) -> None:
    address, _, _ = house
    seats: dict[str, set[str]] = {}
    for n in range(12):
        with httpx.Client(base_url=address, headers={"x-test-user": f"u{n}"}, timeout=60) as client:
            boots = {client.get("/page/state").json()["boot"] for _ in range(4)}
            seats[f"u{n}"] = boots
    assert all(len(boots) == 1 for boots in seats.values()), seats
    assert len(set.union(*seats.values())) == 2
