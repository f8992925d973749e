"""Quotation: which sentences of the evidence are shown word for word, one or two."""

import math

import pytest
from hit_fakes import hit

import qa.gate
from qa.context import build_context
from qa.draft import Draft, tie
from qa.gate import Gate, sentence_model
from qa.question import analyse
from qa.quote import Quote, best_quote, quoted_places, standing

TEXT = "全市已建成113家就业驿站。它们分布在各区。就业驿站由市人社局牵头。"
QUESTION = "建成了多少家就业驿站？"


def made(text=TEXT):
    hits = [hit(text, 1, 0.9), hit("农村公路开工251公里。", 2, 0.3)]
    return hits, build_context(analyse(QUESTION), hits, len, 200, 4)


def decided(monkeypatch, chances, risk=0.7, draft="共有900家。"):
    """The decision when the three probabilities are as given."""
    monkeypatch.setattr(qa.gate, "probability", lambda of, values, state=None: chances[of])
    hits, context = made()
    sentences = (tie(draft, analyse(QUESTION), context),)
    return Gate(risk).decide(analyse(QUESTION), hits, Draft(sentences, context, finish="stop")), context


def test_the_best_two_sentences_are_found_best_first():
    _, context = made()
    quote = best_quote(analyse(QUESTION), context, (), sentence_model())
    assert len(quote.indices) == 2 and "113家" in context.sentences[quote.indices[0]].text
    assert quote.features["lead"] == pytest.approx(quote.features["logit"] - quote.features["second"])
    assert best_quote(analyse(QUESTION), build_context(analyse(QUESTION), [], len, 200, 4), (), sentence_model()) is None


def test_standing_of_log_odds():
    stands = standing([0.0, -1.0, -1.0])
    assert (stands["logit"], stands["lead"], stands["second"]) == (0.0, 1.0, -1.0)
    assert stands["any"] == pytest.approx(math.log(1 + 2 / math.e))
    assert standing([2.0])["lead"] == 4.0


def test_one_sentence_is_quoted_where_it_is_sure_enough_and_two_where_only_both_are(monkeypatch):
    one, _ = decided(monkeypatch, {"draft": 0.1, "quote": 0.5, "quotes": 0.6})
    assert one.reason is None and len(one.quote.indices) == 1 and one.confidence == 0.5
    two, context = decided(monkeypatch, {"draft": 0.1, "quote": 0.2, "quotes": 0.4})
    assert two.reason is None and len(two.quote.indices) == 2 and two.confidence == 0.4
    assert len(quoted_places(two.quote, context)) >= 2
    none, _ = decided(monkeypatch, {"draft": 0.1, "quote": 0.2, "quotes": 0.25})
    assert none.reason == "unsupported" and none.confidence == 0.2


def test_a_draft_that_is_borne_out_never_gives_way_to_two_sentences(monkeypatch):
    kept, _ = decided(monkeypatch, {"draft": 0.5, "quote": 0.2, "quotes": 0.95}, draft="全市已建成113家就业驿站。")
    assert kept.reason is None and kept.quote is None and kept.confidence == 0.5


def test_a_sentence_that_leans_on_another_is_shown_after_it_and_none_twice():
    _, context = made()
    at = {sentence.text: i for i, sentence in enumerate(context.sentences)}
    leaning, first = at["它们分布在各区。"], at["全市已建成113家就业驿站。"]
    shown = [place.text for place in quoted_places(Quote((leaning, first), {}), context)]
    assert shown == ["全市已建成113家就业驿站。", "它们分布在各区。"]
