"""The index on disk: incremental, atomic, one writer, unharmed by kills and full disks."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from errors import IndexError_
from index.build import fingerprint
from index.generation import Generation
from index.loaders import finish
from index.loaders.plain import raw_from_text
from index.paragraphs import passage_search_text, passages_of
from index.settings import IndexSettings
from index.store import IndexStore
from index.types import Document

SETTINGS = IndexSettings()
ROOT = Path(__file__).parent.parent


def document(name: str, paragraphs: int = 3, mark: str = "") -> Document:
    text = "\n\n".join(f"{name}的第{n}段说的是一件事情{mark if n == 0 else ''}，" + "内容很多，说得很细。" * 8 for n in range(paragraphs))
    return finish(raw_from_text(f"# {name}标题\n\n{text}", "text/plain"), f"{name}.txt")


class Encoder:
    """Vectors that tell which text they are of; counts what it encodes."""

    def __init__(self, dimension: int = 4) -> None:
        self.dimension = dimension
        self.seen: list[str] = []

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.seen += texts
        return np.stack([vector(text, self.dimension) for text in texts])


def vector(text: str, dimension: int = 4) -> np.ndarray:
    digest = hashlib.sha256(text.encode()).digest()
    return np.frombuffer(digest[:dimension], np.uint8).astype(np.float32)


def check(generation: Generation) -> None:
    """Everything in a generation agrees with everything else."""
    generation.verify()
    vectors = generation.vectors()
    texts = list(generation.search_texts())
    assert len(vectors) == len(texts) == generation.count == len(generation.search_texts())
    row = 0
    for light in generation.documents():
        whole = generation.document(light.id)
        assert light.text == "" and whole.sha256 == light.sha256 == hashlib.sha256(whole.text.encode()).hexdigest()
        passages = generation.passages(light.id)
        assert passages == passages_of(whole, SETTINGS.passage_min, SETTINGS.passage_max)
        assert generation.rows_of(light.id) == range(row, row + len(passages))
        for passage in passages:
            assert whole.text[passage.start : passage.end] == passage.text
            assert generation.passage_at(row) == generation.passage(passage.id) == passage
            assert generation.row_of(passage.id) == row
            assert texts[row] == generation.search_texts()[row] == passage_search_text(whole, passage)
            assert (vectors[row] == vector(texts[row])).all()
            row += 1
    assert row == generation.count


def current(store: IndexStore) -> Generation:
    generation = store.current()
    assert generation is not None
    return generation


def test_nothing_indexed_yet(tmp_path: Path) -> None:
    assert IndexStore(tmp_path / "index").current() is None


def test_add_replace_remove(tmp_path: Path) -> None:
    store, encode = IndexStore(tmp_path / "index"), Encoder()
    first = store.write([document("甲"), document("乙", 5), document("丙")], [], SETTINGS, encode)
    check(first)
    assert first.count == len(encode.seen) and [one.title for one in first.documents()] == ["甲标题", "乙标题", "丙标题"]

    encode.seen.clear()
    assert store.write([document("乙", 5)], ["unknown"], SETTINGS, encode).name == first.name
    assert encode.seen == []

    second = store.write([document("乙", 5, "，已经改过"), document("丁")], [], SETTINGS, encode)
    check(second)
    assert [one.title for one in second.documents()] == ["甲标题", "丙标题", "乙标题", "丁标题"]
    changed = [text for text in encode.seen if "乙" in text]
    assert len(changed) == 1 and "已经改过" in changed[0]  # the other passages of the changed file keep their vectors

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
        store.write([document("丁")], [], longer, lambda texts: np.full((len(texts), 8), np.nan), encoder="other")
    assert len(current(store).documents()) == 3


def test_builders_get_the_new_folder_and_their_files_are_in_the_manifest(tmp_path: Path) -> None:
    got: dict[str, object] = {}

    def dense(vectors: np.ndarray, path: Path) -> None:
        got["shape"] = vectors.shape
        (path / "dense.bin").write_bytes(b"d")

    def lexical(texts: object, path: Path) -> None:
        got["texts"] = len(list(texts))  # type: ignore[call-overload]
        (path / "bm25").mkdir()
        (path / "bm25" / "terms.bin").write_bytes(b"t")

    stages: list[str] = []
    store = IndexStore(tmp_path)
    generation = store.write(
        [document("甲")], [], SETTINGS, Encoder(), lambda stage, done, total: stages.append(stage),
        build_dense=dense, build_lexical=lexical, about={"encoder_backend": "torch"},
    )  # fmt: skip
    assert got == {"shape": (3, 4), "texts": 3}
    assert {"dense.bin", "bm25/terms.bin", "corpus.sqlite", "vectors.npy"} <= set(generation.manifest["files"])
    assert generation.manifest["about"]["encoder_backend"] == "torch" and generation.manifest["dimension"] == 4
    assert list(dict.fromkeys(stages)) == ["read", "encode", "dense", "lexical", "save"]
    (generation.path / "bm25" / "terms.bin").write_bytes(b"x")
    with pytest.raises(IndexError_, match="terms.bin has changed"):
        generation.verify()
    (generation.path / "dense.bin").unlink()
    with pytest.raises(IndexError_, match="dense.bin is missing"):
        store.current()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda root: (root / "CURRENT").write_text("../evil"), "does not name"),
        (lambda root: (root / "CURRENT").write_text("gen-99"), "gen-99 is missing"),
        (lambda root: (root / "gen-1" / "manifest.json").write_text("{"), "cannot be read"),
        (lambda root: (root / "gen-1" / "manifest.json").unlink(), "no manifest"),
        (lambda root: _edit(root / "gen-1" / "manifest.json", format=99), "format 99"),
        (lambda root: (root / "gen-1" / "vectors.npy").write_bytes(b""), "vectors.npy"),
    ],
)
def test_a_damaged_index_is_told_with_the_next_step(tmp_path: Path, spoil: Callable[[Path], object], says: str) -> None:
    store = IndexStore(tmp_path)
    store.write([document("甲")], [], SETTINGS, Encoder()).close()
    spoil(tmp_path)
    with pytest.raises(IndexError_, match=says) as caught:
        store.current()
    assert "wenju index add" in caught.value.hint


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_a_failing_or_cancelled_writer_leaves_the_old_generation(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    old = store.write([document("甲")], [], SETTINGS, Encoder())

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "encode":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write([document("乙")], [], SETTINGS, Encoder(), stop)
    assert current(store).name == old.name and not list(tmp_path.glob("building-*"))
    check(store.write([document("乙")], [], SETTINGS, Encoder()))


WRITER = """
import sys, time, numpy as np
from pathlib import Path
sys.path.insert(0, {root!r}); sys.path.insert(0, {tests!r})
from test_index_store import SETTINGS, document, Encoder
from index.store import IndexStore
def encode(texts):
    Path({flag!r}).write_text("encoding"); time.sleep(60); return Encoder()(texts)
