"""Text -> sentence spans, for Chinese and Latin punctuation. Knows nothing of documents or language models.

One linear scan over the characters that can end a sentence; every look ahead or back is bounded, so a text
without any punctuation (or with nothing else) costs no more per character than an ordinary one.
"""

from __future__ import annotations

import re

QUOTE_MAX = 160
"""A quotation up to this many characters stays whole when its sentence goes on after it."""

_PAIRS = {"“": "”", "「": "」", "『": "』", "（": "）", "(": ")", "《": "》"}
_EVENT = re.compile(r'[。｡！？!?…．.;；\n\r\x0b\x0c\x85\u2028\u2029“「『（(《"]')
_BREAKS = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")
_RUN = re.compile(r"[。｡！？!?…．.]+")
_ENDS = re.compile(r"[。｡！？!?…]|[．.](?![0-9A-Za-z０-９])")
_CLOSERS = re.compile(r"[”’」』）)】〕》〉］\]〗]*")
_MARKERS = re.compile(r"(?:\s?[\[【［][ ]?\d{1,3}(?:[ ]?[,，、][ ]?\d{1,3}){0,9}[ ]?[\]】］])+")
_GLUE = frozenset("，,、；;：:—～~·。！？!?")
_ITEM = re.compile(
    r"\s*(?:[（(][一二三四五六七八九十百\d]{1,3}[）)]|[①-⑳]|\d{1,2}[、.．）)](?!\d)|[一二三四五六七八九十]{1,3}、)"
)
_NUMBERING = re.compile(
    r"\s*[（(\[]?(?:\d{1,3}(?:[.．]\d{1,3}){0,5}|[A-Za-z]|[ivxIVX]{1,5}|[一二三四五六七八九十]{1,3})$"
)
_ABBREVIATION = re.compile(
    r"(?:^|[^A-Za-z])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Vol|vol|pp|Fig|fig|Eq|vs|etc|al|Inc|Ltd|Co|Corp|Jr|Sr"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|approx|cf|e\.g|i\.e|U\.S|U\.K|Ph\.D)$"
)
_SAID = re.compile(
    r"(?:说|道|表示|介绍|指出|强调|认为|感慨|感叹|称赞|赞叹|坦言|告诉记者|透露|回忆|补充|解释|提出|问|答|回答|要求|"
    r"提醒|呼吁|建议|承诺|写道|喊道|称|笑着说|点赞|赞不绝口)(?:了|道|说|到)?$"
)
_GOES_ON = re.compile(r"[的等之]|是(?!的)|这[句番一]|said\b|says\b|asked\b")
_CLAUSE = re.compile(r"[^，,。！？!?：:；;\n“”「」]{0,60}")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of ``text``, in order, not overlapping.

    Half-open ``[start, end)`` in code points, without surrounding white space. Together they cover every
    character that is not white space. A line break always ends a sentence. Closing quotes, brackets and
    citation markers such as ``[1]`` stay with the sentence before them; decimals, URLs, file names and
    numbering (``1.``, ``3.2``) are not split; a quotation of at most ``QUOTE_MAX`` characters is not split
    inside when the sentence goes on after it (“……。”某某表示。).
    """
    spans: list[tuple[int, int]] = []
    start = line = pos = shielded = 0
    quotes = 0  # straight quotes seen in this line: odd means one is open
    length = len(text)
    while (event := _EVENT.search(text, pos)) is not None:
        at = event.start()
        char = text[at]
        pos = at + 1
        if char in _BREAKS:
            _keep(text, start, at, line, spans)
            start = line = pos
            quotes = 0
        elif char == '"':
            quotes += 1
        elif char in _PAIRS:
            shielded = max(shielded, _shield(text, at, start))
        elif char in ";；":
            if at >= shielded and _ITEM.match(text, pos, pos + 8):
                _keep(text, start, pos, line, spans)
                start = pos
        else:
            run = _RUN.match(text, at)
            assert run is not None
            pos = run.end()
            if at < shielded or not _ends(text, start, at, pos):
                continue
            pos, quotes = _absorb(text, pos, quotes)
            if text[at] == "…" and pos < length and text[pos] in _GLUE | {"等"}:
                continue
            _keep(text, start, pos, line, spans)
            start = pos
    _keep(text, start, length, line, spans)
    return spans


def _keep(text: str, start: int, end: int, line: int, spans: list[tuple[int, int]]) -> None:
    """Append the span without surrounding space; bare punctuation joins the sentence before it in its
    line."""
    piece = text[start:end]
    stripped = piece.lstrip()
    if not stripped:
        return
    start = end - len(stripped)
    end = start + len(stripped.rstrip())
    if spans and spans[-1][0] >= line and end - start <= 8 and not any(c.isalnum() for c in text[start:end]):
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))


def _absorb(text: str, pos: int, quotes: int) -> tuple[int, int]:
    """Move past closing quotes, brackets and citation markers that belong to the sentence just ended."""
    while True:
        before = pos
        closers = _CLOSERS.match(text, pos)
        assert closers is not None
        pos = closers.end()
        if text[pos : pos + 1] == '"' and quotes % 2 == 1:
            pos += 1
            quotes += 1
        if markers := _MARKERS.match(text, pos):
            pos = markers.end()
        if pos == before:
            return pos, quotes


def _ends(text: str, start: int, at: int, after: int) -> bool:
    """Does the run of stops ``text[at:after]`` end a sentence? Half-width stops are the doubtful ones."""
    run = text[at:after]
    following = text[after : after + 1]
    if any(c in "。｡！？" for c in run):
        return True
    if "…" in run:
        return following not in _GLUE
    if "!" in run or "?" in run:  # not inside a URL or code
        return not (following.isascii() and (following.isalnum() or following in "=&/_-%#"))
    if len(run) >= 2:  # "..." is an ellipsis
        return not (following.isalnum() and following.isascii()) and following not in _GLUE
    if following and following.isascii() and (following.isalnum() or following in "/\\_-@:,;%"):
        return False
    before = text[max(start, at - 12) : at]
    if at - start <= 24 and _NUMBERING.fullmatch(text, start, at):
        return False
    if _ABBREVIATION.search(before) and following not in ("", *_BREAKS):
        return False
    tail = text[after : after + 4].lstrip(" \t”’\"')）]")
    if tail[:1].islower() and tail[:1].isascii():
        return False
    return not (before[-1:].isdigit() and following and not following.isspace() and run == "．")


def _shield(text: str, at: int, start: int) -> int:
    """End of the quotation or bracket opened at ``at`` if stops inside it do not end the sentence, else 0."""
    opener = text[at]
    closer = _PAIRS[opener]
    close = text.find(closer, at + 1, at + 2 + QUOTE_MAX)
    if close < 0 or text.find(opener, at + 1, close) >= 0 or text.find("\n", at + 1, close) >= 0:
        return 0
    if opener in "（(《":
        return close
    if not _ENDS.search(text, at + 1, close):
        return 0
    stopped = text[close - 1] in "。｡！？!?….．’』"
    if not stopped:
        return close + 1
    embedded = text[start:at].strip() != "" and text[at - 1] not in "：:，,"
    return close + 1 if _goes_on(text, close + 1, embedded and text[close - 1] in "！？!?") else 0


def _goes_on(text: str, pos: int, embedded: bool) -> bool:
    """Does the sentence go on at ``pos``, just after a closing quote?"""
    char = text[pos : pos + 1]
    if not char or char in _BREAKS:
        return False
    if char in _GLUE:
        return True
    if char in "“「『‘":
        return False
    if char == " ":
        char = text[pos + 1 : pos + 2]
    if char.isascii() and char.islower():
        return True
    if _GOES_ON.match(text, pos):
        return True
    clause = _CLAUSE.match(text, pos)
    return embedded or bool(clause and _SAID.search(clause.group().rstrip()))
