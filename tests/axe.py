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


def source() -> str:
    """The script's text; skips the test when it is neither cached nor to be had."""
    folder = Path(os.environ.get("WENJU_TEST_CACHE", Path.home() / ".cache" / "wenju-tests"))
    script = folder / f"axe-{VERSION}.min.js"
    if not script.is_file():
        _fetch(folder, script)
    return script.read_text("utf-8")


def problems(page: Any, *, exclude: tuple[str, ...] = ()) -> list[str]:
    """Violations of WCAG 2.1 A and AA and of best practice: rule, element, what is wrong."""
    page.evaluate(source())
    found = page.evaluate(
        "exclude => axe.run({exclude: exclude.map(s => [s])}, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})",
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
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", str(folder), "--silent"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    archive = folder / f"axe-core-{VERSION}.tgz"
    if done.returncode or not archive.is_file():
        pytest.skip(f"axe-core {VERSION} could not be fetched from the npm registry: {done.stderr.strip()[:200]}")
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/axe.min.js")
        assert member is not None
        script.write_bytes(member.read())
    archive.unlink()
