"""Texts are cut into the pieces that the tokenizers library makes of the same file, at the same places."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import tiny_e5

from errors import ModelError
from index.tokenizer import tokenizer_of
from index.unigram import Pieces
from models.e5 import FILE, E5File, unpack
from models.store import ModelStore

ROOT = Path(__file__).parent.parent
HARD = [
    "",
    "   ",
    "query: 天津\x01市\u2028２０２５",
    "天津市\u3000\u3000市政府  办公厅 ",
    "①㎡ﬁ…½",
    "か\u3099e\u0301\u1100\u1161\u11a8",
    "<s>天津</s><unk>  <mask> 市<pad>",
    "▁天▁▁津",
    "\U0001f600未知字符\U0002a6d6\U0002a6d6",
    "市" * 700,
]


def library(folder: Path) -> Any:
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


def check(pieces: Pieces, other: Any, texts: list[str]) -> None:
    for text in texts:
        one, same = pieces.encode(text), other.encode(text)
        assert one.ids == same.ids, text
        assert one.offsets == same.offsets, text
        assert one.sequence_ids == same.sequence_ids
    pairs = list(zip(texts, reversed(texts), strict=True))
    for one, same in zip(pieces.encode_batch(pairs), other.encode_batch(pairs), strict=True):
        assert (one.ids, one.sequence_ids, one.offsets) == (same.ids, same.sequence_ids, same.offsets)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    tiny_e5.write(tmp_path / FILE)
    unpack(tmp_path / FILE)
    return tmp_path


def test_the_pieces_are_the_librarys(tiny: Path) -> None:
    pieces = tokenizer_of(tiny)
    assert isinstance(pieces, Pieces), "the library's copy is not loaded beside it"
    letters = [
        *{c for piece in tiny_e5.PIECES for c in piece},
        " ",
        "  ",
        "２",
        "，",
        "é",
        "\n",
        "<mask>",
        "字",
    ]
    draw = random.Random(1)
    made = ["".join(draw.choices(letters, k=draw.randrange(30))) for _ in range(300)]
    check(pieces, library(tiny), [*HARD, *made])


@pytest.mark.models
def test_real_texts_are_cut_as_the_library_does() -> None:
    try:
        folder = ModelStore().path("multilingual-e5-small")
    except ModelError as error:
        pytest.skip(error.message)
    texts = [path.read_text("utf-8") for path in sorted(ROOT.glob("corpus/*.md"))]
    check(
        Pieces(E5File(folder / FILE)),
        library(folder),
        [*HARD, *texts, *(t.replace("\n", " ") for t in texts)],
    )
