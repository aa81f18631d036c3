"""`impasto scheduler`: between the services that take jobs and the hosts that paint them."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.configured import SettingsFile, configured
from impasto.cli.errors import FAILURE, MISUSE, stop, tell

Certificates = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="This host's folder, which impasto certificates made (IMPASTO_CERTIFICATES)."),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Take tcp:// to other hosts: whoever reaches a process runs code in it.")
]


def scheduler(
    address: Annotated[
        str, typer.Option(metavar="tls://HOST:PORT", help="Where to listen; port 0 takes any that is free.")
    ] = "tls://0.0.0.0:8786",
    certificates: Certificates = None,
    insecure: Insecure = False,
    settings: SettingsFile = None,
) -> None:
    """Hand paintings from the services to the hosts that paint; prints the address at which they find it."""
    asked = configured(settings, scheduler=address, certificates=certificates, insecure=insecure or None)
    from impasto.studio.painters.certificates import CertificatesError
    from impasto.studio.painters.scheduling import schedule

    try:
        schedule(asked.scheduler, asked.certificates, tell)
    except CertificatesError as error:
        stop(str(error), MISUSE)
    except OSError as error:
        stop(f"{asked.scheduler} can't be listened on: {error.strerror or error}; choose another --address", FAILURE)
