"""The forms of an answer: lists, steps, tables, outlines on the page, copied and exported."""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from fake_corpus import CARRIED, DAYS, LEAVE, SIGNED, fake_engine
from fastapi.testclient import TestClient
from hostile import PAYLOADS
from page_fakes import CID, OURS, page_client, seed
from test_ui_chat_turn import run, services
from test_ui_render import LOOK, is_message, text_of

from index.outline import own_number
from qa.types import Answer, Citation, Note, Refusal, Retrieved, Sentence
from ui.chat_turn import ask
from ui.escape import printable
from ui.export import clipboard, to_html, to_markdown
from ui.export_word import WORD, to_word
from ui.layout import Heading, Listing, Prose, Table, layout, statements
from ui.render import answer_html
from ui.storage import Store
from ui.storage_types import Exchange
from ui.viewer import Viewer

ASKED = {
    "list": "请假有哪些规定？",
    "steps": "盖章怎么办？",
    "table": "用表格列出来",
    "outline": "总结一下考勤办法",
}


def answer(form: str) -> Answer:
    return fake_engine().answer(ASKED[form])


def cite(quote: str, document: str = "文", heading: tuple[str, ...] = ()) -> Citation:
    return Citation("d-1", "d", document, "0", heading, None, 0, len(quote), quote, 1.0)


def said(text: str, quote: str = "") -> Sentence:
    return Sentence(text, "supported", (cite(quote),) if quote else ())


def shaped(*texts: str, kind: str = "", state: str = "supported") -> list[str]:
    """Names of the blocks that sentences give."""
    made = Answer("q", "q", "done", tuple(Sentence(t, state) for t in texts), kind=kind)  # type: ignore[arg-type]
    return [type(block).__name__ for block in layout(made)]


def test_quotations_one_a_line_are_a_list_and_numbered_where_they_are_steps() -> None:
    (block,) = layout(answer("list"))
    assert (
        isinstance(block, Listing)
        and block.marks == "bullet"
        and [line.text for line in block.lines][:2] == [DAYS, CARRIED]
    )
    (block,) = layout(answer("steps"))
    assert isinstance(block, Listing) and block.marks == "number"
    markup = answer_html(answer("steps"), "A", LOOK)
    assert (
        re.search(r'<ol class="l-number"><li><span class="s s-supported">', markup)
        and markup.count("<li>") == 3
    )
    assert "4 条均有依据" in text_of(answer_html(answer("list"), "A", LOOK))


def test_a_lead_stands_over_its_list_and_numbers_of_the_document_are_not_doubled() -> None:
    a = Answer(
        "q",
        "q",
        "done",
        (said("推算：共 2 项。\n", "甲"), said("甲。\n", "甲。"), said("乙。", "乙。")),
        kind="count",
    )
    assert [type(b).__name__ for b in layout(a)] == ["Prose", "Listing"]
    b = Answer(
        "q",
        "q",
        "done",
        (said("（一）提交申请；\n", "（一）提交申请；"), said("（二）批准。", "（二）批准。")),
        kind="steps",
    )
    (block,) = layout(b)
    assert isinstance(block, Listing) and block.marks == "own" and "<ul" in answer_html(b, "A", LOOK)
    assert [own_number(t) for t in ("（一）提交", "1. 提交", "第五条 提交", "提交", "2025年")] == [
        "（一）",
        "1.",
        "第五条",
        "",
        "",
    ]


def test_what_goes_on_in_a_numbered_paragraph_stays_with_its_item() -> None:
    """The second sentence goes on where the first ends; the last is a paragraph of its own."""
    text = "1. 取得证明。由医院开具。\n2. 登记。\n逾期不办。"
    spans = [(0, 8), (8, 14), (15, 21), (22, 27)]
    assert [text[a:b] for a, b in spans] == ["1. 取得证明。", "由医院开具。", "2. 登记。", "逾期不办。"]
    given = [
        Sentence(text[a:b] + "\n", "supported", (replace(cite(text[a:b]), start=a, end=b),)) for a, b in spans
    ]
    (block,) = layout(Answer("q", "q", "done", tuple(given), kind="steps"))
    assert isinstance(block, Listing) and block.marks == "own"
    assert [line.text for line in block.lines] == ["1. 取得证明。由医院开具。", "2. 登记。", "逾期不办。"]
    assert [s.text for s in statements([block])] == [s.text for s in given], (
        "each keeps its state and citations"
    )


