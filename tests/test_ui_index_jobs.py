"""Indexing by several workers over one PostgreSQL: whatever is killed at whatever moment, every file is in
the index once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import emptied
from fake_encoder import FakeEncoder
from sqlalchemy import select, update

from errors import SettingsError
from index import prepared as prepared_files
from index.files import expand
from index.reading import Reader
from index.store import IndexStore
from qa.engine import Engine
from qa.settings import EngineSettings
from ui.index_jobs import TRIES, IndexJob, IndexJobs
from ui.index_worker import FOLDER, IndexWorker
from ui.storage import Store
from ui.storage_database import open_database
from ui.storage_tables import jobs as table

TESTS = Path(__file__).parent
WORKER = """
import sys, threading, time
from pathlib import Path
from fake_encoder import FakeEncoder
from qa.engine import Engine
from qa.settings import EngineSettings
from ui.index_jobs import IndexJobs
from ui.index_worker import IndexWorker
from ui.storage_database import open_database
url, data, reading, writing = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
class Slow(FakeEncoder):
    def encode(self, texts, *, query=False):
        time.sleep(reading)
        return super().encode(texts, query=query)
engine = Engine(EngineSettings(data=data), encoder=Slow())
add = engine.library.add
def slow(*given):
    report = add(*given)
    print("written", flush=True)
    time.sleep(writing)
    return report
engine.library.add = slow
jobs = IndexJobs(open_database(url, data), lease=1.5)
print("up", flush=True)
IndexWorker(engine, jobs, pause=0.05).run(threading.Event(), once=True)
"""


@pytest.fixture
def store(postgres: str, tmp_path: Path) -> Iterator[Store]:
    with emptied(postgres, tmp_path) as opened:
        yield opened


@pytest.fixture
def start(postgres: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts workers that take ``reading`` seconds to encode a file and ``writing`` after a write."""
    started: list[subprocess.Popen[str]] = []

    def begin(reading: float = 0.0, writing: float = 0.0) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))}
        command = [sys.executable, "-c", WORKER, postgres, str(tmp_path), str(reading), str(writing)]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def folder(at: Path, count: int) -> Path:
    files = at / "files"
    files.mkdir()
    for n in range(count):
        (files / f"{n:02}.md").write_text(
            f"# 办法{n}\n\n第{n}号文件规定，申请应当提前{n + 1}天提出。\n", "utf-8"
        )
    return files


def queued(files: Path) -> list[IndexJob]:
    root = str(files.resolve())
    return [IndexJob(0, str(one.path), root, one.source, "") for one in expand([files])]


def engine(data: Path) -> Engine:
    return Engine(EngineSettings(data=data), encoder=FakeEncoder())


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def silent(store: Store) -> None:
    """As when the workers have said nothing for longer than a lease."""
    with store.database.begin() as c:
        c.execute(update(table).values(lease=0.0))


