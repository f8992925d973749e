"""Values that tend to break things: text with bidi, zero-width and look-alike characters, NUL, marks of
prompts, HTML, endless lines; files that are whole, cut, swapped or filled with such text; bodies of
requests."""

from __future__ import annotations

import functools
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

from hostile import PAYLOADS
from hypothesis import strategies as st

from index.loaders import SUFFIXES

PIECES = (
    *PAYLOADS,
    "\u202e反\u202c",
    "\u2066a\u2069",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\uffff",
    "\U000e0041\U000e007f",  # tags: letters that nobody sees
    "\ufe0f",
    "е\u0301ｅ℮",  # the letter e of other alphabets
    "раураl",
    "Ａ１２３",
    "㈠①⑳Ⅻ",
    "囗口〇○O0零",
    "[1]",
    "【来源3】",
    "[1,2、3–9]",
    "（资料1）",
    "[" * 40,
    "（" * 40,
    "“" * 30,
    "1" * 400,
    "一百二十三亿零五",
    "2025年13月45日",
    "３～５个工作日",
    "1.2.3.4.5",
    "第一条 ",
    "（一）",
    "# ",
    "|a|b|\n|---|---|\n|1|2|",
    "\n\n",
    "\r",
    "\u2028",
    "\x85",
    "\t",
    "　",
    "。",
    "……",
    "；",
    "今年",
    "Dr. ",
    "e.g. ",
    "</材料>",
    "{{question}}",
    "<tool_call>",
    "[/INST]",
    "<<SYS>>",
    "a" * 3000,
    "汉" * 3000,
    " " * 500,
)
"""What is put together to a text; each has done harm somewhere."""

ORDINARY = (
    "申请年休假应当提前5个工作日在协同办公系统提交申请。",
    "3天及以内由处室负责人审批，超过3天的由分管领导审批。",
    "The fee is 40 dollars; badges must be returned by 18:00.",
)

texts = st.lists(
    st.one_of(st.sampled_from(PIECES), st.sampled_from(ORDINARY), st.text(max_size=40)), max_size=12
).map("".join)
long_texts = st.tuples(texts, st.integers(1, 400)).map(lambda given: (given[0] * given[1])[:200_000])
"""The same over and over: what is quadratic shows."""


def storable(text: str) -> str:
    """Without half surrogates, which no loader hands on."""
    return text.encode("utf-8", "ignore").decode("utf-8")


json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)

FOLDERS = (Path(__file__).parents[1] / "data" / "loaders", Path(__file__).parents[2] / "corpus")


@functools.cache
def whole_files() -> tuple[tuple[str, bytes], ...]:
    """Suffix and bytes of small sound files, of as many kinds as can be made here."""
    from fuzz.sound import made

    found = [
        (p.suffix, p.read_bytes())
        for folder in FOLDERS
        for p in sorted(folder.iterdir())
        if p.suffix in SUFFIXES
    ]
    return (*found, *made())


def changed(given: tuple[tuple[str, bytes], list[tuple[int, int, int, bytes]], bool]) -> tuple[str, bytes]:
    """A file with some places of it changed; of an archive the members, so that it still opens."""
    (suffix, data), edits, inside = given
    if inside and data[:2] == b"PK":
        return suffix, _within_zip(data, edits)
    return suffix, _edited(data, edits)


def _edited(data: bytes, edits: list[tuple[int, int, int, bytes]]) -> bytes:
    for kind, at, length, new in edits:
        at = at % (len(data) + 1)
        cut = data[at : at + length]
        middle = {0: new, 1: b"", 2: cut * 3, 3: new + cut, 4: cut[::-1]}[kind]
        data = data[:at] + middle + data[at + length :]
    return data[:2_000_000]


def _within_zip(data: bytes, edits: list[tuple[int, int, int, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        by_name: dict[str, list[tuple[int, int, int, bytes]]] = {}
        for number, edit in enumerate(edits):
            chosen = names[zlib.crc32(f"{edit[1]}-{number}".encode()) % len(names)]
            by_name.setdefault(chosen, []).append(edit)
        for name in names:
            new.writestr(name, _edited(old.read(name), by_name.get(name, [])))
    return out.getvalue()


_new = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(PIECES).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        (
            b"\xff\xff\xff\xff",
            b"\x00" * 16,
            b"<w:tbl>",
            b"</w:p>",
            b"0",
            b"-1",
            b"999999999",
            b'"',
            b"<",
            b">",
        )
    ),
)
edits = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 1 << 20), st.integers(0, 64), _new), min_size=0, max_size=6
)
files = st.one_of(
    st.tuples(st.deferred(lambda: st.sampled_from(whole_files())), edits, st.booleans()).map(changed),
    st.tuples(
        st.sampled_from(SUFFIXES),
        st.one_of(texts.map(lambda t: t.encode("utf-8", "surrogatepass")), st.binary(max_size=300)),
    ),
)
"""Suffix and bytes: a sound file with changes, or text or noise under any name."""
