"""Brushwork: thousands of strokes laid along a flow field, with bristles, streaks of colour and relief.

A stroke is a path that follows the field, and a mark of a brush (light, height, cover and streaks of its samples) that
is bent along it. All strokes of a layer are done together, and later ones cover earlier ones.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from impasto.styles.ground import Floats, Pixels, hash01, noise, to_pixels

Field = Callable[[Floats, Floats], Floats]
Ints = npt.NDArray[np.integer[Any]]

_BATCH = 150_000  # samples that are worked on at a time: few enough for the processor's cache


@dataclass(frozen=True)
class Points:
    """Scattered places in units, in painting order, with a random number generator of their own per place."""

    x: Floats
    y: Floats
    i: Ints
    j: Ints
    seed: int

    def random(self, channel: int) -> Floats:
        """One random number in [0, 1) for each place."""
        return hash01(self.i, self.j, self.seed * 101 + channel)

    def take(self, chosen: npt.NDArray[np.bool_] | Ints) -> "Points":
        """Some of the places, in the order given."""
        return Points(self.x[chosen], self.y[chosen], self.i[chosen], self.j[chosen], self.seed)

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Brush:
    """A brush, or a knife, and how it is used."""

    length: float  # a stroke's, in units
    width: float  # in units
    bristle: float = 30.0  # by how much (of 255) the hairs vary in light across the stroke
    edge: float = 10.0  # by how much one side is lighter, and the other darker
    dry: float = 0.3  # how many of the hairs run out of paint
    thick: float = 1.0  # height of the paint; 1 is the most
    lip: float = 0.3  # how much of it is squeezed out at the sides
    blunt: int = 5  # how square the ends are; 2 is an ellipse
    point: float = 0.0  # above 0 the stroke runs out in a point
    bend: int = 8  # straight parts of its path


class Brushwork:
    """A picture in work: colour and relief (height of the paint, 0..255), `fine` times finer than the result."""

    def __init__(self, width: int, height: int, fine: int = 2) -> None:
        self.width, self.height, self.fine = width, height, fine
        self.columns, self.rows = width * fine, height * fine
        self.unit = float((self.columns * self.rows) ** 0.5)
        self.wide, self.high = self.columns / self.unit, self.rows / self.unit
        self.paint = np.zeros((self.rows, self.columns, 4), np.uint8)

    def points(self, spacing: float, seed: int, margin: float = 0.02) -> Points:
        """Places on a jittered grid, in random order; the same places at every size."""
        across, down = (int(np.ceil((s / 2 + margin) / spacing)) for s in (self.wide, self.high))
        j, i = (a.ravel() for a in np.mgrid[-down : down + 1, -across : across + 1])
        order = np.argsort(hash01(i, j, seed * 101 + 99), kind="stable")
        i, j = i[order], j[order]
        x = self.wide / 2 + (i + hash01(i, j, seed * 101 + 97) - 0.5) * spacing
        y = self.high / 2 + (j + hash01(i, j, seed * 101 + 98) - 0.5) * spacing
        return Points(x.astype(np.float32), y.astype(np.float32), i, j, seed)

    def fill(self, rgb: Floats, relief: int = 0) -> None:
        """Cover everything with a colour or a picture (rows x columns x 3)."""
        self.paint[..., :3] = np.clip(rgb, 0, 255).astype(np.uint8)
        self.paint[..., 3] = relief

    def strokes(
        self,
        at: Points,
        colours: Floats,
        brush: Brush,
        direction: Field,
        size: Floats | float = 1.0,
        second: Floats | None = None,
    ) -> None:
        """Lay one stroke at each place, along the field `direction` (an angle in radians), later over earlier.

        `colours` (and `second`, which streaks them) are n x 3 in 0..255; `size` makes each stroke larger or smaller.
        """
        size = np.broadcast_to(np.asarray(size, np.float32), at.x.shape)
        bend = brush.bend
        path = _trace(at, direction, brush.length * size, bend)
        reach = self.unit * float(size.max(initial=0)) * 1.25  # samples a little closer than the canvas's leave no gaps
        along, across = max(3, math.ceil(brush.length * reach)), max(2, math.ceil(brush.width * reach))
        shade, height, solid, streaks = _mark(brush, along, across, at.seed)
        u = (np.arange(along, dtype=np.float32) + 0.5) / along * bend
        knot = np.minimum(u.astype(np.int32), bend - 1)
        weights = np.zeros((along, bend + 1), np.float32)
        weights[np.arange(along), knot] = 1 - (u - knot)
        weights[np.arange(along), knot + 1] = u - knot
        half = np.sqrt(np.clip(1 - np.abs(2 * u / bend - 1) ** brush.blunt, 0, 1)) * np.float32(brush.width / 2)
        half *= (1 - u / bend) ** np.float32(brush.point)
        t = half[:, None] * np.linspace(-1, 1, across, dtype=np.float32)
        flat = self.paint.reshape(-1, 4).view(np.uint32).ravel()
        variant = (at.random(90) * len(shade)).astype(np.int64)
        inks = [np.clip(c, 0, 255).astype(np.int16) for c in (colours, colours if second is None else second)]
        each = along * across
        batch = max(1, _BATCH // each)
        for first in range(0, len(at), batch):
            part = slice(first, first + batch)
            line = weights @ (path[part] * np.float32(self.unit))
            normal = np.gradient(path[part], axis=1)[..., ::-1] * np.array([-1, 1], np.float32)
            normal = weights @ normal
            normal *= self.unit * size[part, None, None] / (np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9)
            column = np.floor(line[:, :, None, 0] + normal[:, :, None, 0] * t).astype(np.int32)
            row = np.floor(line[:, :, None, 1] + normal[:, :, None, 1] * t).astype(np.int32)
            pick = variant[part]
            keep = solid[pick]
            keep &= (column >= 0) & (column < self.columns)
            keep &= (row >= 0) & (row < self.rows)
            chosen = np.flatnonzero(keep)
            which = chosen // each
            texel = (pick * each - np.arange(len(pick)) * each)[which] + chosen
            tone = np.empty((len(chosen), 4), np.uint8)
            light = shade.ravel()[texel]
            streak = streaks.ravel()[texel] if second is not None else None
            for c in range(3):
                ink = inks[0][part, c][which]
                if streak is not None:
                    ink = np.where(streak, inks[1][part, c][which], ink)
                tone[:, c] = np.clip(ink + light, 0, 255)
            tone[:, 3] = height.ravel()[texel]
            place = row.ravel()[chosen].astype(np.int64) * self.columns + column.ravel()[chosen]
            flat[place] = tone.view(np.uint32).ravel()  # where two places are equal, the last one stays

    def picture(self, relief: float = 0.0, towards: tuple[float, float] = (-0.7, -0.7)) -> Pixels:
        """The result (height x width x 3), its relief lit from the side `towards` with the strength `relief`."""
        f = self.fine
        small = self.paint.reshape(self.height, f, self.width, f, 4).mean(axis=(1, 3), dtype=np.float32)
        rgb = small[..., :3]
        if relief:
            rgb = lit(rgb, small[..., 3], relief * self.unit / f / 443, towards)
        return to_pixels(rgb)


def lit(rgb: Floats, height: Floats, strength: float, towards: tuple[float, float] = (-0.7, -0.7)) -> Floats:
    """Colours (H x W x 3) under a light from the side, on paint of this height (H x W)."""
    down, right = np.gradient(scipy.ndimage.gaussian_filter(height, 0.6))
    slope = np.tanh(-(right * towards[0] + down * towards[1]) * np.float32(strength / 40))
    return np.asarray(rgb + np.where(slope > 0, 90, 70)[..., None] * slope[..., None], np.float32)


def _trace(at: Points, direction: Field, length: Floats, bend: int) -> Floats:
    """Paths of shape n x (bend + 1) x 2 that follow the field, with the places in their middles."""
    step = (length / bend).astype(np.float32)
    knots: list[Floats] = [np.stack([at.x, at.y], -1)]
    for sign in (-1, 1):
        x, y = at.x, at.y
        for _ in range(bend // 2 if sign < 0 else bend - bend // 2):
            angle = direction(x, y)
            x, y = x + sign * step * np.cos(angle), y + sign * step * np.sin(angle)
            knots.insert(0 if sign < 0 else len(knots), np.stack([x, y], -1))
    return np.stack(knots, 1).astype(np.float32)


def _mark(
    brush: Brush, along: int, across: int, seed: int
) -> tuple[npt.NDArray[np.int16], Pixels, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Light, height, cover and streaks of a stroke's samples, each of shape variants x along x across."""
    variants = int(np.clip(3_000_000 // (along * across), 3, 12))
    u = np.linspace(0, 1, along, dtype=np.float32)[None, :, None]
    t = np.linspace(-1, 1, across, dtype=np.float32)[None, None, :]
    row = np.arange(variants, dtype=np.float32)[:, None, None] * 17.3
    hairs = np.zeros((variants, along, across), np.float32)
    for octave in range(6):
        count = 2.5 * 2**octave
        if count * 1.5 <= across:
            hairs += noise(row + u * 1.5, row + t * count, seed + 500 + octave) * np.float32(0.8**octave)
    shade = brush.bristle * hairs - brush.edge * t
    worn = noise(row + u * 2, row + t * 6, seed + 510) + (u - 0.5) * 0.6
    solid = worn < np.float32(1.2 - 1.6 * brush.dry)
    squeezed = 0.5 * np.abs(t) ** 5 + 0.35 * (2 * u - 1) ** 12 - 0.1
    ridge = 0.5 + (0.35 - 0.12 * brush.lip) * hairs + 0.15 * (u - 0.5) + brush.lip * squeezed
    streaks = 0.5 * t + 0.9 * hairs + noise(row + u * 2, row + t * 1.5, seed + 511) > 0.25
    return shade.astype(np.int16), np.clip(255 * brush.thick * ridge, 0, 255).astype(np.uint8), solid, streaks
