"""Swirling night sky: deep blues with warm lights, in thick curved strokes.

A flow field of whirls (three large ones, and a ring round every star and the moon) bends every stroke. Colours are
decided per place (glow of the lights, bands along the whirls, hills, a row of lit houses), then four layers of
strokes, from broad to fine, take their colour from there with some variation, and the relief of the paint is lit.
"""

import numpy as np

from impasto.styles.brush import Brush, Brushwork
from impasto.styles.ground import Floats, Pixels, choose, fbm, noise, palette, ramp, smoothstep
from impasto.styles.style import HouseStyle

_SKY = palette("#070d2b", "#0d1f57", "#17398a", "#2a62b8", "#5793d0", "#a9cfe0", "#dfe6c8")
_HILL = palette("#050a1c", "#0b1b34", "#14344a", "#1f5260", "#3d7a6d", "#8fae6a")
_GLOW = palette("#2a62b8", "#7fb3b0", "#d8c65a", "#f6c531", "#ffe98a", "#fff6cf")
_LAMPS = palette("#f7b52c", "#ffdf6b", "#e8842a", "#fff0b0")
# x, y (parts of the width and height), radius in units, and which way it turns
_WHIRLS = ((0.44, 0.36, 0.21, 1.0), (0.70, 0.47, 0.12, -1.0), (0.12, 0.50, 0.11, 1.0))
_LIGHTS = (
    (0.86, 0.16, 0.115), (0.10, 0.15, 0.060), (0.27, 0.09, 0.042), (0.62, 0.10, 0.052), (0.26, 0.55, 0.050),
    (0.93, 0.50, 0.055), (0.55, 0.62, 0.040), (0.44, 0.06, 0.026), (0.74, 0.27, 0.030), (0.05, 0.38, 0.030),
)  # fmt: skip
_BRUSHES = (  # spacing of the strokes (units), and the brush
    (0.0300, Brush(0.150, 0.0340, edge=14, dry=0.35, thick=0.8)),
    (0.0200, Brush(0.100, 0.0210, edge=14, dry=0.35, thick=0.9)),
    (0.0135, Brush(0.062, 0.0135, edge=14, dry=0.35)),
    (0.0110, Brush(0.034, 0.0070, edge=14, dry=0.35)),
)


def _ridge(x: Floats, wide: float, high: float) -> Floats:
    """Height of the hills' line at x, in units from the top."""
    return np.asarray(high * (0.76 - 0.05 * np.sin(x * 5 / wide + 0.6)) - 0.035 * noise(x * 5, x * 0, 3), np.float32)


def _angle(x: Floats, y: Floats, wide: float, high: float) -> Floats:
    """Direction of the strokes: a waving wind, whirls, rings round the lights, and the slopes of the hills."""
    wind = 0.5 * np.sin(x * 6 / wide + 3 * y) + 0.5 * noise(x * 2.5, y * 2.5, 5)
    dx, dy = np.cos(wind), np.sin(wind)
    for cx, cy, radius, turn in (*_WHIRLS, *((a, b, r * 0.9, 1.0) for a, b, r in _LIGHTS)):
        rx, ry = x - cx * wide, y - cy * high
        d = np.sqrt(rx * rx + ry * ry) + 1e-6
        pull = 3.5 * np.exp(-((d / radius) ** 2)) * turn
        dx, dy = dx + pull * (-ry / d + 0.12 * rx / d), dy + pull * (rx / d + 0.12 * ry / d)
    slope = 1.7 * noise(x * 4, y * 5, 8) - 0.3 * np.cos(x * 5 / wide + 0.6)
    land = smoothstep(-0.01, 0.03, y - _ridge(x, wide, high))
    return np.asarray(np.arctan2(dy, dx) * (1 - land) + slope * land, np.float32)


def _colour(x: Floats, y: Floats, r: Floats, s: Floats, wide: float, high: float) -> Floats:
    """What a stroke at (x, y) is painted with; r and s are random in [0, 1)."""
    tone = 0.40 + 0.22 * noise(x * 3.2, y * 6, 11) - 0.22 * (0.5 - y / high) + 0.16 * noise(x * 9, y * 14, 12)
    for cx, cy, radius, turn in _WHIRLS:
        rx, ry = x - cx * wide, (y - cy * high) * 1.1
        d = np.sqrt(rx * rx + ry * ry) / radius + 1e-6
        arm = np.sin(2 * np.arctan2(ry, rx) - turn * 5 * np.log(d + 0.25))
        tone = tone + (0.34 * arm + 0.10) * np.exp(-((d / 1.15) ** 4))
    out = ramp(_SKY, tone + (r - 0.5) * 0.26)
    for cx, cy, radius in _LIGHTS:
        d = np.hypot(x - cx * wide, y - cy * high) / radius
        glow = np.clip(1.25 - d * 0.8 + 0.13 * np.cos(d * 9), 0, 1)
        hit = (s < glow * 1.3) & (d < 1.6)
        out = np.where(hit[..., None], ramp(_GLOW, glow + (r - 0.5) * 0.25), out)
    below = y - _ridge(x, wide, high)
    tone = 0.45 + 0.75 * fbm(x * 6, y * 9, 21, 3) - 0.3 * below / high + (r - 0.5) * 0.35
    hills = ramp(_HILL, tone + 0.5 * smoothstep(0.02, 0.0, below))
    town = (np.abs(below - 0.075 - 0.02 * noise(x * 8, y * 8, 31)) < 0.03) & (noise(x * 26, y * 34, 33) > 0.22)
    hills = np.where((town & (s < 0.9))[..., None], choose(_LAMPS, r), hills)
    return np.where((below > 0)[..., None], hills, out).astype(np.float32)


def _render(width: int, height: int) -> Pixels:
    work = Brushwork(width, height)
    wide, high = work.wide, work.high
    work.fill(_SKY[1], 60)
    for k, (spacing, brush) in enumerate(_BRUSHES):
        at = work.points(spacing, 40 + k, margin=0.05)
        paint = _colour(at.x, at.y, at.random(1), at.random(2), wide, high) + (at.random(3)[:, None] - 0.5) * 22
        if k == 3:  # the finest strokes only where something is bright, and here and there
            some = (paint.mean(1) > 120) | (at.random(4) < 0.2)
            at, paint = at.take(some), paint[some]
        work.strokes(at, paint, brush, lambda x, y: _angle(x, y, wide, high), 0.7 + 0.5 * at.random(5))
    return work.picture(relief=0.55)


STYLE = HouseStyle(
    "night",
    "Swirling night",
    "A night sky of thick curved strokes: deep blues, whirls, and warm yellow lights.",
    _render,
)
