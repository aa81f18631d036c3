"""Where downloaded data sets are kept."""

from pathlib import Path

from impasto.classify.images import DataError
from impasto.download import DownloadError, Progress, download
from impasto.places import data_folder


def fetched(name: str, address: str, sha256: str, progress: Progress | None) -> Path:
    """A file of a data set: the one that is here, or downloaded first.

    It is kept in IMPASTO_HOME/data, or in the user's folder for data.

    Raises:
        DataError: it can't be had.
    """
    path = data_folder() / "data" / name
    try:
        return download(address, path, sha256=sha256, progress=progress)
    except DownloadError as error:
        raise DataError(str(error)) from error
