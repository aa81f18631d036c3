"""Paper marbling: drops of colour on water, drawn with combs and curled with a stylus, then taken up by the paper.

The mathematics of real marbling, run backwards: a drop of radius r pushes a point at distance d outwards to
sqrt(d² + r²), a comb drags the paint along its tines, a stylus turns it round a centre. For every place of the paper
these are undone from the last to the first until a drop is found that covers it; its colour is the answer.
"""

import numpy as np

from impasto.styles.ground import Floats, Pixels, fbm, grain, hash01, noise, palette
from impasto.styles.pieces import paint_in_bands
from impasto.styles.style import HouseStyle

_INKS = palette("#f5e9d0", "#1b2559", "#b51f33", "#e9a42c", "#17807e", "#14121c", "#e78f97", "#3f6fb5")
_ORDER = (1, 3, 0, 2, 5, 0, 4, 1, 6, 0, 2, 3, 5, 7, 0, 4)  # which ink follows which
_ROUNDS = 11  # drops in each of the wells
# place (parts of the width and height), radius in units, and by how much it turns
_CURLS = ((0.22, 0.28, 0.105, 3.4), (0.55, 0.50, 0.150, -4.2), (0.82, 0.24, 0.100, 3.2), (0.16, 0.76, 0.110, -3.2),
          (0.84, 0.76, 0.125, 3.8), (0.50, 0.90, 0.075, -2.6), (0.46, 0.10, 0.080, 2.8))  # fmt: skip


def _drops(wide: float, high: float) -> list[tuple[np.float32, np.float32, np.float32, int]]:
    """All drops in the order in which they fell: x, y, radius (units) and ink; they fall into 4 x 4 wells."""
    drops = []
    for turn in range(_ROUNDS):
        late = turn >= _ROUNDS - 3  # the last drops are small
        for well in range(16):
            at = hash01(well, np.arange(2), 7)
            r = hash01(well, np.arange(3) + 10 * turn, 8)
            x = (well % 4 + at[0]) / 4 * wide + 0.05 * (r[0] - 0.5)
            y = (well // 4 + at[1]) / 4 * high + 0.05 * (r[1] - 0.5)
            radius = 0.050 + (0 if late else 0.035) * r[2]
            drops.append((np.float32(x), np.float32(y), np.float32(radius), _ORDER[(turn + well * 5) % len(_ORDER)]))
    return drops


def _uncomb(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Where the paint at (x, y) lay before the combs and the stylus."""

    def tooth(place: Floats, spacing: float, soft: float) -> Floats:
        """How much a comb with tines this far apart drags at a place: 1 on a tine, less between."""
        return np.asarray(np.exp(-np.abs((place / spacing) % 1 - 0.5) * np.float32(spacing / soft)), np.float32)

    y = y - 0.050 * tooth(x + 0.02 * np.sin(y * 7), 0.036, 0.011)  # the fine comb, last
    x = x - 0.10 * tooth(y + 0.03 * np.sin(x * 5 + 1), 0.145, 0.028)
    x = x + 0.10 * tooth(y + 0.03 * np.sin(x * 5 + 1) + 0.0725, 0.145, 0.028)
    y = y + 0.14 * tooth(x + 0.035 * np.sin(y * 6), 0.20, 0.035)
    y = y - 0.14 * tooth(x + 0.035 * np.sin(y * 6) + 0.10, 0.20, 0.035)
    return x, y


def _ink(x: Floats, y: Floats, wide: float, high: float) -> Pixels:
    """The ink that lies at the places x and y (flat arrays)."""
    x, y = x + 0.010 * noise(x * 5, y * 5, 3) + 0.0018 * noise(x * 40, y * 40, 4), y + 0.010 * noise(x * 5, y * 5, 5)
    for place_x, place_y, reach, turn in _CURLS:
        cx, cy = np.float32(place_x * wide), np.float32(place_y * high)
        dx, dy = x - cx, y - cy
        angle = -turn * np.exp(-((dx * dx + dy * dy) / np.float32(reach * reach)))
        c, s = np.cos(angle), np.sin(angle)
        x, y = cx + dx * c - dy * s, cy + dx * s + dy * c
    x, y = _uncomb(x, y)
    found = np.full(x.shape, 5, np.uint8)
    left = np.arange(x.size)  # places that no drop has covered yet
    for cx, cy, radius, ink in reversed(_drops(wide, high)):
        dx, dy = x - cx, y - cy
        square = dx * dx + dy * dy
        out = square >= radius * radius
        found[left[~out]] = ink
        left, dx, dy = left[out], dx[out], dy[out]
        back = np.sqrt(1 - radius * radius / square[out])
        x, y = cx + dx * back, cy + dy * back
    return found


def _render(width: int, height: int) -> Pixels:
    unit = (width * height) ** 0.5

    def shade(x: Floats, y: Floats, _: slice) -> Floats:
        every_x, every_y = np.broadcast_arrays(x, y)
        inks = _ink(every_x.ravel(), every_y.ravel(), width / unit, height / unit).reshape(every_x.shape)
        paper = fbm(x * 7, y * 7, 11, 3) + 0.5 * grain(x, y, 110, unit, 12) + 0.4 * noise(x * 230, y * 60, 13)
        return np.asarray(_INKS[inks] * (1 + 0.08 * paper)[..., None] + paper[..., None], np.float32)

    return paint_in_bands(width, height, shade, fine=2)


STYLE = HouseStyle(
    "marbling", "Marbled paper", "Drops of colour on water, combed into feathers and curls, on paper.", _render
)