def test_rows_below_a_heading_of_an_outline_are_one_list() -> None:
    rows = ("园区：本部；小班：100人", "园区：东园；小班：50人")
    cited = [cite(row, heading=("二、招生计划",)) for row in rows]
    given = (
        Sentence(f"二、招生计划：{rows[0]}\n", "supported", (cited[0],)),
        Sentence(f"{rows[1]}\n", "supported", (cited[1],)),
    )
    head, listing = layout(Answer("q", "q", "done", given, kind="overview_document"))
    assert isinstance(head, Heading) and head.text == "二、招生计划"
    assert isinstance(listing, Listing) and [line.text for line in listing.lines] == list(rows)


def test_running_text_stays_running_text() -> None:
    assert shaped("甲。", "乙。") == ["Prose"] and shaped(
        "尊敬的同志：\n", "请于周五前报送。\n", "办公室"
    ) == ["Prose"]
    assert shaped("甲。\n\n", "乙。") == ["Prose", "Prose"] and shaped("") == []
    assert shaped("通知：\n", "- 甲\n", "- 乙\n", "特此通知。") == ["Prose", "Listing", "Prose"]
    assert shaped("| 只有一格") == ["Prose"] and shaped("|") == ["Prose"]


def test_a_table_has_a_head_rows_and_the_chips_of_each_row() -> None:
    (table,) = layout(answer("table"))
    assert (
        isinstance(table, Table) and table.head is not None and table.head.cells == ("事项", "谁批准", "要求")
    )
    assert [len(row.cells) for row in table.rows] == [3, 3, 3] and len(statements([table])) == 3
    markup = answer_html(answer("table"), "A", LOOK)
    rows = re.findall(r"<tr.*?</tr>", markup)
    assert len(rows) == 4 and rows[0].startswith("<tr><th>事项</th>") and "依据" in rows[0]
    assert 'href="#A-s2"' in rows[2] and "部分有依据" in rows[3] and "分管领导" in rows[3]
    assert "3 条中 2 条有充分依据" in text_of(markup) and "--" not in text_of("".join(rows))


def test_ragged_rows_bars_in_cells_and_a_lost_head() -> None:
    a = Answer(
        "q",
        "q",
        "done",
        tuple(
            said(t) for t in ("| a | b |\n", "|---|:--:|\n", "| 1 |\n", "| 1 | 2 | 3 |\n", "| x\\|y | z |")
        ),
    )
    (table,) = layout(a)
    assert isinstance(table, Table) and [row.cells for row in table.rows] == [
        ("1", ""),
        ("1", "2 3"),
        ("x|y", "z"),
    ]
    assert "| x\\|y | z |" in clipboard(a, markdown=True)
    (lost,) = layout(replace(a, sentences=a.sentences[1:]))
    assert isinstance(lost, Table) and lost.head is None and len(lost.rows) == 3
    quoted = Answer("q", "q", "done", (said("| 甲 | 1 |\n", "| 甲 | 1 |"), said("| 乙 | 2 |", "| 乙 | 2 |")))
    (rows,) = layout(quoted)
    assert isinstance(rows, Table) and rows.head is None and len(rows.rows) == 2
    only = Answer("q", "q", "done", (said("|---|---|"),))
    assert (
        answer_html(only, "A", LOOK)
        and clipboard(only) == ""
        and to_word("t", [Exchange("e", "q", "t", "done", only)])
    )


