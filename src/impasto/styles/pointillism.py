"""Pointillism: a sunny river bank in dots of unmixed colour that the eye mixes.

The picture is decided per place as a *mean* colour; the dots laid there take pigments that scatter round that mean
(and one in seven its complement, as the divisionists did to make colours vibrate). Larger dots ground the picture, two
layers of smaller ones finish it, and a bluish border of dots darkens towards the frame.
"""

import numpy as np

from impasto.styles.brush import Brush, Brushwork
from impasto.styles.ground import Floats, Pixels, fbm, noise, palette, ramp, smoothstep
from impasto.styles.style import HouseStyle

_PIGMENTS = palette(
    "#f7e9a0", "#f3c63a", "#ef8a2c", "#d9452b", "#b01f4b", "#7b2f83", "#3c3a94", "#2f63b5", "#3f9fc4", "#57b8a0",
    "#2f8a4b", "#7db843", "#c6d45a", "#1c2b52", "#f4f0e2", "#e79bb0", "#5d3a22", "#123d34",
)  # fmt: skip
_GROUND, _FRAME, _SAIL = palette("#d9c79a", "#3c3a94", "#e5e2d4")
_SKY = palette("#f3b98a", "#f3d9a0", "#b4d0d8", "#6aa6d6", "#4c7fc0")
_RIVER = palette("#2b4f96", "#4f86c4", "#8fbfdc", "#f0dcae")
_GRASS = palette("#16402f", "#2f7a3f", "#6fae3f", "#c2cf4e", "#f0de7a")
_LEAVES = palette("#12213f", "#143f3a", "#2a6f3d", "#6aa23a", "#d0b63f")
_BARK = palette("#1c2b52", "#5d3a22", "#ef8a2c")
# parts of the width and height: sails (x, foot, height), people (x, middle, height, pigment), trees (x, width, depth)
_SAILS = ((0.30, 0.40, 0.10), (0.44, 0.385, 0.07), (0.56, 0.40, 0.085), (0.17, 0.39, 0.06))
_PEOPLE = ((0.33, 0.74, 0.19, 4), (0.41, 0.745, 0.17, 3), (0.56, 0.63, 0.13, 5), (0.70, 0.78, 0.30, 13),
           (0.52, 0.88, 0.19, 2), (0.15, 0.82, 0.26, 6), (0.64, 0.60, 0.12, 15))  # fmt: skip
_TREES = ((0.90, 0.17, 0.52), (0.74, 0.10, 0.30), (0.03, 0.11, 0.38))
_LAYERS = ((0.0150, 0.0240), (0.0125, 0.0150), (0.0120, 0.0118))  # spacing and size of the dots, in units


