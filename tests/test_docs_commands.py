"""What the pages tell to type: commands with their options, make's targets, settings with their names in the
environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *(page for page in ROOT.glob("*.md") if page.name != "CHANGELOG.md"),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "log"),
    ROOT / "training" / "README.md",
]
"""Not what tells of earlier days: the log and the changelog."""
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def code(page: Path) -> Iterator[str]:
    """Lines of code blocks, without what is said about them, and code within the text."""
    told = page.read_text(encoding="utf-8")
    fenced = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
    for block in fenced.findall(told):
        yield from (re.sub(r"(^|\s)#.*", "", line) for line in block.splitlines())
    rest = fenced.sub("", told)
    yield from (re.sub(r"\s#.*", "", line) for line in re.findall(r"^ {4,}(.+)$", rest, re.MULTILINE))
    yield from re.findall(r"`([^`\n]+)`", rest)


@cache
def root_command() -> Any:
    import typer.main

    from wenju.cli import app

    return typer.main.get_command(app)


def commands(group: Any) -> dict[str, Any]:
    """What a group holds; a group that is imported when it is used is imported here."""
    import click

    if not hasattr(group, "list_commands"):
        return {}
    context = click.Context(group)
    return {name: group.get_command(context, name) for name in group.list_commands(context)}


def wrong(command: Any, words: list[str], path: str = "wenju", above: Any = None) -> Iterator[str]:
    """What of a command line, after ``command``, the program does not know; ``|`` parts commands."""
    takes = {name: param for param in command.params for name in param.opts + param.secondary_opts}
    inner = commands(command)
    while words:
        word = words.pop(0).strip("[],.")
        if word.startswith("--") and len(word) > 2:
            name, told, _ = word.partition("=")
            if name not in takes and name != "--help":
                yield f"{path} {name}"
            elif not told and name in takes and not takes[name].is_flag and words and words[0][0] not in "-[":
                words.pop(0)
        elif word == "|" and above is not None:
            yield from wrong(above, words, path.rpartition(" ")[0])
            return
        elif word in inner:
            yield from wrong(inner[word], words, f"{path} {word}", command)
            return
        elif inner and word != "wenju" and re.fullmatch("[a-z][a-z-]+", word):
            yield f"{path} {word}"
            return


@each_page
def test_commands_and_their_options_are_there(page: Path) -> None:
    found = []
    for line in code(page):
        for part in re.split(r"&&|;|\$\(|\s>\s", line):
            for told in re.findall(r"(?:^|\s|/|\\)(?<!--name )wenju ((?:[\w\[-]|\|).*)", part):
                found += list(wrong(root_command(), told.split()))
    assert found == []


def test_the_check_finds_what_is_not_there() -> None:
    told = (
        "index add PATH --colection X",
        "--data X eval convert",
        "index info | lst X",
        "index add A | sink",
        "serve --prot 1",
    )
    missed = [line for line in told if not list(wrong(root_command(), line.split()))]
    assert missed == []
    good = (
        "--data X index add PATH --collection Y",
        "index info | list",
        "ask --batch IN --out O",
        "serve [--host]",
    )
    assert [list(wrong(root_command(), line.split())) for line in good] == [[]] * len(good)


@each_page
def test_targets_of_make_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for line in code(page) for name in re.findall(r"^\s*make ([a-z][a-z-]*)\b(?!=)", line)}
    assert named <= targets, named - targets


@cache
def settings() -> frozenset[str]:
    from wenju.readme import settings_table

    return frozenset(re.findall(r"^\| `([\w.]+)`", settings_table(ROOT), re.MULTILINE))


@each_page
def test_settings_are_there(page: Path) -> None:
    """As ``section.key``, below ``[section]`` in a block of TOML, and as a variable of the environment."""
    known = settings()
    sections = {name.split(".")[0] for name in known if "." in name}
    told = page.read_text(encoding="utf-8")
    dotted = rf"(?:{'|'.join(sections)})\.[a-z_]+"
    named = set(re.findall(rf"--set ({dotted})", told))
    for name in re.findall(rf"`({dotted})[`= ]", told if page.name != "TREE.md" else ""):
        if not (ROOT / name.replace(".", "/")).with_suffix(".py").is_file():  # a module
            named.add(name)
    for block in re.findall(r"^```toml\n(.*?)^```", told, re.DOTALL | re.MULTILINE):
        section = ""
        for line in block.splitlines():
            if head := re.match(r"\[([\w.]+)\]", line):
                section = head[1]
            elif (key := re.match(r"(\w+) *=", line)) and section not in known:
                named.add(f"{section}.{key[1]}".strip("."))
    for section, key in re.findall(r"WENJU_([A-Z]+)__([A-Z_]+)", told):
        named.add(f"{section}.{key}".lower())
    assert named <= known, named - known
