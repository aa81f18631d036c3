"""Linocut: an owl on a branch under the moon, cut with gouges and printed in two colours, dark over orange.

What is light was cut away, mark by mark: every mark begins round where the gouge went in and runs out to a point.
Marks follow the shapes (rings round the moon, rays round the eyes, the slopes of the hills, the branch), are broad
where it should be light, and leave thin ridges where an area was cleared. Ink lies unevenly, as a roller leaves it.
"""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from impasto.painter.styles.canvas import Floats, Pixels, blend, hash01, noise, palette, smoothstep, spline
from impasto.painter.styles.shapes import (
    Numbers,
    Pieces,
    border_distance,
    ellipse,
    fineness,
    grain,
    paint_in_bands,
    place,
    ribbon,
    rows_along,
)  # fmt: skip
from impasto.painter.styles.style import HouseStyle

_PAPER, _DARK, _WARM = palette("#f1e5cb", "#17222e", "#d8602a")
_ROW = 0.0128  # distance of the rows of marks, in units
_GRID = 0.004  # the grid on which rows are planned, in units
_SKY, _MOON, _BODY, _WING, _FACE, _EYE, _BEAK, _BRANCH, _LEAF, _HILL, _PINE = range(1, 12)
_ORANGE = (_MOON, _EYE, _BEAK, _LEAF, _WING)  # areas under which the second block prints


def _mirrored(*half: tuple[float, float]) -> Floats:
    """A smooth outline that is the same on both sides of x = 0, from its right half."""
    return spline([*half, *((-x, y) for x, y in half[::-1][1:]), half[0]], 120)


_OWL = _mirrored(
    (0, -0.74), (0.24, -0.8), (0.54, -1.04), (0.56, -0.72), (0.6, -0.4), (0.66, 0.05), (0.6, 0.5), (0.4, 0.86), (0, 1.0)
)
_SIDE = spline(
    (
        (0.5, -0.3),
        (0.76, 0.0),
        (0.8, 0.45),
        (0.62, 0.9),
        (0.5, 1.2),
        (0.34, 0.8),
        (0.42, 0.3),
        (0.44, -0.1),
        (0.5, -0.3),
    ),
    70,
)
_NOSE = np.array([(0, -0.46), (0.09, -0.32), (0, -0.08), (-0.09, -0.32)], np.float32)
_OVAL = spline(((0, 0), (0.25, -0.2), (0.6, -0.22), (1, 0), (0.6, 0.22), (0.25, 0.2), (0, 0)), 40)


def _shapes(wide: float, high: float) -> Iterator[tuple[Floats, int]]:
    """The outlines of the picture (in units) and their areas, from far to near."""
    size = np.array([wide, high], np.float32)
    owl, scale = np.array([0.40, 0.47]) * size, 0.36
    yield np.array([(-1, -1), (3, -1), (3, 3), (-1, 3)], np.float32), _SKY
    yield ellipse(np.array([0.80, 0.25]) * size, 0.125), _MOON
    t = np.linspace(-0.1, 1.1, 90)
    for k in range(4):
        hill = 0.66 + 0.085 * k + 0.035 * np.sin(t * (6 + k) + 1.9 * k)
        yield np.concatenate([np.stack([t, hill], 1), [(1.1, 1.3), (-0.1, 1.3)]]) * size, _HILL
        for m in range(7 if k < 3 else 0):
            x = hash01(k, m, 2)[0]
            tall, foot = 0.09 + 0.09 * hash01(k, m, 3)[0], 0.67 + 0.085 * k + 0.035 * np.sin(x * (6 + k) + 1.9 * k)
            steps = np.array([(0, -1), (0.16, -0.62), (0.08, -0.62), (0.25, -0.3), (0.12, -0.3), (0.32, 0.05)])
            yield place(np.concatenate([steps, steps[::-1] * (-1, 1)]), np.array([x, foot]) * size, tall), _PINE
    branch = spline(((-0.1, 0.93), (0.2, 0.86), (0.5, 0.87), (0.8, 0.80), (1.1, 0.66)), 60) * size
    yield ribbon(branch, np.linspace(0.085, 0.05, 60)), _BRANCH
    for k in range(15):
        at = branch[4 + (k * 4) % 54] + (0, -0.02 if k % 2 else 0.02)
        turn = (-0.9 if k % 2 else 0.8) + 0.7 * (hash01(k, 1, 6)[0] - 0.5) + (0.9 if k % 3 == 0 else 0)
        yield place(_OVAL, at, 0.12 + 0.06 * hash01(k, 2, 6)[0], turn), _LEAF
    yield place(_OWL, owl, scale), _BODY
    for way in (1, -1):
        yield place(_SIDE * (way, 1), owl, scale), _WING
    for way in (1, -1):
        yield ellipse(place([(0.28 * way, -0.46)], owl, scale)[0], 0.29 * scale), _FACE
    for way in (1, -1):
        yield ellipse(place([(0.26 * way, -0.46)], owl, scale)[0], 0.15 * scale), _EYE
    yield place(_NOSE, owl, scale), _BEAK


