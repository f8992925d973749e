"""Kept source files: names cannot lead out of the folder, and only what was indexed is given out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fake_corpus import SEAL, fake_engine
from fastapi.testclient import TestClient

from qa.settings import EngineSettings
from ui.opening import page_settings
from ui.originals import Keeping, kept, original, safe_name
from ui.problems import TooLarge
from ui.settings import UiSettings
from ui.storage import Store


@dataclass(frozen=True)
class Given:
    data: Path
    ui: UiSettings = field(default_factory=UiSettings)

    @property
    def engine(self) -> EngineSettings:
        return EngineSettings(data=self.data)


def test_uploads_have_a_place_without_any_setting(tmp_path: Path) -> None:
    assert page_settings(Given(tmp_path)).originals == tmp_path / "originals"
    other = tmp_path / "elsewhere"
    assert page_settings(Given(tmp_path, UiSettings(originals=other))).originals == other


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\x.md", "x.md"),
        ("/abs/制度.pdf", "制度.pdf"),
        ("..", "document.txt"),
        (".env", "env"),
        ("a\x00b.md", "a_b.md"),
        ("", "document.txt"),
        ("制" * 200 + ".docx", "制" * 115 + ".docx"),
        ("x\u202efdp.txt", "x_fdp.txt"),
        ("C:x.md", "C_x.md"),
    ],
)
def test_names_are_made_safe(sent: str, name: str) -> None:
    assert safe_name(sent) == name and len(name) <= 120


@pytest.mark.parametrize(
    "source",
    ["../secret.txt", "/etc/passwd", "", ".", "a/../../secret.txt", "link.txt", "out/secret.txt", "a\x00.md"],
)
def test_nothing_outside_the_folder_is_found(tmp_path: Path, source: str) -> None:
    folder = tmp_path / "originals"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("geheim")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "out").symlink_to(tmp_path)
    assert kept(folder, source) is None and kept(None, "a.md") is None


def test_another_file_of_the_same_name_is_not_the_original(tmp_path: Path) -> None:
    path = tmp_path / SEAL.source
    path.write_bytes(b"indexed")
    indexed = replace(SEAL, meta={"file_sha256": hashlib.sha256(b"indexed").hexdigest()})
    assert original(tmp_path, indexed) == path.resolve()
    path.write_bytes(b"another file")
    assert original(tmp_path, indexed) is None and kept(tmp_path, SEAL.source) is not None


def test_a_file_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.md"
    whole = Keeping(target, 10)
    whole.write(b"fir")
    whole.write(b"st")
    assert whole.done() == target
    whole.drop()
    large = Keeping(target, 10)
    with pytest.raises(TooLarge, match="larger than"):
        large.write(b"x" * 11)
    large.drop()
    assert target.read_bytes() == b"first" and [p.name for p in target.parent.iterdir()] == ["a.md"]


def test_readers_get_files_of_indexed_documents_and_nothing_else(tmp_path: Path) -> None:
    from ui.app import create_app

    engine = fake_engine()
    settings = page_settings(Given(tmp_path))
    folder = tmp_path / "originals"
    folder.mkdir()
    (folder / "未收录.md").write_text("不在库中")
    (tmp_path / "wenju.db").write_text("geheim")
    (folder / SEAL.source).write_text("印章")
    engine.docs.append(replace(SEAL, id="f" * 16, source="../wenju.db"))
    with TestClient(create_app(settings, engine, Store.in_memory())) as c:  # type: ignore[arg-type]
        assert c.get(f"/documents/{SEAL.id}/original").text == "印章"
        assert 'type="file"' in c.get("/documents").text
        for path in (
            f"/documents/{'f' * 16}/original",
            "/documents/未收录.md/original",
            "/documents/..%2Fwenju.db/original",
            "/documents/%2e%2e/original",
            "/originals/未收录.md",
            "/static/../wenju.db",
        ):
            assert c.get(path).status_code == 404, path
        assert c.delete(f"/documents/{'f' * 16}", headers={"X-Wenju": "1"}).status_code == 200
    assert (tmp_path / "wenju.db").is_file()
