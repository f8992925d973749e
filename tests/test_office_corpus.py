"""The corpus of office files: one paper in every format reads as put in, bad files are refused with their
reason; and the check itself notices what is wrong. The whole of it: ``python tests/office_corpus.py``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from errors import DocumentError
from index.loaders import SUFFIXES, Loaded, load_all
from tests.bad_files import bad_files
from tests.office_corpus import Bad, Good, corpus, good_files, table, wrong
from tests.papers import paper

LARGE = frozenset(("unpacks to too much", "one huge paragraph", "too many pages", "nested too deep"))
"""Kinds that need the limits of a reader (``test_index_reading`` has them)."""


def read(folder: Path, one: Good | Bad) -> Loaded | DocumentError:
    (folder / one.name).write_bytes(one.data)
    try:
        return load_all(folder / one.name)
    except DocumentError as error:
        return error


@pytest.mark.parametrize("number", [2, 3])
def test_a_paper_reads_as_put_in_in_every_format(tmp_path: Path, number: int) -> None:
    made = list(good_files(paper(number), number))
    assert {Path(one.name).suffix for one in made} == set(SUFFIXES)
    assert [fault for one in made if (fault := wrong(one, read(tmp_path, one)))] == []


def test_bad_files_are_refused_with_their_name_and_the_reason(tmp_path: Path) -> None:
    made = [one for one in bad_files(3) if one.why not in LARGE and "乱码" not in one.name]
    assert len(made) > 50
    assert [f"{one.name}: {fault}" for one in made if (fault := wrong(one, read(tmp_path, one)))] == []


def test_the_check_notices_what_is_wrong(tmp_path: Path) -> None:
    good = next(one for one in good_files(paper(1), 1) if one.name.endswith(".docx"))
    found = read(tmp_path, good)
    assert not wrong(good, found)
    assert "lines" in wrong(replace(good, lines=(good.lines[1], good.lines[0])), found)
    assert "title" in wrong(replace(good, title="别的标题"), found)
    bad = Bad("坏.txt", "empty", b"", "another reason")
    assert "the message is" in wrong(bad, read(tmp_path, bad))
    assert "read" in wrong(Bad(good.name, "empty", good.data, "empty"), found)


def test_the_same_seed_makes_the_same_corpus_of_at_least_300_files() -> None:
    made = corpus(8, 15)
    assert len(made) >= 300 and len({one.name for one in made}) == len(made)
    assert [one.name for one in corpus(1, 15)] == [one.name for one in corpus(1, 15)]
    assert "| .docx | 1 | 0 | 1 | 0 | empty |" in table(
        [bad := Bad("空.docx", "empty", b"", "empty")],
        {bad.name: DocumentError("空.docx: the file is empty", "")},
    )
