"""An index that changes while questions wait: the search is made anew, a bounded number of times."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa.engine import RENEWALS, Engine
from qa.settings import EngineSettings
from qa.types import Answer


@pytest.mark.parametrize(("changes", "searches"), [(0, 1), (2, 3), (10**6, RENEWALS + 1)])
def test_a_search_is_made_anew_a_bounded_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: int, searches: int
) -> None:
    engine = Engine.open(EngineSettings(data=tmp_path))
    looks = itertools.count(1)
    # seen before each search and once after it: what differs there has changed in between
    monkeypatch.setattr(
        type(engine.library), "fingerprint", property(lambda self: min(next(looks), 2 * changes))
    )
    made: list[int] = []

    def snapshots(asked: str, *given: Any) -> Iterator[Answer]:
        made.append(1)
        yield Answer(asked, asked, "found")
        yield Answer(asked, asked, "done")

    monkeypatch.setattr(engine, "_snapshots", snapshots)
    stages = [answer.stage for answer in itertools.islice(engine.stream("食堂几点开门？"), 50)]
    assert len(made) == searches and stages == ["found"] * searches + ["done"]
