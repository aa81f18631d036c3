"""A page, made from its template."""

from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from impasto.studio.languages import gettext
from impasto.studio.web import words
from impasto.styles import HOUSE_STYLES


def page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """The page of a template, with the values that it shows."""
    templates: Jinja2Templates = request.app.state.templates
    titles = {name: gettext(style.title) for name, style in HOUSE_STYLES.items()}
    context = {"titles": titles, "duration": words.duration, "qualities": words.qualities(), **values}
    return templates.TemplateResponse(request, f"{name}.html", context, status)


def root(request: Request) -> str:
    """What the paths of the studio begin with."""
    found: str = request.app.state.configuration.root
    return found
