"""Every dependency is used, told of in docs/DEPENDENCIES.md, and nothing is used that is not declared."""

from __future__ import annotations

import ast
import functools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
USED_BY_OTHERS = {
    "accelerate": "transformers needs it for GGUF files (engine transformers)",
}
"""Dependencies that our code does not import, and who does."""
NOT_OURS_TO_DECLARE = {
    "torch": "comes with sentence-transformers; its build (CPU or CUDA) is the machine's choice",
    "psutil": "asked for where it is there, and done without where not",
    "llama_cpp": "extra llamacpp",
    "pymilvus": "extra milvus",
    "minio": "extra s3",
    "urllib3": "comes with the extra s3",
    "rapidocr": "extra ocr",
    "cv2": "comes with the extra ocr",
    "PIL": "comes with the extra ocr",
}
"""Modules that our code imports without a line of their own in ``dependencies``, and why."""


def canonical(requirement: str) -> str:
    """``python-docx>=1.1`` -> ``python-docx``."""
    match = re.match(r"[\w.-]+", requirement)
    assert match is not None
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def needed() -> list[str]:
    return [canonical(line) for line in PROJECT["project"]["dependencies"]]


@functools.cache
def imported() -> frozenset[str]:
    """Top-level modules of others that the program imports, wherever the import stands."""
    found: set[str] = set()
    for path in (path for package in sorted(OURS) for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return frozenset(found - OURS - set(sys.stdlib_module_names))


@functools.cache
def distributions() -> dict[str, set[str]]:
    """Which distributions a module comes from."""
    return {module: {canonical(name) for name in names} for module, names in packages_distributions().items()}


def test_every_dependency_is_used() -> None:
    used = {name for module in imported() for name in distributions().get(module, ())}
    assert set(needed()) - used == set(USED_BY_OTHERS)


def test_nothing_is_used_that_is_not_declared() -> None:
    declared = set(needed())
    strange = {module for module in imported() if not distributions().get(module, set()) & declared}
    assert strange - set(NOT_OURS_TO_DECLARE) == set()


def test_every_dependency_has_its_row() -> None:
    page = (ROOT / "docs" / "DEPENDENCIES.md").read_text(encoding="utf-8")
    rows = [canonical(name) for name in re.findall(r"^\| `([\w.-]+)`", page, re.MULTILINE)]
    extras = [
        canonical(line) for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines
    ]
    assert len(rows) == len(set(rows)), "a dependency has two rows"
    assert set(rows) == {*needed(), *extras}
