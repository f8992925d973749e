"""Routes of the documents page: list, search without generation, reader, original file; for administrators
upload, delete and re-index. Indexing runs one job at a time in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from errors import DocumentError, WenjuError
from index.loaders import SUFFIXES
from index.types import Document
from ui import originals
from ui.actions import note
from ui.changes import Held
from ui.document_views import found, reading, rows
from ui.page_routes import from_our_page
from ui.pages import page as whole_page
from ui.problems import TooLarge
from ui.roles import Administrator, Member
from ui.settings import UiSettings
from ui.store_memory import new_id
from ui.texts import Texts
from ui.upload import received
from ui.viewer import Viewer

if TYPE_CHECKING:
    from qa.engine import Engine

PER_PAGE = 200
ours = Depends(from_our_page)
router = APIRouter(prefix="/documents", include_in_schema=False)


@dataclass
class Job:
    """One file being indexed: state is waiting, indexing, done or failed."""

    name: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    error: str = ""


class Desk:
    """Uploads under way. One index writer at a time."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, job: Job, engine: Engine, paths: list[Path]) -> str:
        job_id = new_id()
        while len(self.jobs) > 500:
            self.jobs.pop(next(iter(self.jobs)))
        self.jobs[job_id] = job
        threading.Thread(target=self._run, args=(job, engine, paths), name="wenju-index", daemon=True).start()
        return job_id

    def _run(self, job: Job, engine: Engine, paths: list[Path]) -> None:
        with self._lock:
            job.state = "indexing"

            def progress(stage: str, done: int, total: int) -> None:
                job.done, job.total = done, total

            try:
                report = engine.add(paths, progress)
            except WenjuError as error:
                job.state, job.error = "failed", str(error)
                return
            except Exception as error:  # the border: an administrator reads it beside the file's name
                job.state, job.error = "failed", f"{type(error).__name__}: {error}"
                return
            job.error = "\n".join(f"{path.name}: {error}" for path, error in report.failed)
            job.state = "failed" if report.failed else "done"


