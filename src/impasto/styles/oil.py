"""Oil impasto: a burning sunset over fields, in thick paint that is lit hard from the left.

Each stroke is double loaded (two colours streak it), blunt at its ends, and has ridges at its edges where the brush
squeezed the paint out. Broad strokes block in the picture, short thick ones come over them in crowds, and a strong
light from the side makes the relief of the paint as visible as its colours.
"""

import numpy as np

from impasto.styles.brush import Brush, Brushwork
from impasto.styles.ground import Floats, Pixels, choose, fbm, noise, palette, ramp, smoothstep
from impasto.styles.style import HouseStyle

_SKY = palette("#3b1730", "#7a1f3d", "#b8323a", "#dc5a2b", "#f08c2a", "#f9bd4b", "#fde8a6")
_CLOUD = palette("#2a1a3a", "#54304f", "#8c4a5c", "#d98a6a", "#f6d3a8")
_FIELD = palette("#241a12", "#4a2f14", "#7d5a1c", "#b98a27", "#e2bf4f", "#f4e3a1")
_TREES = palette("#0d1a17", "#16302a", "#1f4a3c", "#3c6b45", "#8a8f3a")
_POPPIES = palette("#a3121f", "#d3252b", "#f04a30", "#f7f0dc", "#7c0f2a")
_SUN = (0.30, 0.36)


def _loaded(length: float, width: float, thick: float) -> Brush:
    return Brush(length, width, bristle=20, edge=6, dry=0.5, thick=thick, lip=0.55, blunt=9, bend=6)


_BRUSHES = (  # spacing of the strokes (units), how many are left out (-0.5 none, 0.5 all), and the brush
    (0.055, -0.95, _loaded(0.24, 0.070, 0.5)),
    (0.042, 0.0, _loaded(0.17, 0.046, 0.7)),
    (0.030, 0.12, _loaded(0.115, 0.030, 0.85)),
    (0.022, 0.25, _loaded(0.060, 0.017, 1.0)),
)


def _lines(x: Floats, wide: float, high: float) -> tuple[Floats, Floats]:
    """Where the trees begin and where the field begins at x, in units from the top."""
    shore = high * (0.60 + 0.03 * np.sin(x * 4 / wide + 1.0))
    crowns = 0.05 + 0.16 * smoothstep(0.0, 0.9, noise(x * 4.2 + 7.3, x * 0, 3)) + 0.02 * noise(x * 23, x * 0, 4)
    return shore - crowns, shore


def _furrows(x: Floats, y: Floats, shore: Floats, wide: float) -> Floats:
    """The direction in which the rows of the field run together behind the trees."""
    return np.asarray(np.arctan2(y - shore + 0.22, (x - 0.62 * wide) * 1.6))


def _angle(x: Floats, y: Floats, wide: float, high: float) -> Floats:
    """Rings round the sun, drifting clouds, upright trees, furrows; and a tremor of the hand."""
    top, shore = _lines(x, wide, high)
    dx, dy = x - _SUN[0] * wide, y - _SUN[1] * high
    ring = np.arctan2(np.where(dy > 0, -dx, dx), np.abs(dy)) * np.exp(-np.hypot(dx, dy) * 5)
    sky = np.where(np.hypot(dx, dy) < 0.28, ring, 0.7 * noise(x * 2.2, y * 3.5, 5))
    tree = np.pi / 2 + 1.1 * noise(x * 7, y * 7, 7)
    field = _furrows(x, y, shore, wide) + 0.35 * noise(x * 5, y * 5, 6)
    return np.asarray(np.where(y < top, sky, np.where(y < shore, tree, field)) + 0.5 * noise(x * 14, y * 14, 80))


def _colour(x: Floats, y: Floats, r: Floats, s: Floats, wide: float, high: float) -> Floats:
    """What a stroke at (x, y) is loaded with; r and s are random in [0, 1)."""
    top, shore = _lines(x, wide, high)
    d = np.hypot(x - _SUN[0] * wide, (y - _SUN[1] * high) * 1.25)
    tone = 1.0 - 1.07 * d**0.7 + 0.2 * noise(x * 3, y * 8, 11) + 0.09 * y / high + (r - 0.5) * 0.28
    out = ramp(_SKY, np.where(d < 0.062, 1.0 - 0.1 * r, tone))
    bank = fbm(x * 2.6, y * 6.5, 13) + 0.18 - 0.5 * np.exp(-((d / 0.16) ** 2))
    above, below = fbm(x * 2.6, y * 6.5 - 0.10, 13), fbm(x * 2.6, y * 6.5 + 0.16, 13)
    cloud = ramp(_CLOUD, 0.35 - 1.6 * (below - above) + 0.35 * np.exp(-d * 3) + (r - 0.5) * 0.35)
    out = np.where((bank > 0.22 + 0.1 * s)[..., None], cloud, out)
    leaf = 0.18 + 0.45 * fbm(x * 9, y * 9, 15, 3) + 0.35 * smoothstep(0.05, 0.0, y - top) + (r - 0.5) * 0.35
    out = np.where((y > top)[..., None], ramp(_TREES, leaf), out)
    depth = (y - shore) / (high - shore)
    furrow = np.sin(_furrows(x, y, shore, wide) * 34)
    corn = 0.62 - 0.42 * depth + 0.20 * furrow + 0.28 * fbm(x * 5, y * 11, 17, 3) + (r - 0.5) * 0.4
    out = np.where((y > shore)[..., None], ramp(_FIELD, corn), out)
    crowd = noise(x * 7, y * 11, 19) + 0.35 * noise(x * 25, y * 35, 20) > 0.33 - 0.12 * depth
    bloom = (y > shore) & crowd & (s < 0.75)
    return np.where(bloom[..., None], choose(_POPPIES, r, (3, 4, 3, 1, 2)), out).astype(np.float32)


def _render(width: int, height: int) -> Pixels:
    work = Brushwork(width, height)
    wide, high = work.wide, work.high
    work.fill(_FIELD[1], 40)
    for k, (spacing, left_out, brush) in enumerate(_BRUSHES):
        at = work.points(spacing, 60 + k, margin=0.06)
        # finer strokes come in crowds, so that the broad ones stay in sight
        at = at.take(noise(at.x * 6, at.y * 6, 70 + k) + 0.9 * (at.random(8) - 0.5) > left_out)
        first = _colour(at.x, at.y, at.random(1), at.random(2), wide, high) + (at.random(3)[:, None] - 0.5) * 24
        near_x, near_y = at.x + 0.03 * at.random(4) - 0.015, at.y + 0.02 * at.random(5) - 0.01
        second = _colour(near_x, near_y, at.random(6), at.random(2), wide, high)
        work.strokes(at, first, brush, lambda x, y: _angle(x, y, wide, high), 0.5 + 0.8 * at.random(7), second)
    return work.picture(relief=1.25, towards=(-0.95, -0.35))


STYLE = HouseStyle(
    "oil", "Oil impasto", "A burning sunset in thick oil paint: blunt strokes with ridges, lit from the side.", _render
)
