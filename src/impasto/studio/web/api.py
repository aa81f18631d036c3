"""The API, which the pages use too: a painting is asked for, watched, fetched, cancelled and deleted by its token."""

import base64
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse

from impasto.images import PictureError
from impasto.painter.schedule import canvas_size
from impasto.painter.settings import Quality
from impasto.studio.jobs import estimates, rows
from impasto.studio.jobs.expiry import erase
from impasto.studio.jobs.rows import IllegalChangeError, Job
from impasto.studio.languages import later
from impasto.studio.lessons import faces as lesson_faces
from impasto.studio.web import sizes, words
from impasto.studio.web.answers import Checked, Estimate, FoundFaces, HouseStyle, Painting, Refusal
from impasto.studio.web.events import CrowdedError, Watch
from impasto.studio.web.intake import given_photo, larger, submit
from impasto.studio.web.page import root
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.questions import answered, ask
from impasto.studio.web.sizes import Size, long_side
from impasto.studio.web.state import described
from impasto.studio.web.submission import Asked, Crop, Photo, PhotoOf, Submission, Turn, cut_of, sent_file
from impasto.studio.web.upload import decoded
from impasto.styles import HOUSE_STYLES

GONE = later("There is no such painting: its address is wrong, or it has expired or was deleted.")
Kind = Literal[
    "painting", "view", "thumb", "film", "photo", "preview",
    "style-0", "style-1", "style-2", "style-3", "style-4", "style-5", "mask-0", "mask-1", "mask-2",
]  # fmt: skip
PAINTED = "Of what is painted of the photo, in pixels; without, what fits the size."
LARGER = "As a painting is asked for; without, twice as large, or the largest there is."
Token = Annotated[str, Path(description="Of the painting; who has it can see and delete it.", max_length=64)]


# each route can also refuse a parameter that makes no sense
router = APIRouter(prefix="/api", responses={422: {"model": Refusal}})


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the schema: which statuses a route can refuse with."""
    return {status: {"model": Refusal} for status in statuses}


@router.post("/paintings", status_code=201, response_model=Painting, responses=refusals(400, 403, 413, 429, 503, 507))
async def ask_for(request: Request, asked: Asked) -> Any:
    """Ask for a painting."""
    return await _made(request, await submit(request, asked))


@router.post("/check", response_model=Checked, responses=refusals(400, 403, 413, 503))
async def check(request: Request, photo: UploadFile) -> Any:
    """See whether a photo can be painted, and how it looks: for kinds that browsers don't show."""
    found = await decoded(request, photo)
    preview = f"data:image/webp;base64,{base64.b64encode(found.view).decode()}"
    width, height = found.full
    return {"width": width, "height": height, "preview": preview, "notes": found.notes}


@router.post("/faces", response_model=FoundFaces, responses=refusals(400, 403, 413, 503))
async def faces(
    request: Request, photo: Photo = None, photo_of: PhotoOf = "", turn: Turn = "0", crop: Crop = ""
) -> Any:
    """See which faces of a photo would be kept."""
    asked = Submission(photo=sent_file(photo), photo_of=photo_of, cut=cut_of(turn, crop))
    given = await given_photo(request, asked)
    return await answered(lambda: ask(request, lesson_faces.faces, given.png))


@router.get("/paintings/{token}", response_model=Painting, responses=refusals(404))
async def look(request: Request, token: Token) -> Any:
    """Where a painting is."""
    return await _described(request, token)


@router.get(
    "/paintings/{token}/events",
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "Events `state` (what GET answers), `here`, `gone`.",
        },
        **refusals(404, 503),
    },
    response_class=StreamingResponse,
)
async def events(request: Request, token: Token) -> StreamingResponse:
    """Where a painting is, whenever that has changed, until it has ended."""
    await _described(request, token)
    watch: Watch = request.app.state.watch
    stream = watch.events(token, request.app.state.visitors.of(request))
    try:
        first = await anext(stream)
    except CrowdedError as error:
        raise ProblemError(503, str(error), {"retry-after": "60"}) from error

    async def told() -> AsyncIterator[bytes]:
        yield first
        async for event in stream:
            yield event

    return StreamingResponse(
        told(),
        media_type="text/event-stream",
        headers={"cache-control": "no-store, no-transform", "x-accel-buffering": "no"},
    )


@router.get(
    "/paintings/{token}/image",
    responses={
        200: {"content": {"image/png": {}, "image/jpeg": {}, "image/webp": {}}, "description": "The picture."},
        **refusals(404),
    },
    response_class=Response,
)
async def image(
    request: Request,
    token: Token,
    kind: Annotated[
        Kind, Query(description="Which one; style-0 is the first style, where it was a picture that was sent.")
    ],
    format: Annotated[Literal["jpg", "png"], Query(description="Of the painting itself.")] = "jpg",
    download: Annotated[bool, Query(description="To be saved, not shown.")] = False,
    n: Annotated[str, Query(pattern=r"^\d{1,9}-\d{1,9}$", description="Of a preview, which (the newest).")] = "",
) -> Response:
    """A picture: the painting itself; it, the photo or a style to be looked at (at most 1024 px); a preview; a film."""
    job = await run_in_threadpool(job_of, request, token)
    name = {
        "painting": f"painting.{format}", "view": "painting-view.webp", "thumb": "thumb.webp", "film": "film.webp",
        "photo": "photo-view.webp", "preview": f"preview-{n or f'{job.attempt}-{job.preview}'}.webp",
    }.get(kind, f"{kind}-view.webp")  # fmt: skip
    try:
        data = await run_in_threadpool(request.app.state.files.read, job.id, name)
    except FileNotFoundError:
        raise ProblemError(404, "That picture is not there, or not yet.") from None
    kinds = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
    # the newest preview is another in a moment
    lasts = kind != "preview" or n
    headers = {"cache-control": "private, max-age=3600" if lasts else "no-store"}
    if download:
        styles = "-".join(style["name"] for style in job.styles if style["file"] is None) or "own-style"
        headers["content-disposition"] = f'attachment; filename="impasto-{styles}.{name.rpartition(".")[2]}"'
    return Response(data, media_type=kinds[name.rpartition(".")[2]], headers=headers)


