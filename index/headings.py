"""Headings recognised by their form in Chinese official and newspaper style. Knows nothing of files."""

from __future__ import annotations

import re

HEADING_MAX = 40
"""A heading recognised by its form has at most this many characters."""

_NUMERAL = "[一二三四五六七八九十百零〇两\\d]"
_FORMS = (
    (2, re.compile(rf"第{_NUMERAL}{{1,5}}(?:编|篇|部分|卷)(?:[\s　:：]|$)")),
    (3, re.compile(rf"第{_NUMERAL}{{1,5}}章(?:[\s　:：]|$|[^，。的节])")),
    (4, re.compile(rf"第{_NUMERAL}{{1,5}}节(?:[\s　:：]|$|[^，。的])")),
    (5, re.compile(r"[一二三四五六七八九十]{1,3}、")),
    (6, re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]")),
    (3, re.compile(rf"(?:附件|附录|附表)\s*(?:{_NUMERAL}{{1,3}}[:：]|{_NUMERAL}{{0,3}}(?:[\s　]|$))")),
)
_MARKED = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*$")
_ENDING = re.compile(r"[。！？!?；;，,、：:…]$")
_ITEM = re.compile(
    r"(?:[（(](?:[一二三四五六七八九十]{1,3}|\d{1,3}|[A-Za-z])[）)]|[①-⑳❶-❿]|\d{1,3}[、.．)）](?!\d)|[一二三四五六七八九十]{1,3}、"
    r"|[-*•·●○■◆▪‣–]\s+|[•●○■◆▪‣]"
    rf"|第{_NUMERAL}{{1,6}}[条章节款编篇](?![一-鿿]*[，,]?规定))"
)
_PLAIN = re.compile(r"[\w\s　“”‘’\"'《》〈〉（）()·—\-–/、+&]{2,30}")
_BROKEN_START = re.compile(r"[，,。、；;：:！？!?）)”’》】〕…%％℃]")


def marked_heading(line: str) -> tuple[int, str] | None:
    """Level and text of a Markdown-like heading (``## text``), else None."""
    match = _MARKED.fullmatch(line)
    return (len(match[1]), match[2]) if match else None


def numbered_heading(line: str) -> int:
    """Level 2..6 of a short numbered heading (第一章, 一、, （一）) that ends without punctuation, else 0."""
    if len(line) > HEADING_MAX or _ENDING.search(line) or "。" in line:
        return 0
    for level, form in _FORMS:
        if form.match(line):
            return level
    return 0


def plain_heading(line: str) -> bool:
    """Could a line that stands alone be a heading: short, no clause or end punctuation, not a number or
    date?"""
    return bool(_PLAIN.fullmatch(line)) and not re.fullmatch(r"[\d\s年月日./\-—第页共]+", line)


def starts_item(line: str) -> bool:
    """Does the line begin a list item, article or numbered point?"""
    return bool(_ITEM.match(line))


def starts_broken(line: str) -> bool:
    """Does the line begin with something that no sentence begins with (a comma, a closing bracket)?"""
    return bool(_BROKEN_START.match(line))
