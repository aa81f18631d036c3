"""Who asks: the browser, known by a signed cookie, or else the address."""

import hmac
import ipaddress
import re
import secrets

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from impasto.studio.configuration import Configuration
from impasto.studio.secret import secret_key

COOKIE = "impasto"
A_YEAR = 365 * 86400


class Visitors:
    """Knows browsers again; the key that signs their cookies is kept in the data folder."""

    def __init__(self, configuration: Configuration) -> None:
        self._trusted_proxy = configuration.trusted_proxy
        self._secure = configuration.address.startswith("https:")
        self._key = secret_key(configuration)
        self._signer = URLSafeSerializer(self._key, salt="browser")

    def owner(self, request: Request) -> str | None:
        """What this browser was called when it first submitted something; None for one that is new."""
        try:
            name = self._signer.loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return None
        return name if isinstance(name, str) else None

    def remember(self, response: Response, owner: str) -> None:
        """Have the browser say who it is, when it comes again."""
        response.set_cookie(
            COOKIE, str(self._signer.dumps(owner)), max_age=A_YEAR, httponly=True, samesite="lax", secure=self._secure
        )

    def address(self, request: Request) -> str:
        """Stands for where the request comes from, which is not kept.

        Of IPv6 it is the network, of which one person has as many addresses as they like.
        """
        host = request.client.host if request.client else ""
        # The last of them, of the last line, is the proxy's own; those before it are the client's words. One that is no
        # address is the proxy's too, and then nobody is told apart.
        forwarded = request.headers.getlist("x-forwarded-for")
        if self._trusted_proxy and forwarded and (given := _network(forwarded[-1].rpartition(",")[2])):
            host = given
        return hmac.digest(self._key.encode(), (_network(host) or host).encode(), "sha256").hex()[:32]


def new_owner() -> str:
    """A name for a browser: 128 random bits."""
    return secrets.token_urlsafe(16)


def _network(text: str) -> str | None:
    """The IPv4 address, or the IPv6 network, in an address as proxies write it; some add a port. None if it is none."""
    text = text.strip()
    if with_port := re.fullmatch(r"\[(.*)](?::\d+)?|([\d.]+):\d+", text):
        text = with_port[1] or with_port[2] or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address.packed, 64), strict=False))
