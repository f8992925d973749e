"""The tree of sections: chapters, articles, items and tables as spans; passages know where they stand."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from index.loaders import finish
from index.loaders.plain import raw_from_text
from index.loaders.raw import Line, Raw, table_lines
from index.outline import Paths, Section, outline
from index.paragraphs import passage_search_text, passages_of
from index.types import Document

RULES = (
    "某市噪声管理条例\n\n第一章　总则\n第一条　为了防治噪声污染，制定本条例。\n"
    "第二条　下列情形除外：\n（一）抢险救灾；\n（二）军事活动。\n"
    "前款规定的情形应当公告。\n第二章　罚则\n第三条　违反本条例规定的，处一百元以上罚款。\n"
)


def document(text: str) -> Document:
    return finish(raw_from_text(text, "text/plain"), "a.txt")


def names(section: Section) -> list[object]:
    return [section.title, *(names(child) if child.children else child.title for child in section.children)]


def test_chapters_articles_and_items_form_a_tree() -> None:
    found = document(RULES)
    root = outline(found)
    assert names(root) == [
        "某市噪声管理条例",
        [
            "某市噪声管理条例",
            ["第一章 总则", "第一条", ["第二条", "（一）", "（二）"]],
            ["第二章 罚则", "第三条"],
        ],
    ]
    sections = {section.title: section for section in root.walk() if section.level > 1}
    second = sections["第二条"]
    assert found.text[second.start : second.end].startswith("第二条") and found.text[
        second.start : second.end
    ].endswith("应当公告。")
    item = sections["（二）"]
    assert found.text[item.start : item.end] == "（二）军事活动。"
    assert (second.kind, item.kind, sections["第二章 罚则"].kind) == ("article", "item", "heading")


def test_the_way_down_to_an_offset() -> None:
    found = document(RULES)
    paths = Paths(found)
    assert [one.title for one in paths.at(found.text.index("抢险"))] == [
        "某市噪声管理条例",
        "第一章 总则",
        "第二条",
        "（一）",
    ]
    assert [one.title for one in paths.at(found.text.index("前款"))][-1] == "第二条"
    assert [one.title for one in paths.at(found.text.index("处一百元"))][-1] == "第三条"


def test_a_reference_to_an_article_is_no_article() -> None:
    root = outline(
        document(
            "说明\n\n第三条规定的情形除外，其他照常办理。\n\n第二条、第三条另行规定，请各单位注意。\n\n1.5倍工资照发，由单位承担，不得拖欠。"
        )
    )
    assert [one.kind for one in root.walk()] == ["document"]


def rows(count: int) -> Document:
    table = [
        ["城市", "住宿费", "说明"],
        *([f"城市{n}", f"{n}元", "按实际发生的天数计算，凭发票报销"] for n in range(count)),
    ]
    lines = [
        Line("差旅费标准", level=1),
        Line("表1 各地住宿费标准"),
        *table_lines(table),
        Line("表后的话，说明执行的时间。"),
        *table_lines(table[:3]),
    ]
    return finish(Raw(lines, "text/plain", formed=True), "a.docx")


def test_a_long_table_is_split_by_rows_that_keep_their_header() -> None:
    found = rows(60)
    tables = [one for one in outline(found).walk() if one.kind == "table"]
    assert [(one.title, one.table) for one in tables] == [("表1 各地住宿费标准", 1), ("", 2)]
    within = [one for one in passages_of(found) if tables[0].start < one.start < tables[0].end]
    assert len(within) > 3
    for passage in within:
        assert all(
            line.startswith("城市：城市") for line in passage.text.split("\n") if not line.startswith("表后")
        )
        assert passage.heading == ("差旅费标准", "表1 各地住宿费标准")


def test_a_passage_within_an_article_says_which() -> None:
    item = (
        "（{}）办理登记的单位应当提交申请、证明和承诺，"
        "并对所提交材料的真实性负责，登记机关应当自受理之日起及时办结；"
    )
    text = (
        "某市登记办法\n\n第一章　总则\n第一条　为了方便办事，制定本办法。\n第七条　有下列情形的，应当登记：\n"
        + "\n".join(item.format(n) for n in "一二三四五六七八九十")
    )
    found = document(text)
    later = [one for one in passages_of(found) if "（八）" in one.text]
    assert later and later[0].heading[-1] == "第七条"
    assert "第七条" in passage_search_text(found, later[0]).split("\n")[0]


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="一二第章条节、（）()。：，12.\n\n 甲乙附表", min_size=1, max_size=400).filter(
        lambda text: any(char.isalnum() for char in text)
    )
)
def test_sections_are_true_spans(text: str) -> None:
    try:
        found = document(text)
    except Exception as error:
        assert "no text" in str(error)
        return
    root = outline(found)

    def check(section: Section) -> None:
        at = section.start
        for child in section.children:
            assert at <= child.start <= child.end <= section.end and child.level == section.level + 1
            at = child.end
            check(child)

    check(root)
    paths = Paths(found)
    for block in found.blocks:
        way = paths.at(block.start)
        assert all(one.start <= block.start for one in way)
        assert not block.level or way[-1].start == block.start


def test_items_that_another_form_leads_in_to_stand_below_it() -> None:
    text = "检查要求\n\n" + "\n".join(
        f"{n}. 第{n}处要看这些地方，一处不漏：\n（一）门窗是否关好；\n（二）水电是否断开。" for n in (1, 2)
    )
    found = finish(raw_from_text(text, "text/plain"), "a.txt")
    told = [
        (one.title, [child.title for child in one.children])
        for one in outline(found).walk()
        if one.kind == "item"
    ]
    assert [one for one in told if one[1]] == [("1.", ["（一）", "（二）"]), ("2.", ["（一）", "（二）"])]
