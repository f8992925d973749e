"""The gate: premise first, then support, then a probability that only the knob weighs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hit_fakes import hit

from qa.attribution import EvidenceSentence
from qa.context import Context
from qa.draft import Draft, tie
from qa.gate import PROBE, WEIGHTS, Gate, probability, probed
from qa.question import analyse

STATION = "全市已建成113家就业驿站，居民可以就近求职。"
LETTER = "2025年6月13日，市级机关工委发出《致市级机关党员干部职工的公开信》。"


def draft_of(question, text, passage=STATION, **extra):
    found = hit(passage, published="2025-07-15")
    sentence = EvidenceSentence(found.passage, found.document, 0, len(passage), passage)
    context = Context(f"[1] {passage}", (sentence,), (sentence,), (found,), len(passage))
    sentences = (tie(text, analyse(question), context),) if text else ()
    return [found], Draft(sentences, context, logprobs=(-0.1,) * 5, finish="stop", **extra)


def decide(question, text, passage=STATION, risk=0.5):
    hits, draft = draft_of(question, text, passage)
    return Gate(risk).decide(analyse(question), hits, draft)


def test_a_borne_out_answer_is_more_probable_than_an_invented_one():
    good = decide("建成了多少家就业驿站？", "全市已建成113家就业驿站。")
    bad = decide("建成了多少家就业驿站？", "全市已建成250家就业驿站。")
    assert 0.0 <= bad.confidence < good.confidence <= 1.0
    assert bad.quote is not None or bad.reason == "unsupported"


def test_a_draft_without_a_sentence_is_unsupported():
    assert decide("建成了多少家就业驿站？", "", risk=0.0).reason == "unsupported"
    shown = decide("建成了多少家就业驿站？", "", risk=1.0)
    assert shown.reason is None and shown.quote is not None


def test_the_knob_decides_and_nothing_else_changes():
    decisions = [decide("建成了多少家就业驿站？", "全市已建成113家就业驿站。", risk=r) for r in (0.0, 1.0)]
    assert [d.reason for d in decisions] == ["not_answered", None]
    assert decisions[0].features == decisions[1].features


@pytest.mark.parametrize(
    ("question", "told", "reason"),
    [
        ("北京建成了多少家就业驿站？", STATION, "not_answered"),
        ("天津建成了多少家就业驿站？", "天津市去年开了会。" + STATION, None),
        ("天津市建成了多少家就业驿站？", "天津去年开了会。" + STATION, None),
        ("建成了多少家就业驿站？", STATION, None),
        ("市应急局建成了多少家就业驿站？", STATION, "not_answered"),
        ("市人力资源和社会保障局建成了多少家就业驿站？", "人社局开了会。" + STATION, None),
        ("李志刚说建成了多少家就业驿站？", STATION, "not_answered"),
        ("李志刚说建成了多少家就业驿站？", "李志刚介绍了情况。" + STATION, None),
        ("建成多少家就业驿站的是市应急局还是市人社局？", STATION, None),
    ],
)
def test_what_is_told_of_one_place_person_or_body_is_no_answer_about_another(question, told, reason):
    assert decide(question, "全市已建成113家就业驿站。", told, risk=1.0).reason == reason


def test_a_false_premise_is_named_with_what_the_document_has():
    decision = decide("2024年6月13日发出的公开信叫什么？", "公开信叫《致市级机关党员干部职工的公开信》。", LETTER, risk=1.0)
    assert decision.reason == "false_premise"
    (premise,) = decision.premises
    assert "2024年6月13日" in premise.claim and "2025年6月13日" in premise.evidence


def test_a_false_premise_is_named_by_what_was_found_but_not_read():
    question = "市级机关工委2024年6月13日发出的信是什么？"
    hits, draft = draft_of(question, "市级机关工委发出的信是公开信。", "市级机关工委的信叫做公开信。")
    (told,), other = hits, hit(LETTER, 2, published="2025-07-15")
    known = (*draft.context.sentences, EvidenceSentence(other.passage, other.document, 0, len(LETTER), LETTER))
    assert Gate(1.0).decide(analyse(question), [told], draft).reason != "false_premise"
    decision = Gate(1.0).decide(analyse(question), [told, other], replace(draft, context=replace(draft.context, known=known)))
    assert decision.reason == "false_premise" and decision.premises[0].index == 1


def test_probes_fitted_on_one_model_tell_nothing_of_another():
    size = np.load(PROBE)["answer_mean"].shape
    draft = Draft(state=np.zeros(size), judged=np.zeros(size), model="Qwen2.5 Coder 1.5B Instruct (openvino, x-int8)")
    assert set(probed(draft)) == {f"probe_{of}_{target}" for of in ("answer", "judge") for target in ("draft", "quote")}
    assert probed(replace(draft, model="qwen2.5-coder-1.5b-instruct-q4_k_m (transformers)"))
    assert probed(replace(draft, model="Qwen2.5 1.5B Instruct (openvino, x-int8)")) == {}
    assert probed(Draft(model=draft.model)) == {}, "an engine that tells no states"


@pytest.mark.parametrize("of", ["draft", "quote", "quotes"])
def test_extreme_features_give_a_probability_all_the_same(of):
    names = json.loads(WEIGHTS.read_text("utf-8"))[of]["without_state"]["features"]
    for value in (-1e9, 0.0, 1e9):
        assert 0.0 <= probability(of, dict.fromkeys(names, value)) <= 1.0


@pytest.mark.parametrize(("part", "least"), [("with_state", 0.88), ("without_state", 0.82)])
@pytest.mark.parametrize("of", ["draft", "quote", "quotes"])
def test_the_fitted_weights_say_where_they_come_from(of, part, least):
    model = json.loads(WEIGHTS.read_text("utf-8"))
    assert model[of][part]["out_of_fold"]["auc"] > least
    assert model["data"]["questions"] >= 1700
    assert len(model[of][part]["features"]) == len(model[of][part]["weights"])


def test_where_the_draft_is_wrong_the_sentence_that_answers_is_quoted():
    decision = decide("建成了多少家就业驿站？", "全市已建成250家就业驿站。", risk=0.8)
    assert decision.reason is None and decision.quote is not None and decision.quote.indices == (0,)


def test_what_another_place_says_is_not_quoted():
    decision = decide("北京建成了多少家就业驿站？", "北京已建成250家就业驿站。", risk=0.99)
    assert decision.reason == "unsupported" and decision.quote is None


def test_the_members_of_one_thing_are_not_those_of_another():
    """四个带头 is told of elsewhere, without its members; what the letter asks for are four as well."""
    letter = "公开信请大家在四个方面作出表率，即政治自觉、具体行动、家风传承和风尚培育。"
    asked, told = "“四个带头”是哪四个", "四个带头是政治自觉、具体行动、家风传承和风尚培育。"
    places = [hit(letter, number=1), hit("工委推进机关建设，要求做到“四个带头”。", number=2)]
    sentences = tuple(EvidenceSentence(h.passage, h.document, 0, len(h.passage.text), h.passage.text) for h in places)
    for shown in (places, places[:1]):
        context = Context("", sentences[: len(shown)], sentences[: len(shown)], tuple(shown), 50)
        draft = Draft((tie(told, analyse(asked), context),), context, logprobs=(-0.1,) * 5, finish="stop")
        assert draft.sentences[0].citations[0].document_id == "d1"
        found = Gate(1.0).decide(analyse(asked), shown, draft)
        assert (found.reason is None and found.quote is None) is (shown is not places), "the draft is shown"
