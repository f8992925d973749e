"""Terms: the same for passages and questions, figures by value, question words left out."""

from __future__ import annotations

import pytest

from index.terms import cut, is_single, query_terms


def terms_of(text: str) -> set[int]:
    return set(cut([text])[0].tolist())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("二十三条", "23条"),
        ("1.5亿", "15000万"),
        ("2,600", "２６００"),
        ("COVID19", "covid19"),
        ("機關黨建", "机关党建"),
        ("机 关\n党建", "机关党建"),
    ],
)
def test_two_ways_of_writing_share_their_terms(one: str, other: str) -> None:
    shared = terms_of(one) & terms_of(other)
    assert any(code >= 1 << 42 for code in shared), f"{one} and {other} share at most single characters"


def test_rows_are_kept_apart() -> None:
    codes, rows = cut(["机", "关", "", "ab", "cd"])
    alone = {row: set(codes[rows == row].tolist()) for row in range(5)}
    assert alone[2] == set()
    assert alone[0] == terms_of("机")
    assert alone[3] == terms_of("ab")
    assert alone[4] == terms_of("cd")
    assert len(codes) == 4  # no pair over the border of two texts


def test_pairs_and_singles() -> None:
    codes, _ = cut(["机关党"])
    assert len(codes) == 5
    assert is_single(codes).sum() == 3


def test_pairs_do_not_cross_punctuation() -> None:
    assert len(cut(["机关，党建"])[0]) == 4 + 2


def test_question_words_are_left_out() -> None:
    assert set(query_terms("机关党建有哪些？").tolist()) == terms_of("机关党建有")
    assert query_terms("谁？").size, "a question of question words alone keeps them"
    assert query_terms("？！").size == 0


def test_no_text_at_all() -> None:
    codes, rows = cut([])
    assert codes.size == rows.size == 0
