"""Fresco with craquelure: robed figures under arches in earth colours, on old plaster that has cracked and flaked.

Flat shapes with folds and outlines are drawn first. Then time works on them: pigment fades and stains in patches, the
brush's hatching shows, plaster breaks into a net of cracks (borders of Voronoi cells, large and small), pieces near
the cracks are lost and bare plaster shows, and a raking light catches every edge.
"""

import numpy as np
from scipy.spatial import cKDTree

from impasto.painter.styles.canvas import (
    Drawing, Floats, Pixels, blend, fbm, grain, hash01, lit, noise, palette, pixel_grid, smoothstep, spline, to_pixels,
)  # fmt: skip
from impasto.painter.styles.style import HouseStyle

_LAPIS, _UMBER, _PLASTER, _GOLD, _SKIN, _STONE, _HILL, _CRACK = palette(
    "#3f6a8c", "#43281a", "#dccdb0", "#d19a36", "#d8a679", "#c9a27c", "#7f8a5a", "#2e2018"
)
_ROBES = palette(
    "#a9432b", "#5c7f6b", "#d08f3a", "#7a3b3f", "#47638a", "#b9613a", "#8a8f52", "#d9b98c", "#6b2f2a", "#5a8a8a"
)
_FIGURES = (
    (0.07, 0.50, 0),
    (0.21, 0.53, 4),
    (0.34, 0.49, 2),
    (0.50, 0.46, 3),
    (0.65, 0.50, 9),
    (0.79, 0.52, 5),
    (0.93, 0.49, 6),
)


def _figure(art: Drawing, u: float, top: float, k: int) -> None:
    """A standing figure in robe and cloak with folds, its head before a gilt disc."""
    lean = float(hash01(k, 1, 3)[0]) - 0.5
    wide = 0.082 / art.wide * 1.15
    robe, cloak = _ROBES[k], _ROBES[(k * 3 + 4) % len(_ROBES)]
    foot = 0.955
    left = spline(
        (
            (u - 0.30 * wide, top),
            (u - 0.72 * wide, top + 0.05),
            (u - (0.85 + 0.2 * lean) * wide, 0.70),
            (u - 0.95 * wide, foot),
        ),
        30,
    )
    right = spline(
        (
            (u + 0.30 * wide, top),
            (u + 0.72 * wide, top + 0.05),
            (u + (0.80 - 0.2 * lean) * wide, 0.72),
            (u + 0.90 * wide, foot),
        ),
        30,
    )
    art.area(np.concatenate([left, right[::-1]]), robe)
    edge = spline(
        (
            (u + 0.25 * wide * lean, top),
            (u + 0.3 * lean * wide, 0.62),
            (u + 0.75 * wide * np.sign(lean), 0.84),
            (u + 0.5 * wide * np.sign(lean), foot),
        ),
        30,
    )
    side = right if lean > 0 else left
    art.area(np.concatenate([edge, side[::-1]]), cloak)
    for m in range(15):  # folds: dark lines with a light one beside them
        part, off = (m + 0.5) / 15, float(hash01(m, k, 5)[0])
        fold = (
            left
            + (right - left) * np.float32(part)
            + np.stack([0.012 * np.sin(np.linspace(0, 3 + 3 * off, 30) + 6 * off), np.zeros(30)], 1)
        )
        first = int(3 + 14 * off)
        over = (part > 0.5) == (lean > 0)
        tone = cloak if over else robe
        art.line(fold[first:] + (0.004, 0), np.clip(tone * 1.30 + 14, 0, 255), 0.0085, 0.9)
        art.line(fold[first:], tone * 0.52, 0.0075, 0.9)
    for line in (left, right, edge):
        art.line(line, _UMBER, 0.0042, 0.4)
    arm = spline(
        ((u - 0.55 * wide, top + 0.08), (u - 0.25 * wide, top + 0.20), (u + 0.25 * wide, top + 0.15 - 0.03 * lean)), 24
    )
    art.line(arm, _UMBER, 0.040, 0.3)
    art.line(arm, robe * 1.12, 0.033, 0.3)
    art.line(arm, robe * 0.70, 0.006, 0.8)
    one = np.ones(1, np.float32)
    art.discs(one * (u + 0.32 * wide), one * (top + 0.145), one * 0.014, _SKIN)
    head, turn = top - 0.052, 0.006 * lean
    for r, ink in ((0.060, _UMBER), (0.057, _GOLD), (0.046, _GOLD * 0.86), (0.044, _GOLD * 1.06)):
        art.discs(one * u, one * head, one * r, ink)
    ring = np.linspace(0, 2 * np.pi, 40, dtype=np.float32)
    art.discs(one * u, one * head, one * 0.034, _UMBER * (0.8 + 0.5 * (k % 3)))  # hair
    face = np.stack(
        [u + (0.0235 * np.cos(ring) + turn) / art.wide, head + (0.030 * np.sin(ring) + 0.006) / art.high], 1
    )
    art.area(face, _SKIN)
    art.area(face * (0.55, 1) + (u * 0.45 + (0.012 if lean > 0 else -0.010) / art.wide, 0), _SKIN * 0.82)
    for dx, dy, w in ((-0.010, -0.002, 0.008), (0.010, -0.002, 0.008), (0.0, 0.019, 0.009)):
        at = np.float32(
            [
                [u + (dx + turn - w / 2) / art.wide, head + dy],
                [u + (dx + turn) / art.wide, head + dy - 0.002],
                [u + (dx + turn + w / 2) / art.wide, head + dy],
            ]
        )
        art.line(at, _UMBER, 0.0034)
    art.line(
        np.float32([[u + turn / art.wide, head], [u + (turn + 0.003) / art.wide, head + 0.011]]), _UMBER * 1.5, 0.003
    )


