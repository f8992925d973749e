"""The turn generator: what each screen shows, that it never raises, and that a place in line is always given
back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_corpus import LEAVE, fake_engine
from fake_engine import FakeEngine
from waiting import until

from errors import ModelError
from ui.admission import Admission, QueueFull
from ui.chat_turn import Screen, Services, ask, stop
from ui.conversation import Conversation, messages, reopen
from ui.rates import RateLimited
from ui.settings import UiSettings
from ui.storage import Store
from ui.storage_types import Exchange
from ui.suggestions import brought_along, follow_ups, instead, openers
from ui.texts import Look
from ui.viewer import Viewer

LOOK = Look()


def services(engine: FakeEngine | None = None, **kwargs: int) -> Services:
    settings = UiSettings(**{"rate_per_minute": 0, **kwargs})  # type: ignore[arg-type]
    answering: Any = engine or fake_engine()
    return Services(answering, Store.in_memory(), Admission.of(settings, answering), settings)  # type: ignore[arg-type]


async def screens(
    d: Services, question: str, conversation: Conversation | None = None, user: str = "u"
) -> list[Screen]:
    return [s async for s in ask(d, conversation or Conversation(), question, Viewer(user), LOOK)]


def run(d: Services, question: str, conversation: Conversation | None = None) -> list[Screen]:
    return asyncio.run(screens(d, question, conversation))


def test_the_first_screen_empties_the_box_and_the_last_frees_it() -> None:
    d = services()
    shown = run(d, "年休假怎么申请？")
    assert shown[0].box == "" and shown[0].busy and not shown[-1].busy
    assert all(s.box is None for s in shown[1:])
    assert "3 句均有依据" in shown[-1].messages[-1]["content"]
    assert d.admission.load == (0, 0)
    stored = d.store.exchanges("u", shown[-1].conversation.id)  # type: ignore[union-attr]
    assert stored is not None and stored[0].status == "done" and stored[0].answer is not None


def test_evidence_is_on_screen_before_any_sentence() -> None:
    shown = [s.messages[-1]["content"] for s in run(services(fake_engine(0.05)), "那超过三天谁批？")]
    first_evidence = next(i for i, m in enumerate(shown) if 'class="evidence"' in m)
    first_sentence = next(i for i, m in enumerate(shown) if "s-pending" in m)
    assert first_evidence < first_sentence


@pytest.mark.parametrize("question", ["", "   \n"])
def test_an_empty_question_changes_nothing(question: str) -> None:
    (only,) = run(services(), question)
    assert only.messages == [] and not only.busy


def test_a_question_while_one_is_answered_is_left_in_the_box() -> None:
    conversation = Conversation()
    conversation.begin("第一个")
    (only,) = run(services(), "第二个", conversation)
    assert only.busy and only.box is None and len(conversation.exchanges) == 1


def test_a_failing_engine_is_explained_and_the_page_goes_on() -> None:
    conversation = Conversation()
    d = services()
    last = run(d, "出错", conversation)[-1]
    assert not last.busy and "生成回答时出错了" in last.messages[-1]["content"]
    assert "act-retry" in last.messages[-1]["content"] and d.admission.load == (0, 0)
    assert "3 句均有依据" in run(d, "年休假怎么申请？", conversation)[-1].messages[-1]["content"]


def test_an_unexpected_error_is_not_shown_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = fake_engine()
    monkeypatch.setattr(engine, "stream", lambda *a, **k: (_ for _ in ()).throw(ZeroDivisionError("secret")))
    last = run(services(engine), "年休假怎么申请？")[-1]
    assert "出了点问题" in last.messages[-1]["content"] and "secret" not in str(last.messages)


def test_a_full_queue_and_too_many_questions_are_messages() -> None:
    async def full() -> str:
        d = services(queue_size=0)
        ticket = d.admission.join("other")
        shown = await screens(d, "年休假怎么申请？")
        ticket.release()
        return shown[-1].messages[-1]["content"]

    async def often() -> str:
        d = services(rate_per_minute=1)
        await screens(d, "年休假怎么申请？")
        return (await screens(d, "年休假怎么申请？"))[-1].messages[-1]["content"]

    assert "队伍已满" in asyncio.run(full())
    assert "次数" in asyncio.run(often()) or "太多次" in asyncio.run(often())


def test_waiting_shows_the_place_in_line_and_the_evidence() -> None:
    async def waits() -> list[Screen]:
        d = services()
        tickets = [d.admission.join("a"), d.admission.join("b")]
        shown = []
        async for screen in ask(d, Conversation(), "年休假怎么申请？", Viewer("u"), LOOK):
            shown.append(screen)
            if (
                "前面还有 2 人" in screen.messages[-1]["content"]
                and 'class="evidence"' in screen.messages[-1]["content"]
            ):
                for ticket in tickets:
                    ticket.release()
        return shown

    shown = asyncio.run(waits())
    assert any("前面还有 2 人" in s.messages[-1]["content"] for s in shown)
    assert "3 句均有依据" in shown[-1].messages[-1]["content"]


def test_a_question_waits_while_the_models_load() -> None:
    engine = fake_engine(loaded=False)

    async def waits() -> list[Screen]:
        d = services(engine)
        asyncio.get_running_loop().call_later(0.4, setattr, engine, "loaded", True)
        return await screens(d, "年休假怎么申请？")

    shown = asyncio.run(waits())
    assert any("正在加载模型" in s.messages[-1]["content"] for s in shown)
    assert "3 句均有依据" in shown[-1].messages[-1]["content"]


def test_models_that_never_load_are_reported() -> None:
    last = run(services(fake_engine(loaded=False), warm_timeout=0.2), "年休假怎么申请？")[-1]  # type: ignore[arg-type]
    assert "模型没有加载成功" in last.messages[-1]["content"] and not last.busy


def test_closing_the_generator_stops_the_engine_and_frees_the_slot() -> None:
    engine = fake_engine(0.02)

    async def cut() -> tuple[Services, Conversation]:
        d, conversation = services(engine), Conversation()
        turn = ask(d, conversation, "慢慢讲", Viewer("u"), LOOK)
        async for screen in turn:
            if "s-pending" in screen.messages[-1]["content"]:
                break
        await turn.aclose()
        return d, conversation

    d, conversation = asyncio.run(cut())
    assert d.admission.load == (0, 0) and conversation.exchanges[0].status == "stopped"
    until(lambda: engine.running == 0)


def test_stop_repairs_what_is_shown_and_keeps_what_was_written() -> None:
    engine = fake_engine(0.02)

    async def stopped() -> Screen:
        d, conversation = services(engine), Conversation()
        async for screen in ask(d, conversation, "慢慢讲", Viewer("u"), LOOK):
            if "s-supported" in screen.messages[-1]["content"]:
                return stop(d, conversation, "u", LOOK)
        raise AssertionError("never wrote a sentence")

    screen = asyncio.run(stopped())
    assert (
        not screen.busy
        and "已停止" in screen.messages[-1]["content"]
        and "s-supported" in screen.messages[-1]["content"]
    )
    until(lambda: engine.running == 0)


def test_follow_up_questions_get_the_history() -> None:
    engine, conversation = fake_engine(), Conversation()
    d = services(engine)
    run(d, "年休假怎么申请？", conversation)
    run(d, "那超过三天谁批？", conversation)
    question, history = engine.asked[-1]
    assert question == "那超过三天谁批？" and [t.question for t in history] == ["年休假怎么申请？"]


def test_a_conversation_that_was_cut_by_a_restart_says_so() -> None:
    conversation = reopen("c" * 16, (Exchange("e", "问", "t"),), LOOK.t("interrupted"))
    shown = messages(conversation, LOOK)
    assert "服务重启时中断" in shown[-1]["content"] and conversation.running is None


def test_finished_answers_are_rendered_once() -> None:
    conversation = Conversation()
    run(services(), "年休假怎么申请？", conversation)
    kept = messages(conversation, LOOK)[-1]["content"]
    conversation.exchanges[0] = replace(conversation.exchanges[0], answer=None)
    assert messages(conversation, LOOK)[-1]["content"] is kept


def test_admission_serves_in_order() -> None:
    async def order() -> None:
        line = Admission(1, 2, 2)
        a, b, c = line.join("a"), line.join("b"), line.join("c")
        assert (a.ahead, b.ahead, c.ahead) == (0, 1, 2)
        with pytest.raises(QueueFull):
            line.join("d")
        b.release()
        assert c.ahead == 1
        a.release()
        a.release()
        assert c.ahead == 0 and line.load == (1, 0)
        line.join("a")
        with pytest.raises(RateLimited):
            line.join("a")

    asyncio.run(order())


def test_suggestions_are_searched_for_and_new() -> None:
    engine = fake_engine()
    assert openers(engine, Store.in_memory(), ("自己的问题",), "zh")[0] == "自己的问题"  # type: ignore[arg-type]
    for question in openers(engine, Store.in_memory(), (), "zh"):  # type: ignore[arg-type]
        assert engine.search(question, 1)
    answer = engine.answer("年休假怎么申请？")
    wishes: list[str] = []
    assert follow_ups(engine, answer, [], "zh", propose=wishes.append) == ()  # type: ignore[arg-type]
    engine.kept = dict.fromkeys(
        wishes, answer
    )  # a question made from a heading is offered once it was answered
    first = follow_ups(engine, answer, [], "zh")  # type: ignore[arg-type]
    assert first and not set(first) & set(follow_ups(engine, answer, first, "zh"))  # type: ignore[arg-type]


def test_a_question_that_was_refused_is_not_offered_again() -> None:
    engine = fake_engine()
    engine.docs = [
        replace(d, meta={"questions": "病假要交什么证明？；年休假怎么申请？"}) if d.id == LEAVE.id else d
        for d in engine.docs
    ]
    assert "病假要交什么证明？" in openers(engine, Store.in_memory(), (), "zh")  # type: ignore[arg-type]
    engine.kept["病假要交什么证明？"] = engine.answer("食堂几点开门？")
    assert openers(engine, Store.in_memory(), (), "zh") == ("年休假怎么申请？",)  # type: ignore[arg-type]


def test_a_refusal_offers_the_nearest_questions_that_have_answers() -> None:
    engine = fake_engine()
    engine.docs = [
        replace(d, meta={"questions": "年休假怎么申请？；病假要交什么证明？；印章怎么外带？"})
        if d.id == LEAVE.id
        else d
        for d in engine.docs
    ]
    bare = engine.answer("食堂几点开门？")
    refused = replace(
        bare,
        query="病假要开什么单子？",
        refusal=replace(bare.refusal, suggestions=(), nearest=(f"{LEAVE.id}-0007",)),
    )  # type: ignore[type-var]
    assert engine.search("病假要交什么证明？", 1)[0].passage.id == f"{LEAVE.id}-0007"
    offered = instead(engine, Store.in_memory(), refused, "zh").refusal  # type: ignore[arg-type]
    assert offered is not None and offered.suggestions == ("病假要交什么证明？",)
    engine.kept["病假要交什么证明？"] = refused
    assert instead(engine, Store.in_memory(), refused, "zh").refusal == refused.refusal  # type: ignore[arg-type]
    assert (
        instead(engine, Store.in_memory(), bare, "zh") is bare
        and instead(engine, Store.in_memory(), engine.answer("年休假怎么申请？"), "zh").refusal is None
    )  # type: ignore[arg-type]


def test_documents_bring_questions_along_and_they_come_first() -> None:
    engine = fake_engine()
    meta = {"questions": "年休假怎么申请？；病假要交什么证明？；今天天气怎么样？"}
    engine.docs = [replace(d, meta=meta) if d.id == LEAVE.id else d for d in engine.docs]
    store = Store.in_memory()
    store.save("u", "0" * 16, Exchange("e", "年休假怎么申请", "t", "done", engine.answer("年休假怎么申请？")))
    offered = openers(engine, store, ("自己的问题",), "zh")  # type: ignore[arg-type]
    assert (
        offered[:3] == ("自己的问题", "年休假怎么申请？", "病假要交什么证明？")
        and "今天天气怎么样？" not in offered
    )
    assert "年休假怎么申请" not in offered, "the same question twice"
    answer = engine.answer("年休假怎么申请？")
    after = follow_ups(engine, answer, ["年休假怎么申请？"], "zh")  # type: ignore[arg-type]
    assert after[0] == "病假要交什么证明？" and "年休假怎么申请？" not in after
    lines = replace(LEAVE, meta={"questions": "一？\n二？; 一？；" + "长" * 80})
    assert brought_along(lines) == ("一？", "二？") and brought_along(LEAVE) == ()


def test_questions_in_front_matter_may_be_a_list(tmp_path: Path) -> None:
    from index.loaders import load

    file = tmp_path / "规定.md"
    file.write_text(
        "---\ntitle: 规定\nquestions:\n  - 谁来审批？\n  - 多久办完？\n---\n\n# 规定\n\n由处室负责人审批。\n",
        "utf-8",
    )
    document = load(file)
    assert brought_along(document) == ("谁来审批？", "多久办完？") and "多久办完" not in document.text


def test_models_that_will_not_come_are_said_at_once_and_the_box_is_free() -> None:
    d = services(fake_engine(loaded=False))
    d.admission.models_failed(ModelError("/models/x.gguf is damaged", "wenju models pull"))
    start = time.monotonic()
    shown = run(d, "年休假怎么申请？")
    assert time.monotonic() - start < 30 and not shown[-1].busy, "not after warm_timeout, which is minutes"
    assert "模型没有加载成功" in shown[-1].messages[-1]["content"] and "x.gguf" not in str(shown[-1].messages)
    assert d.admission.load == (0, 0)
