"""Running a task: records, resuming, torn lines, failures, samples; and broken pipelines that the figures
give away."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eval_fakes import AlwaysAnswers, AlwaysRefuses, Failing, HonestEngine, RandomRetriever, ShuffledCitations

from errors import EvalError
from eval.runfolder import RunFolder
from eval.runner import FAILURES_IN_A_ROW, RunOptions, chosen, run
from eval.tasks.types import Context, Evidence, Exchange, Item, Task

PLANTS = ["松", "柏", "槐", "柳", "枫", "桐", "榆", "杨", "樟", "桂", "梅", "桃", "李", "杏", "梨", "枣"]
UNANSWERABLE = [
    "食堂周五供应什么汤品",
    "航天员飞行训练多少小时",
    "足球比赛哪支队伍夺冠",
    "钢琴独奏会几点开场",
]


def fact(n: int) -> str:
    return f"{PLANTS[n]}树苗圃共培育幼苗{200 + 7 * n}株。"


def garden() -> tuple[Task, dict[str, str]]:
    """Sixteen facts in four files, each asked for once, and four questions that nothing answers."""
    files = {f"f{i}.txt": "\n".join(fact(n) for n in range(i * 4, i * 4 + 4)) for i in range(4)}
    items = [
        Item(
            f"a{n}",
            f"{PLANTS[n]}树苗圃共培育幼苗多少株？",
            (f"{200 + 7 * n}株",),
            answerable=True,
            evidence=(Evidence(f"f{n // 4}.txt", fact(n)),),
            type="count",
        )
        for n in range(16)
    ]
    items += [
        Item(f"u{n}", q + "？", answerable=False, type="unanswerable") for n, q in enumerate(UNANSWERABLE)
    ]
    contexts = tuple(Context(name, text) for name, text in files.items())
    return Task("garden", "苗圃", tuple(items), contexts), files


def figures(engine_type: Callable[[dict[str, str]], Any], out: Path) -> dict[str, float | None]:
    task, files = garden()
    folder = run(task, engine_type(files), RunOptions(out))
    return {name: figure.value for name, figure in folder.figures().items()}


def test_honest_engine_scores_well(tmp_path: Path) -> None:
    found = figures(HonestEngine, tmp_path / "r")
    assert found["right"] == 1.0
    assert found["right_with_evidence"] == 1.0
    assert found["hit@1"] == 1.0 and found["mrr@10"] == 1.0 and found["ndcg@10"] == 1.0
    assert found["citation_precision"] == found["citation_recall"] == 1.0
    assert (
        found["hallucination_rate"] == 0.0
        and found["error_rate"] == 0.0
        and found["balanced_accuracy"] == 1.0
    )
    assert found["char_f1"] is not None and 0 < found["char_f1"] < 1  # a sentence, not the bare span


def test_always_answering_shows_as_hallucination(tmp_path: Path) -> None:
    found = figures(AlwaysAnswers, tmp_path / "r")
    assert found["hallucination_rate"] == 1.0 and found["balanced_accuracy"] == 0.5
    assert found["right"] == pytest.approx(16 / 20)


def test_always_refusing_shows_as_errors(tmp_path: Path) -> None:
    found = figures(AlwaysRefuses, tmp_path / "r")
    assert (
        found["error_rate"] == 1.0
        and found["balanced_accuracy"] == 0.5
        and found["hallucination_rate"] == 0.0
    )
    assert found["right"] == pytest.approx(4 / 20) and found["char_f1"] == 0.0
    assert "citation_recall" not in found  # nothing was said, so there is nothing to cite: unscored, not 1


def test_random_retrieval_shows_in_ranking_and_answers(tmp_path: Path) -> None:
    found = figures(RandomRetriever, tmp_path / "r")
    assert found["hit@1"] is not None and found["hit@1"] < 0.4
    assert found["right"] is not None and found["right"] < 0.4


def test_shuffled_citations_show_in_citation_figures_only(tmp_path: Path) -> None:
    found = figures(ShuffledCitations, tmp_path / "r")
    assert found["right"] == 1.0
    assert found["citation_recall"] == 0.0 and found["citation_precision"] == 0.0
    assert found["right_with_evidence"] == pytest.approx(4 / 20)
    assert found["gold_recall"] == 0.0


def test_failures_count_as_wrong_and_as_misses(tmp_path: Path) -> None:
    task, files = garden()
    bad = {task.items[0].question, task.items[16].question}
    folder = run(task, Failing(files, bad), RunOptions(tmp_path / "r"))
    found = folder.figures()
    assert found["right"].value == pytest.approx(18 / 20) and found["right"].n == 20
    assert found["hit@1"].value == pytest.approx(15 / 16) and found["hit@1"].n == 16
    assert found["failed"].value == pytest.approx(2 / 20)
    assert found["hallucination_rate"].value == pytest.approx(1 / 4)
    assert folder.scores()["a0"]["verdict"] == "error" and "out of memory" in folder.scores()["a0"]["reason"]


def test_a_run_that_only_fails_stops(tmp_path: Path) -> None:
    task, files = garden()
    engine = Failing(files, {item.question for item in task.items})
    with pytest.raises(EvalError, match="in a row failed: out of memory"):
        run(task, engine, RunOptions(tmp_path / "r"))
    assert len(engine.asked) == FAILURES_IN_A_ROW


def test_interrupted_run_resumes_after_a_torn_line(tmp_path: Path) -> None:
    task, files = garden()
    whole = run(task, HonestEngine(files), RunOptions(tmp_path / "whole"))
    engine = HonestEngine(files)

    def interrupt(done: int, total: int, record: object) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(task, engine, RunOptions(tmp_path / "r"), interrupt)
    answers = tmp_path / "r" / "answers.jsonl"
    with answers.open("a", encoding="utf-8") as file:
        file.write('{"id": "a5", "answer": {"question": "槐')
    with pytest.raises(EvalError, match="no summary yet"):
        RunFolder(tmp_path / "r").summary()
    again = HonestEngine(files)
    seen: list[tuple[int, int]] = []
    folder = run(
        task, again, RunOptions(tmp_path / "r"), lambda done, total, record: seen.append((done, total))
    )
    assert len(again.asked) == 15 and seen[0] == (5, 20) and seen[-1] == (20, 20)
    assert [json.loads(line)["id"] for line in answers.read_text().splitlines()] == [
        item.id for item in task.items
    ]
    assert folder.figures()["right"] == whole.figures()["right"]


def test_errors_are_asked_again_when_wanted(tmp_path: Path) -> None:
    task, files = garden()
    options = RunOptions(tmp_path / "r")
    run(task, Failing(files, {task.items[3].question}), options)
    folder = run(task, HonestEngine(files), options)
    assert folder.figures()["failed"].value == pytest.approx(1 / 20)
    folder = run(task, HonestEngine(files), replace(options, retry_errors=True))
    assert folder.figures()["failed"].value == 0.0 and folder.figures()["right"].n == 20


def test_another_run_is_not_mixed_in(tmp_path: Path) -> None:
    task, files = garden()
    run(task, HonestEngine(files), RunOptions(tmp_path / "r", limit=5))
    with pytest.raises(EvalError, match="holds another run: its data_sha256 differs"):
        run(task, HonestEngine(files), RunOptions(tmp_path / "r", limit=6))
    with pytest.raises(EvalError, match="config_sha256"):
        run(task, HonestEngine(files), RunOptions(tmp_path / "r", limit=5, config={"answer": {"risk": 0.1}}))


def test_manifest_tells_what_made_the_run(tmp_path: Path) -> None:
    task, files = garden()
    config = {"generator": {"api_key": "sk-123", "engine": "openai"}}
    made = run(
        task, HonestEngine(files), RunOptions(tmp_path / "r", config=config, command="wenju eval run garden")
    ).manifest()
    assert made["config"]["generator"] == {"api_key": "***", "engine": "openai"}
    assert made["command"] == "wenju eval run garden" and made["model"] == "fake"
    assert made["data_sha256"] == task.data_hash and made["finished"] and made["machine"]["cores"] >= 1
    assert set(made["code"]) == {"version", "commit", "dirty", "packages"}
    assert "sk-123" not in (tmp_path / "r" / "manifest.json").read_text()


def test_empty_index_and_missing_passages_are_told(tmp_path: Path) -> None:
    task, files = garden()
    with pytest.raises(EvalError, match="index is empty"):
        run(task, HonestEngine({}), RunOptions(tmp_path / "a"))
    with pytest.raises(EvalError, match="closed mode needs passages"):
        run(task, HonestEngine(files), RunOptions(tmp_path / "b", mode="closed"))


def test_closed_context_leads_citations_back_to_the_passage_given(tmp_path: Path) -> None:
    given = (Context("p1", "门诊上午八点开诊。"), Context("p2", "停车场每天收费五元。"))
    item = Item(
        "1",
        "停车场每天收费多少元？",
        ("5元",),
        answerable=True,
        evidence=(Evidence("p2", "停车场每天收费五元。"),),
        passages=given,
    )
    folder = run(Task("t", "t", (item,), mode="closed"), HonestEngine({}), RunOptions(tmp_path / "r"))
    assert set(folder.records()["1"]["contexts"].values()) == {"p1", "p2"}
    assert folder.scores()["1"]["verdict"] == "right"
    assert "hit@1" not in folder.figures()  # nothing was retrieved, so there is no ranking to score


def test_history_is_handed_over(tmp_path: Path) -> None:
    task, files = garden()
    item = Item(
        "h", "有多少株？", ("207株",), answerable=True, history=(Exchange("柏树苗圃共培育幼苗", "有。"),)
    )
    folder = run(replace(task, items=(item,)), HonestEngine(files), RunOptions(tmp_path / "r"))
    assert folder.scores()["h"]["verdict"] == "right"


def test_qrels_rank_contexts_and_a_search_without_hits_is_a_miss(tmp_path: Path) -> None:
    class Nothing(HonestEngine):
        def search(self, question: str, k: int = 8):  # type: ignore[no-untyped-def]
            return [] if "柏" in question else super().search(question, k)

    task, files = garden()
    items = tuple(Item(f"q{n}", fact(n), qrels={f"f{n // 4}.txt": 1}) for n in range(4))
    only = replace(task, items=items, retrieval_only=True)
    folder = run(only, Nothing(files), RunOptions(tmp_path / "r"))
    assert folder.figures()["hit@1"].value == pytest.approx(3 / 4) and folder.figures()["hit@1"].n == 4
    assert "right" not in folder.figures()
    assert folder.records()["q0"]["ranked"][0] == "f0.txt" and len(folder.records()["q0"]["ranked"]) == 4


def test_sampling_is_seeded_and_keeps_order() -> None:
    task, _ = garden()
    one, two, other = (chosen(task, limit=7, seed=s).items for s in (1, 1, 2))
    assert one == two and one != other and len(one) == 7
    assert [task.items.index(item) for item in one] == sorted(task.items.index(item) for item in one)
    assert one != task.items[:7]


def test_splits_are_kept_apart() -> None:
    task, _ = garden()
    items = tuple(
        replace(item, split="tuning" if n % 2 else "reporting") for n, item in enumerate(task.items)
    )
    mixed = replace(task, items=items)
    assert len(chosen(mixed).items) == 10 and chosen(mixed).split == "reporting"
    assert len(chosen(mixed, "all").items) == 20
    with pytest.raises(EvalError, match="no split 'repoting'"):
        chosen(mixed, "repoting")
