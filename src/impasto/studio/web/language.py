"""The language of a visitor: chosen in the foot of a page and kept by a cookie, or else the browser's."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio import languages
from impasto.studio.web.page import root
from impasto.studio.web.problem import ProblemError
from impasto.studio.web.visitor import A_YEAR

router = APIRouter(include_in_schema=False)
COOKIE = "impasto-language"
UNKNOWN = languages.later("The studio does not speak this language: choose another at the foot of a page.")


class Language:
    """ASGI middleware: what is answered is in the visitor's language, and says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Request(scope)
        accepted = asked.headers.get("accept-language", "")
        languages.speak(languages.chosen(asked.cookies.get(COOKIE, ""), accepted))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Accept-Language, Cookie")
            await send(message)

        await self._app(scope, receive, answer)


@router.get("/language/{name}")
async def choose(request: Request, name: str, back: str = "/") -> Response:
    """Keep a language, and go back to the page."""
    if name not in languages.LANGUAGES:
        raise ProblemError(404, UNKNOWN)
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = RedirectResponse(f"{root(request)}{back if inside else '/'}", 303)
    response.set_cookie(COOKIE, name, max_age=A_YEAR, path=root(request) or "/", samesite="lax", httponly=True)
    return response


@router.get("/words/{name}.json")
async def words(name: str) -> Response:
    """What the scripts of pages say in a language."""
    if name not in languages.LANGUAGES:
        raise ProblemError(404, UNKNOWN)
    return JSONResponse(languages.words_of_scripts(name), headers={"cache-control": "private, max-age=3600"})
