"""axe-core comes from the npm registry: where that is out of reach the tests skip and say why, they do not
fail."""

from __future__ import annotations

import time
from pathlib import Path

import axe
import pytest


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing known of the registry yet."""
    monkeypatch.setenv("WENJU_TEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(axe, "_unavailable", [])
    return tmp_path / "cache"


def npm(folder: Path, does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program called npm on the path that notes each call and then ``does`` something."""
    script = folder / "npm"
    script.write_text(f"#!/bin/sh\necho called >> {folder}/calls\n{does}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_without_npm_it_is_a_skip(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(pytest.skip.Exception, match="npm is not installed"):
        axe.source()


def test_a_registry_out_of_reach_is_a_skip_with_its_reason_and_asked_once(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(tmp_path, "echo 'ENOTFOUND registry' >&2; exit 1", monkeypatch)
    for _ in range(3):
        with pytest.raises(pytest.skip.Exception, match="ENOTFOUND registry"):
            axe.source()
    assert (tmp_path / "calls").read_text().split() == ["called"]


def test_a_registry_that_never_answers_is_a_skip(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(tmp_path, "exec sleep 30", monkeypatch)
    monkeypatch.setattr(axe, "PATIENCE", 0.5)
    start = time.monotonic()
    with pytest.raises(pytest.skip.Exception, match="no answer within 0.5 s"):
        axe.source()
    assert time.monotonic() - start < 15


def test_what_was_fetched_is_kept(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "axe.min.js").write_text("window.axe = 1")
    npm(tmp_path, f"tar -czf {cache}/axe-core-{axe.VERSION}.tgz -C {tmp_path} package", monkeypatch)
    assert axe.source() == axe.source() == "window.axe = 1"
    assert (tmp_path / "calls").read_text().split() == ["called"]
    assert [p.name for p in cache.iterdir()] == [f"axe-{axe.VERSION}.min.js"]
