"""`wenju token` and `wenju records` as an administrator uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_corpus import fake_engine
from typer.testing import CliRunner, Result

from ui.auth_signing import server_key
from ui.storage import Store
from ui.storage_tokens import TokenTable
from ui.storage_types import Exchange, Feedback, now
from wenju.cli import app


def wenju(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--data", str(data), *arguments])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    store = Store.open("", tmp_path)
    answer = fake_engine().answer("年休假怎么申请？")
    store.save("王芳", "c1", Exchange("e1", answer.question, now(), "done", answer))
    store.add_feedback(Feedback("c1", "e1", "王芳", "down", now(), ("wrong_evidence",), "", answer))
    store.close()
    return tmp_path


def test_a_token_is_made_shown_listed_and_revoked(tmp_path: Path) -> None:
    made = wenju(tmp_path, "token", "create", "archive", "--role", "administrator", "--days", "30")
    token = made.stdout.strip()
    store = Store.open("", tmp_path)
    table = TokenTable(store.database, server_key(tmp_path))
    assert made.exit_code == 0 and (table.viewer(token) or [None])[0].administers  # type: ignore[union-attr]
    (row,) = json.loads(wenju(tmp_path, "token", "list", "--json").stdout)
    assert row["name"] == "archive" and token not in json.dumps(row)
    assert row["id"] in wenju(tmp_path, "token", "list").stdout
    assert wenju(tmp_path, "token", "revoke", row["id"]).exit_code == 0 and table.viewer(token) is None
    assert wenju(tmp_path, "token", "revoke", "none").exit_code == 2
    assert wenju(tmp_path, "token", "create", "x", "--role", "king").exit_code == 2
    store.close()


def test_the_audit_and_feedback_come_out_as_lines(kept: Path) -> None:
    (line,) = wenju(kept, "records", "audit").stdout.splitlines()
    assert json.loads(line)["user"] == "王芳" and json.loads(line)["cited"]
    out = kept / "feedback.jsonl"
    assert wenju(kept, "records", "feedback", "--out", str(out)).exit_code == 0
    row = json.loads(out.read_text("utf-8"))
    assert row["reasons"] == ["wrong_evidence"] and row["answer"]["sentences"]


def test_one_persons_data_goes_on_request(kept: Path) -> None:
    assert wenju(kept, "records", "delete-user", "王方", "--yes").exit_code == 2
    assert "1 conversations" in wenju(kept, "records", "delete-user", "王芳", "--yes").stdout
    assert wenju(kept, "records", "audit").stdout == ""
