"""What earlier versions wrote is read by this one: an index, a database and an answer, kept as they were
written.

The files in data/formats are never made anew. Whoever raises a format adds a folder beside them and says in
this test what
becomes of the old one: read, or refused with the next step.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from index_fakes import SETTINGS, Encoder, current, document

from index.generation import FORMAT
from index.store import IndexStore
from qa.serialize import answer_from_dict, answer_to_dict
from ui.api import API_VERSION
from ui.storage import Store
from ui.storage_database import SCHEMA

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "tests" / "data" / "formats"
ANSWER: dict[str, Any] = json.loads((KEPT / "answer-1.json").read_text(encoding="utf-8"))


def test_every_format_has_its_kept_example() -> None:
    assert (KEPT / f"index-{FORMAT}").is_dir() and (KEPT / f"storage-{SCHEMA}.sql").is_file()
    assert (KEPT / f"answer-{API_VERSION.split('.')[0]}.json").is_file()


def test_an_index_of_format_1_is_opened_and_added_to(tmp_path: Path) -> None:
    shutil.copytree(KEPT / "index-1", tmp_path / "index")
    store = IndexStore(tmp_path / "index")
    old = current(store)
    old.verify()
    assert [one.title for one in old.documents()] == ["甲标题", "乙标题"]
    for light in old.documents():
        whole = old.document(light.id)
        for passage in old.passages(light.id):
            assert whole.text[passage.start : passage.end] == passage.text
    old.close()
    grown = store.write([document("丙", 2)], [], SETTINGS, Encoder())
    grown.verify()
    assert sorted(one.title for one in grown.documents()) == sorted(["甲标题", "乙标题", "丙标题"])


def test_an_index_with_other_terms_is_made_again_by_adding_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the message of a lexical index of another version tells people to do has to help."""
    shutil.copytree(KEPT / "index-1", tmp_path / "index")
    store = IndexStore(tmp_path / "index")
    renewed = store.write([document("甲", 2)], [], SETTINGS, Encoder())
    assert renewed.name == "gen-2", "its passages were cut by other rules"
    assert store.write([document("甲", 2)], [], SETTINGS, Encoder()).name == "gen-2"
    monkeypatch.setattr("index.terms.VERSION", 2)
    encode = Encoder()
    made = store.write([document("甲", 2)], [], SETTINGS, encode)
    assert made.name == "gen-3" and len(encode.seen) == made.count == 4


def test_a_database_of_version_1_still_has_its_conversations(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "wenju.db")) as db:
        db.executescript((KEPT / "storage-1.sql").read_text(encoding="utf-8"))
    store = Store.open("", tmp_path)
    first, second = store.exchanges("wang", "c1")
    assert (
        first.question == "年休假怎么申请？"
        and first.answer is not None
        and first.answer.sentences[0].citations
    )
    assert second.answer is not None and second.answer.refusal is not None
    assert [row.turns for row in store.conversations("wang")] == [2]
    store.close()


def keys(value: Any, path: str = "") -> set[str]:
    """Every key path of a JSON value; items of a list share theirs."""
    if isinstance(value, dict):
        return set().union(
            *({f"{path}.{key}"} | keys(inner, f"{path}.{key}") for key, inner in value.items()), set()
        )
    return (
        set().union(*(keys(inner, f"{path}[]") for inner in value), set())
        if isinstance(value, list)
        else set()
    )


def holds(now: Any, before: Any) -> bool:
    """Does a value say all that another says? Objects may have grown."""
    if isinstance(before, dict):
        return all(key in now and holds(now[key], inner) for key, inner in before.items())
    if isinstance(before, list):
        return len(now) == len(before) and all(map(holds, now, before))
    return bool(now == before)


def test_an_answer_of_version_1_is_read_and_has_lost_no_field() -> None:
    now = json.loads(json.dumps(answer_to_dict(answer_from_dict(ANSWER))))
    assert keys(ANSWER) <= keys(now)
    assert holds(now, ANSWER)


@pytest.mark.parametrize("field", sorted(ANSWER))
def test_fields_of_an_answer_are_described(field: str) -> None:
    table = (ROOT / "docs" / "API.md").read_text(encoding="utf-8").split("## HTTP")[0]
    assert re.search(rf"`{field}`", table), f"docs/API.md does not describe {field}"
