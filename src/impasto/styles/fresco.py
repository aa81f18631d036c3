"""Fresco with craquelure: robed figures under arches in earth colours, on old plaster that has cracked and flaked.

Flat shapes with folds and outlines are drawn first. Then time works on them: pigment fades and stains in patches, the
strokes of the painter show, plaster breaks into a net of cracks (borders of Voronoi cells, large and small), pieces
are lost and bare plaster shows, and a raking light catches every edge.
"""

import numpy as np

from impasto.styles.brush import lit
from impasto.styles.drawing import Drawing
from impasto.styles.ground import (
    Floats,
    Pixels,
    blend,
    fbm,
    grain,
    hash01,
    noise,
    palette,
    pixel_grid,
    smoothstep,
    spline,
    to_pixels,
)
from impasto.styles.outlines import voronoi
from impasto.styles.style import HouseStyle

_LAPIS, _UMBER, _PLASTER, _GOLD, _SKIN = palette("#3f6a8c", "#43281a", "#dccdb0", "#d19a36", "#d8a679")
_STONE, _HILL, _CRACK, _BRICK, _WINE = palette("#c9a27c", "#7f8a5a", "#2e2018", "#a9432b", "#7a3b3f")
_ROBES = palette(
    "#a9432b", "#5c7f6b", "#d08f3a", "#7a3b3f", "#47638a", "#b9613a", "#8a8f52", "#d9b98c", "#6b2f2a", "#5a8a8a"
)
_FIGURES = ((0.07, 0.50, 0), (0.21, 0.53, 4), (0.34, 0.49, 2), (0.50, 0.46, 3), (0.65, 0.50, 9), (0.79, 0.52, 5),
            (0.93, 0.49, 6))  # x, shoulders (parts of the width and height), robe  # fmt: skip
_ARCH = ((0.50, 0.15, _UMBER), (0.47, 0.14, _BRICK), (0.44, 0.13, _PLASTER), (0.41, 0.12, _UMBER))  # span, rise, colour
_COLUMN = ((0.026, _UMBER), (0.022, _STONE), (0.010, _STONE * 1.2), (0.003, _UMBER * 1.6))  # breadth, colour


def _line(*points: tuple[float, float]) -> Floats:
    return np.array(points)


def _figure(art: Drawing, u: float, top: float, k: int) -> None:
    """A standing figure in robe and cloak with folds, its head before a gilt disc."""
    lean = float(hash01(k, 1, 3)[0]) - 0.5
    side = 1 if lean > 0 else -1
    w = 0.094 / art.wide
    robe, cloak = _ROBES[k], _ROBES[(k * 3 + 4) % len(_ROBES)]
    hem = ((0.30, top), (0.72, top + 0.05), (0.82, 0.71), (0.93, 0.955))  # half widths, from the neck down
    left, right = (spline([(u + s * (b + 0.1 * lean) * w, y) for b, y in hem], 30) for s in (-1, 1))
    fall = ((0.25 * lean, top), (0.3 * lean, 0.62), (0.75 * side, 0.84), (0.5 * side, 0.955))
    edge = spline([(u + s * w, y) for s, y in fall], 30)
    art.area(np.concatenate([left, right[::-1]]), robe)
    art.area(np.concatenate([edge, (right if side > 0 else left)[::-1]]), cloak)
    for m in range(15):  # folds: dark lines with a light one beside them
        part, off = (m + 0.5) / 15, float(hash01(m, k, 5)[0])
        wave = 0.012 * np.sin(np.linspace(0, 3 + 3 * off, 30) + 6 * off)
        fold = (left + (right - left) * part + np.stack([wave, 0 * wave], 1))[int(3 + 14 * off) :]
        tone = cloak if (part > 0.5) == (side > 0) else robe
        art.line(fold + _line((0.004, 0)), tone * 1.30 + 14, 0.0085, 0.9)
        art.line(fold, tone * 0.52, 0.0075, 0.9)
    for line in (left, right, edge):
        art.line(line, _UMBER, 0.0042, 0.4)
    arm = spline(((u - 0.55 * w, top + 0.08), (u - 0.25 * w, top + 0.20), (u + 0.25 * w, top + 0.15 - 0.03 * lean)), 24)
    for breadth, ink in ((0.040, _UMBER), (0.033, robe * 1.12), (0.006, robe * 0.70)):
        art.line(arm, ink, breadth, 0.3)
    head = top - 0.052
    for radius, ink in ((0.060, _UMBER), (0.057, _GOLD), (0.046, _GOLD * 0.86), (0.044, _GOLD), (0.034, _UMBER * 1.2)):
        art.discs(np.array([u]), np.array([head]), np.array([radius]), ink)
    art.discs(np.array([u + 0.32 * w]), np.array([top + 0.145]), np.array([0.014]), _SKIN)  # hand
    turn, round_ = u + 0.006 * lean / art.wide, np.linspace(0, 2 * np.pi, 40)
    oval = np.stack([0.0235 * np.cos(round_) / art.wide, 0.030 * np.sin(round_) / art.high], 1)
    art.area(oval + _line((turn, head + 0.006)), _SKIN)
    art.area(oval * _line((0.5, 0.95)) + _line((turn + side * 0.0115 / art.wide, head + 0.006)), _SKIN * 0.82)
    for dx, dy, half in ((-0.010, -0.002, 0.004), (0.010, -0.002, 0.004), (0.0, 0.019, 0.0045)):  # eyes and mouth
        bow = ((-half, 0.0), (0.0, -0.002), (half, 0.0))
        art.line(_line(*((turn + (dx + b) / art.wide, head + dy + c) for b, c in bow)), _UMBER, 0.0034)


