"""Verdicts question by question, evidence overlap, judges of support, and the summary's figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from errors import EvalError
from eval.evidence import gold_units, overlap, rank_units, same_document
from eval.labels import label
from eval.scoring import answer_scores, citation_scores
from eval.summary import risk_points
from eval.support import GoldOverlap, LanguageModel, OwnCheck, open_judge, read_yes_no
from eval.tasks.types import Evidence, Item
from eval.verdict import judge

QUOTE = "评定命名“四强”党支部287个，示范岗50个。"


def cited(quote: str, document: str = "03", start: int = 0) -> dict[str, Any]:
    return {
        "passage_id": "d1-0001",
        "document_id": "d1",
        "document": document,
        "document_sha256": "0" * 64,
        "heading": [],
        "page": None,
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "score": 0.9,
        "published": None,
    }


def record(
    text: str,
    quotes: tuple[str, ...] = (QUOTE,),
    refused: str = "",
    notes: tuple[str, ...] = (),
    draft: str = "",
) -> dict[str, Any]:
    citations = [cited(quote, start=100 * n) for n, quote in enumerate(quotes)]
    answer = {
        "question": "评定命名多少个？",
        "query": "评定命名多少个？",
        "answer": text,
        "refused": bool(refused),
        "reason": refused or None,
        "sentences": []
        if refused
        else [{"text": text, "state": "supported", "citations": citations, "problems": []}],
        "retrieved": [
            {"text": QUOTE, "sent": True, "document": "03", "heading": [], "published": "2025-07-15"}
        ],
        "notes": [{"kind": "premise", "message": note} for note in notes],
        "timings": {"first_token": 0.5},
        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
        "confidence": 0.8,
        "refusal": {"draft": draft} if refused else None,
    }
    return {
        "id": "1",
        "answer": answer,
        "error": None,
        "seconds": {"total": 1.0},
        "contexts": {"d1": "03-organisation.md"},
    }


def item(**more: Any) -> Item:
    base: dict[str, Any] = {
        "answers": ("287个",),
        "answerable": True,
        "evidence": (Evidence("03-organisation.md", "党支部287个"),),
    }
    return Item("1", "命名了多少个“四强”党支部？", **(base | more))


@pytest.mark.parametrize(
    ("case", "came", "kind"),
    [
        (item(), record("共287个。"), "right"),
        (item(), record("二百八十七个"), "right"),
        (item(), record("共287个。", ("活动部署了14项任务。",)), "right_other_evidence"),
        (item(), record("共287个。", ()), "right_other_evidence"),
        (item(), record("共50个。"), "wrong"),
        (item(), record("共287个，占99.5%。"), "wrong"),
        (item(evidence=()), record("共287个。", ()), "right"),
        (item(), record("没有找到。", refused="not_answered"), "refused_wrong"),
        (
            item(answers=(), answerable=False, evidence=()),
            record("没有找到。", refused="no_evidence"),
            "refused_right",
        ),
        (item(answers=(), answerable=False, evidence=()), record("共287个。"), "hallucinated"),
        (item(answers=("x",), parts=(("287个",), ("50个", "50人"))), record("287个和50个"), "right"),
        (item(answers=("x",), parts=(("287个",), ("60个",))), record("287个和50个"), "wrong"),
        (item(answers=()), record("随便"), "answered"),
        (
            item(type="false_premise", answers=("287个",)),
            record("前提有误", refused="false_premise"),
            "refused_right",
        ),
        (
            item(type="false_premise", answers=("287个",)),
            record("没有。", refused="not_answered"),
            "refused_wrong",
        ),
        (
            item(type="false_premise", answers=("287个",)),
            record("没有。", refused="not_answered", notes=("文档写的是287个",)),
            "refused_right",
        ),
        (item(type="false_premise", answers=("287个",)), record("因为表现突出。"), "hallucinated"),
        (item(type="false_premise", answers=("287个",)), record("实际是287个。"), "right"),
    ],
)
def test_verdicts(case: Item, came: dict[str, Any], kind: str) -> None:
    assert judge(case, came).kind == kind


def test_reasons_name_what_is_missing_or_against() -> None:
    assert "99.5" in judge(item(), record("共287个，占99.5%。")).reason
    assert "60个" in judge(item(answers=("x",), parts=(("60个",),)), record("没有提到")).reason


def test_scores_of_a_refusal_and_of_an_error() -> None:
    refusal = record("没有找到。", refused="not_answered")
    scores = answer_scores(item(), refusal, judge(item(), refusal))
    assert scores["char_f1"] == 0.0 and scores["wrongly_refused"] == 1.0 and scores["hallucinated"] is None
    assert scores["right_with_evidence"] == 0.0 and scores["length"] is None
    broken = record("") | {"answer": None, "error": {"type": "X", "message": "m"}}
    scores = answer_scores(item(), broken, judge(item(), broken))
    assert scores["right"] == 0.0 and scores["wrongly_refused"] == 1.0 and scores["exact_match"] == 0.0
    assert "seconds_total" not in scores


def test_overlap_is_place_not_likeness() -> None:
    assert overlap(QUOTE, "党支部287个") and overlap("党支部287个", QUOTE)
    assert overlap("部署任务。评定命名“四强”党支部", "评定命名“四强”党支部287个")
    assert not overlap("松树苗圃共培育幼苗200株。", "柏树苗圃共培育幼苗207株。")
    assert not overlap("党支", QUOTE) and overlap("我认识张磊同志", "张磊") and not overlap("", "张磊")
    assert overlap("党支 部\n２８７个", "党支部287个")  # a repaired line break, another width


def test_documents_by_any_of_their_names() -> None:
    assert same_document("03-organisation.md", "组织", "03-organisation.md") and same_document(
        "travel", "Travel.TXT"
    )
    assert not same_document("03.md", "04.md", "")


def test_gold_units_and_their_ranking() -> None:
    passages = [
        ("p1", ("a.md",), "甲乙丙丁戊己庚辛。"),
        ("p2", ("a.md",), "一二三四五六。"),
        ("p3", ("b.md",), "甲乙丙丁。"),
    ]
    evidence = (
        Evidence("a.md", "甲乙丙丁"),
        Evidence("a.md", "戊己庚辛"),
        Evidence("a.md", "不在这里的话"),
        Evidence("", "甲乙丙丁。"),
    )
    units = gold_units(evidence, passages)
    assert units == {"gold:0": frozenset({"p1"}), "gold:1": frozenset({"p1", "p3"}), "missing:0": frozenset()}
    assert rank_units(["p2", "p3", "p1"], units) == ["p2", "gold:1", "gold:0"]
    across = gold_units(
        (Evidence("", "甲乙丙丁戊己"),), [("x", ("a",), "前文甲乙丙丁"), ("y", ("a",), "戊己后文后文")]
    )
    assert across == {"gold:0": frozenset({"x"})}


def test_gold_judge_and_silence_where_nothing_is_known() -> None:
    used, scores = citation_scores(item(), record("287个。", (QUOTE, "别处的一句话。")), [GoldOverlap()])
    assert used == "gold" and scores["citation_recall"] == 1.0 and scores["citation_precision"] == 0.5
    assert scores["gold_precision"] == 0.5 and scores["gold_recall"] == 1.0
    used, scores = citation_scores(item(evidence=()), record("287个。"), [GoldOverlap()])
    assert used == "" and scores == {}
    assert citation_scores(item(), record("没有", refused="no_evidence"), [GoldOverlap()]) == ("", {})


def test_own_check_reads_the_quotes() -> None:
    used, scores = citation_scores(
        item(evidence=()), record("评定命名“四强”党支部287个。"), open_judge("auto")
    )
    assert used == "own" and scores["citation_recall_own"] == 1.0
    _, scores = citation_scores(item(evidence=()), record("评定命名“四强”党支部999个。"), [OwnCheck()])
    assert scores["citation_recall_own"] == 0.0 and "citation_recall" not in scores
    assert "自评" in label("citation_recall_own") and "made the citations" in label(
        "citation_precision_own", "en"
    )


def test_language_model_judge_asks_each_question_once() -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "是" if "287个" in prompt.split("证据：")[1].split("这句话")[0] else "否。"

    judge_ = LanguageModel(ask)
    used, scores = citation_scores(item(), record("共287个。", (QUOTE, "别处的一句话。")), [judge_])
    assert used == "llm" and scores["citation_recall"] == 1.0 and scores["citation_precision"] == 0.5
    assert len(asked) == len(set(asked)) == 3


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [("是", True), ("否", False), (" **不支持**", False), ("Yes.", True), ("No", False), ("支持", True)],
)
def test_yes_and_no(reply: str, meaning: bool) -> None:
    assert read_yes_no(reply) is meaning


def test_judges_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EvalError, match="neither yes nor no"):
        read_yes_no("也许")
    with pytest.raises(EvalError, match="unknown judge 'gould'"):
        open_judge("gould")
    monkeypatch.delenv("WENJU_JUDGE_URL", raising=False)
    with pytest.raises(EvalError, match="needs an OpenAI-compatible endpoint"):
        open_judge("llm")


def test_endpoint_judge_speaks_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(
            200, text='data: {"choices": [{"delta": {"content": "否"}}]}\n\ndata: [DONE]\n\n'
        )

    client = httpx.Client
    monkeypatch.setattr(
        httpx, "Client", lambda **options: client(transport=httpx.MockTransport(answer), **options)
    )
    for name, value in (("URL", "http://judge.test/v1/"), ("MODEL", "m"), ("KEY", "k")):
        monkeypatch.setenv(f"WENJU_JUDGE_{name}", value)
    (made,) = open_judge("llm")
    assert made.entails([cited(QUOTE)], "x", item(), record("x")) is False
    assert (
        str(seen[0].url) == "http://judge.test/v1/chat/completions"
        and seen[0].headers["Authorization"] == "Bearer k"
    )


def test_risk_counts_a_held_back_draft_by_what_it_said() -> None:
    items = [
        item(),
        Item("2", "？", answerable=False),
        Item("3", "？", ("7个",), answerable=True),
        Item("4", "？", ("7个",), answerable=True),
    ]
    came = {
        "1": record("共287个。"),
        "2": record("无", refused="not_answered", draft="7个"),
        "3": record("无", refused="not_answered", draft="共7个"),
        "4": record("无", refused="not_answered", draft="共8个"),
    }
    rows = [
        {"id": key, "confidence": 0.5, "verdict": judge(case, came[key]).kind}
        for key, case in zip(came, items, strict=True)
    ]
    assert [wrong for _, wrong in risk_points(items, came, rows)] == [False, True, False, True]


def test_without_a_key_neither_answers_nor_refusals_are_judged_right_or_wrong() -> None:
    keyless = item(answers=())
    came = {"1": record("没有。", refused="not_answered", draft="共7个")}
    verdict = judge(keyless, came["1"])
    assert (verdict.kind, verdict.right, verdict.evidence_right) == ("refused_wrong", None, None)
    rows = [{"id": "1", "confidence": 0.5, "verdict": verdict.kind}]
    assert risk_points([keyless], came, rows) == []
    keyed = replace(item(), id="2")  # was not asked
    assert risk_points([keyless, keyed], came, rows) == []
