"""What lies in deploy/ for other programs: unit, proxy, container, alerts. Each is read by its own program
where that is here."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import socket
import subprocess
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fake_corpus import fake_engine
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ui.admission import Admission
from ui.observability import MeasuredEngine, Metrics
from ui.settings import UiSettings
from wenju.settings import keys, variable

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def exported() -> dict[str, set[str]]:
    """Every sample that a server exports after one answer and one request: name -> its labels."""
    metrics, engine = Metrics(), fake_engine()
    metrics.watch(Admission.of(UiSettings(), engine), engine)
    list(MeasuredEngine(engine, metrics).stream("年休假怎么申请？"))
    metrics.requests.labels("/api/ask", "POST", "200").inc()
    metrics.request_seconds.labels("/api/ask").observe(1)
    found: dict[str, set[str]] = {"up": set()}
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_figure_in_the_alerts_is_exported_with_these_labels() -> None:
    known, named = exported(), set()
    added = {"job", "instance"}  # by Prometheus
    for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            assert {"alert", "expr", "labels", "annotations"} <= rule.keys() and rule["annotations"]["action"]
            for name, labels in re.findall(
                r"\b(up|(?:wenju|process)_[a-z_]+)\b(?:\{([^}]*)\})?", rule["expr"]
            ):
                assert name in known, f"{rule['alert']}: {name} is not exported"
                used = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", labels))
                assert used <= known[name] | added, (
                    f"{rule['alert']}: {name} has no label {used - known[name] - added}"
                )
                named.add(name)
    assert len(named) >= 10


def test_the_unit_is_valid_and_writes_in_one_place_alone(tmp_path: Path) -> None:
    unit = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "wenju.service")
    service = unit["Service"]
    assert (
        service["User"] not in ("", "root")
        and service["ProtectSystem"] == "strict"
        and service["NoNewPrivileges"] == "yes"
    )
    assert "ReadWritePaths" not in service and service["StateDirectory"] == "wenju"
    assert service["IPAddressDeny"] == "any" and "MemoryDenyWriteExecute" not in service
    if shutil.which("systemd-analyze"):
        text = (DEPLOY / "wenju.service").read_text("utf-8").replace("/opt/wenju/wenju", "/bin/true")
        (tmp_path / "wenju.service").write_text(text, "utf-8")
        done = subprocess.run(
            ["systemd-analyze", "verify", tmp_path / "wenju.service"], capture_output=True, text=True
        )
        assert not [line for line in done.stderr.splitlines() if "wenju.service" in line], done.stderr


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that arrived."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        return


def test_the_proxy_forwards_and_drops_who_a_browser_claims_to_be(tmp_path: Path) -> None:
    binary, openssl = shutil.which("nginx") or "/usr/sbin/nginx", shutil.which("openssl")
    if not Path(binary).exists() or openssl is None:
        pytest.skip("nginx or openssl is not installed")
    pair = [tmp_path / "pem", tmp_path / "key"]
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=ask.example.org",
            "-out",
            pair[0],
            "-keyout",
            pair[1],
        ],
        check=True,
        capture_output=True,
    )
    upstream = HTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for old, new in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "127.0.0.1:7860": f"127.0.0.1:{upstream.server_port}",
        "/etc/nginx/tls/ask.example.org.pem": str(pair[0]),
        "/etc/nginx/tls/ask.example.org.key": str(pair[1]),
    }.items():
        assert old in text
        text = text.replace(old, new)
    temp = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = (
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log "
        f"{tmp_path}/error.log; events {{}} http {{ access_log off; {temp}\n{text}}}"
    )
    (tmp_path / "nginx.conf").write_text(whole, "utf-8")
    process = subprocess.Popen(
        [binary, "-p", tmp_path, "-c", tmp_path / "nginx.conf"], stderr=subprocess.PIPE
    )
    try:
        transport = httpx.HTTPTransport(verify=False, retries=20)
        with httpx.Client(
            base_url=f"https://127.0.0.1:{port}", transport=transport, trust_env=False
        ) as client:
            claims = {"host": "ask.example.org", "x-remote-user": "chen", "authorization": "Basic Y2hlbjp4"}
            seen = client.get("/chat/", headers=claims).json()
            assert (
                "x-remote-user" not in seen
                and seen["x-forwarded-proto"] == "https"
                and seen["host"] == "ask.example.org"
            )
            assert seen["x-forwarded-for"] == "127.0.0.1"
            assert client.get("/metrics").status_code == 404 and client.get("/readyz").status_code == 404
    finally:
        process.terminate()
        process.communicate(timeout=10)
        upstream.shutdown()
        upstream.server_close()


def instructions() -> list[tuple[str, str]]:
    """The Containerfile: (instruction, arguments) in order, continued lines joined, comments left out."""
    lines = [
        line
        for line in (DEPLOY / "Containerfile").read_text("utf-8").splitlines()
        if not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())
    ]


def test_the_container_file_is_whole_and_runs_as_nobody_special() -> None:
    known = {
        "FROM",
        "ARG",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    found = instructions()
    assert {word for word, _ in found} <= known
    stages: dict[str, list[tuple[str, str]]] = {}
    for word, rest in found:
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            assert name and (
                image in stages or re.fullmatch(r"docker\.io/library/python:3\.1[123]-slim-\w+", image)
            ), rest
            stages[name] = list(stages.get(image, ()))
        else:
            stages[name].append((word, rest))
    for name in ("wenju", "wenju-models"):
        last = dict(stages[name])
        assert (
            last["USER"] == "10001"
            and json.loads(last["ENTRYPOINT"]) == ["wenju"]
            and json.loads(last["CMD"]) == ["serve"]
        )
        assert json.loads(last["VOLUME"]) == ["/data"] and "/healthz" in last["HEALTHCHECK"]
        json.loads(last["HEALTHCHECK"].partition("CMD ")[2])
    assert ("RUN", '["wenju", "models", "fetch"]') in stages["wenju-models"]


def test_the_container_file_copies_what_exists_and_names_known_settings() -> None:
    copied = {
        part
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for part in rest.split()[:-1]
    }
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied
    assert (
        set(project["project"]["license-files"]) | {project["project"]["readme"], "constraints.txt"} <= copied
    )
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    }
    assert let_in == copied
    (env,) = (rest for word, rest in instructions() if word == "ENV")
    ours = {name for name in re.findall(r"(\w+)=", env) if name.startswith("WENJU_")}
    assert ours and ours <= {variable(key) for key in keys()} | {"WENJU_MODELS"}
