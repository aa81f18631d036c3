"""Pictures made of pieces: maps of numbered pieces, distances to their borders, light on relief, painting in bands.

A map of pieces holds for each sample the number of the piece that it belongs to; colours, light and texture are looked
up by that number. Places and lengths are in units (see canvas.py) where nothing else is said.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
from PIL import Image, ImageDraw

from impasto.styles.ground import Floats, Pixels, to_pixels

Numbers = npt.NDArray[np.integer[Any]]
Shade = Callable[[Floats, Floats, slice], Floats]

_BAND = 260_000  # samples that are painted at a time: few enough for the processor's cache


def fineness(width: int, height: int) -> int:
    """How many samples a pixel should have in each direction: edges of large pictures are smooth enough with one."""
    return 2 if width * height < 1_500_000 else 1


def paint_in_bands(width: int, height: int, shade: Shade, fine: int = 1, pad: int = 0) -> Pixels:
    """The picture (uint8, height x width x 3) that ``shade(x, y, rows)`` gives, painted band by band.

    `shade` gets unit coordinates (1 x columns, rows x 1) of samples, `fine` to a pixel in each direction, and the slice
    of sample rows that they are; it returns colours in 0..255, rows x columns x 3. Bands overlap by `pad` samples, for
    shades that look at their neighbours.
    """
    unit = np.float32((width * height) ** 0.5 * fine)
    x = (np.arange(width * fine, dtype=np.float32)[None, :] + 0.5) / unit
    out = np.empty((height, width, 3), np.uint8)
    step = max(4, _BAND // (width * fine * fine))
    for top in range(0, height, step):
        bottom = min(height, top + step)
        first, last = max(0, top * fine - pad), min(height * fine, bottom * fine + pad)
        y = (np.arange(first, last, dtype=np.float32)[:, None] + 0.5) / unit
        rgb = shade(x, y, slice(first, last))[top * fine - first :][: (bottom - top) * fine]
        if fine > 1:
            rgb = rgb.reshape(bottom - top, fine, width, fine, 3).mean(axis=(1, 3), dtype=np.float32)
        out[top:bottom] = to_pixels(rgb)
    return out


class Pieces:
    """A map of numbered pieces in work; number 0 is where nothing lies yet.

    It has `fine` samples to a pixel in each direction, by default as many as fineness says, and `unit` to a unit.
    """

    def __init__(self, width: int, height: int, fine: int | None = None) -> None:
        self.fine = fineness(width, height) if fine is None else fine
        self.columns, self.rows = width * self.fine, height * self.fine
        self.unit = float((self.columns * self.rows) ** 0.5)
        self.wide, self.high = self.columns / self.unit, self.rows / self.unit
        self.image = Image.new("I", (self.columns, self.rows), 0)
        self._pen = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float) -> Floats:
        """A place given in parts of the picture, in units."""
        return np.array([x * self.wide, y * self.high], np.float32)

    def polygon(self, outline: npt.ArrayLike, number: int) -> None:
        """Lay a piece with this outline (n x 2, in units) over what is there."""
        points = (np.asarray(outline, np.float64) * self.unit).ravel().tolist()
        self._pen.polygon(points, fill=number)

    def numbers(self) -> Numbers:
        """The map, rows x columns."""
        return np.asarray(self.image, np.int32)


def nearest(marked: npt.NDArray[np.bool_]) -> tuple[Floats, Numbers, Numbers]:
    """For every sample the distance (in samples) to the nearest marked one, and that one's row and column."""
    if not marked.any():
        marked = marked.copy()
        marked[0, 0] = True
    row, column = scipy.ndimage.distance_transform_edt(~marked, return_distances=False, return_indices=True)
    down = row - np.arange(marked.shape[0], dtype=np.int32)[:, None]
    right = column - np.arange(marked.shape[1], dtype=np.int32)[None, :]
    return np.hypot(down.astype(np.float32), right.astype(np.float32)), row, column


def border_distance(numbers: Numbers) -> Floats:
    """Distance (in samples) of every sample to the nearest border between two pieces."""
    border = np.zeros(numbers.shape, bool)
    across = numbers[:, 1:] != numbers[:, :-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    along = numbers[1:] != numbers[:-1]
    border[1:] |= along
    border[:-1] |= along
    return nearest(border)[0] + np.float32(0.5)


def joints(numbers: Numbers) -> npt.NDArray[np.bool_]:
    """Where three pieces or more meet."""
    corners = np.sort(np.stack([numbers[:-1, :-1], numbers[1:, :-1], numbers[:-1, 1:], numbers[1:, 1:]]), axis=0)
    met = np.zeros(numbers.shape, bool)
    met[:-1, :-1] = (np.diff(corners, axis=0) > 0).sum(0) > 1
    return met


def slope_light(height: Floats, towards: tuple[float, float] = (-0.7, -0.7)) -> Floats:
    """How much a relief (in samples, rows x columns) leans to the light at `towards` (x, y), about -1 to 1."""
    down, right = np.gradient(height)
    return np.asarray(-(right * towards[0] + down * towards[1]) / np.sqrt(1 + right**2 + down**2), np.float32)
