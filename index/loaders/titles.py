"""The title of a document by how its first lines look: the largest or centred ones; never 第一章, 目录 or a
number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from index.headings import numbered_heading, starts_item
from index.loaders.document_number import document_number
from index.loaders.raw import Line, squeeze

WINDOW = 30
"""Lines at the top among which the title is looked for."""
TITLE_MAX = 120

_EMPTY = re.compile(
    r"(?i)目\s*[录錄次]|contents|前\s*言|引\s*言|摘\s*要|abstract|附\s*[件录表][\d一二三四五六七八九十]*[:：]?|封面|正文|扉页|版本记录|修订记录"
)
_NO_NAME = re.compile(
    r"[\W\d_]+|[-—\d\s年月日./〇○零一二三四五六七八九十第页共:：]+|(?:19|20)\d\d\s*年(?:.{0,12}[日月期号])?"
)
_SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2})+[\s.、]|[☑☒□√✓✔]")
_LABEL = re.compile(r"[^：:《》]{1,12}[：:].*")
_MARKING = re.compile(
    r"(?:绝密|机密|秘密|内部|特急|加急|急件|平急|公开|特提)(?:[★☆*\s].*)?|份号.*|\d{6}|签发人.*"
)
_ISSUER = re.compile(r".{2,40}(?:文件|函件|公报|简报)")
_ISSUE = re.compile(
    r"[〔（(\[［【]?(?:(?:19|20)\d\d\s*年?\s*[〕）)\]］】]?)?\s*第\s*[\d一二三四五六七八九十]{1,4}\s*[期号次][〕）)\]］】]?"
)
_SENTENCE = re.compile(r"[。；;！!？?]|，.*，|，.{12,}")


def names_nothing(text: str) -> bool:
    """Does a line say what stands there (目录, 附件2), rather than name it?"""
    return bool(_EMPTY.fullmatch(squeeze(text)))


def is_title(text: str) -> bool:
    """Could a line be a title: a name of at most 120 characters, no chapter, item, number, date, box to tick,
    label with its value or mark?"""
    text = squeeze(text)
    if (
        not 2 <= len(text) <= TITLE_MAX
        or numbered_heading(text)
        or starts_item(text)
        or _SECTION.match(text)
        or names_nothing(text)
        or _NO_NAME.fullmatch(text)
    ):
        return False
    return not (
        _LABEL.fullmatch(text) or _MARKING.fullmatch(text) or document_number(text) or _SENTENCE.search(text)
    )


def title_of(lines: Sequence[Line], styled: bool = False) -> str | None:
    """The title that the first lines show; None when none of them looks like one.

    Args:
        lines: as the loader found them, with sizes and alignment where it knows these.
        styled: the file marks its title as such (level 1).
    """
    if styled:
        first = next((n for n, line in enumerate(lines) if line.level == 1 and is_title(line.text)), None)
        if first is not None:
            stop = first + 1
            while stop < min(len(lines), first + 3) and lines[stop].level == 1 and is_title(lines[stop].text):
                stop += 1
            return _joined(lines[first:stop])
    top = [line for line in lines[:WINDOW] if squeeze(line.text)]
    numbered = [
        n
        for n, line in enumerate(top[:12])
        if document_number(squeeze(line.text)) and not _LABEL.fullmatch(squeeze(line.text))
    ]
    if numbered and any(is_title(line.text) for line in top[numbered[0] + 1 : numbered[0] + 6]):
        top = top[numbered[0] + 1 :]  # above the number stands who issued it
    if banner := _banner(top):
        return banner
    usual = _usual_size(lines)
    end = next(
        (n for n, line in enumerate(top) if n and (line.level > 1 or numbered_heading(squeeze(line.text)))),
        len(top),
    )
    top = [line for line in top[:end] if not line.row] or [line for line in top[:end]]
    named = [n for n, line in enumerate(top) if is_title(line.text)]
    if not named:
        return None
    named = [n for n in named if not _ISSUER.fullmatch(squeeze(top[n].text))] or named
    large = [n for n in named if usual and top[n].size >= 1.15 * usual]
    centred = [n for n in named if top[n].centred]
    if large:
        most = max(top[n].size for n in large)
        first = next(n for n in large if top[n].size == most)
    elif centred:
        first = centred[0]
    elif named[0] <= 3 and (len(lines) > 1 or top[0].own):
        return _joined([top[named[0]]])
    else:
        return None
    stop = first + 1
    like = top[first]
    while (
        stop < min(len(top), first + 4)
        and is_title(top[stop].text)
        and (top[stop].size, top[stop].centred) == (like.size, like.centred)
        and like.centred
    ):
        stop += 1
    return _joined(top[first:stop])


def _banner(top: Sequence[Line]) -> str:
    """The lines above the number of an issue (第7期), as over minutes and bulletins: who, and what it is. ""
    where there is none."""
    issue = next((n for n, line in enumerate(top[:5]) if _ISSUE.fullmatch(squeeze(line.text))), 0)
    above = top[:issue]
    if not above or not all(is_title(line.text) and line.centred and not line.row for line in above):
        return ""
    return _joined(above)


def _usual_size(lines: Sequence[Line]) -> float:
    """The size of most text; 0 when sizes are not known."""
    sizes: Counter[float] = Counter()
    for line in lines[:2000]:
        if line.size and not line.row:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _joined(lines: Sequence[Line]) -> str:
    """Lines of one title: Chinese without a space between, Latin with one."""
    text = ""
    for line in lines:
        part = squeeze(line.text)
        text += (" " if text and text[-1].isascii() and part[:1].isascii() else "") + part
    return text[:200]
