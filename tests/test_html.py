"""HTML comes from templates: none is written in the code, and every template is read, escapes and names
nothing unknown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from hostile import PAYLOADS
from lxml.html import defs

from eval.report.page import REPORTS
from prompts.templating import Templates
from ui.escape import inert
from ui.pages import PAGES
from ui.render import CHAT

ROOT = Path(__file__).parents[1]
FILES = sorted(path for package in ("ui", "eval", "qa") for path in (ROOT / package).rglob("*.py"))
SVG = {"svg", "g", "path", "rect", "circle", "line", "polyline", "text"}
TAG = re.compile(
    rf"(?<!\?P)<[/!]?(?:doctype|{'|'.join(sorted(defs.tags | SVG, key=len, reverse=True))})\b", re.IGNORECASE
)
ALLOWED = {
    "ui/security.py": "where ours goes in Gradio's own page; takes out of it what asks the outside",
    "ui/scripts.py": "finds the scripts in Gradio's own page that get the nonce",
}


def written(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a file that is no docstring, with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in told and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            yield node.lineno, text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_html_in_strings(path: Path) -> None:
    found = [f"line {n}: {text[:60]!r}" for n, text in written(path) if TAG.search(text)]
    if path.relative_to(ROOT).as_posix() in ALLOWED:
        assert found, "no longer needs its exception"
    else:
        assert not found, "HTML belongs into templates (prompts/templating.py)"


def test_the_rule_sees_html(tmp_path: Path) -> None:
    odd = tmp_path / "odd.py"
    odd.write_text(
        '"""<p>"""\na = "<b>x"\nb = f"<div class={a}>{b}</div>"\nc = b"<br>"\nd = r"(?P<a>x)"\ne = "a < b"\n'
    )
    assert {line for line, text in written(odd) if TAG.search(text)} == {2, 3, 4}


@pytest.mark.parametrize("templates", [PAGES, CHAT, REPORTS], ids=["pages", "chat", "report"])
def test_what_is_filled_in_is_escaped_and_what_is_missing_fails(templates: Templates) -> None:
    environment = templates._environment
    for payload in PAYLOADS:
        shown = environment.from_string('{{ x }}<p title="{{ x|e }}">').render(x=payload)
        assert "<script" not in shown and "<img" not in shown and shown.count("<p") == 1
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ nobody }}").render()


def test_no_template_turns_escaping_off() -> None:
    files = [
        path
        for package in ("ui", "eval/report")
        for path in (ROOT / package / "templates").rglob("*")
        if path.is_file()
    ]
    assert len(files) > 25
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), path.name
        if path.suffix == ".html":
            assert not re.search(
                r"\son\w+=|<script(?![^>]*(?:src=|application/json))[^>]*>(?!\{\{ raw)", text
            ), path.name


def test_chat_is_inert_for_markdown_too() -> None:
    shown = (
        Templates("ui", inert)
        ._environment.from_string("<b>{{ x }}</b>\n    <i>{{ y|e }}</i>")
        .render(x="*a*\n<b>", y="a*b")
    )
    assert shown == "<b>&#42;a&#42;&#10;&#60;b&#62;</b><i>a*b</i>"


def test_a_bad_template_is_named_with_its_line() -> None:
    environment = PAGES._environment
    with pytest.raises(jinja2.TemplateSyntaxError) as caught:
        environment.from_string("<p>\n\n{% if %}</p>")
    assert caught.value.lineno == 3
