"""Repair of broken paragraphs, headings by form, and passages as true spans."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.loaders import finish, load
from index.loaders.plain import raw_from_text
from index.paragraphs import passage_search_text, passages_of
from index.types import Document

ARTICLE = Path(__file__).parent.parent.parent / "shared" / "seed" / "article.txt"


def document(text: str) -> Document:
    return finish(raw_from_text(text, "text/plain"), "a.txt")


def blocks(found: Document) -> list[tuple[int, str]]:
    return [(block.level, found.text[block.start : block.end]) for block in found.blocks]


LEAD = "全市上下认真贯彻落实各项部署，围绕中心工作抓好党建，推动党支部在政治功能和组织功能上"


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        (LEAD, "的全面进步与全面过硬。", True),
        (LEAD, "全面进步与全面过硬。", True),
        (LEAD + "，", "取得了全面进步。", True),
        (LEAD + "进步。", "下一段说别的事情。", False),
        (LEAD + "进步。”", "下一段说别的事情。", False),
        (LEAD + "包括：", "修路、架桥和种树。", False),
        ("短行没有标点", "下一段说别的事情。", False),
        (LEAD, "（一）第一项内容是公开。", False),
        (LEAD, "## 标题在此", False),
        ("他们把路修通了", "，又架了桥。", True),
    ],
)
def test_paragraphs_broken_by_columns_and_pages_are_joined(first: str, second: str, joined: bool) -> None:
    found = document(f"{first}\n\n{second}\n\n这里是另外一段完整的话，用来收尾。")
    assert (first + second in found.text) == joined


def test_hard_wrapped_text_is_joined_and_indents_begin_paragraphs() -> None:
    found = document(
        "关于开展检查的通知\n\n　　为了贯彻落实上级部门关于安全生产的要求，经研究决定，\n"
        "在全市范围内开展安全生产大检查。各单位要高度重视，认真组\n"
        "织，确保检查取得实效。检查从五月一日开始到五月底结束，共\n分三个阶段。\n"
        "　　一是自查阶段。各单位对照标准自己查找问题，建立台账并\n且整改。\n"
        "\n　　　　　　　　　　　　　　　　某局办公室\n　　　　　　　　　　　　　　　　2025年4月20日\n"
    )
    assert blocks(found) == [
        (1, "关于开展检查的通知"),
        (
            0,
            "为了贯彻落实上级部门关于安全生产的要求，经研究决定，在全市范围内开展安全生产大检查。各单位要高度重视，认真组织，确保检查取得实效。检查从五月一日开始到五月底结束，共分三个阶段。",
        ),
        (0, "一是自查阶段。各单位对照标准自己查找问题，建立台账并且整改。"),
        (0, "某局办公室"),
        (0, "2025年4月20日"),
    ]
    assert found.published == "2025-04-20"


def test_wrapped_latin_text_gets_spaces_and_loses_hyphens() -> None:
    wrapped = (
        "The information service was opened in May, and the infor-\nmation desk has been used "
        "by a great many people ever\nsince then, which nobody had expected when it was first\n"
        "proposed by the council. Everyone is content with the\nservice now.\n"
    )
    assert blocks(document(wrapped)) == [
        (0, wrapped.replace("infor-\nmation", "information").replace("\n", " ").strip())
    ]


def test_where_paragraphs_have_no_full_stop_its_absence_joins_nothing() -> None:
    lines = [f"{n}月5日，全市召开第{n}次工作会议，部署下一阶段的重点任务和分工安排" for n in range(1, 7)]
    assert blocks(document("\n\n".join(lines))) == [(0, line) for line in lines]


def test_one_paragraph_per_line_stays_so() -> None:
    lines = [
        "第一段说的是修路，已经完工，群众都满意。",
        "第二段说的是架桥，正在进行，预计年底通车。",
        "第三段说的是种树，还没有开始，明年春天动工。",
    ]
    assert blocks(document("\n".join(lines))) == [(0, line) for line in lines]


def test_headings_by_form() -> None:
    found = document(
        "某市噪声管理条例\n（2024年11月8日市人大常委会通过）\n目录\n第一章　总则\n"
        "第二章　罚则\n\n第一章　总则\n第一条　为了防治噪声污染，制定本条例。\n"
        "第二条　本条例适用于本市行政区域。下列情形除外：\n（一）抢险救灾；\n"
        "（二）军事活动。\n第二章　罚则\n第三条　违反本条例规定的，处一百元以上罚款。\n"
    )
    assert [text for level, text in blocks(found) if level] == [
        "某市噪声管理条例",
        "第一章 总则",
        "第二章 罚则",
    ]
    assert found.published == "2024-11-08"
    paths = {passage.heading for passage in passages_of(found)}
    assert ("某市噪声管理条例", "第二章 罚则") in paths


def test_short_numbered_lines_in_a_row_are_a_list() -> None:
    found = document(
        "办理登记需要下列材料，请提前准备好：\n（一）身份证\n（二）户口本\n（三）申请表\n\n一、办理时间\n工作日上午九点到下午五点，中午不休息。\n二、办理地点\n政务服务中心二楼，有电梯可以到达。"
    )
    assert [text for level, text in blocks(found) if level] == ["一、办理时间", "二、办理地点"]
    first = passages_of(found)[0]
    assert first.text.endswith("（三）申请表") and first.text.startswith("办理登记")


def test_a_standing_line_before_a_long_paragraph_is_a_heading() -> None:
    text = "工作总结\n\n" + LEAD + "进步。\n\n下一步打算\n\n" + LEAD + "进步。"
    assert [item for item in blocks(document(text)) if item[0]] == [(1, "工作总结"), (6, "下一步打算")]


def test_long_paragraphs_are_split_at_sentence_ends_and_quotations_kept_whole() -> None:
    sentence = "这里是一个普通的句子，有二十来个字那么长。"
    quote = "“第一句在引号里。第二句也在引号里。第三句还在引号里。”"
    found = document(sentence * 9 + quote + sentence * 9)
    passages = passages_of(found, 60, 200)
    assert all(len(passage.text) <= 200 for passage in passages)
    assert all(passage.text.endswith(("。", "”")) for passage in passages)
    assert any(quote in passage.text for passage in passages)
    assert max(len(p.text) for p in passages) < 2 * min(len(p.text) for p in passages)


def test_fragments_are_merged_within_their_heading_only() -> None:
    found = document(
        "# 甲\n\n短的一段。\n\n## 乙\n\n又短的一段。\n\n"
        + "长的一段话，说明了情况。" * 10
        + "\n\n末尾短句。\n\n## 丙\n\n## 丁\n\n收尾。"
    )
    assert [(p.heading[-1], p.text[:4], p.text[-4:]) for p in passages_of(found)] == [
        ("甲", "短的一段", "的一段。"),
        ("乙", "又短的一", "尾短句。"),
        ("甲", "丙", "丙"),
        ("丁", "收尾。", "收尾。"),
    ]


def test_search_text_has_title_and_headings_once() -> None:
    found = document("# 甲书\n\n## 乙章\n\n正文在此。")
    (passage,) = passages_of(found)
    assert passage_search_text(found, passage) == "甲书 乙章\n正文在此。"
    assert passage.id == f"{found.id}-0001"


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="一二天地，。！：“”（）、#第章条1. ab-\n\n\u3000；…", min_size=1, max_size=600).filter(
        lambda text: any(c.isalnum() for c in text)
    ),
    st.integers(1, 80),
    st.integers(50, 120),
)
def test_spans_are_true(text: str, minimum: int, maximum: int) -> None:
    try:
        found = document(text)
    except Exception as error:  # nothing but marks of headings
        assert "no text" in str(error)
        return
    last = 0
    covered = bytearray(len(found.text))
    for block in found.blocks:
        if block.level:
            covered[block.start : block.end] = b"\1" * (block.end - block.start)
    for number, passage in enumerate(passages_of(found, minimum, maximum), 1):
        assert found.text[passage.start : passage.end] == passage.text == passage.text.strip() != ""
        assert last <= passage.start and passage.id == f"{found.id}-{number:04d}"
        assert len(passage.text) <= maximum or passage.text in passage_search_text(found, passage)
        covered[passage.start : passage.end] = b"\1" * len(passage.text)
        last = passage.end
    assert all(found.text[i].isspace() for i, seen in enumerate(covered) if not seen)


def test_twenty_megabytes_take_seconds(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_text(
        "没有标点的一整段" * 250_000 + "\n\n" + "第一句话在这里，后面还有。第二句也在！\n" * 40_000, "utf-8"
    )
    began = time.perf_counter()
    passages = passages_of(load(path))
    assert time.perf_counter() - began < 20
    assert sum(len(passage.text) for passage in passages) > 2_500_000
    assert max(len(passage.text) for passage in passages) <= 400


@pytest.mark.skipif(not ARTICLE.exists(), reason="the seed article is not beside this checkout")
def test_the_article_comes_out_whole() -> None:
    article = load(ARTICLE)
    passages = passages_of(article)
    assert 28 <= len(passages) <= 36
    assert article.title == "一切聚焦高质量发展"
    for joined in (
        "贯彻落实党的",
        "互补互通互融",
        "组织功能上的全面进步",
        "建立机关服务基层",
        "更严要求推动",
    ):
        assert sum(joined in passage.text for passage in passages) == 1
    sections = {passage.heading[-1][:4] for passage in passages}
    assert sections == {"——以高", "政治铸魂", "夯实基础", "融合创新", "关心关爱", "育好作风"}
    assert all(passage.text.endswith(("。", "”", "……")) for passage in passages)


RULES = (
    "场地使用办法\n\n第一条 为了管理场地，制定本办法。\n\n"
    "第二条 申请应当提交：\n（一）申请表；\n（二）身份证；\n（三）活动方案。\n"
    "申请表应当盖章。\n\n第三条 收费按下表：\n\n| 场地 | 每小时 |\n|---|---|\n"
    + "".join(f"| 第{n}排练厅 | {n}0元 |\n" for n in range(1, 9))
    + "\n第四条 押金在使用后退还。"
)


def markdown(folder: Path, text: str) -> Document:
    (folder / "a.md").write_text(text, encoding="utf-8")
    return load(folder / "a.md")


def test_articles_lists_and_tables_stay_together(tmp_path: Path) -> None:
    texts = [p.text for p in passages_of(markdown(tmp_path, RULES), 60, 400)]
    assert [text[:3] for text in texts] == ["第一条", "第二条", "第三条", "第四条"]
    assert texts[1].endswith("申请表应当盖章。"), "what follows the items belongs to the article"
    assert "第8排练厅" in texts[2], "the table stays with the line that leads in to it"


def test_a_long_table_is_cut_between_rows_into_parts_of_about_the_same_length(tmp_path: Path) -> None:
    rows = "".join(f"| 第{n}号会议室 | {n}0人 | 每小时{n}0元 | 需提前{n}天预约 |\n" for n in range(1, 41))
    head = "# 价目\n\n会议室价目如下：\n\n| 房间 | 人数 | 价格 | 预约 |\n|---|---|---|---|\n"
    found = markdown(tmp_path, head + rows)
    parts = [p.text for p in passages_of(found, 60, 400)]
    assert all(len(part) <= 500 for part in parts) and len(parts) == -(-sum(map(len, parts)) // 500)
    assert max(map(len, parts)) - min(map(len, parts)) < 100
    assert all(part.split("\n")[-1].startswith("房间：") for part in parts)
    assert parts[0].startswith("会议室价目如下："), "what leads in does not stand alone"


def test_a_list_is_rather_cut_between_items_than_within_one() -> None:
    text = "检查内容：\n\n" + "\n\n".join(
        f"{n}. 第{n}项检查的要求如下：\n\n"
        + "\n\n".join(f"（{c}）要把{n}号设备的第{c}部分逐一看过并记录在册。" for c in "一二三四")
        for n in range(1, 7)
    )
    parts = [p.text for p in passages_of(document(text), 60, 400)]
    assert len(parts) > 1 and all(part.startswith(("检查内容", *"123456")) for part in parts)


def test_a_table_under_a_heading_that_names_it_has_one_name(tmp_path: Path) -> None:
    rows = "| 摊位 | 租金 |\n|---|---|\n| 蔬菜摊位 | 900 |\n| 水产摊位 | 1500 |\n"
    path = tmp_path / "a.md"
    path.write_text(f"# 农贸市场管理办法\n\n## 附表 租金标准表\n\n{rows}", "utf-8")
    table = passages_of(load(path))[-1]
    assert "水产摊位" in table.text and table.heading == ("农贸市场管理办法", "附表 租金标准表")
