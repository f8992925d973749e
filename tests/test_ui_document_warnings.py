"""The list of what reading left to be looked at: what is on it, for whom, and that what was seen stays
seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_corpus import LEAVE, SEAL, TRAVEL, fake_engine
from fake_engine import FakeEngine
from fastapi.testclient import TestClient
from page_fakes import OURS, who

from index.shown import NOT_READ
from ui.app import create_app
from ui.document_warnings import KINDS, UNREAD, groups
from ui.settings import UiSettings
from ui.storage import Store
from ui.texts import Texts

META = {
    LEAVE.id: {"pages_garbled": "2, 5", "hidden_rows": "3"},
    TRAVEL.id: {"formulas_without_value": "表!B2", "date_from": "properties"},
    SEAL.id: {"container": "包.zip", "pictures": "2"},
}


@pytest.fixture()
def engine() -> FakeEngine:
    made = fake_engine()
    made.docs = [replace(d, meta=META.get(d.id, {})) for d in made.docs]
    return made


@pytest.fixture()
def client(engine: FakeEngine, tmp_path: Path) -> Iterator[TestClient]:
    with opened(engine, tmp_path) as one:
        yield one


def opened(engine: FakeEngine, folder: Path) -> TestClient:
    store = Store.open("", folder / "data")
    return TestClient(create_app(UiSettings(originals=folder), engine, store, who))  # type: ignore[arg-type]


def test_each_kind_says_what_to_do(client: TestClient) -> None:
    shown = client.get("/admin/warnings").text
    order = [shown.index(f'id="{kind}"') for kind in ("pages_garbled", "pictures", "weak_date")]
    assert order == sorted(order) and "请用原来的软件重新导出" in shown and "表!B2" in shown
    assert "文字层无法辨认的页：2, 5" in shown and "隐藏" not in shown, (
        "what was hidden on purpose is no warning"
    )
    assert f'data-replaces="{LEAVE.id}"' in shown and f'data-delete="{LEAVE.id}"' in shown
    assert f'data-replaces="{SEAL.id}"' not in shown and "在“包.zip”之内" in shown
    assert "4 条待处理" in client.get("/admin").text
    assert "Mark as seen" in client.get("/admin/warnings?lang=en").text
    for kind in KINDS:
        for lang in ("zh", "en"):
            assert Texts(lang)(f"warned_{kind}") and Texts(lang)(f"warned_{kind}_do")
    assert set(UNREAD) <= set(NOT_READ)


def test_copies_name_what_they_are_copies_of() -> None:
    (group,) = groups([replace(LEAVE, meta={}), replace(SEAL, meta={})], {SEAL.id: LEAVE.id}, (), Texts("zh"))
    assert (group.kind, group.open[0].document.id) == ("copy", SEAL.id) and LEAVE.title in group.open[0].text


def test_what_was_seen_stays_seen_until_the_document_changes(
    client: TestClient, engine: FakeEngine, tmp_path: Path
) -> None:
    def marks(page: str, kind: str) -> str:
        found = re.search(rf'id="{kind}".*?data-seen="([^"]+)"', page)
        return found[1] if found else ""

    mark = marks(client.get("/admin/warnings").text, "pages_garbled")
    body = {"marks": mark.split(" ")}
    assert client.post("/admin/warnings/seen", json=body).status_code == 403
    assert client.post("/admin/warnings/seen", json=body, headers=OURS).status_code == 200
    with opened(engine, tmp_path) as restarted:
        shown = restarted.get("/admin/warnings").text
        assert 'id="pages_garbled"' not in shown and f'data-unseen="{mark}"' in shown and "已看（1）" in shown
        assert "3 条待处理" in restarted.get("/admin").text
        engine.docs = [replace(d, sha256="0" * 64) if d.id == LEAVE.id else d for d in engine.docs]
        assert 'id="pages_garbled"' in restarted.get("/admin/warnings").text
        again = {"marks": [mark], "seen": False}
        assert restarted.post("/admin/warnings/seen", json=again, headers=OURS).status_code == 200
        assert "已看（" not in restarted.get("/admin/warnings").text


def test_the_list_is_for_administrators(client: TestClient) -> None:
    reader = {"x-test-user": "li"} | OURS
    assert client.get("/admin/warnings", headers=reader).status_code == 403
    assert client.post("/admin/warnings/seen", json={"marks": []}, headers=reader).status_code == 403


def test_nothing_left_is_said(client: TestClient, engine: FakeEngine) -> None:
    engine.docs = [replace(d, meta={}) for d in engine.docs]
    assert "没有待处理的问题" in client.get("/admin/warnings").text
