"""A run in the lessons' process, told as it goes: a stream of events, one question after the other.

Each question is of a fraction of a second: who asks something else meanwhile waits for no more than that. Where the
visitor leaves, no further question is asked, and the turn is free.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from impasto.studio.lessons.runs import KEPT
from impasto.studio.lessons.worker import Answer
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.questions import answered, ask
from impasto.studio.web.turns import NoTurnError, Turns
from impasto.studio.web.visitor import Visitor

# Seconds that a run waits for its turn; between two tries while the queue is full; and after which it is given up,
# where others keep the process or the machine busy.
PATIENCE, AGAIN, LONGEST = 5.0, 1.0, 90.0


def turns() -> Turns:
    """Of one lesson's runs: a few at once, and one of each visitor."""
    return Turns(KEPT, 1)


async def events(
    request: Request, turns: Turns, go_on: Callable[..., Answer], how: Any, doing: str
) -> AsyncIterator[Answer]:
    """Let something run, and tell of it.

    Args:
        request: whose it is.
        turns: of the lesson.
        go_on: goes on with the run of a name in the lessons' process, or begins it.
        how: to begin it.
        doing: what people do who have a turn.

    Raises:
        ProblemError: it can't begin now, or was interrupted.
    """
    visitor: Visitor = request.app.state.visitors.of(request)
    name = secrets.token_hex(8)
    try:
        async with turns.of(visitor.address, PATIENCE, visitor.people):
            event = await answered(lambda: ask(request, go_on, name, how))
            until = time.monotonic() + LONGEST
            yield event
            while not event["done"]:
                event = await _next(request, go_on, name, until)
                yield event
    except NoTurnError:
        raise ProblemError(
            503, "Others %(doing)s at the moment, or you do in another window: try again in a few seconds.",
            {"retry-after": "5"}, doing=doing,
        ) from None  # fmt: skip


async def streamed(events: AsyncIterator[Answer]) -> StreamingResponse:
    """Events as an answer, one JSON object a line.

    Raises:
        ProblemError: there is not even a first one: that is the whole answer.
    """
    first = await anext(events)

    async def told() -> AsyncIterator[bytes]:
        yield _line(first)
        try:
            async for event in events:
                yield _line(event)
        except ProblemError as problem:
            yield _line({"refused": problem.sentence})

    return StreamingResponse(
        told(),
        media_type="application/x-ndjson",
        headers={"cache-control": "no-store, no-transform", "x-accel-buffering": "no"},
    )


async def _next(request: Request, go_on: Callable[..., Answer], name: str, until: float) -> Answer:
    while time.monotonic() < until:
        try:
            return await answered(lambda: ask(request, go_on, name))
        except ProblemError as problem:
            if problem.status_code != 503:
                raise
        await asyncio.sleep(AGAIN)
    raise ProblemError(503, "The studio is busy, and this took too long: try again later.", {"retry-after": "60"})


def _line(event: Answer) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"
