"""The library: an index made with another encoder is not searched, and one sentence says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_encoder import FakeEncoder

from errors import IndexError_, ModelError
from models.settings import ModelSettings
from qa.library import Library
from qa.settings import EngineSettings


def test_an_index_of_another_encoder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("食堂早上七点开门。", "utf-8")
    settings = EngineSettings(data=tmp_path / "data")
    Library(settings, FakeEncoder(name="old-encoder")).add([tmp_path / "note.txt"])
    library = Library(settings, FakeEncoder(name="new-encoder"))
    with pytest.raises(
        IndexError_, match="made with the encoder old-encoder, the settings name new-encoder"
    ) as caught:
        library.search("几点开门", 1)
    assert "wenju index add PATH" in caught.value.hint and "index.encoder to old-encoder" in caught.value.hint
    library.add([tmp_path / "note.txt"])
    assert library.search("几点开门", 1)


def library(tmp_path: Path, *names: str) -> Library:
    """Each name is a document of its own, added after the ones before."""
    made = Library(EngineSettings(data=tmp_path / "data"), FakeEncoder())
    for name in names:
        (tmp_path / f"{name}.txt").write_text(f"{name}早上七点开门，晚上九点关门。", "utf-8")
        made.add([tmp_path / f"{name}.txt"])
    return made


def test_readers_go_on_while_a_folder_is_synced_and_then_switch_at_once(tmp_path: Path) -> None:
    writer = library(tmp_path, "食堂")
    reader = Library(EngineSettings(data=tmp_path / "data"), FakeEncoder())
    assert {hit.document.source for hit in reader.search("几点开门", 5)} == {"食堂.txt"}
    (tmp_path / "食堂.txt").unlink()
    (tmp_path / "浴室.txt").write_text("浴室早上八点开门，晚上十点关门。", "utf-8")
    seen: list[set[str]] = []
    writer.store.root.joinpath("gen-2")
    documents = tmp_path / "文件"
    documents.mkdir()
    (tmp_path / "浴室.txt").rename(documents / "浴室.txt")

    def look(stage: str, done: int, total: int) -> None:
        seen.append({hit.document.source for hit in reader.search("几点开门", 5)})

    writer.sync(documents, look)
    assert len(seen) > 5 and all(
        found == {"食堂.txt"} for found in seen[:-1]
    )  # until the last step, which is after the switch
    assert {hit.document.source for hit in reader.search("几点开门", 5)} == {"食堂.txt", "浴室.txt"}


def test_a_generation_that_goes_while_its_searches_are_opened_is_followed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library(tmp_path, "食堂", "浴室")
    reader = Library(EngineSettings(data=tmp_path / "data"), FakeEncoder())
    assert reader.generation is not None
    made.remove(
        next(one.id for one in made.documents() if one.source == "浴室.txt")
    )  # the older one is off the disk at once
    names = iter(["gen-2"])
    real = reader.store.current_name
    monkeypatch.setattr(
        reader.store, "current_name", lambda: next(names, None) or real()
    )  # read just before the switch
    assert {hit.document.source for hit in reader.search("几点开门", 5)} == {"食堂.txt"}


def test_where_the_newest_is_damaged_the_one_before_answers_and_nothing_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = library(tmp_path, "食堂", "浴室")
    newest = made.store.root / (made.store.current_name() or "")
    (newest / "vectors.npy").unlink()
    reader = Library(EngineSettings(data=tmp_path / "data"), FakeEncoder())
    opened: list[int] = []
    real = reader.store.current
    reader.store.current = lambda: (opened.append(1), real())[1]  # type: ignore[method-assign]
    for _ in range(3):
        assert {hit.document.source for hit in reader.search("几点开门", 5)} == {"食堂.txt"}
    assert len(opened) == 1 and "gen-1 answers" in caplog.text
    with pytest.raises(IndexError_, match="damaged"):
        reader.add([tmp_path / "食堂.txt"])
    reader.write((), afresh=True)
    assert {hit.document.source for hit in reader.search("几点开门", 5)} == {"食堂.txt", "浴室.txt"}


def test_a_folder_that_did_not_change_needs_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "文件").mkdir()
    (tmp_path / "文件" / "a.txt").write_text("食堂早上七点开门。", "utf-8")
    settings = EngineSettings(data=tmp_path / "data")
    Library(settings, FakeEncoder(name=settings.index.encoder)).sync(tmp_path / "文件")
    idle = Library(settings)
    monkeypatch.setattr(idle, "_can_encode", lambda: None)
    monkeypatch.setattr("index.encoder.open_encoder", lambda *_: pytest.fail("loaded for nothing"))
    assert idle.sync(tmp_path / "文件").unchanged == ("a.txt",)


def test_a_missing_model_is_told_before_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("食堂早上七点开门。", "utf-8")
    settings = EngineSettings(data=tmp_path / "data", models=ModelSettings(folder=tmp_path / "no-models"))
    with pytest.raises(ModelError):
        Library(settings).add([tmp_path / "a.txt"], lambda *_: pytest.fail("read"))
