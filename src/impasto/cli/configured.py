"""The studio's settings, as its commands get them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.errors import FAILURE, MISUSE, stop

if TYPE_CHECKING:
    from impasto.studio.configuration import Configuration

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="Lines of IMPASTO_…=…; the environment goes before them."),
]


def configured(file: Path | None, **given: Any) -> "Configuration":
    """The settings: what was given, else the environment's, else the file's, else the defaults."""
    try:
        from pydantic import ValidationError

        from impasto.studio.configuration import Configuration
    except ModuleNotFoundError as error:
        stop(f"{error.name} is not installed, which the studio needs; pip install impasto[studio]", FAILURE)
    from impasto.images.names import is_file

    if file is not None and not is_file(file):
        stop(f"there is no file {file}; give one with lines such as IMPASTO_PORT=8000", MISUSE)
    try:
        return Configuration(_env_file=file, **{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors()[0]
        name = f"IMPASTO_{str(wrong['loc'][0]).upper()}"
        stop(f"{name} can't be {wrong['input']!r}: {wrong['msg'][0].lower()}{wrong['msg'][1:]}", MISUSE)
