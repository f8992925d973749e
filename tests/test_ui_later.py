"""A library that is brought in when it is first used."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from ui.later import later

LIBRARY = "made_for_this_test"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / LIBRARY
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('brought').touch()\n"
        f"from {LIBRARY}.part import seven\n"
    )
    (folder / "part.py").write_text("seven = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder / "brought"
    for name in [name for name in sys.modules if name.split(".")[0] == LIBRARY]:
        del sys.modules[name]


def test_it_is_brought_in_when_something_of_it_is_asked_for(made: Path) -> None:
    later(LIBRARY)
    library = importlib.import_module(LIBRARY)
    assert not made.exists()
    assert library.seven == 7 and made.exists() and library.part.seven == 7
    with pytest.raises(AttributeError):
        _ = library.eight


def test_a_part_of_it_brings_in_the_whole_first(made: Path) -> None:
    later(LIBRARY)
    assert importlib.import_module(f"{LIBRARY}.part").seven == 7 and made.exists()


def test_what_is_not_there_or_there_already_is_left_alone(made: Path) -> None:
    later("no_library_of_this_name")
    assert "no_library_of_this_name" not in sys.modules
    library = importlib.import_module(LIBRARY)
    later(LIBRARY)
    assert sys.modules[LIBRARY] is library


def test_the_page_does_without_pandas() -> None:
    code = (
        "import sys, ui.app; ui.app.quiet_gradio(); import ui.page, pandas\n"
        "assert 'pandas.core' not in sys.modules, 'something used it'\n"
        "assert pandas.DataFrame({'a': [1]}).shape == (1, 1)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)
