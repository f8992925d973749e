"""Tests of training.kept: a collection goes on where it stopped, what earlier versions wrote is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from qa.probes import AT_ONCE
from training import kept


class Generator:
    """Tells the length of a text."""

    read: list[str] = []


def lengths(texts: Sequence[str], generator: Generator) -> np.ndarray:
    generator.read.extend(texts)
    return np.array([[len(text)] for text in texts], np.float32)


def test_it_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kept, "open_generator", lambda *settings: Generator())
    monkeypatch.setattr(Generator, "read", [])
    out, wanted = tmp_path / "S.npz", {f"n{n}": "字" * n for n in range(2 * AT_ONCE)}
    np.savez(out, texts=np.array(["n3"]), states=np.array([[9]], np.float16))  # as earlier versions wrote it
    clock = iter((0.0, 0.0, 5.0))
    monkeypatch.setattr(kept.time, "monotonic", lambda: next(clock))
    kept.read(out, wanted, Generator, lengths, 1.0)
    assert Generator.read == [text for name, text in wanted.items() if name != "n3"][:AT_ONCE]
    assert capsys.readouterr().out == f"{AT_ONCE + 1} known, {AT_ONCE - 1} left\n"
    monkeypatch.setattr(kept.time, "monotonic", lambda: 0.0)
    kept.read(out, wanted, Generator, lengths, 1.0)
    found = kept.known(out)
    assert set(found) == set(wanted) and found["n3"] == [9]
    assert all(found[name] == [len(text)] for name, text in wanted.items() if name != "n3")
    assert len(Generator.read) == len(wanted) - 1


def test_a_generator_without_states_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kept, "open_generator", lambda *settings: object())
    with pytest.raises(SystemExit, match="no hidden states"):
        kept.read(tmp_path / "S.npz", {"a": "甲"}, Generator, lengths, 1.0)


def test_a_name_is_asked_for_where_there_are_several_probes() -> None:
    asked = kept.command_line("", ("replaced",)).parse_args(["fit", "replaced", "S.npz", "--write"])
    assert (asked.verb, asked.name, asked.states, asked.write) == ("fit", "replaced", Path("S.npz"), True)
    assert not hasattr(kept.command_line("").parse_args(["collect", "S.npz"]), "name")
