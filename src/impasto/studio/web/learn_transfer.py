"""The lesson *Style transfer*: a painting as a stream of events, or as a page where there are no scripts.

It is painted in the lessons' process; :mod:`impasto.studio.web.running` asks for it.
"""

import math
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.templating import Jinja2Templates

from impasto.studio.lessons.transfer import (
    BALANCES,
    CONTENT_LAYERS,
    PHOTOS,
    STARTS,
    STEPS,
    STYLE_LAYERS,
    STYLES,
    USUAL,
    How,
    go_on,
    style_picture,
)  # fmt: skip
from impasto.studio.lessons.worker import Answer, Lessons
from impasto.studio.web import running
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.questions import answered
from impasto.styles import HOUSE_STYLES

router = APIRouter(prefix="/learn/transfer", include_in_schema=False)
IN_BALANCE = How("cat", "night", BALANCES.index(1.0), STYLE_LAYERS, "conv4_2", "photo", "impasto", 40)
PRESETS = {
    "content": ("keeps the photo", IN_BALANCE._replace(balance=len(BALANCES) - 1)),
    "balanced": ("balances both", IN_BALANCE),
    "style": ("is all style, from noise", IN_BALANCE._replace(balance=0, start="noise")),
}
CHOICES: dict[str, tuple[str, Sequence[Any]]] = {
    "photo": ("photo", PHOTOS),
    "style": ("style", STYLES),
    "balance": ("balance", range(len(BALANCES))),
    "style_layers": ("style layer", STYLE_LAYERS),
    "content_layer": ("content layer", CONTENT_LAYERS),
    "start": ("start", STARTS),
    "objective": ("objective", tuple(USUAL)),
    "steps": ("number of steps", STEPS),
}
# The curve's place within its 400 × 180, as in static/plot.js.
LEFT, RIGHT, TOP, BOTTOM = 44.0, 398.0, 22.0, 158.0


def _how(
    photo: Annotated[str, Form()],
    style: Annotated[str, Form()],
    balance: Annotated[int, Form()],
    content_layer: Annotated[str, Form()],
    start: Annotated[str, Form()],
    objective: Annotated[str, Form()],
    steps: Annotated[int, Form()],
    style_layers: Annotated[tuple[str, ...], Form()] = (),
    preset: Annotated[str, Form()] = "",
) -> How:
    """What a form asks for; the button of a preset counts for more than the settings beside it.

    Raises:
        ProblemError: it is not on offer.
    """
    if preset in PRESETS:
        return PRESETS[preset][1]
    how = How(photo, style, balance, style_layers, content_layer, start, objective, steps)
    if not style_layers:
        raise ProblemError(422, "There is no style without a layer: tick at least one, such as conv1_1.")
    for (words, offered), value in zip(CHOICES.values(), how, strict=True):
        for each in value if isinstance(value, tuple) else (value,):
            if each not in offered:
                raise ProblemError(422, f"There is no {words} {each} here: choose {', '.join(map(str, offered))}.")
    return how


Asked = Annotated[How, Depends(_how)]


@router.get("")
async def page(request: Request) -> Response:
    """The lesson, before anything is painted."""
    return _page(request, IN_BALANCE)


@router.post("")
async def painted_page(request: Request, how: Asked) -> Response:
    """The same with a finished painting, for browsers without scripts."""
    events = [event async for event in _events(request, how)]
    return _page(request, how, events)


@router.post("/events")
async def events(request: Request, how: Asked) -> StreamingResponse:
    """A painting as it goes, one JSON object a line."""
    return await running.streamed(_events(request, how))


@router.get("/styles/{name}.webp")
async def style(request: Request, name: str) -> Response:
    """A style, before it is painted with."""
    if name not in STYLES:
        raise ProblemError(404, "There is no such style: choose one of the page.")
    lessons: Lessons = request.app.state.lessons
    found = await answered(lambda: lessons.kept(f"style-{name}", style_picture, name))
    data = b64decode(found["picture"].partition(",")[2])
    return Response(data, media_type="image/webp", headers={"cache-control": "max-age=3600"})


def _events(request: Request, how: How) -> AsyncIterator[Answer]:
    return running.events(request, request.app.state.transfers, go_on, how, "paint")


def _page(request: Request, how: How, events: list[Answer] | None = None) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    shown = {
        "how": how._asdict(),
        "alpha": f"{how.alpha:g}",
        "alphas": {name: [f"{usual * each:g}" for each in BALANCES] for name, usual in USUAL.items()},
        "titles": {name: HOUSE_STYLES[name].title for name in STYLES},
        "choices": {name: offered for name, (_, offered) in CHOICES.items()},
        "presets": {name: (words, preset._asdict()) for name, (words, preset) in PRESETS.items()},
        "run": _run(events) if events else None,
        "place": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
    }
    return templates.TemplateResponse(request, "learn/transfer.html", shown)


def _run(events: list[Answer]) -> dict[str, Any]:
    """A finished painting, as the page shows it: what scripts make of the same events."""
    points = [point for event in events for point in event["points"]]
    curves = {"objective": [point["objective"] for point in points]}
    curves |= {name: [point["parts"][name] for point in points] for name in ("content", "style")}
    heights = [math.log10(cost) for costs in curves.values() for cost in costs if cost > 0]
    low, high = min(heights), max(*heights, min(heights) + 0.1)

    def y(height: float) -> float:
        return BOTTOM - (max(height, low) - low) / (high - low) * (BOTTOM - TOP)

    def line(costs: list[float]) -> str:
        last = points[-1]["step"]
        places = (
            (LEFT + point["step"] / last * (RIGHT - LEFT), y(math.log10(cost) if cost > 0 else low))
            for point, cost in zip(points, costs, strict=True)
        )
        return " ".join(f"{x:.1f},{height:.1f}" for x, height in places)

    return {
        **events[0],
        **events[-1],
        "curves": {name: line(costs) for name, costs in curves.items()},
        "ends": [(y(height), _compact(10**height)) for height in (low, high)],
    }


def _compact(number: float) -> str:
    """For the margin of a curve: 0.023, 540, 31M."""
    for unit, words in ((1e6, "M"), (1e3, "K")):
        if number >= unit:
            return f"{number / unit:.3g}{words}"
    return f"{number:.2g}"
