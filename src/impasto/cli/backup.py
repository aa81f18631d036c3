"""`impasto backup`: the studio's jobs and files in one archive."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.configured import SettingsFile, configured
from impasto.cli.errors import FAILURE, MISUSE, stop, tell


def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="The archive to make; no file is replaced.")],
    settings: SettingsFile = None,
) -> None:
    """Copy the studio's jobs and files into one archive, while it runs; unpack it into an empty data folder."""
    configuration = configured(settings)
    from impasto.studio.jobs.backup import BackupError, back_up

    try:
        back_up(configuration, target)
    except BackupError as error:
        stop(str(error), FAILURE)
    except FileExistsError:
        stop(f"{target} is there already; give another name", MISUSE)
    except OSError as error:
        stop(f"{target} can't be written: {error.strerror}; give another place", FAILURE)
    tell(target)
