"""In front of every request: other sites' forms and bodies that are too large are refused; the answer's headers."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio.configuration import Configuration
from impasto.studio.web.problem import ProblemError

HEADERS = {
    # nothing from elsewhere, nothing inline; a photo that was just chosen is a blob of the page's own
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    # Addresses hold tokens: no more than the site is told. With "no-referrer" a form's Origin would be "null", and
    # where a browser sends no Sec-Fetch-Site (http, but for loopback) our forms would look like another site's.
    "referrer-policy": "strict-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, configuration: Configuration) -> None:
        self._app = app
        self._largest = configuration.max_upload
        self._own = urlsplit(configuration.address).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in SAFE and self._of_another_site(headers):
            refused = JSONResponse(
                {"detail": "This form was on another site: send it from the studio's own page."}, 403
            )
            await refused(scope, receive, with_headers)
            return
        too_large = f"That is more than {self._largest / 1e6:.0f} MB: send a smaller picture."
        if int(headers.get("content-length", "0") or 0) > self._largest:
            await JSONResponse({"detail": too_large}, 413, {"connection": "close"})(scope, receive, with_headers)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._largest:
                raise ProblemError(413, too_large)
            return message

        await self._app(scope, counted, with_headers)

    def _of_another_site(self, headers: Headers) -> bool:
        """Whether a browser says that another site's page sends this; programs, which say nothing, have no cookie."""
        if site := headers.get("sec-fetch-site"):
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc not in (headers.get("host"), self._own)


def wants_json(request: Request) -> bool:
    """Whether a program asks, and not a person."""
    path = request.url.path
    return path.startswith("/api/") or path.endswith("/answer") or "text/html" not in request.headers.get("accept", "")
