"""Rendering is pure: what a message holds for every kind of answer, and that nothing in it can act."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from fake_corpus import LEAVE, fake_engine
from hostile import PAYLOADS

from qa.types import Answer, Citation, Note, Problem, Refusal, Retrieved, Sentence
from ui.citations import below_title, sources
from ui.escape import inert, plain, runs
from ui.export import clipboard, to_html, to_json, to_markdown
from ui.render import answer_html, failure_html, question_html, welcome_html
from ui.storage_types import Exchange
from ui.texts import Look

LOOK = Look("zh", "/p")


def answer(question: str = "年休假怎么申请？") -> Answer:
    return fake_engine().answer(question)


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup.replace("<br>", "\n")))


TAGS = {"div", "span", "a", "button", "details", "summary", "blockquote", "mark", "pre", "p", "br", "strong"}
TAGS |= {"q", "h3", "h4", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}


class Tags(HTMLParser):
    """Fails where tags are not balanced, or not those of a message."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(markup)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS and {name for name, _ in attrs} <= {"class", "id", "href", "target"}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def is_message(markup: str) -> None:
    """One line of our own tags, and nothing in its text that Markdown would act on."""
    assert "\n" not in markup
    Tags(markup)
    assert not re.search(r"[`$|\\]|!\[|\]\(", re.sub(r"<[^>]+>", "", markup))


def test_marked_text_is_exactly_the_quote() -> None:
    a = answer()
    markup = answer_html(a, "A", LOOK)
    for source in sources(a):
        block = re.search(rf'<details class="ev" id="A-s{source.number}">.*?</details>', markup)
        assert block is not None
        for index, quote in enumerate(source.quotes):
            marks = re.findall(rf'<mark class="[^"]*\bk{index}\b[^"]*">(.*?)</mark>', block.group())
            assert text_of("".join(marks)) == quote.quote == LEAVE.text[quote.start : quote.end]


def test_overlapping_quotes_are_each_marked_whole() -> None:
    passage = Retrieved("d-1", "d", "文", "0", (), None, 100, 110, "0123456789", 1.0)
    cites = tuple(
        Citation("d-1", "d", "文", "0", (), None, 100 + a, 100 + b, "0123456789"[a:b], 1.0)
        for a, b in ((1, 6), (4, 9))
    )
    a = Answer("q", "q", "done", (Sentence("甲。", "supported", cites),), retrieved=(passage,))
    (source,) = sources(a)
    assert [(p.text, p.marks) for p in source.pieces] == [
        ("0", ()),
        ("123", (0,)),
        ("45", (0, 1)),
        ("678", (1,)),
        ("9", ()),
    ]


def test_a_quote_that_is_not_in_the_passage_is_shown_by_itself() -> None:
    passage = Retrieved("d-1", "d", "文", "0", (), None, 0, 4, "别的内容", 1.0)
    cite = Citation("d-1", "d", "文", "0", (), None, 0, 4, "原来的话", 1.0)
    a = Answer("q", "q", "done", (Sentence("甲。", "supported", (cite,)),), retrieved=(passage,))
    (source,) = sources(a)
    assert [(p.text, p.marks) for p in source.pieces] == [("原来的话", (0,))]


def test_quotes_that_no_passage_found_holds_stand_on_lines_of_their_own() -> None:
    cites = tuple(
        Citation("d-1", "d", "表", "0", (), None, at, at + 3, row, 1.0)
        for at, row in ((0, "甲一行"), (4, "乙二行"))
    )
    said = (Sentence("甲一行\n", "supported", cites[:1]), Sentence("乙二行\n", "supported", cites[1:]))
    a = Answer("q", "q", "done", said)
    assert "".join(piece.text for piece in sources(a)[0].pieces) == "甲一行\n乙二行"
    assert "甲一行</mark><br>" in answer_html(a, "A", LOOK)


def test_numbers_follow_first_citation_and_chips_are_read_aloud() -> None:
    markup = answer_html(answer(), "A", LOOK)
    chips = re.findall(r'<a class="cite k(\d)" href="#A-s(\d)">(.*?)</a>', markup)
    assert [(k, n) for k, n, _ in chips] == [("0", "1"), ("0", "2"), ("1", "2")]
    assert text_of(chips[0][2]) == "来源1，第3页"


