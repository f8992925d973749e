"""A figure said of another subject than the one the evidence says it of."""

from __future__ import annotations

import pytest

from qa.checks import EvidenceText, check

WORKS = (
    "今年上半年，交通工程捷报频传：天津大道和机场大道的整治工程5月已告完工；农村公路方面，开工251公里，完工192公里；"
    "地道维修工程有2条，都已完工并恢复通车；新增和优化的公交线路累计达到23条。"
)
SHORT = "上半年，农村公路开工251公里、完工192公里；2条地道维修工程均已完工通车；累计新增优化23条公交线路。"
SCHOOL = "天津大学位于南开区，建于1895年，设有12个学院，拥有学生3万人，图书馆藏书共1,021万册。"
TRAINING = "2025年5月12日至14日，培训班在市委党校蓟州校区开课。参训的是48名机关党委专职副书记，学习方式有专题辅导。另有6位专家到市应急局咨询。"


@pytest.mark.parametrize(
    ("sentence", "evidence", "instead"),
    [
        ("公交线路开工251公里。", WORKS, "23条"),
        ("公交线路开工251公里。", SHORT, "23条"),
        ("农村公路新增23条。", WORKS, "251公里"),
        ("新增农村公路23条。", SHORT, "251公里"),
        ("地道维修工程完工192公里。", WORKS, "2条"),
        ("据报道，公交线路开工了251公里。", WORKS, "23条"),
    ],
)
def test_a_figure_of_another_subject_is_named(sentence: str, evidence: str, instead: str) -> None:
    found = check(sentence, [evidence])
    assert [(p.kind, p.evidence) for p in found] == [("number", instead)]


def test_a_bare_answer_is_read_in_its_question() -> None:
    assert check("251公里", [WORKS], "公交线路开工多少公里？")
    assert check("251公里", [WORKS], "农村公路开工多少公里？") == []


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("农村公路开工251公里、完工192公里。", WORKS),
        ("农村公路完工了192公里，公交线路新增23条。", WORKS),
        ("新增优化的公交线路条数为23条。", SHORT),
        ("完工的地道维修工程有2条。", SHORT),
        ("乡下的路修好了192公里。", WORKS),  # other words for the same: nothing is asserted about them
        ("天津大学有学生3万人。", SCHOOL),
        ("天津大学图书馆藏书1021万册。", SCHOOL),
        ("天津大学设有12个学院。", SCHOOL),
        ("天津大学建于1895年。", SCHOOL),
        ("培训班有48名学员参加。", TRAINING),
        ("培训班从5月12日开到5月14日。", TRAINING),
    ],
)
def test_true_sentences_in_free_words_pass(sentence: str, evidence: str) -> None:
    assert check(sentence, [evidence]) == []


def test_the_heading_is_what_a_passage_speaks_of() -> None:
    passage = EvidenceText("工程共开工251公里。公交线路新增23条。", None, "公交线路建设")
    assert check("公交线路开工251公里。", [passage]) == []
