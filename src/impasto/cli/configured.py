"""The studio's settings, as its commands get them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.errors import FAILURE, MISUSE, stop

if TYPE_CHECKING:
    from impasto.studio.configuration import Configuration

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="Lines of IMPASTO_NAME=value.", dir_okay=False)
]


def configured(file: Path | None, **given: Any) -> "Configuration":
    """The settings: what was given, else the environment's, else the file's, else the defaults."""
    try:
        from pydantic import ValidationError

        from impasto.studio.configuration import Configuration
    except ModuleNotFoundError as error:
        stop(f"the studio needs {error.name}; install it with: pip install 'impasto[studio]'", FAILURE)
    if file is not None and not os.access(file, os.R_OK):
        stop(f"{file}: no such file can be read; give one with lines of IMPASTO_NAME=value", MISUSE)
    try:
        return Configuration(_env_file=file, **{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])).upper()
        stop(f"IMPASTO_{name} can't be {first['input']!r}: {first['msg'].lower()}; see serve --help-settings", MISUSE)
