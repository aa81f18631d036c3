"""Which names a studio on loopback is called by.

A stranger's site can have its own name lead to 127.0.0.1 once its page is open (DNS rebinding). To the browser that
page and the studio are then one site, and the page reads what it likes. But the browser sends the stranger's name as
the Host.
"""

import ipaddress
from urllib.parse import urlsplit

from impasto.studio.configuration import Configuration


class Hosts:
    """The hosts that requests may name.

    Where the studio listens on loopback, these are `localhost`, the host of IMPASTO_PUBLIC_URL, and every address: the
    attack needs a name. Where it listens elsewhere all are taken, since it is not known which names lead here.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._listed = _is_address(configuration.host, loopback=True) or configuration.host == "localhost"
        self._public = urlsplit(configuration.public_url).hostname

    def know(self, given: str) -> bool:
        """Whether the header Host, which may have a port, is one of them; browsers never leave it out."""
        if not self._listed or not given:
            return True
        try:
            name = (urlsplit(f"//{given}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name == self._public or name.split(".")[-1] == "localhost" or _is_address(name)


def _is_address(name: str, *, loopback: bool = False) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not loopback
