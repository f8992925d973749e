"""The shape of the house: imports run one way, heavy libraries have one door, docs/TREE.md names every folder
and file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import fresh

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "errors": set(),
    "prompts": set(),
    "models": {"errors"},
    "kernels": set(),
    "index": {"errors", "kernels", "models"},
    "engine": {"errors", "kernels", "models"},
    "qa": {"errors", "engine", "kernels", "index", "prompts", "models"},
    "ui": {"errors", "engine", "kernels", "index", "qa", "prompts", "models"},
    "eval": {"errors", "engine", "kernels", "index", "qa", "prompts", "models"},
    "wenju": {"errors", "engine", "kernels", "index", "qa", "prompts", "models", "ui", "eval"},
    "deploy": {"errors", "models", "wenju"},
}
DOORS = {
    "faiss": ("index/dense.py",),
    "pymilvus": ("index/milvus.py",),
    "minio": ("ui/bucket.py",),
    "sentence_transformers": ("index/encoder.py",),
    "openvino_genai": ("engine/",),
    "llama_cpp": ("engine/",),
    "openvino": ("engine/", "kernels/linear.py", "qa/reader.py", "index/bert.py", "index/encoder"),
    "llvmlite": ("kernels/",),
    "gradio": ("ui/",),
}
FILES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "." * node.level


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way_and_through_the_doors(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    package = name.split("/")[0]
    for module in imported(path):
        top = module.split(".")[0]
        if top in MAY_IMPORT and top != package:
            assert top in MAY_IMPORT[package], f"{name} imports {module}"
        if top in DOORS:
            assert name.startswith(DOORS[top]), f"{name} imports {module}; its door is {DOORS[top]}"


def test_importing_the_packages_loads_nothing_heavy() -> None:
    packages = "index, qa, ui, wenju, models, prompts, errors, wenju.cli, models.store"
    heavy = ["torch", "faiss", "openvino", "gradio", "transformers", "numpy", "pydantic", "fastapi", "httpx"]
    code = f"import sys, {packages}; print(*[name for name in {heavy} if name in sys.modules])"
    assert fresh(code).split() == []


@pytest.mark.parametrize("name", ["rooms", "tree", "settings"])
def test_tree_and_settings_are_true(name: str) -> None:
    """File tree and settings are made from the code; a new, gone or renamed file or setting shows here."""
    from wenju.readme import PAGES, render

    page = (ROOT / PAGES[name]).read_text(encoding="utf-8")
    assert page == render(page, ROOT, name), "run: make tree"


def test_links_between_our_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "training").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} points to {target}"


WORDS = {
    "qa/ahead.py": "a question without a text, read ahead",
    "qa/attribution.py": "characters of function words, which weigh less",
    "qa/checks/dates.py": "the notation of dates",
    "qa/checks/moments.py": "the notation of days of the week and times of the day",
    "qa/checks/numbers.py": "units and measure words",
    "qa/kinds/arithmetic.py": "the unit of a difference of percentages",
    "qa/kinds/counted.py": "the interrogatives beside which a measure word stands; the unit of years",
    "qa/kinds/formula.py": "the name of the last line of a calculation (prompts/); units",
    "qa/kinds/ordered.py": "the heading of a column that only counts",
    "qa/kinds/sheet.py": "the name of a column without a heading",
    "qa/kinds/tables.py": "the heading of a column that only counts; the marks of a range",
    "qa/kinds/worked.py": "units, and what stands between two days or a name and its figure as we write it",
    "qa/library.py": "a text for warming up",
    "qa/markers.py": "the forms of citation that models write",
    "qa/reader.py": "a text for warming up",
    "qa/spelling.py": "the range of Chinese characters",
}


def test_words_stand_where_notation_stands() -> None:
    """Meaning is told by fitted models, never by a list of words; what is here may only become less."""
    holding = set()
    for path in (ROOT / "qa").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = (
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told
        )
        if any(isinstance(text, str) and re.search("[一-鿿]", text) for text in texts):
            holding.add(path.relative_to(ROOT).as_posix())
    assert holding == set(WORDS)
