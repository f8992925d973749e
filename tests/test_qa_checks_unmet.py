"""What a question demands and an answer does not meet; right answers are left alone."""

from __future__ import annotations

import pytest

from qa.checks import EvidenceText, unmet
from qa.question import analyse

WINDOWS = EvidenceText("市级机关工委推动“双报到”，命名了第三批市级机关党员服务示范窗口47个、示范岗50个。", "2025-07-15")
YUNYAO = EvidenceText("天津云遥宇航科技有限公司专门从事气象卫星服务，今年在与国际权威机构合作时，被数据安全问题难住。", "2025-07-15")
TRANSPORT = EvidenceText("市交通运输委机关党委书记刘彤斌介绍，改革推进到哪里，激励就要跟到哪里。新增和优化的公交线路累计达到23条。", "2025-07-15")
SUMMIT = EvidenceText("今年4月29日，“我在全市重大专项活动中担重任、当先锋”主题实践示范活动与“窗口先锋·护航上合”专题活动一并举行。", "2025-07-15")
HEALTH = EvidenceText("这项“走进”系列活动是去年启动的，到现在办了12场。今年3月7日来到市应急局。", "2025-07-15")
ROADS = EvidenceText("今年上半年，农村公路开工251公里。", "2025-07-15")

EVENTS = EvidenceText("3月6日，高端装备大会来到天津；4月21日，洽谈会暨天津专场推介活动又把舞台搬到了广东深圳。", "2025-07-15")
COURSE = EvidenceText("2025年5月12日至14日，培训班在市委党校蓟州校区开课。", "2025-07-15")
OFFICE = EvidenceText("市级机关工委与市卫健委一起办的活动来到市应急局。", "2025-07-15")
CLINIC = EvidenceText("新院区9月18日投入使用，设床位800张。工程原计划2022年底投用。", "2023-10-08")

UNMET = [
    ("第一批示范窗口命名了几个", "市级机关工委命名了47个市级机关党员服务示范窗口。", WINDOWS, "ordinal"),
    ("第四批党员服务示范窗口命名了多少个", "第四批党员服务示范窗口命名了47个。", WINDOWS, "ordinal"),
    ("“走进”系列的第二场去的是哪个局", "走进系列活动的第二场去的是市应急局。", HEALTH, "ordinal"),
    ("农村公路三季度开工多少公里", "开工251公里。", ROADS, "ordinal"),
    ("下半年农村公路开工多少公里", "农村公路开工251公里。", ROADS, "half"),
    ("2023年上半年农村公路开工多少公里", "2023年上半年农村公路开工251公里。", ROADS, "year"),
    ("云遥宇航的法定代表人是谁？", "云遥宇航的法定代表人是天津云遥宇航科技有限公司。", YUNYAO, "kind_person"),
    ("云遥宇航的法定代表人是谁？", "云遥宇航的法定代表人是天津云遥宇航科技有限公司。", YUNYAO, "attribute"),
    ("市交通运输委主任叫什么名字？", "市交通运输委主任叫刘彤斌。", TRANSPORT, "attribute"),
    ("4月29日那场护航上合活动在哪里举行的？", "4月29日，主题实践示范活动与“窗口先锋·护航上合”专题活动一并举行。", SUMMIT, "kind_place"),
    ("新增的公交线路有哪几路车？", "新增的公交线路有23条。", TRANSPORT, "kind_list"),
    ("就业驿站的咨询电话是多少", "就业驿站的咨询电话是天津医院提供健康咨询。", HEALTH, "kind_number"),
    ("报道说河西区解决了企业多少问题？", "报道说河西区解决了企业的问题。", HEALTH, "kind_count"),
    ("过紧日子措施省了多少钱？", "过紧日子措施省了10条。", WINDOWS, "kind_money"),
    ("公开信什么时候发的？", "公开信由市级机关工委发出。", HEALTH, "kind_date"),
    ("4月21日的天津专场活动在哪个城市举行", "4月21日的天津专场活动在天津举行。", EVENTS, "kind_place"),
    ("4月21日的天津专场活动在哪个城市举行", "天津", EVENTS, "kind_place"),
    ("2025年的培训班是什么时候办的", "2025年的培训班是2025年办的。", COURSE, "kind_date"),
    ("去应急局的活动是哪个部门和市财政局一起办的", "市财政局。", OFFICE, "kind_name"),
    ("“四个带头”是什么", "四个带头是政治机关、学习机关、效能机关、清廉机关、活力机关。", WINDOWS, "kind_list"),
    ("是哪两个单位发的", "是市财政局、市教委、市级机关工委发的。", WINDOWS, "kind_list"),
    ("2022年9月18日投用的新院区有多少床位", "800张", CLINIC, "year"),
]


