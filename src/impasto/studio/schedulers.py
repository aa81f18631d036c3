"""Addresses of Dask's scheduler, and which of them are safe: whoever talks to it can have it run any function."""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

PORT = 8786
"""Where one listens that names no port; Dask's own choice."""


def safe(address: str, certificates: Path | None, *, insecure: bool = False) -> str:
    """The address, in the one form in which it was understood: whoever reads it next finds the same host in it.

    Args:
        address: tls://HOST:PORT or tcp://HOST:PORT.
        certificates: the folder of this host's certificate, where there is one.
        insecure: the operator takes the risk of a host that anybody can talk to.

    Raises:
        ValueError: it is none, or is not safe; one plain line.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, 0
    extra = parts.path or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("tls", "tcp") or not host or extra:
        raise ValueError("begin it with tls:// or tcp://, as in tls://painters.example.org:8786")
    if parts.scheme == "tls" and certificates is None:
        raise ValueError("tls:// needs the folder of this host's certificate: IMPASTO_CERTIFICATES or --certificates")
    if parts.scheme == "tcp" and certificates is not None:
        raise ValueError("over tcp:// no certificate is asked for; write tls://")
    if parts.scheme == "tcp" and not insecure and not on_loopback(host):
        raise ValueError(
            "whoever reaches it can run code there; use tls:// and certificates, or say IMPASTO_INSECURE=true "
            "(--insecure)"
        )
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def on_loopback(host: str) -> bool:
    """Whether a host is this machine alone, as it is written; a name of another is not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