def _scene(x: Floats, y: Floats, wide: float, high: float) -> Floats:
    """Mean colours at (x, y): sky, far bank, river with sails, grass in light and shade, people, and tall trees."""
    u, v = x / wide, y / high
    out = ramp(_SKY, 1.0 - v * 1.9 + 0.45 * np.clip(fbm(x * 3, y * 6, 3, 3), -0.6, 0.6))
    far = 0.36 + 0.03 * noise(x * 6, x * 0, 5)
    out = np.where((v > far)[..., None], ramp(_LEAVES, 0.45 + 0.5 * noise(x * 12, y * 16, 6)), out)
    river = ramp(_RIVER, 0.5 + 0.5 * noise(x * 4, y * 26, 7) + 0.4 * (0.55 - u))
    out = np.where((v > 0.44)[..., None], river, out)
    for sx, foot, tall in _SAILS:
        sail = (v < foot + 0.05) & (v > foot - tall) & (u > sx) & (u - sx < (v - foot + tall) * 0.42)
        mirror = (v > foot + 0.06) & (v < foot + 0.06 + tall * 0.8) & (np.abs(u - sx - 0.02) < 0.016)
        out = np.where((sail | mirror)[..., None], _SAIL, out)
    bank = 0.60 - 0.17 * u + 0.02 * np.sin(u * 9)
    shade = fbm(x * 3.2, y * 7, 9, 3) + 0.9 * (v - 0.78)
    light = 0.78 - 0.75 * smoothstep(-0.12, 0.22, shade) + 0.2 * noise(x * 14, y * 14, 10)
    out = np.where((v > bank)[..., None], ramp(_GRASS, light), out)
    for px, py, tall, hue in _PEOPLE:
        across, down = (u - px) * wide / high / tall, (v - py) / tall
        dress = (np.abs(across) < 0.10 + 0.16 * smoothstep(-0.1, 0.5, down)) & (np.abs(down) < 0.5)
        head = np.hypot(across, down + 0.60) < 0.10
        parasol = (np.hypot(across + 0.05, (down + 0.68) * 1.5) < 0.36) & (down < -0.72)
        shadow = (np.abs(down - 0.5 + across * tall) < 0.10) & (across < 0) & (across > -1.3)
        lit = np.clip(0.85 + 1.6 * across, 0.35, 1.25)[..., None]
        for where, colour in (
            (shadow, _GRASS[0]),
            (dress, _PIGMENTS[hue] * lit),
            (head, _PIGMENTS[2] * 0.8 + 40),
            (parasol, _PIGMENTS[(hue * 5 + 3) % 16] * (0.2 + lit)),
        ):
            out = np.where(where[..., None], colour, out)
    for tx, broad, deep in _TREES:
        trunk = (np.abs(u - tx - 0.012 * np.sin(v * 14)) < broad * 0.11) & (v < 0.80) & (v > deep * 0.5)
        out = np.where(trunk[..., None], ramp(_BARK, 0.45 + 14 * (tx - u)), out)
        crown = ((u - tx) / broad) ** 2 + ((v - deep * 0.42) / deep) ** 2 + 0.55 * noise(x * 9, y * 9, 21)
        leaf = 0.55 + 0.45 * noise(x * 13, y * 13, 22) - 2.2 * (u - tx) - 0.5 * (v - 0.2)
        out = np.where((crown < 0.75)[..., None], ramp(_LEAVES, leaf), out)
    return np.asarray(out, np.float32)


def _pigment(mean: Floats, r: Floats, s: Floats) -> Floats:
    """Colours of dots round a mean (n x 3): it is moved by a random step, or turned to its complement, and purified."""
    step = np.stack([np.cos(6.28 * r), np.cos(6.28 * r + 2.1), np.cos(6.28 * r + 4.2)], -1) * (88 * s[:, None])
    grey = mean.mean(-1, keepdims=True)
    aim = np.where((s > 0.86)[:, None], grey - 1.5 * (mean - grey) + step * 0.6, mean + step)
    away = ((aim[:, None, :] - _PIGMENTS) * np.array([0.9, 1.2, 0.8], np.float32)) ** 2
    return np.asarray(_PIGMENTS[away.sum(-1).argmin(1)] * 0.72 + aim * 0.28, np.float32)


def _render(width: int, height: int) -> Pixels:
    work = Brushwork(width, height)
    work.fill(_GROUND, 20)
    for k, (spacing, dot) in enumerate(_LAYERS):
        at = work.points(spacing, 30 + k)
        x, y = at.x + 0.006 * (at.random(1) - 0.5), at.y + 0.006 * (at.random(2) - 0.5)
        mean = _scene(x, y, work.wide, work.high)
        edge = np.minimum(np.minimum(at.x, work.wide - at.x), np.minimum(at.y, work.high - at.y))
        mean = mean + smoothstep(0.03, 0.0, edge)[:, None] * (_FRAME - mean) * 0.8
        brush = Brush(dot * 1.15, dot, bristle=12, edge=8, dry=0, thick=0.8, blunt=2, bend=2)
        ink = _pigment(mean, at.random(3), at.random(4))
        work.strokes(at, ink, brush, lambda x, y: 2.5 * noise(x * 4, y * 4, 5), 0.75 + 0.45 * at.random(5))
    return work.picture(relief=0.25)


STYLE = HouseStyle("pointillism", "Pointillism", "A sunny river bank in thousands of dots of pure colour.", _render)
