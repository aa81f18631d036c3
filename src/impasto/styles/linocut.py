"""Linocut: an owl on a branch under the moon, cut with gouges and printed in two colours, dark over orange.

What is light was cut away, mark by mark: every mark begins round where the gouge went in and runs out to a point.
Marks follow the shapes (rings round the moon, rays round the eyes, the slopes of the hills, the branch), are broad
where it should be light, and leave thin ridges where an area was cleared. Ink lies unevenly, as a roller leaves it.
"""

import math
from collections.abc import Iterator

import numpy as np
import scipy

from impasto.styles.ground import Floats, Pixels, blend, grain, hash01, noise, palette, smoothstep, spline
from impasto.styles.outlines import EVERYWHERE, curve, ellipse, ground_below, place, ribbon, rows_along
from impasto.styles.pieces import Numbers, Pieces, border_distance, paint_in_bands
from impasto.styles.style import HouseStyle

_PAPER, _DARK, _WARM = palette("#f1e5cb", "#17222e", "#d8602a")
_ROW = 0.0128  # distance of the rows of marks, in units
_GRID = 0.004  # the grid on which rows are planned, in units
_SKY, _MOON, _BODY, _WING, _FACE, _EYE, _BEAK, _BRANCH, _LEAF, _HILL, _PINE = range(1, 12)
_ORANGE = (_MOON, _EYE, _BEAK, _LEAF, _WING)  # areas under which the second block prints


_MOON_AT, _OWL_AT, _SIZE = (0.80, 0.25), (0.40, 0.47), 0.36
_HALF = curve("0,-.74 .24,-.8 .54,-1.04 .56,-.72 .6,-.4 .66,.05 .6,.5 .4,.86 0,1", 60)
_OWL = np.concatenate([_HALF, _HALF[::-1] * (-1, 1)])
_SIDE = curve(".5,-.3 .76,0 .8,.45 .62,.9 .5,1.2 .34,.8 .42,.3 .44,-.1 .5,-.3", 70)
_NOSE = np.array([(0, -0.46), (0.09, -0.32), (0, -0.08), (-0.09, -0.32)])
_OVAL = curve("0,0 .25,-.2 .6,-.22 1,0 .6,.22 .25,.2 0,0")
_FIR = np.array([(0, -1), (0.16, -0.62), (0.08, -0.62), (0.25, -0.3), (0.12, -0.3), (0.32, 0.05)])


def _shapes(lino: Pieces) -> Iterator[tuple[Floats, int]]:
    """The outlines of the picture (in units) and their areas, from far to near."""
    yield EVERYWHERE, _SKY
    yield ellipse(lino.at(*_MOON_AT), 0.125), _MOON
    t = np.linspace(-0.1, 1.1, 90)
    for k in range(4):
        hill = 0.66 + 0.085 * k + 0.035 * np.sin(t * (6 + k) + 1.9 * k)
        yield ground_below(np.stack([t, hill], 1) * lino.at(1, 1)), _HILL
        for x, tall in hash01(np.arange(7)[:, None], np.arange(2), 2 + k).tolist() if k < 3 else ():
            foot = lino.at(x, 0.01 + float(np.interp(x, t, hill)))
            yield place(np.concatenate([_FIR, _FIR[::-1] * (-1, 1)]), foot, 0.09 + 0.09 * tall), _PINE
    branch = curve("-.1,.93 .2,.86 .5,.87 .8,.8 1.1,.66", 60) * lino.at(1, 1)
    yield ribbon(branch, np.linspace(0.085, 0.05, 60)), _BRANCH
    for k in range(15):
        size, turn = hash01(k, np.arange(2), 6).tolist()
        turn = 0.7 * (turn - 0.5) + (-0.9 if k % 2 else 0.8) + (0.9 if k % 3 == 0 else 0)
        yield place(_OVAL, branch[4 + k * 4 % 54] + (0, -0.02 if k % 2 else 0.02), 0.12 + 0.06 * size, turn), _LEAF
    owl = lino.at(*_OWL_AT)
    yield place(_OWL, owl, _SIZE), _BODY
    for shape, area in ((_SIDE, _WING), (ellipse((0.28, -0.46), 0.29), _FACE), (ellipse((0.26, -0.46), 0.15), _EYE)):
        for way in (1, -1):
            yield place(shape * (way, 1), owl, _SIZE), area
    yield place(_NOSE, owl, _SIZE), _BEAK


def _fields(area: Numbers, lino: Pieces) -> tuple[Floats, Floats]:
    """On the grid: the depth whose whole numbers are rows of marks, and how broad marks are (negative for ridges)."""
    x, y = (np.arange(count, dtype=np.float32) * _GRID + _GRID / 2 for count in area.shape[::-1])
    x, y = np.meshgrid(x, y)
    inside = scipy.ndimage.gaussian_filter(border_distance(area) * np.float32(_GRID), 1)
    moon_x, moon_y = lino.at(*_MOON_AT)
    moon = np.hypot(x - moon_x, y - moon_y)
    owl_x, owl_y = lino.at(*_OWL_AT)
    eye_x, eye_y = np.abs(x - owl_x) - 0.28 * _SIZE, y - owl_y + 0.46 * _SIZE
    depth = np.where(area == _SKY, moon + 0.012 * noise(x * 4, y * 4, 1), inside)
    depth = np.where(area == _FACE, (np.arctan2(eye_y, eye_x) + np.pi) * 0.075, depth)
    breadths = {
        _SKY: np.clip(0.95 - 1.1 * moon, 0.16, 0.9) + 0.2 * noise(x * 5, y * 5, 2),
        _BODY: 0.6 * smoothstep(0.075, 0.02, inside) * (eye_y < 0.06),
        _BRANCH: 0.5 * smoothstep(0.045, 0.01, inside),
        _HILL: np.clip(0.95 - 7 * inside, 0.12, 0.9),
    } | {_MOON: -0.28, _WING: 0.45, _FACE: 0.7, _BEAK: 0.9, _LEAF: -0.42}  # fmt: skip
    broad = np.select([area == k for k in breadths], list(breadths.values()), 0.0)
    return (depth / _ROW).astype(np.float32), (broad * smoothstep(0.004, 0.010, inside)).astype(np.float32)


