"""Programs that tests run beside themselves: nginx, and `wenju serve` over the scripted engine. Ended by
their tests."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
FORWARD = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"


def fresh(code: str, *arguments: str, env: Mapping[str, str] | None = None, quiet: bool = False) -> str:
    """What the code prints in an interpreter of its own, started at the root. It has to end well; ``quiet``:
    and without a word on standard error."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, env=env)
    assert done.returncode == 0 and not (quiet and done.stderr), done.stderr
    return done.stdout


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[Callable[[str], str]]:
    """Starts nginx with the given locations on a free port of this machine; skips where it is not
    installed."""
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(binary).exists():
        pytest.skip("nginx is not installed (Debian: apt-get install nginx-light)")
    started: list[subprocess.Popen[bytes]] = []

    def start(locations: str, beside: str = "") -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        temp = "".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf = folder / f"nginx-{port}.conf"
        conf.write_text(
            f"daemon off; master_process off; pid {folder}/pid-{port}; "
            f"error_log {folder}/error.log; events {{}} http {{ {temp}"
            f"access_log off; {beside} server {{ listen 127.0.0.1:{port}; "
            f"proxy_buffering off; {locations} }} }}"
        )
        started.append(subprocess.Popen([binary, "-p", str(folder), "-c", str(conf)], stderr=subprocess.PIPE))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.05)
        raise AssertionError((folder / "error.log").read_text())

    try:
        yield start
    finally:
        for process in started:
            process.terminate()
            process.communicate(timeout=10)


SERVE = """
import json, sys, types
from pathlib import Path
from fake_corpus import fake_engine
from ui.server import serve
from ui.settings import UiSettings
port, data, pace, more = int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), json.loads(sys.argv[4])
ui = UiSettings(port=port, log_format="json", **more)
serve(types.SimpleNamespace(ui=ui, data=data, engine=None), fake_engine(pace=pace))
"""


def serve(port: int, data: Path, pace: float = 0.2, **ui: object) -> subprocess.Popen[str]:
    """The whole server in a process of its own, over the scripted engine at a pace in seconds."""
    path = os.pathsep.join((str(TESTS.parent), str(TESTS)))
    env = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", SERVE, str(port), str(data), str(pace), json.dumps(ui)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until_ready(address: str, seconds: float = 60) -> None:
    """Wait until /readyz says yes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not become ready")


@contextlib.contextmanager
def s3(bucket: str = "originals") -> Iterator[str]:
    """An S3 server (moto) with an empty bucket: the bucket's address; skips where it is not installed (make
    dev)."""
    home = Path(sys.prefix) / "s3"
    if not (home / "moto").is_dir():
        pytest.skip("no moto for an S3 server (make dev)")
    minio = pytest.importorskip("minio")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    env = {**os.environ, "PYTHONPATH": str(home)}
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)):
                assert time.monotonic() < deadline and server.poll() is None, "the S3 server did not start"
                time.sleep(0.1)
        client = minio.Minio(endpoint=f"127.0.0.1:{port}", access_key="a", secret_key="b", secure=False)
        client.make_bucket(bucket_name=bucket)
        yield f"http://127.0.0.1:{port}/{bucket}"
    finally:
        server.kill()
        server.wait()
