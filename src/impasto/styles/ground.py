"""What every generated painting stands on: places, noise, palettes and curves.

Places and lengths are in *units*: one unit is sqrt(width * height) pixels, so that a picture has an area of 1 and the
composition does not depend on the size. Randomness is tied to a seed and to a place (never to a count of pixels).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Pixels = npt.NDArray[np.uint8]

_TABLE = 256  # noise repeats after this many cells; far beyond what a picture shows
_BATCH = 150_000  # points that are worked on at a time: few enough for the processor's cache


def hash01(i: npt.ArrayLike, j: npt.ArrayLike, seed: int) -> Floats:
    """Random numbers in [0, 1) that depend on the integers i, j and seed alone, in an array of at least one."""
    h = np.atleast_1d(np.asarray(i)).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    h = h ^ (np.asarray(j).astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)) ^ np.uint64(seed * 0x632BE5AB + 77)
    for shift in (29, 32):
        h = (h ^ (h >> np.uint64(shift))) * np.uint64(0xBF58476D1CE4E5B9)
    return ((h >> np.uint64(40)).astype(np.float32)) / np.float32(1 << 24)


@lru_cache(maxsize=64)
def _gradients(seed: int) -> tuple[Floats, Floats]:
    angle = np.random.default_rng(seed).random((_TABLE, _TABLE), dtype=np.float32) * np.float32(2 * np.pi)
    return np.cos(angle).ravel(), np.sin(angle).ravel()


def noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Gradient noise of one octave at the points (x, y), cells of side 1, about -1 to 1."""
    x, y = np.broadcast_arrays(np.asarray(x, np.float32), np.asarray(y, np.float32))
    if x.ndim != 2 or x.size <= _BATCH:
        return _noise(x, y, seed)
    out = np.empty(x.shape, np.float32)  # a picture is done some rows at a time, which is faster and needs less memory
    band = max(1, _BATCH // x.shape[1])
    for top in range(0, len(x), band):
        out[top : top + band] = _noise(x[top : top + band], y[top : top + band], seed)
    return out


def _noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Noise at points of any shape, all at once."""
    gx, gy = _gradients(seed)
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    i, j = x0.astype(np.int32), y0.astype(np.int32)
    sx, sy = fx * fx * fx * (fx * (fx * 6 - 15) + 10), fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    rows: list[Floats] = []
    for dy in (0, 1):
        corner: list[Floats] = []
        for dx in (0, 1):
            k = ((j + dy) % _TABLE) * _TABLE + (i + dx) % _TABLE
            corner.append(gx[k] * (fx - dx) + gy[k] * (fy - dy))
        rows.append(corner[0] + sx * (corner[1] - corner[0]))
    return np.asarray((rows[0] + sy * (rows[1] - rows[0])) * np.float32(1.5), np.float32)


def fbm(x: Floats, y: Floats, seed: int, octaves: int = 4, gain: float = 0.5) -> Floats:
    """Noise of several octaves, each twice as fine and `gain` times as strong, about -1 to 1."""
    total = noise(x, y, seed)
    weight, size = 1.0, 1.0
    for octave in range(1, octaves):
        weight *= gain
        size += weight
        total = total + np.float32(weight) * noise(x * 2**octave, y * 2**octave, seed + octave)
    return np.asarray(total / np.float32(size**0.5), np.float32)


def smoothstep(low: float | Floats, high: float | Floats, x: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; `low` above `high` turns it round."""
    t = np.clip((x - np.asarray(low, np.float32)) / np.asarray(high - low, np.float32), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def palette(*colours: str) -> Floats:
    """Colours written "#rrggbb" as an n x 3 array in 0..255."""
    return np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in colours], np.float32)


def ramp(colours: Floats, t: Floats) -> Floats:
    """Colours at t in [0, 1] along a palette, linearly interpolated: shape of t, then 3."""
    place = np.clip(t, 0, 1) * np.float32(len(colours) - 1)
    low = np.minimum(place.astype(np.int32), len(colours) - 2)
    return np.asarray(colours[low] + (place - low)[..., None] * (colours[low + 1] - colours[low]), np.float32)


def blend(under: Floats, over: Floats, alpha: Floats) -> Floats:
    """`over` (a colour or a picture) laid on `under` with the opacity alpha (H x W, or n)."""
    return np.asarray(under + alpha[..., None] * (over - under), np.float32)


def to_pixels(rgb: Floats) -> Pixels:
    """Colours in 0..255, clipped and rounded to uint8."""
    return np.asarray(np.clip(rgb + np.float32(0.5), 0, 255).astype(np.uint8))


def choose(colours: Floats, r: Floats, weights: Sequence[float] | None = None) -> Floats:
    """A colour of the palette for each random number r in [0, 1), by weight."""
    parts = np.cumsum(np.asarray(weights if weights is not None else np.ones(len(colours)), np.float64))
    return np.asarray(colours[np.searchsorted(parts / parts[-1], r, side="right").clip(0, len(colours) - 1)])


def spline(knots: Sequence[tuple[float, float]] | Floats, count: int = 160) -> Floats:
    """A smooth curve through the knots (Catmull-Rom), as count x 2 points."""
    p = np.asarray(knots, np.float32)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    s = np.linspace(0, len(p) - 3, count, dtype=np.float32)
    k = np.minimum(s.astype(np.int32), len(p) - 4)
    t = (s - k)[:, None]
    a, b, c, d = (p[k + m] for m in range(4))
    return np.asarray(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))), np.float32)


def pixel_grid(width: int, height: int) -> tuple[Floats, Floats]:
    """Unit coordinates of a picture's pixels: x of shape 1 x width, y of shape height x 1."""
    unit = np.float32((width * height) ** 0.5)
    x, y = ((np.arange(count, dtype=np.float32) + np.float32(0.5)) / unit for count in (width, height))
    return x[None, :], y[:, None]


def grain(x: Floats, y: Floats, coarse: float, unit: float, seed: int) -> Floats:
    """Grain of paper or plaster: noise from `coarse` cells a unit down to the pixel (`unit` pixels a unit), -1 to 1."""
    total, weight, power = noise(x * coarse, y * coarse, seed), 1.0, 1.0
    while coarse * 4.4 < unit:
        coarse, weight, seed = coarse * 2, weight * 0.7, seed + 1
        power += weight * weight
        total = total + np.float32(weight) * noise(x * coarse, y * coarse, seed)
    return np.asarray(total / np.float32(power**0.5), np.float32)
