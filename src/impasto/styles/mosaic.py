"""Mosaic: two fish in a sea of small stone tesserae, laid in rows along the outlines of the picture, with dark grout.

As a mosaicist does: the picture is drawn first (bands of water, weed, fish), then rows of stones follow every
outline at growing distance from it (*opus vermiculatum*), traced stone by stone; gaps are filled with cut stones. Each
stone has its own colour out of its area's heap, a chipped outline, a slight tilt to the light, and worn edges.
"""

import numpy as np
import scipy

from impasto.styles.ground import Floats, Pixels, choose, grain, hash01, noise, palette
from impasto.styles.outlines import EVERYWHERE, curve, ellipse, ground_below, place, ribbon, rows_along
from impasto.styles.pieces import Numbers, Pieces, border_distance, nearest, paint_in_bands, slope_light
from impasto.styles.style import HouseStyle

_STONE = 0.0195  # the side of a tessera, in units
_GRID = 0.004  # the grid on which rows are planned, in units: the plan does not depend on the picture's size
_GROUT = palette("#3d362f")[0]
_HEAPS = {  # the stones for each area of the plan, in the order of the numbers that _plan draws
    "deep": palette("#0d3b54", "#14506b", "#0a2c44", "#1b6379", "#123f63"),
    "teal": palette("#2b7f8f", "#3a95a0", "#1f6d80", "#57a8a8", "#2a8a86"),
    "pale": palette("#7fbfb5", "#9cd0c2", "#66adab", "#b7dccb", "#8fc4c4"),
    "cream": palette("#e9e0c4", "#f3ecd6", "#d9cfae", "#cfd8c0", "#f0e3bd"),
    "line": palette("#16181d", "#22242b", "#2b2320", "#101216", "#1d2733"),
    "red": palette("#c1452b", "#d6592f", "#a83622", "#e0703c", "#b8402f"),
    "gold": palette("#e0a030", "#efbb4c", "#c9851f", "#f6d27a", "#d8923a"),
    "white": palette("#f4eedd", "#fffaf0", "#e4dcc6", "#efe2c0", "#dcd3c2"),
    "rust": palette("#7d2f22", "#93402a", "#68251d", "#a14d33", "#843a30"),
    "weed": palette("#5d6d2e", "#78883a", "#44561f", "#93a04c", "#4f6b45"),
}
_AREAS = list(_HEAPS)
_BODY = curve("-1,.02 -.78,-.2 -.35,-.4 .15,-.36 .6,-.15 .78,-.09 .78,.09 .6,.15 .15,.34 -.35,.36 -.78,.19 -1,.02", 80)
_TAIL = curve(".7,-.08 .95,-.3 1.32,-.42 1.16,-.02 1.34,.4 .95,.28 .7,.08")
_FINS = curve("-.35,-.38 -.1,-.68 .36,-.6 .2,-.33 -.35,-.36"), curve("-.3,.32 -.02,.62 .16,.56 .12,.3")
_CHEEK = np.concatenate([_BODY[:14], curve("-.5,-.33 -.4,-.1 -.42,.12 -.52,.3"), _BODY[-14:]])
_STRIPE = ribbon(curve("-.12,-.28 -.02,0 -.12,.26"), 0.085)


