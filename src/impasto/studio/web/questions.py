"""Questions about pictures that a network answers, in the process that the lessons have for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from starlette.requests import Request

from impasto.studio.lessons.worker import Answer, LessonError, Lessons, QuestionError
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.visitor import Visitor


def ask(request: Request, work: Callable[..., Answer], *given: Any) -> "Future[Answer]":
    """Ask for the visitor who sent a request; see :meth:`impasto.studio.lessons.worker.Lessons.ask`."""
    lessons: Lessons = request.app.state.lessons
    visitor: Visitor = request.app.state.visitors.of(request)
    return lessons.ask(visitor.address, work, *given, people=visitor.people)


async def answered(asked: Callable[[], "Future[Answer]"]) -> Answer:
    """The answer to a question.

    Raises:
        ProblemError: there is none (422), or not now (503).
    """
    try:
        return await asyncio.wrap_future(asked())
    except LessonError as error:
        raise ProblemError(503, str(error), {"retry-after": "5"}) from error
    except QuestionError as error:
        raise ProblemError(422, str(error)) from error