def _scene(width: int, height: int) -> Floats:
    art = Drawing(width, height, _LAPIS)
    t = np.linspace(-0.02, 1.02, 120, dtype=np.float32)
    for k in range(5):  # bare hills behind
        y = 0.34 + 0.06 * k + 0.07 * np.sin(t * (5 + 2 * k) + 2.3 * k) * (1 - 0.1 * k)
        art.area(
            np.concatenate([np.stack([t, y], 1), [(1.02, 1.0), (-0.02, 1.0)]]),
            _HILL * (1.25 - 0.16 * k) + (18 * (k % 2), 6, 0),
        )
        art.line(np.stack([t, y], 1), _UMBER * 1.3, 0.004)
    for k in range(9):  # cypresses
        x, y, tall = 0.06 + 0.11 * k, 0.55 - 0.03 * (k % 3), 0.20 + 0.05 * (k % 2)
        s = np.linspace(0, np.pi, 24)
        shape = np.stack([np.sin(s) * 0.013 / art.wide, -np.linspace(0, tall, 24)], 1)
        art.area(np.concatenate([shape, shape[::-1] * (-1, 1)]) + (x, y), (_HILL * 0.45) * (1 - 0.1 * (k % 2)))
    art.area(np.float32([(0, 0.86), (1, 0.86), (1, 1), (0, 1)]), _STONE * 0.78)
    for k in range(-6, 19):  # floor
        art.line(np.float32([(0.5 + (k / 12 - 0.5) * 0.8, 0.86), (0.5 + (k / 12 - 0.5) * 1.5, 1.0)]), _UMBER, 0.003)
    for u, top, k in _FIGURES:
        _figure(art, u, top, k)
    arch = np.linspace(np.pi, 0, 40, dtype=np.float32)
    spring, span = 0.30, 1 / 7
    for k in range(7):
        mid = (k + 0.5) * span
        for r, rise, ink in (
            (0.500, 0.150, None),
            (0.50, 0.15, _UMBER),
            (0.47, 0.14, _ROBES[0]),
            (0.44, 0.130, _PLASTER),
            (0.41, 0.12, _UMBER),
        ):
            curve = np.stack([mid + r * span * np.cos(arch), spring - rise * np.sin(arch)], 1)
            if ink is None:
                wall = np.concatenate([curve, [(mid + span / 2, 0.0), (mid - span / 2, 0.0)]])
                art.area(wall, _STONE * 1.08)
            else:
                art.line(curve, ink, 0.016)
    for k in range(8):
        x = k * span
        for w, ink in ((0.026, _UMBER), (0.022, _STONE), (0.010, _STONE * 1.2), (0.003, _UMBER * 1.6)):
            art.line(np.float32([(x, spring - 0.01), (x, 0.6), (x, 0.90)]), ink, w)
        art.line(np.float32([(x - 0.024, spring), (x + 0.024, spring)]), _ROBES[0], 0.022)
        art.line(np.float32([(x - 0.02, 0.895), (x + 0.02, 0.895)]), _ROBES[0] * 0.8, 0.020)
    n = np.arange(29, dtype=np.float32)
    for y, ink in ((0.012, _ROBES[3]), (0.062, _ROBES[3]), (0.985, _ROBES[3])):
        art.line(np.float32([(0, y), (1, y)]), ink, 0.018)
    art.line(np.float32([(0, 0.037), (1, 0.037)]), _GOLD, 0.032)
    art.discs((n + 0.5) / 29, np.full(29, 0.037, np.float32), np.full(29, 0.0125, np.float32), _LAPIS * 0.8)
    art.discs((n + 0.5) / 29, np.full(29, 0.037, np.float32), np.full(29, 0.006, np.float32), _PLASTER)
    return art.picture()


