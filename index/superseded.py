"""Which documents another one replaces. Conservative: what is not clearly an older edition stays current."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

from index.types import Document

_EDITION = re.compile(
    r"[（(\[【]\s*(?:(?:19|20)\d\d\s*年?\s*(?:\d{1,2}月)?\s*(?:版|修订版?|修正版?|修改版?)|修订版?|修正版?|第[一二三四五六七八九十\d]+版|[vV]\d+(?:\.\d+)*)\s*[）)\]】]"
    r"|(?:19|20)\d\d\s*年?(?:版|修订版?|修正版?)|第[一二三四五六七八九十\d]+版|[\s_-]*[vV]\d+(?:\.\d+)*(?![\w.])"
)
_LASTING = re.compile(
    r"(?:办法|规定|条例|细则|制度|规则|章程|标准|指南|手册|规范|规程|守则|须知|目录|清单|准则|法|[Pp]olicy|[Mm]anual|[Hh]andbook|[Gg]uide(?:lines)?)$"
)
_YEAR = re.compile(r"((?:19|20)\d\d)\s*年?(?:\d{1,2}月)?\s*(?:版|修)")
_NUMBERED = re.compile(r"〔((?:19|20)\d\d)〕")
_VERSION = re.compile(r"[vV](\d+(?:\.\d+)*)|第([一二三四五六七八九十\d]+)版")
TITLE_MIN = 5
"""Shorter titles (通知, 公告) are too general to tell editions of one document."""


def superseded_by(documents: Iterable[Document]) -> dict[str, str]:
    """Id of each document that another replaces -> id of the replacing one.

    A document is replaced when another one's front matter names it (by id, title or file name), or when
    another has the same title but for the edition, names a lasting kind of document (办法, 规定, 手册 ...;
    not reports, notices or minutes), and has a later date or a higher version, where both have one. Nothing
    replaces itself or each other.
    """
    everything = list(documents)
    found = _named(everything) if any(one.supersedes for one in everything) else {}
    editions: dict[str, list[Document]] = defaultdict(list)
    for document in everything:
        base = plain(_EDITION.sub("", document.title))
        if len(base) >= TITLE_MIN and _LASTING.search(base):
            editions[base].append(document)
    for same in editions.values():
        for old in same:
            newest = _newest(old, same)
            if newest is not None and old.id not in found and found.get(newest.id) != old.id:
                found[old.id] = newest.id
    return found


def _named(everything: list[Document]) -> dict[str, str]:
    """What front matter says: id of each document that another names -> id of that one."""
    names: dict[str, set[str]] = defaultdict(set)
    for document in everything:
        for name in (
            document.id,
            plain(document.title),
            plain(document.source),
            plain(PurePath(document.source).stem),
        ):
            names[name].add(document.id)
    found: dict[str, str] = {}
    for document in everything:
        for wish in document.supersedes:
            for named in sorted(names.get(wish, set()) | names.get(plain(wish), set())):
                if named != document.id and found.get(document.id) != named:
                    found[named] = document.id
    return found


def _newest(old: Document, same: list[Document]) -> Document | None:
    """Of documents with the same title those later than ``old``: the one that none of them is later than."""
    newer = [other for other in same if other is not old and _later(other, old)]
    return next((one for one in newer if not any(_later(other, one) for other in newer)), None)


def apart(same: Sequence[Document]) -> dict[str, str]:
    """What tells documents of one title apart, by id: the number, the year, the date or the file's name, the
    first of these that each has, and another text has not."""
    marks: tuple[Callable[[Document], str | None], ...] = (
        lambda one: one.number,
        lambda one: edition_year(one) or (one.published or "")[:4],
        lambda one: one.published,
    )
    for mark in marks:
        pairs = {(mark(one) or "", one.sha256) for one in same}
        if all(name for name, _ in pairs) and len(pairs) == len({name for name, _ in pairs}):
            return {one.id: mark(one) or "" for one in same}
    return {one.id: one.source for one in same}


def plain(name: str) -> str:
    """A title as titles are compared: without marks around it and white space, width and case folded."""
    return re.sub(r"[\s《》〈〉“”\"'_]+", "", unicodedata.normalize("NFKC", name)).lower()


def _later(new: Document, old: Document) -> bool:
    """Is ``new`` clearly later: by version where both have one, else by the year of edition or document
    number, else by date?"""
    versions = _version(new.title), _version(old.title)
    if versions[0] and versions[1]:
        return versions[0] > versions[1]
    years = edition_year(new), edition_year(old)
    if years[0] and years[1] and years[0] != years[1]:
        return years[0] > years[1]
    return bool(new.published and old.published and new.published > old.published)


def edition_year(document: Document) -> str:
    """Year of the edition: from the title, the document number (〔2021〕11号) or the file's name; "" when
    none has one."""
    found = (
        _YEAR.search(document.title)
        or _NUMBERED.search(document.number)
        or _YEAR.search(PurePath(document.source).stem)
    )
    return found[1] if found else ""


def _version(title: str) -> tuple[int, ...]:
    match = _VERSION.search(title)
    if not match:
        return ()
    if match[1]:
        return tuple(int(part) for part in match[1].split("."))
    return (int(match[2]) if match[2].isdigit() else "一二三四五六七八九十".find(match[2][0]) + 1,)
