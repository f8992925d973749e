"""Documents that disagree, and questions that take for granted what the documents contradict."""

from __future__ import annotations

import pytest
from evidence_fakes import document

from corpus import sample_documents
from index.loaders import load
from index.paragraphs import passages_of
from index.sentences import split_sentences
from qa.attribution import EvidenceSentence, attribute
from qa.checks import EvidenceText
from qa.checks.slots import compare
from qa.checks.text import prepare
from qa.conflicts import CONFLICT_MIN, conflict_notes, premise_conflicts
from qa.question import analyse
from qa.stated import counted
from qa.types import Citation, Sentence

REPORT = document(
    "机关党建综述",
    "市级机关工委评定命名287个“四强”党支部。今年6月13日，市级机关工委联合市机关事务管理局发出《致市级机关党员干部职工的公开信》。",
    "市人社局建成113家就业驿站，“一站式”解决居民求职与企业用工需求。上半年，农村公路开工251公里、完工192公里。",
    "市财政局制定10个方面100条“过紧日子”具体措施。申请人不得转让许可证。",
)


@pytest.mark.parametrize(
    ("question", "claim", "instead"),
    [
        ("2024年6月13日发出的《致市级机关党员干部职工的公开信》有什么要求？", "2024年6月13日", "今年6月13日"),
        ("市人社局建成的200家就业驿站有什么作用？", "200家", "113家"),
        ("为什么市人社局建成200家就业驿站？", "200家", "113家"),
        ("市财政局制定的10个方面80条“过紧日子”具体措施是什么？", "80条", "100条"),
        ("市级机关工委评定命名的387个“四强”党支部有哪些？", "387个", "287个"),
    ],
)
def test_a_false_figure_or_date_is_named_with_what_the_documents_say(question: str, claim: str, instead: str) -> None:
    (conflict,) = premise_conflicts(question, REPORT)
    assert (conflict.claim, conflict.evidence) == (claim, instead)
    assert REPORT[conflict.index].document.text[conflict.start : conflict.end] == instead


@pytest.mark.parametrize(
    ("question", "claim", "instead"),
    [
        ("市财政局在2025年建成113家就业驿站，这些驿站有什么作用？", "市财政局", "市人社局"),
        ("市教育局建成的113家就业驿站解决了什么需求？", "市教育局", "市人社局"),
        ("6月13日市级机关工委联合市应急局发出的《致市级机关党员干部职工的公开信》说了什么？", "市应急局", "市机关事务管理局"),
    ],
)
def test_a_false_body_is_named_with_the_one_that_the_documents_have(question: str, claim: str, instead: str) -> None:
    (conflict,) = premise_conflicts(question, REPORT)
    assert conflict.kind == "name"
    assert claim in conflict.claim
    assert instead in conflict.evidence
    assert REPORT[conflict.index].document.text[conflict.start : conflict.end] == conflict.evidence


@pytest.mark.parametrize(
    "question",
    [
        "人社局建成的113家就业驿站解决了什么需求？",
        "市人力资源和社会保障局建成的113家就业驿站解决了什么需求？",
        "市财政局制定的10个方面100条“过紧日子”具体措施是什么？",
        "市财政局建成了113家就业驿站吗？",
        "市财政局有多少名工作人员？",
        "6月13日发出公开信的是市级机关工委还是市财政局？",
        "工委发出的《致市级机关党员干部职工的公开信》有什么要求？",
    ],
)
def test_a_name_that_may_be_right_is_no_conflict(question: str) -> None:
    assert premise_conflicts(question, REPORT) == []


def test_a_passage_about_another_place_says_nothing_against_the_one_asked_for() -> None:
    museums = document("博物馆", "新馆总建筑面积14.5万平方米，为河南省规模最大的综合性博物馆。", "广东省的这座场馆有五个展厅。")
    alone = document("博物馆", "新馆总建筑面积14.5万平方米，为河南省规模最大的综合性博物馆。")
    asked = "广东省规模最大的综合性博物馆建筑面积多大？"
    assert [c.claim for c in premise_conflicts(asked, alone)] == ["广东省"]
    assert premise_conflicts(asked, museums) == []


@pytest.mark.parametrize(
    "question",
    [
        "为什么287个支部被取消？",
        "2025年6月13日发出的公开信有什么要求？",
        "市人社局建成了多少家就业驿站？",
        "建成的113家就业驿站有什么作用？",
        "2026年计划建成多少家就业驿站？",
        "公司有500名员工，年休假有几天？",
        "农村公路完工192公里是什么时候的数字？",
        "10个方面100条措施是谁制定的？",
        "3个人一组可以报名吗？",
        "",
    ],
)
def test_nothing_certain_is_no_conflict(question: str) -> None:
    assert premise_conflicts(question, REPORT) == []


