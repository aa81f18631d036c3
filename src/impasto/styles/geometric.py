"""Geometric abstraction: overlapping discs, bars, triangles, arcs and chequers in primaries on a textured ground.

Shapes are painted one over the other, some opaque in gouache, some as glazes through which the earlier ones shine.
Edges are a little uneven, each area has its own direction of the brush and a rim where paint gathered, and ruled and
swung lines tie the picture together. The ground is primed canvas, warm and stained.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from impasto.styles.ground import Floats, Pixels, blend, fbm, grain, hash01, noise, palette, ramp, smoothstep
from impasto.styles.pieces import paint_in_bands, slope_light
from impasto.styles.style import HouseStyle

_GROUND = palette("#d9b988", "#ecdcb8", "#f5ecd6")
_RED, _BLUE, _YELLOW, _BLACK, _WHITE, _TEAL, _ORANGE, _PINK, _NAVY, _GREEN = palette(
    "#d3261f", "#1f55b5", "#f6bb14", "#1a181a", "#f8f1e2", "#1f9391", "#ee6c1a", "#e9939a", "#182b60", "#6b8f2f"
)


@dataclass(frozen=True)
class _Shape:
    """One painted area with its middle at x, y (parts of the picture); its size (a, b) is in units."""

    kind: str  # disc: radius, hole; bar and chequer: length, breadth; wedge: length, half its angle, from its tip
    x: float
    y: float
    a: float
    b: float
    turn: float
    paint: Floats
    glaze: bool = False
    half: bool = False  # only the half of a disc that lies away from `turn`

    def outside(self, along: Floats, across: Floats) -> Floats:
        """How far outside of it places are (in units; below 0 is inside), from their places along and across it."""
        if self.kind == "disc":
            distance = np.hypot(along, across)
            edge = np.maximum(distance - self.a, self.b - distance if self.b else -self.a)
            return np.asarray(np.maximum(edge, along) if self.half else edge)
        if self.kind == "wedge":
            side = np.abs(across) * np.cos(self.b) - along * np.sin(self.b)
            return np.asarray(np.maximum(along - self.a, side))
        return np.asarray(np.maximum(np.abs(along) - self.a / 2, np.abs(across) - self.b / 2))


def _shapes() -> Iterator[_Shape]:
    """All shapes, from the first painted to the last."""
    yield _Shape("bar", 0.78, 0.30, 0.62, 0.40, 0.18, _PINK, glaze=True)
    yield _Shape("bar", 0.16, 0.80, 0.50, 0.42, -0.25, _TEAL * 0.6 + 90, glaze=True)
    yield _Shape("wedge", 0.47, 0.03, 0.80, 0.36, 1.62, _YELLOW, glaze=True)
    yield _Shape("wedge", 0.99, 0.16, 0.85, 0.17, 2.62, _ORANGE, glaze=True)
    rings = (0.215, _NAVY), (0.165, _TEAL), (0.135, _WHITE), (0.122, _RED), (0.072, _BLACK), (0.035, _YELLOW)
    for k, (radius, paint) in enumerate(rings):
        yield _Shape("disc", 0.20, 0.28, radius, 0, 0.9 * k, paint)
    yield _Shape("disc", 0.70, 0.36, 0.205, 0, 0.3, _YELLOW)
    yield _Shape("disc", 0.83, 0.50, 0.155, 0, 1.2, _BLUE, glaze=True)
    yield _Shape("disc", 0.62, 0.24, 0.10, 0, 2.0, _RED, glaze=True)
    yield _Shape("disc", 0.40, 0.56, 0.165, 0, -0.5, _RED)
    yield _Shape("disc", 0.50, 0.66, 0.145, 0, 0.2, _BLUE, glaze=True)
    yield _Shape("disc", 0.335, 0.645, 0.07, 0, 1.0, _YELLOW, glaze=True)
    for k, paint in enumerate((_RED, _WHITE, _BLUE, _YELLOW, _BLACK)):  # a target, every second ring of it halved
        yield _Shape("disc", 0.13, 0.80, 0.17 - 0.034 * k, 0, -0.6, paint, half=k % 2 == 1)
    yield _Shape("chequer", 0.83, 0.83, 0.30, 0.24, -0.32, _WHITE)
    yield _Shape("bar", 0.945, 0.70, 0.055, 0.24, -0.32, _RED)
    yield _Shape("bar", 0.70, 0.93, 0.055, 0.20, -0.32, _BLUE)
    for k in range(7):  # stripes
        paint = (_BLACK, _RED, _NAVY, _ORANGE)[k % 4]
        yield _Shape("bar", 0.60 + 0.02 * k, 0.865 - 0.012 * k, 0.20, 0.0125, 1.05, paint)
    for k, paint in enumerate((_ORANGE, _TEAL, _BLACK, _RED, _YELLOW)):  # a row of half discs
        yield _Shape("disc", 0.27 + 0.062 * k, 0.93 - 0.012 * k, 0.042, 0, -0.2 + np.pi * (k % 2), paint, half=True)
    yield _Shape("bar", 0.52, 0.42, 1.25, 0.026, -0.56, _BLACK)
    yield _Shape("bar", 0.40, 0.20, 0.62, 0.013, 0.62, _BLACK)
    yield _Shape("bar", 0.60, 0.72, 0.80, 0.009, 0.22, _RED)
    for k in range(8):  # a fan of ruled lines
        yield _Shape("bar", 0.47 + 0.006 * k, 0.10, 0.46, 0.0042, -0.15 + 0.075 * k, _BLACK if k % 3 else _BLUE)
    for k in range(6):  # swung lines
        radius = 0.235 + 0.022 * k
        hole = radius - (0.0045, 0.009, 0.0045)[k % 3]
        yield _Shape("disc", 0.74, 0.66, radius, hole, 2.4 + 0.13 * k, _BLACK if k % 2 else _RED, half=True)
    for k, paint in enumerate((_BLACK, _RED, _BLUE, _GREEN)):
        yield _Shape("wedge", 0.93 - 0.022 * k, 0.06 + 0.085 * k, 0.085, 0.42, 1.5 + 0.25 * k, paint)
    for k in range(24):  # small discs with a rim
        x, y, size, hue = (float(v) for v in hash01(k, np.arange(4), 3))
        yield _Shape("disc", x, y, 0.012 + 0.024 * size**2, 0, 0, _BLACK)
        paint = (_RED, _BLUE, _YELLOW, _TEAL, _ORANGE, _WHITE, _PINK)[int(hue * 7)]
        yield _Shape("disc", x, y, 0.007 + 0.020 * size**2, 0, 6 * hue, paint)
    for k in range(22):  # rows of dashes
        row, column = divmod(k, 11)
        x, y = 0.30 + 0.016 * column, 0.085 + 0.05 * row - 0.004 * column
        yield _Shape("bar", x, y, 0.026, 0.0065, 1.2 + 0.6 * row, (_BLACK, _RED, _NAVY)[k % 3])


def _render(width: int, height: int) -> Pixels:
    unit = float((width * height) ** 0.5)
    wide, high = width / unit, height / unit
    shapes = list(_shapes())
    soft = 0.7 / unit

    def shade(x: Floats, y: Floats, _: slice) -> Floats:
        weave = 0.35 * (np.sin(x * 760) + np.sin(y * 760)) + 0.6 * grain(x, y, 110, unit, 11)
        stain = 0.55 + 0.38 * fbm(x * 3, y * 3, 12, 4) + 0.12 * noise(x * 40, y * 40, 13)
        rgb = ramp(_GROUND, stain)
        hand_x = x + 0.0016 * noise(x * 22, y * 22, 14) + 0.0007 * noise(x * 90, y * 90, 15)
        hand_y = y + 0.0016 * noise(x * 22, y * 22, 16) + 0.0007 * noise(x * 90, y * 90, 17)
        body = 0.25 * weave  # the relief: canvas, then paint
        for k, shape in enumerate(shapes):
            middle_x, middle_y, reach = np.float32(shape.x * wide), np.float32(shape.y * high), shape.a + shape.b + 0.01
            left, right = np.searchsorted(x[0], (middle_x - reach, middle_x + reach))
            top, bottom = np.searchsorted(y[:, 0], (middle_y - reach, middle_y + reach))
            if left >= right or top >= bottom:
                continue
            u, v = hand_x[top:bottom, left:right] - middle_x, hand_y[top:bottom, left:right] - middle_y
            c, s = np.float32(np.cos(shape.turn)), np.float32(np.sin(shape.turn))
            u, v = u * c + v * s, v * c - u * s
            outside = shape.outside(u, v)
            row, column = np.nonzero(outside < soft)
            along, across, out = u[row, column], v[row, column], outside[row, column]
            at = (row + top, column + left)
            brush = noise(along * 9 + k, across * 75, 20) + 0.6 * grain(along / 8.6 + k, across, 190, unit, 21)
            paint = shape.paint
            if shape.kind == "chequer":
                field = (np.floor(along / 0.04) + np.floor(across / 0.04)) % 2
                paint = np.where(field[..., None] > 0, _BLACK, paint)
            rim = smoothstep(-0.009, -0.001, out)
            cover = smoothstep(soft, -soft, out)
            if shape.glaze:
                pool = np.clip(0.74 + 0.16 * brush + 0.22 * rim, 0, 1)
                rgb[at] = blend(rgb[at], rgb[at] * (paint / 262), cover * pool)
            else:
                tone = 1 + 0.10 * brush + 0.14 * noise(along * 7 + k, across * 7, 22) - 0.16 * rim
                dry = smoothstep(1.9, 1.1, brush - 0.5 * weave[at] + 0.4)
                rgb[at] = blend(rgb[at], (paint + 10) * tone[..., None], cover * (0.55 + 0.45 * dry))
                body[at] += cover * (0.5 * brush + 0.5 - 0.75 * body[at])
        light = slope_light(body * (0.0022 * unit))
        return np.asarray(rgb * (1 + 0.42 * light)[..., None] + (4 * weave)[..., None], np.float32)

    return paint_in_bands(width, height, shade, pad=2)


_ABOUT = "Overlapping discs, bars, wedges and arcs in strong primaries on canvas."
STYLE = HouseStyle("geometric", "Geometric abstraction", _ABOUT, _render)
