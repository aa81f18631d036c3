"""A page of figures for who runs the studio, behind a token: it works in any browser, without scripts.

The browser asks for the token as a password (RFC 7617), so that it is in no address, history or log of a proxy.
"""

import base64
import binascii
import hmac
import re
import shutil
import time
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.templating import Jinja2Templates
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from impasto.painter.settings import CHOICES
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import estimates
from impasto.studio.jobs.rows import Job, State
from impasto.studio.mail.outbox import Mail
from impasto.studio.painters.roll import Painter
from impasto.studio.web import words
from impasto.studio.web.problem import ProblemError

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("impasto.studio.web")

DAY = 86400.0
SIZES = (512, 1024)
"""Long sides, in pixels, for which it is said how long a painting takes; 3 : 2."""
MOST_KINDS = 20
"""Kinds of failures that are listed, the most frequent ones."""


@router.get("/figures")
async def figures(request: Request) -> Response:
    """The figures now, for who knows the token."""
    configuration: Configuration = request.app.state.configuration
    token = configuration.operator_token.get_secret_value()
    if not token:
        raise ProblemError(404, "Not Found")
    given = _given(request.headers.get("authorization", ""))
    if not hmac.compare_digest(given.encode(), token.encode()):
        if given:
            log.warning("the page of figures was asked for with a wrong token")
        raise ProblemError(
            401, "This page is for who runs the studio: give IMPASTO_OPERATOR_TOKEN as the password.",
            {"www-authenticate": 'Basic realm="Impasto figures", charset="UTF-8"'},
        )  # fmt: skip

    def look() -> dict[str, Any]:
        now = time.time()
        outlook = request.app.state.outlooks.now()
        with request.app.state.database.reading() as session:
            return {
                "queue": _queue(session, now) | {"wait": outlook.begins[-1]},
                "paces": _paces(session),
                "failures": _failures(session),
                "mails": _mails(session, now),
            }

    engine = getattr(request.app.state, "engine", None)
    disk = shutil.disk_usage(configuration.data_dir)
    values = await run_in_threadpool(look)
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(
        request, "figures.html",
        {
            **values, "painters": _painters(engine.painters if engine else []), "disk": disk,
            "full": disk.free < configuration.min_free, "sizes": SIZES,
            "alive": bool(engine and engine.alive), "can_mail": configuration.can_mail, "duration": words.duration,
            "now": words.moment(time.time()), "most": MOST_KINDS,
        },
    )  # fmt: skip


def _given(header: str) -> str:
    """The token of a header Authorization: a program's bearer token, or the password that a person typed."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _painters(found: list[Painter]) -> list[tuple[str, str]]:
    """The painters by name, and what each one does and has."""

    def does(painter: Painter) -> str:
        jobs = [task.split("-")[1] for task in painter.tasks if task.startswith("paint-")]
        what = f"paints {jobs[0]}" if jobs else "measures how long paintings take" if painter.tasks else "is free"
        return f"{what}, {painter.memory / 1e9:.1f} GB" if painter.memory else what

    return sorted((painter.name, does(painter)) for painter in found)


def _queue(session: Session, now: float) -> dict[str, Any]:
    """How many jobs are in each state; since when the first waits; how many have ended within a day."""
    states = {State(state): 0 for state in State}
    for state, count in session.execute(select(Job.state, func.count()).group_by(Job.state)):
        states[State(state)] = count
    ended = select(Job.state, func.count()).where(Job.finished > now - DAY).group_by(Job.state)
    oldest = session.scalar(select(func.min(Job.created)).where(Job.state == State.WAITING))
    return {
        "states": states,
        "ended": {State(row[0]): row[1] for row in session.execute(ended)},
        "oldest": None if oldest is None else now - oldest,
        "deaths": session.scalar(select(func.sum(Job.deaths))) or 0,
    }


def _paces(session: Session) -> dict[str, list[float]]:
    """Quality → seconds that a painting of each of the sizes takes."""
    taken = {quality: estimates.estimator(session, quality) for quality in CHOICES["quality"]}
    return {quality: [of(side, round(side * 2 / 3), None) for side in SIZES] for quality, of in taken.items()}


def _failures(session: Session) -> list[tuple[str, int]]:
    """Why jobs failed, without the numbers in it, and how many did; of those that are still kept."""
    kinds: dict[str, int] = {}
    failed = select(Job.error, func.count()).where(Job.state == State.FAILED).group_by(Job.error)
    for error, count in session.execute(failed):
        kind = re.sub(r"\d[\d.,]*", "N", error or "no reason is known")
        kinds[kind] = kinds.get(kind, 0) + count
    return sorted(kinds.items(), key=lambda found: -found[1])[:MOST_KINDS]


def _mails(session: Session, now: float) -> dict[str, Any]:
    """How many wait, have been tried in vain, were given up, and were sent within a day."""
    waits = Mail.sent.is_(None) & Mail.given_up.is_(False)

    def count(condition: Any) -> int:
        return session.scalar(select(func.count()).select_from(Mail).where(condition)) or 0

    oldest = session.scalar(select(func.min(Mail.created)).where(waits))
    return {
        "waiting": count(waits),
        "tried": count(waits & (Mail.tries > 0)),
        "given_up": count(Mail.given_up),
        "sent": count(Mail.sent > now - DAY),
        "oldest": None if oldest is None else now - oldest,
    }
