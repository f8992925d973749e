"""The index on disk: incremental generations that agree with themselves."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from index_fakes import SETTINGS, Encoder, check, current, document

from errors import IndexError_
from index.build import Progress, fingerprint
from index.generation import Generation
from index.loaders import finish
from index.loaders.plain import raw_from_text
from index.store import IndexStore
from index.types import Document


def test_nothing_indexed_yet(tmp_path: Path) -> None:
    assert IndexStore(tmp_path / "index").current() is None


def test_add_replace_remove(tmp_path: Path) -> None:
    store, encode = IndexStore(tmp_path / "index"), Encoder()
    first = store.write([document("甲"), document("乙", 5), document("丙")], [], SETTINGS, encode)
    check(first)
    assert first.count == len(encode.seen) and [one.title for one in first.documents()] == [
        "甲标题",
        "乙标题",
        "丙标题",
    ]

    encode.seen.clear()
    assert store.write([document("乙", 5)], ["unknown"], SETTINGS, encode).name == first.name
    assert encode.seen == []

    second = store.write([document("乙", 5, "，已经改过"), document("丁")], [], SETTINGS, encode)
    check(second)
    assert [one.title for one in second.documents()] == ["甲标题", "丙标题", "乙标题", "丁标题"]
    changed = [text for text in encode.seen if "乙" in text]
    assert (
        len(changed) == 1 and "已经改过" in changed[0]
    )  # the other passages of the changed file keep their vectors

    encode.seen.clear()
    gone = document("甲").id
    third = store.write([], [gone], SETTINGS, encode)
    check(third)
    assert encode.seen == [] and gone not in {one.id for one in third.documents()}
    assert not (store.root / second.name).exists()  # what was removed does not stay on the disk
    with pytest.raises(KeyError):
        third.document(gone)
    with pytest.raises(KeyError):
        third.passage(f"{gone}-0001")
    with pytest.raises(KeyError):
        third.passage_at(third.count)


def test_the_same_document_twice_counts_once_and_the_last_wins(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    generation = store.write([document("甲"), document("甲", 4)], [], SETTINGS, Encoder())
    check(generation)
    assert len(generation.documents()) == 1 and generation.count == 4


def test_everything_removed_leaves_an_empty_index(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    store.write([document("甲")], [], SETTINGS, Encoder())
    empty = store.write([], [document("甲").id], SETTINGS, Encoder())
    assert (empty.count, empty.documents(), list(empty.search_texts())) == (0, [], [])
    check(store.write([document("乙")], [], SETTINGS, Encoder()))


def test_other_sizes_or_another_encoder_make_everything_anew(tmp_path: Path) -> None:
    store, encode = IndexStore(tmp_path), Encoder()
    before = store.write([document("甲"), document("乙")], [], SETTINGS, encode)
    encode.seen.clear()
    longer = SETTINGS.model_copy(update={"passage_min": 300})
    after = store.write([document("丙")], [], longer, encode)
    assert after.count < before.count + 3 and len(encode.seen) == after.count and len(after.documents()) == 3
    wide = Encoder(8)
    assert store.write([], [], longer, wide, encoder="other").vectors().shape[1] == 8
    with pytest.raises(IndexError_, match="vectors of 5"):
        store.write([document("丁")], [], longer, Encoder(5), encoder="other")
    with pytest.raises(IndexError_, match="not numbers"):
        store.write(
            [document("丁")], [], longer, lambda texts: np.full((len(texts), 8), np.nan), encoder="other"
        )
    assert len(current(store).documents()) == 3


def test_builders_get_the_new_folder_and_their_files_are_in_the_manifest(tmp_path: Path) -> None:
    got: dict[str, object] = {}

    class Searched:
        def build(self, corpus: Generation, earlier: object, report: Progress) -> None:
            report("dense", 0, 1)
            got["shape"], got["texts"] = corpus.vectors().shape, len(list(corpus.search_texts()))
            (corpus.path / "dense.bin").write_bytes(b"d")
            (corpus.path / "bm25").mkdir()
            (corpus.path / "bm25" / "terms.bin").write_bytes(b"t")

        def settle(self, current: Generation) -> None:
            got["settled"] = current.name

        def open(self, generation: object) -> Any:
            raise AssertionError

    stages: list[str] = []
    store = IndexStore(tmp_path)
    generation = store.write(
        [document("甲")],
        [],
        SETTINGS,
        Encoder(),
        lambda stage, done, total: stages.append(stage),
        backend=Searched(),
        about={"encoder_backend": "torch"},
    )
    assert got == {"shape": (3, 4), "texts": 3, "settled": "gen-1"}
    assert {"dense.bin", "bm25/terms.bin", "corpus.sqlite", "vectors.npy"} <= set(
        generation.manifest["files"]
    )
    assert (
        generation.manifest["about"]["encoder_backend"] == "torch" and generation.manifest["dimension"] == 4
    )
    assert list(dict.fromkeys(stages)) == ["read", "encode", "dense", "save"]
    (generation.path / "bm25" / "terms.bin").write_bytes(b"x")
    with pytest.raises(IndexError_, match="terms.bin has changed"):
        generation.verify()
    (generation.path / "dense.bin").unlink()
    with pytest.raises(IndexError_, match="dense.bin is missing"):
        store.current()


def test_superseded_documents(tmp_path: Path) -> None:
    def titled(name: str, title: str, day: str, supersedes: str = "") -> Document:
        head = f"---\ntitle: {title}\npublished: {day}\nsupersedes: {supersedes}\n---\n"
        return finish(raw_from_text(head + f"{name}：正文在此，说明了办理的条件和程序。", "text/plain"), name)

    documents = [
        titled("a.txt", "差旅费管理办法（2020年版）", "2020-01-01"),
        titled("b.txt", "差旅费管理办法（2024年版）", "2024-01-01"),
        titled("c.txt", "工作通知", "2020-01-01"),
        titled("d.txt", "工作通知", "2024-01-01"),
        titled("e.txt", "2023年工作总结报告", "2023-12-01"),
        titled("f.txt", "2024年工作总结报告", "2024-12-01"),
        titled("g.txt", "旧指南", "2023-01-01"),
        titled("h.txt", "新的说明", "2024-01-01", "[旧指南]"),
        titled("i.txt", "员工休假手册V1.9", "2024-01-01"),
        titled("j.txt", "员工休假手册V1.10", "2023-01-01"),
        titled("k.txt", "采购管理规定", ""),
        titled("l.txt", "采购管理规定", "2024-01-01"),
        titled("考核办法（2023年版）.txt", "员工绩效考核办法", ""),
        titled("考核办法（2025年版）.txt", "员工绩效考核办法", ""),
    ]
    generation = IndexStore(tmp_path).write(documents, [], SETTINGS, Encoder())
    names = {one.id: one.source for one in generation.documents()}
    replaced = {names[old]: names[new] for old, new in generation.superseded_by().items()}
    of_files = {"考核办法（2023年版）.txt": "考核办法（2025年版）.txt"}
    assert replaced == {"a.txt": "b.txt", "g.txt": "h.txt", "i.txt": "j.txt"} | of_files
    assert {names[one] for one in generation.superseded()} == set(replaced)
    called = {one.source: one.name for one in generation.documents()}
    assert {called[name] for name in ("c.txt", "d.txt")} == {"工作通知（2020）", "工作通知（2024）"}
    assert {called[name] for name in ("k.txt", "l.txt")} == {
        "采购管理规定（k.txt）",
        "采购管理规定（l.txt）",
    }
    assert called["考核办法（2023年版）.txt"] == "员工绩效考核办法（2023）" and called["g.txt"] == "旧指南"
    assert generation.document(documents[2].id).name == "工作通知（2020）"
    later = IndexStore(tmp_path).write([], [documents[1].id], SETTINGS, Encoder())
    assert "a.txt" not in {names[one] for one in later.superseded()}


def test_opening_is_quick_and_reads_little(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    big = finish(
        raw_from_text("第一句话在这里，后面还有很多很多字。第二句也在！" * 100_000, "text/plain"), "big.txt"
    )
    store.write([big, document("甲")], [], SETTINGS, Encoder()).close()
    began = time.perf_counter()
    generation = current(store)
    assert generation.passage_at(generation.count - 1).document_id == document("甲").id
    assert len(generation.documents()) == 2
    assert time.perf_counter() - began < 0.2


def test_the_fingerprint_takes_in_what_answers_depend_on() -> None:
    one = document("甲")
    assert fingerprint(one) == fingerprint(replace(one, meta={"path": "/elsewhere"}))
    for changed in (
        replace(one, published="2024-01-01"),
        replace(one, title="乙"),
        replace(one, meta={"a": "b"}),
        replace(one, blocks=()),
    ):
        assert fingerprint(changed) != fingerprint(one)
