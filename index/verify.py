"""Is the index what was written? Looks at every file of every generation and says all that is wrong, with the
next step.

Reads only. A generation is compared with the sizes and hashes in its manifest, then its parts with each
other.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from errors import IndexError_
from errors.texts import texts
from index.generation import Generation
from index.manifest import CORPUS, file_sha256, read_manifest
from index.store import IndexStore


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with which file or folder, and the next step."""

    place: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        current: the generation that CURRENT names, "" when it names none.
        answering: the one that answers, "" when none does.
        faults: what is wrong; empty when all is well.
        leftovers: folders of writers that were killed; the next write takes them away, and they harm nothing.
    """

    current: str
    answering: str
    faults: tuple[Fault, ...] = ()
    leftovers: tuple[str, ...] = ()


def verified(store: IndexStore) -> Verdict:
    """Look at the whole index. Raises IndexError_ when it may not be read."""
    opened = store.opened()
    faults: list[Fault] = []
    try:
        current = store.current_name() or ""
    except IndexError_ as error:
        current = ""
        faults.append(Fault("CURRENT", error.message, error.hint))
    answering = opened.generation.path.name if opened.generation else ""
    names = sorted(path.name for path in store.root.iterdir() if path.is_dir()) if store.root.is_dir() else []
    generations = [name for name in names if re.fullmatch(r"gen-\d+", name)]
    if opened.fault is not None and current not in generations:
        faults.append(Fault("CURRENT", opened.fault.message, opened.fault.hint))
    if not current and generations and not faults:
        faults.append(
            Fault(
                "CURRENT",
                f"CURRENT is missing in {store.root}",
                "The next write puts it right: wenju index add PATH...",
            )
        )
    for name in generations:
        faults += _of_generation(store.root / name)
    late = [name for name in generations if current in generations and int(name[4:]) > int(current[4:])]
    leftovers = [*(name for name in names if name.startswith("building-")), *late]
    return Verdict(current, answering, tuple(faults), tuple(leftovers))


def _of_generation(path: Path) -> list[Fault]:
    try:
        manifest = read_manifest(path)
    except (IndexError_, OSError) as error:
        return [
            Fault(
                f"{path.name}/manifest.json",
                getattr(error, "message", str(error)),
                getattr(error, "hint", _rebuild()),
            )
        ]
    faults: list[Fault] = []
    for name, facts in manifest["files"].items():
        file = path / name
        if not file.is_file():
            faults.append(Fault(f"{path.name}/{name}", "is missing", _rebuild()))
        elif (size := file.stat().st_size) != facts["bytes"]:
            faults.append(
                Fault(f"{path.name}/{name}", f"has {size:,} bytes instead of {facts['bytes']:,}", _rebuild())
            )
        elif file_sha256(file) != facts["sha256"]:
            faults.append(Fault(f"{path.name}/{name}", "holds something else than was written", _rebuild()))
    return faults or _fitting(path)


def _fitting(path: Path) -> list[Fault]:
    """Do the parts of a generation, whole as files, fit each other?"""
    from index.bm25 import LexicalIndex
    from index.dense import DenseIndex

    found: list[str] = []
    with closing(
        sqlite3.connect(f"{(path / CORPUS).absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    ) as db:
        try:
            found += [row[0] for row in db.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
        except sqlite3.DatabaseError as error:
            found.append(str(error))
    generation = Generation.open(path)
    try:
        vectors = len(generation.vectors())
        if vectors != generation.count:
            found.append(f"{vectors} vectors for {generation.count} passages")
        for part, kind in (("lexical", LexicalIndex), ("dense", DenseIndex)):
            if generation.count and (path / part).is_dir() and (many := kind(path).count) != generation.count:
                found.append(f"{many} rows in {part} for {generation.count} passages")
    except (IndexError_, ValueError, OSError) as error:
        found.append(str(error))
    finally:
        generation.close()
    return [Fault(path.name, one, _rebuild()) for one in found]


def _rebuild() -> str:
    """What to do about a damaged index."""
    return texts("failures")["index_size"]["en"][1]