def shown(text: str, evidence: list[EvidenceSentence]) -> Sentence:
    found = attribute(text, evidence, question="建成多少家就业驿站？")
    citations = []
    for tie in found.citations:
        item = evidence[tie.index]
        citations.append(
            Citation(item.passage.id, item.document.id, item.document.title, item.document.sha256, (), None,
                     tie.start, tie.end, item.text, tie.score, item.document.published)
        )  # fmt: skip
    return Sentence(text, found.state, tuple(citations))


def test_two_documents_that_disagree_are_both_shown_with_dates() -> None:
    other = document("年中通报", "市人社局建成127家就业驿站，方便居民求职。", published="2025-09-30")
    evidence = REPORT + other
    (note,) = conflict_notes(analyse("建成多少家就业驿站？"), evidence, [shown("市人社局建成113家就业驿站。", REPORT)])
    assert note.kind == "conflict"
    assert [c.document for c in note.citations] == ["机关党建综述", "年中通报"]
    assert all(part in note.message for part in ("113家", "127家", "2025-07-01", "2025-09-30"))


@pytest.mark.parametrize(
    "other",
    [
        "市人社局建成113家就业驿站，方便居民求职。",  # agrees
        "市图书馆新设127个阅读角。",  # another subject
        "2023年，市人社局建成27家就业驿站。",  # hardly in conflict: an earlier year, see below
    ],
)
def test_what_does_not_disagree_is_not_noted(other: str) -> None:
    own = document("本年通报", "2025年，市人社局建成113家就业驿站。")
    evidence = own + document("另一份", other, published="2025-09-30")
    assert conflict_notes(analyse("建成多少家就业驿站？"), evidence, [shown("2025年，市人社局建成113家就业驿站。", own)]) == []


def sample(*names: str) -> list[EvidenceSentence]:
    """The evidence sentences of documents of the sample corpus."""
    found = []
    for path in sample_documents():
        if path.stem in names:
            made = load(path)
            for p in passages_of(made):
                found += [EvidenceSentence(p, made, p.start + a, p.start + b, p.text[a:b]) for a, b in split_sentences(p.text)]
    return found


@pytest.mark.parametrize(
    ("said", "own"),
    [
        ("市级机关命名了市级机关“四强”党支部287个，带动各基层党组织。", "03-organisation"),
        ("市级机关工委命名了287个党支部，带动各基层党组织体现为民宗旨。", "03-organisation"),
        ("市级机关工委推动建强基层组织，命名党支部287个，带动各基层党组织。", "03-organisation"),
        ("为建强基层组织，市级机关评定命名示范窗口47个，在京津冀范围内带动各基层党组织。", "06-conduct"),
    ],
)
def test_what_counts_different_things_is_no_conflict(said: str, own: str) -> None:
    """287个 party branches and 47个 windows are told in like words by two documents."""
    evidence = sample("03-organisation", "06-conduct")
    made = prepare(EvidenceText(said))
    others = [prepare(EvidenceText(e.text, e.document.published, e.document.title)) for e in evidence if own not in e.document.source]
    _, other, _ = compare(made, made.figures[0], others)
    assert other is not None and other.score >= CONFLICT_MIN, "the words alone would make it a conflict"
    source = next(e for e in evidence if own in e.document.source and said[made.figures[0].start :][:2] in e.text)
    citation = Citation(source.passage.id, source.document.id, source.document.title, source.document.sha256, (), None,
                        source.start, source.end, source.text, 0.9, source.document.published)  # fmt: skip
    assert conflict_notes(analyse("市级机关命名了多少个？"), evidence, [Sentence(said, "supported", (citation,))]) == []


@pytest.mark.parametrize("other", ["市级机关命名了党员服务示范窗口52个。", "市级机关命名了52个党员服务示范窗口。"])
@pytest.mark.parametrize("said", ["市级机关命名了47个窗口。", "市级机关命名了党员服务示范窗口47个。"])
def test_the_same_thing_counted_otherwise_still_is(said: str, other: str) -> None:
    own = sample("06-conduct")
    evidence = own + document("年终通报", other, published="2025-12-30")
    (note,) = conflict_notes(analyse("命名了多少个窗口？"), evidence, [shown(said, own)])
    assert "47个" in note.message and "52个" in note.message


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("命名了287个“四强”党支部。", "四强党支部"), ("评定命名“市级机关‘四强’党支部”287个，并", "四强党支部"),
        ("示范窗口47个、示范岗50个。", "示范窗口"), ("就业驿站已建成113家，", "就业驿站"), ("一共130余人，", ""),
    ],
)  # fmt: skip
def test_what_a_figure_counts(text: str, noun: str) -> None:
    made = prepare(EvidenceText(text))
    assert counted(made.folded, made.figures[0]) == noun


BUDGET = document(
    "过紧日子",
    "市统计局建立用餐人数动态预估机制；市财政局为“过紧日子”定下10个方面、100条具体措施。今年6月13日，市级机关工委和市机关事务管理局联名发出公开信。",
    "新增和优化的公交线路累计达到23条。全年办理业务5200件，增长12%。窗口投诉减少31件。",
)


