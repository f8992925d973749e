"""The two READMEs say the same, their figures stand in docs/, and docs/ makes a site without a warning."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAIR = ("README.md", "README.zh-CN.md")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(page: str) -> list[str]:
    """The lines of code blocks, without what is said about them."""
    lines = [
        line for block in re.findall(r"```\w*\n(.*?)```", page, re.DOTALL) for line in block.splitlines()
    ]
    return [re.sub(r"\s+#.*", "", line).rstrip() for line in lines]


def headings(page: str) -> list[int]:
    """The levels of its headings, in order."""
    return [
        len(mark)
        for mark in re.findall(r"^(#+) ", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE)
    ]


def links(page: str) -> list[str]:
    """Where it leads, in order; places within the page are told by their mark alone, the other README by
    'other'."""
    found = re.findall(r"\]\(([^)]+)\)", page)
    return ["#" if target.startswith("#") else "other" if target in PAIR else target for target in found]


def figures(page: str) -> list[str]:
    """Every number of the prose and the tables, in order of size of their text: languages order words
    differently."""
    prose = re.sub(r"```.*?```|\]\([^)]*\)|`[^`]*`", " ", page, flags=re.DOTALL)
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", prose))


@pytest.mark.parametrize("part", [headings, blocks, links, figures], ids=lambda part: part.__name__)
def test_both_readmes_say_the_same(part) -> None:  # type: ignore[no-untyped-def]
    english, chinese = (part(text(name)) for name in PAIR)
    assert english, "nothing found to compare"
    assert english == chinese


def test_inline_code_is_the_same_in_both() -> None:
    english, chinese = (sorted(set(re.findall(r"`([^`\n]+)`", text(name)))) for name in PAIR)
    assert english == chinese


def test_measured_figures_of_the_readme_stand_in_the_results() -> None:
    """Figures are copied, so that they cannot be better than what was measured, with its n and interval."""
    rows = re.findall(
        r"^\|[^|]+\| (\d+) \| ([\d.]+) (%|s) \| ([\d.]+) to ([\d.]+) \|", text("README.md"), re.MULTILINE
    )
    assert len(rows) >= 4
    told = text("docs/RESULTS.md") + text("docs/PERFORMANCE.md")
    lines = [line for line in told.splitlines() if line.startswith("|")]
    for n, figure, unit, low, high in rows:
        said = [
            f"{figure} {unit} [{low}, {high}]" in line
            or (f"{figure} [{low}, {high}]" in line)
            or (f"{figure} {unit} [{low}, {high}" in line)
            for line in lines
            if re.search(rf"\b(n=)?{n}\b", line)
        ]
        assert any(said), f"{figure} {unit} [{low}, {high}] with n={n} stands in no table of docs/"


def test_places_within_the_readmes_exist() -> None:
    for name in PAIR:
        anchors = {
            re.sub(r"[^\w\- ]", "", line).strip().lower().replace(" ", "-")
            for line in re.findall(r"^#+ (.*)", text(name), re.MULTILINE)
        }
        for target in re.findall(r"\]\(#([^)]+)\)", text(name)):
            assert target in anchors, f"{name}: no heading {target}"


PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "training" / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_names_is_there(page: Path) -> None:
    """Scripts and modules that are run, files of the checkout, settings: moved or renamed ones show here."""
    told = page.read_text(encoding="utf-8")
    missing = [
        script
        for script in re.findall(r"python ((?:eval|training|tests)/[\w/]+\.py)", told)
        if not (ROOT / script).is_file()
    ]
    for module in re.findall(r"python -m ((?:eval|training|ui|wenju)[\w.]*)", told):
        path = ROOT.joinpath(*module.split("."))
        missing += [] if path.with_suffix(".py").is_file() or (path / "__main__.py").is_file() else [module]
    ours = (
        "`((?:errors|engine|index|qa|ui|prompts|eval|wenju|"
        r"models|training|corpus|tests|docs)/[\w./-]+\.\w+)`"
    )
    missing += [name for name in re.findall(ours, told) if not (ROOT / name).exists()]
    assert [name for name in missing if name != "index/loaders/KIND.py"] == []


def test_the_words_of_the_glossary_are_names_in_the_code() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Words")[2].partition("\n## ")[0]
    named = [name for row in table.splitlines() for name in re.findall(r"`([a-z_.]+(?:\.\w+)?)`", row)]
    assert len(named) > 20
    for name in named:
        module, _, inner = name.rpartition(".")
        folder = ROOT.joinpath(*name.split("."))
        if folder.is_dir() or folder.with_suffix(".py").is_file():
            continue
        tree = ast.parse(ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text("utf-8"))
        kinds = (ast.ClassDef, ast.FunctionDef)
        assert inner in [node.name for node in tree.body if isinstance(node, kinds)], name


def nav(tree: object) -> list[str]:
    """The pages named in the navigation."""
    if isinstance(tree, str):
        return [tree]
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    return [page for part in parts for page in nav(part)]


def test_every_page_has_its_place_in_the_navigation() -> None:
    yaml = pytest.importorskip("yaml")
    named = nav(yaml.safe_load(text("mkdocs.yml"))["nav"])
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(named) == sorted(there)


def test_log_pages_stand_apart_and_chinese_ones_first() -> None:
    yaml = pytest.importorskip("yaml")
    sections = [
        (title, nav(pages))
        for entry in yaml.safe_load(text("mkdocs.yml"))["nav"]
        for title, pages in entry.items()
    ]
    first = next(pages for title, pages in sections if any(page.startswith("zh/") for page in pages))
    assert sections.index(next(s for s in sections if s[1] == first)) <= 1
    for _, pages in sections:
        logs = [page for page in pages if page.startswith("log/") or page == "LOG.md"]
        assert not logs or logs == pages, "log pages are mixed with reference"


def test_the_site_is_made_without_a_warning(tmp_path: Path) -> None:
    if find_spec("mkdocs") is None or find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed: pip install 'wenju[docs]'")
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert made.returncode == 0, made.stdout + made.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        loaded = re.findall(
            r"<(?:link|script|img)[^>]+(?:href|src)=\"(https?://[^\"]+)\"", page.read_text(encoding="utf-8")
        )
        outside = [
            address for address in loaded if not address.startswith("http://127.0.0.1:")
        ]  # the widget's demo page
        assert not outside, f"{page.name} asks the outside for {outside}"
