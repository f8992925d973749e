"""Copies of one document: told as copies, their passages shown once, editions and supplements left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from index.documents import add_paths
from index.duplicates import copies_of, plain, sketch
from index.loaders import finish
from index.loaders.plain import raw_from_text
from index.local import LocalBackend
from index.retriever import HybridRetriever
from index.settings import IndexSettings
from index.store import IndexStore
from index.types import Document
from tests.fake_encoder import FakeEncoder

RULE = (
    "青禾市机关公务用车管理规定\n\n公务用车实行定点维修、定点加油、定点停放。"
    "公务用车的维修费用超过3000元的，应当报机关事务管理中心审批。\n"
)
MORE = (
    "公务用车管理补充通知\n\n公务用车的维修费用超过10000元的，"
    "除报机关事务管理中心审批外，还应当经市财政局复核。\n"
)
LONG = "".join(
    f"各单位应当做好第{n}项工作，落实责任，加强检查，及时报告情况，不得延误，确保取得实效，让群众满意放心。"
    for n in "甲乙丙丁戊己庚辛壬癸"
)


def document(name: str, text: str) -> Document:
    return finish(raw_from_text(text, "text/plain"), name)


def test_white_space_width_and_script_do_not_count() -> None:
    others = (
        RULE.replace("\n\n", "\n \n"),
        RULE.replace("3000", "３０００"),
        RULE.replace("机关", "機關"),
        RULE.replace("，", "，\u3000"),
    )
    assert {sketch(text) for text in (RULE, *others)} == {sketch(RULE)}
    assert sketch(" \n") == "" and plain("甲 乙\u3000") == "甲乙"


def test_copies_near_copies_editions_and_supplements() -> None:
    documents = [
        document("规定.txt", RULE),
        document("副本.txt", RULE.replace("\n\n", "\n \n")),
        document("补充.txt", MORE),
        document("新规定.txt", RULE.replace("3000", "5000")),
        document("长.txt", LONG),
        document("抄送.txt", LONG + "抄送：办公室。"),
        document("改.txt", LONG.replace("甲", "一")),
        document("别.txt", LONG[::-1]),
    ]
    named = {one.id: one.source for one in documents}
    assert {named[copy]: named[first] for copy, first in copies_of(documents).items()} == {
        "副本.txt": "规定.txt",
        "抄送.txt": "长.txt",
    }


def test_another_document_number_is_another_document() -> None:
    one, two = document("一.txt", LONG + "抄送：办公室。"), document("二.txt", LONG)
    numbered = replace(one, meta={**one.meta, "number": "青政发〔2025〕12号"})
    assert copies_of([two, one]) and not copies_of([two, numbered])


def index(root: Path, folder: Path) -> tuple[HybridRetriever, IndexStore]:
    encoder = FakeEncoder()
    store = IndexStore(root)

    def encode(texts: list[str]) -> np.ndarray:
        return encoder.encode(texts)

    add_paths(
        [folder],
        store,
        IndexSettings(),
        encode,
        backend=LocalBackend(),
    )
    generation = store.current()
    assert generation is not None
    return HybridRetriever(generation, encoder, IndexSettings(top_k=3)), store


def test_a_passage_of_copies_is_found_once_with_how_many(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(12):
        path = folder / f"抄送{number:02d}" / "规定.txt"
        path.parent.mkdir(parents=True)
        path.write_text(RULE if number else RULE.replace("\n\n", "\n\n\n"), "utf-8")
    (folder / "补充.txt").write_text(MORE, "utf-8")
    retriever, store = index(tmp_path / "index", folder)
    hits = retriever.search("公务用车维修费用12000元由谁审批？", 3)
    assert len(hits) == 2
    assert {hit.document.title for hit in hits} == {"青禾市机关公务用车管理规定", "公务用车管理补充通知"}
    rule = next(hit for hit in hits if hit.document.title.startswith("青禾市"))
    assert len(rule.copies) == 11 and rule.passage.document_id not in rule.copies
    generation = store.current()
    assert generation is not None
    copies = generation.copies()
    assert len(copies) == 11 and len(set(copies.values())) == 1
    assert not generation.superseded()