@pytest.mark.parametrize(
    ("question", "kind", "claim", "instead"),
    [
        ("市统计局那100条过紧日子措施什么时候定的", "name", "市统计局", "市财政局"),
        ("6月13日市财政局发的公开信说了什么", "name", "市财政局", "市级机关工委"),
        ("撤掉的23条公交线路是哪些？", "opposite", "撤掉", "新增"),
        ("办理业务下降12%的原因是什么？", "opposite", "下降", "增长"),
        ("窗口投诉增加31件是什么原因？", "opposite", "增加", "减少"),
    ],
)
def test_a_figure_or_day_gives_a_false_body_or_an_opposite_away(question: str, kind: str, claim: str, instead: str) -> None:
    (conflict,) = premise_conflicts(question, BUDGET)
    assert (conflict.kind, conflict.claim, conflict.evidence) == (kind, claim, instead)
    assert BUDGET[conflict.index].document.text[conflict.start : conflict.end] == instead


@pytest.mark.parametrize(
    "question",
    [
        "市财政局那100条过紧日子措施什么时候定的",
        "财政局那100条过紧日子措施什么时候定的",
        "6月13日市机关事务管理局发的公开信说了什么",
        "6月13日发给市应急局的公开信说了什么",
        "100条过紧日子措施是市统计局还是市财政局定的",
        "优化的23条公交线路是哪些？",
        "新增的23条公交线路是哪些？",
        "市统计局那20条过紧日子措施什么时候定的",
        "撤掉的公交线路是哪些？",
        "业务增长12%的原因是什么？",
    ],
)
def test_what_the_anchor_does_not_contradict_is_left_alone(question: str) -> None:
    found = [c for c in premise_conflicts(question, BUDGET) if c.kind not in ("number", "date")]
    assert found == []


HOSPITAL = document(
    "新院区投用",
    "滨州市人民医院新院区一期工程9月18日投入使用，设床位800张。院长周启明介绍，新院区由市卫健委牵头建设。工程原计划2022年底投用，因地质条件复杂推迟了九个月。",
    "投用以来，门诊量比去年同期增长18%，平均候诊时间缩短了25分钟。地道维修工程有2条，都已完工并恢复通车。",
    "2月28日，供应链对接会在顺义召开；3月6日，高端装备大会来到天津；4月21日，专场推介活动又把舞台搬到了广东深圳。市级机关工委命名了第三批党员服务示范窗口47个。",
    "到市应急局的6位知名专家现场提供健康咨询。市社科联的王欢说，新模式替企业省下了转关的申报费用和场地费用。",
    published="2023-10-08",
)


@pytest.mark.parametrize(
    ("false", "true", "claim", "instead"),
    [
        ("来市应急局的16位专家是哪些单位的", "来市应急局的6位专家是哪些单位的", "16位", "6位"),
        ("新院区候诊时间缩短了25小时，投资是多少", "新院区候诊时间缩短了25分钟，投资是多少", "25小时", "25分钟"),
        ("3月6日在顺义开的供应链对接会主题是什么", "2月28日在顺义开的供应链对接会主题是什么", "3月6日", "2月28日"),
        ("第二批党员服务示范窗口47个是谁命名的", "第三批党员服务示范窗口47个是谁命名的", "第二批", "第三批"),
        ("新院区是市住建委牵头建设的，总投资多少", "新院区是市卫健委牵头建设的，总投资多少", "市住建委", "市卫健委"),
        ("李志刚说的转关申报费用和场地费用是怎么省的", "王欢说的转关申报费用和场地费用是怎么省的", "李志刚", "王欢"),
        ("新院区提前九个月投用的原因是什么", "新院区推迟九个月投用的原因是什么", "提前", "推迟"),
        ("新院区门诊量同比下降18%是什么原因", "新院区门诊量同比增长18%是什么原因", "下降", "增长"),
        ("地道维修工程2条还没通车，什么时候能通", "地道维修工程2条是什么时候通车的", "还没通车", "恢复通车"),
    ],
)
def test_each_kind_of_false_premise_is_named_and_its_true_twin_is_not(false: str, true: str, claim: str, instead: str) -> None:
    (conflict,) = premise_conflicts(false, HOSPITAL)
    assert (conflict.claim, conflict.evidence) == (claim, instead)
    assert HOSPITAL[conflict.index].document.text[conflict.start : conflict.end] == instead
    assert premise_conflicts(true, HOSPITAL) == []


@pytest.mark.parametrize(
    "question",
    [
        "新院区比原来多600张床位，是哪年定的",  # reckoned from another figure
        "新院区1/3的床位给了哪个科",
        "二三十张床位够不够用",
        "院长周启航是哪里人",  # may be a slip of the pen: not certain
        "行业协会牵头建设的新院区有多大",  # a kind of body, not one
        "下午六点新院区的门诊还开吗",
        "到8月新院区接待了多少人",
    ],
)
def test_what_may_mean_something_else_is_not_named(question: str) -> None:
    assert premise_conflicts(question, HOSPITAL) == []
