"""A folder and the index in step: what was added, changed, renamed and removed, and under which names."""

from __future__ import annotations

import os
import sqlite3
import threading
from email.message import EmailMessage
from pathlib import Path

import pytest
from index_fakes import SETTINGS, Encoder, check, current

from errors import DocumentError
from index.documents import AddReport, add_paths, sync_folder
from index.scope import Scope
from index.store import IndexStore
from index.watch import look, watch


class Kept:
    """A folder of documents with an index."""

    def __init__(self, root: Path) -> None:
        self.folder, self.store, self.encode = root / "文件", IndexStore(root / "index"), Encoder()

    def put(self, name: str, mark: str = "", paragraphs: int = 3) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = "\n\n".join(
            f"第{n}段{mark if n == 0 else ''}，" + "内容很多，说得很细。" * 8 for n in range(paragraphs)
        )
        path.write_text(f"# 一份文件的标题\n\n{body}", "utf-8")
        return path

    def sync(self, **given: object) -> AddReport:
        self.encode.seen.clear()
        return sync_folder(self.folder, self.store, SETTINGS, self.encode, **given)  # type: ignore[arg-type]

    def add(self, *paths: Path) -> AddReport:
        self.encode.seen.clear()
        return add_paths(paths, self.store, SETTINGS, self.encode)

    def names(self) -> dict[str, str]:
        return {one.source: one.id for one in current(self.store).documents()}


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_added_changed_removed_in_one_generation(kept: Kept) -> None:
    kept.put("甲.txt", "甲")
    kept.put("下/乙.txt", "乙")
    kept.put("丙.txt", "丙")
    assert set(kept.sync().added) == {"甲.txt", "下/乙.txt", "丙.txt"}
    before = current(kept.store).name
    report = kept.sync()
    assert (set(report.unchanged), report.added, current(kept.store).name) == (
        {"甲.txt", "下/乙.txt", "丙.txt"},
        (),
        before,
    )
    kept.put("甲.txt", "甲，改过")
    (kept.folder / "丙.txt").unlink()
    kept.put("丁.txt", "丁")
    report = kept.sync()
    assert (report.added, report.replaced, report.removed, report.unchanged) == (
        ("丁.txt",),
        ("甲.txt",),
        ("丙.txt",),
        ("下/乙.txt",),
    )
    assert current(kept.store).name == "gen-2"
    assert [text for text in kept.encode.seen if "改过" in text] and len(
        kept.encode.seen
    ) <= 4  # of 甲 the changed paragraph alone
    check(current(kept.store))


def test_documents_from_elsewhere_stay(kept: Kept, tmp_path: Path) -> None:
    kept.put("甲.txt", "甲")
    other = tmp_path / "别处.txt"
    other.write_text("别处的文件，与文件夹无关，说明了别的事情。", "utf-8")
    kept.add(other)
    assert kept.sync().removed == ()
    assert set(kept.names()) == {"甲.txt", "别处.txt"}


def test_a_renamed_file_keeps_its_id_and_its_vectors(kept: Kept) -> None:
    path = kept.put("旧名.txt", "甲")
    kept.put("乙.txt", "乙")
    kept.sync()
    identity = kept.names()["旧名.txt"]
    path.rename(kept.folder / "新名.txt")
    report = kept.sync()
    assert (report.renamed, report.removed, report.added, report.replaced) == (
        (("旧名.txt", "新名.txt"),),
        (),
        (),
        (),
    )
    assert kept.names()["新名.txt"] == identity and kept.encode.seen == []
    kept.put("旧名.txt", "另一份")  # the old name is free again, and another document
    assert kept.sync().added == ("旧名.txt",)
    names = kept.names()
    assert names["新名.txt"] == identity != names["旧名.txt"] and len(set(names.values())) == 3
    assert kept.sync().unchanged and kept.encode.seen == []
    check(current(kept.store))


def test_a_copy_is_no_renaming(kept: Kept) -> None:
    path = kept.put("甲.txt", "甲")
    kept.sync()
    (kept.folder / "甲 副本.txt").write_bytes(path.read_bytes())
    report = kept.sync()
    assert (report.added, report.renamed) == (("甲 副本.txt",), ())


