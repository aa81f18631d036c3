"""Sheets as files: pictures, or a PDF or SVG, in which words and lines stay sharp."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from impasto import images
from impasto.images import FORMATS, PictureError
from impasto.images.placing import placed
from impasto.images.sheets import CREATOR, MARK, VECTORS
from impasto.look.page import A4, DPI


def check_target(path: Path) -> None:
    """Refuse now what `write` would refuse later.

    Raises:
        PictureError: a suffix that names no format, no such folder, or it may not be written in.
    """
    suffix = path.suffix.lower()
    if suffix not in (*FORMATS, *VECTORS):
        raise PictureError(f"{path} names no format of a sheet: use one of {' '.join([*VECTORS, *FORMATS])}")
    images.check_target(path, format="png" if suffix in VECTORS else None)


def write(path: Path, figure: Figure, *, new: bool = False) -> None:
    """Write a figure in the format that the suffix names, whole or not at all.

    Raises:
        PictureError: it can't be written.
        FileExistsError: a `new` file was asked for, and there is one.
    """
    suffix = path.suffix.lower()
    if suffix not in VECTORS:
        images.write(path, pixels(figure), settings=MARK, new=new)
        return
    width, height = map(float, figure.get_size_inches())
    share = min(1.0, A4[1] / height)  # a sheet that is taller than a page is made to fit on one
    figure.set_size_inches(width * share, height * share)
    drawn = BytesIO()
    figure.savefig(drawn, format=suffix[1:], metadata={"Creator": CREATOR})
    figure.set_size_inches(width, height)
    with placed(path, new=new) as file:
        file.write(drawn.getvalue())


def pixels(figure: Figure) -> Any:
    """A figure as it is on the screen, uint8, H × W × 3."""
    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]
