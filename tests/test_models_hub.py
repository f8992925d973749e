"""Hubs over HTTP: listing, checksums, resuming, and what happens when the other side is not a hub."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from errors import ModelError
from models.hub import hugging_face, model_scope
from models.manifest import Model, ModelFile
from models.store import ModelStore

FILES = {"config.json": b"{}", "sub/weights.bin": bytes(range(251)) * 9000, "vocab.txt": b"v"}
MODEL = Model(
    "enc",
    "Encoder",
    "encoder",
    "MIT",
    1000,
    (ModelFile("config.json"), ModelFile("sub/weights.bin")),
    optional=("vocab.txt", "absent.txt"),
    hub="org/enc",
    modelscope="org/enc",
)


class Hub(ThreadingHTTPServer):
    """Speaks enough of both hubs; ``cut`` ends each file after so many bytes, ``lie`` states wrong
    checksums."""

    cut = 0
    lie = False
    login = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.log: list[tuple[str, str, str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.log.append((path, self.headers.get("Range", ""), self.headers.get("Authorization", "")))
        name = path.partition("/resolve/")[2].partition("/")[2]
        if self.server.login:
            self.reply(b"<html>please sign in</html>")
        elif path == "/api/models/org/enc/tree/main":
            entries = [
                {
                    "type": "file",
                    "path": n,
                    "size": len(d),
                    **({"lfs": {"oid": self.sha(d)}} if len(d) > 99 else {}),
                }
                for n, d in FILES.items()
            ]
            self.reply(json.dumps([{"type": "directory", "path": "sub", "size": 0}, *entries]).encode())
        elif path == "/api/v1/models/org/enc/repo/files":
            entries = [
                {"Type": "blob", "Path": n, "Size": len(d), "Sha256": self.sha(d)} for n, d in FILES.items()
            ]
            self.reply(
                json.dumps(
                    {"Code": 200, "Data": {"Files": [{"Type": "tree", "Path": "sub"}, *entries]}}
                ).encode()
            )
        elif name in FILES:
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
            self.reply(FILES[name][start:], 206 if start else 200)
        else:
            self.send_error(404)

    def sha(self, data: bytes) -> str:
        return hashlib.sha256(data + (b"!" if self.server.lie else b"")).hexdigest()

    def reply(self, data: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: self.server.cut] if self.server.cut and len(data) > 9999 else data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT"):
        monkeypatch.setenv(name, address)
    for name in ("HF_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path, {"enc": MODEL})


@pytest.mark.parametrize("make", [hugging_face, model_scope])
def test_fetch(hub: Hub, store: ModelStore, make: type) -> None:
    seen: list[tuple[int, int]] = []
    store.fetch(
        ["enc"], [make()], lambda what, done, total: seen.append((done, total)) if what == "enc" else None
    )
    assert {name: (store.root / "enc" / name).read_bytes() for name in FILES} == FILES
    assert seen[-1] == (sum(map(len, FILES.values())),) * 2
    assert store.verify(["enc"]) == {"enc": "ok"}


def test_token_goes_to_the_hub_only_when_set(
    hub: Hub, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    store.fetch(["enc"], [hugging_face()])
    assert {authorization for _, _, authorization in hub.log} == {"Bearer secret"}


def test_cut_download_is_continued(hub: Hub, store: ModelStore) -> None:
    hub.cut = 1_000_000
    with pytest.raises(ModelError):
        store.fetch(["enc"], [hugging_face()])
    hub.cut = 0
    store.fetch(["enc"], [hugging_face()])
    ranges = [asked for path, asked, _ in hub.log if path.endswith("weights.bin")]
    assert ranges[0] == "" and ranges[1].startswith("bytes=") and int(ranges[1][6:-1]) > 0
    assert (store.root / "enc/sub/weights.bin").read_bytes() == FILES["sub/weights.bin"]


def test_other_checksum_than_the_hub_states(hub: Hub, store: ModelStore) -> None:
    hub.lie = True
    with pytest.raises(ModelError, match="the hub states"):
        store.fetch(["enc"], [hugging_face()])
    assert store.state("enc") != "ready"


def test_login_page_instead_of_a_hub(hub: Hub, store: ModelStore) -> None:
    hub.login = True
    with pytest.raises(ModelError, match="did not answer with a list of files"):
        store.fetch(["enc"], [hugging_face(), model_scope()])


def test_unreachable_hub_is_given_up_within_seconds(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(ModelError, match="hub: cannot be reached"):
        store.fetch(["enc"], [hugging_face(connect_timeout=1)])
    assert time.monotonic() - began < 5