def _marks(rows: Floats, broad: Floats) -> Iterator[tuple[Floats, int]]:
    """Outlines of gouge marks (in units) along rows of places (n x 3, in rows), and 1; 0 for ridges that were left."""
    s = np.linspace(0, 1, 10)
    taper = np.minimum(1, (s * 5 + 0.15) ** 0.5) * (1 - s**1.6) ** 0.8
    start, last = 0, len(rows)
    while start < last:
        chance = [float(v) for v in hash01(start, np.arange(4), 9)]
        stop = start + 1  # the mark ends with the row, or after a few places
        while stop < min(last, start + 2 + int(chance[3] * 5)) and math.dist(rows[stop, :2], rows[stop - 1, :2]) < 1.25:
            stop += 1
        x, y, turn = rows[start].tolist()
        lone = np.array([(x, y), (x + 0.6 * math.cos(turn), y + 0.6 * math.sin(turn))])
        line = spline(rows[start:stop, :2] if stop > start + 1 else lone, 10) + 0.25 * (np.array(chance[:2]) - 0.5)
        column, row = (line[4] * (_ROW / _GRID)).astype(int)
        wanted = float(broad[min(max(row, 0), broad.shape[0] - 1), min(max(column, 0), broad.shape[1] - 1)])
        breadth = min(1.08, abs(wanted) * (0.65 + 0.7 * chance[2]))
        if breadth > 0.08:
            yield ribbon(line, breadth * taper) * _ROW, int(wanted > 0)
        start = stop


def _feathers() -> Iterator[Floats]:
    """Marks of the owl's breast (in sizes of the owl): rows of crescents with short cuts in them."""
    s = np.linspace(-1, 1, 14)
    for row, column in np.ndindex(12, 11):
        x, y = (column - 5 + 0.5 * (row % 2)) * 0.105, -0.08 + 0.085 * row
        if abs(x) < 0.50 - 0.30 * max(0.0, y - 0.4) ** 1.2:
            r = float(hash01(row, column + 4, 7)[0])
            arc = np.stack([x + 0.044 * s, y + 0.055 * (1 - s * s) * (0.9 + 0.3 * r)], 1)
            yield ribbon(arc, 0.030 * (1.05 - s * s) ** 0.5 * (0.7 + 0.5 * r))
            yield ribbon(np.stack([x + 0 * s, y + 0.02 * s - 0.004], 1), 0.016 * (1 - s) / 2)


def _render(width: int, height: int) -> Pixels:
    dark, warm = Pieces(width, height), Pieces(width, height)
    unit, fine, owl = dark.unit, dark.fine, dark.at(*_OWL_AT)
    plan = Pieces(round(dark.wide / _GRID), round(dark.high / _GRID), 1)
    for outline, area in _shapes(dark):
        plan.polygon(outline / (_GRID * plan.unit), area)
        warm.polygon(outline + 0.004 * (area in _ORANGE), area)
        dark.polygon(ribbon(np.concatenate([outline, outline[:2]]), 0.011), int(area in (_BODY, _WING, _PINE)))
        dark.polygon(outline, int(area in (_EYE, _MOON, _LEAF)))
    depth, broad = _fields(plan.numbers(), dark)
    for mark, cut in _marks(rows_along(depth, _GRID / _ROW), broad):
        dark.polygon(mark, cut)
    for mark in _feathers():
        dark.polygon(place(mark, owl, _SIZE), 1)
    for way in (1, -1):
        dark.polygon(place(ellipse((0.26 * way, -0.46), 0.09), owl, _SIZE), 0)
        dark.polygon(place(ellipse((0.26 * way - 0.035, -0.495), 0.025), owl, _SIZE), 1)
    key = scipy.ndimage.gaussian_filter((dark.numbers() == 0).astype(np.float32), 0.7)
    squeezed = key * (1 - scipy.ndimage.gaussian_filter(key, 0.0028 * unit))
    second = np.isin(warm.numbers(), _ORANGE)
    shift = round(0.003 * unit)  # the second block is a little off

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        tooth = grain(x, y, 150, unit / fine, 31)
        roller = noise(x * 14, y * 14, 32) + 0.7 * noise(x * 45, y * 45, 33)
        salt = smoothstep(1.05, 0.7, noise(x * 190, y * 190, 34) + 0.45 * roller)
        paper = _PAPER + (5 * tooth + 3 * noise(x * 8, y * 90, 35))[..., None]
        under = np.roll(second[rows], shift, axis=1) * np.clip(0.9 + 0.08 * roller + 0.06 * tooth, 0, 1)
        ink = key[rows] * np.clip(0.90 + 0.05 * roller + 0.05 * tooth + 0.4 * squeezed[rows], 0, 1)
        return blend(blend(paper, _WARM, under * (0.35 + 0.65 * salt)), _DARK, ink * (0.45 + 0.55 * salt))

    return paint_in_bands(width, height, shade, fine)


_ABOUT = "An owl under the moon, cut with gouges: dark ink over orange on cream paper."
STYLE = HouseStyle("linocut", "Linocut", _ABOUT, _render)
