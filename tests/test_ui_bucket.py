"""Original files in an S3-compatible store: kept there before they are indexed, opened at any server, gone
with the last document that was made from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_encoder import FakeEncoder
from fastapi import FastAPI
from fastapi.testclient import TestClient
from page_fakes import OURS, who
from processes import s3
from test_ui_intake import RULE, add, read, send

from errors import DocumentError, SettingsError
from qa.engine import Engine
from qa.settings import EngineSettings
from ui import bucket as buckets
from ui import documents_page, intake_page
from ui.address import peer
from ui.background_jobs import Jobs
from ui.bucket import Bucket
from ui.intake import Intake
from ui.originals import Originals
from ui.settings import UiSettings
from ui.storage import Store
from wenju.health.parts import originals as doctor
from wenju.health.types import Wanted
from wenju.settings import Settings

OTHER = RULE.replace("七点至八点半", "六点半至八点")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3() as address:
        yield address


@pytest.fixture
def address(server: str, request: pytest.FixtureRequest) -> str:
    """A prefix of its own for each test."""
    return f"{server}/{hashlib.sha256(request.node.name.encode()).hexdigest()[:8]}/x"


def settings(address: str, folder: Path, **more: Any) -> UiSettings:
    keys = {"originals_access_key": "a", "originals_secret_key": "geheim"}
    return UiSettings(originals=folder, originals_store=address, **keys, **more)


def page(address: str, data: Path, folder: Path) -> TestClient:
    """The documents page of one of several servers over the index in ``data``, with a folder of its own."""
    app, ui = FastAPI(), settings(address, folder)
    engine = Engine.open(EngineSettings(data=data), encoder=FakeEncoder())
    kept = Originals(ui.originals, Bucket.of(ui))
    app.state.settings, app.state.engine, app.state.originals = ui, engine, kept
    app.state.store, app.state.who, app.state.address = Store.in_memory(), who, peer
    app.state.jobs, app.state.intake = Jobs(), Intake(engine, folder, kept)
    for part in (intake_page, documents_page):
        app.include_router(part.router)
    return TestClient(app)


def opened(address: str) -> Bucket:
    found = Bucket.of(settings(address, Path()))
    assert found is not None
    return found


def held(address: str, *texts: str) -> list[bool]:
    bucket = opened(address)
    return [bucket.has(hashlib.sha256(text.encode()).hexdigest()) for text in texts]


def put(client: TestClient, name: str, text: str) -> str:
    """Send and add a file; the id of its document."""
    send(client, name, text.encode())
    read(client)
    job = add(client)
    assert job["state"] == "done", job
    engine: Any = client.app.state.engine  # type: ignore[attr-defined]
    return next(d.id for d in engine.documents() if d.source == name)


def test_files_come_and_go(address: str, tmp_path: Path) -> None:
    bucket, file = opened(address), tmp_path / "a.txt"
    file.write_text(RULE)
    bucket.check()
    assert not bucket.has("k") and not bucket.get("k", tmp_path / "no") and not (tmp_path / "no").exists()
    bucket.put("k", file, "制度/食堂.txt")
    bucket.put("k", file, "制度/食堂.txt")
    assert bucket.has("k") and bucket.get("k", tmp_path / "deep" / "b.txt")
    assert (tmp_path / "deep" / "b.txt").read_text() == RULE
    bucket.remove("k")
    bucket.remove("k")
    assert not bucket.has("k")


def test_what_one_server_took_another_opens_and_deletes(address: str, tmp_path: Path) -> None:
    with (
        page(address, tmp_path / "data", tmp_path / "one") as one,
        page(address, tmp_path / "data", tmp_path / "other") as other,
    ):
        document = put(one, "制度/食堂.txt", RULE)
        assert held(address, RULE) == [True]
        assert f"{document}/original" in other.get(f"/documents/{document}").text
        assert not list((tmp_path / "other").rglob("*.txt")), "looking at a document fetches nothing"
        assert other.get(f"/documents/{document}/original").text == RULE
        assert other.delete(f"/documents/{document}", headers=OURS).status_code == 200
        assert held(address, RULE) == [False]


def test_a_replaced_file_goes_and_a_copy_keeps_what_both_are_made_from(address: str, tmp_path: Path) -> None:
    with page(address, tmp_path / "data", tmp_path / "one") as one:
        put(one, "食堂.txt", RULE)
        put(one, "食堂.txt", OTHER)
        assert held(address, RULE, OTHER) == [False, True]
        copy = put(one, "副本/餐厅.txt", OTHER)
        assert one.delete(f"/documents/{copy}", headers=OURS).status_code == 200
        assert held(address, OTHER) == [True]


def test_a_copy_sent_to_another_server_is_a_copy_and_no_renaming(address: str, tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "files"
    with page(address, data, folder) as one:
        put(one, "食堂.txt", RULE)
    (folder / "食堂.txt").unlink()  # as on a server of the same paths that never had it
    with page(address, data, folder) as other:
        put(other, "餐厅.txt", RULE)
        engine: Any = other.app.state.engine  # type: ignore[attr-defined]
        assert sorted(d.source for d in engine.documents()) == ["食堂.txt", "餐厅.txt"]


def test_reading_all_again_fetches_what_the_server_lacks(address: str, tmp_path: Path) -> None:
    with page(address, tmp_path / "data", tmp_path / "one") as one:
        put(one, "食堂.txt", RULE)
        (tmp_path / "one" / "食堂.txt").unlink()
        job = one.post("/documents/reindex", headers=OURS).json()["job"]
        while (state := one.get(f"/documents/jobs/{job}").json())["state"] not in ("done", "failed"):
            pass
        assert state["state"] == "done" and (tmp_path / "one" / "食堂.txt").read_text() == RULE


def test_a_store_that_does_not_answer_takes_nothing_and_says_so(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with page(address, tmp_path / "data", tmp_path / "one") as one:
        document = put(one, "食堂.txt", RULE)
    monkeypatch.setattr(buckets, "CONNECT", 0.2)
    gone = "http://127.0.0.1:9/originals"
    with page(gone, tmp_path / "data", tmp_path / "other") as other:
        send(other, "另一份.txt", OTHER.encode())
        read(other)
        job = add(other)
        assert job["state"] == "failed" and "没有应答" in job["error"]
        assert "另一份.txt" in read(other) and not (tmp_path / "other" / "另一份.txt").exists()
        answer = other.get(f"/documents/{document}/original")
        assert answer.status_code == 503 and "没有应答" in answer.text
    with pytest.raises(DocumentError, match="NoSuchBucket"):
        opened(address.replace("/originals/", "/nowhere/")).put("k", tmp_path / "one" / "食堂.txt", "x")


def test_other_bytes_are_not_given_out(address: str, tmp_path: Path) -> None:
    with page(address, tmp_path / "data", tmp_path / "one") as one:
        document = put(one, "食堂.txt", RULE)
        forged = tmp_path / "forged.txt"
        forged.write_text(OTHER)
        opened(address).put(hashlib.sha256(RULE.encode()).hexdigest(), forged, "食堂.txt")
    with page(address, tmp_path / "data", tmp_path / "other") as other:
        assert other.get(f"/documents/{document}/original").status_code == 404


def test_settings_are_checked_and_secrets_not_shown(address: str, tmp_path: Path) -> None:
    for wrong in ("minio:9000/x", "https://", "https://host"):
        with pytest.raises(SettingsError, match="bucket"):
            Bucket(wrong, "", "")
    assert "geheim" not in repr(settings(address, tmp_path))
    whole = Settings(data=tmp_path, ui=settings(address, tmp_path))
    (found,) = doctor(whole, Wanted())
    assert found.state == "ok" and "geheim" not in found.found
    nowhere = address.replace("/originals/", "/nowhere/")
    (found,) = doctor(whole.model_copy(update={"ui": settings(nowhere, tmp_path)}), Wanted())
    assert found.state == "fail" and "nowhere" in found.found
    assert list(doctor(Settings(data=tmp_path), Wanted())) == []
