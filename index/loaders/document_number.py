"""The number of a document: 青政发〔2025〕12号 (GB/T 9704-2012, 7.2.5), an order's, a standard's, a
contract's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LINES = 15
"""The number stands among so many lines at the top."""

_ISSUED = (
    r"(?P<who>[\u4e00-\u9fff（）()]{0,20}?[\u4e00-\u9fff])\s*[〔\[【［（(﹝]\s*(?P<year>(?:19|20)\d\d)\s*年?\s*[〕\]】］）)﹞]\s*"
    r"(?P<mid>[\u4e00-\u9fff]{0,4}\d{0,4}[\u4e00-\u9fff]{0,4}?)\s*第?\s*(?P<no>\d{1,6})\s*号"
)
_COURT = (
    r"[（(]\s*(?P<cyear>(?:19|20)\d\d)\s*[）)]"
    r"\s*(?P<court>[\u4e00-\u9fff]{1,2}\s*\d{0,4}\s*[\u4e00-\u9fff]{1,4})"
    r"\s*第?\s*(?P<cno>\d{1,6})\s*号"
)
_ORDER = (
    r"(?P<order>[\u4e00-\u9fff]{2,30}?(?:令|公告|通告))\s*[（(]?"
    r"\s*(?:(?P<oyear>(?:19|20)\d\d)\s*年?\s*)?第?\s*(?P<ono>\d{1,5}|[一二三四五六七八九十百零〇]{1,7})\s*号\s*[）)]?"
)
_STANDARD = (
    "(?P<std>(?:GB|DB|JJ|HJ|YY|QB|JGJ|CJJ|SB|NY|JT|GA|MH|TB|DL|SJ|YD|HG|T|Q)"
    r"[A-Z]{0,3}\s?(?:/\s?[A-Z]{1,8})?\s?\d+(?:\.\d+)*\s?[-—–－]\s?(?:19|20)\d\d)"
)
_WHOLE = re.compile(
    rf"[（(]?\s*(?:(?P<issued>{_ISSUED})|(?P<case>{_COURT})|(?P<decree>{_ORDER})|{_STANDARD})\s*[）)]?(?:\s+签发人.*|\s*[（(].{{0,12}}[）)])?"
)
_NAMED = re.compile(
    r"(?:^|(?<=\s))(?:发文字号|发文文号|文件?字?号|文件编号|项目编号|合同编号|采购编号|招标编号|索引号|编号|案号)"
    r"(?: [A-Za-z][A-Za-z. ]{0,20})?\s*[：:]\s*"
    r"(?P<value>[^\s，。；;]{2,40}?)(?:(?=[\u4e00-\u9fff]{2,6}[：:])|\s|$)"
)
_PART = re.compile(rf"{_ISSUED}")
_BRACKETED = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_ALIKE = str.maketrans("—–－﹣", "----")


def document_number(line: str) -> str:
    """The number that a line consists of, or names (文号：…), in one spelling; "" for any other line.

    A number within a sentence is that of another document and does not count.
    """
    text = unicodedata.normalize("NFKC", line).replace("\u3000", " ").strip()
    if match := _WHOLE.fullmatch(text):
        return _spelt(match)
    if (match := _NAMED.search(text)) and any(char.isdigit() for char in match["value"]):
        inner = _WHOLE.fullmatch(match["value"])
        return _spelt(inner) if inner else match["value"].strip("()（）")
    return ""


def number_among(lines: Iterable[str]) -> str:
    """The number of a document by its first lines: one that was issued before one that is only named
    (编号：…)."""
    weak = ""
    for line in [part for whole in lines if len(whole) <= 120 for part in _apart(whole)]:
        if found := document_number(line):
            if _WHOLE.fullmatch(unicodedata.normalize("NFKC", line).strip()):
                return found
            weak = weak or found
    return weak


def _apart(line: str) -> list[str]:
    """The line, or the issued number that stands apart on it: 青政发〔2025〕12号 2025年3月1日起施行; in
    brackets a comma may stand between them."""
    text = unicodedata.normalize("NFKC", line).strip()
    inner = _BRACKETED.fullmatch(text)
    parts = re.split(r"[\s,;]+", inner[1]) if inner else text.split()
    return [part for part in parts if _PART.fullmatch(part)] or [line]


def _spelt(match: re.Match[str]) -> str:
    if match["issued"]:
        return (
            f"{_tight(match['who'])}〔{match['year']}〕{_tight(match['mid']).rstrip('第')}"
            f"{int(match['no'])}号"
        )
    if match["case"]:
        return f"（{match['cyear']}）{_tight(match['court'])}{match['cno']}号"
    if match["decree"]:
        year = f"{match['oyear']}年" if match["oyear"] else ""
        return f"{_tight(match['order'])}{year}第{match['ono']}号"
    return re.sub(r"(?<=[A-Z])(?=\d)", " ", _tight(match["std"]).translate(_ALIKE), count=1)


def _tight(text: str) -> str:
    return re.sub(r"\s+", "", text)