def _scene(width: int, height: int) -> Floats:
    """The painting as it was when it was new, height x width x 3."""
    art = Drawing(width, height, _LAPIS)
    t = np.linspace(-0.02, 1.02, 120)
    for k in range(5):  # hills
        hill = np.stack([t, 0.34 + 0.06 * k + 0.07 * np.sin(t * (5 + 2 * k) + 2.3 * k) * (1 - 0.1 * k)], 1)
        art.area(np.concatenate([hill, [(1.02, 1.0), (-0.02, 1.0)]]), _HILL * (1.25 - 0.16 * k))
        art.line(hill, _UMBER * 1.3, 0.004)
    for k in range(9):  # cypresses
        x, y = 0.06 + 0.11 * k, 0.55 - 0.03 * (k % 3)
        art.line(_line(*((x, y - 0.05 * step) for step in range(5 + k % 2))), _HILL * 0.45, 0.026, 1.0)
    art.area(_line((0, 0.86), (1, 0.86), (1, 1), (0, 1)), _STONE * 0.78)
    for u, top, k in _FIGURES:
        _figure(art, u, top, k)
    angle = np.linspace(np.pi, 0, 40)
    for k in range(7):
        bow = np.stack([np.cos(angle) / 7, -np.sin(angle)], 1)
        wall = bow * _line((0.5, 0.15)) + _line(((k + 0.5) / 7, 0.30))
        art.area(np.concatenate([wall, [((k + 1) / 7, 0.0), (k / 7, 0.0)]]), _STONE * 1.08)
        for span, rise, ink in _ARCH:
            art.line(bow * _line((span, rise)) + _line(((k + 0.5) / 7, 0.30)), ink, 0.016)
    for x in np.arange(8) / 7:
        for breadth, ink in _COLUMN:
            art.line(_line((x, 0.29), (x, 0.90)), ink, breadth)
        for y, ink in ((0.300, _BRICK), (0.895, _BRICK * 0.8)):
            art.line(_line((x - 0.022, y), (x + 0.022, y)), ink, 0.021)
    for y, breadth, ink in ((0.012, 0.018, _WINE), (0.062, 0.018, _WINE), (0.985, 0.018, _WINE), (0.037, 0.032, _GOLD)):
        art.line(_line((0, y), (1, y)), ink, breadth)
    n = (np.arange(29) + 0.5) / 29
    for radius, ink in ((0.0125, _LAPIS * 0.8), (0.006, _PLASTER)):
        art.discs(n, np.full(29, 0.037), np.full(29, radius), ink)
    return art.picture()


def _net(x: Floats, y: Floats, cell: float, seed: int) -> Floats:
    """Distance in units to the nearest border of Voronoi cells of about this size."""
    i, j = np.meshgrid(*(np.arange(-3, int(c.max() / cell) + 4) for c in (x, y)))
    sites = np.stack([(i + 0.9 * hash01(i, j, seed)) * cell, (j + 0.9 * hash01(i, j, seed + 1)) * cell], -1)
    band = max(1, 400_000 // x.shape[1])
    rows = (slice(top, top + band) for top in range(0, len(x), band))
    return np.concatenate([voronoi(x[r], y[r], sites.reshape(-1, 2))[1] for r in rows])


def _render(width: int, height: int) -> Pixels:
    (x, y), unit = pixel_grid(width, height), (width * height) ** 0.5
    rgb = _scene(width, height)
    rgb = rgb * 0.78 + rgb.mean(-1, keepdims=True) * 0.22  # lime dulls colours
    hatch = noise(x * 130 + y * 60, y * 14 - x * 8, 20) + 0.6 * noise(x * 30, y * 30, 21)
    rgb = rgb * (1 + 0.13 * hatch)[..., None]
    rgb = blend(rgb, _PLASTER, 0.10 + 0.42 * smoothstep(0.05, 0.6, fbm(x * 3, y * 3, 22, 5)))
    rgb = blend(rgb, _UMBER, 0.45 * smoothstep(0.15, 0.75, fbm(x * 2.2, y * 4, 28, 5)))
    bent_x, bent_y = (c + 0.012 * fbm(x * 9, y * 9, seed, 5) for c, seed in ((x, 31), (y, 36)))
    wide, narrow = _net(bent_x, bent_y, 0.105, 40), _net(bent_x, bent_y, 0.030, 42)
    lost = smoothstep(0.50, 0.54, fbm(x * 5, y * 5, 44, 5) + 0.25 * smoothstep(0.02, 0.0, wide))
    rough = grain(x, y, 60, unit, 80)
    rgb = blend(rgb, _PLASTER * (0.92 + 0.06 * rough)[..., None], lost)
    gaping = smoothstep(-0.45, 0.35, noise(x * 4, y * 4, 49))
    thin = smoothstep(0.0015 + 0.5 / unit, 0.0004, narrow) * (0.25 + 0.6 * gaping)
    crack = np.maximum(smoothstep(0.0026 + 0.5 / unit, 0.0010, wide) * 0.95, thin)
    if unit > 1000:  # too fine a net for small pictures
        finest = smoothstep(0.0006 + 0.5 / unit, 0.0001, _net(bent_x, bent_y, 0.011, 52)) * gaping
        crack = np.maximum(crack, finest * (0.45 * min(1.0, unit / 1000 - 1)))
    rgb = blend(rgb, _CRACK, crack * (1 - 0.35 * lost))
    relief = 130 - 90 * crack - 55 * lost + 9 * hatch + 4 * rough + 10 * smoothstep(0.012, 0.0, wide)
    return to_pixels(lit(rgb, relief, 0.5 * unit / 443, (-0.8, -0.6)))


STYLE = HouseStyle(
    "fresco", "Old fresco", "Robed figures under arches in earth colours, on plaster with cracks and losses.", _render
)
