"""The studio's settings, as its commands get them."""

import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from impasto.cli.errors import FAILURE, MISUSE, say, stop

if TYPE_CHECKING:
    from impasto.studio.configuration import Configuration

# Lines of a file of settings that nobody else should read; in a database's URL there may be a password.
PASSWORDS = r"^\s*(export\s+)?IMPASTO_(SECRET|OPERATOR_TOKEN|SMTP_PASSWORD|DATABASE_URL)\s*=\s*\S"
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="Lines of IMPASTO_…=…; the environment goes before them."),
]


def _refuse(lines: list[str]) -> NoReturn:
    stop(lines[0], MISUSE)


def configured(file: Path | None, refuse: Callable[[list[str]], NoReturn] = _refuse, **given: Any) -> "Configuration":
    """The settings: what was given, else the environment's, else the file's, else the defaults.

    Args:
        file: lines of settings.
        refuse: is given a line for each setting that makes no sense, and ends the command; by default with the first.
        given: settings by their fields' names.
    """
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
        refuse([_described(wrong) for wrong in error.errors()])


def _described(wrong: Any) -> str:
    from pydantic import SecretStr

    from impasto.studio.configuration import Configuration

    field = str(wrong["loc"][0])
    shown = "what it is" if Configuration.model_fields[field].annotation is SecretStr else repr(wrong["input"])
    said = str(wrong["ctx"]["error"]) if wrong["type"] == "value_error" else wrong["msg"]
    return f"IMPASTO_{field.upper()} can't be {shown}: {said[0].lower()}{said[1:]}"
