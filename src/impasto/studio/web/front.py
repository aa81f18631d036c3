"""Before all else: what the proxy in front changed is undone, so that the rest knows one form of every request."""

import asyncio
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio.configuration import Configuration


class Front:
    """ASGI middleware: the path before every address, the scheme that people use, HEAD, and a slash too many.

    Args:
        app: the application.
        configuration: has the public address, and says whether a proxy is trusted.
    """

    def __init__(self, app: ASGIApp, configuration: Configuration) -> None:
        self._app = app
        self._root = configuration.root
        self._trusted_proxy = configuration.trusted_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path != self._root and not path.startswith(f"{self._root}/"):  # a proxy took it away
            path = f"{self._root}{path}"
        inner = path.removeprefix(self._root)
        too_many = scope["method"] in ("GET", "HEAD") and inner != "/" and inner.endswith("/")
        if too_many or not inner:
            # to a path without a host, for a client may name any host
            to = quote(f"{self._root}/{inner.strip('/')}")
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"{to}?{query}" if query else to, 308)(scope, receive, send)
            return
        scope = {**scope, "path": path, "root_path": self._root, "scheme": self._scheme(scope)}
        if scope["method"] == "HEAD":
            await self._head({**scope, "method": "GET"}, send)
        else:
            await self._app(scope, receive, send)

    def _scheme(self, scope: Scope) -> str:
        """What people type: the trusted proxy's last word."""
        given = Headers(scope=scope).getlist("x-forwarded-proto")
        last = given[-1].rpartition(",")[2].strip().lower() if self._trusted_proxy and given else ""
        return last if last in ("http", "https") else str(scope["scheme"])

    async def _head(self, scope: Scope, send: Send) -> None:
        """Answer as to GET, without the body; an answer that has no end is left as soon as it begins."""
        begun = asyncio.Event()
        asked = False

        async def headers_alone(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})
                begun.set()

        async def gone_with_them() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await begun.wait()
            return {"type": "http.disconnect"}

        await self._app(scope, gone_with_them, headers_alone)
