"""The mark of a sheet that Impasto drew: by it a sheet may be replaced, and is no picture to learn from."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from impasto.images.picture import PictureError
from impasto.images.reading import read_settings

MARK: Mapping[str, Any] = {"sheet": "impasto"}
"""The settings that a sheet's picture holds."""
CREATOR = "Impasto, a sheet"
"""The creator that the metadata of a PDF or an SVG names."""
VECTORS = (".pdf", ".svg")
WHY = re.compile(r"-why(-\d+)?")
"""How a name ends that `impasto classify --why` chose."""


def is_sheet(path: Path) -> bool:
    """Whether a file is a sheet that Impasto drew."""
    try:
        if path.suffix.lower() in VECTORS:
            return CREATOR.encode() in path.read_bytes()
        return read_settings(path) == MARK
    except (OSError, PictureError):
        return False


def without_sheets(paths: Iterable[Path]) -> list[Path]:
    """The pictures that are no sheets of `--why`; only a file of such a name is opened for it."""
    return [path for path in paths if not (WHY.search(path.stem) and is_sheet(path))]