@router.get("")
def listing(request: Request, viewer: Member, q: str = "", page: int = 1, lang: str = "") -> HTMLResponse:
    engine, settings, t = _context(request, lang)
    query = q.strip()[:500]
    hits = engine.search(query, 10) if query and engine.ready.get("encoder") else ([] if query else None)
    held = sorted(engine.documents(), key=lambda d: d.published or "", reverse=True)
    last = max(1, -(-len(held) // PER_PAGE))
    number = min(max(page, 1), last)
    listed = [(d, engine.passages(d.id)) for d in held[(number - 1) * PER_PAGE : number * PER_PAGE]]
    replaced = {reference for d in held for reference in d.supersedes}
    return _page(
        "documents.html",
        t("documents"),
        request,
        viewer,
        t,
        "documents",
        "documents.js",
        query=query,
        hits=found(query, hits, t) if hits is not None else None,
        suffixes=SUFFIXES,
        number=number,
        last=last,
        total=len(held),
        rows=rows(listed, replaced, t, engine.copies()),
        administers=viewer.administers and settings.originals is not None,
    )


@router.get("/jobs/{job_id}")
def job(job_id: str, request: Request, viewer: Administrator) -> dict[str, object]:
    found = _desk(request).jobs.get(job_id)
    if found is None:
        raise HTTPException(404, "no such job")
    return {
        "name": found.name,
        "state": found.state,
        "done": found.done,
        "total": found.total,
        "error": found.error,
    }


@router.post("/upload", dependencies=[ours])
async def upload(request: Request, viewer: Administrator) -> dict[str, str]:
    """Keep one file (field ``file`` of a form) and index it; its progress is at /documents/jobs/ID."""
    engine, settings, _ = _context(request, "")
    folder = settings.originals
    if folder is None:
        raise HTTPException(404, "no folder for originals is set (ui.originals)")

    def place(sent: str) -> Path:
        name = originals.safe_name(sent)
        if Path(name).suffix.lower() not in SUFFIXES:
            raise HTTPException(415, f"{name}: not one of {', '.join(sorted(SUFFIXES))}")
        return folder / name

    limit = settings.upload_max_mb * 1024 * 1024
    try:
        target = await received(request, place, limit)
    except TooLarge as error:
        raise HTTPException(413, error.message) from None
    except DocumentError as error:
        raise HTTPException(400, error.message) from None
    await asyncio.to_thread(note, request, viewer, "upload", target.name)
    return {"job": _desk(request).start(Job(target.name), engine, [target])}


@router.post("/reindex", dependencies=[ours])
def reindex(request: Request, viewer: Administrator) -> dict[str, str]:
    """Read all kept originals again."""
    engine, settings, _ = _context(request, "")
    folder = settings.originals
    if folder is None or not any(p.suffix.lower() in SUFFIXES for p in folder.rglob("*")):
        raise HTTPException(404, "no originals are kept")
    note(request, viewer, "reindex")
    return {"job": _desk(request).start(Job("*"), engine, [folder])}


@router.delete("/{document_id}", dependencies=[ours])
def delete(document_id: str, request: Request, viewer: Administrator) -> dict[str, bool]:
    engine, settings, _ = _context(request, "")
    document = _document(engine, document_id)
    engine.remove(document_id)
    kept = originals.kept(settings.originals, document.source)
    if kept is not None:
        kept.unlink(missing_ok=True)
    note(request, viewer, "delete_document", f"{document.source} ({document_id})")
    return {"ok": True}


@router.get("/{document_id}")
def reader(
    document_id: str,
    request: Request,
    viewer: Member,
    start: int = -1,
    end: int = -1,
    v: str = "",
    lang: str = "",
) -> HTMLResponse:
    """The document's text. ``v`` is the (beginning of the) hash of the text that the span was cut from: when
    the text is another by now the reader says so, and marks nothing."""
    engine, settings, t = _context(request, lang)
    change = Held(engine).change(document_id, v)
    if change == "removed":
        gone = _page(
            "message.html", t("document_removed"), request, viewer, t, "reader", text=t("reader_removed")
        )
        gone.status_code = 404
        return gone
    document = _document(engine, document_id)
    span = (start, end) if change is None and 0 <= start < end <= len(document.text) else None
    original = originals.original(settings.originals, document) is not None
    shown = reading(document, engine.passages(document_id), t, span, original=original)
    changed = change is not None
    return _page(
        "reader.html",
        document.title,
        request,
        viewer,
        t,
        "reader",
        "reader.js",
        reading=shown,
        changed=changed,
    )


@router.get("/{document_id}/original")
def original(document_id: str, request: Request, viewer: Member) -> Response:
    """The source file: PDF and text open in the browser, anything else (HTML above all) is downloaded."""
    engine, settings, _ = _context(request, "")
    document = _document(engine, document_id)
    path = originals.original(settings.originals, document)
    if path is None:
        raise HTTPException(404, "the original is not kept here")
    kinds = {
        ".pdf": "application/pdf",
        ".txt": "text/plain; charset=utf-8",
        ".md": "text/plain; charset=utf-8",
    }
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)
    return FileResponse(path, media_type=kind, filename=path.name, content_disposition_type="inline")


def _context(request: Request, lang: str) -> tuple[Engine, UiSettings, Texts]:
    settings: UiSettings = request.app.state.settings
    return request.app.state.engine, settings, Texts(lang or settings.lang)


def _page(
    template: str,
    title: str,
    request: Request,
    viewer: Viewer,
    t: Texts,
    current: str,
    script: str = "",
    **values: object,
) -> HTMLResponse:
    settings: UiSettings = request.app.state.settings
    return HTMLResponse(
        whole_page(template, title, settings, t.lang, viewer, current=current, script=script, **values)
    )


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.index_desk
    return desk


def _document(engine: Engine, document_id: str) -> Document:
    try:
        return engine.document(document_id)
    except (KeyError, WenjuError):
        raise HTTPException(404, "no such document") from None