def _fields(area: Numbers, wide: float, high: float) -> tuple[Floats, Floats]:
    """On the grid: the depth whose whole numbers are rows of marks, and how broad marks are (0..1; negative for ridges)."""
    y, x = ((np.indices(area.shape, dtype=np.float32)[k] + 0.5) * _GRID for k in (0, 1))
    inside = ndimage.gaussian_filter(border_distance(area) * np.float32(_GRID), 1)
    moon = np.hypot(x - 0.80 * wide, y - 0.25 * high)
    owl_x, owl_y = np.abs(x - 0.40 * wide) - 0.28 * 0.36, y - 0.47 * high + 0.46 * 0.36
    rays = (np.arctan2(owl_y, owl_x) + np.pi) * 0.075
    depth = np.where(area == _SKY, moon + 0.012 * noise(x * 4, y * 4, 1), inside)
    depth = np.where(area == _FACE, rays, depth)
    broad = np.select(
        [area == k for k in (_SKY, _MOON, _BODY, _WING, _FACE, _EYE, _BEAK, _BRANCH, _LEAF, _HILL)],
        [
            np.clip(0.95 - 1.1 * moon, 0.16, 0.9) + 0.2 * noise(x * 5, y * 5, 2), -0.28, 0.6 * smoothstep(0.075, 0.02, inside) * (owl_y < 0.06), 0.45, 0.7, 0.0, 0.9,
            0.5 * smoothstep(0.045, 0.01, inside), -0.42, np.clip(0.95 - 7 * inside, 0.12, 0.9),
        ],
        0.0,
    )  # fmt: skip
    return (depth / _ROW).astype(np.float32), (broad * smoothstep(0.004, 0.010, inside)).astype(np.float32)


def _marks(rows: Floats, broad: Floats) -> Iterator[tuple[Floats, int]]:
    """Outlines of gouge marks (in units) along rows of places (n x 3, in rows), and 1; 0 for ridges that were left."""
    start, n = 0, len(rows)
    while start < n:
        long = 2 + int(hash01(start, 1, 8)[0] * 5)
        step = np.hypot(*(rows[start + 1 : start + long, :2] - rows[start : start + long - 1, :2])[: n - start - 1].T)
        cut = np.flatnonzero(step > 1.25)
        stop = min(start + long, n) if not len(cut) else start + int(cut[0]) + 1
        run = rows[start:stop]
        x, y, turn = run[0]
        spine = run[:, :2] if len(run) > 1 else np.array([(x, y), (x + 0.6 * np.cos(turn), y + 0.6 * np.sin(turn))])
        r = hash01(start, np.arange(4), 9)
        line = spline(spine + 0.25 * (r[:2] - 0.5), 10)
        cell = np.clip((line[4, ::-1] * (_ROW / _GRID)).astype(int), 0, np.array(broad.shape) - 1)
        wanted = float(broad[cell[0], cell[1]])
        wide = abs(wanted) * (0.65 + 0.7 * float(r[2]))
        if wide > 0.08:
            s = np.linspace(0, 1, 10)
            yield (
                ribbon(line, np.minimum(wide, 1.08) * np.minimum(1, (s * 5 + 0.15) ** 0.5) * (1 - s**1.6) ** 0.8)
                * _ROW,
                int(wanted > 0),
            )
        start = stop


