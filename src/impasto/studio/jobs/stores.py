"""Where a studio's jobs and pictures are, opened; or one line that says why they can't be."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from impasto.studio import privacy
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files


class StoresError(ValueError):
    """They can't be used; the message is one plain line that names the fix."""


# What of the studio's there is in its folder, in one of pictures, and in one of mails.
DATA = ("studio.db*", "secret*", "files", "work", "lessons", "sent")
PICTURES = ("[0-9]*",)
MAILS = ("*.eml", ".*.part")


def open_stores(configuration: Configuration) -> tuple[Database, Files]:
    """Open both, for this user alone, and bring the tables to this version's form.

    Raises:
        StoresError: a folder or the database can't be used.
    """
    make_folders(configuration)
    files = open_files(configuration)
    with explained():
        database = Database(configuration.database)
        database.migrate()
    return database, files


def make_folders(configuration: Configuration) -> None:
    """Make the studio's folders, and close them to all but this user.

    Raises:
        StoresError: one can't be.
    """
    privacy.write_privately()
    _made_private("IMPASTO_DATA_DIR", configuration.data_dir, DATA, make=True)
    if configuration.mail_folder:
        _made_private("IMPASTO_MAIL_FOLDER", configuration.mail_folder, MAILS)
    try:
        configuration.work.mkdir(exist_ok=True)
    except OSError as error:
        raise _unusable("IMPASTO_DATA_DIR", configuration.data_dir, error) from error


def open_files(configuration: Configuration) -> Files:
    """Where the pictures are.

    Raises:
        StoresError: they can't be kept there.
    """
    try:
        files = Files(configuration.files)
    except (ValueError, ImportError) as error:
        raise StoresError(f"the pictures can't be kept there: {error}; see IMPASTO_FILES_URL") from error
    if configuration.files_url and files.folder:
        _made_private("IMPASTO_FILES_URL", files.folder, PICTURES)
    return files


@contextmanager
def explained() -> Iterator[None]:
    """Say what is wrong with the database, should it be.

    Raises:
        StoresError: it can't be used.
    """
    try:
        yield
    except ArgumentError as error:
        raise StoresError("IMPASTO_DATABASE_URL is no URL of a database; see SQLAlchemy's documentation") from error
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoresError(f"the database can't be used: {reason}; see IMPASTO_DATABASE_URL") from error
    except CommandError as error:
        raise StoresError(
            "the database was made by a later version of Impasto; install that, or restore a backup"
        ) from error


def check_writable(configuration: Configuration, database: Database, files: Files) -> None:
    """See that jobs, pictures and mails can be written; a disk that is full for now is no reason to be refused.

    Raises:
        StoresError: one can't.
    """
    try:
        database.check_writable()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoresError(f"the database can't be written to: {reason}; see IMPASTO_DATABASE_URL") from error
    with _unless_full("IMPASTO_FILES_URL", files.folder or Path(configuration.files)):
        files.check_writable()
    if configuration.mail_folder:
        check_mail_folder(configuration.mail_folder)


def check_mail_folder(folder: Path) -> None:
    """See that mails can be written to a folder; a disk that is full for now is no reason to be refused.

    Raises:
        StoresError: they can't.
    """
    with _unless_full("IMPASTO_MAIL_FOLDER", folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def _unless_full(setting: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise _unusable(setting, folder, error) from error


def _made_private(setting: str, folder: Path, names: tuple[str, ...], *, make: bool = False) -> None:
    """Close a folder that a setting names; one that is not there yet will be made closed."""
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            privacy.make_private(folder, names)
    except privacy.SharedError:
        raise StoresError(
            f"{folder} is used by others too, who could read what the studio writes there; "
            f"name a folder of its own with {setting}, such as {folder / 'impasto'}"
        ) from None
    except OSError as error:
        raise _unusable(setting, folder, error) from error


def _unusable(setting: str, folder: Path, error: OSError) -> StoresError:
    return StoresError(f"{folder} can't be used: {error.strerror or error}; choose another with {setting}")
