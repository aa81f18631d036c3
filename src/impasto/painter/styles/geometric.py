"""Geometric abstraction: overlapping discs, bars, triangles, arcs and chequers in primaries on a textured ground.

Shapes are painted one over the other, some opaque in gouache, some as glazes through which the earlier ones shine.
Edges are a little uneven, each area has its own direction of the brush and a rim where paint gathered, and ruled and
swung lines tie the picture together. The ground is primed canvas, warm and stained.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from impasto.painter.styles.canvas import Floats, Pixels, blend, fbm, hash01, noise, palette, ramp, smoothstep
from impasto.painter.styles.shapes import grain, paint_in_bands, slope_light
from impasto.painter.styles.style import HouseStyle

_GROUND = palette("#d9b988", "#ecdcb8", "#f5ecd6")
_RED, _BLUE, _YELLOW, _BLACK, _WHITE, _TEAL, _ORANGE, _PINK, _NAVY, _GREEN = palette(
    "#d3261f", "#1f55b5", "#f6bb14", "#1a181a", "#f8f1e2", "#1f9391", "#ee6c1a", "#e9939a", "#182b60", "#6b8f2f"
)


@dataclass(frozen=True)
class _Shape:
    """One painted area: where it may lie, how far outside of it a place is (units; below 0 is inside), its paint."""

    x: float
    y: float
    reach: float
    outside: Callable[[Floats, Floats], Floats]
    paint: Floats
    glaze: bool = False
    second: Floats | None = None  # a chequer of two paints
    turn: float = 0.0


def _disc(
    x: float,
    y: float,
    radius: float,
    paint: Floats,
    *,
    hole: float = 0.0,
    glaze: bool = False,
    cut: float | None = None,
) -> _Shape:
    """A disc at (x, y); a ring where it has a hole; a half one where it is cut at an angle."""

    def outside(u: Floats, v: Floats) -> Floats:
        d = np.hypot(u, v)
        out = np.maximum(d - radius, hole - d) if hole else d - radius
        return out if cut is None else np.maximum(out, u * np.cos(cut) + v * np.sin(cut))

    return _Shape(x, y, radius, outside, paint, glaze)


def _bar(
    x: float,
    y: float,
    long: float,
    broad: float,
    turn: float,
    paint: Floats,
    *,
    glaze: bool = False,
    second: Floats | None = None,
) -> _Shape:
    """A bar with its middle at (x, y), or a chequer of two paints."""

    def outside(u: Floats, v: Floats) -> Floats:
        c, s = np.cos(turn), np.sin(turn)
        return np.maximum(np.abs(u * c + v * s) - long / 2, np.abs(v * c - u * s) - broad / 2)

    return _Shape(x, y, (long + broad) / 2, outside, paint, glaze, second, turn)


def _wedge(x: float, y: float, tall: float, half: float, turn: float, paint: Floats, *, glaze: bool = False) -> _Shape:
    """A triangle with its tip at (x, y), `tall` long, that opens by the angle `half` to both sides of `turn`."""

    def outside(u: Floats, v: Floats) -> Floats:
        a, b = u * np.cos(turn) + v * np.sin(turn), np.abs(v * np.cos(turn) - u * np.sin(turn))
        return np.maximum(a - tall, b * np.cos(half) - a * np.sin(half))

    return _Shape(x, y, tall / np.cos(half), outside, paint, glaze)


def _shapes(wide: float, high: float) -> list[_Shape]:
    """All shapes, from the first painted to the last."""
    s: list[_Shape] = []

    def at(x: float, y: float) -> tuple[float, float]:
        return x * wide, y * high

    s += [
        _bar(*at(0.78, 0.30), 0.62, 0.40, 0.18, _PINK, glaze=True),
        _bar(*at(0.16, 0.80), 0.5, 0.42, -0.25, _TEAL * 0.6 + 90, glaze=True),
    ]
    s += [
        _wedge(*at(0.47, 0.03), 0.80, 0.36, 1.62, _YELLOW, glaze=True),
        _wedge(*at(0.99, 0.16), 0.85, 0.17, 2.62, _ORANGE, glaze=True),
    ]
    x, y = at(0.20, 0.28)
    for radius, paint in (
        (0.215, _NAVY),
        (0.165, _TEAL),
        (0.135, _WHITE),
        (0.122, _RED),
        (0.072, _BLACK),
        (0.035, _YELLOW),
    ):
        s.append(_disc(x, y, radius, paint))
    s += [
        _disc(*at(0.70, 0.36), 0.205, _YELLOW),
        _disc(*at(0.83, 0.50), 0.155, _BLUE, glaze=True),
        _disc(*at(0.62, 0.24), 0.10, _RED, glaze=True),
    ]
    s += [
        _disc(*at(0.40, 0.56), 0.165, _RED),
        _disc(*at(0.50, 0.66), 0.145, _BLUE, glaze=True),
        _disc(*at(0.335, 0.645), 0.07, _YELLOW, glaze=True),
    ]
    x, y = at(0.13, 0.80)
    for k, paint in enumerate((_RED, _WHITE, _BLUE, _YELLOW, _BLACK)):  # quarter and half rings, as in a target
        s.append(_disc(x, y, 0.17 - 0.034 * k, paint, cut=-0.6 if k % 2 else None))
    s.append(_bar(*at(0.83, 0.83), 0.30, 0.24, -0.32, _WHITE, second=_BLACK))
    s += [_bar(*at(0.945, 0.70), 0.055, 0.24, -0.32, _RED), _bar(*at(0.70, 0.93), 0.055, 0.2, -0.32, _BLUE)]
    for k in range(7):  # stripes
        s.append(
            _bar(*at(0.60 + 0.020 * k, 0.865 - 0.012 * k), 0.20, 0.0125, 1.05, (_BLACK, _RED, _NAVY, _ORANGE)[k % 4])
        )
    for k in range(5):  # a row of half discs
        s.append(
            _disc(
                *at(0.27 + 0.062 * k, 0.93 - 0.012 * k),
                0.042,
                (_ORANGE, _TEAL, _BLACK, _RED, _YELLOW)[k],
                cut=-0.2 + np.pi * (k % 2),
            )
        )
    s += [
        _bar(*at(0.52, 0.42), 1.25, 0.026, -0.56, _BLACK),
        _bar(*at(0.40, 0.20), 0.62, 0.013, 0.62, _BLACK),
        _bar(*at(0.60, 0.72), 0.8, 0.009, 0.22, _RED),
    ]
    for k in range(8):  # a fan of ruled lines
        s.append(_bar(*at(0.47 + 0.006 * k, 0.10), 0.46, 0.0042, -0.15 + 0.075 * k, _BLACK if k % 3 else _BLUE))
    for k in range(6):  # swung lines
        x, y = at(0.74, 0.66)
        s.append(
            _disc(
                x,
                y,
                0.235 + 0.022 * k,
                _BLACK if k % 2 else _RED,
                hole=0.235 + 0.022 * k - (0.0045, 0.009, 0.0045)[k % 3],
                cut=2.4 + 0.13 * k,
            )
        )
    for k in range(4):
        s.append(
            _wedge(
                *at(0.93 - 0.022 * k, 0.06 + 0.085 * k), 0.085, 0.42, 1.5 + 0.25 * k, (_BLACK, _RED, _BLUE, _GREEN)[k]
            )
        )
    for k in range(24):  # small discs with a rim
        r = [float(v) for v in hash01(k, np.arange(4), 3)]
        x, y = at(r[0], r[1])
        paint = (_RED, _BLUE, _YELLOW, _TEAL, _ORANGE, _WHITE, _PINK)[int(r[3] * 7)]
        s += [_disc(x, y, 0.012 + 0.024 * r[2] ** 2, _BLACK), _disc(x, y, 0.007 + 0.020 * r[2] ** 2, paint)]
    for k in range(22):  # short strokes, rows of dashes
        x, y = at(0.30 + 0.016 * (k % 11), 0.085 + 0.05 * (k // 11) - 0.004 * (k % 11))
        s.append(_bar(x, y, 0.026, 0.0065, 1.2 + 0.6 * (k // 11), (_BLACK, _RED, _NAVY)[k % 3]))
    return s


def _render(width: int, height: int) -> Pixels:
    unit = float((width * height) ** 0.5)
    wide, high = width / unit, height / unit
    shapes = _shapes(wide, high)
    soft = 0.7 / unit

    def shade(x: Floats, y: Floats, _: slice) -> Floats:
        weave = 0.35 * (np.sin(x * 760) + np.sin(y * 760)) + 0.6 * grain(x, y, 110, unit, 11)
        stain = 0.55 + 0.38 * fbm(x * 3, y * 3, 12, 4) + 0.12 * noise(x * 40, y * 40, 13)
        rgb = ramp(_GROUND, stain)
        hand_x = x + 0.0016 * noise(x * 22, y * 22, 14) + 0.0007 * noise(x * 90, y * 90, 15)
        hand_y = y + 0.0016 * noise(x * 22, y * 22, 16) + 0.0007 * noise(x * 90, y * 90, 17)
        body = 0.25 * weave  # the relief: canvas, then paint
        for k, shape in enumerate(shapes):
            left, right = np.searchsorted(x[0], (shape.x - shape.reach - 0.01, shape.x + shape.reach + 0.01))
            top, bottom = np.searchsorted(y[:, 0], (shape.y - shape.reach - 0.01, shape.y + shape.reach + 0.01))
            if left >= right or top >= bottom:
                continue
            box = (slice(top, bottom), slice(left, right))
            u, v = hand_x[box] - np.float32(shape.x), hand_y[box] - np.float32(shape.y)
            out = shape.outside(u, v)
            turn = shape.turn or 0.7 * k
            along, across = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
            brush = noise(along * 9 + k, across * 75, 20) + 0.6 * noise(along * 22 + k, across * 190, 21)
            paint = shape.paint
            if shape.second is not None:
                chequer = (np.floor(along / 0.04) + np.floor(across / 0.04)) % 2
                paint = np.where(chequer[..., None] > 0, shape.second, shape.paint)
            rim = smoothstep(-0.009, -0.001, out)
            cover = smoothstep(soft, -soft, out)
            tone = 1 + 0.10 * brush + 0.14 * noise(u * 7 + k, v * 7, 22) - 0.16 * rim
            if shape.glaze:
                pool = 0.74 + 0.16 * brush + 0.22 * rim
                rgb[box] = blend(rgb[box], rgb[box] * (paint / 262), cover * np.clip(pool, 0, 1))
            else:
                dry = smoothstep(1.9, 1.1, brush - 0.5 * weave[box] + 0.4)
                rgb[box] = blend(rgb[box], (paint + 10) * tone[..., None], cover * (0.55 + 0.45 * dry))
                body[box] += cover * (0.5 * brush + 0.5 - 0.75 * body[box])
        light = slope_light(body * (0.0022 * unit))
        return np.asarray(rgb * (1 + 0.42 * light)[..., None] + (4 * weave)[..., None], np.float32)

    return paint_in_bands(width, height, shade, 1, pad=2)


STYLE = HouseStyle(
    "geometric",
    "Geometric abstraction",
    "Overlapping discs, bars, wedges and arcs in strong primaries on canvas.",
    _render,
)
