"""The parts of docs/ that are made from the code: rooms, file tree and settings (`make tree`); a test keeps
them true."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

PAGES = {"rooms": "docs/TREE.md", "tree": "docs/TREE.md", "settings": "docs/SETTINGS.md"}
"""Which page holds which made part."""

FOLDERS = ("qa", "engine", "index", "ui", "prompts", "eval", "wenju", "models", "kernels", "errors", "deploy")
OTHERS = {
    "corpus/": "the sample corpus: six documents about one city's report",
    "training/": "how every fitted weight is made, with its data; in no wheel",
    "eval/scripts/": "measurements by which parts were chosen; in no wheel",
    "tests/": "flat: test_<package>_<module>.py, fakes, data/",
    "docs/": "the site's pages: zh/ for administrators and staff, reference, log/ of experiments",
    "mkdocs.yml": "how the site is made of docs/, and its navigation",
    ".ci/run": "what continuous integration runs",
    ".github/": "forms for issues, and what stands in release notes",
    ".pre-commit-config.yaml": "what is checked before a commit, without a network",
    "Makefile": "`make help` lists the targets",
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


def rooms(root: Path) -> str:
    """What each package is and which of ours it imports, drawn from its imports, as a Markdown table."""
    lines = ["| room | what it is | imports |", "|---|---|---|"]
    for folder in FOLDERS:
        ours = sorted(
            set(FOLDERS)
            & {name for path in (root / folder).rglob("*.py") for name in _imported(path)} - {folder}
        )
        told = ", ".join(f"`{name}`" for name in ours) or "-"
        lines.append(f"| `{folder}/` | {first_line(root / folder / '__init__.py')} | {told} |")
    return "\n".join(lines)


def _imported(path: Path) -> Iterator[str]:
    """Top-level names of what a file imports, wherever the import stands."""
    for node in ast.walk(_module(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@functools.cache
def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def first_line(path: Path) -> str:
    """First line of a module's docstring, up to its first full stop."""
    text = ast.get_docstring(_module(path)) or ""
    line = " ".join(text.partition("\n\n")[0].split())
    return line.partition(". ")[0].rstrip(".")


def settings_table(root: Path) -> str:
    """Every setting with its default and its meaning, as a Markdown table."""
    from pydantic import BaseModel

    from wenju.settings import Settings

    lines = ["| setting | default | meaning |", "|---|---|---|"]
    lines.append("| `data` | the user's data folder | documents, index, conversations |")
    for section, field in Settings.model_fields.items():
        kind = field.annotation
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            continue
        for key, inner in kind.model_fields.items():
            meaning = inner.description or _choices(inner.annotation)
            lines.append(f"| `{section}.{key}` | {_default(inner.default)} | {meaning.replace('|', '/')} |")
    return "\n".join(lines)


def _default(value: object) -> str:
    if value is None or value == () or str(value) == "":
        return "-"
    if isinstance(value, tuple):
        return f"`{', '.join(map(str, value))}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _choices(annotation: object) -> str:
    """The values of a Literal."""
    values = get_args(annotation)
    return "one of " + ", ".join(map(str, values)) if values else "-"


PARTS = {"rooms": rooms, "tree": tree, "settings": settings_table}
"""What makes that which stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` in a page of ``PAGES``."""


def render(page: str, root: Path, name: str) -> str:
    """A page's text with the made part ``name`` in its place.

    Raises:
        ValueError: the page has no place for it.
    """
    before, begin, rest = page.partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not (begin and end):
        raise ValueError(f"{PAGES[name]} has no place for it: <!-- {name} --> and <!-- /{name} -->")
    return f"{before}{begin}\n{PARTS[name](root)}\n{end}{after}"


def write(root: Path) -> None:
    """Write the made parts into their pages (`make tree`)."""
    for name, page in PAGES.items():
        target = root / page
        target.write_text(render(target.read_text(encoding="utf-8"), root, name), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parents[1])
