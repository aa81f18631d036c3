"""The application: the routes, what stands in front of them, and how errors are answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from impasto.studio import languages
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.languages import gettext, later
from impasto.studio.uploads.pool import AT_ONCE
from impasto.studio.web import (
    api,
    figures,
    health,
    language,
    learn,
    learn_training,
    learn_transfer,
    mails,
    mine,
    pages,
    running,
    share,
    sketches,
    telling,
)
from impasto.studio.web.bodies import Bodies
from impasto.studio.web.events import Watch
from impasto.studio.web.front import Front
from impasto.studio.web.guard import HEADERS, Guard, wants_json
from impasto.studio.web.outlooks import Outlooks
from impasto.studio.web.problem import ProblemError, as_sentence
from impasto.studio.web.submission import FORM
from impasto.studio.web.turns import Turns
from impasto.studio.web.visitor import Visitors

log = structlog.get_logger("impasto.studio.web")
HERE = Path(__file__).parent
LOST = later("Something went wrong here, and it is no fault of yours: try again in a minute.")


def create_app(configuration: Configuration, database: Database, files: Files) -> FastAPI:
    """The studio's web application.

    Args:
        configuration: its limits and addresses.
        database: where the jobs are; `migrate` has been called.
        files: where their pictures are.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(app.state.watch.run())
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    app = FastAPI(
        title="Impasto", version=version("impasto"), docs_url=None, redoc_url=None, lifespan=lifespan,
        redirect_slashes=False,
        description="A photo, painted in the style of a painting.", form_limits=FORM,
    )  # fmt: skip
    registry = CollectorRegistry()
    registry.register(health.Jobs(database))
    app.state.configuration, app.state.database, app.state.files = configuration, database, files
    app.state.visitors = Visitors(configuration)
    app.state.outlooks = Outlooks(configuration, database)
    app.state.watch = Watch(database, app.state.outlooks, configuration.root)
    app.state.registry = registry
    app.state.utf8_addresses = True  # unless the mail server does not know them
    app.state.sketches = sketches.Pace()
    app.state.trainings, app.state.transfers = running.turns(), running.turns()
    app.state.turns = Turns(AT_ONCE, AT_ONCE - 1)  # of pictures to be decoded
    app.state.bodies = Bodies(configuration)
    app.state.templates = Jinja2Templates(HERE / "templates")
    app.state.templates.env.globals |= {"configuration": configuration, "root": configuration.root}
    app.state.templates.env.auto_reload = False
    languages.install(app.state.templates.env)
    lessons = learn, learn_training, learn_transfer
    for room in (pages, mine, share, telling, mails, language, api, sketches, health, figures, *lessons):
        app.include_router(room.router)
    app.mount("/static", _Static(directory=HERE / "static"), name="static")
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(
        Guard, configuration=configuration, visitors=app.state.visitors, bodies=app.state.bodies, refuse=_refused
    )
    app.add_middleware(health.Measured, registry=registry)
    app.add_middleware(language.Language)
    app.add_middleware(Front, configuration=configuration)
    return app


class _Static(StaticFiles):
    """Files of the pages; a browser asks each time whether they have changed, since their names don't."""

    def file_response(self, *arguments: object, **named: object) -> Response:
        response = super().file_response(*arguments, **named)  # type: ignore[arg-type]
        response.headers["cache-control"] = "no-cache"
        return response


async def _refused(request: Request, error: Exception) -> Response:
    """What a person is told: a page; what a program is told: JSON."""
    if isinstance(error, RequestValidationError):
        wrong = error.errors()[0]
        status, headers = 422, None
        sentence = as_sentence(f"the field {wrong['loc'][-1]} can't be so: {wrong['msg'].lower()}")
    else:
        assert isinstance(error, HTTPException)
        status, headers = error.status_code, error.headers
        no_page = error.detail == "Not Found"
        known = error.sentence if isinstance(error, ProblemError) else gettext(error.detail)
        sentence = gettext("There is no such page: look at its address again.") if no_page else known
    if wants_json(request):
        return JSONResponse({"detail": sentence}, status, headers)
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(
        request, "error.html", {"sentence": as_sentence(sentence), "status": status}, status, headers
    )


async def _failed(request: Request, error: Exception) -> Response:
    log.error("failed", route=getattr(request.scope.get("route"), "path", "none"), exc_info=error)
    response = await _refused(request, HTTPException(500, LOST))
    response.headers.update(HEADERS)  # it is sent from outside of the guard
    response.headers["cache-control"] = "no-store"
    return response
