"""The library: an index made with another encoder is not searched, and one sentence says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_encoder import FakeEncoder

from errors import IndexError_
from qa.library import Library
from qa.settings import EngineSettings


def test_an_index_of_another_encoder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("食堂早上七点开门。", "utf-8")
    settings = EngineSettings(data=tmp_path / "data")
    Library(settings, FakeEncoder(name="old-encoder")).add([tmp_path / "note.txt"])
    library = Library(settings, FakeEncoder(name="new-encoder"))
    with pytest.raises(IndexError_, match="made with the encoder old-encoder, the settings name new-encoder") as caught:
        library.search("几点开门", 1)
    assert "wenju index add PATH" in caught.value.hint and "index.encoder to old-encoder" in caught.value.hint
    library.add([tmp_path / "note.txt"])
    assert library.search("几点开门", 1)
