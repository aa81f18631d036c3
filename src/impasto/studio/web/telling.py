"""A mail address that is added to a painting while it waits or is painted."""

import time
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import rows
from impasto.studio.jobs.rows import Job
from impasto.studio.web import allowance, offered
from impasto.studio.web.api import found, job_of
from impasto.studio.web.guard import wants_json
from impasto.studio.web.intake import address_of
from impasto.studio.web.page import page, root
from impasto.studio.web.problem import ProblemError

router = APIRouter(include_in_schema=False)


def can_be_told(request: Request, job: Job) -> bool:
    """Whether who asks may add an address: the yes of its owner will be to the browser that asked for the painting."""
    configuration: Configuration = request.app.state.configuration
    own = job.owner is not None and job.owner == request.app.state.visitors.of(request).owner
    return configuration.can_mail and own and not job.email and not job.ended


@router.get("/p/{token}/mail")
async def form(request: Request, token: str) -> Response:
    """The form alone: a page that looks again by itself would forget what is being typed."""
    if not can_be_told(request, await run_in_threadpool(job_of, request, token)):
        return RedirectResponse(f"{root(request)}/p/{token}", 303)
    return page(request, "tell", token=token)


@router.post("/p/{token}/mail")
async def tell(request: Request, token: str, email: Annotated[str, Form()] = "") -> Response:
    """Write there when it is painted, as if the address had come with the photo."""
    try:
        await run_in_threadpool(_add, request, token, email)
    except ProblemError as problem:
        if wants_json(request) or problem.status_code == 404:
            raise
        return page(request, "tell", problem.status_code, token=token, email=email, refused=problem.sentence)
    return RedirectResponse(f"{root(request)}/p/{token}", 303)


def _add(request: Request, token: str, given: str) -> None:
    state = request.app.state
    email = address_of(given, state)
    if email is None:
        raise ProblemError(422, "There is no address: type one.")
    try:
        with state.database.session() as session:
            job = found(rows.by_token(session, token))
            session.refresh(job, with_for_update=True)
            if job.ended:
                raise ProblemError(409, "It has ended already: look at its page.")
            if job.email:
                raise ProblemError(409, "An address was given already: we write to that one.")
            if not can_be_told(request, job):
                raise ProblemError(403, "Only the browser that asked for this painting can do that: open it there.")
            shares = [style["weight"] for style in job.styles if not style.get("mask")]
            offered.check(job.settings, shares, state.configuration)
            job.email = email
            allowance.take_mail(session, job, state.configuration, time.time())
    except allowance.REFUSED as error:
        raise allowance.refusal(error) from error
