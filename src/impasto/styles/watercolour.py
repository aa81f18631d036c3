"""Watercolour: flowers in transparent washes on grained paper, with dark rims and colours that run together.

Wet shapes are ellipses with a wandering edge; each takes light away from the paper, colour by colour (densities of
pigment add up, as real glazes do), gathers pigment at its rim, and settles in the hollows of the paper's grain.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from impasto.styles.ground import (
    Floats,
    Pixels,
    fbm,
    grain,
    hash01,
    noise,
    palette,
    pixel_grid,
    smoothstep,
    to_pixels,
)
from impasto.styles.style import HouseStyle

_PAPER = palette("#fbf6ea")[0]
_WASHES = palette(
    "#2f6fae", "#e0563f", "#f0b429", "#3d8f6f", "#7a4a9c", "#d94f86", "#39a0b8", "#b9622f", "#24456f", "#8fae3a"
)  # fmt: skip
_COOL, _WARM, _LEAF, _VIOLET, _HEART = (0, 6, 3, 6), (5, 1, 2, 1), (3, 9, 8, 3), (4, 0, 5, 4), (8, 2, 7)
_FLOWERS = (  # x, y (parts of the width and height), size (units)
    (0.16, 0.22, 0.125), (0.46, 0.17, 0.10), (0.78, 0.24, 0.145), (0.30, 0.50, 0.14), (0.61, 0.52, 0.12),
    (0.90, 0.58, 0.11), (0.10, 0.72, 0.115), (0.42, 0.82, 0.125), (0.72, 0.82, 0.135), (0.97, 0.05, 0.08),
    (0.95, 0.92, 0.09), (0.03, 0.46, 0.07), (0.22, 0.94, 0.07), (0.60, 0.03, 0.07),
)  # fmt: skip


@dataclass(frozen=True)
class _Wash:
    """One wet shape: place and radius (units), how long it is, its direction, pigment, density, and wetness."""

    x: float
    y: float
    radius: float
    stretch: float
    turn: float
    pigment: int
    density: float
    wet: float = 0.0  # 0 has a sharp edge with a rim, 1 runs out
    lift: float = 0.0  # part of the pigment below that the brush takes up


def _random(k: int, m: int, seed: int) -> list[float]:
    return [float(v) for v in hash01(k, np.arange(7) + 10 * m, seed)]


def _picture(wide: float, high: float) -> Iterator[_Wash]:
    """All washes in the order in which they are laid."""
    for k in range(40):  # the ground: broad, pale, wet into wet
        r = _random(k, 0, 11)
        hues = _COOL if r[1] > 0.35 + 0.3 * r[0] else _WARM
        radius, stretch = 0.10 + 0.12 * r[2], 0.8 + 0.5 * r[3]
        yield _Wash(r[0] * wide, r[1] * high, radius, stretch, 3.1 * r[4], hues[int(r[5] * 4)], 0.28, 0.9, 0.1)
    for k in range(90):  # leaves
        r = _random(k, 0, 12)
        lean = noise(np.array([r[0] * 4]), np.array([r[1] * 4]), 14)
        turn = 1.6 + 1.3 * float(lean[0]) + 0.6 * (r[4] - 0.5)
        radius, density = 0.020 + 0.030 * r[2], 0.55 + 0.9 * r[6]
        hue = _LEAF[int(r[5] * 4)]
        yield _Wash(r[0] * wide, r[1] * high, radius, 1.5 + 0.5 * r[3], turn, hue, density, 0.1 * r[4], 0.45)
    for k, (fx, fy, size) in enumerate(_FLOWERS):
        hues, petals = _WARM if k % 3 else _VIOLET, 6 + k % 4
        for m in range(petals * 2):  # a ring of petals, and a smaller one inside it
            r = _random(k, m, 13)
            outer = m < petals
            turn, out = 2 * np.pi * (m + 0.6 * r[0]) / petals, size * (0.62 if outer else 0.34)
            x, y = fx * wide + out * np.cos(turn), fy * high + out * np.sin(turn) * 0.85
            radius, hue = size * (0.30 + 0.14 * r[2]) * (1 if outer else 0.7), hues[int(r[1] * 2.3 + (k % 2))]
            yield _Wash(x, y, radius, 1.25 + 0.3 * r[3], turn, hue, 0.35 + 0.55 * r[4], lift=0.55)
        for m in range(14):
            r = _random(k, m, 16)
            x, y = fx * wide + size * 0.26 * (r[0] - 0.5), fy * high + size * 0.26 * (r[1] - 0.5)
            yield _Wash(x, y, size * (0.03 + 0.05 * r[2]), 1.2, 6 * r[3], _HEART[m % 3], 1.5, 0.05, 0.5)
    for k in range(160):  # splashes
        r = _random(k, 0, 17)
        radius, hue = 0.002 + 0.009 * r[2] ** 4, int(r[5] * 10)
        yield _Wash(r[0] * wide, r[1] * high, radius, 1.0 + 0.2 * r[3], r[4], hue, 0.9, lift=0.2)


def _render(width: int, height: int) -> Pixels:
    x, y = pixel_grid(width, height)
    unit = (width * height) ** 0.5
    bent_x = x + 0.05 * fbm(x * 3, y * 3, 1) + 0.008 * fbm(x * 22, y * 22, 3, 3)
    bent_y = y + 0.05 * fbm(x * 3 + 9, y * 3, 2) + 0.008 * fbm(x * 22 + 9, y * 22, 4, 3)
    tooth = 0.7 * grain(x, y, 95, unit, 50)
    flow = fbm(x * 5, y * 5, 7, 5)
    absorbs = -np.log(np.clip(_WASHES / _PAPER, 0.04, 0.98))
    density = np.zeros((height, width, 3), np.float32)
    for wash in _picture(width / unit, height / unit):
        reach = wash.radius * wash.stretch * 1.25 + 0.07  # the farthest that a bent edge comes
        left, top = (max(0, int((c - reach) * unit)) for c in (wash.x, wash.y))
        right, bottom = (max(0, int((c + reach) * unit) + 1) for c in (wash.x, wash.y))
        box = (slice(top, bottom), slice(left, right))
        dx, dy = bent_x[box] - np.float32(wash.x), bent_y[box] - np.float32(wash.y)
        c, s = np.float32(np.cos(wash.turn)), np.float32(np.sin(wash.turn))
        u, v = dx * c + dy * s, dy * c - dx * s
        depth: Floats = np.float32(wash.radius) - np.hypot(u / np.float32(wash.stretch), v * np.float32(wash.stretch))
        inside = smoothstep(-0.0015 - 0.03 * wash.wet, 0.0015 + 0.02 * wash.wet, depth)
        rim = np.exp(-((np.abs(depth - np.float32(0.003)) / np.float32(0.0035)) ** 1.2)) * np.float32(1 - wash.wet)
        pool = np.clip(0.75 + 0.55 * flow[box] + v * np.float32(0.35 / wash.radius), 0.12, 2)
        amount = np.float32(wash.density) * inside * (pool + 0.75 * rim) * (1 + 0.30 * tooth[box])
        density[box] *= 1 - wash.lift * inside[..., None]
        density[box] += np.clip(amount, 0, None)[..., None] * absorbs[wash.pigment]
    return to_pixels(_PAPER * np.exp(-density) + (tooth * 4)[..., None])


STYLE = HouseStyle(
    "watercolour",
    "Watercolour",
    "Flowers in transparent washes on grained paper: dark rims, blooms, colours that run together.",
    _render,
)
