"""The swap test tests itself: true rewritings stay true, swaps change exactly one thing, counts are right."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from training.swaps import main, table
from training.swaps_make import KINDS, Source, cases, read
from training.swaps_names import is_name
from training.swaps_premises import turned
from training.swaps_rewrite import REWRITES, answer_sentence, read_out
from training.swaps_subject import subject_cases, triples

PASSAGE = "张衡于公元123年在洛阳担任太史令，共制作了12架仪器，其中3架没有保存下来。1953年5月8日，北京天文馆展出了15件复制品，参观人数超过20万人。李明说，展览位于第二展厅，全部免费开放。"


@pytest.fixture
def sources() -> list[Source]:
    questions = (("谁担任太史令？", "张衡", 0), ("共制作了多少架仪器？", "12架", PASSAGE.find("12架")), ("展出了多少件复制品？", "15件", PASSAGE.find("15件")))
    others = [PASSAGE.replace("张衡", name).replace("洛阳", place).replace("123", str(n)) for name, place, n in (("王小明", "上海", 217), ("陈大为", "广州", 318), ("赵一平", "西安", 419), ("孙继先", "成都", 560))]
    return [Source(text, questions) for text in (PASSAGE, *others)]


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_differ_in_one_place(kind: str, sources: list[Source]) -> None:
    made = cases(sources, kind, 15, 3, noise=2)
    assert len(made) >= 10
    for true, wrong in zip(made[::2], made[1::2], strict=True):
        assert not true.swapped and wrong.swapped
        assert true.sentence != wrong.sentence
        assert true.sentence[: wrong.at] == wrong.sentence[: wrong.at]
        before, after = wrong.changed
        assert abs(len(true.sentence) - len(wrong.sentence)) == abs(len(before) - len(after))
        assert true.evidence == wrong.evidence


ROADS = "上半年交通建设加快。农村公路开工251公里，客运车站新建12座，公交线路新增23条，乘客满意度为95%。"


def test_subjects_of_two_figures_are_exchanged() -> None:
    told = {(t.noun, t.verb, t.figure) for t in triples(ROADS)}
    assert {("农村公路", "开工", "251"), ("公交线路", "新增", "23")} <= told
    made = subject_cases([Source(ROADS, ()), Source(PASSAGE, ())], 4, 3, noise=1)
    assert len(made) >= 4
    for true, wrong in zip(made[::2], made[1::2], strict=True):
        assert not true.swapped and wrong.swapped
        assert true.evidence == wrong.evidence
        own, other = wrong.changed
        assert own in true.sentence + true.question and other in wrong.sentence + wrong.question


@pytest.mark.parametrize(
    ("word", "kind", "name"),
    [("古城", "place", False), ("城市", "place", False), ("洛阳", "place", True), ("段时间", "person", False), ("世锦赛", "person", False),
     ("李志刚", "person", True), ("桑普森", "person", True), ("上进心", "body", False), ("七中全会", "body", False), ("中华书局", "body", True)],
)  # fmt: skip
def test_what_counts_as_a_name(word: str, kind: str, name: bool) -> None:
    assert is_name(word, kind) is name


def test_the_same_seed_gives_the_same_cases(sources: list[Source]) -> None:
    assert cases(sources, "number", 10, 3) == cases(sources, "number", 10, 3)
    assert cases(sources, "number", 10, 3) != cases(sources, "number", 10, 4)


@pytest.mark.parametrize(
    ("form", "sentence", "rewritten"),
    [
        ("numerals", "1953年5月8日共35个", "一九五三年五月八日共三十五个"),
        ("script", "参观人数", "參觀人數"),
        ("reorder", "甲先到，乙后到。", "乙后到，甲先到。"),
    ],
)
def test_rewritings(form: str, sentence: str, rewritten: str) -> None:
    assert REWRITES[form](sentence, random.Random(1)) == rewritten


def test_answer_sentences() -> None:
    assert answer_sentence("共制作了多少架仪器？", "12架") == "共制作了12架仪器。"
    assert answer_sentence("为什么？", "因为") == ""
    assert [read_out(n) for n in (3, 10, 12, 20, 35)] == ["三", "十", "十二", "二十", "三十五"]


def test_table_counts(sources: list[Source]) -> None:
    made = cases(sources, "number", 10, 3)
    rows = {(r["kind"], r["set"], r["detail"]): r for r in table([(c, []) for c in made])}
    assert sum(r["n"] for (k, s, d), r in rows.items() if k == "number" and s.startswith("true") and d == "all") == len(made) // 2
    assert all(r["flagged"] == 0 for r in rows.values())


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--n", "1"]) == 1
    assert "cmrc2018_trial.json" in capsys.readouterr().err


def test_a_run_writes_its_table(tmp_path: Path, sources: list[Source], capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "cmrc2018"
    folder.mkdir()
    data = [
        {"paragraphs": [{"context": s.text, "qas": [{"question": q, "answers": [{"text": a, "answer_start": o}]} for q, a, o in s.questions]}]}
        for s in sources
    ]
    (folder / "cmrc2018_dev.json").write_text(json.dumps({"data": data}, ensure_ascii=False), encoding="utf-8")
    assert read(folder / "cmrc2018_dev.json") == sources
    out = tmp_path / "out.json"
    assert main(["--split", "reporting", "--data", str(tmp_path), "--n", "5", "--out", str(out)]) == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert {"split", "seed", "rows", "wrong"} <= set(written)
    assert "flagged" in capsys.readouterr().out


def test_a_question_is_turned_into_its_opposite_only_where_the_passage_bears_it_out() -> None:
    source = Source("去年产量增长了12%。", ())
    assert turned("产量增长的原因是什么？", source, random.Random(1)) == ("opposite", "产量下降的原因是什么？")
    assert turned("产量增长的原因是什么？", Source("产量先增长后下降。", ()), random.Random(1)) is None
    assert turned("产量是多少？", source, random.Random(1)) is None
