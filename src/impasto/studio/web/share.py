"""A painting that is shown to others: by a link of its own, which shows the painting and nothing else of its job.

The link is not the painting's address, by which all of it can be seen and deleted. It is made when somebody asks for
it, and is good until they take it back, or the painting is gone. Nothing keeps what it shows, so that then it is not
shown any more; only what a messenger has copied to its own machines is out of reach.
"""

import io
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from PIL import Image

from impasto.studio import naming
from impasto.studio.jobs import rows
from impasto.studio.jobs.rows import IllegalChangeError, Job
from impasto.studio.languages import gettext, later
from impasto.studio.web.api import found
from impasto.studio.web.page import page, root
from impasto.studio.web.problem import ProblemError

router = APIRouter(include_in_schema=False)
NOT_SHARED = later("There is nothing here: the link is not whole, or the painting is no longer shared.")
# Who follows a link from there is told nothing of where it was, and no search engine lists the picture.
HEADERS = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, noimageindex", "cache-control": "no-store"}
# A JPEG, which messengers know, of at most 1120 px; paintings of earlier versions have it only where a mail was sent.
PICTURES = {"painting-mail.jpg": "image/jpeg", "painting-view.webp": "image/webp"}


@router.post("/p/{token}/share")
async def share(request: Request, token: str) -> Response:
    """Make a link that shows the painting."""

    def run() -> None:
        with request.app.state.database.session() as session:
            rows.share(session, found(rows.by_token(session, token)))

    try:
        await run_in_threadpool(run)
    except IllegalChangeError as error:
        raise ProblemError(409, str(error)) from error
    return _back(request, token)


@router.post("/p/{token}/unshare")
async def unshare(request: Request, token: str) -> Response:
    """Take the link back; another one is another link."""

    def run() -> None:
        with request.app.state.database.session() as session:
            found(rows.by_token(session, token)).share = None

    await run_in_threadpool(run)
    return _back(request, token)


@router.get("/s/{link}")
async def shown(request: Request, link: str) -> Response:
    """The painting, and the card that messengers show of it."""
    job, data, kind = await run_in_threadpool(_shared, request, link)
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    address = f"{request.app.state.configuration.address}/s/{link}"
    response = page(
        request, "shared", styles=naming.in_words(job.styles, gettext("a style of one’s own")), width=width,
        height=height, address=address, kind=kind, picture=f"{root(request)}/s/{link}/picture",
    )  # fmt: skip
    response.headers.update(HEADERS)
    return response


@router.get("/s/{link}/picture")
async def picture(request: Request, link: str) -> Response:
    """The painting itself, as a screen shows it."""
    _, data, kind = await run_in_threadpool(_shared, request, link)
    return Response(data, media_type=kind, headers=HEADERS)


def _shared(request: Request, link: str) -> tuple[Job, bytes, str]:
    """What a link shows: the job, its picture, and that picture's kind.

    Raises:
        ProblemError: nothing.
    """
    with request.app.state.database.reading() as session:
        job = rows.by_share(session, link)
    if job is None:
        raise ProblemError(404, NOT_SHARED)
    for name, kind in PICTURES.items():
        with suppress(FileNotFoundError):
            return job, request.app.state.files.read(job.id, name), kind
    raise ProblemError(404, NOT_SHARED)


def _back(request: Request, token: str) -> Response:
    return RedirectResponse(f"{root(request)}/p/{token}#share", 303)
