"""Adding files and folders: bad ones are reported, good ones indexed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import index.documents as module
from index.documents import AddReport, add_paths
from index.files import expand
from index.settings import IndexSettings
from index.store import IndexStore

SETTINGS = IndexSettings()


def encode(texts: list[str]) -> np.ndarray:
    return np.array([[len(text), 1] for text in texts], np.float32)


def add(store: IndexStore, *paths: Path) -> AddReport:
    return add_paths(paths, store, SETTINGS, encode)


def test_expand_skips_litter_and_keeps_folders_in_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/b.txt", "a/.hidden", ".git/x.txt", "~$lock.docx", "Thumbs.db", "a/c.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x", "utf-8")
    found = expand([tmp_path, tmp_path / "b.txt"])
    assert [one.source for one in found] == ["b.txt", "a/b.txt", "a/c.md"]


def test_two_hundred_mixed_files(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(200):
        path = folder / f"部门{number % 7}" / f"{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = f"第{number}号文件说明了办理的条件，以及需要的材料。"
        match number % 10:
            case 0:
                path.with_suffix(".pdf").write_bytes(b"%PDF-1.4 broken")
            case 1:
                path.with_suffix(".txt").write_bytes(b"")
            case 2:
                path.with_suffix(".txt").write_bytes(bytes(range(256)) * 9)
            case 3:
                path.with_suffix(".exe").write_bytes(b"MZ")
            case 4:
                path.with_suffix(".txt").write_bytes(text.encode("gb18030"))
            case 5:
                path.with_suffix(".csv").write_text(f"编号,说明\n{number},{text}\n", "utf-8")
            case 6:
                path.with_suffix(".html").write_text(f"<p>{text}</p>", "utf-8")
            case _:
                path.with_suffix(".md").write_text(f"# 标题\n\n{text}", "utf-8")
    seen: list[tuple[str, int, int]] = []
    store = IndexStore(tmp_path / "index")
    report = add_paths([folder], store, SETTINGS, encode, lambda *step: seen.append(step))
    assert (len(report.added), len(report.failed), len(report.skipped)) == (120, 60, 20)
    assert all(path.name in error.message and error.hint for path, error in report.failed)
    assert ("load", 180, 180) in seen
    generation = store.current()
    assert generation is not None and len(generation.documents()) == 120
    assert all(one.meta["path"].endswith(one.source) for one in generation.documents())


def test_added_unchanged_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = IndexStore(tmp_path / "index")
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("第一份文件，说明了条件。", "utf-8")
    two.write_text("第二份文件，说明了程序。", "utf-8")
    assert add(store, one).added == ("one.txt",)
    loaded: list[str] = []
    real = module.Reader.load_all
    monkeypatch.setattr(
        module.Reader,
        "load_all",
        lambda self, path, source: (loaded.append(source), real(self, path, source))[1],
    )
    report = add(store, one, two)
    assert (report.added, report.unchanged, loaded) == (("two.txt",), ("one.txt",), ["two.txt"])
    one.write_bytes(one.read_text("utf-8").encode("gb18030"))  # other bytes, the same text
    assert add(store, one).unchanged == ("one.txt",)
    one.write_text("第一份文件，改过了。", "utf-8")
    report = add(store, one, two)
    assert (report.replaced, report.unchanged) == (("one.txt",), ("two.txt",))
    generation = store.current()
    assert generation is not None and {generation.document(d.id).text for d in generation.documents()} == {
        "第一份文件，改过了。",
        "第二份文件，说明了程序。",
    }


def test_two_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in "xy":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(f"{folder}里的文件，内容不同。", "utf-8")
    together = add(IndexStore(tmp_path / "index"), tmp_path / "x" / "a.txt", tmp_path / "y" / "a.txt")
    assert (together.added, together.failed) == (("a.txt", "y/a.txt"), ())
    store = IndexStore(tmp_path / "other")
    assert (add(store, tmp_path / "x").added, add(store, tmp_path / "y").added) == (("a.txt",), ("y/a.txt",))
    assert add(store, tmp_path / "y").unchanged == ("y/a.txt",)


def test_nothing_readable_makes_no_index(tmp_path: Path) -> None:
    store = IndexStore(tmp_path / "index")
    report = add(store, tmp_path / "missing.txt")
    assert len(report.failed) == 1 and "no such file" in str(report.failed[0][1])
    assert store.current() is None


def test_files_of_other_kinds_are_skipped_in_folders_and_fail_when_named(tmp_path: Path) -> None:
    folder = tmp_path / "文件"
    folder.mkdir()
    (folder / "通知.txt").write_text(
        "关于进一步做好就业服务工作的通知。各单位要把就业驿站建设好，方便群众就近求职。", "utf-8"
    )
    (folder / "程序.py").write_text("print()", "utf-8")
    (folder / "说明").write_text("没有扩展名", "utf-8")
    store = IndexStore(tmp_path / "index")
    report = add(store, folder)
    assert (report.added, report.failed) == (("通知.txt",), ())
    assert [path.name for path in report.skipped] == ["程序.py", "说明"]
    named = add(store, folder / "程序.py")
    assert named.skipped == () and len(named.failed) == 1
