"""The page of a browser's own paintings: what it has asked for, and what it does with several of them at once."""

from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.datastructures import FormData

from impasto.studio.jobs import rows
from impasto.studio.jobs.rows import Job, State
from impasto.studio.web import archive, words
from impasto.studio.web.api import cancel_job, delete_job
from impasto.studio.web.guard import wants_json
from impasto.studio.web.page import page, root
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.state import described

router = APIRouter(prefix="/mine", include_in_schema=False)

# Paintings of one ZIP, and bytes of them together.
MOST, MOST_BYTES = 50, 500_000_000
# That can be ticked on the page.
MOST_TICKED = 1000


@router.get("")
async def mine(request: Request) -> Response:
    """What this browser has asked for."""
    return await _listed(request)


@router.post("/zip")
async def together(request: Request) -> Response:
    """The paintings that were ticked, as one file."""
    try:
        painted = [job for job in await _ticked(request, await _form(request)) if job.state == State.DONE]
        await run_in_threadpool(_check, request, painted)
    except ProblemError as problem:
        if wants_json(request):
            raise
        return await _listed(request, problem)
    return StreamingResponse(
        archive.stream(request.app.state.files, painted),
        media_type="application/zip",
        headers={"content-disposition": 'attachment; filename="impasto.zip"'},
    )


@router.post("/delete")
async def delete(request: Request) -> Response:
    """Delete what was ticked; a page asks first."""
    form = await _form(request)
    try:
        ticked = await _ticked(request, form)
    except ProblemError as problem:
        if wants_json(request):
            raise
        return await _listed(request, problem)
    if "sure" not in form:
        states = [described(job, request.app.state.outlooks, root(request)) for job in ticked]
        return page(request, "delete-several", jobs=states)

    def run() -> None:
        for job in ticked:
            with suppress(ProblemError):  # just deleted, or expired
                delete_job(request, job.token)

    await run_in_threadpool(run)
    return RedirectResponse(f"{root(request)}/mine", 303)


@router.post("/cancel")
async def cancel(request: Request) -> Response:
    """Paint one no further; one that has just ended is shown as it ended."""
    try:
        for job in await _ticked(request, await _form(request)):
            await run_in_threadpool(cancel_job, request, job.token)
    except ProblemError as problem:
        if problem.status_code != 409:
            raise
    return RedirectResponse(f"{root(request)}/mine", 303)


async def _listed(request: Request, refused: ProblemError | None = None) -> Response:
    def look() -> list[Job]:
        owner = request.app.state.visitors.of(request).owner
        with request.app.state.database.reading() as session:
            return rows.of_owner(session, owner) if owner else []

    def tell() -> list[dict[str, object]]:
        told = [described(job, request.app.state.outlooks, root(request)) for job in look()]
        return [
            state | {"words": words.headline(state), "asked": words.moment(state["created"]), "when": _when(state)}
            for state in told
        ]

    states = await run_in_threadpool(tell)
    return page(
        request, "mine", refused.status_code if refused else 200, jobs=states, summary=words.summary(states),
        under_way=any(state["can_cancel"] for state in states), refused=refused.sentence if refused else "",
    )  # fmt: skip


def _when(state: dict[str, object]) -> str:
    return words.when(state) if state["can_cancel"] else ""


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=MOST_TICKED)


async def _ticked(request: Request, form: FormData) -> list[Job]:
    """The jobs that a form names, the newest first.

    Raises:
        ProblemError: it names none (422), or one that is gone or is not this browser's (404).
    """
    tokens = {str(token) for token in form.getlist("token")}
    owner = request.app.state.visitors.of(request).owner
    if not tokens:
        raise ProblemError(422, "Nothing is chosen: tick what you want first.")

    def look() -> list[Job]:
        with request.app.state.database.reading() as session:
            return [job for job in rows.of_owner(session, owner) if job.token in tokens] if owner else []

    found = await run_in_threadpool(look)
    if len(found) < len(tokens):
        raise ProblemError(404, "Some of these are no longer here, or are not yours: choose again.")
    return found


def _check(request: Request, jobs: list[Job]) -> None:
    """See that these can be sent as one file.

    Raises:
        ProblemError: why not.
    """
    if not jobs:
        raise ProblemError(422, "None of these is painted: tick others, or wait until they are.")
    if len(jobs) > MOST:
        raise ProblemError(
            422, "At most %(most)s paintings can be had at once, and these are %(count)s: tick fewer.", most=MOST,
            count=len(jobs),
        )  # fmt: skip
    size = 0
    for job in jobs:
        with suppress(FileNotFoundError):  # just deleted
            size += request.app.state.files.size(job.id, archive.PAINTING)
    if size > MOST_BYTES:
        raise ProblemError(
            422, "These have %(size)s MB together, and at most %(most)s MB can be had at once: tick fewer.",
            size=round(size / 1e6), most=round(MOST_BYTES / 1e6),
        )  # fmt: skip
