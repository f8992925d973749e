"""`wenju doctor`: every finding that it knows, each made to happen."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import fresh
from typer.testing import CliRunner, Result

import prompts
from index.store import IndexStore
from kernels import processor
from models.manifest import load_manifest
from ui.settings import UiSettings
from wenju.cli import app
from wenju.health import Check, Wanted, parts, safety, trial
from wenju.health.machine import processor as look_at_processor
from wenju.settings import load_settings

ROOT = Path(__file__).parents[1]
SECRET = "x" * 40


def doctor(folder: Path, *arguments: str) -> tuple[Result, dict[str, dict[str, str]]]:
    done = CliRunner().invoke(app, ["--data", str(folder), "doctor", "--json", "--no-ask", *arguments])
    return done, {check["name"]: check for check in json.loads(done.stdout)["checks"]}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings and no models of this machine's user."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WENJU_MODELS", str(tmp_path / "none"))
    monkeypatch.delenv("WENJU_CONFIG", raising=False)


def test_every_part_is_looked_at_and_missing_models_fail(tmp_path: Path) -> None:
    done, checks = doctor(tmp_path / "data")
    assert list(checks) == [
        "python",
        "packages",
        "processor",
        "settings",
        "memory",
        "disk",
        "prompts",
        "models",
        "generator",
        "index",
        "port",
        "answer",
    ]
    assert (done.exit_code, json.loads(done.stdout)["ok"]) == (1, False)
    assert checks["models"]["state"] == "fail" and checks["models"]["next_step"] == "Run: wenju models fetch"
    assert checks["index"]["state"] == "warn" and checks["settings"]["state"] == "ok"
    _, checks = doctor(tmp_path / "data", "--offline")
    assert checks["models"]["next_step"] == "Run: wenju models fetch --from ARCHIVE"
    shown = CliRunner().invoke(app, ["--data", str(tmp_path / "data"), "doctor"])
    assert shown.exit_code == 1 and "-> Run: wenju models fetch" in shown.stdout
    assert "not asked: models are missing" in shown.stdout


def test_an_unknown_setting_is_a_finding_beside_the_machine(tmp_path: Path) -> None:
    (tmp_path / "wenju.toml").write_text("[answer]\nrisc = 0.5\n", "utf-8")
    done, checks = doctor(tmp_path / "data")
    assert done.exit_code == 1 and list(checks) == ["python", "packages", "processor", "settings"]
    assert "answer.risc" in checks["settings"]["found"] and "answer.risk" in checks["settings"]["next_step"]


@pytest.mark.parametrize(
    ("flags", "state", "found"),
    [
        ({"ui": {"host": "0.0.0.0"}}, "fail", "nobody would have to sign on"),
        ({"ui": {"auth": "header"}}, "fail", "ui.sso_proxies"),
        ({"ui": {"auth": "header", "sso_proxies": ["0.0.0.0/0"]}}, "fail", "claim to be anybody"),
        ({"ui": {"auth": "token", "host": "0.0.0.0"}}, "warn", "without https"),
        ({"ui": {"auth": "token", "public_url": "http://ask.example.org"}}, "warn", "without https"),
        ({"ui": {"auth": "token", "rate_per_minute": 0}}, "warn", "rate_per_minute is 0"),
        ({"ui": {"collection_groups": {"人事": ["hr"]}}}, "warn", "and nobody signs on"),
        (
            {
                "ui": {
                    "auth": "header",
                    "sso_proxies": ["10.0.0.5"],
                    "collection_groups": {"人事": ["hr"]},
                }
            },
            "warn",
            "the proxy tells of no groups",
        ),
        ({"ui": {"allowed_hosts": ["ask.example.org"]}}, "warn", "is an administrator"),
        ({"ui": {"allowed_origins": ["https://portal.example.org"]}}, "warn", "other pages"),
        ({"ui": {"auth": "token", "host": "0.0.0.0"}}, "warn", "kept for ever"),
        ({"ui": {"embed_secret": "short"}}, "fail", "embed_secret"),
        ({"answer": {"from_memory": True}}, "warn", "from_memory"),
        (
            {"generator": {"engine": "openai", "base_url": "http://10.0.0.9/v1", "api_key": "k"}},
            "warn",
            "api_key goes to 10.0.0.9",
        ),
        (
            {
                "generator": {
                    "engine": "openai",
                    "base_url": "https://a/v1, http://10.0.0.9/v1",
                    "api_key": "k",
                }
            },
            "warn",
            "api_key goes to 10.0.0.9",
        ),
        (
            {"index": {"milvus": "http://10.0.0.8:19530", "milvus_token": "k"}},
            "warn",
            "milvus_token goes to 10.0.0.8",
        ),
    ],
)
def test_unsafe_settings_are_named_with_a_next_step(flags: dict[str, Any], state: str, found: str) -> None:
    checks = list(safety.settings(load_settings(flags), Wanted()))
    assert any(found in check.found and check.state == state and check.next_step for check in checks), checks


def test_safe_settings_are_one_line() -> None:
    safe = {"auth": "token", "host": "0.0.0.0", "public_url": "https://ask.example.org", "retention_days": 90}
    for ui in ({}, safe):
        (check,) = safety.settings(load_settings({"ui": ui}), Wanted(offline=True))
        assert check.state == "ok"


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_a_secret_that_others_can_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wenju.toml"
    file.write_text(f'[ui]\nembed_secret = "{SECRET}"\n', "utf-8")
    file.chmod(0o644)
    (check,) = safety.settings(load_settings(), Wanted())
    assert "wenju.toml can be read" in check.found and SECRET not in check.found + check.next_step
    file.chmod(0o640)
    (check,) = safety.settings(load_settings(), Wanted())
    assert check.state == "ok"


def test_offline_names_what_lies_outside() -> None:
    remote = load_settings({"generator": {"engine": "openai", "base_url": "https://models.example.org/v1"}})
    (check,) = parts.generator(remote, Wanted(offline=True))
    assert check.state == "fail" and "models.example.org:443" in check.found
    oidc = {"auth": "oidc", "oidc_issuer": "https://login.example.org", "oidc_client_id": "wenju"}
    milvus = {"milvus": "http://milvus.example.org:19530"}
    signing = load_settings({"ui": {**oidc, "database": "postgresql://db/wenju"}, "index": milvus})
    found = " ".join(check.found for check in safety.settings(signing, Wanted(offline=True)))
    assert "login.example.org" in found and "PostgreSQL" in found and "milvus.example.org" in found


def test_a_changed_index_is_found_by_its_hash(tmp_path: Path) -> None:
    from fake_encoder import FakeEncoder

    from qa.engine import Engine

    settings = load_settings({"data": tmp_path / "data", "index": {"encoder": "fake"}})
    note = tmp_path / "note.md"
    note.write_text(
        "# 通知\n\n值班电话是63085678，由办公室在每周一上午九点前公布，遇有调整另行通知各处室。\n", "utf-8"
    )
    Engine.open(settings.engine, encoder=FakeEncoder()).add([note])
    generation = IndexStore(tmp_path / "data" / "index").current()
    assert generation is not None
    made = load_settings(
        {"data": tmp_path / "data", "index": {"encoder": generation.manifest["identity"]["encoder"]}}
    )
    (check,) = parts.index(made, Wanted())
    assert check.state == "ok" and "1 documents" in check.found
    closed = made.model_copy(update={"ui": UiSettings(collection_groups={"人是": ("hr",)})})
    unknown, check = parts.index(closed, Wanted())
    assert unknown.state == "warn" and "人是" in unknown.found and check.state == "ok"
    (check,) = parts.index(load_settings({"data": tmp_path / "data"}), Wanted())
    assert check.state == "fail" and "encoder" in check.found
    vectors = generation.path / "vectors.npy"
    content = bytearray(vectors.read_bytes())
    content[-1] ^= 1
    vectors.write_bytes(content)
    _, checks = doctor(tmp_path / "data", "--offline")
    assert checks["index"]["state"] == "fail"
    _, checks = doctor_with(tmp_path, str(made.index.encoder))
    assert "vectors.npy has changed" in checks["index"]["found"] and checks["index"]["next_step"]


def doctor_with(folder: Path, encoder: str) -> tuple[Result, dict[str, dict[str, str]]]:
    (folder / "wenju.toml").write_text(f'[index]\nencoder = "{encoder}"\n', "utf-8")
    return doctor(folder / "data")


def test_a_model_with_another_content_fails_by_sha256(tmp_path: Path) -> None:
    for name in ("multilingual-e5-small", "qwen2.5-coder-1.5b"):
        for file in load_manifest()[name].files:
            place = tmp_path / "none" / name / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as handle:
                handle.truncate(file.size or 1)  # right size, wrong bytes
    done, checks = doctor(tmp_path / "data")
    assert (
        done.exit_code == 1
        and "sha256" in checks["models"]["found"]
        and "fetch" in checks["models"]["next_step"]
    )


def test_the_prompts_and_their_variables_are_those_that_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, variables in parts.PROMPTS.items():
        assert prompts.variables(name) == variables
    settings = load_settings()
    (check,) = parts.prompts(settings, Wanted())
    assert check.state == "ok"
    for name in parts.PROMPTS:
        (tmp_path / f"{name}.md").write_text("[system]\n答。\n[user]\n{{question}}{{typo}}\n", "utf-8")
    monkeypatch.setattr(prompts, "_FOLDER", tmp_path)
    prompts._source.cache_clear()
    try:
        (check,) = parts.prompts(settings, Wanted())
        assert check.state == "fail" and "typo" in check.found
    finally:
        prompts._source.cache_clear()


@pytest.mark.parametrize(
    ("flags", "path"),
    [
        ("avx2 avx512bw avx512_vnni amx_int8 avx512_bf16", "AMX"),
        ("avx2 avx_vnni avx512bw avx512_vnni", "AVX-512 with VNNI"),
        ("avx2 avx512f avx512bw", "AVX-512"),
        ("avx2 avx_vnni", "AVX2 with VNNI"),
        ("avx2 fma", "AVX2"),
    ],
)
def test_the_path_of_instructions(flags: str, path: str) -> None:
    assert processor.path(processor.flags(f"processor : 0\nflags\t\t: {flags}\n")) == path


def test_a_limit_takes_instructions_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "avx2 avx_vnni avx512bw avx512_vnni amx_int8 fma"
    monkeypatch.setattr(processor, "told", lambda *_, **__: text)
    for limit, path in (
        ("", "AMX"),
        ("avx512_core", "AVX-512"),
        ("AVX2_VNNI", "AVX2 with VNNI"),
        ("AVX2", "AVX2"),
    ):
        monkeypatch.setenv(processor.LIMIT, limit)
        assert processor.path() == path
    assert processor.flags() == {"avx2", "fma"}


def test_figures_of_a_bench_name_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    from eval.manifest import machine

    monkeypatch.delenv(processor.LIMIT, raising=False)
    assert machine()["instructions"] == processor.path() and machine()["cpu"] == processor.name()
    monkeypatch.setenv(processor.LIMIT, "AVX2")
    assert machine()["instructions"].endswith("oneDNN limited to AVX2")


def test_without_avx2_or_with_one_core_there_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(processor, "flags", lambda: frozenset({"sse4_2"}))
    assert next(look_at_processor()).found.endswith("no AVX2")
    monkeypatch.setattr(processor, "flags", lambda: frozenset({"avx2"}))
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setenv(processor.LIMIT, "avx2")
    found = next(look_at_processor())
    assert found.state == "warn" and "Two cores" in found.next_step and "limited to AVX2" in found.found


def test_a_trial_can_reach_nobody_but_unix_sockets() -> None:
    code = """
