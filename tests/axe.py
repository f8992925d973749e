"""axe-core, for tests alone: fetched from the npm registry once into the user's cache, never shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

VERSION = "4.10.3"
PATIENCE = 40.0
"""Seconds that the registry has to answer."""
_unavailable: list[str] = []
"""Why there is no axe-core, once that is known: it is asked for once a run."""


def source() -> str:
    """The script's text; skips the test when it is neither cached nor to be had."""
    folder = Path(os.environ.get("WENJU_TEST_CACHE", Path.home() / ".cache" / "wenju-tests"))
    script = folder / f"axe-{VERSION}.min.js"
    if not script.is_file():
        _fetch(folder, script)
    return script.read_text("utf-8")


def problems(page: Any, *, exclude: tuple[str, ...] = ()) -> list[str]:
    """Violations of WCAG 2.1 A and AA: rule, element, what is wrong."""
    page.evaluate(source())
    found = page.evaluate(
        "exclude => axe.run({exclude: exclude.map(s => [s])}, "
        "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})",
        list(exclude),
    )
    return [
        f"{v['id']}: {n['target']} {n['failureSummary'][:200]} {n['html'][:160]}"
        for v in found["violations"]
        for n in v["nodes"]
    ]


def _fetch(folder: Path, script: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"needs axe-core {VERSION} in {folder} (npm is not installed to fetch it)")
    if _unavailable:
        pytest.skip(_unavailable[0])
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        npm,
        "pack",
        f"axe-core@{VERSION}",
        "--pack-destination",
        str(folder),
        "--silent",
        "--fetch-retries=0",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        trouble = done.stderr.strip()[-200:]
    except subprocess.TimeoutExpired:
        trouble = f"no answer within {PATIENCE:g} s"
    archive = folder / f"axe-core-{VERSION}.tgz"
    if not archive.is_file():
        _unavailable.append(
            f"axe-core {VERSION} could not be fetched from the npm registry: {trouble or 'no reason given'}"
        )
        pytest.skip(_unavailable[0])
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/axe.min.js")
        assert member is not None
        whole = script.with_suffix(f".{os.getpid()}")
        whole.write_bytes(member.read())
    whole.replace(script)
    archive.unlink(missing_ok=True)
