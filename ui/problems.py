"""Errors as the API tells them: one JSON form for all of it, the one that OpenAI's clients read.

{"error": {"message": ..., "type": ..., "code": ..., "param": null, "hint": ...}}
"""

from __future__ import annotations

import logging
from inspect import isawaitable
from typing import Any, Self

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from errors import Cancelled, GeneratorError, IndexError_, ModelError, QuestionError, WenjuError
from errors.texts import said
from ui.admission import QueueFull
from ui.rates import RateLimited

log = logging.getLogger("wenju.api")


class NotSignedOn(WenjuError):
    """Nobody is signed on, and somebody has to be."""


class NotAllowed(WenjuError):
    """The one who asks is known, but may not do this."""


class NotFound(WenjuError):
    """There is no such thing, or it is not this user's."""


class NoModel(NotFound):
    """A model name that is not served here."""

    param = "model"


class TooLarge(WenjuError):
    """A request, or a file in it, is larger than may be."""


class Unsupported(WenjuError):
    """A parameter of a request asks for what is not done here; ``param`` names it."""

    param = ""

    def of(self, param: str) -> Self:
        """The same, of this parameter."""
        self.param = param
        return self


_KINDS: tuple[tuple[type[WenjuError], int, str, str], ...] = (
    (NotSignedOn, 401, "authentication_error", "not_signed_on"),
    (NotAllowed, 403, "permission_error", "not_allowed"),
    (NoModel, 404, "invalid_request_error", "model_not_found"),
    (NotFound, 404, "not_found_error", "not_found"),
    (Unsupported, 400, "invalid_request_error", "unsupported"),
    (TooLarge, 413, "invalid_request_error", "too_large"),
    (RateLimited, 429, "rate_limit_error", "rate_limited"),
    (QueueFull, 503, "server_error", "queue_full"),
    (QuestionError, 400, "invalid_request_error", "bad_question"),
    (Cancelled, 499, "server_error", "stopped"),
    (ModelError, 503, "server_error", "model_unavailable"),
    (IndexError_, 503, "server_error", "index_unavailable"),
    (GeneratorError, 502, "server_error", "generator_failed"),
)


def language(request: Request) -> str:
    """The one in which a program wants to read errors: Chinese where ``Accept-Language`` begins with it."""
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def problem(error: Exception, lang: str = "en") -> tuple[int, dict[str, Any]]:
    """HTTP status and body of an error, in ``lang`` where it is told in it. What is not ours is named by its
    request id alone; the log has the rest."""
    for kind, status, group, code in _KINDS:
        if isinstance(error, kind):
            message, hint = error.told(lang)
            return status, _body(message, group, code, param=getattr(error, "param", None), hint=hint)
    log.error("request failed", exc_info=error)
    message, hint = said("failures", "internal", {}, lang)
    return 500, _body(message, "server_error", "internal", hint=hint)


def answered(error: Exception, lang: str = "en") -> JSONResponse:
    """The response to an error."""
    status, body = problem(error, lang)
    headers = {}
    if isinstance(error, RateLimited | QueueFull):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, NotSignedOn):
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body, status, headers)


def add_handlers(app: FastAPI) -> None:
    """Errors that reach the border of /api and /v1 become responses in this form."""

    async def ours(request: Request, error: Exception) -> Response:
        return answered(error, language(request))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if not is_api(request):
            return await request_validation_exception_handler(request, error)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        message = f"{where}: {first['msg']}" if where else str(first["msg"])
        return JSONResponse(_body(message, "invalid_request_error", "bad_request", param=where or None), 400)

    async def unexpected(request: Request, error: Exception) -> Response:
        if is_api(request):
            return answered(error, language(request))
        return PlainTextResponse("Internal Server Error", 500)

    pages = {status: app.exception_handlers.get(status, http_exception_handler) for status in (400, 404, 405)}

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not is_api(request):
            page = pages[error.status_code](request, error)
            return await page if isawaitable(page) else page
        if error.status_code == 400:
            body = _body(str(error.detail), "invalid_request_error", "bad_request")
        else:
            there = f"There is no {request.method} {request.url.path}"
            body = _body(there, "not_found_error", "not_found", hint="/docs lists the routes")
        return JSONResponse(body, error.status_code, error.headers)

    for status in pages:
        app.add_exception_handler(status, refused)
    app.add_exception_handler(WenjuError, ours)
    app.add_exception_handler(Exception, unexpected)
    app.add_exception_handler(RequestValidationError, invalid)


def is_api(request: Request) -> bool:
    """Whether an address is read by programs."""
    path = request.url.path.removeprefix(str(request.scope.get("root_path", "")))
    return path.startswith(("/api/", "/v1/"))


def _body(message: str, group: str, code: str, *, param: str | None = None, hint: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": group, "code": code, "param": param, "hint": hint}}