import json, os, socket
from wenju.health.trial_child import Blocked
blocked, met = Blocked(), []
def attempt(call):
    try: call()
    except OSError as error: met.append(error.strerror)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt(lambda: socket.create_connection(("192.0.2.1", 80), 1))
attempt(lambda: socket.socket().connect(("127.0.0.1", 9)))
attempt(lambda: udp.sendto(b"x", ("192.0.2.2", 53)))
attempt(lambda: socket.getaddrinfo("example.org", 80))
if os.fork() == 0:
    attempt(lambda: socket.getaddrinfo("fork.example.org", 80))
    os._exit(0)
os.wait()
one, two = socket.socketpair(); one.send(b"x"); assert two.recv(1) == b"x"
print(json.dumps([blocked.tried(), len(met)]))
"""
    tried, met = json.loads(fresh(code))
    assert met == 4 and len(tried) == 5
    for part in ("192.0.2.1", "127.0.0.1", "192.0.2.2", "example.org", "fork.example.org"):
        assert any(part in one for one in tried), part


@pytest.mark.parametrize("door", ["engine.paged", "index.bert", "index.encoder_openvino", "qa.reader"])
def test_importing_the_inference_library_tells_nobody(door: str, tmp_path: Path) -> None:
    """``import openvino`` sends an event in a fork of its own unless it is kept from it (models.silence)."""
    code = f"""
