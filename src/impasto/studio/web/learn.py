"""The lessons for students, under /learn: padding and stride, inside VGG, classify.

`learn_training` and `learn_transfer` have one more each.

The routes read what was asked and answer; the arithmetic is in `learn_padding`, and what needs a network is computed by
`impasto.studio.lessons.worker` in another process.
"""

import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.templating import Jinja2Templates

from impasto.networks.vgg import VGG19
from impasto.studio.lessons import inside as lesson_inside
from impasto.studio.lessons.classify import LARGEST, MODELS, OWN, classify
from impasto.studio.lessons.inside import inside
from impasto.studio.lessons.number import number
from impasto.studio.lessons.worker import Answer, Lessons
from impasto.studio.web import learn_padding
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.questions import answered, ask
from impasto.studio.web.upload import decoded

PHOTOS = {"cat": "Chelsea the cat", "coffee": "a cup of coffee", "portrait": "Eileen Collins, astronaut"}
"""The sample photos, static/learn/NAME.webp, and what they show."""
DRAWING = 64
"""The side of a drawing, in pixels, each a byte of grey."""
STATIC = Path(__file__).parent / "static" / "learn"
UNITS: dict[str, list[int]] = json.loads((STATIC / "units" / "units.json").read_text())
"""Of each convolution of VGG19, the units of which there is a picture of what they look for: docs/units.py."""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.lessons = Lessons(app.state.configuration.data_dir / "lessons" / _edition())
    try:
        yield
    finally:
        await run_in_threadpool(app.state.lessons.close)


router = APIRouter(prefix="/learn", lifespan=_lifespan, include_in_schema=False)


def _edition() -> str:
    """What answers that are kept were made by: a version that answers otherwise finds none of them."""
    return sha256(version("impasto").encode() + Path(lesson_inside.__file__).read_bytes()).hexdigest()[:12]


@router.get("")
async def index(request: Request) -> Response:
    """What there is to learn."""
    return _page(request, "index.html")


@router.get("/padding")
async def padding(request: Request) -> Response:
    """Padding and stride, with the settings in the query."""
    settings = learn_padding.read(request.query_params)
    return _page(request, "padding.html", **learn_padding.page(settings))


@router.get("/inside")
async def inside_page(request: Request) -> Response:
    """Inside VGG; what is shown is fetched by the page."""
    return _page(request, "inside.html", photos=PHOTOS, scales=VGG19.scales, looks=UNITS)


@router.get("/inside/answer")
async def inside_sample(request: Request, photo: str, layer: str) -> Response:
    """A layer of a sample photo."""
    if photo not in PHOTOS or layer not in VGG19.convolutions:
        raise ProblemError(404, "There is no such photo or layer: choose one of the page.")
    lessons: Lessons = request.app.state.lessons
    return await _answered(lambda: lessons.kept(f"{photo}-{layer}", inside, STATIC / f"{photo}.webp", layer))


@router.post("/inside/answer")
async def inside_own(request: Request, picture: UploadFile, layer: Annotated[str, Form()]) -> Response:
    """A layer of a picture of one's own."""
    if layer not in VGG19.convolutions:
        raise ProblemError(404, "There is no such layer: choose one of the page.")
    return await _of_upload(request, picture, lambda png: ask(request, inside, png, layer))


@router.get("/classify")
async def classify_page(request: Request) -> Response:
    """Classify; what is drawn or given is sent by the page."""
    return _page(request, "classify.html", models=MODELS, own=OWN, drawing=DRAWING)


@router.post("/classify/answer")
async def classified(
    request: Request,
    model: Annotated[str, Form()],
    picture: UploadFile | None = None,
    drawing: UploadFile | None = None,
    own: UploadFile | None = None,
) -> Response:
    """What a model says of a picture, or of a drawing of 64 × 64 bytes of grey."""
    return await _of_model(request, await _named(model, own), picture, drawing, classify)


@router.post("/classify/number")
async def one_number(
    request: Request,
    model: Annotated[str, Form()],
    step: Annotated[int, Form()],
    unit: Annotated[int, Form()],
    row: Annotated[int, Form()],
    column: Annotated[int, Form()],
    picture: UploadFile | None = None,
    drawing: UploadFile | None = None,
    own: UploadFile | None = None,
) -> Response:
    """How a layer made one number of its maps, of the same picture or drawing."""
    return await _of_model(request, await _named(model, own), picture, drawing, number, step, unit, row, column)


async def _named(model: str, own: UploadFile | None) -> str | bytes:
    """One of the page's models, or the visitor's file, which is read in the lessons' process."""
    if model == OWN and own is not None:
        data = await own.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ProblemError(
                413, f"A model of at most {LARGEST / 1e6:.0f} MB can be opened here: train a smaller network."
            )
        return data
    if model not in MODELS:
        raise ProblemError(404, "There is no such model: choose one of the page.")
    return model


async def _of_model(
    request: Request,
    model: str | bytes,
    picture: UploadFile | None,
    drawing: UploadFile | None,
    work: Callable[..., Answer],
    *more: int,
) -> Response:
    if picture is not None:
        return await _of_upload(request, picture, lambda png: ask(request, work, png, model, *more))
    grey = b"" if drawing is None else await drawing.read(DRAWING**2 + 1)
    if len(grey) != DRAWING**2:
        raise ProblemError(
            422, f"A drawing is {DRAWING} × {DRAWING} bytes of grey: draw on the page, or give a picture."
        )
    return await _answered(lambda: ask(request, work, (DRAWING, grey), model, *more))


async def _of_upload(request: Request, file: UploadFile, asked: Callable[[bytes], "Future[Answer]"]) -> Response:
    picture = await decoded(request, file, lesson_inside.SIDE)
    return await _answered(lambda: asked(picture.png))


async def _answered(asked: Callable[[], "Future[Answer]"]) -> Response:
    return JSONResponse(await answered(asked))


def _page(request: Request, name: str, **values: Any) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, f"learn/{name}", values)
