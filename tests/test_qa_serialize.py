"""The JSON of an answer goes out and comes back unchanged."""

import json

from qa.serialize import answer_from_dict, answer_to_dict
from qa.types import Answer, Citation, Note, Problem, Refusal, Retrieved, Sentence

CITATION = Citation(
    "d-0001", "d", "公报", "ab" * 32, ("一", "（二）"), 3, 10, 14, "建成三座", 0.75, "2025-07-01"
)
RETRIEVED = Retrieved(
    "d-0001", "d", "公报", "ab" * 32, ("一",), None, 0, 20, "今年建成三座桥。", 1.5, True, ((0, 8),)
)
ANSWER = Answer(
    question="建成几座？",
    query="今年建成几座桥？",
    stage="done",
    sentences=(Sentence("建成三座。", "partial", (CITATION,), (Problem("number", "三座", "四座"),)),),
    retrieved=(RETRIEVED,),
    confidence=0.5,
    notes=(Note("conflict", "两处不一致。", (CITATION,)),),
    timings={"total": 1.25},
    usage={"prompt_tokens": 7},
    model="m",
    index="gen-1",
    id="0f",
)


def test_round_trip_through_json_text():
    assert answer_from_dict(json.loads(json.dumps(answer_to_dict(ANSWER)))) == ANSWER


def test_a_refusal_round_trips_and_its_message_is_the_answer():
    refusal = Refusal("not_answered", "没有写明。", ("d-0001",), ("有几座桥？",), "电话是1。")
    refused = Answer("电话？", "电话？", "done", refusal=refusal)
    data = answer_to_dict(refused)
    assert (data["answer"], data["refused"], data["reason"]) == ("没有写明。", True, "not_answered")
    assert answer_from_dict(data) == refused
    earlier = data | {"refusal": data["refusal"] | {"looked_for": ["电话"], "missing": ["电话"]}}
    assert answer_from_dict(earlier) == refused, "what earlier versions wrote besides is left out"


def test_the_documented_keys_come_first_and_all_are_there():
    data = answer_to_dict(ANSWER)
    assert list(data)[:10] == [
        "question",
        "query",
        "answer",
        "refused",
        "reason",
        "sentences",
        "retrieved",
        "timings",
        "model",
        "index",
    ]
    assert {"text", "state", "citations"} <= set(data["sentences"][0])
    citation = data["sentences"][0]["citations"][0]
    assert {"passage_id", "document", "heading", "page", "start", "end", "quote", "score"} <= set(citation)
    assert {"passage_id", "document", "text", "score", "sent"} <= set(data["retrieved"][0])


def test_unknown_keys_of_a_newer_version_are_ignored():
    data = answer_to_dict(ANSWER) | {"colour": "blue"}
    data["sentences"][0]["citations"][0]["colour"] = "blue"
    assert answer_from_dict(data) == ANSWER