def test_two_files_that_change_their_names_with_each_other(kept: Kept) -> None:
    one, two = kept.put("甲.txt", "甲"), kept.put("乙.txt", "乙")
    kept.sync()
    one.rename(kept.folder / "x")
    two.rename(one)
    (kept.folder / "x").rename(two)
    report = kept.sync()
    assert set(report.replaced) == {"甲.txt", "乙.txt"} and kept.encode.seen == []
    check(current(kept.store))


def test_the_folder_moved_as_a_whole(kept: Kept, tmp_path: Path) -> None:
    kept.put("甲.txt", "甲")
    kept.put("下/乙.txt", "乙")
    kept.sync()
    before = kept.names()
    kept.folder = kept.folder.rename(tmp_path / "新文件夹")
    report = kept.sync()
    assert (set(report.unchanged), report.removed, kept.names()) == ({"甲.txt", "下/乙.txt"}, (), before)
    (kept.folder / "甲.txt").unlink()
    assert kept.sync().removed == ("甲.txt",)  # the place is remembered


def test_one_file_given_in_three_ways_is_one_document(kept: Kept, tmp_path: Path) -> None:
    path = kept.put("下/甲.txt", "甲")
    kept.add(kept.folder)
    (tmp_path / "link").symlink_to(kept.folder)
    for again in (kept.folder / "下", path, kept.folder / "下" / ".." / "下", tmp_path / "link"):
        assert kept.add(again).unchanged == ("下/甲.txt",)
    assert set(kept.names()) == {"下/甲.txt"}
    kept.put("下/甲.txt", "甲，改过")
    assert kept.add(kept.folder / "下").replaced == ("下/甲.txt",)


def test_an_empty_or_missing_folder_takes_nothing_out(kept: Kept) -> None:
    path = kept.put("甲.txt", "甲")
    kept.sync()
    path.unlink()
    with pytest.raises(DocumentError, match="the index holds 1 files of it") as caught:
        kept.sync()
    assert "--empty" in caught.value.hint and kept.names()
    assert kept.sync(empty=True).removed == ("甲.txt",)
    kept.folder.rmdir()
    with pytest.raises(DocumentError, match="no such folder"):
        kept.sync()