@pytest.mark.parametrize(("question", "answer", "cited", "tag"), UNMET)
def test_what_is_not_met_is_named(question: str, answer: str, cited: EvidenceText, tag: str) -> None:
    assert tag in unmet(analyse(question), answer, [cited])


@pytest.mark.parametrize(
    ("question", "answer", "cited"),
    [
        ("第三批示范窗口命名了几个", "第三批示范窗口命名了47个。", WINDOWS),
        ("党员服务示范窗口第3批有几个", "47个", WINDOWS),
        ("第一届大会在哪里举行？", "首届大会在天津举行。", "首届大会在天津举行。"),
        ("第2届是哪年？", "第二届是2011年。", "第一至三届分别在2010、2011、2012年。"),
        ("第二次世界大战什么时候结束？", "1945年", "二战于1945年结束。"),
        ("今年上半年农村公路开工多少公里", "251公里", ROADS),
        ("2025年上半年农村公路开工多少公里", "251公里", ROADS),
        ("2024年启动的系列活动办了多少场？", "12场", HEALTH),
        ("交通运输委机关党委书记是哪位", "交通运输委机关党委书记是刘彤斌。", TRANSPORT),
        ("云遥宇航是做什么业务的？", "云遥宇航科技有限公司专门从事气象卫星服务。", YUNYAO),
        ("公开信是哪个单位发的？", "公开信是市级机关工委发的。", "市级机关工委发出公开信。"),
        ("3月7号的健康咨询活动是在哪个单位办的", "系列活动来到市应急局。", HEALTH),
        ("專職副書記培訓在什麼地方辦的", "培訓在市委黨校薊州校區辦的。", "培训班在市委党校蓟州校区开课。"),
        ("新增的公交线路有哪几路车？", "新增的公交线路有8路、35路。", "新增8路、35路公交线路。"),
        ("新增了多少条公交线路？", "新增的公交线路有23条。", TRANSPORT),
        ("会场在几楼？", "没有提到。", HEALTH),
        ("为什么要厉行节约？", "节用是手段，裕民是目的。", HEALTH),
        ("票价是多少？", "免费开放。", "博物馆免费开放。"),
        ("4月21日的天津专场活动在哪个城市举行", "4月21日的天津专场活动在深圳举行。", EVENTS),
        ("高端装备大会在哪个城市", "天津", EVENTS),
        ("北京大学在哪个城市", "北京大学在北京。", "北京大学是一所综合大学，校址在北京市海淀区。"),
        ("2025年的培训班是什么时候办的", "2025年的培训班是5月12日办的。", COURSE),
        ("去应急局的活动是哪个部门办的", "市级机关工委与市卫健委", OFFICE),
        ("公开信说的四个方面是哪些", "政治自觉、具体行动、家风传承和风尚培育。", WINDOWS),
        ("五个方面的机关建设是什么", "政治机关、学习机关，效能机关、清廉机关，活力机关。", WINDOWS),
        ("2023年9月18日投用的新院区有多少床位", "800张", CLINIC),
    ],
)
def test_right_answers_meet_their_questions(question: str, answer: str, cited: EvidenceText | str) -> None:
    assert unmet(analyse(question), answer, [cited]) == ()


def test_without_cited_texts_only_the_kind_is_looked_at() -> None:
    assert unmet(analyse("第一批示范窗口命名了几个"), "47个。", []) == ()
    assert unmet(analyse("第一批示范窗口命名了几个"), "", [WINDOWS]) == ()
