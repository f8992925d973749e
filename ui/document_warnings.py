"""Warnings about documents: what reading left to be looked at, the list that administrators work off. Knows
nothing of HTML.

A warning is known by what it says about which text: once marked as seen it stays so until the document is
another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from index.shown import not_read
from index.types import Document
from ui.texts import Texts

UNREAD = (
    "pages_garbled",
    "pages_without_text",
    "pages_with_pictures",
    "pictures",
    "formulas_without_value",
    "cells_with_errors",
    "unsure",
)
"""Of ``index.shown.NOT_READ`` what somebody can do something about, the worst first."""
KINDS = (*UNREAD, "copy", "weak_date")


@dataclass(frozen=True, slots=True)
class DocumentWarning:
    """One warning; ``text`` says what is wrong, ``mark`` tells it from every other, ``inside`` names the
    archive or message that the document lies in."""

    document: Document
    kind: str
    text: str
    mark: str
    inside: str

    @property
    def folder(self) -> str:
        """Where a file that replaces it goes: ``2024/``, or ""."""
        return self.document.source.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Group:
    """The warnings of one kind: those that wait, and those that were seen."""

    kind: str
    open: tuple[DocumentWarning, ...]
    seen: tuple[DocumentWarning, ...]


def groups(
    documents: Sequence[Document], copies: Mapping[str, str], seen: Collection[str], t: Texts
) -> list[Group]:
    """The kinds that there are, in the order of ``KINDS``."""
    titles = {document.id: document.title for document in documents}
    found: dict[str, list[DocumentWarning]] = {kind: [] for kind in KINDS}
    for document in documents:
        for kind, text in _warnings(document, titles.get(copies.get(document.id, ""), ""), t):
            inside = document.meta.get("container", "")
            found[kind].append(DocumentWarning(document, kind, text, _mark(document, kind), inside))
    return [
        Group(
            kind,
            tuple(one for one in some if one.mark not in seen),
            tuple(one for one in some if one.mark in seen),
        )
        for kind, some in found.items()
        if some
    ]


def _warnings(document: Document, copy_of: str, t: Texts) -> list[tuple[str, str]]:
    unread = not_read(document)
    found = [(kind, t(f"unread_{kind}", n=unread[kind])) for kind in UNREAD if kind in unread]
    if copy_of:
        found.append(("copy", t("is_copy_of", title=copy_of)))
    if document.weak_date:
        found.append(("weak_date", f"{document.published}：{t('date_of_properties')}"))
    return found


def _mark(document: Document, kind: str) -> str:
    what = f"{document.id} {document.sha256} {kind} {document.meta.get(kind, '')}"
    return hashlib.blake2b(what.encode("utf-8", "replace"), digest_size=12).hexdigest()