import importlib, json, time
from wenju.health.trial_child import Blocked
blocked = Blocked()
importlib.import_module({door!r})
import openvino
time.sleep(1)
print(json.dumps(blocked.tried()))
"""
    environment = {key: value for key, value in os.environ.items() if key != "CI"} | {"HOME": str(tmp_path)}
    assert json.loads(fresh(code, env=environment)) == [] and not list(tmp_path.iterdir())


def test_what_a_trial_found_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load_settings({"data": tmp_path / "data"})
    speed = {"read": 100.0, "written": 10.0, "load": 0.0, "of": "this machine", "when": "2026-01-01T00:00:00"}
    good = {"answer": f"书记是{trial.ANSWER}。", "seconds": 2.0, "loading": 6.0, "tried": [], "speed": speed}
    results: list[dict[str, Any]] = [
        good,
        {**good, "speed": None},
        {**good, "tried": ["example.org"]},
        {**good, "answer": "未找到"},
        {"error": "no memory", "hint": "Close programs."},
    ]
    asked: list[str] = []

    def scripted(_settings: object, known: str) -> dict[str, Any]:
        asked.append(known)
        return results[len(asked) - 1]

    monkeypatch.setattr(trial, "_not_asked", lambda *_: None)
    monkeypatch.setattr(trial, "ask", scripted)
    states: list[list[Check]] = [list(trial.trial(settings, Wanted())) for _ in results]
    assert [found[-1].state for found in states] == ["ok", "ok", "fail", "warn", "fail"]
    assert asked == ["", *["this machine"] * 4]  # kept from the first on
    assert (
        "lower bound" not in states[0][0].found
        and "about 2.9 s" in states[0][0].found
        and "2.0 s" in states[0][1].found
    )
    assert "example.org" in states[2][-1].found and states[4][0].next_step == "Close programs."


def test_a_trial_that_dies_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Died:
        stdout, stderr, returncode = "", "Traceback\nMemoryError: no room\n", 1

    monkeypatch.setattr("subprocess.run", lambda *_a, **_k: Died())
    assert "MemoryError: no room" in trial.ask(load_settings({"data": tmp_path}), "")["error"]


def test_speed_is_measured_of_reading_and_of_writing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from engine import calibration
    from engine.base import Chunk, GenerationRequest

    clock = [0.0]
    monkeypatch.setattr(calibration.time, "perf_counter", lambda: clock[0])
    prompts_seen: list[str] = []

    class Paced:
        """Reads 50 characters and writes 5 tokens a second."""

        name = "paced"

        def stream(self, request: GenerationRequest) -> Iterator[Chunk]:
            text = request.messages[0].content
            prompts_seen.append(text)
            clock[0] += len(text) / 50
            yield Chunk("一")
            clock[0] += (request.max_new_tokens - 1) / 5
            yield Chunk("", finish="stop", prompt_tokens=len(text), completion_tokens=request.max_new_tokens)

        def count_tokens(self, text: str) -> int:
            return len(text)

    speed = calibration.measure(Paced(), 2, 0.25)
    assert (speed.read, speed.written) == (50.0, 5.0)
    assert abs(speed.answer - (calibration.ANSWER_READS / 50 + calibration.ANSWER_PASSES / 5)) < 1e-9
    assert len({text[:4] for text in prompts_seen}) == len(prompts_seen)  # nothing was read before
    assert "paced" in speed.of and "2 threads" in speed.of and calibration.measured_of(Paced(), 1) != speed.of
    assert calibration.kept(tmp_path) is None
    calibration.keep(speed, tmp_path)
    assert calibration.kept(tmp_path) == speed
    (tmp_path / calibration.FILE).write_text("{", "utf-8")
    assert calibration.kept(tmp_path) is None


def test_a_figure_of_a_busy_moment_is_measured_again_in_a_quiet_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from engine import calibration

    calibration.keep(calibration.Speed(50.0, 5.0, 3.0, "this machine", "2026-01-01"), tmp_path)
    asked: list[str] = []
    speed = {"read": 100.0, "written": 10.0, "load": 0.1, "of": "this machine", "when": "2026-01-02"}

    def scripted(_settings: object, known: str) -> dict[str, Any]:
        asked.append(known)
        return {
            "answer": trial.ANSWER,
            "seconds": 1.0,
            "loading": 1.0,
            "tried": [],
            "speed": None if known else speed,
        }

    monkeypatch.setattr(trial, "_not_asked", lambda *_: None)
    monkeypatch.setattr(trial, "ask", scripted)
    settings, found = load_settings({"data": tmp_path}), []
    for load in (2.0, 0.1, 0.1):
        monkeypatch.setattr(calibration, "load", lambda load=load: load)
        found.append(next(trial.trial(settings, Wanted())).found)
    assert asked == ["this machine", "", "this machine"]
    assert "lower bound" in found[0] and "reads 100" in found[2]
    next(trial.trial(settings, Wanted(measure=True)))
    assert asked[-1] == ""


@pytest.mark.models
@pytest.mark.timeout(900)
def test_the_real_models_answer_with_sockets_blocked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from engine import calibration

    monkeypatch.delenv("WENJU_MODELS")
    speed, answer = trial.trial(load_settings({"data": tmp_path}), Wanted(offline=True))
    assert (speed.name, answer.name, answer.state) == ("speed", "answer", "ok"), answer
    kept = calibration.kept(tmp_path)
    assert kept is not None and f"reads {kept.read:.0f} " in speed.found
