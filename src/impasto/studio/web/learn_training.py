"""The lesson *Train in the browser's sight*: a training as a stream of events, or as a page where there are no scripts.

It is computed in the lessons' process; :mod:`impasto.studio.web.running` asks for it.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.templating import Jinja2Templates

from impasto.studio.lessons.training import (
    BATCHES,
    CONVOLUTIONS,
    EPOCHS,
    MOMENTA,
    OVER,
    RATES,
    How,
    go_on,
)  # fmt: skip
from impasto.studio.lessons.worker import Answer
from impasto.studio.web import running
from impasto.studio.web.problem import ProblemError

router = APIRouter(prefix="/learn/training", include_in_schema=False)
WELL = How(0.01, 0.9, 32, 2)
PRESETS = {
    "well": ("learns well", WELL),
    "small": ("takes too small a step", How(0.0001, 0.0, 32, 2)),
    "large": ("takes too large a step", How(0.3, 0.9, 32, 2)),
}
CHOICES = {
    "lr": ("a learning rate", RATES),
    "momentum": ("a momentum", MOMENTA),
    "batch_size": ("a mini-batch size", BATCHES),
    "convolutions": ("a number of convolutions", CONVOLUTIONS),
}
# The curves' place within their 400 × 190, and the highest loss that they show.
LEFT, RIGHT, TOP, BOTTOM, HIGHEST = 34.0, 392.0, 10.0, 158.0, 3.0


def _how(
    lr: Annotated[float, Form()],
    momentum: Annotated[float, Form()],
    batch_size: Annotated[int, Form()],
    convolutions: Annotated[int, Form()],
    preset: Annotated[str, Form()] = "",
) -> How:
    """What a form asks for; the button of a preset counts for more than the settings beside it.

    Raises:
        ProblemError: it is not on offer.
    """
    if preset in PRESETS:
        return PRESETS[preset][1]
    how = How(lr, momentum, batch_size, convolutions)
    for (words, offered), value in zip(CHOICES.values(), how, strict=True):
        if value not in offered:
            raise ProblemError(
                422,
                f"There is no {words.partition(' ')[2]} of {value:g} here: choose {', '.join(map(_plain, offered))}.",
            )
    return how


Asked = Annotated[How, Depends(_how)]


@router.get("")
async def page(request: Request) -> Response:
    """The lesson, before anything is trained."""
    return _page(request, WELL)


@router.post("")
async def trained_page(request: Request, how: Asked) -> Response:
    """The same with a finished training, for browsers without scripts."""
    events = [event async for event in _events(request, how)]
    return _page(request, how, events)


@router.post("/events")
async def events(request: Request, how: Asked) -> StreamingResponse:
    """A training as it goes, one JSON object a line."""
    return await running.streamed(_events(request, how))


def _events(request: Request, how: How) -> AsyncIterator[Answer]:
    return running.events(request, request.app.state.trainings, go_on, how, "train")


def _page(request: Request, how: How, events: list[Answer] | None = None) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    shown = {
        "how": how._asdict(),
        "choices": {name: [(each, _plain(each)) for each in offered] for name, (_, offered) in CHOICES.items()},
        "presets": {name: (words, preset._asdict()) for name, (words, preset) in PRESETS.items()},
        "epochs": EPOCHS,
        "over": OVER,
        "run": _run(events) if events else None,
        "place": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM, "highest": HIGHEST},
    }
    return templates.TemplateResponse(request, "learn/training.html", shown)


def _run(events: list[Answer]) -> dict[str, Any]:
    """A finished training, as the page shows it: what scripts make of the same events."""
    first, last = events[0], events[-1]
    whole = EPOCHS * first["per_epoch"]

    def line(points: list[tuple[int, float]]) -> str:
        """Of points with a height of 0 to 1."""
        places = (
            (LEFT + seen / whole * (RIGHT - LEFT), BOTTOM - min(1.0, high) * (BOTTOM - TOP)) for seen, high in points
        )
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)

    def losses(which: str) -> str:
        values = [each for event in events for each in event[which]]
        return line([(seen, loss / HIGHEST) for seen, loss in enumerate(values, 1)])

    return {
        **first,
        **last,
        "each": losses("losses"),
        "mean": losses("means"),
        "accuracy": line([(event["seen"], event["right"] / event["held_out"]) for event in events]),
        "loss": next((each for event in reversed(events) for each in reversed(event["means"])), None),
    }


def _plain(number: float) -> str:
    """As people write it: 0.0001, and 1 without a point."""
    return f"{number:.4f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"
