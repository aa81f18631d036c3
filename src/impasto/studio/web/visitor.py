"""Who asks: the browser, known by a signed cookie, or else the address."""

import hmac
import ipaddress
import re
import secrets
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from impasto.studio.configuration import Configuration
from impasto.studio.networks import Network, people, shared
from impasto.studio.secret import secret_key

COOKIE = "impasto"
A_YEAR = 365 * 86400


class Visitor(NamedTuple):
    """Who sends a request.

    Attributes:
        owner: what this browser was called when it first submitted something; None for one that is new.
        new: what it will be called, if it is new.
        address: stands for where the request comes from, which is not kept.
        people: how many may share that address.
    """

    owner: str | None
    new: str
    address: str
    people: int

    @property
    def submitter(self) -> str:
        """Whose turn a job of theirs takes; a new browser is nobody yet, or who drops the cookie were many."""
        return self.owner or (self.new if self.people > 1 else f"address {self.address}")


class Visitors:
    """Knows browsers again; the key that signs their cookies is kept in the data folder."""

    def __init__(self, configuration: Configuration) -> None:
        self._trusted_proxy = configuration.trusted_proxy
        self._secure = configuration.address.startswith("https:")
        self._path = configuration.root or "/"
        self._shared = shared(configuration.shared_addresses)
        self._key = secret_key(configuration)
        self._signer = URLSafeSerializer(self._key, salt="browser")

    def of(self, request: Request) -> Visitor:
        """Who sends this."""
        host = request.client.host if request.client else ""
        # The last of them, of the last line, is the proxy's own; those before it are the client's words. One that is no
        # address is the proxy's too, and then nobody is told apart.
        forwarded = request.headers.getlist("x-forwarded-for")
        found = _network(host)
        if self._trusted_proxy and forwarded:
            found = _network(forwarded[-1].rpartition(",")[2]) or found
        address = hmac.digest(self._key.encode(), str(found or host).encode(), "sha256").hex()[:32]
        return Visitor(self._owner(request), new_owner(), address, people(found, self._shared))

    def remember(self, request: Request, response: Response) -> None:
        """Have the browser say who it is, when it comes again; its name is the state's `owner`."""
        response.set_cookie(
            COOKIE, str(self._signer.dumps(request.state.owner)), max_age=A_YEAR, path=self._path, httponly=True,
            samesite="lax", secure=self._secure or request.url.scheme == "https",
        )  # fmt: skip

    def _owner(self, request: Request) -> str | None:
        try:
            name = self._signer.loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return None
        return name if isinstance(name, str) else None


def new_owner() -> str:
    """A name for a browser: 128 random bits."""
    return secrets.token_urlsafe(16)


def _network(text: str) -> Network | None:
    """The IPv4 address, or the IPv6 network, in an address as proxies write it; some add a port. None if it is none."""
    text = text.strip()
    if with_port := re.fullmatch(r"\[(.*)](?::\d+)?|([\d.]+):\d+", text):
        text = with_port[1] or with_port[2] or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return ipaddress.IPv6Network((address.packed, 64), strict=False)
        address = address.ipv4_mapped
    return ipaddress.IPv4Network(address)
