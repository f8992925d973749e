"""The front matter of a text file: ``---``, lines of ``key: value`` (a small, safe part of YAML), ``---``."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"\A\ufeff?\s*---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"([\w\u4e00-\u9fff][\w\u4e00-\u9fff .-]{0,40}?)[ \t]*[:：](?:[ \t]+(.*)|$)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_NAMES = {
    "标题": "title",
    "题名": "title",
    "name": "title",
    "日期": "published",
    "发布日期": "published",
    "发布时间": "published",
    "date": "published",
    "published_at": "published",
    "来源": "source",
    "替代": "supersedes",
    "取代": "supersedes",
    "废止": "supersedes",
    "replaces": "supersedes",
}


def front_matter(text: str) -> tuple[dict[str, list[str]], str]:
    """Fields by name (each a list of values) and the text after the front matter; ({}, text) without one.

    A block in which any line is neither a field, a list item nor a comment is ordinary text (a horizontal
    rule followed by prose), and left alone. Chinese names (标题, 日期, 来源, 替代) mean their English ones.
    """
    match = _BLOCK.match(text)
    if not match:
        return {}, text
    fields: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in match[1].split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if current is not None and (item := _ITEM.fullmatch(line)):
            current.append(_scalar(item[1]))
        elif (found := _FIELD.fullmatch(line)) and not line[0].isspace():
            name = found[1].strip().lower()
            current = fields.setdefault(_NAMES.get(name, name), [])
            current.extend(_values(found[2] or ""))
        else:
            return {}, text
    return ({}, text) if not fields else (fields, text[match.end() :])


def _values(value: str) -> list[str]:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return [item for part in re.split(r"[,，]", value[1:-1]) if (item := _scalar(part))]
    return [scalar] if (scalar := _scalar(value)) else []


def _scalar(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.sub(r"\s+#.*$", "", value)
