"""Prompt texts and everything staff read, as files with named variables. A leaf: imports nothing of ours.

A prompt is ``prompts/<name>.md``: variables in double braces (``{{question}}``), and, for a chat, parts that
each start with a line ``[system]``, ``[user]`` or ``[assistant]``. What never changes stands first, so that
an engine can keep its state from one question to the next. A missing or an unknown variable fails at once,
naming the prompt.

Texts for staff are in ``strings.toml``: ``[section.key]`` with ``zh`` and ``en``.
"""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from pathlib import Path

_FOLDER = Path(__file__).parent
_SUFFIXES = (".md", ".txt")
_VARIABLE = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
_PART = re.compile(r"^\[(system|user|assistant)\][ \t]*\n", re.MULTILINE)

# What chat templates use to mark turns: <|im_end|>, <｜User｜>, <start_of_turn>, [INST], <<SYS>>, <s>. Inside
# evidence and questions their brackets are made full-width: still readable, no longer a mark.
_MARKS = re.compile(
    r"<[|｜].*?[|｜]>|<[|｜]|[|｜]>|</?(?:s|think|tool_call|start_of_turn|end_of_turn|bos|eos|pad|unk|材料|问题)\s*/?>"
    r"|\[/?(?:INST|system|user|assistant)\]|<</?SYS>>",
    re.IGNORECASE,
)
_WIDE = str.maketrans("<>[]|", "＜＞［］｜")
# Controls, and what Unicode calls default ignorable (DerivedCoreProperties.txt): joiners, direction marks,
# variation selectors, fillers, tags. Nobody sees them, a model reads them. Half surrogates, which no encoding
# holds.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


class PromptError(LookupError):
    """A prompt or string does not exist, or its variables are not the ones given: a mistake in our own
    code."""


def names() -> tuple[str, ...]:
    """Names of all prompts, sorted."""
    return tuple(sorted(p.stem for p in _FOLDER.iterdir() if p.suffix in _SUFFIXES))


def variables(name: str) -> frozenset[str]:
    """The variables that the prompt ``name`` uses."""
    return frozenset(_VARIABLE.findall(_source(name)))


def render(name: str, **variables: str) -> str:
    """The prompt's text with its variables filled in; values are put in as they are and never expanded again.

    Raises:
        PromptError: there is no such prompt, or a variable is missing or unknown.
    """
    return _fill(name, _source(name), variables)


def chat(name: str, **variables: str) -> tuple[tuple[str, str], ...]:
    """The prompt as ``(role, content)`` pairs in the order of its parts; values cannot open a new part.

    Raises:
        PromptError: as ``render``, or the prompt has no parts.
    """
    source = _source(name)
    _check(name, source, variables)
    cuts = list(_PART.finditer(source))
    if not cuts:
        raise PromptError(f"prompt {name!r} has no [system], [user] or [assistant] part")
    ends = [*(cut.start() for cut in cuts[1:]), len(source)]
    return tuple(
        (cut.group(1), _substitute(source[cut.end() : end].strip("\n"), variables))
        for cut, end in zip(cuts, ends, strict=True)
    )


def text(key: str, lang: str = "zh", **variables: str | int | float) -> str:
    """The string ``section.key`` in ``lang`` with its variables filled in; English falls back to Chinese.

    Raises:
        PromptError: there is no such string, or a variable is missing or unknown.
    """
    entry: object = _strings()
    for part in key.split("."):
        entry = entry.get(part) if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or "zh" not in entry:
        raise PromptError(f"no text {key!r} in prompts/strings.toml")
    value = str(entry.get(lang, entry["zh"]))
    return _fill(key, value, {k: str(v) for k, v in variables.items()})


def strings(section: str, lang: str = "zh") -> dict[str, str]:
    """All strings of a section by key, variables not filled in: what a page hands to its scripts."""
    entries = _strings().get(section)
    if not isinstance(entries, dict):
        raise PromptError(f"no section {section!r} in prompts/strings.toml")
    return {k: str(v.get(lang, v["zh"])) for k, v in entries.items() if isinstance(v, dict) and "zh" in v}


def examples(section: str) -> dict[str, tuple[str, ...]]:
    """Examples of what people say, by key: the entries ``key_said`` of a section, one a line, in all
    languages."""
    found: dict[str, tuple[str, ...]] = {}
    for lang in ("zh", "en"):
        for name, lines in strings(section, lang).items():
            if name.endswith("_said"):
                key = name.removesuffix("_said")
                found[key] = found.get(key, ()) + tuple(lines.split("\n"))
    return found


@functools.cache
def version() -> str:
    """12 hex digits over all prompt files (not strings.toml): answers and caches record it."""
    digest = hashlib.sha256()
    for name in names():
        digest.update(f"{name}\0{_source(name)}\0".encode())
    return digest.hexdigest()[:12]


def escape_evidence(text: str) -> str:
    """Text of a document or a question, fit to stand in a prompt as data.

    Marks of chat templates and of our own prompts get full-width brackets, invisible characters go, and line
    breaks become spaces, so that a passage can neither end its place in the prompt nor open a turn.
    """
    visible = " ".join(_INVISIBLE.sub("", text).split())
    return _VARIABLE.sub(r"{ {\1} }", _MARKS.sub(lambda m: m.group().translate(_WIDE), visible))


@functools.cache
def _source(name: str) -> str:
    for suffix in _SUFFIXES:
        path = _FOLDER / f"{name}{suffix}"
        if re.fullmatch(r"[a-z][a-z0-9_]*", name) and path.is_file():
            return path.read_text("utf-8").strip("\n")
    raise PromptError(f"no prompt {name!r}; there are: {', '.join(names())}")


@functools.cache
def _strings() -> dict[str, object]:
    with (_FOLDER / "strings.toml").open("rb") as file:
        return tomllib.load(file)


def _fill(name: str, source: str, values: dict[str, str]) -> str:
    _check(name, source, values)
    return _substitute(source, values)


def _check(name: str, source: str, values: dict[str, str]) -> None:
    wanted = set(_VARIABLE.findall(source))
    if missing := wanted - values.keys():
        raise PromptError(f"{name!r} needs a value for: {', '.join(sorted(missing))}")
    if unknown := values.keys() - wanted:
        raise PromptError(f"{name!r} has no variable: {', '.join(sorted(unknown))}")


def _substitute(source: str, values: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda m: values[m.group(1)], source)
