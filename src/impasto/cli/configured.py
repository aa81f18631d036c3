"""The studio's settings, as its commands get them."""

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.errors import FAILURE, MISUSE, say, stop

if TYPE_CHECKING:
    from impasto.studio.configuration import Configuration

# Lines of a file of settings that nobody else should read; in a database's URL there may be a password.
PASSWORDS = r"^\s*(export\s+)?IMPASTO_(SECRET|SMTP_PASSWORD|DATABASE_URL)\s*=\s*\S"
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

    if file is not None:
        if not is_file(file):
            stop(f"there is no file {file}; give one with lines such as IMPASTO_PORT=8000", MISUSE)
        if file.stat().st_mode & stat.S_IROTH and re.search(PASSWORDS, file.read_text(errors="replace"), re.MULTILINE):
            say(f"other users can read {file}, which holds a password; chmod 600 {file}")
    try:
        return Configuration(_env_file=file, **{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors()[0]
        name = f"IMPASTO_{str(wrong['loc'][0]).upper()}"
        said = str(wrong["ctx"]["error"]) if wrong["type"] == "value_error" else wrong["msg"]
        stop(f"{name} can't be {wrong['input']!r}: {said[0].lower()}{said[1:]}", MISUSE)
