"""Outlines and places for styles that are made of shapes: curves, ellipses, ribbons, cells, rows along contours.

Places and lengths are in units (see canvas.py); an outline is an array of n x 2 (x, y).
"""

import math

import numpy as np
import numpy.typing as npt
import scipy

from impasto.styles.ground import Floats, hash01, spline


def voronoi(x: Floats, y: Floats, sites: npt.ArrayLike) -> tuple[npt.NDArray[np.int32], Floats]:
    """For every point (x, y) the number of the nearest site (n x 2), and the distance to its cell's border."""
    places = np.asarray(sites, np.float32)
    x, y = np.broadcast_arrays(x, y)
    distance, index = scipy.spatial.cKDTree(places).query(np.stack([x, y], -1), k=2)
    apart = np.linalg.norm(places[index[..., 0]] - places[index[..., 1]], axis=-1)
    border = (distance[..., 1] ** 2 - distance[..., 0] ** 2) / (2 * np.maximum(apart, 1e-6))
    return index[..., 0].astype(np.int32), border.astype(np.float32)


EVERYWHERE = np.array([(-9, -9), (99, -9), (99, 99), (-9, 99)], np.float32)
"""The outline of more than any picture."""


def curve(knots: str, count: int = 40) -> Floats:
    """A smooth curve (count x 2) through knots that are written "x,y x,y ..."."""
    return spline(np.array([knot.split(",") for knot in knots.split()], np.float32), count)


def place(shape: npt.ArrayLike, at: npt.ArrayLike, size: float = 1.0, turn: float = 0.0) -> Floats:
    """An outline (n x 2) scaled, turned (radians) and moved to a place."""
    points = np.asarray(shape, np.float32) * np.float32(size)
    c, s = np.cos(turn), np.sin(turn)
    return np.asarray(points @ np.array([[c, s], [-s, c]]) + np.asarray(at), np.float32)


def ellipse(at: npt.ArrayLike, across: float, down: float | None = None, turn: float = 0.0, count: int = 60) -> Floats:
    """The outline of an ellipse with these half axes (a circle with one), count x 2."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = np.stack([across * np.cos(angle), (across if down is None else down) * np.sin(angle)], 1)
    return place(ring, at, turn=turn)


def ground_below(line: npt.ArrayLike) -> Floats:
    """Everything below a line (n x 2) that runs from left to right."""
    points = np.asarray(line, np.float32)
    return np.concatenate([points, [(points[-1, 0], 99), (points[0, 0], 99)]]).astype(np.float32)


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
    slope_y, slope_x = np.gradient(depth, cell)
    distance, down, right = (np.asarray(field).tolist() for field in (depth, slope_y, slope_x))
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
        for way in (1.0, -1.0):  # both ways from the start, which belongs to the first
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