def _plan(wide: float, high: float) -> Numbers:
    """The picture that is laid: the number of the area (1 and up, see _AREAS) for each cell of the grid."""
    margin = 2 * _STONE
    plan = Pieces(round((wide + 2 * margin) / _GRID), round((high + 2 * margin) / _GRID), 1)

    def lay(outline: Floats, area: str) -> None:
        plan.polygon((outline + margin) / (_GRID * plan.unit), _AREAS.index(area) + 1)

    def fish(x: float, y: float, length: float, turn: float, way: int, skin: str, fin: str, cheek: str) -> None:
        def part(shape: Floats, area: str, swell: float = 0.0) -> None:
            middle = shape.mean(0)
            shape = (shape - middle) * (1 + swell / length / np.abs(shape - middle).max(0)) + middle
            lay(place(shape * (way, 1), (x * wide, y * high), length, turn), area)

        for shape in (_TAIL, *_FINS, _BODY):  # first everything a little larger, in black: the line around
            part(shape, "line", swell=0.019)
        for shape, area in ((_TAIL, fin), (_FINS[0], fin), (_FINS[1], fin), (_BODY, skin), (_CHEEK, cheek)):
            part(shape, area)
        for radius, area in ((0.049, "line"), (0.036, "white"), (0.012, "line")):
            part(ellipse((-0.68, -0.06), radius / length), area)
        for k in range(3):
            part(_STRIPE * (1, 1 - 0.3 * k) + (0.23 * k, 0), "white" if k == 1 else "line")

    lay(EVERYWHERE, "cream")
    t = np.linspace(-0.1, 1.1, 100, dtype=np.float32)
    for k, area in enumerate(("teal", "deep", "pale", "teal", "cream", "pale", "deep", "teal", "deep")):
        crest = 0.10 + 0.105 * k + 0.035 * np.sin(t * (8.5 + k % 3) + 2.1 * k) + 0.02 * np.sin(t * 17 + k)
        lay(ground_below(np.stack([t * wide, crest * high], 1)), area)
    s = np.linspace(0, 1, 40, dtype=np.float32)
    for k, (at, tall) in enumerate(((0.10, 0.42), (0.19, 0.28), (0.86, 0.34), (0.95, 0.5), (0.5, 0.2))):
        stalk = np.stack([(at + 0.028 * np.sin(s * 9 + k) * s) * wide, (1.02 - tall * s) * high], 1)
        lay(ribbon(stalk, 0.055 * (1 - s) ** 0.6 + 0.006), "weed")
    fish(0.36, 0.34, 0.27, -0.16, 1, "red", "gold", "rust")
    fish(0.66, 0.70, 0.26, 0.2, -1, "gold", "red", "white")
    for x, y, size in (
        (0.08, 0.2, 0.028),
        (0.13, 0.1, 0.02),
        (0.93, 0.55, 0.028),
        (0.9, 0.43, 0.02),
        (0.74, 0.2, 0.05),
    ):
        lay(ellipse((x * wide, y * high), size + 0.018), "line")
        lay(ellipse((x * wide, y * high), size), "gold" if size > 0.04 else "white")
    return plan.numbers()


def _stones(wide: float, high: float) -> tuple[Floats, Floats]:
    """All stones: corners (n x 4 x 2, in units), and for each its area's index and five random numbers (n x 6)."""
    plan = _plan(wide, high)
    depth = scipy.ndimage.gaussian_filter(border_distance(plan) * np.float32(_GRID / _STONE), 0.7)
    laid = rows_along(depth, _GRID / _STONE)
    covered = Pieces(plan.shape[1], plan.shape[0], 1)
    scale = _STONE / _GRID / covered.unit
    square = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)], np.float32)
    for x, y, turn in laid.tolist():
        covered.polygon(place(square * 0.9, (x, y), 1, turn) * scale, 1)
    hole = nearest(covered.numbers() > 0)[0] * np.float32(_GRID / _STONE)
    hole += 1e-3 * hash01(np.indices(hole.shape)[0], np.indices(hole.shape)[1], 9)  # no two are quite the same
    row, column = np.nonzero((hole == scipy.ndimage.maximum_filter(hole, 5)) & (hole > 0.28))
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
    floor = Pieces(width, height)
    corners, own = _stones(floor.wide, floor.high)
    for number, outline in enumerate(corners, 1):
        middle = outline.mean(0)
        floor.polygon(middle + (outline - middle) * 1.16, 0)
        floor.polygon(outline, number)
    stone = floor.numbers()
    rim = scipy.ndimage.gaussian_filter(border_distance(stone), 0.8) / np.float32(floor.unit * _STONE)
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
        speck = 1.2 * grain(x, y, 140, floor.unit / floor.fine, 21)
        vein = noise(x * 60 + here, y * 60, 23)
        relief = (1 - np.exp(-rim[rows] * 9)) * laid * (0.16 * _STONE * floor.unit) + speck * 0.0012 * floor.unit
        lean = tilt[here, 0] * (0.25 + 0.5 * u) + tilt[here, 1] * (0.2 + 0.5 * v)
        light = 1 + 0.55 * slope_light(relief) + laid * lean
        light += speck * (0.05 + 0.06 * (1 - laid)) + 0.06 * vein * laid
        return np.asarray(colour[here] * light[..., None], np.float32)

    return paint_in_bands(width, height, shade, floor.fine, pad=2)


_ABOUT = "Two fish in a sea of small stones, laid in rows along every outline, with dark grout."
STYLE = HouseStyle("mosaic", "Mosaic", _ABOUT, _render)
