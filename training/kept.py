"""States that the default generator has of texts, in a file that grows: ``collect`` reads, ``fit`` takes what
is there by then, the two verbs of the probes' command lines."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine import open_generator
from engine.settings import GeneratorSettings
from models.settings import ModelSettings
from qa.probes import AT_ONCE

T = TypeVar("T")
G = TypeVar("G")


def opened(kind: type[G], threads: int = 0) -> G:
    """The default generator, which must tell hidden states: ``kind`` is a protocol of ``engine.base``."""
    generator = open_generator(GeneratorSettings(threads=threads), ModelSettings())
    if not isinstance(generator, kind):
        raise SystemExit("the generator tells no hidden states")
    return generator


def known(path: Path) -> dict[str, np.ndarray]:
    """States by the name of what was read, of a file that may not be there yet."""
    if not path.is_file():
        return {}
    with np.load(path) as file:
        names, states = (file[array] for array in file.files)
    return dict(zip(names.tolist(), states, strict=True))


def read(
    out: Path,
    wanted: Mapping[str, T],
    kind: type[G],
    states: Callable[[Sequence[T], G], np.ndarray | None],
    seconds: float,
) -> None:
    """Read until the time is over, in the order of ``wanted`` (by name); what is there already is kept.

    Args:
        kind: see ``opened``.
        states: of some of what is wanted, by that generator.
    """
    have, until = known(out), time.monotonic() + seconds
    left = [name for name in wanted if name not in have]
    generator = opened(kind)
    while left and time.monotonic() <= until:
        part, left = left[:AT_ONCE], left[AT_ONCE:]
        found = states([wanted[name] for name in part], generator)
        assert found is not None
        have |= zip(part, found.astype(np.float16), strict=True)
    np.savez(out, names=np.array(list(have)), states=np.stack(list(have.values())))
    print(f"{len(have)} known, {len(left)} left")


def command_line(about: str | None, names: Iterable[str] = ()) -> argparse.ArgumentParser:
    """``collect|fit [NAME] STATES [--seconds N] [--write]``; NAME where there are several probes."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("collect", "fit"))
    if names:
        parser.add_argument("name", choices=list(names))
    parser.add_argument("states", type=Path)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--write", action="store_true")
    return parser