def test_an_outline_has_title_and_headings() -> None:
    blocks = layout(answer("outline"))
    assert [(b.text, b.level) for b in blocks if isinstance(b, Heading)] == [
        (LEAVE.title, 1),
        ("第一章 总则", 2),
        ("第二章 考勤", 2),
        ("第三章 年休假", 2),
        ("第四章 病假与事假", 2),
    ]
    third = blocks[blocks.index(next(b for b in blocks if isinstance(b, Heading) and "年休假" in b.text)) + 1]
    assert isinstance(third, Listing | Prose) and third.lines[0].text == DAYS
    markup = answer_html(answer("outline"), "A", LOOK)
    assert f'<h3 class="o-title">{text_of(LEAVE.title)}</h3>' in markup and markup.count("<h4") == 4
    assert "5 条均有依据" in text_of(markup) or "5 句均有依据" in text_of(markup)


def test_an_overview_of_a_part_has_title_and_headings_too() -> None:
    row = "各单位建立台账。"
    given = (
        Sentence("《文》\n", "supported", (cite("文"),)),
        Sentence(f"二、台账：{row}\n", "supported", (cite(row, heading=("二、台账",)),)),
    )
    title, head, text = layout(Answer("q", "q", "done", given, kind="overview_topic"))
    assert isinstance(title, Heading) and (title.text, title.level) == ("文", 1)
    assert isinstance(head, Heading) and (head.text, head.level) == ("二、台账", 2)
    assert isinstance(text, Prose) and text.lines[0].text == row


def test_documents_of_an_overview_are_set_off() -> None:
    one = Sentence("《甲》：内容甲。\n", "supported", (cite("内容甲。", "甲"),))
    two = Sentence("《乙》：内容乙。", "supported", (cite("内容乙。", "乙"),))
    a = Answer("q", "q", "done", (one, two), kind="overview_all")
    (block,) = layout(a)
    assert isinstance(block, Listing) and [line.lead for line in block.lines] == ["《甲》：", "《乙》："]
    assert "<strong>《甲》：</strong>" in answer_html(a, "A", LOOK) and "- 《甲》：内容甲。[1]" in clipboard(
        a, markdown=True
    )


def test_notes_on_how_it_was_made_come_once_and_below() -> None:
    markup = answer_html(answer("table"), "A", LOOK)
    assert markup.count("note-draft") == 1 and markup.index("note-draft") > markup.index("</table>")
    notes = (Note("dropped", "一"), Note("dropped", "二"), Note("conflict", "三"))
    markup = answer_html(Answer("q", "q", "done", (said("甲。"),), notes=notes), "A", LOOK)
    assert markup.count("note-dropped") == 2 and markup.index("note-conflict") < markup.index('class="text"')


def test_what_stands_there_does_not_move_while_the_answer_is_made() -> None:
    """The status stands where the verdict will, and a form is the same half written and complete."""
    shown = list(fake_engine().stream("票据不全怎么办，票据不全？"))
    quick = next(a for a in shown if a.stage == "writing")
    markup = answer_html(quick, "A", LOOK)
    assert "s-supported" in markup and markup.index('class="text"') < markup.index(
        'class="status"'
    ) < markup.index('class="evidence"')
    assert "verdict" not in markup
    half = [a for a in fake_engine().stream(ASKED["table"]) if a.stage == "writing"]
    assert all("<table>" in answer_html(a, "A", LOOK) for a in half[2:])
    whole = "通知：\n| 会议 | 时间 |\n|---|---|\n| 甲会 | 3月[1"
    drafted = answer_html(Answer("q", "q", "writing", (Sentence(whole),)), "A", LOOK)
    assert "<th>会议</th>" in drafted and text_of(drafted).count("3月") == 1 and "[1" not in text_of(drafted)


def test_small_talk_is_said_and_nothing_else() -> None:
    a = fake_engine().answer("你好")
    assert (
        a.talk and "verdict" not in answer_html(a, "A", LOOK) and "evidence" not in answer_html(a, "A", LOOK)
    )


