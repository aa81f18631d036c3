"""Mosaic: two fish in a sea of small stone tesserae, laid in rows along the outlines of the picture, with dark grout.

As a mosaicist does: the picture is drawn first (bands of water, fish, a border), then rows of stones follow every
outline at growing distance from it (*opus vermiculatum*), traced stone by stone; gaps are filled with cut stones. Each
stone has its own colour out of its area's heap, a chipped outline, a slight tilt to the light, and worn edges.
"""

import numpy as np
from scipy import ndimage

from impasto.painter.styles.canvas import Floats, Pixels, choose, hash01, noise, palette, spline
from impasto.painter.styles.shapes import (
    Numbers, Pieces, border_distance, ellipse, fineness, grain, nearest, paint_in_bands, place, ribbon, rows_along, slope_light,
)  # fmt: skip
from impasto.painter.styles.style import HouseStyle

_STONE = 0.0195  # the side of a tessera, in units
_GRID = 0.004  # the grid on which rows are planned, in units: the plan does not depend on the picture's size
_GROUT = palette("#3d362f")[0]
_HEAPS = {  # stones of each area of the plan, in the order of the numbers that _plan draws
    name: palette(*colours.split())
    for name, colours in {
        "water0": "#0d3b54 #14506b #0a2c44 #1b6379 #123f63",
        "water1": "#2b7f8f #3a95a0 #1f6d80 #57a8a8 #2a8a86",
        "water2": "#7fbfb5 #9cd0c2 #66adab #b7dccb #8fc4c4",
        "water3": "#e9e0c4 #f3ecd6 #d9cfae #cfd8c0 #f0e3bd",
        "line": "#16181d #22242b #2b2320 #101216 #1d2733",
        "red": "#c1452b #d6592f #a83622 #e0703c #b8402f",
        "gold": "#e0a030 #efbb4c #c9851f #f6d27a #d8923a",
        "white": "#f4eedd #fffaf0 #e4dcc6 #efe2c0 #dcd3c2",
        "rust": "#7d2f22 #93402a #68251d #a14d33 #843a30",
        "weed": "#5d6d2e #78883a #44561f #93a04c #4f6b45",
    }.items()
}
_AREAS = list(_HEAPS)
_BODY = spline(((-1, 0.02), (-0.78, -0.2), (-0.35, -0.4), (0.15, -0.36), (0.6, -0.15), (0.78, -0.09), (0.78, 0.09),
                (0.6, 0.15), (0.15, 0.34), (-0.35, 0.36), (-0.78, 0.19), (-1, 0.02)), 80)  # fmt: skip
_TAIL = spline(((0.7, -0.08), (0.95, -0.3), (1.32, -0.42), (1.16, -0.02), (1.34, 0.4), (0.95, 0.28), (0.7, 0.08)), 40)
_FIN = spline(((-0.35, -0.38), (-0.1, -0.68), (0.36, -0.6), (0.2, -0.33), (-0.35, -0.36)), 30)
_BELLY = spline(((-0.3, 0.32), (-0.02, 0.62), (0.16, 0.56), (0.12, 0.3)), 20)
_CHEEK = np.concatenate(
    [_BODY[:14], spline(((-0.5, -0.33), (-0.4, -0.1), (-0.42, 0.12), (-0.52, 0.3)), 20), _BODY[-14:]]
)


def _plan(wide: float, high: float) -> Numbers:
    """The picture that is laid: the number of the area (1 and up, see _AREAS) for each cell of the grid."""
    margin = 2 * _STONE
    plan = Pieces(round((wide + 2 * margin) / _GRID), round((high + 2 * margin) / _GRID))
    scale = 1 / (_GRID * plan.unit)

    def lay(outline: Floats, area: str) -> None:
        plan.polygon((outline + margin) * scale, _AREAS.index(area) + 1)

    size = np.array([wide, high], np.float32)
    lay(np.array([(-1, -1), (3, -1), (3, 3), (-1, 3)], np.float32), "water3")
    t = np.linspace(-0.1, 1.1, 100, dtype=np.float32)
    bands = ("water1", "water0", "water2", "water1", "water3", "water2", "water0", "water1", "water0")
    for k, area in enumerate(bands):
        crest = 0.10 + 0.105 * k + 0.035 * np.sin(t * (8.5 + (k % 3)) + 2.1 * k) + 0.02 * np.sin(t * 17 + k)
        lay(np.concatenate([np.stack([t, crest], 1), [(1.1, 1.2), (-0.1, 1.2)]]) * size, area)
    for k, (at, tall) in enumerate(((0.10, 0.42), (0.19, 0.28), (0.86, 0.34), (0.95, 0.5), (0.5, 0.2))):
        s = np.linspace(0, 1, 40, dtype=np.float32)
        stalk = np.stack([at + 0.028 * np.sin(s * 9 + k) * s, 1.02 - tall * s], 1) * size
        lay(ribbon(stalk, 0.055 * (1 - s) ** 0.6 + 0.006), "weed")
    fish = ((0.36, 0.34, 0.27, -0.16, 1, "red", "gold"), (0.66, 0.70, 0.26, 0.2, -1, "gold", "red"))
    for cx, cy, length, turn, way, skin, fin in fish:
        mirror = np.array([way, 1], np.float32)
        for swell, shapes in ((0.034, (_TAIL, _FIN, _BELLY, _BODY)), (0.0, (_TAIL, _FIN, _BELLY, _BODY, _CHEEK))):
            for shape in shapes:  # first everything a little larger, in black: the line around
                middle = shape.mean(0)
                grown = (shape - middle) * (1 + swell / np.abs(shape - middle).max(0) / length * 0.55) + middle
                inks = {id(_BODY): skin, id(_CHEEK): "rust" if skin == "red" else "white"}
                lay(
                    place(grown * mirror, (cx * wide, cy * high), length, turn),
                    "line" if swell else inks.get(id(shape), fin),
                )
        for part, radius, ink in ((0.0, 0.049, "line"), (0.0, 0.036, "white"), (0.0, 0.012, "line")):
            lay(ellipse(place([(-0.68, -0.06 + part)] * mirror, (cx * wide, cy * high), length, turn)[0], radius), ink)
        for k in range(3):  # stripes of the body
            arc = spline(
                ((-0.12 + 0.24 * k, -0.29 + 0.09 * k), (-0.02 + 0.22 * k, 0), (-0.12 + 0.24 * k, 0.27 - 0.08 * k)), 20
            )
            lay(place(ribbon(arc, 0.085) * mirror, (cx * wide, cy * high), length, turn), "white" if k % 2 else "line")
    for x, y, radius in (
        (0.08, 0.2, 0.028),
        (0.13, 0.1, 0.02),
        (0.93, 0.55, 0.028),
        (0.9, 0.43, 0.02),
        (0.74, 0.2, 0.05),
    ):
        lay(ellipse((x * wide, y * high), radius + 0.018), "line")
        lay(ellipse((x * wide, y * high), radius), "gold" if radius > 0.04 else "white")
    return plan.numbers()


