"""Counts that a question brings along, and names worded freely."""

import pytest

from qa.checks import check

FORMS = "参训的是48名专职副书记，学习方式有专题辅导、分组研讨和经验交流，大家一起谋划党建工作。"
MEETINGS = "2025年2月28日对接会在北京顺义举办；3月6日大会在天津召开；4月21日洽谈会放在广东深圳。"


@pytest.mark.parametrize(
    ("sentence", "evidence", "question", "wrong"),
    [
        ("培训班的三种形式是专题辅导、分组研讨、经验交流。", FORMS, "培训班的三种形式是什么？", False),
        ("培训班的四种形式是专题辅导、分组研讨、经验交流。", FORMS, "培训班的四种形式是什么？", True),
        ("培训班的三种形式是专题辅导、分组研讨。", FORMS, "培训班的三种形式是什么？", True),
        ("三场活动分别在北京顺义、天津和广东深圳举办。", MEETINGS, "三场活动分别在哪里？", False),
        ("48名专职副书记参加。", FORMS, "有多少名？", False),
        ("58名专职副书记参加。", FORMS, "58名谁参加？", True),
    ],
)
def test_a_count_of_the_question_that_the_answer_lists(sentence, evidence, question, wrong):
    assert any(p.kind == "number" for p in check(sentence, [evidence], question)) is wrong


@pytest.mark.parametrize(
    ("sentence", "evidence", "question"),
    [
        ("宋晓光在海关多式联运监管科工作。", "必须把机关党建放到大局中去考量，实现互融互促。”新港海关多式联运监管科宋晓光表示，聚焦班列发展。", "宋晓光在海关哪个科工作？"),
        ("和粤港澳大湾区的产业交流洽谈会是在2025年4月21日举办的。", "2025年3月6日，京津冀高端装备产业协同发展大会在天津举办；2025年4月21日，京津冀与粤港澳大湾区产业交流洽谈会在深圳举办。", "和粤港澳大湾区的产业交流洽谈会什么时候办的？"),
    ],
)  # fmt: skip
def test_a_name_in_another_frame_is_not_another_name(sentence, evidence, question):
    assert check(sentence, [evidence], question) == []
