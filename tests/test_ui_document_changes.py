"""An answer whose documents changed or went away since it was given: marked when reopened, in the reader, in
exports."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_corpus import APPLY, LEAVE, fake_engine
from fake_encoder import FakeEncoder
from fake_engine import FakeEngine
from fakes import ScriptedGenerator
from fastapi.testclient import TestClient
from ui_fakes import api_app

from errors import IndexError_
from qa.engine import Engine
from qa.settings import EngineSettings
from qa.types import Answer
from ui.conversation import messages, reopen
from ui.document_changes import CurrentDocuments
from ui.export import to_html, to_json, to_markdown
from ui.render import answer_html
from ui.storage import Store
from ui.storage_types import Exchange, now
from ui.texts import Look

CID = "0123456789abcdef"
LOOK = Look("zh", "/p")
QUESTION = "年休假怎么申请？"


@pytest.fixture()
def engine() -> FakeEngine:
    return fake_engine()


@pytest.fixture()
def given(engine: FakeEngine) -> Answer:
    return engine.answer(QUESTION)


def change(engine: FakeEngine) -> None:
    """The cited document gets another text under its old id, as after uploading a new version of the file."""
    engine.docs = [
        replace(d, text=d.text + "附则\n\n", sha256="e" * 64) if d.id == LEAVE.id else d for d in engine.docs
    ]


def row(answer: Answer) -> Exchange:
    return Exchange("e1", QUESTION, now(), "done", answer)


def test_nothing_is_marked_while_documents_stand_as_they_were(engine: FakeEngine, given: Answer) -> None:
    assert CurrentDocuments(engine).of(given) == {}
    (_, shown) = messages(reopen(CID, (row(given),), "", CurrentDocuments(engine)), LOOK)
    assert "since" not in shown["content"] and shown["content"] == answer_html(given, f"w-{CID}-e1", LOOK)


@pytest.mark.parametrize(("what", "mark"), [("changed", "文档此后已修改"), ("removed", "文档已移除")])
def test_a_reopened_answer_marks_citations_of_what_changed_or_went(
    engine: FakeEngine, given: Answer, what: str, mark: str
) -> None:
    if what == "changed":
        change(engine)
    else:
        engine.remove(LEAVE.id)
    (_, shown) = messages(reopen(CID, (row(given),), "", CurrentDocuments(engine)), LOOK)
    markup = shown["content"]
    chips = re.findall(r'<a class="cite[^>]*>.*?</a>', markup)
    assert chips and all(" since" in c and mark in c for c in chips)
    assert '<div class="note note-since">' in markup and LEAVE.title in markup
    block = re.search(r'<details class="ev" id="[^"]*-s1">.*?</details>', markup)
    assert block is not None and f'<span class="old since">{mark}</span>' in block.group()
    assert ("/p/documents/" in block.group()) is (what == "changed")
    assert "职工累计工作满" in block.group()  # the text of that time stays


def test_only_documents_that_changed_are_marked(engine: FakeEngine, given: Answer) -> None:
    other = next(
        d for d in engine.docs if d.id not in {c.document_id for s in given.sentences for c in s.citations}
    )
    engine.remove(other.id)
    assert LEAVE.id not in CurrentDocuments(engine).of(given)
    markup = answer_html(given, "A", LOOK, changes=CurrentDocuments(engine).of(given))
    assert "note-since" not in markup and " since" not in markup


def test_exports_say_it(engine: FakeEngine, given: Answer) -> None:
    change(engine)
    held = CurrentDocuments(engine)
    assert "文档此后已修改" in to_markdown("t", [row(given)], "zh", held) and "changed since" in to_html(
        "t", [row(given)], "en", held
    )
    assert json.loads(to_json("t", [row(given)], held))["exchanges"][0]["changes"] == {LEAVE.id: "changed"}
    assert "文档此后已修改" not in to_markdown("t", [row(given)])


def test_an_index_that_cannot_be_read_marks_nothing(
    engine: FakeEngine, given: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(document_id: str) -> Any:
        raise IndexError_("damaged")

    monkeypatch.setattr(engine, "document", broken)
    assert CurrentDocuments(engine).of(given) == {}


@pytest.fixture()
def store() -> Store:
    return Store.in_memory()


@pytest.fixture()
def client(engine: FakeEngine, store: Store) -> Iterator[TestClient]:
    from ui.app import create_app
    from ui.settings import UiSettings

    with TestClient(create_app(UiSettings(), engine, store)) as c:  # type: ignore[arg-type]
        yield c


def test_the_reader_marks_a_span_only_in_the_text_it_was_cut_from(
    client: TestClient, engine: FakeEngine
) -> None:
    start = LEAVE.text.index(APPLY)
    address = f"/documents/{LEAVE.id}?start={start}&end={start + len(APPLY)}&v={LEAVE.sha256[:16]}"
    assert f'<mark id="span">{APPLY}</mark>' in client.get(address).text
    change(engine)
    page = client.get(address)
    assert page.status_code == 200 and "<mark" not in page.text and "已经修改" in page.text
    engine.remove(LEAVE.id)
    page = client.get(address)
    assert page.status_code == 404 and "已从库中移除" in page.text
    assert client.get(f"/documents/{LEAVE.id}").status_code == 404


def test_exports_and_shared_conversations_of_the_server_say_it(
    client: TestClient, engine: FakeEngine, store: Store, given: Answer
) -> None:
    store.save("local", CID, row(given))
    token = store.share("local", CID)
    change(engine)
    for form in ("md", "html"):
        assert "文档此后已修改" in client.get(f"/page/conversations/{CID}/export.{form}").text
    assert "文档此后已修改" in client.get(f"/shared/{token}").text


def test_a_conversation_is_checked_when_it_is_opened(engine: FakeEngine, store: Store, given: Answer) -> None:
    from ui.admission import Admission
    from ui.chat_turn import Services
    from ui.page import Page, Visit
    from ui.settings import UiSettings
    from ui.viewer import Viewer, local_administrator

    store.save("local", CID, row(given))
    engine.remove(LEAVE.id)
    page = Page(Services(engine, store, Admission(1, 4, 0), UiSettings()), local_administrator)  # type: ignore[arg-type]
    opened = asyncio.run(page._opened(CID, Visit(Viewer("local"), LOOK, "", "", "")))
    assert opened.changes == {"e1": {LEAVE.id: "removed"}}


def test_the_api_tells_whether_a_cited_text_still_holds(engine: FakeEngine) -> None:
    with TestClient(api_app(engine=engine)) as c:
        address = f"/api/documents/{LEAVE.id}"
        assert "changed" not in c.get(address).json()
        assert c.get(address, params={"sha256": LEAVE.sha256}).json()["changed"] is False
        change(engine)
        assert c.get(address, params={"sha256": LEAVE.sha256}).json()["changed"] is True
        engine.remove(LEAVE.id)
        assert c.get(address, params={"sha256": LEAVE.sha256}).status_code == 404


def test_a_file_that_was_renamed_is_no_change_and_one_that_disappeared_is_marked(tmp_path: Path) -> None:
    made = Engine.open(
        EngineSettings(data=tmp_path / "data"),
        generator=ScriptedGenerator({"": "年休假为15天。"}),
        encoder=FakeEncoder(),
    )
    folder = tmp_path / "文件"
    folder.mkdir()
    for name, subject in (("休假.md", "年休假"), ("加班.md", "加班费")):
        (folder / name).write_text(
            f"# {subject}办法\n\n职工{subject}按15天计算，由人事处统一安排并逐级审批。\n", "utf-8"
        )
    made.sync(folder)
    answer = made.answer("年休假按多少天计算？")
    assert {one.document for one in answer.retrieved} == {"年休假办法", "加班费办法"} and CurrentDocuments(
        made
    ).of(answer) == {}
    (folder / "休假.md").rename(folder / "休假（新）.md")
    (folder / "加班.md").unlink()
    made.sync(folder)
    gone = next(one.document_id for one in answer.retrieved if one.document == "加班费办法")
    assert CurrentDocuments(made).of(answer) == {gone: "removed"}
