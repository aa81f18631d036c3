"""`impasto certificates`: by which the hosts of a studio know each other."""

import socket
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.errors import FAILURE, MISUSE, plain_errors, stop, tell


def certificates(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the authority is, or is made; keep it to yourself.")
    ],
    host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A host's name or address; give several (this machine's name)."),
    ] = None,
) -> None:
    """Make an authority and a certificate for each host: DIR/NAME is the folder that this host's commands take."""
    try:
        from impasto.studio.painters.certificates import make

        with plain_errors(MISUSE):
            made = make(folder, host or [socket.gethostname()])
    except ModuleNotFoundError as error:
        stop(f"{error.name} is not installed, which the studio needs; pip install impasto[studio]", FAILURE)
    for path in made:
        tell(path)
