"""Paper marbling: drops of colour on water, drawn with combs and curled with a stylus, then taken up by the paper.

The mathematics of real marbling, run backwards: a drop of radius r pushes a point at distance d outwards to
sqrt(d² + r²), a comb drags the paint along its tines, a stylus turns it round a centre. For every place of the paper
these are undone from the last to the first until a drop is found that covers it; its colour is the answer.
"""

import numpy as np

from impasto.painter.styles.canvas import Floats, Pixels, fbm, grain, hash01, noise, palette, pixel_grid, to_pixels
from impasto.painter.styles.style import HouseStyle

_INKS = palette("#f5e9d0", "#1b2559", "#b51f33", "#e9a42c", "#17807e", "#14121c", "#e78f97", "#3f6fb5")
_ORDER = (1, 3, 0, 2, 5, 0, 4, 1, 6, 0, 2, 3, 5, 7, 0, 4)  # which ink follows which
_ROUNDS = 11  # drops in each of the wells
# place (parts of the width and height), radius in units, and by how much it turns
_CURLS = ((0.22, 0.28, 0.105, 3.4), (0.55, 0.50, 0.150, -4.2), (0.82, 0.24, 0.100, 3.2), (0.16, 0.76, 0.110, -3.2),
          (0.84, 0.76, 0.125, 3.8), (0.50, 0.90, 0.075, -2.6), (0.46, 0.10, 0.080, 2.8))  # fmt: skip


def _drops(wide: float, high: float) -> list[tuple[float, float, float, int]]:
    """All drops in the order in which they fell: x, y, radius (units) and ink."""
    drops = []
    wells = 16
    for turn in range(_ROUNDS):
        for well in range(wells):
            r = [float(v) for v in hash01(well, np.arange(3), 7)]
            s = [float(v) for v in hash01(well, np.arange(4) + 10 * turn, 8)]
            x, y = ((well % 4 + r[0]) / 4 * wide, (well // 4 + r[1]) / 4 * high)
            ink = _ORDER[(turn + well * 5) % len(_ORDER)]
            drops.append(
                (x + 0.05 * (s[0] - 0.5), y + 0.05 * (s[1] - 0.5), 0.050 + 0.035 * s[2] * (turn < _ROUNDS - 3), ink)
            )
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


def _ink(x: Floats, y: Floats, drops: list[tuple[float, float, float, int]], wide: float, high: float) -> Pixels:
    """The ink that lies at the places (x, y), flat arrays."""
    x, y = x + 0.010 * noise(x * 5, y * 5, 3) + 0.0018 * noise(x * 40, y * 40, 4), y + 0.010 * noise(x * 5, y * 5, 5)
    for cx, cy, radius, turn in _CURLS:
        dx, dy = x - cx * wide, y - cy * high
        angle = -turn * np.exp(-((dx * dx + dy * dy) / np.float32(radius * radius)))
        c, s = np.cos(angle), np.sin(angle)
        x, y = cx * wide + dx * c - dy * s, cy * high + dx * s + dy * c
    x, y = _uncomb(x.astype(np.float32), y.astype(np.float32))
    found = np.full(x.shape, 5, np.uint8)
    left = np.arange(x.size)
    for cx, cy, radius, ink in reversed(drops):
        dx, dy = x - np.float32(cx), y - np.float32(cy)
        d2 = dx * dx + dy * dy
        under = d2 < radius * radius
        found[left[under]] = ink
        out = ~under
        left, dx, dy, d2 = left[out], dx[out], dy[out], d2[out]
        back = np.sqrt(1 - np.float32(radius * radius) / d2)
        x, y = np.float32(cx) + dx * back, np.float32(cy) + dy * back
    return found


def _render(width: int, height: int) -> Pixels:
    fine = 2
    gx, gy = pixel_grid(width * fine, height * fine)
    wide, high = width / (width * height) ** 0.5, height / (width * height) ** 0.5
    drops = _drops(wide, high)
    rgb = np.empty((height, width, 3), np.float32)
    band = max(1, 120_000 // (width * fine * fine))
    for top in range(0, height, band):
        y = gy[top * fine : (top + band) * fine]
        inks = _ink(*(np.broadcast_to(a, (len(y), width * fine)).ravel() for a in (gx, y)), drops, wide, high)
        rgb[top : top + band] = _INKS[inks].reshape(-1, fine, width, fine, 3).mean(axis=(1, 3))
    x, y = pixel_grid(width, height)
    pale = 0.10 * fbm(x * 7, y * 7, 11, 3) + 0.05 * grain(x, y, 110, (width * height) ** 0.5, 12) + 0.04 * noise(x * 230, y * 60, 13)
    return to_pixels(rgb * (1 + pale * 0.8)[..., None] + (10 * pale)[..., None])


STYLE = HouseStyle(
    "marbling", "Marbled paper", "Drops of colour on water, combed into feathers and curls, on paper.", _render
)
