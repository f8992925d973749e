"""What verify says of a whole index, a damaged one, and one whose writer was killed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from index_fakes import SETTINGS, Encoder, current, document

from errors import IndexError_
from index.local import LocalBackend
from index.store import IndexStore
from index.verify import verified


@pytest.fixture
def store(tmp_path: Path) -> IndexStore:
    made = IndexStore(tmp_path / "index")
    for name in "甲乙":
        made.write(
            [document(name)],
            [],
            SETTINGS,
            Encoder(),
            backend=LocalBackend(),
        )
    return made


def test_all_is_well(store: IndexStore) -> None:
    found = verified(store)
    assert (found.current, found.answering, found.faults, found.leftovers) == ("gen-2", "gen-2", (), ())
    assert verified(IndexStore(store.root / "nowhere")).answering == ""


def test_what_a_killed_writer_left_is_told_and_is_no_fault(store: IndexStore) -> None:
    (store.root / "building-3").mkdir()
    shutil.copytree(store.root / "gen-2", store.root / "gen-3")  # killed before CURRENT was written
    found = verified(store)
    assert (found.answering, found.faults, found.leftovers) == ("gen-2", (), ("building-3", "gen-3"))


def test_bytes_that_changed_without_a_change_of_size(store: IndexStore) -> None:
    path = store.root / "gen-2" / "vectors.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert [(fault.place, fault.message) for fault in verified(store).faults] == [
        ("gen-2/vectors.npy", "holds something else than was written")
    ]


def test_the_generation_kept_for_such_a_day_is_looked_at_too(store: IndexStore) -> None:
    (store.root / "gen-1" / "vectors.npy").unlink()
    found = verified(store)
    assert found.answering == "gen-2" and [fault.place for fault in found.faults] == ["gen-1/vectors.npy"]


def test_parts_that_do_not_fit_each_other(store: IndexStore) -> None:
    folder = store.root / "gen-2"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["passages"] += 1
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert [fault.message.split()[1] for fault in verified(store).faults] == ["vectors", "rows", "rows"]


def test_a_damaged_corpus_is_not_taken_for_whole(store: IndexStore) -> None:
    shutil.rmtree(store.root / "gen-1")
    path = store.root / "gen-2" / "corpus.sqlite"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(IndexError_, match="no generation has its documents whole") as caught:
        store.write([], [], SETTINGS, Encoder(), afresh=True)
    assert "wenju restore" in caught.value.hint
    assert verified(store).answering == ""


def test_an_index_of_another_format(store: IndexStore) -> None:
    for folder in store.root.glob("gen-*"):
        facts = json.loads((folder / "manifest.json").read_text("utf-8"))
        (folder / "manifest.json").write_text(json.dumps(facts | {"format": 0}), "utf-8")
    found = verified(store)
    assert found.answering == "" and all(
        "has format 0; this version reads 1" in fault.message for fault in found.faults
    )
    for afresh in (False, True):
        with pytest.raises(IndexError_) as caught:
            store.write([document("丙")], [], SETTINGS, Encoder(), afresh=afresh)
        assert "wenju index add" in caught.value.hint


def test_an_index_of_a_version_before_copies_and_collections(store: IndexStore) -> None:
    generation = current(store)
    with sqlite3.connect(generation.path / "corpus.sqlite") as db:
        db.execute("DROP TABLE copies")
    assert (current(store).copies(), current(store).collections()) == ({}, {})


@pytest.mark.parametrize("year", [1970, 2100])
def test_a_clock_that_jumps_changes_nothing(
    store: IndexStore, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    monkeypatch.setattr("index.disk.now", lambda: f"{year}-01-01T00:00:00+00:00")
    made = store.write([document("丙")], [], SETTINGS, Encoder())
    assert made.manifest["created"].startswith(str(year)) and current(store).name == made.name == "gen-3"
    assert len(current(store).documents()) == 3


def test_a_folder_that_may_only_be_read(store: IndexStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so what the system would say is said here."""
    real = os.open

    def denied(path: object, flags: int, *rest: object, **more: object) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and str(path).startswith(str(store.root)):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", denied)
    assert len(current(store).documents()) == 2 and verified(store).faults == ()
    with pytest.raises(IndexError_, match="cannot be written|being written") as caught:
        IndexStore(store.root, wait=0.2).write([document("丙")], [], SETTINGS, Encoder())
    assert caught.value.hint
