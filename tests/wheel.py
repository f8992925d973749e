"""What a wheel holds: ``python tests/wheel.py WHEEL``. Ends with 1 when something is missing or does not
belong there.

Not collected by pytest; used by .ci/release.
"""

from __future__ import annotations

import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALONGSIDE = (
    "qa/reader.npz",
    "engine/adapter.npz",
    "qa/gate.json",
    "prompts/strings.toml",
    "models/manifest.toml",
    "ui/static/ui.js",
    "eval/data/tianjin.jsonl",
)
"""Files beside the code without which the program does not run."""


def faults(names: set[str], packages: list[str]) -> list[str]:
    """What is wrong with a wheel of these names."""
    tops = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    wrong = [f"{top} does not belong into the wheel" for top in sorted(tops - set(packages))]
    wrong += [f"the package {package} is missing" for package in packages if package not in tops]
    wrong += [f"{name} is missing" for name in ALONGSIDE if name not in names]
    wrong += [f"{name} is not for users" for name in sorted(names) if name.startswith("eval/scripts/")]
    return wrong + [f"{name} is a leftover" for name in sorted(names) if "__pycache__" in name]


def main(path: str) -> int:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]["packages"]
    with zipfile.ZipFile(path) as wheel:
        wrong = faults(set(wheel.namelist()), packages)
        print(f"{Path(path).name}: {len(wheel.namelist())} files, {Path(path).stat().st_size / 1e6:.1f} MB")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