def test_a_sentence_has_one_chip_for_all_that_it_cites_of_a_passage() -> None:
    passage = Retrieved("d-1", "d", "文", "0", (), None, 0, 9, "甲二人乙三人丙四人", 1.0)
    cites = tuple(
        Citation("d-1", "d", "文", "0", (), None, at, at + 3, passage.text[at : at + 3], 1.0)
        for at in (6, 0, 3)
    )
    said = (Sentence("共9人。", "supported", cites), Sentence("乙三人。", "supported", cites[2:]))
    markup = answer_html(Answer("q", "q", "done", said, retrieved=(passage,)), "A", LOOK)
    assert re.findall(r'<a class="cite ([k\d ]+)" href="#A-s1">', markup) == ["k0 k1 k2", "k2"]


@pytest.mark.parametrize(
    ("state", "shown"), [("supported", "（有依据）"), ("partial", "部分有依据"), ("unsupported", "无依据")]
)
def test_every_state_has_a_text(state: str, shown: str) -> None:
    a = Answer("q", "q", "done", (Sentence("甲。", state),))  # type: ignore[arg-type]
    markup = answer_html(a, "A", LOOK)
    assert f"s-{state}" in markup and shown in text_of(markup)


def test_problems_say_what_the_evidence_has() -> None:
    a = Answer(
        "q",
        "q",
        "done",
        (Sentence("5.5%。", "partial", (), (Problem("number", "5.5%", "5.3%"), Problem("name", "王某"))),),
    )
    shown = text_of(answer_html(a, "A", LOOK))
    assert "数字不符：回答写“5.5%”，依据为“5.3%”" in shown and "与依据不符：依据中没有“王某”" in shown


def test_pending_text_has_no_verdict_and_holds_back_half_a_marker() -> None:
    a = Answer("q", "q", "writing", (Sentence("提前5个工作日[1"),))
    markup = answer_html(a, "A", LOOK)
    assert "s-pending" in markup and "verdict" not in markup and "[1" not in text_of(markup)
    assert [(r.text, r.strong) for r in runs("甲【1】乙[来源2]丙")] == [("甲乙丙", False)]
    assert [(r.text, r.strong) for r in runs("甲**乙**丙** 丁**")] == [
        ("甲", False),
        ("乙", True),
        ("丙** 丁**", False),
    ]
    assert plain("津发〔2025〕12号 **重点**[3]") == "津发〔2025〕12号 重点"


def test_evidence_is_there_before_the_first_word() -> None:
    found = next(a for a in fake_engine().stream("年休假怎么申请？") if a.stage == "found")
    markup = answer_html(found, "A", LOOK)
    assert "找到的段落" in markup and "A-u1" in markup and "live" in markup


def test_link_opens_the_document_at_the_quote() -> None:
    a = answer()
    first = a.sentences[0].citations[0]
    assert (
        f'href="/p/documents/{LEAVE.id}?start={first.start}&end={first.end}&v={LEAVE.sha256[:16]}#span"'
        in html.unescape(answer_html(a, "A", LOOK))
    )


def test_refusal_card_says_where_the_nearest_is_and_what_to_ask() -> None:
    a = answer("食堂几点开门？")
    shown = text_of(answer_html(a, "A", LOOK))
    for part in (
        "文档中没有写明",
        "第二章 考勤",
        "因公外出怎么登记？",
    ):
        assert part in shown
    assert "请联系：人事处 <8001>" in text_of(answer_html(a, "A", Look("zh", "", "人事处 <8001>")))
    assert "请联系" not in shown


def test_a_refusal_folds_what_was_found() -> None:
    answer = fake_engine().answer("食堂几点开门")
    assert answer.refusal is not None
    shown = answer_html(answer, "w", Look())
    assert '<details class="ev-rest">' in shown and "查到但未引用的段落" in shown


def test_notes_carry_their_own_chips() -> None:
    a = answer("住宿费标准是多少？")
    markup = answer_html(a, "A", LOOK)
    note = re.search(r'<div class="note note-conflict">.*?</div>', markup)
    assert note is not None and 'href="#A-s2"' in note.group() and "已有新版" in text_of(markup)