@router.post("/paintings/{token}/cancel", response_model=Painting, responses=refusals(403, 404, 409))
async def cancel(request: Request, token: Token) -> Any:
    """Paint it no further."""
    await run_in_threadpool(cancel_job, request, token)
    return await _described(request, token)


@router.post(
    "/paintings/{token}/larger", status_code=201, response_model=Painting,
    responses=refusals(403, 404, 409, 413, 429, 503, 507),
)  # fmt: skip
async def paint_larger(
    request: Request, token: Token, size: Annotated[Size | None, Form(description=LARGER)] = None
) -> Any:
    """Paint it larger: a new painting that goes on from this one, which takes less than one from the beginning."""
    made = await larger(request, await run_in_threadpool(job_of, request, token), size)
    return await _made(request, made)


@router.delete("/paintings/{token}", status_code=204, responses=refusals(403, 404), response_class=Response)
async def delete(request: Request, token: Token) -> Response:
    """Delete it, with the photo and all else, at once."""
    await run_in_threadpool(delete_job, request, token)
    return Response(status_code=204)


@router.get("/styles", response_model=list[HouseStyle])
async def styles(request: Request) -> Any:
    """The house styles."""
    return [
        {
            "name": s.name,
            "title": s.title,
            "description": s.description,
            "sample": f"{root(request)}/static/gallery/{s.name}.webp",
        }
        for s in HOUSE_STYLES.values()
    ]


@router.get("/estimate", response_model=Estimate)
async def estimate(
    request: Request,
    quality: Quality = "standard",
    size: Annotated[Size, Query(description="Pixels, or a name, as a painting is asked for.")] = 512,
    width: Annotated[int | None, Query(ge=1, le=1_000_000, description=PAINTED)] = None,
    height: Annotated[int | None, Query(ge=1, le=1_000_000, description=PAINTED)] = None,
) -> Any:
    """How long a painting would take, and wait; and what sizes there are that have a name."""
    submitter = request.app.state.visitors.of(request).submitter
    largest = request.app.state.configuration.max_canvas
    photo = (width, height) if width and height else None
    across, down = photo or sizes.shape(size, largest)
    try:
        canvas = canvas_size(across, down, size if isinstance(size, int) else long_side(size, across, down, largest))
    except PictureError as error:
        raise ProblemError(422, str(error)) from error

    def look() -> dict[str, Any]:
        outlook = request.app.state.outlooks.now()
        with request.app.state.database.reading() as session:
            taken = estimates.estimator(session, quality)
        wait = outlook.wait_of_new(submitter)
        seconds, named = taken(*canvas, None), list(sizes.offered(taken, photo, largest))
        return {
            "seconds": seconds, "wait_seconds": wait, "waiting": outlook.count,
            "words": words.estimate(seconds, wait, outlook.count, most=photo is None),
            "width": canvas[0], "height": canvas[1], "sizes": named,
        }  # fmt: skip

    return await run_in_threadpool(look)


def cancel_job(request: Request, token: str) -> None:
    """Cancel a job.

    Raises:
        ProblemError: there is none (404), or it has ended (409).
    """
    try:
        with request.app.state.database.session() as session:
            rows.cancel(session, found(rows.by_token(session, token)), time.time())
        request.app.state.outlooks.forget()
    except IllegalChangeError as error:
        raise ProblemError(409, str(error)) from error


def delete_job(request: Request, token: str) -> None:
    """Delete a job, its row first: what its painter still writes is then nobody's, and it is told so.

    Raises:
        ProblemError: there is none.
    """
    with request.app.state.database.session() as session:
        job = found(rows.by_token(session, token))
        rows.remove(session, job)
    request.app.state.outlooks.forget()
    erase(job.id, request.app.state.files, request.app.state.configuration.work)


def job_of(request: Request, token: str) -> Job:
    """The job that a token opens.

    Raises:
        ProblemError: there is none.
    """
    with request.app.state.database.reading() as session:
        return found(rows.by_token(session, token))


def found(job: Job | None) -> Job:
    """The job, where there is one.

    Raises:
        ProblemError: there is none.
    """
    if job is None:
        raise ProblemError(404, GONE)
    return job


async def _made(request: Request, job: Job) -> JSONResponse:
    """A painting that was just asked for."""
    response = await _described(request, job.token)
    response.status_code = 201
    request.app.state.visitors.remember(request, response)
    response.headers["location"] = f"{root(request)}/api/paintings/{job.token}"
    return response


async def _described(request: Request, token: str) -> JSONResponse:
    """The painting as JSON, of the form that `Painting` describes, and not checked against it at every answer."""

    def look() -> dict[str, Any]:
        return described(job_of(request, token), request.app.state.outlooks, root(request))

    return JSONResponse(await run_in_threadpool(look))
