"""Woodblock print of great waves: flat colours, dark contour lines, clawed foam, and the grain of the block.

Waves are drawn from far to near as stripes between two curves (the back of the wave and its hollow), each stripe a
flat colour with a contour. Foam is a crowd of curling fingers, outlined together. The sky is wiped from light to dark
on the block, and everything is printed with some wood grain and mottle.
"""

import numpy as np

from impasto.styles.drawing import Drawing
from impasto.styles.ground import (
    Floats,
    Pixels,
    blend,
    grain,
    hash01,
    noise,
    palette,
    pixel_grid,
    smoothstep,
    spline,
    to_pixels,
)
from impasto.styles.style import HouseStyle

_LINE, _DEEP, _BLUE, _PALE, _FOAM = palette("#14233f", "#1d4273", "#4b7fa6", "#a9c6c9", "#f3ead2")
_SKY, _DUSK, _SUN, _GREY = palette("#ecd9ac", "#7d7f86", "#c8442c", "#b9ab91")
# curves, in parts of the width and height
_TIP = (0.585, 0.395)
_BACK = (_TIP, (0.575, 0.27), (0.49, 0.13), (0.35, 0.06), (0.19, 0.11), (0.06, 0.26), (-0.06, 0.47), (-0.15, 0.8),
         (0.1, 1.12), (0.6, 1.2), (1.1, 1.15))  # fmt: skip
_HOLLOW = (_TIP, (0.53, 0.31), (0.45, 0.275), (0.375, 0.32), (0.345, 0.42), (0.36, 0.54), (0.42, 0.66), (0.54, 0.75),
           (0.70, 0.765), (0.87, 0.69), (1.08, 0.56))  # fmt: skip


_FRONT = (
    (-0.05, 0.80),
    (0.08, 0.72),
    (0.2, 0.75),
    (0.32, 0.88),
    (0.46, 0.95),
    (0.62, 0.90),
    (0.76, 0.93),
    (1.05, 0.80),
)
_HILL = ((0.5, 0.7), (0.64, 0.52), (0.7, 0.44), (0.74, 0.44), (0.81, 0.53), (1.0, 0.68))
_SNOW = ((0.66, 0.50), (0.7, 0.44), (0.74, 0.44), (0.785, 0.505), (0.765, 0.49), (0.75, 0.53), (0.735, 0.485),
         (0.715, 0.54), (0.70, 0.49), (0.68, 0.525))  # fmt: skip
_CLOUDS = ((0.78, 0.27, 0.3, _GREY), (0.95, 0.33, 0.3, _DUSK), (0.66, 0.11, 0.24, _GREY), (0.07, 0.07, 0.3, _GREY))
_SUN_AT = (0.84, 0.2)


def _wave(art: Drawing, hollow: Floats, back: Floats, stripes: int, breadth: float) -> None:
    """The body of a wave: stripes between its hollow and its back, ever wider."""
    inks = (_DEEP, _PALE, _DEEP, _BLUE, _PALE, _BLUE)
    cuts = np.linspace(0, 1, stripes + 1) ** 1.25
    for k in range(stripes):
        a, b = (hollow + (back - hollow) * np.float32(c) for c in cuts[k : k + 2])
        art.area(np.concatenate([a, b[::-1]]), inks[k % len(inks)])
        for part in (0.36, 0.52, 0.68) if k % 3 == 1 else (0.5,):  # fine lines that follow the water
            art.line((a + (b - a) * np.float32(part))[4:], _LINE if k % 3 == 1 else _PALE, breadth * 0.45, 0.8)
    for c in cuts:
        art.line(hollow + (back - hollow) * np.float32(c), _LINE, breadth, 0.5)


def _foam(art: Drawing, edge: Floats, size: float, breadth: float, seed: int, turn: float = 1.0) -> None:
    """Fingers of foam that curl off a crest (edge, n x 2, in parts of the picture), one contour round each crowd."""
    shape = np.array([art.wide, art.high], np.float32)
    for row, (reach, count) in enumerate(((1.7, 1.0), (1.25, 1.2), (0.8, 1.3))):
        n = max(3, int(count * len(edge) / 2))
        k = np.linspace(0, len(edge) - 1, n).astype(int)
        r = [hash01(np.arange(n), row, seed * 9 + c) for c in range(4)]
        along = np.gradient(edge, axis=0)[k] * shape
        heading = np.arctan2(along[:, 1], along[:, 0]) - turn * (0.9 + 0.9 * r[0])
        at = edge[k] * shape + (r[1] - 0.5)[:, None] * size * 0.8
        discs = []
        for step in range(12):  # every finger is a chain of ever smaller discs that turns
            part = step / 11
            radius = size * (0.24 - 0.17 * part) * (0.7 + 0.6 * r[2])
            discs.append((at[:, 0] / art.wide, at[:, 1] / art.high, radius))
            angle = heading + turn * (0.3 + 2.6 * r[3]) * part**1.3
            at = at + size * reach * 0.13 * np.stack([np.cos(angle), np.sin(angle)], 1)
        for x, y, radius in discs:
            art.discs(x, y, radius + np.float32(breadth), _LINE)
        for x, y, radius in discs:
            art.discs(x, y, radius, _FOAM * 0.9 + _PALE * 0.1 if row == 1 else _FOAM)


