"""The lesson *Train in the browser's sight*: a training as a stream of events, or as a page where there are no scripts.

It is computed in the lessons' process, one question after the other, each of a fraction of a second: who asks something
else meanwhile waits for no more than that. Where the visitor leaves, no further question is asked.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.templating import Jinja2Templates

from impasto.studio.lessons.training import (
    BATCHES,
    CONVOLUTIONS,
    EPOCHS,
    KEPT,
    MOMENTA,
    OVER,
    RATES,
    How,
    go_on,
)  # fmt: skip
from impasto.studio.lessons.worker import Answer
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.questions import answered, ask
from impasto.studio.web.turns import NoTurnError, Turns
from impasto.studio.web.visitor import Visitor

router = APIRouter(prefix="/learn/training", include_in_schema=False)
# Seconds that a training waits for its turn; between two tries while the queue is full; and after which it is given up,
# where others keep the process or the machine busy.
PATIENCE, AGAIN, LONGEST = 5.0, 1.0, 90.0
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


def turns() -> Turns:
    """Of trainings: a few at once, and one of each visitor."""
    return Turns(KEPT, 1)


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
    stream = _events(request, how)
    first = await anext(stream)  # a refusal is the whole answer

    async def told() -> AsyncIterator[bytes]:
        yield _line(first)
        try:
            async for event in stream:
                yield _line(event)
        except ProblemError as problem:
            yield _line({"refused": problem.sentence})

    return StreamingResponse(
        told(),
        media_type="application/x-ndjson",
        headers={"cache-control": "no-store, no-transform", "x-accel-buffering": "no"},
    )


async def _events(request: Request, how: How) -> AsyncIterator[Answer]:
    """Train, and tell of it.

    Raises:
        ProblemError: it can't begin now, or was interrupted.
    """
    visitor: Visitor = request.app.state.visitors.of(request)
    turns: Turns = request.app.state.trainings
    name = secrets.token_hex(8)
    try:
        async with turns.of(visitor.address, PATIENCE, visitor.people):
            event = await answered(lambda: ask(request, go_on, name, how))
            until = time.monotonic() + LONGEST
            yield event
            while not event["done"]:
                event = await _next(request, name, until)
                yield event
    except NoTurnError:
        raise ProblemError(
            503, "Others train at the moment, or you do in another window: try again in a few seconds.",
            {"retry-after": "5"},
        ) from None  # fmt: skip


async def _next(request: Request, name: str, until: float) -> Answer:
    while time.monotonic() < until:
        try:
            return await answered(lambda: ask(request, go_on, name))
        except ProblemError as problem:
            if problem.status_code != 503:
                raise
        await asyncio.sleep(AGAIN)
    raise ProblemError(
        503, "The studio is busy, and this training took too long: try again later.", {"retry-after": "60"}
    )


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


def _line(event: Answer) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def _plain(number: float) -> str:
    """As people write it: 0.0001, and 1 without a point."""
    return f"{number:.4f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"
