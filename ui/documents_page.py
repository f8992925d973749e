"""Routes of the documents page: list, search without generation, reader, original file; for administrators
deletion, reading all again, and how far a job is (adding: ui.intake_page)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from errors import WenjuError
from index.files import look_into
from index.loaders import SUFFIXES
from index.types import Document
from ui import originals
from ui.access import engine_of
from ui.actions import note
from ui.background_jobs import Job, Jobs, Progress, Wrong
from ui.document_changes import CurrentDocuments
from ui.document_views import found, reading, rows, waiting
from ui.intake import Intake
from ui.page_routes import ours
from ui.pages import ThisSite
from ui.roles import Administrator, Member

if TYPE_CHECKING:
    from qa.engine import Engine

PER_PAGE = 200
router = APIRouter(prefix="/documents", include_in_schema=False)


@router.get("")
def listing(request: Request, viewer: Member, site: ThisSite, q: str = "", page: int = 1) -> HTMLResponse:
    engine, t = engine_of(request), site.t
    query = q.strip()[:500]
    hits = engine.search(query, 10) if query and engine.ready.get("encoder") else ([] if query else None)
    held = sorted(engine.documents(), key=lambda d: d.published or "", reverse=True)
    last = max(1, -(-len(held) // PER_PAGE))
    number = min(max(page, 1), last)
    listed = [(d, engine.passages(d.id)) for d in held[(number - 1) * PER_PAGE : number * PER_PAGE]]
    replaced = {reference for d in held for reference in d.supersedes}
    intake: Intake | None = request.app.state.intake if viewer.administers else None
    return site.page(
        "documents.html",
        t("documents"),
        viewer,
        "documents",
        "documents.js",
        query=query,
        hits=found(query, hits, t) if hits is not None else None,
        suffixes=SUFFIXES,
        number=number,
        last=last,
        total=len(held),
        rows=rows(listed, replaced, t, engine.copies()),
        administers=intake is not None,
        waiting=waiting(intake, t) if intake is not None else [],
        collections=engine.collections(),
    )


@router.get("/jobs/{job_id}")
def job(job_id: str, request: Request, viewer: Administrator, site: ThisSite) -> dict[str, object]:
    found = _jobs(request).jobs.get(job_id)
    if found is None:
        raise HTTPException(404, "no such job")
    return {
        "name": found.name,
        "state": found.state,
        "done": found.done,
        "total": found.total,
        "error": "\n".join(site.t.error(error, name) for name, error in found.wrong),
    }


@router.post("/reindex", dependencies=[ours])
def reindex(request: Request, viewer: Administrator) -> dict[str, str]:
    """Read all kept originals again."""
    engine, kept = engine_of(request), _originals(request)
    folder = kept.folder
    there = folder is not None and any(one.known for one in look_into(folder).files)
    if folder is None or not (there or kept.bucket):
        raise HTTPException(404, "no originals are kept")
    note(request, viewer, "reindex")

    def work(progress: Progress) -> Sequence[Wrong]:
        kept.lay(engine.documents())
        report = engine.add([folder], progress)
        return [(path.name, error) for path, error in report.failed]

    return {"job": _jobs(request).start(Job("*"), work)}


@router.delete("/{document_id}", dependencies=[ours])
def delete(document_id: str, request: Request, viewer: Administrator) -> dict[str, bool]:
    engine = engine_of(request)
    document = _document(engine, document_id)
    before = originals.keys(engine.documents())
    engine.remove(document_id)
    originals.forget(_originals(request).folder, document)
    with suppress(WenjuError):  # what is left over in a bucket that does not answer harms nobody
        _originals(request).settle(before, engine.documents())
    note(request, viewer, "delete_document", f"{document.source} ({document_id})")
    return {"ok": True}


@router.get("/{document_id}")
def reader(
    document_id: str,
    request: Request,
    viewer: Member,
    site: ThisSite,
    start: int = -1,
    end: int = -1,
    v: str = "",
) -> HTMLResponse:
    """The document's text. ``v`` is the (beginning of the) hash of the text that the span was cut from: when
    the text is another by now the reader says so, and marks nothing."""
    engine, t = engine_of(request), site.t
    change = CurrentDocuments(engine).change(document_id, v)
    if change == "removed":
        title, text = t("document_removed"), t("reader_removed")
        return site.page("message.html", title, viewer, "reader", status=404, text=text)
    document = _document(engine, document_id)
    span = (start, end) if change is None and 0 <= start < end <= len(document.text) else None
    original = _originals(request).has(document)
    shown = reading(document, engine.passages(document_id), t, span, original=original)
    title, changed = document.title, change is not None
    return site.page("reader.html", title, viewer, "reader", "reader.js", reading=shown, changed=changed)


@router.get("/{document_id}/original")
def original(document_id: str, request: Request, viewer: Member, site: ThisSite) -> Response:
    """The source file, shown where the browser can (``originals.sent``)."""
    document = _document(engine_of(request), document_id)
    try:
        path = _originals(request).find(document)
    except WenjuError as error:
        raise HTTPException(503, site.t.error(error)) from None
    if path is None:
        raise HTTPException(404, "the original is not kept here")
    return originals.sent(path)


def _originals(request: Request) -> originals.Originals:
    kept: originals.Originals = request.app.state.originals
    return kept


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


def _document(engine: Engine, document_id: str) -> Document:
    try:
        return engine.document(document_id)
    except (KeyError, WenjuError):
        raise HTTPException(404, "no such document") from None