def test_what_cannot_be_read_now_stays(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept.put("甲.txt", "甲")
    kept.put("锁着/乙.txt", "乙")
    kept.put("丙.txt", "丙")
    kept.sync()
    path.write_bytes(b"")
    real = os.scandir

    def closed(where: object) -> object:
        if str(where).endswith("锁着"):
            raise PermissionError(13, "Permission denied", str(where))
        return real(where)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", closed)
    report = kept.sync()
    assert report.removed == () and {path.name for path, _ in report.failed} == {"甲.txt", "锁着"}
    assert set(kept.names()) == {"甲.txt", "锁着/乙.txt", "丙.txt"}


def test_dates_decide_nothing(kept: Kept) -> None:
    path = kept.put("甲.txt", "甲")
    kept.sync()
    os.utime(path, (4_000_000_000, 4_000_000_000))  # the clock was wrong
    assert kept.sync().unchanged == ("甲.txt",)
    stamp = path.stat()
    kept.put("甲.txt", "丙")  # as long as before, and as old
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert kept.sync().replaced == ("甲.txt",)


def test_a_file_saved_anew_with_the_same_text_is_read_once(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept.put("甲.txt", "甲")
    kept.sync()
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    assert kept.sync().unchanged == ("甲.txt",) and kept.encode.seen == []
    monkeypatch.setattr("index.documents.Reader.load_all", lambda *_: pytest.fail("read again"))
    assert kept.sync().unchanged == ("甲.txt",)


def test_files_are_read_again_once_by_a_newer_loader(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.put("甲.txt", "甲")
    kept.sync()
    with sqlite3.connect(current(kept.store).path / "corpus.sqlite") as db:
        db.execute("UPDATE documents SET meta = json_set(meta, '$.loader', '0')")
    assert kept.sync().unchanged == ("甲.txt",)
    monkeypatch.setattr("index.documents.Reader.load_all", lambda *_: pytest.fail("read again"))
    assert kept.sync().unchanged == ("甲.txt",)


def test_collections_are_kept_and_joined(kept: Kept) -> None:
    kept.put("甲.txt", "甲")
    kept.sync(collection="人事")
    assert current(kept.store).collections() == {"人事": 1}
    kept.put("甲.txt", "甲，改过")
    kept.put("乙.txt", "乙")
    kept.sync()
    assert {one.source: one.collections for one in current(kept.store).documents()} == {
        "甲.txt": ("人事",),
        "乙.txt": (),
    }
    report = kept.sync(collection=" 财务\n")
    assert (
        set(report.replaced) == {"甲.txt", "乙.txt"} and kept.encode.seen == []
    )  # nothing is encoded for it
    assert current(kept.store).collections() == {"人事": 1, "财务": 2}
    assert kept.sync(collection="财务").replaced == ()
    generation = current(kept.store)
    assert [generation.passage_at(row).document_id for row in generation.rows_in(Scope("人事"))] == [
        kept.names()["甲.txt"]
    ] * 3


def test_watch_syncs_when_a_change_has_settled(kept: Kept) -> None:
    kept.put("甲.txt", "甲")
    reports: list[object] = []
    steps = iter(
        [
            lambda: kept.put("乙.txt", "乙"),
            lambda: None,
            lambda: None,
            lambda: (kept.folder / "乙.txt").unlink(),
            lambda: None,
            lambda: None,
        ]
    )

    class Stop:
        def wait(self, seconds: float) -> bool:
            step = next(steps, None)
            if step is None:
                return True
            step()
            return False

    watch(kept.folder, kept.sync, reports.append, 0.0, Stop())  # type: ignore[arg-type]
    assert [(one.added, one.removed) for one in reports] == [
        (("甲.txt",), ()),
        (("乙.txt",), ()),
        ((), ("乙.txt",)),
    ]  # type: ignore[attr-defined]


def test_watch_goes_on_after_an_error(kept: Kept) -> None:
    kept.put("甲.txt", "甲")
    told: list[object] = []
    failing = [DocumentError("busy"), None]

    def sync() -> AddReport:
        error = failing.pop(0)
        if error:
            raise error
        return kept.sync()

    class Stop:
        left = 2

        def wait(self, seconds: float) -> bool:
            self.left -= 1
            return self.left == 0

    watch(kept.folder, sync, told.append, 0.0, Stop())  # type: ignore[arg-type]
    assert isinstance(told[0], DocumentError) and isinstance(told[1], AddReport)
    assert look(kept.folder / "nowhere") == ()


def test_two_writers_sync_the_same_folder(kept: Kept) -> None:
    for name in "甲乙丙":
        kept.put(f"{name}.txt", name)
    reports: list[AddReport] = []

    def work() -> None:
        reports.append(sync_folder(kept.folder, IndexStore(kept.store.root, wait=60), SETTINGS, Encoder()))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(one.added) for one in reports) == [0, 0, 3] and current(kept.store).name == "gen-1"
    check(current(kept.store))


def test_an_attachment_that_went_and_a_message_that_was_renamed(kept: Kept) -> None:
    def letter(*names: str) -> bytes:
        message = EmailMessage()
        message["Subject"] = "关于会议的通知"
        message.set_content("会议定于周五上午九点在二楼会议室召开，请准时参加。")
        for name in names:
            message.add_attachment(f"{name}：" + "附件里的内容很多，说得很细。" * 9, filename=f"{name}.txt")
        return message.as_bytes()

    kept.folder.mkdir()
    (kept.folder / "信.eml").write_bytes(letter("名单", "日程"))
    kept.sync()
    before = kept.names()
    assert set(before) == {"信.eml", "信.eml/名单.txt", "信.eml/日程.txt"}
    (kept.folder / "信.eml").rename(kept.folder / "来信.eml")
    kept.sync()
    assert kept.names() == {name.replace("信.eml", "来信.eml"): identity for name, identity in before.items()}
    (kept.folder / "来信.eml").write_bytes(letter("日程"))
    assert kept.sync().removed == ("来信.eml/名单.txt",)
    assert kept.names() == {f"来信.eml{rest}": before[f"信.eml{rest}"] for rest in ("", "/日程.txt")}
    check(current(kept.store))