def _net(x: Floats, y: Floats, cell: float, seed: int, wide: float, high: float) -> Floats:
    """Distance in units to the nearest border of Voronoi cells of about this size."""
    i, j = np.meshgrid(np.arange(-3, int(wide / cell) + 4), np.arange(-3, int(high / cell) + 4))
    sites = np.stack([(i + 0.9 * hash01(i, j, seed)) * cell, (j + 0.9 * hash01(i, j, seed + 1)) * cell], -1).reshape(
        -1, 2
    )
    out = np.empty(x.shape, np.float32)
    tree = cKDTree(sites)
    band = max(1, 400_000 // x.shape[1])
    for top in range(0, len(x), band):
        d, k = tree.query(np.stack([x[top : top + band], y[top : top + band]], -1), k=2)
        gap = np.linalg.norm(sites[k[..., 0]] - sites[k[..., 1]], axis=-1)
        out[top : top + band] = (d[..., 1] ** 2 - d[..., 0] ** 2) / (2 * gap)
    return out


def _render(width: int, height: int) -> Pixels:
    rgb = _scene(width, height)
    x, y = pixel_grid(width, height)
    wide, high = width / (width * height) ** 0.5, height / (width * height) ** 0.5
    pixel = 1 / (width * height) ** 0.5
    rgb = blend(
        rgb, rgb.mean(-1, keepdims=True) * np.float32([1.05, 1.0, 0.9]), np.float32([[0.22]])
    )  # lime dulls colours
    hatch = noise(x * 130 + y * 60, y * 14 - x * 8, 20) + 0.6 * noise(x * 30, y * 30, 21)
    rgb = rgb * (1 + 0.13 * hatch)[..., None]
    worn = fbm(x * 3, y * 3, 22, 5)
    rgb = blend(rgb, _PLASTER, 0.10 + 0.42 * smoothstep(0.05, 0.6, worn))
    rgb = blend(rgb, _UMBER, 0.45 * smoothstep(0.15, 0.75, fbm(x * 2.2, y * 4, 28, 5)))
    wx = x + 0.012 * fbm(x * 9, y * 9, 31, 5)
    wy = y + 0.012 * fbm(x * 9, y * 9, 36, 5)
    coarse, fine_net = _net(wx, wy, 0.105, 40, wide, high), _net(wx, wy, 0.030, 42, wide, high)
    lost = smoothstep(0.50, 0.54, fbm(x * 5, y * 5, 44, 5) + 0.25 * smoothstep(0.02, 0.0, coarse))
    bare = _PLASTER * (0.92 + 0.06 * grain(width, height, 60, 80))[..., None]
    rgb = blend(rgb, bare, lost)
    open_here = smoothstep(-0.45, 0.35, noise(x * 4, y * 4, 49))
    crack = np.maximum(
        smoothstep(0.0026 + pixel / 2, 0.0010, coarse) * 0.95,
        smoothstep(0.0015 + pixel / 2, 0.0004, fine_net) * (0.25 + 0.6 * open_here),
    )
    if pixel < 1 / 1000:  # a finest net, too fine for small pictures
        finest = smoothstep(0.0006 + pixel / 2, 0.0001, _net(wx, wy, 0.011, 52, wide, high))
        crack = np.maximum(crack, finest * 0.45 * open_here * min(1.0, 0.001 / pixel - 1))
    rgb = blend(rgb, _CRACK, crack * (1 - 0.35 * lost))
    relief = (
        130
        - 90 * crack
        - 55 * lost
        + 9 * hatch
        + 4 * grain(width, height, 50, 90)
        + 10 * smoothstep(0.012, 0.0, coarse)
    )
    return to_pixels(lit(rgb, relief, 0.5 / (443 * pixel), (-0.8, -0.6)))


STYLE = HouseStyle(
    "fresco", "Old fresco", "Robed figures under arches in earth colours, on plaster with cracks and losses.", _render
)
