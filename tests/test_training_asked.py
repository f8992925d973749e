"""What the adapter is trained on: lines that answer hold the answer, twins point at one another."""

from __future__ import annotations

import prompts
from training.asked import Asked, asked, twins
from training.examples import DATA, rows

ROWS = [row for name in ("n", "r", "u") for row in rows(DATA / f"{name}.jsonl")]
PAIRS = [pair for name in ("near", "premises", "turns") for pair in rows(DATA / f"{name}.jsonl")]


def every() -> list[Asked]:
    return [asked(row, ROWS, PAIRS) for row in ROWS[::5]]


def test_lines_are_sentences_of_the_evidence_and_those_that_answer_hold_the_answer() -> None:
    seen = 0
    for made, row in zip(every(), ROWS[::5], strict=True):
        assert all(made.evidence[a:b].strip() == made.evidence[a:b] != "" for a, b in made.lines)
        for question in row["questions"]:
            (text,) = [t for t in made.texts if t.text == question["q"] and not t.statement]
            if text.answered:
                wanted = question.get("rows") or question["answers"]
                parts = [prompts.escape_evidence(part) for part in wanted]
                for (a, b), told in zip(made.lines, text.lines or (), strict=True):
                    line = made.evidence[a:b]
                    if told > 0:
                        assert any(part in line or line in part or line[:4] in part for part in parts)
                        seen += 1
            elif text.answered is False:
                assert text.lines is not None and not any(text.lines)
    assert seen > 100


def test_twins_differ_in_what_is_known_of_them() -> None:
    pairs = 0
    for made in every():
        for text in (t for t in made.texts if t.twin is not None):
            other = made.texts[text.twin or 0]
            known = [(text.answered, other.answered), (text.premise, other.premise)]
            known.append((text.supported, other.supported))
            assert any(one is not None and other is (not one) for one, other in known)
            pairs += 1
    assert pairs > 100


def test_what_is_borne_out_is_told_as_far_as_two_questions_differ() -> None:
    for made in every():
        for text in made.texts:
            ends = [b for (_, b), _ in text.borne]
            assert all(end <= len(text.text) for end in ends)
            assert {label for _, label in text.borne} <= ({1} if text.answered else {0, 1})


def test_questions_after_turns_are_asked_as_the_program_asks_them() -> None:
    pair = next(p for p in PAIRS if p.get("turns") and p["answered"] != p["answered_alone"])
    (one, yes), (other, no) = twins(pair)
    assert (yes, no) == (1, 0) and one.endswith(pair["answered"]) and len(other) > len(pair["unanswered"])
