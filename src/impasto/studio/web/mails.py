"""The pages that mails link to: an address says yes to a browser, or no to all mail for ever.

Whoever follows a link does nothing by that, since programs that look for harm in mails follow all of them: a button
does. The second is pressed by mail programs too, which bring no cookie (RFC 8058).
"""

import time
from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session

from impasto.studio.languages import gettext, later
from impasto.studio.mail import consent
from impasto.studio.mail.consent import Link
from impasto.studio.secret import secret_key

router = APIRouter(prefix="/mail", include_in_schema=False)

QUESTION = (
    later("May we write to you?"),
    later(
        "Somebody gave the address that the mail was sent to, to be told when a painting is ready. If that was you, "
        "say yes: then we write when a painting is ready that was asked for in the same browser. If it was not you, "
        "close this page."
    ),
)
YES = (later("Thank you"), later("We write to you when a painting is ready that was asked for in that browser."))
USED = (later("You have said yes"), later("This link was used already: there is nothing for you to do."))
OVER = (
    later("This link is no longer good"),
    later("It is too old, or not whole. Ask for a painting again, and we send another."),
)
NEVER = (
    later("No mail ever again?"),
    later("We then never write to the address that the mail was sent to, whoever gives it here."),
)
REFUSED = (later("No mail ever again"), later("We do not write to this address any more."))
MADE_UP = (later("This link is not whole"), later("Copy all of it out of the mail, and open it again."))
ANSWERS: dict[Link | None, tuple[str, str, int]] = {
    Link.GOOD: (*YES, 200),
    Link.USED: (*USED, 410),
    Link.OVER: (*OVER, 410),
}


@router.get("/confirm/{token}")
async def before_confirming(request: Request, token: str) -> Response:
    """A button to say yes with."""
    link = await _in_session(request, lambda session: consent.look(session, token, time.time()), reads=True)
    if link is Link.GOOD:
        return _page(request, *QUESTION, button=later("Yes, write to me"))
    return _page(request, *ANSWERS[link])


@router.post("/confirm/{token}")
async def confirm(request: Request, token: str) -> Response:
    """Say yes."""
    link = await _in_session(request, lambda session: consent.confirm(session, token, time.time()))
    return _page(request, *ANSWERS[link])


@router.get("/never/{signed}")
async def before_refusing(request: Request, signed: str) -> Response:
    """A button to say no with."""
    if _who(request, signed) is None:
        return _page(request, *MADE_UP, status=410)
    return _page(request, *NEVER, button=later("Never write to me again"))


@router.post("/never/{signed}")
async def refuse(request: Request, signed: str) -> Response:
    """Say no."""
    who = _who(request, signed)
    if who is None:
        return _page(request, *MADE_UP, status=410)
    await _in_session(request, lambda session: consent.refuse(session, who, time.time()))
    return _page(request, *REFUSED)


def _who(request: Request, signed: str) -> str | None:
    return consent.read(secret_key(request.app.state.configuration), signed)


async def _in_session(request: Request, work: Callable[[Session], Link | None], reads: bool = False) -> Link | None:
    database = request.app.state.database

    def run() -> Link | None:
        with database.reading() if reads else database.session() as session:
            return work(session)

    return await run_in_threadpool(run)


def _page(request: Request, heading: str, lead: str, status: int = 200, button: str = "") -> Response:
    templates: Jinja2Templates = request.app.state.templates
    values = {"heading": gettext(heading), "lead": gettext(lead), "button": gettext(button)}
    return templates.TemplateResponse(request, "mail.html", values, status)
