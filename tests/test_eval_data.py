"""The question sets that ship: ids, evidence, answers in the evidence, splits, and nothing asked on both
sides."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from corpus import sample_documents
from index.loaders import load
from index.paragraphs import passages_of

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "eval" / "data"
MIXED = ROOT / "tests" / "data" / "mixed_corpus"
ARTICLE = ROOT.parent / "shared" / "seed" / "article.txt"
TYPES = {
    *(
        "who",
        "count",
        "date",
        "place",
        "list",
        "two_facts",
        "paraphrase",
        "comparison",
        "yes_no",
        "follow_up",
    ),
    *("false_premise", "which", "conflict", "superseded", "unanswerable_far", "unanswerable_near"),
}
SETS = ("tianjin", "mixed", "article")
# Answers that are worked out from the evidence and do not stand in it as they are: id -> why.
WORKED_OUT: dict[str, str] = {}


def rows(name: str) -> list[dict[str, Any]]:
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def documents(name: str) -> dict[str, str]:
    if name == "article":
        return {ARTICLE.name: ARTICLE.read_text(encoding="utf-8")} if ARTICLE.is_file() else {}
    paths = sample_documents() if name == "tianjin" else sorted(MIXED.iterdir())
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def plain(text: str) -> str:
    """NFKC, lower case, letters and digits only."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).lower()


def asked(row: dict[str, Any]) -> str:
    turns = "".join(turn["question"] for turn in row.get("history", ()))
    return plain(turns + row["question"])


