"""Training examples: spans are where they are said to be, and nothing of the benchmarks' reporting halves is
read."""

import json

import pytest

from training.examples import DATA, carried, history, kinds, rows, turns, written


@pytest.fixture(scope="module")
def made():
    return list(written([DATA / "a.jsonl"]))


def test_every_span_is_an_answer_of_its_question(made):
    answers = {q["q"]: q["answers"] for row in rows(DATA / "a.jsonl") for q in row["questions"]}
    seen = 0
    for example in made:
        if example.task == "read" and example.first in answers and example.spans is not None:
            assert [example.second[a:b] for a, b in example.spans] == answers[example.first]
            seen += bool(example.spans)
    assert seen > 150


def test_true_and_false_statements_are_balanced(made):
    stated = [e for e in made if e.task == "judge" and " " not in e.first]
    share = sum(bool(e.supported) for e in stated) / len(stated)
    assert 0.4 < share < 0.6


def test_what_is_not_borne_out_lies_within_the_statement(made):
    for example in made:
        for a, b in example.unborne or ():
            assert 0 <= a < b <= len(example.first) + 1


def test_kinds_and_turns_can_be_read():
    assert len({e.kind for e in kinds()}) == 18
    told = list(turns())
    assert any(e.alone for e in told) and any(e.spans for e in told)
    for example in told:
        assert all(
            example.second[a:b] in example.second and b <= len(example.second) for a, b in example.spans or ()
        )


def test_what_is_carried_over_is_found_in_the_turns_before():
    before = history([("东湖体育馆几点开门？", "6时30分。")])
    (span,) = carried("它的停车场收费吗？", "东湖体育馆的停车场收费吗？", before)
    assert before[span[0] : span[1]] == "东湖体育馆"


def test_the_data_are_valid_json_with_exact_spans():
    for path in sorted(DATA.glob("?.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            assert all(a in row["passage"] for q in row["questions"] for a in q["answers"]), row["id"]
            assert {s["label"] for s in row["statements"]} == {True, False}, row["id"]
