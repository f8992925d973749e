"""One place each: who may do what, and one way to ask for page, API and tools."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from fake_corpus import fake_engine
from fastapi.testclient import TestClient
from page_fakes import who

from ui.app import create_app
from ui.assembly import add_api
from ui.problems import NotAllowed, NotSignedOn
from ui.roles import administrator, asker, member
from ui.settings import UiSettings
from ui.storage import Store
from ui.viewer import Viewer

ROOT = Path(__file__).parents[1]
READER, VISITOR, ADMIN = (
    Viewer("li"),
    Viewer("v", "administrator", may_only_ask=True),
    Viewer("wang", "administrator"),
)


def test_who_may_do_what() -> None:
    assert asker(VISITOR) is VISITOR and member(READER) is READER and administrator(ADMIN) is ADMIN
    for check in (asker, member, administrator):
        with pytest.raises(NotSignedOn):
            check(None)
    for check, viewer in ((member, VISITOR), (administrator, VISITOR), (administrator, READER)):
        with pytest.raises(NotAllowed):
            check(viewer)


def test_a_refusal_is_a_page_for_people_and_json_in_its_place_s_form_for_programs() -> None:
    app = create_app(UiSettings(), fake_engine(), Store.in_memory(), who)  # type: ignore[arg-type]
    add_api(app)
    with TestClient(app) as client:
        for name, status in (("li", 403), ("nobody", 401)):
            headers = {"x-test-user": name}
            assert (
                client.get("/api/feedback", headers=headers).json()["error"]["code"]
                == {403: "not_allowed", 401: "not_signed_on"}[status]
            )
            assert "detail" in client.get("/admin", headers=headers).json()
            shown = client.get("/admin", headers=headers | {"accept": "text/html"})
            assert shown.status_code == status and "<main>" in shown.text
        assert (
            client.get("/api/feedback", headers={"x-test-user": "nobody"}).headers["www-authenticate"]
            == "Bearer"
        )


def calls(name: str) -> set[str]:
    """Files of ui/ that call a function or method of this name."""
    found = set()
    for path in (ROOT / "ui").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", getattr(node.func, "id", "")) == name
            ):
                found.add(path.name)
    return found


def test_there_is_one_way_to_ask() -> None:
    """A place in line is taken, and its snapshots pulled, in one function alone."""
    assert calls("stream_answer") == {"asking.py"}
    joins = [
        path.name
        for path in sorted((ROOT / "ui").glob("*.py"))
        if "admission.join(" in path.read_text(encoding="utf-8")
    ]
    assert joins == ["asking.py"]
    assert calls("Rate") == {"rates.py"} and calls("Limits") == {"admission.py"}
    for error in ("NotSignedOn", "NotAllowed"):  # defined in one file, raised in another
        made = re.compile(rf"{error}(\.named)?\(")
        files = [p.name for p in (ROOT / "ui").glob("*.py") if made.search(p.read_text(encoding="utf-8"))]
        assert sorted(files) == ["problems.py", "roles.py"]