def _feathers(wide: float, high: float) -> Iterator[Floats]:
    """Marks of the owl's breast: rows of crescents with short cuts in them."""
    owl = np.array([0.40 * wide, 0.47 * high])
    for row in range(13):
        for k in range(-5, 6):
            at = np.array([(k + 0.5 * (row % 2)) * 0.105, -0.08 + 0.085 * row])
            if abs(at[0]) > 0.50 - 0.30 * max(0.0, at[1] - 0.4) ** 1.2 or at[1] > 0.92:
                continue
            s = np.linspace(-1, 1, 14)
            r = float(hash01(row, k + 9, 7)[0])
            arc = np.stack([0.044 * s, 0.055 * (1 - s * s) * (0.9 + 0.3 * r)], 1) + at
            yield ribbon(arc, 0.030 * (1.05 - s * s) ** 0.5 * (0.7 + 0.5 * r)) * 0.36 + owl
            yield ribbon(np.stack([0 * s, 0.02 * s - 0.004], 1) + at, 0.016 * (1 - s) / 2) * 0.36 + owl


def _render(width: int, height: int) -> Pixels:
    fine = fineness(width, height)
    dark, warm = Pieces(width, height, fine), Pieces(width, height, fine)
    wide, high, unit = dark.wide, dark.high, dark.unit
    plan = Pieces(round(wide / _GRID), round(high / _GRID))
    for outline, area in _shapes(wide, high):
        plan.polygon(outline / (_GRID * plan.unit), area)
        warm.polygon(outline + 0.004 * (area in _ORANGE), area)
        dark.polygon(ribbon(np.concatenate([outline, outline[:2]]), 0.011), int(area in (_BODY, _WING, _PINE)))
        dark.polygon(outline, int(area in (_EYE, _MOON, _LEAF)))
    depth, broad = _fields(plan.numbers(), wide, high)
    for mark, cut in _marks(rows_along(depth, _GRID / _ROW), broad):
        dark.polygon(mark, cut)
    for mark in _feathers(wide, high):
        dark.polygon(mark, 1)
    for way in (1, -1):
        for across, drop, number in ((0.09, 0.0, 0), (0.025, -0.035, 1)):
            eye = np.array([0.40 * wide, 0.47 * high]) + np.array([0.26 * way + drop, -0.46 + drop]) * 0.36
            dark.polygon(ellipse(eye, across * 0.36), number)
    key = (dark.numbers() == 0).astype(np.float32)
    squeezed = key * (1 - ndimage.gaussian_filter(key, 0.0028 * unit))
    second = np.isin(warm.numbers(), _ORANGE)
    shift = round(0.003 * unit)  # the second block is a little off

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        tooth = grain(x, y, 150, unit / fine, 31)
        roller = noise(x * 14, y * 14, 32) + 0.7 * noise(x * 45, y * 45, 33)
        salt = smoothstep(1.05, 0.7, noise(x * 190, y * 190, 34) + 0.45 * roller)
        paper = _PAPER + (5 * tooth + 3 * noise(x * 8, y * 90, 35))[..., None]
        under = (
            np.roll(second[rows], shift, axis=1)
            * np.clip(0.9 + 0.08 * roller + 0.06 * tooth, 0, 1)
            * (0.35 + 0.65 * salt)
        )
        ink = (
            key[rows] * np.clip(0.90 + 0.05 * roller + 0.05 * tooth + 0.4 * squeezed[rows], 0, 1) * (0.45 + 0.55 * salt)
        )
        return blend(blend(paper, _WARM, under), _DARK, ink)

    return paint_in_bands(width, height, shade, fine)


STYLE = HouseStyle(
    "linocut", "Linocut", "An owl under the moon, cut with gouges: dark ink over orange on cream paper.", _render
)
