"""Has a document changed, or gone, since an answer quoted it? Citations pin the text they were cut from by
its hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from errors import WenjuError
from qa.types import Answer
from ui.citations import sources

if TYPE_CHECKING:
    from qa.engine import Engine

Change = Literal["changed", "removed"]
Changes = Mapping[str, Change]
"""By document id; what is not in it stands as it was quoted."""


class CurrentDocuments:
    """What the index holds now; each document is looked up once. For one request, not to be kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = bool(engine.ready.get("index"))
        self._hashes: dict[str, str | None] = {}

    def of(self, answer: Answer | None) -> dict[str, Change]:
        """Documents that ``answer`` shows text of and that are not what they were; {} while nothing is
        known."""
        if answer is None or not self._known:
            return {}
        quoted = {q.document_id: q.document_sha256 for s in sources(answer) for q in s.quotes}
        quoted = {r.document_id: r.document_sha256 for r in answer.retrieved} | quoted
        return {identity: how for identity, sha in quoted.items() if (how := self.change(identity, sha))}

    def change(self, document_id: str, sha256: str) -> Change | None:
        """What became of one document; ``sha256`` may be the beginning of the hash. None: nothing, or
        unknown."""
        if not self._known or not sha256:
            return None
        if document_id not in self._hashes:
            try:
                self._hashes[document_id] = self._engine.document(document_id).sha256
            except KeyError:
                self._hashes[document_id] = None
            except WenjuError:  # the index cannot be read just now: say nothing rather than something wrong
                self._known = False
                return None
        held = self._hashes[document_id]
        if held is None:
            return "removed"
        return None if held.startswith(sha256) else "changed"


def cited_changes(answer: Answer, changes: Changes) -> dict[str, Change]:
    """Of ``changes``, those of documents that the answer cites, by title."""
    return {s.document: changes[s.document_id] for s in sources(answer) if s.document_id in changes}
