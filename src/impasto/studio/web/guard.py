"""In front of every request: other names, other sites' forms and bodies that are too large are refused; the answer's
headers.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio.configuration import Configuration
from impasto.studio.web.bodies import Bodies, Body
from impasto.studio.web.hosts import Hosts
from impasto.studio.web.problem import ProblemError, too_large
from impasto.studio.web.visitor import Visitors

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


# Seconds for which a client may go on to send a body that nobody wants, before it is answered.
LINGER = 20.0

Refuse = Callable[[Request, Exception], Awaitable[Response]]


class Guard:
    """ASGI middleware around the whole application.

    Args:
        app: the application.
        configuration: has the limit of an upload, and the studio's names.
        visitors: tells addresses apart.
        bodies: those that are under way.
        refuse: makes the answer of what is refused here.
    """

    def __init__(
        self, app: ASGIApp, configuration: Configuration, visitors: Visitors, bodies: Bodies, refuse: Refuse
    ) -> None:
        self._app = app
        self._largest, self._too_large = configuration.max_upload, too_large(configuration)
        self._own = _site(urlsplit(configuration.address))
        self._hosts = Hosts(configuration)
        self._unknown = ProblemError(
            421,
            "The studio is not known by this name: open %(address)s, or have whoever runs it set IMPASTO_PUBLIC_URL.",
            address=configuration.address,
        )
        self._trusted_proxy = configuration.trusted_proxy
        self._visitors = visitors
        self._bodies = bodies
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken: Body | None = None

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                if taken is not None and not await taken.discard(LINGER):
                    headers["connection"] = "close"
            await send(message)

        request = Request(scope, receive)
        length = int(request.headers.get("content-length", "0") or 0)
        if "transfer-encoding" in request.headers:
            length = self._largest
        try:
            if not self._hosts.know(request.headers.get("host", "")):
                raise self._unknown
            async with self._bodies.taken(self._visitors.of(request), min(length, self._largest), receive) as taken:
                await self._answered(scope, length, taken, answer)
        except ProblemError as problem:
            if taken is None:
                taken = Body(self._bodies, 0, receive)
            response = await self._refuse(request, problem)
            await response(scope, receive, answer)

    async def _answered(self, scope: Scope, length: int, body: Body, answer: Send) -> None:
        """Answer a request whose body may come now.

        Raises:
            ProblemError: it is refused.
        """
        if scope["method"] not in SAFE and self._of_another_site(Headers(scope=scope), scope["scheme"]):
            raise ProblemError(403, "This form was on another site: send it from the studio's own page.")
        if length > self._largest:
            raise self._too_large

        async def counted() -> Message:
            message = await body.receive()
            if body.received > self._largest:
                raise self._too_large
            return message

        await self._app(scope, counted, answer)

    def _of_another_site(self, headers: Headers, scheme: str) -> bool:
        """Whether a browser says that another site's page sends this; programs, which say nothing, have no cookie."""
        if site := headers.get("sec-fetch-site"):
            return site not in ("same-origin", "none")
        if (given := headers.get("origin")) is None:
            return False
        origin, here = _site(urlsplit(given)), _site(urlsplit(f"{scheme}://{headers.get('host', '')}"))
        if origin is None or origin in (here, self._own):
            return origin is None
        # a proxy may have dropped the port of the host
        dropped = self._trusted_proxy and ":" not in headers.get("host", ":")
        return not (dropped and here is not None and origin[0] == here[0])


def _site(address: SplitResult) -> tuple[str, int] | None:
    """The name, in lower case, and the port of an address; None where it is none."""
    try:
        port = address.port or {"http": 80, "https": 443}.get(address.scheme)
    except ValueError:  # it is no number
        return None
    return (address.hostname, port) if address.hostname and port else None


def wants_json(request: Request) -> bool:
    """Whether a program asks, and not a person."""
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    return path.startswith("/api/") or path.endswith("/answer") or "text/html" not in request.headers.get("accept", "")