def _far(art: Drawing) -> None:
    """Sun, clouds, a mountain with snow, and the swell before it."""
    art.area(_SUN_AT + 0.075 * _circle() / (art.wide, art.high), _SUN)
    for x, y, wide, ink in _CLOUDS:
        for k in range(3):  # flat bands, one over the other
            left, level = x - wide / 2 + 0.05 * k - 0.03 * (k % 2), y + 0.02 * k
            band = spline(((left, level), (left + wide * 0.45, level - 0.012), (left + wide, level)), 40)
            art.line(band, ink * (1 - 0.06 * k), 0.03, 0.95)
    hill = spline(_HILL, 60)
    art.area(np.concatenate([hill, [(1.1, 0.9), (0.4, 0.9)]]), _BLUE * 0.55 + _DUSK * 0.45)
    art.area(np.array(_SNOW), _FOAM)
    art.line(hill, _LINE, 0.005, 0.4)
    t = np.linspace(0, 1, 60)
    for k, ink in enumerate((_PALE, _BLUE, _DEEP, _BLUE)):
        crest = np.stack([0.3 + 0.8 * t, 0.62 + 0.045 * k + 0.02 * np.sin(t * (9 + 2 * k) + 2 * k)], 1)
        art.area(np.concatenate([crest, [(1.1, 1.1), (0.3, 1.1)]]), ink)
        art.line(crest, _LINE, 0.004)


def _waves(art: Drawing) -> None:
    """A wave on the right, the great one, the one in front, and spray."""
    hollow, back, front = spline(_HOLLOW), spline(_BACK), spline(_FRONT)
    mirror, shift = np.array([-0.62, 0.62]), np.array([1.17, 0.30])
    _wave(art, hollow * mirror + shift, back * mirror + shift, 9, 0.004)
    _foam(art, (back * mirror + shift)[2:66], 0.045, 0.003, 3, turn=-1.0)
    _wave(art, hollow, back, 13, 0.005)
    _foam(art, back[2:78], 0.08, 0.0035, 5)
    _wave(art, front, front * (1, 0) + np.array([0, 1.25]), 5, 0.006)
    _foam(art, front[14:60], 0.06, 0.004, 7)
    _foam(art, front[90:124], 0.045, 0.004, 8)
    r = [hash01(np.arange(150), k, 2) for k in (1, 2, 3)]
    art.discs(0.30 + 0.5 * r[0], 0.05 + 0.55 * r[1] ** 1.5, 0.002 + 0.0055 * r[2] ** 2, _FOAM)


def _circle() -> Floats:
    angle = np.linspace(0, 2 * np.pi, 90)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def _render(width: int, height: int) -> Pixels:
    art = Drawing(width, height, _SKY)
    _far(art)
    _waves(art)
    rgb = art.picture()
    px, py = pixel_grid(width, height)
    sky = smoothstep(40, 20, np.abs(rgb - _SKY).max(-1))
    wiped = np.maximum(smoothstep(0.20, 0.0, py / art.high), 0.7 * smoothstep(0.35, 0.62, py / art.high)) + 0 * px
    rgb = blend(rgb, _DUSK, sky * wiped * 0.9)
    fibre = noise(px * 2.5 + 0.2 * noise(px * 3, py * 3, 61), py * 46, 62) + 0.7 * noise(px * 5, py * 120, 63)
    mottle = 1.2 * grain(px, py, 60, (width * height) ** 0.5, 64)
    dark = 1 - rgb.mean(-1) / 255
    rgb = rgb + (fibre * (5 + 9 * dark) + mottle * (3 + 8 * dark))[..., None]
    return to_pixels(rgb)


STYLE = HouseStyle(
    "woodblock",
    "Woodblock waves",
    "A print of great waves: flat blues and creams, dark contour lines, clawed foam.",
    _render,
)
