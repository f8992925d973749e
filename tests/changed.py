"""The tests of what was changed: ``python tests/changed.py [FILE...]``; without files, those changed since
the last commit.

A module's tests are the test files that import it, or that are named after it or after a folder it lies in
(``index/loaders/web.py``: ``test_index_loaders*.py``). Tests that need models, a browser or PostgreSQL are
left to `make test`.
"""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEFT_OUT = "not models and not browser and not postgres"
ALWAYS = ("tests/test_architecture.py",)
DOCS = ("tests/test_docs.py", "tests/test_architecture.py")


def changed() -> list[str]:
    """Files that differ from the last commit, new ones too."""
    commands = (["git", "diff", "--name-only", "HEAD"], ["git", "ls-files", "--others", "--exclude-standard"])
    return [
        name for command in commands for name in subprocess.check_output(command, cwd=ROOT, text=True).split()
    ]


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports; of ``from a import b`` both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def wanted_by(name: str) -> set[str]:
    """Test files for one file of the repository, as paths from its root."""
    path = Path(name)
    here = sorted((ROOT / "tests").glob("test_*.py"))
    if path.parts[0] == "tests":
        needed = {path.stem}
        return (
            {name}
            if path.stem.startswith("test_")
            else {one.relative_to(ROOT).as_posix() for one in here if needed & imports(one)}
        )
    if path.suffix == ".md":
        return set(DOCS)
    if path.suffix != ".py":
        return {
            one.relative_to(ROOT).as_posix()
            for one in here
            if f"{one.stem}_".startswith(f"test_{path.parts[0]}_")
        }
    dotted = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    stems = {"test_" + "_".join(dotted.split(".")[:length]) for length in range(2, dotted.count(".") + 2)}
    chosen = [
        one
        for one in here
        if dotted in imports(one)
        or any(one.stem == stem or one.stem.startswith(f"{stem}_") for stem in stems)
    ]
    return {one.relative_to(ROOT).as_posix() for one in chosen}


def select(names: Iterable[str]) -> list[str]:
    """Test files for these files, and what holds for every change."""
    kept = [name for name in names if (ROOT / name).is_file()]
    return sorted({test for name in kept for test in wanted_by(name)} | set(ALWAYS))


if __name__ == "__main__":
    files = select(sys.argv[1:] or changed())
    print("tests:", *files, flush=True)
    raise SystemExit(
        subprocess.call([sys.executable, "-m", "pytest", "-q", "-m", LEFT_OUT, *files], cwd=ROOT)
    )
