"""The page's application over the scripted engine, as its tests without a browser use it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from fake_corpus import LEAVE, fake_engine
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection

from ui.app import create_app
from ui.settings import UiSettings
from ui.storage import Store
from ui.storage_types import Exchange, now
from ui.viewer import Viewer

OURS = {"X-Wenju": "1"}
CID = "0123456789abcdef"


def who(connection: HTTPConnection) -> Viewer | None:
    """Sign-on for tests: the header says who; 'nobody' is not signed on."""
    name = connection.headers.get("x-test-user", "admin")
    if name == "nobody":
        return None
    return Viewer(name, "administrator" if name == "admin" else "reader", may_only_ask=name == "visitor")


@contextlib.contextmanager
def page_client(folder: Path, store: Store) -> Iterator[TestClient]:
    """The page with originals in ``folder``, where one document's file is kept, embeddable by one portal."""
    (folder / LEAVE.source).write_bytes(b"%PDF-1.4 fake")
    settings = UiSettings(allowed_origins=("https://portal.example",), originals=folder, title="制度问答")
    with TestClient(create_app(settings, fake_engine(), store, who), base_url="http://testserver") as client:  # type: ignore[arg-type]
        yield client


def seed(store: Store, user: str = "admin", question: str = "年休假怎么申请？") -> None:
    """Put one answered question into the history of ``user``, as conversation CID."""
    store.save(user, CID, Exchange("e1", question, now(), "done", fake_engine().answer(question)))
