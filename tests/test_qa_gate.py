"""The gate: a false premise, then support, then a probability that only the knob weighs."""

import json

import pytest
from adapter_fakes import weighed
from hit_fakes import hit

from qa import gate as gates
from qa.adapted import Told
from qa.attribution import EvidenceSentence
from qa.context import Context
from qa.draft import Draft, tie
from qa.gate import UNREAD, WEIGHTS, Gate, doubted, probability, probed
from qa.kinds.extract import Extract
from qa.types import Answer
from qa.verdict import decline

STATION = "全市已建成113家就业驿站，居民可以就近求职。"
ASKED = "建成了多少家就业驿站？"


def draft_of(text, **extra):
    found = hit(STATION, published="2025-07-15")
    sentence = EvidenceSentence(found.passage, found.document, 0, len(STATION), STATION)
    context = Context(f"[1] {STATION}", (sentence,), (found,), len(STATION))
    sentences = (tie(text, ASKED, context),) if text else ()
    return [found], Draft(sentences, context, logprobs=(-0.1,) * 5, finish="stop", **extra), sentence


def decide(text, risk=0.5, likely=0.9):
    hits, draft, sentence = draft_of(text)
    found = Extract((sentence,), likely, 0.8, 3.0, sentence, (5, 9))
    return Gate(risk).decide(hits, draft, found)


def test_a_borne_out_answer_is_more_probable_than_an_invented_one():
    good, bad = decide("全市已建成113家就业驿站。"), decide("全市已建成250家就业驿站。")
    assert bad.confidence >= 0.0 and good.confidence <= 1.0
    assert good.reason is None and not good.quoted
    assert bad.reason == "unsupported" or bad.quoted


def test_the_knob_decides_and_nothing_else_changes():
    decisions = [decide("全市已建成113家就业驿站。", risk=r) for r in (0.0, 1.0)]
    assert [d.reason for d in decisions] == ["not_answered", None]
    assert decisions[0].features == decisions[1].features


def test_a_draft_without_a_sentence_is_unsupported_and_what_was_found_may_stand_in():
    assert decide("", risk=0.0).reason == "unsupported"
    shown = decide("", risk=1.0)
    assert shown.reason is None and shown.quoted


def test_a_false_premise_comes_before_everything(monkeypatch):
    hits, draft, sentence = draft_of("全市已建成113家就业驿站。")
    found = Extract((sentence,), 0.9, 0.8, 3.0, sentence, (5, 9))
    weighed(monkeypatch)
    told = {"probe_answered": 3.0, "probe_premise": 50.0, "probe_words": 2.0}
    told |= {"probe_lines": 3.0, "probe_lines_words": 2.0, "probe_left": -2.0}
    monkeypatch.setattr(gates, "probed", lambda _: told)
    first = Gate(1.0).before(hits, found, draft)
    assert first is not None and first.reason == "false_premise"
    told |= {"probe_premise": -3.0, "probe_answered": 9.0, "probe_lines": 9.0}
    sure = Gate(1.0).before(hits, found, draft)
    assert sure is not None and sure.reason is None and sure.quoted, "what is certain need not be written"
    told |= {"probe_answered": -50.0, "probe_lines": -50.0}
    assert Gate(1.0).before(hits, found, draft) is None
    monkeypatch.setattr(gates, "probed", lambda _: {})
    assert Gate(1.0).before(hits, found, draft) is None, "an engine that tells no states"


def test_what_the_model_holds_unanswered_is_refused_unless_every_risk_is_taken():
    assert Gate(0.65).unanswered(-1.1) and not Gate(0.65).unanswered(-0.9)
    assert Gate(0.2).unanswered(0.3) and not Gate(1.0).unanswered(-9.0)
    assert not Gate(0.0).unanswered(None), "it was not asked"


def test_what_the_adapter_tells_is_what_the_gate_weighs():
    told, lines = Told(1.0, -2.0, (3.0, -4.0, 5.0), (0.0,)), Told(0.5, 7.0, (-6.0, 1.0), (0.0,))
    beside = {"probe_answered": 1.0, "probe_premise": -2.0, "probe_words": -4.0}
    alone = {"probe_lines": 0.5, "probe_lines_words": -6.0}
    assert probed(Draft(judged=told, lines=lines, left=2.0)) == beside | alone | {"probe_left": 2.0}
    unread = {"probe_lines": 1.0, "probe_lines_words": -4.0, "probe_left": UNREAD}
    assert probed(Draft(judged=told)) == beside | unread, "lines too many to be read"
    assert probed(Draft()) == {}, "a generator without an adapter"


@pytest.mark.parametrize("part", ["with_state", "without_state"])
@pytest.mark.parametrize("of", ["draft", "quote"])
def test_extreme_features_give_a_probability_all_the_same(of, part):
    names = json.loads(WEIGHTS.read_text("utf-8"))[of][part]["features"]
    told = {"probe_answered": 0.0} if part == "with_state" else {}
    for value in (-1e9, 0.0, 1e9):
        assert 0.0 <= probability(of, dict.fromkeys(names, value) | told) <= 1.0


@pytest.mark.parametrize(("part", "least"), [("with_state", 0.78), ("without_state", 0.68)])
@pytest.mark.parametrize("of", ["draft", "quote"])
def test_the_fitted_weights_say_how_good_they_are_on_questions_they_were_not_fitted_to(of, part, least):
    model = json.loads(WEIGHTS.read_text("utf-8"))
    assert model[of][part]["auc"]["tried"] > least
    assert model["data"]["rows"] >= 300
    assert len(model[of][part]["features"]) == len(model[of][part]["weights"])


def test_a_refusal_names_the_words_that_nothing_bears_out():
    """The words as far as the one that is least borne out, and none where all are."""
    asked = "地铁集团公示几天"
    draft = Draft(judged=Told(0.0, 0.0, (3.0, 3.0, 3.0, -3.0, 3.0, 3.0, 3.0, 3.0), ()))
    assert doubted(draft, asked) == "地铁集团"
    assert doubted(draft, "请问一下轨道交通里的" + asked) == "请问一下轨道交通里的地铁集团"
    assert doubted(draft, "你好，麻烦问一下，今年" + asked) == "…今年地铁集团"
    assert doubted(draft, "麻烦问一下今年市里管轨道交通的那家" + asked) == "…通的那家地铁集团"
    assert doubted(Draft(judged=Told(0.0, 0.0, (3.0,) * 8, ())), asked) == ""
    assert doubted(Draft(), asked) == ""
    said = decline(Answer(asked, asked), "not_answered", [], draft).refusal
    assert said is not None and "“地铁集团”" in said.message
