"""The index on disk when things go wrong: damage, kills, two writers, full disks. The current one stays
unharmed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from index_fakes import SETTINGS, Encoder, check, current, document

from errors import IndexError_
from index.store import IndexStore

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda root: (root / "gen-1" / "manifest.json").write_text("{"), "cannot be read"),
        (lambda root: (root / "gen-1" / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda root: _edit(root / "gen-1" / "manifest.json", format=99), "format 99"),
        (lambda root: (root / "gen-1" / "vectors.npy").write_bytes(b""), "vectors.npy"),
    ],
)
def test_a_damaged_index_is_told_with_the_next_step(
    tmp_path: Path, spoil: Callable[[Path], object], says: str
) -> None:
    store = IndexStore(tmp_path)
    store.write([document("甲")], [], SETTINGS, Encoder()).close()
    spoil(tmp_path)
    with pytest.raises(IndexError_, match=says) as caught:
        store.current()
    assert ("wenju index add" if "format" in says else "wenju index rebuild") in caught.value.hint


@pytest.mark.parametrize("name", ["../evil", "gen-99", "", "gen-"])
def test_where_current_names_nothing_the_last_whole_generation_answers(tmp_path: Path, name: str) -> None:
    store = IndexStore(tmp_path)
    store.write([document("甲")], [], SETTINGS, Encoder()).close()
    (tmp_path / "CURRENT").write_text(name)
    assert current(store).name == "gen-1" and store.opened().fault is not None
    with pytest.raises(IndexError_, match="damaged"):
        store.write(
            [document("乙")], [], SETTINGS, Encoder()
        )  # nothing is built on what may not be the newest
    assert len(store.write([], [], SETTINGS, Encoder(), afresh=True).documents()) == 1
    check(current(store))
    assert store.opened().fault is None


def test_a_lost_current_is_found_again(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    store.write([document("甲")], [], SETTINGS, Encoder()).close()
    (tmp_path / "CURRENT").unlink()
    check(store.write([document("乙")], [], SETTINGS, Encoder()))
    assert len(current(store).documents()) == 2


def test_a_damaged_generation_gives_way_to_the_one_before_and_is_rebuilt_from_its_documents(
    tmp_path: Path,
) -> None:
    store = IndexStore(tmp_path)
    store.write([document("甲")], [], SETTINGS, Encoder()).close()
    store.write([document("乙")], [], SETTINGS, Encoder()).close()
    for file in ("vectors.npy", "manifest.json"):
        os.truncate(tmp_path / "gen-2" / file, 10)
    assert [one.title for one in current(store).documents()] == ["甲标题"]
    encode = Encoder()
    whole = store.write([], [], SETTINGS, encode, afresh=True)
    check(whole)
    assert [one.title for one in whole.documents()] == ["甲标题", "乙标题"] and len(
        encode.seen
    ) == whole.count


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_a_failing_or_cancelled_writer_leaves_the_old_generation(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    old = store.write([document("甲")], [], SETTINGS, Encoder())

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "encode":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write([document("乙")], [], SETTINGS, Encoder(), stop)
    assert current(store).name == old.name and not list(tmp_path.glob("building-*"))
    check(store.write([document("乙")], [], SETTINGS, Encoder()))


WRITER = """
import sys, time, numpy as np
from pathlib import Path
sys.path.insert(0, {root!r}); sys.path.insert(0, {tests!r})
from index_fakes import SETTINGS, document, Encoder
from index.store import IndexStore
def encode(texts):
    Path({flag!r}).write_text("encoding"); time.sleep(60); return Encoder()(texts)
IndexStore(Path({index!r})).write([document("新")], [], SETTINGS, encode)
"""


def start_writer(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Another process that has the lock and is encoding."""
    flag = tmp_path / "flag"
    code = WRITER.format(
        root=str(ROOT), tests=str(ROOT / "tests"), flag=str(flag), index=str(tmp_path / "index")
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    for _ in range(600):
        if flag.exists():
            return process
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError("the writer did not start")


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_kill_during_write_and_two_writers(tmp_path: Path) -> None:
    store = IndexStore(tmp_path / "index", wait=0.2)
    old = store.write([document("甲")], [], SETTINGS, Encoder())
    process = start_writer(tmp_path)
    try:
        with pytest.raises(IndexError_, match=f"being written by process {process.pid} on "):
            store.write([document("乙")], [], SETTINGS, Encoder())
        check(current(store))  # readers are not blocked
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(store.root.glob("building-*")) and current(store).name == old.name
    check(current(store))
    after = store.write([document("乙")], [], SETTINGS, Encoder())
    check(after)
    assert not list(store.root.glob("building-*")) and len(after.documents()) == 2


def test_writers_in_threads_wait_for_each_other(tmp_path: Path) -> None:
    def write(name: str) -> None:
        IndexStore(tmp_path, wait=30).write([document(name)], [], SETTINGS, Encoder())

    threads = [threading.Thread(target=write, args=(name,)) for name in "甲乙丙丁"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(current(IndexStore(tmp_path)))
    assert len(current(IndexStore(tmp_path)).documents()) == 4


def test_readers_of_an_old_generation_go_on_while_new_ones_come(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    reader = store.write([document("甲")], [], SETTINGS, Encoder())
    vectors = reader.vectors()
    for mark in ("，一", "，二", "，三"):
        store.write([document("甲", 3, mark)], [], SETTINGS, Encoder())
    assert reader.document(document("甲").id).text and vectors.sum() > 0
    assert len(list(tmp_path.glob("gen-*"))) == 2  # the current one and the one before


def test_disk_full_at_any_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = IndexStore(tmp_path)
    old = store.write([document("甲")], [], SETTINGS, Encoder())
    real, calls = os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    for point in range(5):
        calls = point
        with monkeypatch.context() as patched:
            patched.setattr("index.store.os.fsync", full)
            with pytest.raises(IndexError_, match="no space left") as caught:
                store.write([document("乙")], [], SETTINGS, Encoder())
        assert "Free some space" in caught.value.hint
        check(current(store))
        assert current(store).name == old.name
    check(store.write([document("乙")], [], SETTINGS, Encoder()))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"),
    reason="needs root to mount a small disk",
)
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        store = IndexStore(disk / "index")
        old = store.write([document("甲")], [], SETTINGS, Encoder())
        for many in (
            document("大", 3000),
            document("中", 900),
        ):  # the corpus does not fit; its vectors do not
            with pytest.raises(IndexError_, match="no space left"):
                store.write(
                    [many], [], SETTINGS, lambda texts: np.ones((len(texts), 400), np.float32), encoder="wide"
                )
            assert current(store).name == old.name
            check(current(store))
        check(store.write([document("乙")], [], SETTINGS, Encoder()))
        store.current().close()  # type: ignore[union-attr]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
