"""Documents carried to another index as one file: all of them or none."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from index_fakes import SETTINGS, Encoder, check, current, document

from errors import DocumentError
from index.store import IndexStore
from index.transfer import export, exported

DOCUMENTS = [
    document("甲"),
    replace(document("乙", 5), meta={"collections": "人事\n财务"}, supersedes=("甲标题",)),
]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_what_comes_out_is_what_went_in(tmp_path: Path, name: str) -> None:
    assert export(iter(DOCUMENTS), tmp_path / name) == 2
    assert list(exported(tmp_path / name)) == DOCUMENTS
    store = IndexStore(tmp_path / "index")
    check(store.write(exported(tmp_path / name), [], SETTINGS, Encoder()))
    assert current(store).collections() == {"人事": 1, "财务": 1}
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_an_empty_index_is_carried_too(tmp_path: Path) -> None:
    export([], tmp_path / "a.jsonl")
    assert list(exported(tmp_path / "a.jsonl")) == []


def test_a_file_cut_anywhere_or_changed_is_refused_as_a_whole(tmp_path: Path) -> None:
    path, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    export(DOCUMENTS, path)
    export(DOCUMENTS, packed)
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    spoilt = [data[:size] for size in range(0, len(data) - 1, 97)]
    spoilt += [
        b"".join(lines[:-1]),
        b"".join([lines[0], *lines[2:]]),
        data.replace("甲".encode(), "丁".encode(), 1),
    ]
    for one in spoilt:
        path.write_bytes(one)
        with pytest.raises(DocumentError, match="a.jsonl") as caught:
            exported(path)
        assert caught.value.hint
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(DocumentError, match="damaged"):
        exported(packed)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"# text\n", "damaged or not"),
        (b"[1]\n", "not a file of exported"),
        (b'{"wenju": "documents", "format": 9}\n', "format 9; this version reads 1"),
    ],
)
def test_other_files_are_told(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(data)
    with pytest.raises(DocumentError, match=says):
        exported(tmp_path / "x.jsonl")
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(data))
    with pytest.raises(DocumentError, match=says):
        exported(tmp_path / "x.jsonl.gz")
    with pytest.raises(DocumentError, match="no such file"):
        exported(tmp_path / "nowhere.jsonl")


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be written"):
        export(DOCUMENTS, tmp_path / "nowhere" / "a.jsonl")
