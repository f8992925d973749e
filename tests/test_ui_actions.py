"""What administrators did is on record: on the page, through the API, on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from fake_corpus import LEAVE, fake_engine
from fastapi.testclient import TestClient
from page_fakes import OURS, who
from test_ui_intake import add, read, send

from qa.settings import EngineSettings
from ui import manage
from ui.actions import Name, keep
from ui.app import create_app
from ui.assembly import add_api
from ui.settings import UiSettings
from ui.storage import Store
from ui.storage_care import acted, purge
from ui.storage_tokens import TokenTable


@dataclass(frozen=True)
class Given:
    data: Path
    ui: UiSettings

    @property
    def engine(self) -> EngineSettings:
        return EngineSettings(data=self.data)


def test_what_administrators_do_on_the_page_is_on_record(tmp_path: Path) -> None:
    store = Store.open("", tmp_path, audit=False)
    originals = tmp_path / "originals"
    app = create_app(UiSettings(originals=originals), fake_engine(), store, who, address=lambda c: "10.0.0.7")  # type: ignore[arg-type]
    add_api(app)
    with TestClient(app) as client:
        send(client, "../新.md", "新的规定只有这一段。".encode())
        read(client)
        assert client.post("/documents/reindex", headers=OURS).status_code == 404, "it is not kept yet"
        assert add(client)["state"] == "done"
        assert client.post("/documents/reindex", headers=OURS).status_code == 200
        assert client.delete(f"/documents/{LEAVE.id}", headers=OURS).status_code == 200
        assert client.get("/admin").status_code == 200 and client.get("/api/feedback").status_code == 200
        reader = {"x-test-user": "li"} | OURS
        assert client.delete(f"/documents/{LEAVE.id}", headers=reader).status_code == 403
        assert client.get("/documents").status_code == 200
    done = acted(store.database)
    assert [(a.name, a.target) for a in done] == [
        ("upload", "新.md"),
        ("reindex", ""),
        ("delete_document", f"{LEAVE.source} ({LEAVE.id})"),
        ("read_figures", "4 weeks"),
        ("read_feedback", ""),
    ]
    assert {(a.user, a.address) for a in done} == {("admin", "10.0.0.7")}
    store.close()


def test_so_is_what_is_done_on_the_command_line(tmp_path: Path) -> None:
    given = Given(tmp_path, UiSettings())
    manage.create_token(given, "archive", "administrator")
    (token,) = manage.tokens(given)
    manage.revoke_token(given, token.id)
    manage.audit(given)
    manage.feedback(given)
    assert manage.sign_out(given, "nobody") == 0
    rows = manage.acted(given)
    assert [r["name"] for r in rows] == [
        "create_token",
        "revoke_token",
        "read_audit",
        "read_feedback",
        "sign_out",
    ]
    assert all(r["user"].startswith("cli:") for r in rows) and rows[0]["target"] == "archive (administrator)"
    assert "wj1." not in str(rows)


def test_old_actions_go_with_the_rest_and_a_store_without_them_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    store = Store.open("", tmp_path)
    monkeypatch.setattr("ui.storage.now", lambda: "2020-01-01T00:00:00+00:00")
    for name in get_args(Name):
        keep(store, "chen", "10.0.0.7", name, "x\x00" * 600)
    assert purge(store.database, 30) == len(get_args(Name)) and acted(store.database, 36500) == []
    keep(None, "chen", "", "reindex")
    store.close()
    monkeypatch.setattr(Store, "act", lambda *given: 1 / 0)
    keep(store, "chen", "", "reindex")
    assert "could not be recorded" in caplog.text


def test_revoking_a_token_or_a_sign_on_needs_no_restart(tmp_path: Path) -> None:
    store = Store.open("", tmp_path)
    table = TokenTable(store.database, "k" * 64)
    token = table.create("a")
    assert table.viewer(token) is not None
    table.revoke(table.list()[0].id)
    assert table.viewer(token) is None
    store.close()
