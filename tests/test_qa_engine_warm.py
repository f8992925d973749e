"""What "ready" means: the model is loaded, and not only named."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fakes import ScriptedGenerator

from errors import GeneratorError
from qa.engine import Engine
from qa.settings import EngineSettings


class Loading(ScriptedGenerator):
    """A generator that is loaded by warm()."""

    loaded = False
    broken = False

    def warm(self) -> None:
        if self.broken:
            raise GeneratorError("no such model", "Fetch it.")
        self.loaded = True


def test_warming_loads_the_generator_and_only_then_it_is_ready(tmp_path: Path) -> None:
    generator = Loading({})
    engine = Engine.open(EngineSettings(data=tmp_path), generator=generator, encoder=FakeEncoder())
    assert engine.ready["generator"] is False
    engine.warm()
    assert generator.loaded and engine.ready["generator"] is True


def test_a_generator_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    generator = Loading({})
    generator.broken = True
    engine = Engine.open(EngineSettings(data=tmp_path), generator=generator, encoder=FakeEncoder())
    with pytest.raises(GeneratorError, match="no such model"):
        engine.warm()
    assert engine.ready["generator"] is False


def test_a_generator_without_loading_is_ready_at_once(tmp_path: Path) -> None:
    engine = Engine.open(
        EngineSettings(data=tmp_path), generator=ScriptedGenerator({}), encoder=FakeEncoder()
    )
    assert engine.ready["generator"] is True
