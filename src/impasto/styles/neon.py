"""Neon: glowing glass tubes on a brick wall at night: palms, a flamingo, a striped sun, waves and stars.

Each tube is a line of light: a white-hot core, a saturated rim, then a glow that falls off over the wall in several
widths, as light does in haze. The wall is lit by the tubes alone, so that bricks and mortar show their relief near
them and sink into the dark between. The ends of each tube are blackened, as they are painted over in real signs.
"""

from collections.abc import Iterator

import numpy as np
import scipy
from PIL import Image

from impasto.styles.ground import Floats, Pixels, grain, hash01, palette, smoothstep, spline
from impasto.styles.outlines import curve, place, ribbon
from impasto.styles.pieces import Pieces, nearest, paint_in_bands, slope_light
from impasto.styles.style import HouseStyle

_GAS = palette("#ff1f6b", "#ff5a1f", "#ffc61a", "#1fff8f", "#16d8ff", "#3a5bff", "#b43aff", "#ff58d0")
_PINK, _ORANGE, _YELLOW, _GREEN, _CYAN, _BLUE, _VIOLET, _ROSE = range(8)
_WALL = palette("#3a2630", "#30222f", "#45292f", "#2a1f2d", "#3b2733")
_TUBE = 0.0105  # breadth of a tube, in units
_HEART = curve("0,.9 -.5,.45 -.85,0 -.8,-.5 -.4,-.75 0,-.4 .4,-.75 .8,-.5 .85,0 .5,.45 0,.9", 90)
_MOON = curve(".6,-.9 -.3,-.9 -.9,0 -.3,.9 .6,.9 0,.5 -.25,0 0,-.5 .6,-.9", 90)
_BOLT = np.array(
    [(-0.1, -1), (-0.5, 0.1), (0.05, 0.02), (-0.25, 1), (0.6, -0.25), (0.05, -0.2), (0.45, -1), (-0.1, -1)]
)
_FLAMINGO = (
    "-.52,-.72 -.46,-.9 -.3,-.98 -.14,-.9 -.1,-.7 -.22,-.48 -.36,-.26 -.34,-.02 -.1,.14 .2,.12 .46,-.06 .66,-.24"
    " .4,-.28 .12,-.24 -.08,-.1 -.02,.02 .2,0 .36,-.12",
    ".02,.2 0,.5 .04,.95 -.12,1",
    ".14,.19 .18,.42 .4,.55 .16,.6 .08,.62",
)
_STARS = ((0.33, 0.11, 0.05), (0.70, 0.10, 0.04), (0.045, 0.62, 0.04), (0.46, 0.055, 0.026), (0.955, 0.66, 0.04))


def _palm(crown: Floats, lean: float, tall: float, seed: int) -> Iterator[tuple[Floats, int]]:
    """A palm: two tubes for its trunk, and fronds with a toothed lower edge."""
    for side in (-0.013, 0.013):
        knots = crown + np.array([(side, 0.02), (0.25 * lean + side, 0.3 * tall), (lean + 2.4 * side, tall)])
        yield spline(knots, 90), _ORANGE
    part = np.linspace(0, 1, 60)[:, None]
    for k in range(7):
        angle = -0.2 + 0.87 * k + 0.3 * (hash01(k, 1, seed)[0] - 0.5)
        reach = (0.165 + 0.05 * hash01(k, 2, seed)[0]) * np.array([np.cos(angle), np.sin(angle) * 0.75])
        rib = spline(crown + np.array([(0, 0), reach * 0.55 - (0, 0.04), reach - (0, -0.075)]), 60)
        comb = rib + (0, 0.036) * np.sin(np.pi * part) * (0.65 + 0.55 * np.cos(part * 12 * np.pi))
        yield np.concatenate([rib, comb[::-1]]), _GREEN


