"""Where passages are searched, in files of this machine and in Milvus: one suite, the same hits, scores and
citations."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from fakes import ScriptedGenerator

from corpus import sample_documents
from errors import IndexError_
from index import open_backend
from index.scope import Scope
from index.settings import IndexSettings
from index.statistics import TermStatistics
from index.types import Hit
from qa.engine import Engine
from qa.library import Library
from qa.settings import AnswerSettings, EngineSettings
from qa.types import Answer
from wenju.health import Wanted, parts
from wenju.settings import load_settings

ROOT = Path(__file__).parents[1]
MILVUS = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("pymilvus", "milvus_lite")),
    reason="pip install 'pymilvus[milvus-lite]'",
)
Make = Callable[[str], Library]


def made(folder: Path, kind: str) -> Library:
    index = IndexSettings(milvus=str(folder / "milvus.db") if kind == "milvus" else "")
    return Library(EngineSettings(data=folder / kind, index=index), FakeEncoder())


@pytest.fixture(params=("local", pytest.param("milvus", marks=MILVUS)))
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    library = made(tmp_path, request.param)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    library.add([tmp_path / name for name in FILES])
    yield library


FILES = {
    "食堂.txt": "机关食堂早上七点开门，晚上七点关门。\n\n食堂开展厉行节约反对浪费主题党日，共有20人参加。",
    "车辆.txt": "公务用车的维修费用超过3000元的，应当报机关事务管理中心审批。",
    "社区.txt": "和平区建成社区食堂35家，老年人就餐有补贴，每餐补贴5元。",
}


def sources(hits: list[Hit]) -> list[str]:
    return [hit.document.source for hit in hits]


def test_the_right_passage_comes_first_and_says_why(library: Library) -> None:
    hits = library.search("公务用车维修费用超过三千元由谁审批", 3)
    assert sources(hits)[0] == "车辆.txt" and hits[0].why["bm25_rank"] == hits[0].why["dense_rank"] == 1.0
    assert hits[0].why["coverage"] > 0.5 > hits[1].why["coverage"]
    assert hits[0].document.text[hits[0].passage.start : hits[0].passage.end] == hits[0].passage.text


def test_without_a_shared_term_the_nearest_are_found(library: Library) -> None:
    hits = library.search("zebra", 3)
    assert len(hits) == 3 and all(hit.why["bm25"] == 0 and "bm25_rank" not in hit.why for hit in hits)
    assert library.search(" ", 3) == []


def test_what_is_added_changed_and_removed_is_seen_at_once(library: Library, tmp_path: Path) -> None:
    (tmp_path / "浴室.txt").write_text("机关浴室早上八点开门，晚上十点关门。", "utf-8")
    (tmp_path / "食堂.txt").write_text("机关食堂早上六点开门。", "utf-8")
    library.add([tmp_path / "浴室.txt", tmp_path / "食堂.txt"])
    hits = library.search("机关食堂几点开门", 9)
    assert sources(hits)[0] == "食堂.txt" and "六点" in hits[0].passage.text
    assert sorted(sources(hits)) == ["浴室.txt", "社区.txt", "车辆.txt", "食堂.txt"]
    library.remove(hits[0].document.id)
    assert "食堂.txt" not in sources(library.search("机关食堂几点开门", 9))
    library.remove(*(document.id for document in library.documents()))
    assert library.search("机关食堂几点开门", 9) == []
    library.add([tmp_path / "食堂.txt"])
    assert sources(library.search("机关食堂几点开门", 9)) == ["食堂.txt"]


def test_a_collection_is_searched_alone(library: Library, tmp_path: Path) -> None:
    library.add([tmp_path / "车辆.txt", tmp_path / "社区.txt"], collection='制度"一"')
    asked = "机关食堂几点开门"
    assert sources(library.search(asked, 9, Scope('制度"一"'))) == ["社区.txt", "车辆.txt"]
    assert len(library.search(asked, 9)) == 3


def test_closed_collections_are_not_searched(library: Library, tmp_path: Path) -> None:
    asked, closed = "机关食堂几点开门", frozenset({'人"事'})
    library.add([tmp_path / "车辆.txt", tmp_path / "社区.txt"], collection='人"事')
    library.add([tmp_path / "社区.txt"], collection="党建")
    assert sources(library.search(asked, 9, Scope(closed=closed))) == ["食堂.txt"]
    opened = Scope(closed=closed, open=frozenset({"党建"}))
    assert sorted(sources(library.search(asked, 9, opened))) == ["社区.txt", "食堂.txt"]
    assert sources(library.search(asked, 9, Scope('人"事', closed, frozenset({"党建"})))) == ["社区.txt"]
    assert library.search(asked, 9, Scope('人"事', closed)) == []


def test_readers_go_on_with_their_generation_while_the_next_is_written(
    library: Library, tmp_path: Path
) -> None:
    seen: list[list[str]] = []
    reading = Library(library.settings, FakeEncoder())
    reading._backend = library.backend  # Milvus Lite lets one client in
    (tmp_path / "食堂.txt").write_text("机关食堂早上六点开门。", "utf-8")

    def look(stage: str, done: int, total: int) -> None:
        seen.append([hit.passage.text for hit in reading.search("机关食堂几点开门", 1)])

    library.add([tmp_path / "食堂.txt"], look)
    assert len(seen) > 4 and all("七点" in found[0] for found in seen[:-1]) and "六点" in seen[-1][0]


def test_a_write_that_broke_off_leaves_nothing_behind(library: Library, tmp_path: Path) -> None:
    (tmp_path / "浴室.txt").write_text("机关浴室早上八点开门，晚上十点关门。", "utf-8")

    def stop(stage: str, done: int, total: int) -> None:
        if stage in ("dense", "milvus"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add([tmp_path / "浴室.txt"], stop)
    assert "浴室.txt" not in sources(library.search("机关浴室几点开门", 9))
    library.add([tmp_path / "浴室.txt"])
    assert sources(library.search("机关浴室几点开门", 9)).count("浴室.txt") == 1


@MILVUS
def test_the_same_hits_and_scores_in_both(tmp_path: Path) -> None:
    both = [made(tmp_path, kind) for kind in ("local", "milvus")]
    for one in both:
        one.add(sample_documents())
    asked = [document.title for document in both[0].documents()]
    passages = [passage for document in both[0].documents() for passage in both[0].passages(document.id)]
    asked += [passage.text[3:21] for passage in passages[::4]]
    for question in asked:
        local, milvus = (one.search(question, 10) for one in both)
        assert [hit.passage for hit in local] == [hit.passage for hit in milvus], question
        for mine, theirs in zip(local, milvus, strict=True):
            assert mine.score == pytest.approx(theirs.score, abs=1e-5)
            assert mine.why.keys() == theirs.why.keys()
            assert [*mine.why.values()] == pytest.approx([*theirs.why.values()], abs=1e-4)


@MILVUS
def test_the_same_answers_and_citations_in_both(tmp_path: Path) -> None:
    lines = (ROOT / "eval/data/tianjin.jsonl").read_text("utf-8").splitlines()
    items = [item for item in map(json.loads, lines) if item.get("evidence")][::6]
    writing = ScriptedGenerator({item["question"]: f"{item['evidence'][0]['quote']}。" for item in items})
    told: list[list[Answer]] = []
    for kind in ("local", "milvus"):
        library = made(tmp_path, kind)
        library.add(sample_documents())
        settings = library.settings.model_copy(update={"answer": AnswerSettings(risk=1.0)})
        engine = Engine(settings, encoder=FakeEncoder(), generator=writing)
        engine.library = library  # Milvus Lite lets one client in
        told.append([engine.answer(item["question"]) for item in items])
    for local, milvus in zip(*told, strict=True):
        assert local.text == milvus.text and local.refusal == milvus.refusal
        assert [s.citations for s in local.sentences] == [s.citations for s in milvus.sentences]
        assert [r.passage_id for r in local.retrieved] == [r.passage_id for r in milvus.retrieved]
    cited = [answer for answer in told[0] if any(sentence.citations for sentence in answer.sentences)]
    assert len(items) >= 15 and len(cited) > len(items) / 2


@MILVUS
def test_an_index_made_for_the_other_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "食堂.txt").write_text(FILES["食堂.txt"], "utf-8")
    settings = EngineSettings(data=tmp_path / "data")
    Library(settings, FakeEncoder()).add([tmp_path / "食堂.txt"])
    index = IndexSettings(milvus=str(tmp_path / "milvus.db"))
    library = Library(settings.model_copy(update={"index": index}), FakeEncoder())
    told = load_settings(
        {"data": tmp_path / "data", "index": {"milvus": index.milvus, "encoder": "fake-encoder"}}
    )
    (check,) = parts.index(told, Wanted())
    with pytest.raises(IndexError_, match="not made for Milvus") as caught:
        library.search("几点开门", 1)
    assert "wenju index rebuild" in caught.value.hint == check.next_step and check.state == "fail"
    library.write((), afresh=True)
    assert library.search("几点开门", 1)
    with library.backend.asking() as client:  # type: ignore[attr-defined]
        client.close()  # Milvus Lite lets one client in
    (check,) = parts.index(told, Wanted())
    assert check.state == "ok" and index.milvus in check.found


@MILVUS
def test_one_milvus_holds_several_indexes_and_nothing_of_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "食堂.txt").write_text(FILES["食堂.txt"], "utf-8")
    one, other = made(tmp_path, "milvus"), made(tmp_path / "other", "milvus")
    other._backend = one.backend
    for library in (one, other, one):
        library.add([tmp_path / "食堂.txt"])
        library.write((), afresh=True)
    with one.backend.asking() as client:  # type: ignore[attr-defined]
        assert len(client.list_collections()) == 2
        client.drop_collection(one.backend.open(one.generation)._collection)  # type: ignore[arg-type, attr-defined]
    with pytest.raises(IndexError_, match="does not hold the passages"):
        one.backend.open(one.generation)  # type: ignore[arg-type]
    assert other.search("几点开门", 1)


def test_without_the_package_the_setting_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(IndexError_, match="pymilvus") as caught:
        open_backend(IndexSettings(milvus="http://127.0.0.1:19530"))
    assert "wenju[milvus]" in caught.value.hint


def test_counts_of_terms_follow_what_comes_and_goes(tmp_path: Path) -> None:
    texts = list(FILES.values()) * 2 + ["", "党党党"]
    whole = TermStatistics.none().changed([texts[:3], texts[3:]])
    less = whole.changed([texts[4:]], -1)
    fresh = TermStatistics.none().changed([texts[:4]])
    less.save(tmp_path)
    for one in (less, TermStatistics.load(tmp_path)):
        assert (one.count, one.length) == (fresh.count, fresh.length)
        assert np.array_equal(one.codes, fresh.codes) and np.array_equal(one.having, fresh.having)
    assert TermStatistics.none().measure("食堂", ["食堂"])[0].tolist() == [0.0]
