"""The file tree of the README, made from the first line of each module (`make tree`); a test keeps it true."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

BEGIN = "<!-- tree -->"
END = "<!-- /tree -->"

FOLDERS = ("qa", "index", "ui", "prompts", "eval", "wenju", "models", "errors")
OTHERS = {
    "corpus/": "the sample corpus: six documents about one city's report",
    "tests/": "flat: test_<package>_<module>.py, fakes, data/",
    "docs/": "installation, deployment, API, evaluation, results, performance, log of experiments",
    ".ci/run": "what continuous integration runs",
    "Makefile": "install, test, serve, lint, check, tree, llamacpp",
    "constraints.txt": "exact versions that the Makefile installs",
    "pyproject.toml": "ranges of versions, the `wenju` command, settings of the tools",
}


def tree(root: Path) -> str:
    """The tree as a Markdown code block."""
    lines = [line for folder in FOLDERS for line in _folder(root, root / folder, 0)]
    width = max(len(name) for name, _ in lines) + 2
    lines += list(OTHERS.items())
    body = "\n".join(f"{name:<{width}}{text}".rstrip() for name, text in lines)
    return f"```\n{body}\n```"


def _folder(root: Path, folder: Path, depth: int) -> Iterator[tuple[str, str]]:
    """A package with its modules, then the packages in it."""
    yield "  " * depth + folder.name + "/", first_line(folder / "__init__.py")
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield "  " * (depth + 1) + path.name, first_line(path)
    for inner in sorted(path.parent for path in folder.glob("*/__init__.py")):
        yield from _folder(root, inner, depth + 1)


def first_line(path: Path) -> str:
    """First line of a module's docstring, up to its first full stop."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    line = " ".join(text.partition("\n\n")[0].split())
    return line.partition(". ")[0].rstrip(".")


def update(root: Path) -> bool:
    """Write the tree into README.md; True when it changed."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    new = f"{before}{BEGIN}\n{tree(root)}\n{END}{after}"
    if new != text:
        readme.write_text(new, encoding="utf-8")
    return new != text


if __name__ == "__main__":
    update(Path(__file__).parents[1])