def _tubes(sheet: Pieces) -> Iterator[tuple[Floats, int]]:
    """All tubes: a line (n x 2, in units) and the number of its gas."""
    sun, radius = sheet.at(0.52, 0.40), 0.235
    arc = np.linspace(np.pi * 0.93, np.pi * 2.07, 60)
    rim = np.stack([np.cos(arc), np.sin(arc)], 1)
    yield sun + radius * rim, _YELLOW
    yield sun + (radius - 0.03) * rim, _ORANGE
    for k, gas in enumerate((_ORANGE, _ORANGE, _PINK, _PINK, _ROSE, _VIOLET)):  # stripes of the sun
        y = -0.015 + 0.036 * k
        half = (radius**2 - y * y) ** 0.5 * 0.98
        yield sun + np.array([(-half, y), (0, y), (half, y)]), gas
    yield from _palm(sheet.at(0.16, 0.30), 0.07, 0.60, 1)
    yield from _palm(sheet.at(0.90, 0.22), -0.06, 0.62, 2)
    t = np.linspace(-0.03, 1.03, 120)
    for k, gas in enumerate((_CYAN, _BLUE, _CYAN, _VIOLET, _BLUE)):
        wave = 0.765 + 0.052 * k + 0.014 * np.sin(t * (26 - 3 * k) + 1.7 * k) + 0.006 * np.sin(t * 60 + k)
        yield np.stack([t * sheet.wide, wave * sheet.high], 1), gas
    for k, knots in enumerate(_FLAMINGO):
        yield place(curve(knots, 90), sheet.at(0.71, 0.63), 0.21), _PINK if k else _ROSE
    yield place(_HEART, sheet.at(0.33, 0.70), 0.072, -0.15), _PINK
    yield place(_HEART, sheet.at(0.33, 0.70), 0.043, -0.15), _ROSE
    yield place(_MOON, sheet.at(0.045, 0.40), 0.06), _CYAN
    yield place(np.repeat(_BOLT, 2, axis=0), sheet.at(0.055, 0.19), 0.1, 0.1), _YELLOW
    point = np.arange(11) * np.pi / 5 - np.pi / 2
    star = np.stack([np.cos(point), np.sin(point)], 1) * np.where(np.arange(11) % 2, 0.45, 1.0)[:, None]
    for k, (x, y, size) in enumerate(_STARS):
        yield place(star, sheet.at(x, y), size, 0.2 * k), (_VIOLET, _CYAN, _BLUE)[k % 3]


def _glow(tubes: list[tuple[Floats, int]], width: int, height: int) -> Floats:
    """The light that the tubes throw on the wall around them (height x width x 3; 1 is bright)."""
    unit = (width * height) ** 0.5
    coarse = Pieces(round(300 * width / unit), round(300 * height / unit), 1)
    for line, gas in tubes:
        coarse.polygon(ribbon(line, 2.2 * _TUBE), gas + 1)
    light = np.concatenate([np.zeros((1, 3), np.float32), (_GAS / 255) ** 1.5])[coarse.numbers()]
    glow = np.zeros_like(light)
    for reach, weight in ((0.012, 0.25), (0.03, 0.45), (0.09, 0.45)):
        glow += weight * scipy.ndimage.gaussian_filter(light, (reach * 300, reach * 300, 0))
    large = (Image.fromarray(glow[..., c]).resize((width, height), Image.Resampling.BICUBIC) for c in range(3))
    return np.stack([np.asarray(plane, np.float32) for plane in large], -1)


def _render(width: int, height: int) -> Pixels:
    sheet = Pieces(width, height)
    unit, fine = sheet.unit, sheet.fine
    tubes = list(_tubes(sheet))
    for number, (line, _) in enumerate(tubes, 1):
        sheet.polygon(ribbon(line, 1.5 / unit), number)
    numbers = sheet.numbers()
    away, row, column = nearest(numbers > 0)
    nearby = numbers[row, column]
    del row, column, numbers
    away = scipy.ndimage.gaussian_filter(away, 0.8) / np.float32(unit)
    gas = np.concatenate([_GAS[:1], _GAS[[g for _, g in tubes]]])
    ends = np.array([((0, 0), (0, 0)), *((line[0], line[-1]) for line, _ in tubes)], np.float32)
    glow = _glow(tubes, width, height)

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        d, own = away[rows] / (_TUBE / 2), nearby[rows]
        light = glow[np.arange(rows.start, rows.stop) // fine].repeat(fine, axis=1)
        course = np.floor(y / 0.034)
        u, v = x / 0.088 + 0.5 * (course % 2), y / 0.034 - course
        brick = np.floor(u)
        joint = np.minimum(np.minimum(u - brick, 1 - u + brick) * 0.088, np.minimum(v, 1 - v) * 0.034)
        rough = grain(x, y, 60, unit / fine, 3)
        joint = joint + 0.0012 * rough
        solid = smoothstep(0.0012, 0.0045, joint)
        lot = hash01(brick.astype(int), course.astype(int), 4)
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


_ABOUT = "Glowing tubes on a brick wall at night: palms, a flamingo, a striped sun, waves and stars."
STYLE = HouseStyle("neon", "Neon signs", _ABOUT, _render)
