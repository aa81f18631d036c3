"""Neon: glowing glass tubes on a brick wall at night: palms, a flamingo, a striped sun, waves and stars.

Each tube is a line of light: a white-hot core, a saturated rim, then a glow that falls off over the wall in several
widths, as light does in haze. The wall is lit by the tubes alone, so that bricks and mortar show their relief near
them and sink into the dark between. The ends of each tube are blackened, as they are painted over in real signs.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from impasto.painter.styles.canvas import Floats, Pixels, hash01, noise, palette, smoothstep, spline
from impasto.painter.styles.shapes import (
    Pieces,
    ellipse,
    fineness,
    grain,
    nearest,
    paint_in_bands,
    place,
    ribbon,
    slope_light,
)
from impasto.painter.styles.style import HouseStyle

_GAS = palette("#ff1f6b", "#ff5a1f", "#ffc61a", "#1fff8f", "#16d8ff", "#3a5bff", "#b43aff", "#ff58d0")
_PINK, _ORANGE, _YELLOW, _GREEN, _CYAN, _BLUE, _VIOLET, _ROSE = range(8)
_WALL = palette("#3a2630", "#30222f", "#45292f", "#2a1f2d", "#3b2733")
_TUBE = 0.0105  # breadth of a tube, in units
_HEART = (
    (0, 0.9),
    (-0.5, 0.45),
    (-0.85, 0.0),
    (-0.8, -0.5),
    (-0.4, -0.75),
    (0, -0.4),
    (0.4, -0.75),
    (0.8, -0.5),
    (0.85, 0.0),
    (0.5, 0.45),
    (0, 0.9),
)
_FLAMINGO = (
    ((-0.52, -0.72), (-0.46, -0.9), (-0.3, -0.98), (-0.14, -0.9), (-0.1, -0.7), (-0.22, -0.48), (-0.36, -0.26), (-0.34, -0.02),
     (-0.1, 0.14), (0.2, 0.12), (0.46, -0.06), (0.66, -0.24), (0.4, -0.28), (0.12, -0.24), (-0.08, -0.1), (-0.02, 0.02), (0.2, 0.0), (0.36, -0.12)),
    ((0.02, 0.2), (0.0, 0.5), (0.04, 0.95), (-0.12, 1.0)),
    ((0.14, 0.19), (0.18, 0.42), (0.4, 0.55), (0.16, 0.6), (0.08, 0.62)),
)  # fmt: skip


def _tubes(wide: float, high: float) -> list[tuple[Floats, int]]:
    """All tubes: a line (n x 2, in units) and the number of its gas."""
    size = np.array([wide, high], np.float32)
    tubes: list[tuple[Floats, int]] = []

    def bend(knots: object, gas: int, count: int = 90) -> None:
        tubes.append((spline(np.asarray(knots, np.float32), count), gas))

    sun, radius = np.array([0.52, 0.40]) * size, 0.235
    arc = np.linspace(np.pi * 0.93, np.pi * 2.07, 60)
    bend(sun + radius * np.stack([np.cos(arc), np.sin(arc)], 1), _YELLOW)
    bend(sun + (radius - 0.03) * np.stack([np.cos(arc), np.sin(arc)], 1), _ORANGE)
    for k in range(6):  # stripes of the sun, ever closer
        y = -0.015 + 0.036 * k
        half = (radius**2 - y * y) ** 0.5 * 0.98
        bend(sun + np.array([(-half, y), (0, y), (half, y)]), (_ORANGE, _ORANGE, _PINK, _PINK, _ROSE, _VIOLET)[k])
    for x, y, tall, lean, seed in ((0.16, 0.30, 0.60, 0.07, 1), (0.90, 0.22, 0.62, -0.06, 2)):
        crown = np.array([x, y]) * size
        foot = crown + (lean, tall)
        for side in (-0.013, 0.013):
            bend((crown + (side, 0.02), crown + (0.25 * lean + side, 0.3 * tall), foot + (2.4 * side, 0)), _ORANGE)
        for m in range(7):
            angle = -0.2 + 0.87 * m + 0.3 * (hash01(m, 1, seed)[0] - 0.5)
            reach = 0.165 + 0.05 * hash01(m, 2, seed)[0]
            way = np.array([np.cos(angle), np.sin(angle) * 0.75])
            tip = crown + way * reach + (0, 0.075)
            rib = spline((crown, crown + way * reach * 0.55 - (0, 0.04), tip), 60)
            part = np.linspace(0, 1, 60)[:, None]
            comb = rib + (0, 0.036) * np.sin(np.pi * part) * (0.65 + 0.55 * np.cos(part * 12 * np.pi))
            tubes.append((np.concatenate([rib, comb[::-1]]).astype(np.float32), _GREEN))  # a frond with a toothed edge
    t = np.linspace(-0.03, 1.03, 120)
    for k in range(5):
        wave = 0.765 + 0.052 * k + 0.014 * np.sin(t * (26 - 3 * k) + 1.7 * k) + 0.006 * np.sin(t * 60 + k)
        tubes.append(
            (np.stack([t * wide, wave * high], 1).astype(np.float32), (_CYAN, _BLUE, _CYAN, _VIOLET, _BLUE)[k])
        )
    for k, line in enumerate(_FLAMINGO):
        bend(np.array(line) * 0.21 + np.array([0.71, 0.63]) * size, _ROSE if k == 0 else _PINK)
    bend(place(_HEART, np.array([0.33, 0.70]) * size, 0.072, -0.15), _PINK)
    bend(place(_HEART, np.array([0.33, 0.70]) * size, 0.043, -0.15), _ROSE)
    bolt = ((-0.1, -1), (-0.5, 0.1), (0.05, 0.02), (-0.25, 1), (0.6, -0.25), (0.05, -0.2), (0.45, -1), (-0.1, -1))
    tubes.append((place(np.repeat(bolt, 2, axis=0) + 0, np.array([0.055, 0.19]) * size, 0.1, 0.1), _YELLOW))
    for k, (x, y, s) in enumerate(
        (
            (0.33, 0.11, 0.05),
            (0.70, 0.10, 0.038),
            (0.045, 0.62, 0.04),
            (0.46, 0.055, 0.026),
            (0.955, 0.66, 0.04),
            (0.24, 0.055, 0.022),
        )
    ):
        points = np.arange(11) * np.pi / 5 - np.pi / 2
        star = np.stack([np.cos(points), np.sin(points)], 1) * np.where(np.arange(11) % 2, 0.45, 1.0)[:, None]
        tubes.append((place(star, np.array([x, y]) * size, s, 0.2 * k), (_VIOLET, _CYAN, _BLUE)[k % 3]))
    moon = ellipse(np.array([0.80, 0.075]) * size, 0.0, count=1)[0] * 0 + np.array([0.045, 0.40]) * size
    bend(
        moon
        + 0.06
        * np.array(
            [
                (0.6, -0.9),
                (-0.3, -0.9),
                (-0.9, 0),
                (-0.3, 0.9),
                (0.6, 0.9),
                (0.0, 0.5),
                (-0.25, 0),
                (0.0, -0.5),
                (0.6, -0.9),
            ]
        ),
        _CYAN,
    )
    return tubes


def _glow(tubes: list[tuple[Floats, int]], width: int, height: int) -> Floats:
    """The light that the tubes throw on the wall around them (height x width x 3; 1 is bright)."""
    unit = (width * height) ** 0.5
    coarse = Pieces(round(300 * width / unit), round(300 * height / unit))
    for line, gas in tubes:
        coarse.polygon(ribbon(line, 2.2 * _TUBE), gas + 1)
    light = np.concatenate([np.zeros((1, 3), np.float32), (_GAS / 255) ** 1.5])[coarse.numbers()]
    total = sum(
        weight * ndimage.gaussian_filter(light, (reach * 300, reach * 300, 0))
        for reach, weight in ((0.012, 0.25), (0.03, 0.45), (0.09, 0.45))
    )
    planes = [
        Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC)
        for plane in np.moveaxis(np.float32(total), 2, 0)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], -1)


def _render(width: int, height: int) -> Pixels:
    fine = fineness(width, height)
    sheet = Pieces(width, height, fine)
    unit = sheet.unit
    tubes = _tubes(sheet.wide, sheet.high)
    for number, (line, _) in enumerate(tubes, 1):
        sheet.polygon(ribbon(line, 1.5 / unit), number)
    numbers = sheet.numbers()
    away, row, column = nearest(numbers > 0)
    nearby = numbers[row, column]
    del row, column, numbers
    away = ndimage.gaussian_filter(away, 0.8) / np.float32(unit)
    gas = np.concatenate([_GAS[:1], _GAS[[g for _, g in tubes]]])
    ends = np.array([((0, 0), (0, 0)), *((line[0], line[-1]) for line, _ in tubes)], np.float32)
    glow = np.repeat(np.repeat(_glow(tubes, width, height), fine, 0), fine, 1)

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        d, own, light = away[rows] / (_TUBE / 2), nearby[rows], glow[rows]
        course = np.floor(y / 0.034)
        u, v = x / 0.088 + 0.5 * (course % 2), y / 0.034 - course
        brick = np.floor(u)
        joint = np.minimum(np.minimum(u - brick, 1 - u + brick) * 0.088, np.minimum(v, 1 - v) * 0.034)
        rough = grain(x, y, 60, unit / fine, 3)
        joint = joint + 0.0012 * rough
        solid = smoothstep(0.0012, 0.0045, joint)
        lot = hash01(brick.astype(int), course.astype(int) + 0 * brick.astype(int), 4).reshape(brick.shape)
        wall = _WALL[(lot * len(_WALL)).astype(int)] * (0.8 + 0.5 * lot + 0.2 * rough)[..., None]
        wall = np.where(solid[..., None] > 0.5, wall, palette("#4a434e")[0]) * (0.55 + 0.45 * solid[..., None])
        relief = slope_light((solid * 0.006 + 0.0016 * rough) * unit, (0.2, -0.9))
        rgb = wall * (0.26 + 0.22 * relief[..., None] + light * (7 + 5 * relief[..., None])) + 30 * light
        tint = gas[own]
        rgb = rgb + tint * (0.55 * np.exp(-np.clip(d - 1, 0, 30) * 0.55))[..., None]
        shape = smoothstep(1.15, 0.85, d)[..., None]
        core = np.clip(1.25 * (1 - (d / 0.9) ** 2), 0, 1)[..., None]
        lit = tint + (255 - tint) * (0.12 + 0.82 * core)
        end = np.minimum(*(np.hypot(x - ends[own, k, 0], y - ends[own, k, 1]) for k in (0, 1)))
        dark = smoothstep(0.013, 0.010, end)[..., None]
        lit = lit * (1 - dark) + dark * (18 + 40 * core)
        return np.asarray(rgb + shape * (lit - rgb), np.float32)

    return paint_in_bands(width, height, shade, fine, pad=2)


STYLE = HouseStyle(
    "neon",
    "Neon signs",
    "Glowing tubes on a brick wall at night: palms, a flamingo, a striped sun, waves and stars.",
    _render,
)
