"""For who runs the studio: whether it lives, whether it can paint, and figures for Prometheus."""

import time
from collections.abc import Iterator
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio.jobs.database import Database
from impasto.studio.jobs.rows import Job, State
from impasto.studio.mail.outbox import Mail
from impasto.studio.web.problem import ProblemError

router = APIRouter(tags=["health"])
log = structlog.get_logger("impasto.studio.web")

STATIC = "/static"
"""Where the files of the pages are: a page asks for a dozen, and none is a line of the log."""


class Measured:
    """ASGI middleware that counts answers and their times, and logs them: by the route's pattern, never the address."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        names = ("method", "route", "status")
        self._seconds = Histogram(
            "impasto_answer_seconds", "Until an answer was sent whole.", ("method", "route"), registry=registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10),
        )  # fmt: skip
        self._answers = Counter("impasto_answers", "Answers that were sent.", names, registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 0, time.perf_counter()
        static = scope["path"].startswith(f"{scope['root_path']}{STATIC}/")

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except Exception:
            status = status or 500  # answered outside of this
            raise
        finally:
            took = time.perf_counter() - began
            route = STATIC if static else getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE") else "other"
            if not route.endswith("/events"):  # as long as somebody watches
                self._seconds.labels(method, route).observe(took)
            self._answers.labels(method, route, status).inc()
            quiet = route in ("/healthz", "/readyz", "/metrics") or (static and status < 400)
            if not quiet:
                log.info("answered", method=method, route=route, status=status, ms=round(took * 1000))


class Jobs(Collector):
    """The jobs by state and the mails that wait, counted when they are asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """The figures now."""
        with self._database.reading() as session:
            counted = session.execute(select(Job.state, func.count()).group_by(Job.state))
            found = {row[0]: row[1] for row in counted}
            unsent = select(func.count()).select_from(Mail).where(Mail.sent.is_(None), Mail.given_up.is_(False))
            mails = session.scalar(unsent) or 0
        jobs = GaugeMetricFamily("impasto_jobs", "Jobs by state.", labels=["state"])
        for state in State:
            jobs.add_metric([str(state)], found.get(state, 0))
        yield jobs
        yield GaugeMetricFamily("impasto_mails_waiting", "Mails that are not sent yet.", value=mails)


@router.get("/healthz", response_class=PlainTextResponse)
async def alive() -> str:
    """Whether the process lives."""
    return "alive\n"


@router.get("/readyz", responses={503: {"description": "What is missing."}})
async def ready(request: Request) -> JSONResponse:
    """Whether jobs can be taken and painted: the database can be written to, and there are painters."""

    def look() -> bool:
        try:
            request.app.state.database.check_writable()
        except SQLAlchemyError:
            return False
        return True

    engine: Any = getattr(request.app.state, "engine", None)
    found = {"database": await run_in_threadpool(look), "painters": bool(engine and engine.alive)}
    return JSONResponse(found, 200 if all(found.values()) else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Figures for Prometheus; not for those who come through the proxy."""
    if request.app.state.configuration.trusted_proxy and "x-forwarded-for" in request.headers:
        raise ProblemError(404, "Not Found")
    data = await run_in_threadpool(generate_latest, request.app.state.registry)
    return Response(data, media_type=CONTENT_TYPE_LATEST)
