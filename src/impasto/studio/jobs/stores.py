"""Where a studio's jobs and pictures are, opened; or one line that says why they can't be."""

from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files


class StoresError(ValueError):
    """They can't be used; the message is one plain line that names the mend."""


def open_stores(configuration: Configuration) -> tuple[Database, Files]:
    """Open both, and bring the tables to this version's form.

    Raises:
        StoresError: the folder or the database can't be used.
    """
    try:
        configuration.data_dir.mkdir(parents=True, exist_ok=True)
        configuration.work.mkdir(exist_ok=True)
    except OSError as error:
        raise StoresError(
            f"{configuration.data_dir} can't be used: {error.strerror}; choose another with IMPASTO_DATA_DIR"
        ) from error
    try:
        database = Database(configuration.database)
        database.migrate()
    except ArgumentError as error:
        raise StoresError("IMPASTO_DATABASE_URL is no URL of a database; see SQLAlchemy's documentation") from error
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoresError(f"the database can't be used: {reason}; see IMPASTO_DATABASE_URL") from error
    except CommandError as error:
        raise StoresError(
            "the database was made by a later version of Impasto; install that, or restore a backup"
        ) from error
    return database, Files(configuration.files)
