"""Names that the evidence has, but elsewhere: flagged where another name's surroundings fit better, else left alone."""

from __future__ import annotations

import pytest

from qa.checks import check
from qa.checks.roles import check_roles, find_rivals
from qa.checks.text import prepare_all

SPORT = (
    "费尔德海斯出生于阿姆斯特丹，是荷兰的游泳运动员。她在北京奥运会获得接力金牌。第二年，她与瑞典的阿尔沙马尔一同创造了世界纪录。"
    "教练范霍文来自比利时，后来在布鲁塞尔创办了一所学校。"
)
OTHER = "普鲁士在1866年打败奥地利，随后成立北德意志邦联。"


@pytest.mark.parametrize(
    ("sentence", "question", "name", "instead"),
    [
        ("费尔德海斯是瑞典国家的游泳运动员。", "费尔德海斯是哪个国家的游泳运动员？", "瑞典", "荷兰"),
        ("费尔德海斯的教练范霍文来自于瑞典。", "费尔德海斯的教练范霍文来自哪里？", "瑞典", "比利时"),
        ("游泳运动员费尔德海斯出生于布鲁塞尔这座城市。", "费尔德海斯出生于哪里？", "布鲁塞尔", "阿姆斯特丹"),
    ],
)
def test_a_name_of_another_place_in_the_passage_is_named(sentence: str, question: str, name: str, instead: str) -> None:
    said, sport, other = prepare_all([sentence, SPORT, OTHER])
    problems = check_roles(said, [sport, other], {0}, (0, len(sentence)), question)
    assert [(p.kind, p.text, p.evidence) for p in problems] == [("name", name, instead)]
    assert "name" in {p.kind for p in check(sentence, [SPORT, OTHER], question)}


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("费尔德海斯是荷兰国家的游泳运动员。", "费尔德海斯是哪个国家的游泳运动员？"),
        ("费尔德海斯的教练范霍文来自于比利时。", "费尔德海斯的教练范霍文来自哪里？"),
        ("游泳运动员费尔德海斯出生于阿姆斯特丹这座城市。", "费尔德海斯出生于哪里？"),
        ("荷兰的游泳运动员费尔德海斯与瑞典的阿尔沙马尔一同创造了世界纪录。", ""),
        ("范霍文在布鲁塞尔创办了一所学校。", ""),
        ("奥地利在1866年被普鲁士打败。", ""),
    ],
)
def test_a_name_in_its_own_place_passes(sentence: str, question: str) -> None:
    assert check(sentence, [SPORT, OTHER], question) == []


def test_names_of_the_sentence_and_the_question_are_no_rivals() -> None:
    (said,) = prepare_all(["费尔德海斯是荷兰的游泳运动员。"])
    evidence = prepare_all([SPORT])
    rivals = list(find_rivals(said, evidence, {0}, (0, len(said.folded)), ""))
    told = {evidence[0].folded[r.other.start : r.other.end] for r in rivals}
    assert rivals and not told & {"荷兰", "费尔德海斯"}
    named = find_rivals(said, evidence, {0}, (0, len(said.folded)), "荷兰的游泳运动员是谁？")
    assert all(r.name.text != "荷兰" for r in named)