def test_copies_carry_the_form() -> None:
    assert clipboard(answer("steps")).startswith(f"1. {SIGNED}[1]\n2. ")
    assert clipboard(answer("list")).startswith("• ") and clipboard(answer("list"), markdown=True).startswith(
        "- "
    )
    assert clipboard(answer("table")).startswith("事项\t谁批准\t要求\t依据\n年休假3天及以内\t处室负责人\t")
    written = clipboard(answer("table"), markdown=True)
    assert written.startswith(
        "| 事项 | 谁批准 | 要求 | 依据 |\n| --- | --- | --- | --- |\n| 年休假3天及以内 |"
    )
    assert f"### {LEAVE.title}\n\n**第一章 总则**\n\n" in clipboard(answer("outline"), markdown=True)
    exchange = [Exchange("e", "q", "t", "done", answer("table"))]
    assert "> 这是根据所引文件起草的草稿" in to_markdown("t", exchange)
    page = to_html("t", exchange)
    assert "<th>事项</th>" in page and "<td>[2]</td>" in page
    assert "<ol class=number><li>" in to_html("t", [Exchange("e", "q", "t", "done", answer("steps"))])


def test_a_line_of_a_document_does_not_steer_markdown() -> None:
    assert (
        clipboard(Answer("q", "q", "done", (said("# 甲\n"), said("> 乙"))), markdown=True)
        == "\\# 甲  \n\\> 乙"
    )


def test_word_has_questions_lists_tables_and_sources_numbered_through() -> None:
    rows = [
        Exchange(form, question, "2026-03-02T08:00:00+00:00", "done", answer(form))
        for form, question in ASKED.items()
    ]
    rows.append(Exchange("x", "断了", "t", "failed", None, "原因"))
    again = Exchange("s2", "再盖章", "t", "done", answer("steps"))
    made = docx.Document(io.BytesIO(to_word("请假与用印", [*rows, again])))
    heads = [p.text for p in made.paragraphs if p.style.name == "Heading 1"]
    assert heads == [*ASKED.values(), "断了", "再盖章", "出处"]
    assert [p.text for p in made.paragraphs if p.style.name == "List Number"][0] == f"{SIGNED}[5]"
    numbered = [p._p.pPr.numPr.numId.val for p in made.paragraphs if p.style.name == "List Number"]
    assert len(set(numbered)) == 2 and len(numbered) == 6
    (table,) = made.tables
    assert [c.text for c in table.rows[0].cells] == [
        "事项",
        "谁批准",
        "要求",
        "依据",
    ] and "〔部分有依据〕" in table.rows[3].cells[3].text
    assert LEAVE.title in [p.text for p in made.paragraphs if p.style.name == "Heading 2"]
    listed = [p.text for p in made.paragraphs[-60:] if re.match(r"\[\d+\] ", p.text)]
    assert listed[0].startswith(f"[1] {LEAVE.title}，第三章 年休假，第 3 页") and [
        int(x[1 : x.index("]")]) for x in listed
    ] == list(range(1, len(listed) + 1))
    quotes = [p.text for p in made.paragraphs if p.style.name == "Quote"]
    assert DAYS in quotes and SIGNED in quotes and "原因" in [p.text for p in made.paragraphs]


@pytest.mark.parametrize("payload", [*PAYLOADS, "甲\x00\x0b乙\ufffe\ud800"])
def test_hostile_text_in_every_form_stays_text(payload: str) -> None:
    row = f"| {payload} | {payload} |".replace("\n", " ")
    quote = Citation("d-1", "d", payload, "0", (payload,), None, 0, len(payload), payload, 1.0, payload)
    passage = Retrieved("d-1", "d", payload, "0", (payload,), None, 0, len(payload), payload, 1.0)
    forms = {
        "list": (Sentence(payload + "\n", "supported", (quote,)), Sentence(payload, "supported", (quote,))),
        "order": (
            Sentence(row + "\n"),
            Sentence("|---|---|\n"),
            Sentence(row + "\n", "partial", (quote,)),
            Sentence("- " + payload + "\n"),
            Sentence("- " + payload),
        ),
        "overview_document": (
            Sentence(f"《{payload}》\n", "supported", (quote,)),
            Sentence(f"{payload}：{payload}", "supported", (quote,)),
        ),
        "overview_all": (Sentence(f"《{payload}》：{payload}", "supported", (quote,)),),
        "chat": (Sentence(payload),),
    }
    for kind, sentences in forms.items():
        for stage in ("writing", "done"):
            a = Answer(
                payload,
                payload + "x",
                stage,
                sentences,
                None,
                (passage,) if kind != "chat" else (),
                kind=kind,
            )  # type: ignore[arg-type]
            is_message(answer_html(a, "A", LOOK))
        exchange = [Exchange("e", payload, "t", "done", a)]
        assert "<script" not in to_html(payload, exchange).lower()
        read = docx.Document(io.BytesIO(to_word(payload, exchange)))
        assert printable(payload).split("\n")[0].strip() in "\n".join(p.text for p in read.paragraphs)


