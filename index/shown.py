"""What the index holds of a document, or would hold of a file: facts, sections, tables, what was not read;
and a hit as programs get it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from index.types import Document, Hit

if TYPE_CHECKING:
    from index.loaders import Loaded
    from index.loaders.parts import Failure

NOT_READ = {
    "pages_without_text": "pages without text (pictures or empty)",
    "pages_garbled": "pages whose text layer is no language",
    "pages_with_pictures": "pages with pictures that were not read",
    "pictures": "pictures that were not read",
    "formulas_without_value": "cells with a formula whose value is not stored",
    "cells_with_errors": "cells that show an error",
    "hidden_sheets": "hidden sheets, left out",
    "hidden_rows": "hidden rows, left out",
    "hidden_columns": "hidden columns, left out",
    "hidden_slides": "hidden slides, left out",
    "pages_recognised": "pages read by text recognition",
    "pictures_recognised": "pictures read by text recognition",
    "unsure": "spans that text recognition was not sure of",
}
"""What loaders note in ``Document.meta`` about what they could not read, left out, or did not read surely."""

GAPS = ("pages_without_text", "pages_garbled", "pictures", "formulas_without_value")
"""Those of it that may be missing from answers."""

_READ = frozenset(("pages_recognised", "pictures_recognised", "unsure"))

LISTED = 20
"""Pages or cells that are named one by one."""

_INNER = frozenset(("path", "file_sha256", "loader", "sketch", "places", "collections", *NOT_READ))


def shown(document: Document) -> dict[str, Any]:
    """A document as plain values: title, date, number, sections with levels, text, tables, what was not
    read."""
    meta = dict(document.meta)
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "path": meta.get("path", ""),
        "published": document.published,
        "date_from": meta.get("date_from", ""),
        "number": meta.get("number", ""),
        "media_type": document.media_type,
        "collections": list(document.collections),
        "pages": len(document.pages),
        "characters": len(document.text),
        "sha256": document.sha256,
        "supersedes": list(document.supersedes),
        "meta": {name: value for name, value in meta.items() if name not in _INNER},
        "sections": list(_sections(document)),
        "tables": _tables(document),
        "not_read": {name: meta[name] for name in NOT_READ if meta.get(name)},
        "text": document.text,
        "blocks": [[block.start, block.end, block.level] for block in document.blocks],
    }


def not_read(document: Document) -> dict[str, str]:
    """What of a document was not read, left out, or not read surely: kinds of ``NOT_READ`` with a count, or
    which ones, in short."""
    found = {name: document.meta[name] for name in NOT_READ if document.meta.get(name)}
    for name, value in found.items():
        parts = value.split(", ")
        if name == "unsure":
            found[name] = str(len(parts))
        elif len(parts) > LISTED:
            found[name] = f"{', '.join(parts[:LISTED])} … ({len(parts)})"
    return found


def container(loaded: Loaded) -> dict[str, Any]:
    """What came of a file that holds others, as plain values: each document as of ``shown``, what failed,
    what was skipped."""
    return {
        "documents": [shown(document) for document in loaded.documents],
        "failed": [_failure(one) for one in loaded.failed],
        "skipped": list(loaded.skipped),
    }


def _failure(one: Failure) -> dict[str, str]:
    error = one.error()
    return {"source": one.source, "error": error.message, "hint": error.hint}


def list_of(loaded: Loaded) -> Iterator[str]:
    """The same for the eye: a line for each document and each file that is none."""
    for document in loaded.documents:
        unread = "".join(f"; {NOT_READ[name]}: {value}" for name, value in not_read(document).items())
        pages = f", {len(document.pages)} pages" if document.pages else ""
        yield (
            f"{document.published or '-':<10}  {document.source}  {document.title}  "
            f"({len(document.text):,} characters{pages}{unread})"
        )
    for one in loaded.failed:
        error = one.error()
        yield f"not read    {error.message}  {error.hint}"
    for name in loaded.skipped:
        yield f"skipped     {name}: of no kind that is read"


def _sections(document: Document) -> Iterator[dict[str, Any]]:
    """Headings with their level, page and the span up to the next heading of the same or a higher level."""
    heads = [block for block in document.blocks if block.level]
    for number, block in enumerate(heads):
        end = next(
            (later.start for later in heads[number + 1 :] if later.level <= block.level), len(document.text)
        )
        yield {
            "level": block.level,
            "title": document.text[block.start : block.end],
            "page": document.page_of(block.start),
            "start": block.start,
            "end": end,
        }


def _tables(document: Document) -> list[dict[str, Any]]:
    """The rows of each table as they read, with the page on which it begins."""
    tables: dict[int, dict[str, Any]] = {}
    for block in document.blocks:
        if number := int(getattr(block, "table", 0)):
            table = tables.setdefault(number, {"page": document.page_of(block.start), "rows": []})
            table["rows"].append(document.text[block.start : block.end])
    return list(tables.values())


def lines_of(document: Document) -> Iterator[str]:
    """The same for the eye: facts, outline, what was not read, then the text with its pages."""
    facts = shown(document)
    for name in (
        "title",
        "source",
        "path",
        "published",
        "date_from",
        "number",
        "media_type",
        "pages",
        "characters",
        "id",
    ):
        if facts[name]:
            yield f"{name:<12} {facts[name]}"
    if document.collections:
        yield f"{'collections':<12} {', '.join(document.collections)}"
    for name, value in facts["meta"].items():
        if name not in ("date_from", "number"):
            yield f"{name:<12} {value}"
    for name, value in facts["not_read"].items():
        yield (
            f"{'note' if name in _READ else 'left out' if name.startswith('hidden_') else 'not read':<12} "
            f"{NOT_READ[name]}: {value}"
        )
    yield f"{'sections':<12} {len(facts['sections'])}"
    for section in facts["sections"]:
        place = f"  (page {section['page']})" if section["page"] else ""
        yield f"  {'  ' * (section['level'] - 1)}{section['title']}{place}"
    if facts["tables"]:
        rows = ", ".join(str(len(table["rows"])) for table in facts["tables"])
        yield f"{'tables':<12} {len(facts['tables'])} (rows: {rows})"
    yield ""
    page = 0
    for block in document.blocks:
        here = document.page_of(block.start) or 0
        if here != page:
            page = here
            yield f"--- page {page}"
        mark = "#" * block.level + " " if block.level else "| " if getattr(block, "table", 0) else ""
        yield mark + document.text[block.start : block.end]


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """A hit as JSON, for the API, the tools and `wenju search --json`: the passage with its place, the score
    and why it was found."""
    p, d = hit.passage, hit.document
    return {
        "passage_id": p.id,
        "document_id": d.id,
        "document": d.title,
        "published": d.published,
        "heading": list(p.heading),
        "page": p.page,
        "start": p.start,
        "end": p.end,
        "text": p.text,
        "copies": list(hit.copies),
        "score": round(hit.score, 6),
        "why": {name: round(value, 6) for name, value in hit.why.items()},
    }
