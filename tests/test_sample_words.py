"""No word of the sample report stands in code: what knows one document's words is not for everybody's
documents.

The sample's own places are free: corpus/, the data of sets and fits, tests and docs.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("errors", "kernels", "engine", "index", "qa", "ui", "prompts", "eval", "models", "training", "wenju")
FREE = ("eval/data/", "training/data/")
SUFFIXES = {".py", ".toml", ".md", ".json", ".jsonl", ".txt", ".js", ".css", ".html", ".svg", ".jinja", ".j2"}
WORDS = (
    "驿站",
    "班列",
    "党支部",
    "和平",
    "河东",
    "河西",
    "南开",
    "河北",
    "红桥",
    "东丽",
    "西青",
    "津南",
    "北辰",
    "武清",
    "宝坻",
    "宁河",
    "静海",
    "蓟州",
    "滨海新区",
)


def found(text: str) -> dict[str, int]:
    """How often each word stands in a text."""
    return {word: text.count(word) for word in WORDS if word in text}


def sources() -> dict[str, str]:
    """Text of every file of the program and of what makes its weights, by its path."""
    paths = [
        path for folder in CODE for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES
    ]
    names = {path: path.relative_to(ROOT).as_posix() for path in paths}
    return {
        name: path.read_text(encoding="utf-8") for path, name in names.items() if not name.startswith(FREE)
    }


def test_the_search_sees_the_program_and_the_words() -> None:
    assert {"qa/pipeline.py", "prompts/strings.toml", "ui/static/ui.js", "training/README.md"} <= set(
        sources()
    )
    assert found("就业驿站和津南区的驿站") == {"驿站": 2, "津南": 1}


def test_no_word_of_the_sample_report_stands_in_code() -> None:
    assert {name: words for name, text in sources().items() if (words := found(text))} == {}
