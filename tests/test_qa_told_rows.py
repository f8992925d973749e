"""Which row of a table over several passages answers is told by the model, scripted here."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from index.settings import IndexSettings
from qa.draft import reply_with_least
from qa.engine import Engine
from qa.kinds.evidence import Block, narrow, read
from qa.kinds.extract import extract
from qa.kinds.tables import Table, tables_at
from qa.kinds.told_rows import Telling, block_of, odds_of
from qa.settings import EngineSettings

ROWS = "".join(f"| {n}路 | {'很长的站名' * 5} | {n}分钟 |\n" for n in range(10, 30))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    found = Engine.open(
        EngineSettings(data=tmp_path / "data", index=IndexSettings()),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator(),
        reader=ScriptedReader(),
    )
    (tmp_path / "lines.md").write_text(f"# 线路\n\n| 线路 | 站名 | 间隔 |\n|---|---|---|\n{ROWS}", "utf-8")
    found.add([tmp_path / "lines.md"])
    return found


@pytest.fixture
def table(engine: Engine) -> Table:
    return tables_at(engine.search("12路 间隔", 1)[0], engine.library)[0]


def telling(odds: Mapping[str, float]) -> Telling:
    """Tells the log-odds of the row that holds a word, -5 of others."""

    def told(block: Block) -> Sequence[float]:
        return [next((v for word, v in odds.items() if word in s.text), -5.0) for s in block.sentences()]

    return told


def test_a_table_is_one_block_of_all_its_passages(engine, table):
    block = block_of(table, engine.library)
    assert len(block.passages) > 1
    assert len(block.sentences()) == len(table.rows) == 20


def test_every_row_is_told_or_nothing_is(engine, table):
    odds = odds_of(table, engine.library, telling({"12路": 3.0}))
    assert [(row.cells["线路"], value) for row, value in odds if value > -5] == [("12路", 3.0)]
    assert odds_of(table, engine.library, lambda block: [9.0]) == []
    assert odds_of(table, engine.library, lambda block: []) == []


def test_a_table_of_more_rows_than_are_told_is_not_read(engine, table, monkeypatch):
    def asked(block: Block) -> Sequence[float]:
        raise AssertionError("nothing would come of it")

    monkeypatch.setattr("qa.kinds.told_rows.LINES", 19)
    assert odds_of(table, engine.library, asked) == []


@pytest.mark.parametrize(("kind", "shown"), [("fact", "27路"), ("list", "12路")])
def test_a_row_of_another_passage_is_the_answer_where_it_is_preferred(engine, kind, shown):
    asked, reader = "间隔多久", ScriptedReader(answers={"间隔多久": ["12路"]})
    windows = read(asked, [narrow(hit) for hit in engine.search("12路 间隔", 1)], reader)
    odds = telling({"12路": 1.0, "27路": 2.0})
    found = extract(asked, kind, windows, engine.library, reader, telling=odds)
    assert found is not None and shown in found.best.text
    assert len(found.lines) == (1 if kind == "fact" else 20)


def test_what_goes_in_circles_is_stopped():
    writer = ScriptedGenerator({"": "答案 = 56 + 184 + 56 + 184 + 56 + 184 + 56 + 184"})
    text, least = reply_with_least([("user", "总共多少人")], writer, 99, (), threading.Event())
    assert text.rstrip(" +") == "答案 = 56 + 184" and least == float("-inf")
