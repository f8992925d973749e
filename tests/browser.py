"""A real server in a thread and Debian's Chromium, for the browser tests. Skips where there is no
Chromium."""

from __future__ import annotations

import contextlib
import functools
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Debian's Chromium (apt install chromium)"
)


def free_port() -> int:
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Served:
    """An application on a port of its own; ``stop`` and ``start`` make a restart."""

    def __init__(self, app: Any, port: int = 0, root_path: str = "") -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._root_path = root_path
        self.start(app)

    def start(self, app: Any) -> None:
        config = uvicorn.Config(
            app,
            port=self.port,
            log_level="critical",
            ws="none",
            timeout_graceful_shutdown=1,
            root_path=self._root_path,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        end = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < end and self._thread.is_alive(), "the server did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A page with what it asked for and complained about, and the steps that tests repeat."""

    def __init__(self, browser: Any, base: str, **context: Any) -> None:
        options: dict[str, Any] = {"viewport": {"width": 1280, "height": 820}, "locale": "zh-CN"} | context
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.base = base
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on(
            "console",
            lambda m: self.errors.append(f"{m.text} {m.location['url']}") if m.type == "error" else None,
        )
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def open(self, path: str = "/chat/") -> Any:
        self.page.goto(self.base + path)
        self.page.wait_for_selector("#wj-box textarea", timeout=20_000)
        self.page.wait_for_selector("#wj-chat .welcome, #wj-chat .answer", timeout=20_000)
        return self.page

    def ask(self, question: str, wait: str = ".answer.done") -> Any:
        before = self.page.locator("#wj-chat .ask").count()
        self.page.fill("#wj-box textarea", question)
        self.page.press("#wj-box textarea", "Enter")
        self.page.wait_for_function("n => document.querySelectorAll('#wj-chat .ask').length > n", arg=before)
        return self.page.wait_for_selector(
            f"#wj-chat .message-row:last-child {wait}", timeout=20_000, state="attached"
        )

    def outside(self) -> list[str]:
        """Requests that left our server."""
        own = (
            self.base,
            "data:",
            "blob:",
            "about:",
            "chrome:",
            "chrome-extension:",
        )  # the viewer of PDF is the browser's
        return [u for u in self.requests if not u.startswith(own)]

    def close(self) -> None:
        self.context.close()

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None: ...


@contextlib.contextmanager
def portal(port: int, folder: Path, page: str) -> Iterator[None]:
    """An intranet portal with one page, on an origin of its own."""
    whole = f"<!doctype html><html lang=zh-CN><meta charset=utf-8><title>门户</title>{page}"
    (folder / "index.html").write_text(whole, "utf-8")
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
