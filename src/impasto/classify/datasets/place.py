"""Where downloaded data sets are kept."""

import os
from pathlib import Path

from impasto.classify.images import DataError
from impasto.download import DownloadError, Progress, download


def fetched(name: str, address: str, sha256: str, progress: Progress | None) -> Path:
    """A file of a data set: the one that is here, or downloaded first.

    It is kept in IMPASTO_HOME/data, or in the user's folder for data.

    Raises:
        DataError: it can't be had.
    """
    import platformdirs

    home = os.environ.get("IMPASTO_HOME") or platformdirs.user_data_dir("impasto")
    path = Path(home) / "data" / name
    try:
        return download(address, path, sha256=sha256, progress=progress)
    except DownloadError as error:
        raise DataError(str(error)) from error
