"""Reading benchmark files: every form, the errors for broken ones, and the catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errors import EvalError
from eval.tasks import CATALOGUE, jsonl, load, retrieval, squad
from eval.tasks.types import Context, Evidence, Exchange, Item

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench"


def written(path: Path, *rows: Any) -> Path:
    path.write_text(
        "".join((r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in rows),
        encoding="utf-8",
    )
    return path


def paragraph(**more: Any) -> dict[str, Any]:
    qa = {"id": "q1", "question": "谁开发的？", "answers": [{"text": "光荣", "answer_start": 6}]}
    return {"id": "P1", "context": "前言。本作由光荣开发。后记。", "qas": [qa | more]}


def test_squad_1_1(tmp_path: Path) -> None:
    path = written(
        tmp_path / "s.json", {"version": "1.1", "data": [{"title": "游戏", "paragraphs": [paragraph()]}]}
    )
    task = squad.read(path)
    (item,) = task.items
    assert (item.id, item.answers, item.answerable, item.qrels) == ("q1", ("光荣",), True, {"c00000-P1": 1})
    assert item.evidence == (Evidence("c00000-P1", "本作由光荣开发。"),)
    assert (
        task.contexts == (Context("c00000-P1", "前言。本作由光荣开发。后记。", "游戏"),)
        and task.mode == "open"
    )


def test_squad_2_0_and_variants(tmp_path: Path) -> None:
    impossible = paragraph(id="q2", answers=[], is_impossible=True)
    flat = {
        "context_id": "X",
        "context_text": "甲乙丙丁。",
        "qas": [{"query_id": "q3", "question": "？", "answers": ["乙丙", "乙丙"]}],
    }
    path = written(tmp_path / "s.json", {"data": [{"paragraphs": [impossible]}, flat]})
    refused, plain = squad.read(path).items
    assert (
        refused.answerable is False
        and refused.answers == ()
        and refused.qrels == {}
        and refused.type == "unanswerable"
    )
    assert plain.id == "q3" and plain.answers == ("乙丙",) and plain.evidence[0].quote == "甲乙丙丁。"


def test_expmrc_evidence_is_kept(tmp_path: Path) -> None:
    path = written(
        tmp_path / "e.json",
        {"data": [{"paragraphs": [paragraph(evidences=["本作由光荣开发。", "光荣开发"])]}]},
    )
    assert [e.quote for e in squad.read(path).items[0].evidence] == ["本作由光荣开发。", "光荣开发"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", r"line 1: not JSON"),
        ({"rows": []}, "not SQuAD JSON"),
        ({"data": [{"paragraphs": [{"context": "x", "qas": []}]}]}, "holds no questions"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, "paragraph 1 has no 'context'"),
        ({"data": [{"paragraphs": [paragraph(), paragraph()]}]}, "two questions have the id 'q1'"),
    ],
)
def test_broken_squad_files(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(EvalError, match=message):
        squad.read(written(tmp_path / "s.json", content))


def test_plain_jsonl(tmp_path: Path) -> None:
    path = written(
        tmp_path / "mine.jsonl",
        {
            "question": "几点开门？",
            "answers": "8点",
            "evidence": ["八点开门"],
            "history": [{"question": "在哪？", "answer": "西门"}, "今天呢"],
        },
        "",
        {"id": "x", "question": "电话多少？", "answers": [], "type": "unanswerable_near"},
        {
            "question": "列出两项",
            "answer_parts": [["甲", "A"], "乙"],
            "evidence": [{"document": "a.md", "quote": "甲乙"}],
        },
        {"question": "草稿", "answers": ["1"], "status": "draft"},
        {"question": "写一段", "reference": "长答案", "qrels": {"d1": 2}},
    )
    one, refused, parts, long = jsonl.read(path).items
    assert one.answers == ("8点",) and one.evidence == (Evidence("", "八点开门"),) and one.id == "1"
    assert one.history == (Exchange("在哪？", "西门"), Exchange("今天呢", ""))
    assert refused.answerable is False and refused.type == "unanswerable_near"
    assert parts.parts == (("甲", "A"), ("乙",)) and parts.answerable and parts.evidence[0].document == "a.md"
    assert long.answerable and long.reference == "长答案" and long.qrels == {"d1": 2}
    assert len(jsonl.read(path, drafts=True).items) == 5


def test_passages_make_a_closed_task(tmp_path: Path) -> None:
    path = written(
        tmp_path / "c.jsonl",
        {"question": "？", "answers": ["1"], "passages": ["甲1", {"id": "b", "text": "乙", "title": "T"}]},
    )
    task = jsonl.read(path)
    assert task.mode == "closed" and task.items[0].passages == (
        Context("1-1", "甲1"),
        Context("b", "乙", "T"),
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{"], "line 1: not JSON"),
        (["[1]"], "not a JSON object"),
        ([{"answers": ["1"]}], "no field 'question'"),
        ([{"question": " "}], "'question' is empty"),
        ([{"question": "？", "answers": {"a": 1}}], "expected a text or a list"),
        ([{"question": "？", "evidence": [{"page": 1}]}], "evidence is neither"),
        ([{"question": "？", "passages": [{"body": "x"}]}], "passage 1 is neither"),
        ([{"question": "？", "history": [3]}], "a turn of 'history'"),
        ([{"id": 1, "question": "？"}, {"id": "1", "question": "！"}], "lines 1 and 2 have the same id"),
        ([{"question": "？", "status": "draft"}], "holds no questions"),
        ([], "holds no questions"),
    ],
)
def test_broken_jsonl_names_the_line(tmp_path: Path, rows: list[Any], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        jsonl.read(written(tmp_path / "q.jsonl", *rows))


def test_missing_and_misencoded_files(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="not found"):
        jsonl.read(tmp_path / "none.jsonl")
    (tmp_path / "gb.jsonl").write_bytes('{"question": "几点？"}'.encode("gb18030"))
    with pytest.raises(EvalError, match="not UTF-8"):
        jsonl.read(tmp_path / "gb.jsonl")


def test_nomiracl(tmp_path: Path) -> None:
    row = {
        "query_id": "1#0",
        "subset": "non_relevant",
        "query": "？",
        "docids": ["a#1", "b#2"],
        "passages": ["蜘蛛人:返校日: 上映于7月。", "他说。之后: 不是标题。"],
    }
    task = retrieval.read_nomiracl(
        written(tmp_path / "t.jsonl", row, row | {"query_id": "2", "subset": "relevant"}), "nomiracl", ""
    )
    assert [item.answerable for item in task.items] == [False, True] and task.mode == "closed"
    assert [item.split for item in task.items] == ["tuning", "reporting"] and task.split == "tuning/reporting"
    assert task.items[0].passages == (
        Context("a#1", "上映于7月。", "蜘蛛人:返校日"),
        Context("b#2", "他说。之后: 不是标题。"),
    )


def stard(folder: Path) -> Path:
    folder.mkdir()
    written(
        folder / "corpus.jsonl",
        {"id": 7, "name": "甲法第一条", "content": "应当。"},
        {"id": None, "name": "乙法第二条", "content": "旧文。"},
        {"id": None, "name": "乙法第二条", "content": "可以。"},
    )
    (folder / "queries.json").write_text(
        json.dumps([{"query_id": 0, "问题": "可以吗？", "match_name": ["乙法第二条"]}]), encoding="utf-8"
    )
    return folder


def beir_folder(folder: Path, grade: int = 1) -> Path:
    """The same set as ``stard``, as a BEIR folder."""
    (folder / "qrels").mkdir(parents=True)
    texts = {"甲法第一条": "应当。", "乙法第二条": "可以。"}
    rows = ({"_id": name, "title": name, "text": text} for name, text in texts.items())
    written(folder / "corpus.jsonl", *rows)
    written(
        folder / "queries.jsonl", {"_id": "0", "text": "可以吗？"}, {"_id": "1", "text": "没有依据的问题"}
    )
    written(folder / "qrels" / "test.tsv", "query-id\tcorpus-id\tscore", f"0\t乙法第二条\t{grade}")
    return folder


def test_stard_and_its_beir_form_are_the_same_task(tmp_path: Path) -> None:
    direct = retrieval.read_stard(stard(tmp_path / "stard"), "stard", "STARD")
    beir = retrieval.read_beir(beir_folder(tmp_path / "beir"))
    assert direct.items == beir.items == (Item("0", "可以吗？", qrels={"乙法第二条": 1}, type="retrieval"),)
    assert [(c.id, c.text) for c in direct.contexts] == [("甲法第一条", "应当。"), ("乙法第二条", "可以。")]
    assert direct.contexts == beir.contexts and direct.retrieval_only and beir.retrieval_only
    assert direct.data_hash == beir.data_hash


def test_beir_needs_gold(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no query has a gold document"):
        retrieval.read_beir(beir_folder(tmp_path / "beir", grade=0))


def test_lecoqa(tmp_path: Path) -> None:
    row = {
        "query_id": 3,
        "问题": "谁？",
        "答案文本": "公民。",
        "相关法规": {"甲法第一条": "公民可以。\n"},
        "match_name": ["甲法第一条"],
    }
    stard(tmp_path / "stard")
    path = tmp_path / "lecoqa" / "l.json"
    path.parent.mkdir()
    path.write_text(json.dumps([row]), encoding="utf-8")
    task = retrieval.read_lecoqa(path, "lecoqa_stard", "LeCoQA")
    item = task.items[0]
    assert (
        item.evidence == (Evidence("甲法第一条"),)
        and item.qrels == {"甲法第一条": 1}
        and item.reference == "公民。"
    )
    assert item.answers == () and item.answerable
    assert item.passages == (Context("甲法第一条", "公民可以。", "甲法第一条"),)
    assert [c.id for c in task.contexts] == ["甲法第一条", "乙法第二条"]


def test_items_survive_a_round_trip() -> None:
    item = Item(
        "1",
        "？",
        ("a",),
        (("a", "b"),),
        True,
        (Evidence("d", "q"),),
        {"d": 2},
        "who",
        "tuning",
        (Exchange("x", "y"),),
        (Context("p", "t"),),
        "r",
        "k",
    )
    assert Item.from_dict(json.loads(json.dumps(item.to_dict()))) == item
    assert Item.from_dict(Item("2", "？", answerable=False).to_dict()) == Item("2", "？", answerable=False)


def test_shipped_task_has_what_the_project_promises() -> None:
    task = load("tianjin")
    assert len(task.items) >= 150 and sum(item.answerable is False for item in task.items) >= 50
    wanted = {
        "who",
        "count",
        "date",
        "list",
        "two_facts",
        "paraphrase",
        "comparison",
        "follow_up",
        "false_premise",
    }
    assert wanted <= {item.type for item in task.items}
    assert {item.split for item in task.items} == {"tuning", "reporting"} and task.contexts


def test_unknown_task_lists_the_valid_ones() -> None:
    with pytest.raises(EvalError) as error:
        load("tianjing")
    assert "Did you mean 'tianjin'?" in error.value.hint and "nomiracl-zh" in error.value.hint


def test_absent_benchmark_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WENJU_BENCH", raising=False)
    with pytest.raises(EvalError, match="files of task 'stard' are not here") as error:
        load("stard", tmp_path)
    assert "WENJU_BENCH" in error.value.hint


@pytest.mark.skipif(not BENCH.is_dir(), reason="the public benchmarks are not here (../shared/bench)")
@pytest.mark.parametrize(
    ("name", "items", "contexts", "split"),
    [
        ("cmrc2018_trial", 1002, 256, "tuning"),
        ("cmrc2018_dev", 3219, 848, "reporting"),
        ("drcd_dev", 3524, 1000, "tuning"),
        ("expmrc", 515, 369, "reporting"),
        ("nomiracl-zh", 500, 0, "tuning/reporting"),
        ("stard", 1234, 57694, "reporting"),
        ("lecoqa_stard", 1234, 57694, "reporting"),
    ],
)
def test_public_benchmarks_are_read_whole(name: str, items: int, contexts: int, split: str) -> None:
    task = load(name, BENCH)
    assert (len(task.items), len(task.contexts), task.split) == (items, contexts, split)
    entry = next(e for e in CATALOGUE if e.name == name)
    assert entry.split == split and entry.licence
    if name == "nomiracl-zh":
        assert sum(item.answerable is False for item in task.items) == 250
    if name in ("cmrc2018_dev", "expmrc"):
        texts = {c.id: c.text for c in task.contexts}
        assert all(e.quote in texts[e.document] for item in task.items for e in item.evidence)
