"""A mistyped name in a question is put right only where it is certain; other places stay other places."""

from __future__ import annotations

import pytest

from index.types import Document, Hit, Passage
from qa.spelling import SOUNDS, slip


def hits(*texts: str) -> list[Hit]:
    return [Hit(Passage(f"d{i}-0001", f"d{i}", 0, len(t), t), Document(f"d{i}", "", "", t, ""), 1.0) for i, t in enumerate(texts)]


@pytest.mark.parametrize(
    ("typed", "evidence", "meant"),
    [
        ("蓟洲那期培训班有多少学员参加？", "培训班在市委党校蓟州校区开课。", "蓟州那期培训班有多少学员参加？"),
        ("滨海新曲有多少家企业", "滨海新区有300家企业。", "滨海新区有多少家企业"),
        ("武青区的张桂芬住在哪", "武清区河西务镇居民张桂芬。", "武清区的张桂芬住在哪"),
        ("北晨帮企业解决了多少问题", "北辰区帮企业解决问题4000余个。", "北辰帮企业解决了多少问题"),
    ],
)
def test_a_slip_that_sounds_alike_is_put_right(typed: str, evidence: str, meant: str) -> None:
    found = slip(typed, hits(evidence))
    assert found is not None and found.question == meant
    assert typed.replace(found.typed, found.meant) == meant


@pytest.mark.parametrize(
    ("typed", "evidence"),
    [
        ("河北省有几家", "湖北省有3家。"),
        ("江苏有几家", "江西有3家。"),
        ("和平区有几家", "红桥区有3家。"),
        ("津南区有几家", "济南市有3家。"),
        ("冀州有几家", "蓟州有3家。"),  # sounds alike, and is a place of its own
        ("台州有几家", "泰州有3家。"),
        ("静海区有几家", "镇海区有3家。"),
        ("河北陈塘庄有几家", "北辰区有3家。"),  # 北陈 is no word there
        ("蓟州有几家", "蓟州有3家。"),
    ],
)
def test_another_place_stays_another_place(typed: str, evidence: str) -> None:
    assert slip(typed, hits(evidence)) is None


def test_what_the_documents_know_is_no_slip() -> None:
    assert slip("蓟洲有几家", hits("蓟州有3家。", "蓟洲有5家。")) is None
    assert slip("蓟洲有几家", []) is None


def test_a_character_has_one_sound() -> None:
    assert len(set("".join(SOUNDS))) == len("".join(SOUNDS))
