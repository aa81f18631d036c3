"""The pages of a painting: asked for, watched, had, deleted; they work without a script."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from impasto.studio.jobs import estimates, rows
from impasto.studio.web import form, words
from impasto.studio.web.api import GONE, cancel_job, delete_job
from impasto.studio.web.form import Choice
from impasto.studio.web.guard import wants_json
from impasto.studio.web.intake import submit
from impasto.studio.web.offered import RANGES
from impasto.studio.web.problem import ProblemError, too_large
from impasto.studio.web.state import described
from impasto.studio.web.submission import EARLIER, MOST_REGIONS, OWN, Asked
from impasto.styles import HOUSE_STYLES

router = APIRouter(include_in_schema=False)
TITLES = {name: style.title for name, style in HOUSE_STYLES.items()}
TEMPLATES = {"waiting": "watch", "painting": "watch", "done": "have", "failed": "ended", "cancelled": "ended"}


@router.get("/")
async def start(request: Request, again: str = "") -> Response:
    """The form; with the photo and the settings of an earlier painting."""
    configuration = request.app.state.configuration
    earlier = await _described(request, again) if again else None
    choice = form.of_job(earlier, configuration) if earlier else form.defaults(configuration)
    return await _start(request, choice, earlier)


@router.post("/")
async def ask_for(request: Request, asked: Asked) -> Response:
    """Take in what the form sent."""
    try:
        job = await submit(request, asked)
    except ProblemError as problem:
        if wants_json(request):
            raise
        try:
            earlier = await _described(request, asked.style_of) if asked.style_of else None
        except ProblemError:
            earlier = None
        return await _start(request, form.of_submission(asked, request.app.state.configuration), earlier, problem)
    response = RedirectResponse(f"{_root(request)}/p/{job.token}", 303)
    request.app.state.visitors.remember(request, response)
    return response


@router.get("/p/{token}")
async def painting(request: Request, token: str) -> Response:
    """A painting as it grows, as it became, or why it did not."""
    state = await _described(request, token)
    return _page(
        request, TEMPLATES[state["state"]], job=state, headline=words.headline(state), when=words.when(state),
        mail=words.mail(state), expires=words.moment(state["expires"]),
    )  # fmt: skip


@router.post("/p/{token}/cancel")
async def cancel(request: Request, token: str) -> Response:
    """Paint it no further; one that has just ended is shown as it ended."""
    try:
        await run_in_threadpool(cancel_job, request, token)
    except ProblemError as problem:
        if problem.status_code != 409:
            raise
    return RedirectResponse(f"{_root(request)}/p/{token}", 303)


@router.get("/p/{token}/delete")
async def before_deleting(request: Request, token: str) -> Response:
    """A button: a program that follows the links of a mail deletes nothing."""
    return _page(request, "delete", job=await _described(request, token))


@router.post("/p/{token}/delete")
async def delete(request: Request, token: str) -> Response:
    """Delete it at once."""
    await run_in_threadpool(delete_job, request, token)
    return _page(request, "deleted")


@router.get("/mine")
async def mine(request: Request) -> Response:
    """What this browser has asked for."""
    owner = request.app.state.visitors.of(request).owner

    def look() -> list[dict[str, Any]]:
        with request.app.state.database.reading() as session:
            found = rows.of_owner(session, owner) if owner else []
        return [described(job, request.app.state.outlooks, _root(request)) for job in found]

    listed = await run_in_threadpool(look)
    for state in listed:
        state |= {"words": words.headline(state), "asked": words.moment(state["created"])}
    return _page(request, "mine", jobs=listed)


@router.get("/too-large")
async def refused_by_the_proxy(request: Request) -> Response:
    """What a web server in front shows instead of its own page, where it lets no more through."""
    raise too_large(request.app.state.configuration)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API, from its own description."""
    return _page(request, "docs", api=request.app.openapi())


async def _start(
    request: Request, choice: Choice, earlier: dict[str, Any] | None, refused: ProblemError | None = None
) -> Response:
    configuration = request.app.state.configuration
    submitter = request.app.state.visitors.of(request).submitter
    # a photo that isn't known yet counts as the largest
    width, height = (earlier["width"], earlier["height"]) if earlier else (1, 1)
    scale = choice.size / max(width, height)

    def look() -> str:
        outlook = request.app.state.outlooks.now()
        with request.app.state.database.reading() as session:
            seconds = estimates.seconds(session, choice.quality, round(width * scale), round(height * scale))
        return words.estimate(seconds, outlook.wait_of_new(submitter), outlook.count, most=earlier is None)

    page = _page(
        request, "start", configuration=configuration, styles=list(HOUSE_STYLES.values()), choice=choice, again=earlier,
        sizes=form.sizes(configuration, choice.size), ranges=RANGES, estimate=await run_in_threadpool(look),
        refused=refused.sentence if refused else "", earlier=EARLIER, own=OWN, regions=MOST_REGIONS,
    )  # fmt: skip
    page.status_code = refused.status_code if refused else 200
    return page


async def _described(request: Request, token: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        with request.app.state.database.reading() as session:
            job = rows.by_token(session, token)
            if job is None:
                raise ProblemError(404, GONE)
        return described(job, request.app.state.outlooks, _root(request))

    return await run_in_threadpool(look)


def _root(request: Request) -> str:
    root: str = request.app.state.configuration.root
    return root


def _page(request: Request, name: str, **values: Any) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, f"{name}.html", {"titles": TITLES, "duration": words.duration, **values})