IndexStore(Path({index!r})).write([document("新")], [], SETTINGS, encode)
"""


def start_writer(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Another process that has the lock and is encoding."""
    flag = tmp_path / "flag"
    code = WRITER.format(root=str(ROOT), tests=str(ROOT / "tests"), flag=str(flag), index=str(tmp_path / "index"))
    process = subprocess.Popen([sys.executable, "-c", code])
    for _ in range(600):
        if flag.exists():
            return process
        assert process.poll() is None
        time.sleep(0.05)
    raise AssertionError("the writer did not start")


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_kill_during_write_and_two_writers(tmp_path: Path) -> None:
    store = IndexStore(tmp_path / "index", wait=0.2)
    old = store.write([document("甲")], [], SETTINGS, Encoder())
    process = start_writer(tmp_path)
    try:
        with pytest.raises(IndexError_, match=f"being written by process {process.pid} on "):
            store.write([document("乙")], [], SETTINGS, Encoder())
        check(current(store))  # readers are not blocked
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(store.root.glob("building-*")) and current(store).name == old.name
    check(current(store))
    after = store.write([document("乙")], [], SETTINGS, Encoder())
    check(after)
    assert not list(store.root.glob("building-*")) and len(after.documents()) == 2


def test_writers_in_threads_wait_for_each_other(tmp_path: Path) -> None:
    def write(name: str) -> None:
        IndexStore(tmp_path, wait=30).write([document(name)], [], SETTINGS, Encoder())

    threads = [threading.Thread(target=write, args=(name,)) for name in "甲乙丙丁"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(current(IndexStore(tmp_path)))
    assert len(current(IndexStore(tmp_path)).documents()) == 4


def test_readers_of_an_old_generation_go_on_while_new_ones_come(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    reader = store.write([document("甲")], [], SETTINGS, Encoder())
    vectors = reader.vectors()
    for mark in ("，一", "，二", "，三"):
        store.write([document("甲", 3, mark)], [], SETTINGS, Encoder())
    assert reader.document(document("甲").id).text and vectors.sum() > 0
    assert len(list(tmp_path.glob("gen-*"))) == 2  # the current one and the one before


def test_disk_full_at_any_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = IndexStore(tmp_path)
    old = store.write([document("甲")], [], SETTINGS, Encoder())
    real, calls = os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    for point in range(5):
        calls = point
        with monkeypatch.context() as patched:
            patched.setattr("index.store.os.fsync", full)
            with pytest.raises(IndexError_, match="no space left") as caught:
                store.write([document("乙")], [], SETTINGS, Encoder())
        assert "Free some space" in caught.value.hint
        check(current(store))
        assert current(store).name == old.name
    check(store.write([document("乙")], [], SETTINGS, Encoder()))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"), reason="needs root to mount a small disk")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        store = IndexStore(disk / "index")
        old = store.write([document("甲")], [], SETTINGS, Encoder())
        for many in (document("大", 3000), document("中", 900)):  # the corpus does not fit; its vectors do not
            with pytest.raises(IndexError_, match="no space left"):
                store.write([many], [], SETTINGS, lambda texts: np.ones((len(texts), 400), np.float32), encoder="wide")
            assert current(store).name == old.name
            check(current(store))
        check(store.write([document("乙")], [], SETTINGS, Encoder()))
        store.current().close()  # type: ignore[union-attr]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_superseded_documents(tmp_path: Path) -> None:
    def titled(name: str, title: str, day: str, supersedes: str = "") -> Document:
        head = f"---\ntitle: {title}\npublished: {day}\nsupersedes: {supersedes}\n---\n"
        return finish(raw_from_text(head + f"{name}：正文在此，说明了办理的条件和程序。", "text/plain"), name)

    documents = [
        titled("a.txt", "差旅费管理办法（2020年版）", "2020-01-01"),
        titled("b.txt", "差旅费管理办法（2024年版）", "2024-01-01"),
        titled("c.txt", "工作通知", "2020-01-01"), titled("d.txt", "工作通知", "2024-01-01"),
        titled("e.txt", "2023年工作总结报告", "2023-12-01"), titled("f.txt", "2024年工作总结报告", "2024-12-01"),
        titled("g.txt", "旧指南", "2023-01-01"), titled("h.txt", "新的说明", "2024-01-01", "[旧指南]"),
        titled("i.txt", "员工休假手册V1.9", "2024-01-01"), titled("j.txt", "员工休假手册V1.10", "2023-01-01"),
        titled("k.txt", "采购管理规定", ""), titled("l.txt", "采购管理规定", "2024-01-01"),
    ]  # fmt: skip
    generation = IndexStore(tmp_path).write(documents, [], SETTINGS, Encoder())
    names = {one.id: one.source for one in generation.documents()}
    replaced = {names[old]: names[new] for old, new in generation.superseded_by().items()}
    assert replaced == {"a.txt": "b.txt", "g.txt": "h.txt", "i.txt": "j.txt"}
    assert {names[one] for one in generation.superseded()} == set(replaced)
    later = IndexStore(tmp_path).write([], [documents[1].id], SETTINGS, Encoder())
    assert "a.txt" not in {names[one] for one in later.superseded()}


def test_opening_is_quick_and_reads_little(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    big = finish(raw_from_text("第一句话在这里，后面还有很多很多字。第二句也在！" * 100_000, "text/plain"), "big.txt")
    store.write([big, document("甲")], [], SETTINGS, Encoder()).close()
    began = time.perf_counter()
    generation = current(store)
    assert generation.passage_at(generation.count - 1).document_id == document("甲").id
    assert len(generation.documents()) == 2
    assert time.perf_counter() - began < 0.2


def test_the_fingerprint_takes_in_what_answers_depend_on() -> None:
    from dataclasses import replace

    one = document("甲")
    assert fingerprint(one) == fingerprint(replace(one, meta={"path": "/elsewhere"}))
    for changed in (replace(one, published="2024-01-01"), replace(one, title="乙"), replace(one, meta={"a": "b"}), replace(one, blocks=())):
        assert fingerprint(changed) != fingerprint(one)