def bigrams(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


@pytest.mark.parametrize("name", SETS)
def test_rows_are_well_formed(name: str) -> None:
    every = rows(name)
    assert len({row["id"] for row in every}) == len(every)
    assert len({asked(row) for row in every}) == len(every), "a question is asked twice"
    for row in every:
        assert row["type"] in TYPES, row["id"]
        assert row["split"] in ("tuning", "reporting"), row["id"]
        assert 4 <= len(row["question"]) <= 120, row["id"]
        assert bool(row["answers"]) == (not row["type"].startswith("unanswerable")), row["id"]
        assert bool(row["evidence"]) == bool(row["answers"]), row["id"]
        assert (row["type"] == "follow_up") == bool(row.get("history")), row["id"]
        assert (row["type"] == "yes_no") == (row.get("verdict") in ("yes", "no")), row["id"]
        if row["type"] in ("list", "two_facts"):
            assert len(row["answer_parts"]) >= 2, row["id"]


@pytest.mark.parametrize("name", SETS)
def test_evidence_is_quoted_from_the_documents(name: str) -> None:
    texts = documents(name)
    if not texts:
        pytest.skip("the article is not beside this checkout")
    for row in rows(name):
        for evidence in row["evidence"]:
            assert evidence["quote"] in texts[evidence["document"]], (row["id"], evidence["quote"])


@pytest.mark.parametrize("name", ["tianjin", "mixed"])
def test_evidence_stands_in_exactly_one_passage_of_the_index(name: str) -> None:
    paths = sample_documents() if name == "tianjin" else sorted(MIXED.iterdir())
    passages = {path.name: [passage.text for passage in passages_of(load(path))] for path in paths}
    for row in rows(name):
        for evidence in row["evidence"]:
            found = sum(evidence["quote"] in text for text in passages[evidence["document"]])
            assert found == 1, (row["id"], evidence["quote"])


@pytest.mark.parametrize("name", SETS)
def test_answers_stand_in_the_evidence(name: str) -> None:
    texts = documents(name)
    if not texts:
        pytest.skip("the article is not beside this checkout")
    for row in rows(name):
        if not row["answers"] or row["id"] in WORKED_OUT:
            continue
        # The article's set holds key phrases of a few characters only: its answers are looked for in the
        # whole text.
        given = (
            " ".join(texts.values()) if name == "article" else " ".join(e["quote"] for e in row["evidence"])
        )
        evidence = plain(given)
        for alternatives in row.get("answer_parts") or [row["answers"]]:
            assert any(plain(answer) in evidence for answer in alternatives), (row["id"], alternatives)


@pytest.mark.parametrize("name", ["tianjin", "mixed"])
def test_no_answer_lies_in_its_own_question(name: str) -> None:
    """A copied question must not count as an answer; choices between two named things are the exception."""
    for row in rows(name):
        if row["type"] in ("comparison", "yes_no", "false_premise", "unanswerable_far", "unanswerable_near"):
            continue
        alternatives = row.get("answer_parts") or [row["answers"]]
        given = all(any(plain(answer) in plain(row["question"]) for answer in part) for part in alternatives)
        assert not given, row["id"]


@pytest.mark.parametrize("name", ["tianjin", "mixed"])
def test_splits_are_stratified_and_share_no_question(name: str) -> None:
    every = rows(name)
    sides = {side: [row for row in every if row["split"] == side] for side in ("tuning", "reporting")}
    assert 0.3 <= len(sides["tuning"]) / len(every) <= 0.45
    for kind, total in Counter(row["type"] for row in every).items():
        tuned = sum(row["type"] == kind for row in sides["tuning"])
        assert abs(tuned - 0.4 * total) <= 1, kind
    grams = {
        side: [(row["id"], bigrams(asked(row))) for row in side_rows] for side, side_rows in sides.items()
    }
    for one, left in grams["tuning"]:
        for other, right in grams["reporting"]:
            assert len(left & right) / len(left | right) < 0.75, (one, other)


def test_article_is_for_reporting_only() -> None:
    assert {row["split"] for row in rows("article")} == {"reporting"}
    assert all(len(e["quote"]) <= 12 for row in rows("article") for e in row["evidence"]), (
        "key phrases, not sentences"
    )


def test_sets_do_not_repeat_each_other() -> None:
    every = Counter(asked(row) for name in SETS for row in rows(name))
    assert [question for question, times in every.items() if times > 1] == []


def test_the_sets_are_large_enough() -> None:
    tianjin, article, mixed = (rows(name) for name in SETS[:1] + SETS[2:] + SETS[1:2])
    assert len(tianjin) >= 170 and len(mixed) >= 25
    kinds = Counter(row["type"] for row in tianjin)
    assert kinds["unanswerable_near"] >= 35
    assert kinds["unanswerable_near"] + kinds["unanswerable_far"] >= 55
    assert all(kinds[kind] >= 8 for kind in TYPES - {"conflict", "superseded"}), kinds
    refusals = sum(not row["answers"] for row in article)
    assert len(article) - refusals >= 65 and refusals >= 28


FUNCTION_WORDS = {"的是", "有多", "多少", "什么", "几个", "哪个", "哪里", "是谁"}


def test_paraphrases_share_no_content_word_with_their_paragraph() -> None:
    lines = [line for text in documents("tianjin").values() for line in text.splitlines()]
    for row in rows("tianjin"):
        if row["type"] == "paraphrase":
            quote = row["evidence"][0]["quote"]
            (paragraph,) = [line for line in lines if quote in line]
            shared = bigrams(plain(row["question"])) & bigrams(plain(paragraph))
            assert shared <= FUNCTION_WORDS, (row["id"], shared)


@pytest.mark.parametrize("name", ["tianjin", "mixed"])
def test_words_that_would_answer_near_misses_are_absent(name: str) -> None:
    """Near misses were checked by reading; this guards the corpus against edits that would make one
    answerable."""
    whole = plain(" ".join(documents(name).values()))
    absent = {
        "tianjin": (
            "电话",
            "门牌",
            "报名费",
            "2026",
            "2023",
            "第四批",
            "第二批",
            "上海",
            "重庆",
            "和平区",
            "河北区",
            "吨",
            "岁",
        ),
        "mixed": ("2027", "婚假", "国外", "图书馆", "手机", "院长", "几折", "饺子"),
    }[name]
    assert [word for word in absent if word in whole] == []