def test_a_question_can_be_asked_as_it_was_typed() -> None:
    markup = answer_html(fake_engine().answer("那超过三天谁批？"), "A", LOOK)
    assert "act-alone" in markup and "act-alone" not in answer_html(answer("table"), "A", LOOK)
    assert "act-alone" not in answer_html(fake_engine().answer("年休假怎么申请？"), "A", LOOK)
    d = services(fake_engine())
    conversation = run(d, "年休假怎么申请？")[-1].conversation

    async def again(alone: bool) -> None:
        async for _ in ask(d, conversation, "那超过三天谁批？", Viewer("u"), LOOK, alone=alone):
            pass

    asyncio.run(again(False))
    asyncio.run(again(True))
    assert [len(history) for _, history in d.engine.asked] == [0, 1, 0]  # type: ignore[attr-defined]


@pytest.fixture()
def client(tmp_path: Path):  # type: ignore[no-untyped-def]
    store = Store.in_memory()
    with page_client(tmp_path, store) as made:
        made.store = store
        yield made


def test_word_is_served_for_a_conversation_and_for_one_answer(client: TestClient) -> None:
    seed(client.store)  # type: ignore[attr-defined]
    client.store.save(
        "admin", CID, Exchange("e2", "盖章怎么办？", "2026-03-02T08:00:00+00:00", "done", answer("steps"))
    )  # type: ignore[attr-defined]
    both = client.get(f"/page/conversations/{CID}/export.docx")
    assert (
        both.status_code == 200
        and both.headers["content-type"] == WORD
        and ".docx" in both.headers["content-disposition"]
    )
    one = client.get(f"/page/conversations/{CID}/export.docx?exchange=e2")
    heads = [
        [p.text for p in docx.Document(io.BytesIO(r.content)).paragraphs if p.style.name == "Heading 1"]
        for r in (both, one)
    ]
    assert heads == [["年休假怎么申请？", "盖章怎么办？", "出处"], ["盖章怎么办？", "出处"]]
    for path, user in (
        (f"{CID}/export.docx?exchange=none", "admin"),
        (f"{CID}/export.docx", "li"),
        (f"{CID}/export.exe", "admin"),
    ):
        assert client.get(f"/page/conversations/{path}", headers={"x-test-user": user}).status_code == 404
    assert (
        client.get(f"/page/conversations/{CID}/export.docx", headers={"x-test-user": "visitor"}).status_code
        == 403
    )


def test_a_refusal_can_be_reported_as_a_gap(client: TestClient) -> None:
    a = fake_engine().answer("食堂几点开门？")
    assert "act-gap" in answer_html(a, "A", LOOK)
    assert a.refusal is not None and "act-gap" not in answer_html(
        replace(a, refusal=Refusal("no_documents", "没有")), "A", LOOK
    )
    seed(client.store, question="食堂几点开门？")  # type: ignore[attr-defined]
    told = client.post(
        "/page/feedback",
        json={"conversation": CID, "exchange": "e1", "verdict": "down", "reasons": ["gap"]},
        headers=OURS,
    )
    assert told.status_code == 200 and client.get("/api/feedback").status_code in (200, 404)
    (row,) = client.store.feedback()  # type: ignore[attr-defined]
    assert row.reasons == ("gap",) and row.verdict == "down" and row.answer.refused
