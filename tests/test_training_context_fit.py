"""The fit of the evidence ranking on made-up questions, and the questions written as MIRACL's were."""

import json
import random

from hit_fakes import hit

from training.context_fit import cases, fit, kept
from training.gate_data import wiki_items

THINGS = ["驿站", "公路", "食堂", "桥梁", "学校", "医院", "公园", "车站"]
FILLER = "有关部门继续做好各项服务工作。"


def made(count=40):
    draw = random.Random(3)
    for number in range(count):
        thing, figure = THINGS[number % len(THINGS)], draw.randrange(100, 999)
        texts = [f"{FILLER}全市今年建成{figure}座{thing}。{FILLER}", f"{thing}的建设很受重视。{FILLER}"]
        item = {"id": f"made-{number}", "question": f"全市建成了多少座{thing}？", "answers": [f"{figure}座"]}
        yield item, [hit(text, rank + 1, 0.9 - rank * 0.3) for rank, text in enumerate(texts)]


def test_the_fit_finds_the_sentences_that_answer():
    hits = {item["id"]: given for item, given in made()}
    items = [("made", item) for item, _ in made()]
    lost = ("made", {"id": "lost", "question": "问什么？", "answers": ["不在其中"]})
    hits["lost"] = hits["made-0"]
    found = cases(lambda item: hits[item["id"]], iter([*items, lost]))
    assert [case.item["id"] for case in found] == [item["id"] for _, item in items]
    model, unseen = fit(found)
    assert model["out_of_fold"]["auc"] > 0.9 and len(unseen) == 5
    shares = kept(found, unseen, len, (30, 5, 0.0))
    assert shares["made"]["n"] == 40 and shares["made"]["held"] > 0.9


def test_questions_written_over_an_encyclopaedia_get_their_nearest_passages(tmp_path):
    paragraphs = [{"context": f"{thing}是一种设施。{thing}建于19{40 + i}年。", "qas": []} for i, thing in enumerate(THINGS * 2)]
    corpus = tmp_path / "squad.json"
    corpus.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}), "utf-8")
    asked = tmp_path / "wiki.jsonl"
    rows = [
        {"id": "w1", "question": "公路建于哪一年？", "answers": ["1941年"]},
        {"id": "w2", "question": "学校的校长是谁？", "answers": []},
    ]
    asked.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    first, second = wiki_items(asked, [corpus])
    assert any("1941年" in passage for passage in first.passages) and len(first.passages) <= 10
    assert first.answers == ("1941年",) and second.answers == ()
    assert wiki_items(asked, [corpus]) == [first, second]
