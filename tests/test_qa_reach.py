"""A list says of how many passages it speaks; what it did not use of them is not listed beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from fake_reader import ScriptedReader
from fakes import ScriptedGenerator

from index.settings import IndexSettings
from qa.engine import Engine
from qa.pipeline import REACH
from qa.settings import EngineSettings

ASKED = "窗口受理哪些业务"


@pytest.mark.parametrize(
    ("kind", "articles", "said"),
    [
        ("list", 12, ["全部 1 份文件、12 段都逐段看过。"]),
        ("list", REACH + 6, [f"与问题最接近的 {REACH} 段（1 份文件）逐段看过，其余没有，可能不全。"]),
        ("fact", 12, []),
    ],
)
def test_what_was_read_is_said(tmp_path: Path, kind: str, articles: int, said: list[str]) -> None:
    text = "\n\n".join(
        f"第{n}条 窗口受理第{n}类业务，由{n}号窗口的工作人员负责办理。" for n in range(1, articles + 1)
    )
    (tmp_path / "window.md").write_text(f"# 窗口业务\n\n{text}\n", "utf-8")
    engine = Engine.open(
        EngineSettings(data=tmp_path / "data", index=IndexSettings()),
        encoder=FakeEncoder(),
        generator=ScriptedGenerator({"": "窗口受理第1类业务。"}),
        reader=ScriptedReader({ASKED: kind}, answers={ASKED: ("第1类业务", "第2类业务")}),
    )
    engine.add([tmp_path / "window.md"])
    answer = engine.answer(ASKED)
    assert [note.message for note in answer.notes if note.kind == "read"] == said
    unused = [one for one in answer.retrieved if not one.sent]
    assert answer.retrieved and len(unused) <= engine.settings.index.top_k
