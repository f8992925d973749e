"""A backup is whole or not there, and comes back as it was; a damaged one touches nothing."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from index_fakes import SETTINGS, Encoder, check, current, document

from errors import DocumentError, IndexError_
from index.store import IndexStore
from wenju.backup import backup, restore
from wenju.settings import Settings, load_settings


def settings_of(folder: Path, **ui: str) -> Settings:
    return load_settings({"data": folder, "ui": ui}, None)


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT text FROM turns")]


@pytest.fixture
def used(tmp_path: Path) -> Settings:
    """A data folder after some use."""
    data = tmp_path / "data"
    IndexStore(data / "index").write([document("甲"), document("乙")], [], SETTINGS, Encoder()).close()
    (data / "server.key").write_text("f" * 64)
    (data / "originals" / "下").mkdir(parents=True)
    (data / "originals" / "下" / "甲.txt").write_text("甲", "utf-8")
    with closing(sqlite3.connect(data / "wenju.db")) as db, db:
        db.execute("CREATE TABLE turns (text TEXT)")
        db.execute("INSERT INTO turns VALUES ('一问一答')")
    return settings_of(data)


def test_it_comes_back_as_it_was(used: Settings, tmp_path: Path) -> None:
    made = backup(used, tmp_path / "b.zip")
    assert (made.index, made.documents, made.left_out) == ("gen-1", 2, "")
    assert (tmp_path / "b.zip").stat().st_mode & 0o077 == 0 and not list(tmp_path.glob(".*.part"))
    other = settings_of(tmp_path / "other")
    assert restore(other, tmp_path / "b.zip").parts == made.parts
    check(current(IndexStore(other.data / "index")))
    assert rows(other.data / "wenju.db") == ["一问一答"]
    for name in ("server.key", "originals/下/甲.txt"):
        assert (other.data / name).read_bytes() == (used.data / name).read_bytes()
    assert not list(other.data.glob(".restore-*"))


def test_nothing_is_overwritten_unless_told_and_readers_switch(used: Settings, tmp_path: Path) -> None:
    backup(used, tmp_path / "b.zip")
    store = IndexStore(used.data / "index")
    store.write([document("丙")], [], SETTINGS, Encoder()).close()
    with closing(sqlite3.connect(used.data / "wenju.db")) as db, db:
        db.execute("INSERT INTO turns VALUES ('后来的')")
    with pytest.raises(DocumentError, match="something already") as caught:
        restore(used, tmp_path / "b.zip")
    assert "--replace" in caught.value.hint and len(current(store).documents()) == 3
    restore(used, tmp_path / "b.zip", replace=True)
    assert (current(store).name, len(current(store).documents()), rows(used.data / "wenju.db")) == (
        "gen-3",
        2,
        ["一问一答"],
    )


def test_an_open_database_is_copied_as_a_whole(used: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(used.data / "wenju.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO turns VALUES ('还没有提交')")
        backup(used, tmp_path / "b.zip")
    restore(settings_of(tmp_path / "other"), tmp_path / "b.zip")
    assert rows(tmp_path / "other" / "wenju.db") == ["一问一答"]


def test_a_damaged_backup_touches_nothing(used: Settings, tmp_path: Path) -> None:
    backup(used, tmp_path / "b.zip")
    data = (tmp_path / "b.zip").read_bytes()
    other = settings_of(tmp_path / "other")
    spoilt = [data[:size] for size in range(0, len(data) - 1, len(data) // 15)]
    spoilt.append(data.replace(b"CREATE TABLE turns", b"CREATE TABLE turnz"))
    for number, one in enumerate(spoilt):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(one)
        try:
            restore(other, path)
        except DocumentError as error:
            assert path.name in error.message
        else:
            assert one == data, number
    assert not (other.data / "index").exists() or current(IndexStore(other.data / "index"))


@pytest.mark.parametrize("name", ["../evil", "/evil", "index/../../evil", "other/x"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(name, "x")
        archive.writestr(
            "backup.json",
            json.dumps({"wenju": "backup", "format": 1, "index": "", "documents": 0, "files": {name: "0"}}),
        )
    with pytest.raises(DocumentError, match="no part of a backup"):
        restore(settings_of(tmp_path / "data"), tmp_path / "b.zip")
    assert not list(tmp_path.rglob("evil"))


def test_a_damaged_index_is_not_backed_up(used: Settings, tmp_path: Path) -> None:
    path = used.data / "index" / "gen-1" / "vectors.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexError_, match=r"vectors\.npy has changed"):
        backup(used, tmp_path / "b.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_databases_elsewhere_are_told(used: Settings, tmp_path: Path) -> None:
    made = backup(settings_of(used.data, database="postgresql://wenju:secret@db/wenju"), tmp_path / "b.zip")
    assert "wenju.db" not in made.parts and "pg_dump" in made.left_out and "secret" not in made.left_out
    own = settings_of(used.data, database=f"sqlite:///{used.data / 'wenju.db'}")
    assert "wenju.db" in backup(own, tmp_path / "c.zip").parts
    assert "wenju.db" not in backup(settings_of(used.data, database="none"), tmp_path / "d.zip").parts
