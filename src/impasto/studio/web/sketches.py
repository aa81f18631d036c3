"""Sketches: what the form asks for, painted small in a second or two, before anybody decides.

They take turns, one at a time. While paintings wait or are under way, all sketches together have a twentieth of the
time: whoever comes earlier is asked to come again.
"""

import math
import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from impasto.studio.languages import later
from impasto.studio.lessons.sketch import SIDE, sketch
from impasto.studio.web.answers import Refusal, Sketch
from impasto.studio.web.intake import gather
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.questions import answered, ask
from impasto.studio.web.submission import Asked
from impasto.studio.web.turns import NoTurnError, Turns
from impasto.studio.web.visitor import Visitor

router = APIRouter(prefix="/api")
# Seconds that a sketch waits for its turn.
PATIENCE = 20.0
# So many times as long as a sketch took there is none, while there are paintings to be made.
REST = 19


class Pace:
    """When the next sketch may begin, where paintings are to be made on the same machine."""

    def __init__(self) -> None:
        self.turns = Turns(1, 1)
        self._until = 0.0

    def rest(self) -> float:
        """Seconds until the next may begin."""
        return max(0.0, self._until - time.monotonic())

    def took(self, seconds: float) -> None:
        """Note what one took."""
        self._until = time.monotonic() + REST * seconds


BUSY = later("The studio is painting, and makes few sketches meanwhile: try again in a moment.")
MANY = later("Many people ask for sketches at the moment: try again in a moment.")


@router.post(
    "/sketches",
    response_model=Sketch,
    responses={status: {"model": Refusal} for status in (400, 403, 404, 413, 422, 503)},
)
async def ask_for_sketch(request: Request, asked: Asked) -> Any:
    """See what a painting would look like, small; size, quality and email are not looked at."""
    state = request.app.state
    if not state.configuration.sketches:
        raise ProblemError(404, "This studio makes no sketches.")
    visitor: Visitor = state.visitors.of(request)
    pace: Pace = state.sketches
    gathered = await gather(request, asked, max_side=2 * SIDE)
    files = {f"{stem}.png": picture.png for stem, picture in gathered.pictures.items()}
    files["photo.png"] = gathered.photo.png
    try:
        async with pace.turns.of(visitor.address, PATIENCE, visitor.people):
            outlook = await run_in_threadpool(state.outlooks.now)
            if (outlook.painting or outlook.count) and (rest := pace.rest()):
                raise _later(BUSY, rest)
            began = time.monotonic()
            try:
                return await answered(lambda: ask(request, sketch, gathered.styles, gathered.settings, files))
            finally:
                pace.took(time.monotonic() - began)
    except NoTurnError:
        raise _later(MANY, 5) from None


def _later(line: str, seconds: float) -> ProblemError:
    return ProblemError(503, line, {"retry-after": str(math.ceil(seconds))})
