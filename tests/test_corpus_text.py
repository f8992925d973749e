"""The sample corpus as text: form, length of paragraphs, dates, and that its sentences are its own."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from corpus import sample_documents
from index.loaders import load
from index.paragraphs import passages_of

ARTICLE = Path(__file__).resolve().parents[2] / "shared" / "seed" / "article.txt"

# Names of meetings, documents, campaigns and offices, and slogans: the only runs that may coincide.
NAMES = (
    "市级机关贯彻落实党的二十届三中全会精神推动会暨区级机关工委负责人会议",
    "京津冀智能网联新能源汽车供应链深度对接会",
    "京津冀高端装备产业协同发展大会",
    "京津冀与粤港澳大湾区产业交流洽谈会暨天津专场推介活动",
    "市发改委京津冀协同发展工作二处党支部书记牛少坤",
    "西青经开集团党委书记董事长张磊",
    "抓落实就是讲政治讲政治就要抓落实",
    "市工信局机关党委专职副书记牛海梅",
    "市委市级机关工委关于指导督促部门党组党委落实机关党建主体责任的工作措施",
    "我在全市重大专项活动中担重任当先锋主题实践示范活动",
    "市政务服务系统窗口先锋护航上合专题活动",
    "市政务服务办机关党委书记李志刚",
    "天津东疆国际班列运营管理有限公司总经理王欢",
    "国内自贸试验区数据跨境流动双首个政策创新",
    "市商务局机关党委专职副书记赵林波",
    "协同治水润津城立检善治津港先锋",
    "关爱党员干部职工身心健康系列活动",
    "市交通运输委机关党委书记刘彤斌",
    "市区级机关青年干部津派文化讲述活动",
    "市级机关干部思想动态分析报告办法",
    "思想上解惑精神上解忧心理上解压生活上解难",
    "习近平总书记视察天津重要讲话精神",
    "致市级机关党员干部职工的公开信",
    "第三批市级机关党员服务示范窗口",
    "用餐人数动态预估机制",
)
LONGEST_RUN = 18


def split(path: Path) -> tuple[dict[str, str], str]:
    """Front matter as a mapping, and the body."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return dict(line.split(": ", 1) for line in head.splitlines()), body


def paragraphs(path: Path) -> list[str]:
    blocks = (block.strip() for block in split(path)[1].split("\n\n"))
    return [block for block in blocks if block and not block.startswith("#")]


def letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def test_six_documents_in_order_and_nothing_else_to_index() -> None:
    names = [path.name for path in sample_documents()]
    assert [name[:3] for name in names] == ["01-", "02-", "03-", "04-", "05-", "06-"]
    folder = sample_documents()[0].parent
    assert sorted(path.name for path in folder.glob("*.md")) == names
    assert (folder / "README").is_file()


@pytest.mark.parametrize("path", sample_documents(), ids=lambda path: path.name)
def test_front_matter_and_headings(path: Path) -> None:
    meta, body = split(path)
    assert set(meta) == {"title", "source", "published", "questions"}
    assert date.fromisoformat(meta["published"]) > date(2025, 6, 13)
    assert date.fromisoformat(meta["published"]).year == 2025
    heads = [line for line in body.splitlines() if line.startswith("#")]
    assert heads[0] == f"# {meta['title']}"
    assert all(line.startswith("## ") for line in heads[1:]) and len(heads) >= 4


@pytest.mark.parametrize("path", sample_documents(), ids=lambda path: path.name)
def test_paragraphs_are_natural_in_length_and_punctuation(path: Path) -> None:
    found = paragraphs(path)
    assert len(found) >= 6
    for text in found:
        assert 60 <= len(text) <= 300, text
        assert "\n" not in text
        assert text[-1] == "。", text
        assert not set(text) & set(",;:?()!"), "Chinese text takes full-width punctuation: " + text
        assert text.count("“") == text.count("”") and text.count("《") == text.count("》")


@pytest.mark.parametrize("path", sample_documents(), ids=lambda path: path.name)
def test_each_paragraph_is_one_passage_of_the_index(path: Path) -> None:
    document = load(path)
    assert [passage.text for passage in passages_of(document)] == paragraphs(path)
    assert (document.title, document.published) == (split(path)[0]["title"], "2025-07-15")


@pytest.mark.parametrize("path", sample_documents(), ids=lambda path: path.name)
def test_its_own_questions_are_kept_beside_the_text_and_lead_back_to_it(path: Path) -> None:
    questions = load(path).meta["questions"].split("；")
    assert len(questions) == len(set(questions)) == 3
    for question in questions:
        assert question.endswith("？") and 10 <= len(question) <= 40
        assert all(question not in load(one).text for one in sample_documents())
        near = {
            text: len(pairs(question) & pairs(text)) for one in sample_documents() for text in sections(one)
        }
        assert max(near, key=lambda text: near[text]) in sections(path), question


def sections(path: Path) -> list[str]:
    """Each passage under its heading, as a search sees it."""
    return [f"{passage.heading[-1]}\n{passage.text}" for passage in passages_of(load(path))]


def pairs(text: str) -> set[str]:
    bare = letters(text)
    return {bare[i : i + 2] for i in range(len(bare) - 1)}


def test_no_paragraph_twice() -> None:
    every = [text for path in sample_documents() for text in paragraphs(path)]
    assert len(every) == len(set(every)) >= 45


@pytest.mark.skipif(not ARTICLE.is_file(), reason=f"the article is not beside this checkout ({ARTICLE.name})")
def test_nothing_is_copied_from_the_article() -> None:
    article = letters(ARTICLE.read_text(encoding="utf-8"))
    runs = []
    for path in sample_documents():
        for text in paragraphs(path):
            bare = letters(text)
            for name in NAMES:
                bare = bare.replace(name, "\n")
            runs += [
                bare[i : i + LONGEST_RUN + 1]
                for i in range(len(bare) - LONGEST_RUN)
                if bare[i : i + LONGEST_RUN + 1] in article
            ]
    assert runs == []


@pytest.mark.skipif(not ARTICLE.is_file(), reason=f"the article is not beside this checkout ({ARTICLE.name})")
def test_allowed_names_are_names_of_the_article() -> None:
    article = letters(ARTICLE.read_text(encoding="utf-8"))
    assert [name for name in NAMES if name not in article] == []
