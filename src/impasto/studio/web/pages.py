"""The pages of a painting: asked for, watched, had, deleted; they work without a script."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from impasto.painter.schedule import canvas_size
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import estimates
from impasto.studio.jobs.rows import Job, State
from impasto.studio.uploads.pool import png_size
from impasto.studio.web import form, intake, offered, words
from impasto.studio.web import sizes as named_sizes
from impasto.studio.web.api import cancel_job, delete_job, job_of
from impasto.studio.web.form import Choice
from impasto.studio.web.guard import wants_json
from impasto.studio.web.intake import submit
from impasto.studio.web.offered import RANGES
from impasto.studio.web.page import page, root
from impasto.studio.web.problem import ProblemError, too_large
from impasto.studio.web.sizes import Size
from impasto.studio.web.state import described
from impasto.studio.web.submission import EARLIER, MOST_REGIONS, OWN, Asked
from impasto.studio.web.telling import can_be_told
from impasto.styles import HOUSE_STYLES

router = APIRouter(include_in_schema=False)
TEMPLATES = {"waiting": "watch", "painting": "watch", "done": "have", "failed": "ended", "cancelled": "ended"}


@router.get("/")
async def start(request: Request, again: str = "") -> Response:
    """The form; with the photo and the settings of an earlier painting."""
    configuration = request.app.state.configuration
    earlier, choice = None, form.defaults(configuration)
    if again:
        job = await run_in_threadpool(job_of, request, again)
        earlier = await _again(request, job)
        choice = form.of_job(earlier, configuration)
        if job.owner and job.owner == request.app.state.visitors.of(request).owner:  # nobody else is told the address
            choice.email = job.email or ""
    return await _start(request, choice, earlier)


@router.post("/")
async def ask_for(request: Request, asked: Asked) -> Response:
    """Take in what the form sent."""
    try:
        job = await submit(request, asked)
    except ProblemError as problem:
        if wants_json(request):
            raise
        earlier = None
        if asked.style_of:
            with suppress(ProblemError):
                earlier = await _again(request, await run_in_threadpool(job_of, request, asked.style_of))
        return await _start(request, form.of_submission(asked, request.app.state.configuration), earlier, problem)
    response = RedirectResponse(f"{root(request)}/p/{job.token}", 303)
    request.app.state.visitors.remember(request, response)
    return response


@router.get("/p/{token}")
async def painting(request: Request, token: str) -> Response:
    """A painting as it grows, as it became, or why it did not."""
    job = await run_in_threadpool(job_of, request, token)
    state = await _described(request, job)
    sizes = await run_in_threadpool(_larger, request, job) if job.state == State.DONE else []
    return page(
        request, TEMPLATES[state["state"]], job=state, telling=can_be_told(request, job),
        shared=f"{request.app.state.configuration.address}/s/{job.share}" if job.share else "",
        headline=words.headline(state), when=words.when(state), mail=words.mail(state),
        expires=words.moment(state["expires"]), larger=sizes, doubled=2 * max(job.width, job.height),
    )  # fmt: skip


@router.post("/p/{token}/larger")
async def larger(request: Request, token: str, size: Annotated[Size | None, Form()] = None) -> Response:
    """Go on from a painting, at a larger size."""
    made = await intake.larger(request, await run_in_threadpool(job_of, request, token), size)
    response = RedirectResponse(f"{root(request)}/p/{made.token}", 303)
    request.app.state.visitors.remember(request, response)
    return response


@router.post("/p/{token}/cancel")
async def cancel(request: Request, token: str) -> Response:
    """Paint it no further; one that has just ended is shown as it ended."""
    try:
        await run_in_threadpool(cancel_job, request, token)
    except ProblemError as problem:
        if problem.status_code != 409:
            raise
    return RedirectResponse(f"{root(request)}/p/{token}", 303)


@router.get("/p/{token}/delete")
async def before_deleting(request: Request, token: str) -> Response:
    """A button: a program that follows the links of a mail deletes nothing."""
    return page(request, "delete", job=await _described(request, await run_in_threadpool(job_of, request, token)))


@router.post("/p/{token}/delete")
async def delete(request: Request, token: str) -> Response:
    """Delete it at once."""
    await run_in_threadpool(delete_job, request, token)
    return page(request, "deleted")


@router.get("/too-large")
async def refused_by_the_proxy(request: Request) -> Response:
    """What a web server in front shows instead of its own page, where it lets no more through."""
    raise too_large(request.app.state.configuration)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API, from its own description."""
    return page(request, "docs", api=request.app.openapi())


def _larger(request: Request, job: Job) -> list[dict[str, Any]]:
    """The sizes that a painting can be painted larger at, each with what that takes."""
    configuration: Configuration = request.app.state.configuration
    found = []
    with request.app.state.database.reading() as session:
        taken = estimates.estimator(session, job.quality)
    for size in offered.sizes(configuration):
        if size > max(job.width, job.height):
            canvas = canvas_size(job.width, job.height, size)
            seconds = taken(*canvas, job.width * job.height)
            found.append({"size": size, "canvas": canvas, "words": words.duration(seconds)})
    return found


async def _start(
    request: Request, choice: Choice, earlier: dict[str, Any] | None, refused: ProblemError | None = None
) -> Response:
    configuration = request.app.state.configuration
    submitter = request.app.state.visitors.of(request).submitter
    photo = earlier["photo_size"] if earlier else None

    def look() -> tuple[list[dict[str, Any]], str]:
        outlook = request.app.state.outlooks.now()
        with request.app.state.database.reading() as session:
            taken = estimates.estimator(session, choice.quality)
        named = list(named_sizes.offered(taken, photo, configuration.max_canvas))
        chosen = next((size for size in named if size["name"] == choice.named and size["seconds"]), None)
        choice.named = choice.named if chosen else ""
        # a photo that isn't known yet counts as the largest
        width, height = photo or (1, 1)
        scale = choice.size / max(width, height)
        seconds = chosen["seconds"] if chosen else taken(round(width * scale), round(height * scale), None)
        return named, words.estimate(seconds, outlook.wait_of_new(submitter), outlook.count, most=earlier is None)

    named, estimate = await run_in_threadpool(look)
    shown = page(
        request, "start", configuration=configuration, styles=list(HOUSE_STYLES.values()), choice=choice, again=earlier,
        sizes=form.sizes(configuration, choice), named=named, dpi=named_sizes.DPI, ranges=RANGES, estimate=estimate,
        refused=refused.sentence if refused else "", earlier=EARLIER, own=OWN, regions=MOST_REGIONS,
    )  # fmt: skip
    shown.status_code = refused.status_code if refused else 200
    return shown


async def _again(request: Request, job: Job) -> dict[str, Any]:
    """A job that is painted again, and the size of its photo, which may be larger than its canvas."""
    size = job.width, job.height
    with suppress(FileNotFoundError):
        size = png_size(await run_in_threadpool(request.app.state.files.read, job.id, "photo.png"))
    return {**await _described(request, job), "photo_size": size}


async def _described(request: Request, job: Job) -> dict[str, Any]:
    return await run_in_threadpool(described, job, request.app.state.outlooks, root(request))