def once_each(data: Path, count: int) -> None:
    """Every file is in the index once, with the vectors of its own text."""
    generation = IndexStore(data / "index").current()
    assert generation is not None
    generation.verify()
    assert sorted(one.source for one in generation.documents()) == [f"{n:02}.md" for n in range(count)]
    texts = list(generation.search_texts())
    assert (generation.vectors() == FakeEncoder().encode(texts)).all() and len(texts) == generation.count


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_one_of_two_workers_is_killed_while_it_reads(
    store: Store, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    jobs = IndexJobs(store.database)
    assert jobs.queue(queued(folder(tmp_path, 24))) == 24
    one, other = start(reading=0.4), start(reading=0.4)

    def stopped_while_reading() -> bool:
        one.send_signal(signal.SIGSTOP)
        with store.database.connect() as c:
            reading = c.execute(select(table.c.worker).where(table.c.state == "reading")).scalars()
            if len(set(reading)) == 2:  # the one that stands still, and the other
                return True
        one.send_signal(signal.SIGCONT)
        return False

    wait_for(stopped_while_reading)
    one.send_signal(signal.SIGKILL)
    one.wait()
    assert other.wait(120) == 0
    assert jobs.counts() == {"waiting": 0, "reading": 0, "read": 0, "writing": 0, "done": 24, "failed": 0}
    assert max(job.tries for job in jobs.of("done")) == 2, "no job went from one to the other"
    once_each(tmp_path, 24)
    assert list((tmp_path / "index" / FOLDER).iterdir()) == []


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_the_one_who_writes_is_killed_between_the_index_and_the_database(
    store: Store, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    jobs = IndexJobs(store.database)
    jobs.queue(queued(folder(tmp_path, 8)))
    one = start(writing=600)
    assert one.stdout is not None and one.stdout.readline() == "written\n"
    assert jobs.counts()["writing"] == 8, "the index has them, the database does not know"
    other = start()
    time.sleep(2.0)
    assert jobs.counts()["writing"] == 8, "only one writes, and a living one keeps what it holds"
    one.send_signal(signal.SIGKILL)
    one.wait()
    assert other.wait(60) == 0
    assert jobs.counts()["done"] == 8
    once_each(tmp_path, 8)


@pytest.mark.postgres
def test_what_a_worker_says_of_a_job_that_another_has_by_now_counts_nothing(
    store: Store, tmp_path: Path
) -> None:
    one, other = IndexJobs(store.database), IndexJobs(store.database)
    one.queue(queued(folder(tmp_path, 2)))
    (first, second) = one.take(5)
    assert other.take(5) == []
    assert one.becomes(first, "read")
    silent(store)
    assert [job.id for job in other.take(5)] == [second.id]
    assert not one.becomes(second, "failed", "late")
    one.renew()
    assert other.becomes(second, "read") and other.counts()["read"] == 2


@pytest.mark.postgres
def test_several_who_take_at_once_take_each_job_once(store: Store, tmp_path: Path) -> None:
    IndexJobs(store.database).queue(queued(folder(tmp_path, 40)))
    taken: list[int] = []

    def work() -> None:
        mine = IndexJobs(store.database)
        while found := mine.take(3):
            taken.extend(job.id for job in found)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 40


@pytest.mark.postgres
def test_a_file_that_takes_every_worker_with_it_is_given_up(store: Store, tmp_path: Path) -> None:
    jobs = IndexJobs(store.database)
    jobs.queue(queued(folder(tmp_path, 1)))
    for _ in range(TRIES):
        assert len(jobs.take(1)) == 1
        silent(store)
    assert jobs.take(1) == []
    (failed,) = jobs.of("failed")
    assert f"{TRIES} workers" in failed.message
    assert jobs.again() == 1 and jobs.take(1)[0].tries == 1


@pytest.mark.postgres
def test_an_orderly_stop_hands_everything_back_and_costs_no_try(store: Store, tmp_path: Path) -> None:
    jobs = IndexJobs(store.database)
    jobs.queue(queued(folder(tmp_path, 2)))
    jobs.take(2)
    jobs.give_back()
    assert jobs.counts()["waiting"] == 2 and jobs.of("waiting")[0].tries == 0


@pytest.mark.postgres
def test_a_worker_that_is_told_to_stop_finishes_the_file_in_hand_alone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, stopping = IndexJobs(store.database), threading.Event()
    jobs.queue(queued(folder(tmp_path, 6)))
    read = Reader.load_all

    def last(self: Reader, *given: Any) -> Any:
        stopping.set()
        return read(self, *given)

    monkeypatch.setattr(Reader, "load_all", last)
    IndexWorker(engine(tmp_path), jobs).run(stopping)
    counts = jobs.counts()
    assert (counts["read"], counts["waiting"], counts["reading"]) == (1, 5, 0)


@pytest.mark.postgres
def test_the_same_file_waits_once_and_what_cannot_be_read_is_told(store: Store, tmp_path: Path) -> None:
    files = folder(tmp_path, 2)
    (files / "broken.docx").write_bytes(b"no zip archive")
    jobs = IndexJobs(store.database)
    assert jobs.queue([*queued(files), *queued(files)]) == 3 and jobs.queue(queued(files)) == 0
    worker = IndexWorker(engine(tmp_path), jobs, pause=0.01)
    worker.run(threading.Event(), once=True)
    assert (worker.read, worker.written, worker.failed) == (2, 2, 1)
    (failed,) = jobs.of("failed")
    assert failed.path.endswith("broken.docx") and "broken.docx" in failed.message
    once_each(tmp_path, 2)
    (files / "00.md").write_text("# 新办法\n\n现在规定，申请应当当天提出，不再提前。\n", "utf-8")
    assert jobs.queue(queued(files)) == 3
    IndexWorker(engine(tmp_path), jobs, pause=0.01).run(threading.Event(), once=True)
    titles = [one.title for one in engine(tmp_path).documents()]
    assert sorted(titles) == ["办法1", "新办法"]


@pytest.mark.postgres
def test_a_file_that_changed_after_it_was_read_is_read_again_by_the_writer(
    store: Store, tmp_path: Path
) -> None:
    files = folder(tmp_path, 1)
    jobs = IndexJobs(store.database)
    jobs.queue(queued(files))
    (job,) = jobs.take(1)
    with Reader() as reader:
        engine(tmp_path).library.prepare(
            tmp_path / "index" / FOLDER, str(job.id), Path(job.path), job.source, reader
        )
    jobs.becomes(job, "read")
    (files / "00.md").write_text("# 改过\n\n这一份在读过以后又改了，写进索引的应当是它。\n", "utf-8")
    IndexWorker(engine(tmp_path), jobs, pause=0.01).run(threading.Event(), once=True)
    assert [one.title for one in engine(tmp_path).documents()] == ["改过"]


def test_what_was_prepared_is_neither_read_nor_encoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = folder(tmp_path, 3)
    place, names = tmp_path / "prepared", {}
    with Reader() as reader:
        for number, one in enumerate(expand([files])):
            names[one.path] = str(number)
            engine(tmp_path).library.prepare(place, str(number), one.path, one.source, reader)
    monkeypatch.setattr(Reader, "load_all", lambda *_: pytest.fail("read again"))
    encoder = FakeEncoder()
    writer = Engine(EngineSettings(data=tmp_path), encoder=encoder)
    report = writer.add(list(names), below=files, prepared=writer.library.prepared(place, names))
    assert len(report.added) == 3 and encoder.calls == 0
    once_each(tmp_path, 3)
    other = prepared_files.Prepared(place, names, "another encoder")
    assert (other.encoding(lambda texts: FakeEncoder(8).encode(texts))(["甲"]).shape) == (1, 8)
    (place / ".1.4711").write_text("half, of a worker that was killed")
    prepared_files.forget(place, ["0"])
    assert {path.name for path in place.iterdir()} == {"0.json", "0.npz"}


def test_sqlite_is_no_place_for_jobs(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PostgreSQL"):
        IndexJobs(open_database("", tmp_path))


@pytest.mark.postgres
def test_the_commands(store: Store, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from wenju.cli import app

    files = folder(tmp_path, 2)
    (files / "x.bin").write_bytes(b"")
    monkeypatch.setenv("WENJU_UI__DATABASE", postgres)
    monkeypatch.setattr("wenju.commands.index_jobs.open_engine", lambda settings: engine(tmp_path))

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["--data", str(tmp_path), "index", *words])

    assert run("queue", str(files), "--collection", "人事").stdout == (
        "2 queued, 0 waited already, 1 not of a kind that is read\n"
    )
    (files / "01.md").unlink()
    done = run("worker", "--once")
    assert done.exit_code == 0 and "1 read, 1 written, 1 failed" in done.stdout
    told = run("jobs")
    assert told.exit_code == 3 and "1 done, 1 failed" in told.stdout and "01.md" in told.stderr
    assert json.loads(run("jobs", "--json").stdout)["failures"][0]["collection"] == "人事"
    assert "1 queued once more" in run("jobs", "--again").stdout
    assert engine(tmp_path).collections() == {"人事": 1}
