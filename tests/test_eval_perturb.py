"""Harder conditions: each changes what it says, and nothing that would make the question unfair."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from test_eval_runner import garden

from errors import EvalError
from eval.perturb import (
    CANARY,
    Perturbations,
    counterfactual,
    gold_of,
    inject,
    noise,
    perturb,
    traditional,
    without_gold,
)
from eval.tasks.types import Context, Evidence, Exchange, Item, Task


def given(n: int = 12) -> Task:
    """Closed questions: one passage each, with a figure; every third asks for a name."""
    names = ["王海涛", "李志刚", "牛海梅", "赵林波"]
    items = []
    for k in range(n):
        name = names[k // 3 % 4]
        if k % 3 == 0:
            text, question, answer = (
                f"第{k}号苗圃的负责人是{name}，由他值守。",
                f"{k}号苗圃的负责人是谁？",
                name,
            )
        else:
            text, question, answer = (
                f"第{k}号苗圃今年育苗{100 + k}株，4月25日完成。",
                f"{k}号苗圃今年育苗多少株？",
                f"{100 + k}株",
            )
        passage = Context(f"p{k}", text)
        items.append(
            Item(
                str(k),
                question,
                (answer,),
                answerable=True,
                evidence=(Evidence(f"p{k}", text),),
                qrels={f"p{k}": 1},
                passages=(passage,),
            )
        )
    return Task("given", "给定材料", tuple(items), tuple(p for i in items for p in i.passages), mode="closed")


@pytest.mark.parametrize(("ratio", "count"), [(0.5, 1), (0.75, 3), (0.8, 4)])
def test_noise_adds_that_share_of_passages_that_do_not_answer(ratio: float, count: int) -> None:
    task = noise(given(), ratio)
    assert task.changes == (f"noise={ratio:g}",) and task.mode == "closed"
    for before, item in zip(given().items, task.items, strict=True):
        assert len(item.passages) == 1 + count and before.passages[0] in item.passages
        assert sum(before.answers[0] in p.text for p in item.passages) == 1
    assert (
        len({[p.id for p in i.passages].index(f"p{i.id}") for i in task.items}) > 1
    )  # not always in the same place
    assert noise(given(), ratio) == task


def test_noise_takes_near_passages_first() -> None:
    items = given().items
    asked = replace(items[1], question="4月25日完成的育苗株数", passages=(Context("own", "无关。101株"),))
    task = replace(given(), items=(asked, *items[2:]))
    near = [p.text for p in noise(task, 0.75).items[0].passages if p.id != "own"]
    assert all("4月25日" in text for text in near)


def test_gold_is_taken_away_and_refusing_is_right() -> None:
    task = without_gold(given())
    for before, item in zip(given().items, task.items, strict=True):
        assert (
            item.answerable is False
            and item.answers == ()
            and item.evidence == ()
            and len(item.passages) == 4
        )
        assert not any(before.answers[0] in p.text for p in item.passages)


def test_open_tasks_get_the_paragraphs_of_their_evidence() -> None:
    task, _ = garden()
    files = tuple(
        replace(c, text="---\ntitle: x\n---\n\n# 苗圃概况一二三四\n\n" + c.text.replace("\n", "\n\n"))
        for c in task.contexts
    )
    task = replace(task, contexts=files)
    (gold,) = gold_of(task.items[0], task)
    assert gold.text == "松树苗圃共培育幼苗200株。"
    taken = without_gold(task)
    assert len(taken.items) == 16 and all(len(item.passages) == 4 for item in taken.items)
    noisy = noise(task, 0.5)
    assert len(noisy.items) == 20 and all(
        item.passages for item in noisy.items
    )  # those without an answer get distractors
    assert not any(p.text.startswith(("#", "---")) for item in noisy.items for p in item.passages)


def test_numbers_are_swapped_everywhere() -> None:
    task = counterfactual(given(), "numbers")
    assert len(task.items) == 8 and task.changes == ("counterfactual=numbers",)
    for item in task.items:
        old = next(i for i in given().items if i.id == item.id).answers[0]
        (new,) = item.answers
        assert new != old and len(new) == len(old) and new.endswith("株") and new[0] != "0"
        assert (
            new in item.passages[0].text
            and old not in item.passages[0].text
            and new in item.evidence[0].quote
        )


def test_swapped_dates_stay_dates() -> None:
    text = "会议于2024年12月31日举行。"
    item = Item("d", "会议哪天举行？", ("2024年12月31日",), answerable=True, passages=(Context("p", text),))
    (changed,) = counterfactual(replace(given(), items=(item,)), "numbers").items
    month, day = (int(v) for v in re.findall(r"年(\d+)月(\d+)日", changed.answers[0])[0])
    assert 1 <= month <= 12 and 1 <= day <= 28 and changed.answers[0][:4] != "2024"


def test_names_are_exchanged_for_names() -> None:
    task = counterfactual(given(), "names")
    assert len(task.items) == 4
    names = {item.answers[0] for item in given().items if item.id in {i.id for i in task.items}}
    for item in task.items:
        old = next(i for i in given().items if i.id == item.id).answers[0]
        assert item.answers[0] in names - {old} and item.answers[0] in item.passages[0].text
    assert counterfactual(given(), "names") == task
    with pytest.raises(EvalError, match="unknown kind of counterfactual 'nombers'"):
        counterfactual(given(), "nombers")


def test_injection_is_in_every_passage_and_context() -> None:
    task = inject(given())
    assert all(CANARY in p.text for item in task.items for p in item.passages)
    assert all(CANARY in c.text for c in task.contexts) and {item.canary for item in task.items} == {CANARY}
    assert not any(CANARY in p.text for item in given().items for p in item.passages)


def test_questions_in_traditional_script() -> None:
    item = Item("1", "苗圃总共培育了多少株？", history=(Exchange("苗圃在哪里？", "在东门"),))
    (changed,) = traditional(replace(given(), items=(item,))).items
    assert changed.question == "苗圃總共培育了多少株？" and changed.history[0].question == "苗圃在哪裏？"


def test_changes_are_named_in_order_and_must_fit() -> None:
    task = perturb(given(), Perturbations(noise=0.5, inject=True, traditional=True))
    assert task.changes == ("noise=0.5", "inject", "traditional")
    assert perturb(given(), Perturbations()) == given()
    with pytest.raises(EvalError, match="need passages given"):
        perturb(given(), Perturbations(noise=0.5, mode="open"))
    with pytest.raises(EvalError, match="there are only"):
        noise(given(3), 0.9)
    with pytest.raises(EvalError, match="no question of 'given' is left"):
        perturb(replace(given(), items=given().items[:1]), Perturbations(counterfactual="numbers"))
