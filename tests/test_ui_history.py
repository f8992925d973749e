"""What the server keeps for a person: history, exports, share links, feedback; no browser needed."""

from __future__ import annotations

from fake_corpus import APPLY
from fastapi.testclient import TestClient
from page_fakes import CID, OURS, seed

from ui.storage import Store


def test_history_belongs_to_one_user(client: TestClient, store: Store) -> None:
    seed(store)
    assert [r["title"] for r in client.get("/page/conversations").json()] == ["年休假怎么申请？"]
    assert (
        client.get("/page/conversations", params={"q": "分管领导"}).json()
        and not client.get("/page/conversations", params={"q": "没有的词"}).json()
    )
    other = {"x-test-user": "li"} | OURS
    assert client.get("/page/conversations", headers=other).json() == []
    assert client.patch(f"/page/conversations/{CID}", json={"title": "x"}, headers=other).status_code == 404
    assert client.delete(f"/page/conversations/{CID}", headers=other).status_code == 404
    assert client.get(f"/page/conversations/{CID}/export.md", headers=other).status_code == 404
    assert client.patch(f"/page/conversations/{CID}", json={"title": "休假"}).status_code == 403
    assert client.patch(f"/page/conversations/{CID}", json={"title": "休假"}, headers=OURS).status_code == 200
    assert client.get("/page/conversations").json()[0]["title"] == "休假"
    assert client.delete(f"/page/conversations/{CID}", headers=OURS).status_code == 200
    assert client.get("/page/conversations").json() == []


def test_export_and_share(client: TestClient, store: Store) -> None:
    seed(store)
    for form, kind in (("md", "text/markdown"), ("html", "text/html"), ("json", "application/json")):
        got = client.get(f"/page/conversations/{CID}/export.{form}")
        assert (
            got.headers["content-type"].startswith(kind)
            and "attachment" in got.headers["content-disposition"]
        )
        assert APPLY in got.text
        assert form == "json" or (" UTC" in got.text and "+00:00" not in got.text), "a time for people"
    assert client.get(f"/page/conversations/{CID}/export.exe").status_code == 404
    path = client.post(f"/page/conversations/{CID}/share", json={}, headers=OURS).json()["path"]
    shared = client.get(path, headers={"x-test-user": "li"})
    assert APPLY in shared.text and "<script>" not in shared.text
    store.delete("admin", CID)
    assert client.get(path, headers={"x-test-user": "nobody"}).status_code == 401
    assert client.get("/shared/none").status_code == 404


def test_feedback_is_stored_with_the_answer_and_what_made_it(client: TestClient, store: Store) -> None:
    seed(store)
    body = {
        "conversation": CID,
        "exchange": "e1",
        "verdict": "down",
        "reasons": ["wrong_evidence", "x"],
        "comment": " 页码不对 ",
    }
    assert client.post("/page/feedback", json=body, headers=OURS).status_code == 200
    (row,) = store.feedback()
    assert row.reasons == ("wrong_evidence",) and row.comment == "页码不对" and row.answer is not None
    assert row.settings == {"model": "fake-1.5b", "index": "fake-7"}
    assert client.post("/page/feedback", json=body).status_code == 403
    assert client.post("/page/feedback", json=body, headers=OURS | {"x-test-user": "li"}).status_code == 404
    client.post("/page/feedback", json=body | {"verdict": "up", "reasons": []}, headers=OURS)
    assert [f.verdict for f in store.feedback()] == ["up"]
