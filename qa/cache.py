"""What was found out once, kept beside the index: a repeated question is answered at once.

An answer is found again only for the same question (spaces, punctuation, width and script apart), the same
index, model, prompts and settings: whatever may change the answer is part of its key. Nothing is ever found
"nearly": of questions with the same figures and names that are alike by their vectors too many ask for
something else (docs/log/performance.md).
"""

from __future__ import annotations

import functools
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from index.normalize import normalize
from qa.serialize import answer_from_dict, answer_to_dict
from qa.types import Answer

KEPT = 5000
"""Answers kept; the ones not asked for longest go first."""
WAIT = 5.0
"""Seconds to wait while another writes; then it is done without."""


class Table:
    """Texts by key in a SQLite file. Safe for threads and processes; a damaged file is started anew.

    Args:
        path: the file; made with its folder on the first ``put``.  name: of the table.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._name = name

    def get(self, *keys: str) -> dict[str, str]:
        """Those of the keys that are kept, each with its text."""
        if not keys or not self.path.exists():
            return {}
        marks = ", ".join("?" * len(keys))
        try:
            with self._open() as db:
                rows = db.execute(f"SELECT key, answer FROM {self._name} WHERE key IN ({marks})", keys)
                found = dict(rows.fetchall())
                used = [(time.time(), key) for key in found]
                db.executemany(f"UPDATE {self._name} SET used = ? WHERE key = ?", used)
        except sqlite3.OperationalError:  # busy for long, or a disk that cannot be written: then without
            return {}
        return found

    def put(self, texts: Mapping[str, str], most: int) -> None:
        """Keep texts, ``most`` in all; a disk that is full or read-only only means that they are not kept."""
        now = time.time()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as db:
                rows = [(key, text, now) for key, text in texts.items()]
                db.executemany(f"INSERT OR REPLACE INTO {self._name} VALUES (?, ?, ?)", rows)
                db.execute(
                    f"DELETE FROM {self._name} WHERE key IN (SELECT key FROM {self._name} "
                    "ORDER BY used DESC LIMIT -1 OFFSET ?)",
                    (most,),
                )
        except (OSError, sqlite3.OperationalError):
            return

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._connect()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # not a database, or damaged
            self.path.unlink(missing_ok=True)
            db = self._connect()
        with closing(db), db:
            yield db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=WAIT)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")  # at a power cut the last answers may be lost
            db.execute(
                f"CREATE TABLE IF NOT EXISTS {self._name} "
                "(key TEXT PRIMARY KEY, answer TEXT NOT NULL, used REAL NOT NULL)"
            )
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db


class AnswerCache:
    """Finished answers in the SQLite file ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._table = Table(path, "answers")

    def get(self, query: str, *state: str) -> Answer | None:
        """The answer to ``query`` under ``state`` (index, model, prompts, settings), or None."""
        wanted = key(query, *state)
        text = self._table.get(wanted).get(wanted)
        return answer_from_dict(json.loads(text)) if text else None

    def put(self, answer: Answer, *state: str) -> None:
        """Keep a finished answer."""
        text = json.dumps(answer_to_dict(answer), ensure_ascii=False)
        self._table.put({key(answer.query, *state): text}, KEPT)


@functools.cache
def code_version() -> str:
    """12 hex digits over the code and the weights that make answers: another version answers anew."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".json", ".npz")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def key(query: str, *state: str) -> str:
    """Hex digest of the question without what does not change its meaning, and of everything that made the
    answer."""
    plain = "".join(c for c in normalize(query).text if c.isalnum() or c in "-+%.")
    return hashlib.sha256("\0".join((plain, *state)).encode()).hexdigest()
