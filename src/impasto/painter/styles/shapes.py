"""Tools for styles that are made of pieces: numbered pieces, distances to their borders, bands of samples, outlines.

Places and lengths are in units (see canvas.py). A picture of pieces is a map of numbers: each sample holds the number
of the piece that it belongs to, and colours, light and texture are looked up by that number.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage, spatial

from impasto.painter.styles.canvas import Floats, Pixels, hash01, to_pixels

Numbers = npt.NDArray[np.int32]
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
    """A map of numbered pieces in work, `fine` samples to a pixel; number 0 is where nothing lies yet."""

    def __init__(self, width: int, height: int, fine: int = 1) -> None:
        self.columns, self.rows = width * fine, height * fine
        self.unit = float((self.columns * self.rows) ** 0.5)
        self.wide, self.high = self.columns / self.unit, self.rows / self.unit
        self.image = Image.new("I", (self.columns, self.rows), 0)
        self._pen = ImageDraw.Draw(self.image)

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
    row, column = ndimage.distance_transform_edt(~marked, return_distances=False, return_indices=True)
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


def slope_light(height: Floats, towards: tuple[float, float] = (-0.7, -0.7)) -> Floats:
    """How much a relief (in samples, rows x columns) leans to the light at `towards` (x, y), about -1 to 1."""
    down, right = np.gradient(height)
    return np.asarray(-(right * towards[0] + down * towards[1]) / np.sqrt(1 + right**2 + down**2), np.float32)


def voronoi(x: Floats, y: Floats, sites: npt.ArrayLike) -> tuple[Numbers, Floats]:
    """For every point (x, y) the number of the nearest site (n x 2), and the distance to its cell's border."""
    places = np.asarray(sites, np.float32)
    x, y = np.broadcast_arrays(x, y)
    distance, index = spatial.cKDTree(places).query(np.stack([x, y], -1), k=2)
    apart = np.linalg.norm(places[index[..., 0]] - places[index[..., 1]], axis=-1)
    border = (distance[..., 1] ** 2 - distance[..., 0] ** 2) / (2 * np.maximum(apart, 1e-6))
    return index[..., 0].astype(np.int32), border.astype(np.float32)


def place(shape: npt.ArrayLike, at: npt.ArrayLike, size: float = 1.0, turn: float = 0.0) -> Floats:
    """An outline (n x 2) scaled, turned (radians) and moved to a place."""
    points = np.asarray(shape, np.float32) * np.float32(size)
    c, s = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[c, s], [-s, c]]) + np.asarray(at), np.float32)


def ellipse(
    at: npt.ArrayLike, across: float, down: float | None = None, turn: float = 0.0, count: int = 60
) -> Floats:
    """The outline of an ellipse with these half axes (a circle with one), count x 2."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = np.stack([across * np.cos(angle), (across if down is None else down) * np.sin(angle)], 1)
    return place(ring, at, turn=turn)


def ribbon(line: npt.ArrayLike, breadth: npt.ArrayLike) -> Floats:
    """The outline of a band along a line (n x 2), with this breadth (one number, or one for each point)."""
    points = np.asarray(line, np.float32)
    along = np.gradient(points, axis=0)
    side = along[:, ::-1] * np.array([-1, 1]) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
    half = np.broadcast_to(np.asarray(breadth, np.float32), len(points))[:, None] / 2
    return np.asarray(np.concatenate([points - side * half, (points + side * half)[::-1]]), np.float32)


def rows_along(depth: Floats, cell: float) -> Floats:
    """Places in rows that follow the outlines of a picture, n x 3: x, y and the row's direction (radians).

    `depth` is the distance from the nearest outline on a grid with this side of a cell. All is in row heights: a row
    lies at every depth of a whole number and a half, and its places are 1 apart. Rows are traced one after the other,
    and end where they would come too close to an earlier one.
    """
    slope_y, slope_x = (g / cell for g in np.gradient(depth))
    distance, down, right = depth.tolist(), slope_y.tolist(), slope_x.tolist()
    tall, wide = depth.shape
    taken: dict[tuple[int, int], list[tuple[float, float]]] = {}
    found: list[tuple[float, float, float]] = []

    def free(x: float, y: float) -> bool:
        near = (p for a in (-1, 0, 1) for b in (-1, 0, 1) for p in taken.get((int(x) + a, int(y) + b), ()))
        return all((x - p) ** 2 + (y - q) ** 2 > 0.74 for p, q in near)

    row_of = np.floor(depth)
    starts = np.argwhere(np.abs(depth - row_of - 0.5) < 0.6 * cell)
    order = np.lexsort((hash01(starts[:, 0], starts[:, 1], 7), row_of[starts[:, 0], starts[:, 1]]))
    for first_row, first_column in starts[order].tolist():
        middle = distance[first_row][first_column] // 1 + 0.5
        for way in (1.0, -1.0):  # from the start to both sides; the start itself belongs to the first
            x, y = (first_column + 0.5) * cell, (first_row + 0.5) * cell
            for step in range(1000):
                r, c = int(y / cell), int(x / cell)
                if not (0 <= r < tall and 0 <= c < wide):
                    break
                gx, gy, off = right[r][c], down[r][c], middle - distance[r][c]
                steep = gx * gx + gy * gy + 1e-6
                if abs(off) > 0.45 or steep < 0.2:
                    break
                x, y = x + off * gx / steep, y + off * gy / steep  # back to the middle of the row
                tx, ty = -way * gy / steep**0.5, way * gx / steep**0.5
                if step or way > 0:
                    if not free(x, y):
                        break
                    taken.setdefault((int(x), int(y)), []).append((x, y))
                    found.append((x, y, math.atan2(ty, tx)))
                x, y = x + tx, y + ty
    return np.array(found, np.float32).reshape(-1, 3)
