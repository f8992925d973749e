"""What the operator sees: Prometheus metrics, log lines with a request id. Neither holds questions, names or
secrets.

Routes are named by their template (``/shared/{token}``), never by the address that was asked for.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import Cancelled
from index.types import Hit
from qa.types import Answer, Turn

if TYPE_CHECKING:
    from qa.engine import Engine
    from ui.admission import Admission

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("wenju_request_id", default="")
http_log = logging.getLogger("wenju.http")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECONDS = (0.05, 0.1, 0.3, 0.7, 1.2, 2, 3, 4, 6, 8, 12, 20, 40, 80)
_QUIET = ("/healthz", "/readyz", "/metrics", "/static", "/chat", "/page/state")


class Metrics:
    """The server's figures, in a registry of their own (several servers may live in one process)."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        made: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("wenju_http_requests", "HTTP requests", ("route", "method", "status"), **made)
        self.request_seconds = Histogram(
            "wenju_http_seconds", "Seconds until a response ended", ("route",), buckets=_SECONDS, **made
        )
        self.answers = Counter("wenju_answers", "Answers by how they ended", ("outcome",), **made)
        self.first = Histogram(
            "wenju_evidence_seconds", "Seconds until the evidence was found", buckets=_SECONDS, **made
        )
        self.total = Histogram(
            "wenju_answer_seconds",
            "Seconds until an answer was complete and checked",
            buckets=_SECONDS,
            **made,
        )
        self.tokens = Counter("wenju_tokens", "Tokens read and written", ("kind",), **made)
        self.searches = Counter("wenju_searches", "Searches without an answer", **made)
        ProcessCollector(registry=self.registry)
        for outcome in ("answered", "refused", "stopped", "failed"):
            self.answers.labels(outcome)

    def watch(self, admission: Admission, engine: Engine) -> None:
        """Gauges that are read when somebody looks."""
        queue = Gauge("wenju_queue", "People served and people waiting", ("state",), registry=self.registry)
        queue.labels("serving").set_function(lambda: admission.load[0])
        queue.labels("waiting").set_function(lambda: admission.load[1])
        refused = Gauge(
            "wenju_queue_refused",
            "Questions turned away since the start",
            ("reason",),
            registry=self.registry,
        )
        for reason in admission.refused:
            refused.labels(reason).set_function(partial(admission.refused.__getitem__, reason))
        ready = Gauge("wenju_ready", "1 when the part is loaded", ("part",), registry=self.registry)
        for part in engine.ready:
            ready.labels(part).set_function(partial(lambda part: engine.ready.get(part, False), part))


class MeasuredEngine:
    """An Engine whose answers are counted and timed, whoever asks; everything else goes straight through."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine = engine
        self._metrics = metrics

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def search(self, question: str, k: int | None = None, **within: Any) -> list[Hit]:
        self._metrics.searches.inc()
        return self._engine.search(question, k, **within)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        **given: Any,
    ) -> Iterator[Answer]:
        start, outcome, found = time.perf_counter(), "failed", False
        try:
            for answer in self._engine.stream(question, history, **given):
                if not found and answer.retrieved:
                    found = True
                    self._metrics.first.observe(time.perf_counter() - start)
                if answer.stage == "done":
                    outcome = "refused" if answer.refused else "answered"
                    self._finished(answer, time.perf_counter() - start)
                yield answer
        except (Cancelled, GeneratorExit):
            outcome = "stopped"
            raise
        finally:
            self._metrics.answers.labels(outcome).inc()

    def _finished(self, answer: Answer, seconds: float) -> None:
        self._metrics.total.observe(seconds)
        for kind, count in answer.usage.items():
            self._metrics.tokens.labels(kind).inc(count)


class Observed:
    """ASGI middleware, outermost: a request id on request, response and log lines; counts and times."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        identity = given if _ID.fullmatch(given) else secrets.token_hex(8)
        token, start, status = request_id.set(identity), time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = identity
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - start
            route = route_of(scope)
            self.metrics.requests.labels(route, scope["method"], str(status)).inc()
            self.metrics.request_seconds.labels(route).observe(seconds)
            quiet = route.startswith(_QUIET) and (status < 500 or route == "/readyz")
            level = logging.DEBUG if quiet else logging.INFO
            fields = {
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": round(seconds * 1000),
            }
            http_log.log(level, "request", extra={"fields": fields})
            request_id.reset(token)


def route_of(scope: Scope) -> str:
    """The template of the route that served a request; ``other`` for addresses that do not exist."""
    path, root = str(scope["path"]), str(scope.get("app_root_path", scope.get("root_path", "")))
    below = path[len(root) :] if root and path.startswith(root) else path
    for mount in ("/chat", "/static"):
        if below == mount or below.startswith(mount + "/"):
            return mount
    return str(getattr(scope.get("route"), "path", "") or "other")


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, message, request id, and the call's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request"] = request_id.get()
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class ConsoleLines(logging.Formatter):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {key}={value}" for key, value in getattr(record, "fields", {}).items())
        identity = f" [{request_id.get()}]" if request_id.get() else ""
        time_ = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        text = f"{time_} {record.levelname.lower():7} {record.name}{identity} {record.getMessage()}{fields}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def set_up_logs(form: str, level: str) -> None:
    """Our log lines to stderr, uvicorn's errors among them; its access log (which shows addresses) stays
    off."""
    plain = form == "console" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(ConsoleLines() if plain else JsonLines())
    for name in ("wenju", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level.upper() if name == "wenju" else logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
