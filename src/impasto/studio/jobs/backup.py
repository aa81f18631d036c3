"""A backup: the jobs as they are at one moment, then the files and the key of the cookies, in one archive."""

import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from impasto.files import written
from impasto.studio import privacy
from impasto.studio.configuration import Configuration


class BackupError(RuntimeError):
    """A backup that can't be made; the message is one plain line."""


def back_up(configuration: Configuration, target: Path) -> None:
    """Write `target`, a .tar.gz to be unpacked into an empty data folder; whole or not at all, and for this user alone.

    The studio may go on meanwhile. The jobs are copied first, so that every file that a job of the copy needs is there
    when the files are copied, or was deleted since.

    Raises:
        BackupError: the jobs or the files are not in the data folder.
        FileExistsError: there is a file of that name.
        OSError: the archive can't be written.
    """
    if make_url(configuration.database).get_backend_name() != "sqlite" or configuration.files_url:
        raise BackupError("the jobs or files are not in the data folder; back up PostgreSQL and the store themselves")
    privacy.write_privately()
    if target.exists():  # seen now, and again when it is written
        raise FileExistsError(target)
    data = configuration.data_dir
    if not (data / "studio.db").exists():
        raise BackupError(f"there are no jobs in {data}; name its folder with IMPASTO_DATA_DIR")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "studio.db"
        with closing(sqlite3.connect(data / "studio.db")) as jobs, closing(sqlite3.connect(copy)) as copied:
            jobs.backup(copied)
        with written(target, new=True) as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
            archive.add(copy, "studio.db")
            for path in sorted(data.rglob("*")):
                if path.is_file() and _kept(path.relative_to(data)):
                    _add(archive, path, str(path.relative_to(data)))


def _kept(path: Path) -> bool:
    """Whether a file of the data folder belongs into the archive: the jobs were copied, and checkpoints are no loss."""
    return path.parts[0] != "work" and not path.name.startswith("studio.db") and path.suffix not in (".part", ".tmp")


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add a file, unless its job was deleted meanwhile."""
    try:
        with path.open("rb") as file:
            archive.addfile(archive.gettarinfo(arcname=name, fileobj=file), file)
    except FileNotFoundError:
        return