def _stones(wide: float, high: float) -> tuple[Floats, Floats]:
    """All stones: corners (n x 4 x 2, in units), and for each its area's index and five random numbers (n x 6)."""
    plan = _plan(wide, high)
    depth = ndimage.gaussian_filter(border_distance(plan) * np.float32(_GRID / _STONE), 0.7)
    laid = rows_along(depth, _GRID / _STONE)
    covered = Pieces(plan.shape[1], plan.shape[0])
    scale = _STONE / _GRID / covered.unit
    square = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)], np.float32)
    for x, y, turn in laid.tolist():
        covered.polygon(place(square * 0.9, (x, y), 1, turn) * scale, 1)
    hole = nearest(covered.numbers() > 0)[0] * np.float32(_GRID / _STONE)
    hole += 1e-3 * hash01(*np.indices(hole.shape).reshape(2, -1), 9).reshape(hole.shape)  # no two are quite the same
    row, column = np.nonzero((hole == ndimage.maximum_filter(hole, 5)) & (hole > 0.28))
    cut = np.stack([column + 0.5, row + 0.5, hash01(row, column, 3) * 400 * _STONE], 1) * (_GRID / _STONE)
    at = np.concatenate([laid, cut.astype(np.float32)])
    size = np.concatenate([np.full(len(laid), 1.0), 1.5 * hole[row, column]]).astype(np.float32)
    n = np.arange(len(at))
    chip = np.stack([[hash01(n, 2 * k + m, 5) - 0.5 for m in (0, 1)] for k in range(4)]).transpose(2, 0, 1)
    corner = (square * (0.94, 0.92) + 0.16 * chip) * size[:, None, None]
    c, s = np.cos(at[:, 2])[:, None], np.sin(at[:, 2])[:, None]
    turned = np.stack([corner[..., 0] * c - corner[..., 1] * s, corner[..., 0] * s + corner[..., 1] * c], -1)
    cell = np.minimum((at[:, 1::-1] * (_STONE / _GRID)).astype(int), np.array(plan.shape) - 1)
    own = np.stack([plan[cell[:, 0], cell[:, 1]] - 1, *(hash01(n, k, 11) for k in range(5))], 1)
    return ((turned + at[:, None, :2] - 2) * _STONE).astype(np.float32), own.astype(np.float32)


def _render(width: int, height: int) -> Pixels:
    fine = fineness(width, height)
    floor = Pieces(width, height, fine)
    corners, own = _stones(floor.wide, floor.high)
    for number, outline in enumerate(corners, 1):
        middle = outline.mean(0)
        floor.polygon(middle + (outline - middle) * 1.16, 0)
        floor.polygon(outline, number)
    stone = floor.numbers()
    rim = ndimage.gaussian_filter(border_distance(stone), 0.8) / np.float32(floor.unit * _STONE)
    colour = np.empty((len(own), 3), np.float32)
    for k, heap in enumerate(_HEAPS.values()):
        colour[own[:, 0] == k] = choose(heap, own[own[:, 0] == k, 1])
    colour *= (0.86 + 0.28 * own[:, 2])[:, None]
    colour = np.concatenate([_GROUT[None], colour])
    middle = np.concatenate([np.zeros((1, 2)), corners.mean(1)]).astype(np.float32)
    tilt = np.concatenate([np.zeros((1, 2)), own[:, 3:5] - 0.5]).astype(np.float32)

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        here = stone[rows]
        laid = (here > 0).astype(np.float32)
        u, v = (x - middle[here, 0]) / _STONE, (y - middle[here, 1]) / _STONE
        speck = 1.2 * grain(x, y, 140, floor.unit / fine, 21)
        vein = noise(x * 60 + here, y * 60, 23)
        relief = (1 - np.exp(-rim[rows] * 9)) * laid * (0.16 * _STONE * floor.unit) + speck * 0.0012 * floor.unit
        light = (
            1 + 0.55 * slope_light(relief) + laid * (tilt[here, 0] * (0.25 + 0.5 * u) + tilt[here, 1] * (0.2 + 0.5 * v))
        )
        light += speck * (0.05 + 0.06 * (1 - laid)) + 0.06 * vein * laid
        return np.asarray(colour[here] * light[..., None], np.float32)

    return paint_in_bands(width, height, shade, fine, pad=2)


STYLE = HouseStyle(
    "mosaic", "Mosaic", "Two fish in a sea of small stones, laid in rows along every outline, with dark grout.", _render
)