def test_what_was_searched_is_shown_only_when_it_differs() -> None:
    assert "年休假超过三天由谁审批？" in text_of(answer_html(answer("那超过三天谁批？"), "A", LOOK))
    assert "searched" not in answer_html(answer(), "A", LOOK)


def test_english_page_has_no_chinese_of_ours() -> None:
    a = replace(answer("食堂几点开门？"), refusal=Refusal("no_evidence", "Nothing."), retrieved=())
    assert not re.search(r"[\u4e00-\u9fff]", text_of(answer_html(a, "A", Look("en"))))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text_everywhere(payload: str) -> None:
    """In question, sentence, quote, title, heading, note, problem, refusal: shown as it is, on one line,
    inert."""
    passage = Retrieved("d-1", "d\"'><b>", payload, "0", (payload,), None, 0, len(payload), payload, 1.0)
    cite = Citation("d-1", "d\"'><b>", payload, "0", (payload,), None, 0, len(payload), payload, 1.0, payload)
    sentence = Sentence("安全" + payload, "partial", (cite,), (Problem(payload, payload, payload),))
    refusal = Refusal("not_answered", payload, ("d-1",), (payload,), payload)
    good = Answer(
        payload,
        payload + "x",
        "done",
        (sentence,),
        None,
        (passage,),
        notes=(Note(payload, payload, (cite,)),),
    )
    for markup in (
        question_html(payload, "A", LOOK),
        answer_html(good, "A", LOOK, follow_ups=[payload]),
        answer_html(replace(good, refusal=refusal), "A", LOOK),
        answer_html(replace(good, stage="writing", sentences=(Sentence(payload),)), "A", LOOK),
        failure_html("A", payload, LOOK),
        welcome_html(payload, 3, [payload], LOOK),
    ):
        is_message(markup)
    shown = text_of(question_html(payload, "A", LOOK))
    assert shown.startswith(re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]", "", payload))
    assert "<script" not in to_html(payload, [Exchange("e", payload, "t", "done", good)]).lower()


def test_inert_round_trips() -> None:
    text = "a<b>&\"'`*_[x](y)!#$~|\\{}=^:/@+-\n第二行"
    assert text_of(inert(text)) == text


def test_clipboard_and_exports_carry_the_quotes() -> None:
    a = answer()
    copied = clipboard(a)
    assert (
        "提交申请。[2]" in copied
        and "[1] 职工考勤与休假管理办法（2025年修订），第三章 年休假，第 3 页，2025-03-18" in copied
    )
    exchanges = [
        Exchange("e1", "年休假怎么申请？", "2025-11-03T08:00:00+00:00", "done", a),
        Exchange("e2", "断了", "t", "failed", None, "原因"),
    ]
    markdown = to_markdown("标题", exchanges)
    assert (
        markdown.startswith("# 标题\n") and "> 申请年休假应当提前5个工作日" in markdown and "原因" in markdown
    )
    assert '"refused": false' in to_json("标题", exchanges)
    page = to_html("标题", exchanges)
    assert "<mark>申请年休假应当提前5个工作日在协同办公系统提交申请。</mark>" in page and "http" not in page


def test_a_heading_that_repeats_the_title_is_left_out_and_a_subtitle_has_no_dashes() -> None:
    assert below_title(("一切聚焦高质量发展", "——综述", "一、总则"), "一切聚焦高质量发展") == [
        "综述",
        "一、总则",
    ]
    assert below_title(("总则", "——"), "规定") == ["总则", "——"]


def test_an_answer_from_the_cache_does_not_say_that_it_took_nothing() -> None:
    answer = replace(fake_engine().answer("年休假怎么申请？"), timings={"total": 0.02})
    assert "用时不到 0.1 秒" in answer_html(answer, "w-a-b", Look()) and "0.0 秒" not in answer_html(
        answer, "w-a-b", Look()
    )
    assert "用时 2.6 秒" in answer_html(replace(answer, timings={"total": 2.6}), "w-a-b", Look())
