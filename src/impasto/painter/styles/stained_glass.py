"""Stained glass: irises before a rising sun, in leaded pieces of streaky, hammered, rippled and seedy glass.

The window is cut like a real one: no piece is larger than a hand, long shapes are cut across, and every border between
two pieces is a lead came, rounded, with solder where three meet. Light falls through the glass: each piece has its own
colour, thickness and kind of texture, is darker along its lead, and glows more the nearer it is to the sun.
"""

import numpy as np
from scipy import ndimage

from impasto.painter.styles.canvas import Floats, Pixels, fbm, hash01, noise, palette, ramp, smoothstep, spline
from impasto.painter.styles.shapes import (
    Pieces, border_distance, ellipse, fineness, grain, nearest, paint_in_bands, place, ribbon, slope_light,
)  # fmt: skip
from impasto.painter.styles.style import HouseStyle

_LEAD = 0.0076  # breadth of the cames, in units
_SKY = palette(
    "#fff3b0", "#ffd94a", "#ffab2e", "#f56d3c", "#d83f6b", "#8c3aa0", "#4443b0", "#1f59c2", "#123a8c", "#0b2360"
)
_HILLS = palette("#4aa38f", "#1c7f6a", "#2f9e4f", "#0f6a3c", "#7dba3c", "#0b4a3a")
_WATER = palette("#7fd6e8", "#2fa4d6", "#1570b8", "#bdeef0", "#0d4d94")
_PETALS = palette("#5a2bb0", "#7b3fd0", "#a564e0", "#3b1c86", "#c99af0")
_ROSES = palette("#c4102e", "#e8283c", "#9c0a2c", "#ff5a4a", "#f08098")
_LEAVES = palette("#1f8a3a", "#4fb548", "#0e6432", "#9fd04a", "#147a5a")
_FRAME = palette("#b3122a", "#123c9c", "#e8a020", "#0f7a4c", "#5a2b9c")
_PETAL = spline(
    (
        (0, 0.02),
        (0.16, 0.2),
        (0.34, 0.5),
        (0.36, 0.8),
        (0.12, 1.0),
        (-0.1, 1.02),
        (-0.36, 0.8),
        (-0.33, 0.48),
        (-0.15, 0.2),
        (0, 0),
    ),
    40,
)
_SUN = (0.66, 0.33)


class _Window:
    """Pieces of glass in work: each outline is laid over the earlier ones, with a colour of its own."""

    def __init__(self, width: int, height: int, fine: int) -> None:
        self.pieces = Pieces(width, height, fine)
        self.size = np.array([self.pieces.wide, self.pieces.high], np.float32)
        self.colours: list[Floats] = [palette("#000000")[0]]

    def lay(self, outline: Floats, colour: Floats) -> None:
        """One piece of glass."""
        self.pieces.polygon(outline, len(self.colours))
        self.colours.append(colour)

    def strip(self, above: Floats, below: Floats, cuts: int, heap: Floats, seed: int) -> None:
        """A long shape between two lines (each n x 2), cut across into pieces of different lengths."""
        at = np.linspace(0, len(above) - 1, cuts + 1) + 0.5 * len(above) / cuts * (
            hash01(np.arange(cuts + 1), 1, seed) - 0.5
        )
        knots = np.clip(np.round(at), 0, len(above) - 1).astype(int)
        knots[0], knots[-1] = 0, len(above) - 1
        for k, (a, b) in enumerate(zip(knots[:-1], knots[1:], strict=True)):
            shade = heap[int(hash01(k, 2, seed)[0] * len(heap))]
            self.lay(np.concatenate([above[a : b + 1], below[a : b + 1][::-1]]), shade)

    def flower(self, at: Floats, size: float, turn: float, heap: Floats, seed: int) -> None:
        """An iris seen from the side: petals round its heart, each with a paler tongue."""
        for k, angle in enumerate((-2.2, 2.2, -1.25, 1.25, 0.0, 3.14)):
            r = hash01(seed, np.arange(3) + 5 * k, 3)
            shape = _PETAL * (1.15 if k != 4 else 0.95, 1)
            petal = place(shape, at, size * (0.85 + 0.3 * r[0]), turn + angle + 0.3 * (r[1] - 0.5))
            middle = place([(0.0, 0.62)], at, size * 0.85, turn + angle)[0]
            self.lay(petal, heap[int(r[2] * len(heap))])
            self.lay(np.concatenate([petal[:20], [middle]]), heap[int(r[2] * 7.7) % len(heap)] * 0.9)
            tongue = place(
                spline(((0, 0.05), (0.09, 0.3), (0, 0.55), (-0.09, 0.3), (0, 0.05)), 16), at, size, turn + angle
            )
            self.lay(tongue, palette("#ffd23c", "#fff0a0")[k % 2])
        self.lay(ellipse(at, size * 0.14), palette("#f59a1c")[0])


def _window(width: int, height: int, fine: int) -> _Window:
    """The whole window, from far to near."""
    w = _Window(width, height, fine)
    sun = np.array(_SUN, np.float32) * w.size
    radius = np.array([0, 0.075, 0.125, 0.18, 0.25, 0.33, 0.43, 0.55, 0.7, 0.88, 1.2])
    for k in range(10):  # rays and rings of the sky
        count = (1, 10, 10, 20, 20, 20, 20, 40, 40, 40)[k]
        for m in range(count):
            angle = np.linspace(m, m + 1, 26) * 2 * np.pi / count + 0.16 * k * (k > 4) + 0.1
            wave = 1 + 0.045 * (k > 0) * np.sin(5 * angle + k)
            rim = np.stack([np.cos(angle), np.sin(angle)], 1) * (radius[k + 1] * wave)[:, None]
            back = (
                np.stack([np.cos(angle), np.sin(angle)], 1)
                * (radius[k] * (1 + 0.045 * (k > 1) * np.sin(5 * angle + k - 1)))[:, None]
            )
            tone = (k + (k > 0) * (0.9 * (m % 2) + 0.9 * hash01(k, m, 1) - 0.4)) / 9.5
            w.lay(((np.concatenate([rim, back[::-1]]) if k else rim) + sun).astype(np.float32), ramp(_SKY, tone)[0])
    t = np.linspace(-0.02, 1.02, 120)
    lines = [y + a * np.sin(f * t + p) + 0.3 * a * np.sin(2.7 * f * t + 2 * p) for y, a, f, p in
             ((0.56, 0.055, 6.0, 0.3), (0.645, 0.04, 5.0, 2.2), (0.73, 0.025, 7.0, 4.0), (0.80, 0.018, 8.0, 1.0),
              (0.87, 0.018, 7.0, 3.0), (1.02, 0, 1, 0))]  # fmt: skip
    heaps = (_HILLS[:3], _HILLS[1:5], _WATER, _WATER[1:], _WATER[:4])
    for k, heap in enumerate(heaps):
        above, below = (np.stack([t, y], 1).astype(np.float32) * w.size for y in lines[k : k + 2])
        w.strip(above, below, 9 + 2 * (k % 3), heap, 20 + k)
    plants = (
        (0.19, 0.47, 0.155, 0.1, 0),
        (0.41, 0.70, 0.115, -0.25, 1),
        (0.65, 0.80, 0.095, 0.2, 0),
        (0.86, 0.62, 0.135, -0.1, 1),
    )
    for k, (x, y, size, turn, kind) in enumerate(plants):
        for lean, top, broad in (
            (-0.10, 0.16, 0.075),
            (0.09, 0.22, 0.07),
            (0.0, 0.0, 0.026),
        ):  # two leaves and the stem
            line = spline(((x - 0.2 * lean, 1.04), (x + 0.2 * lean, 0.4 * y + 0.65), (x + lean, y + top)), 50) * w.size
            edge = ribbon(line, broad * np.linspace(1, 0.08 if lean else 1, 50) ** 0.7)
            w.strip(edge[:50], edge[50:][::-1], 3, _LEAVES, 40 + 9 * k + round(lean * 50))
        w.flower(np.array([x, y], np.float32) * w.size, size, turn + np.pi, (_PETALS, _ROSES)[kind], 60 + k)
    rim = 0.042
    for side in range(4):  # the frame
        long, count = (w.size[0], 15) if side % 2 == 0 else (w.size[1], 11)
        for m in range(count):
            a, b = long * m / count, long * (m + 1) / count
            near, far = (0.0, rim) if side < 2 else (w.size[1 - side % 2] - rim, w.size[1 - side % 2])
            box = np.array([(a, near), (b, near), (b, far), (a, far)], np.float32)
            w.lay(box if side % 2 == 0 else box[:, ::-1], _FRAME[(m * 2 + side + m // 3) % 5])
    return w


def _render(width: int, height: int) -> Pixels:
    fine = fineness(width, height)
    window = _window(width, height, fine)
    glass, unit = window.pieces.numbers(), window.pieces.unit
    away = ndimage.gaussian_filter(border_distance(glass), 0.7) / np.float32(unit)
    corners = np.stack([glass[:-1, :-1], glass[1:, :-1], glass[:-1, 1:], glass[1:, 1:]])
    corners.sort(axis=0)
    joint = np.zeros(glass.shape, bool)
    joint[:-1, :-1] = (np.diff(corners, axis=0) > 0).sum(0) > 1
    solder = nearest(joint)[0] / np.float32(unit)
    del corners, joint
    number = np.arange(len(window.colours))
    r = [hash01(number, k, 5) for k in range(6)]
    colour = np.array(window.colours, np.float32) * (0.72 + 0.5 * r[0])[:, None] + 26 * (np.stack(r[1:4], 1) - 0.5)
    kind, angle = (r[4] * 4).astype(int), r[5] * np.float32(np.pi)
    sun = np.array(_SUN, np.float32) * window.size

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        here, edge = glass[rows], away[rows]
        c, s, which = np.cos(angle)[here], np.sin(angle)[here], kind[here]
        u, v = x * c + y * s, y * c - x * s
        bend = fbm(x * 9, y * 9, 31, 2)
        streak = noise(u * 5 + here * 0.7, v * 34 + 1.5 * bend, 32) + 0.6 * noise(u * 12, v * 90, 33)
        ripple = np.sin((v + 0.02 * bend) * 260)
        hammer = noise(x * 75, y * 75, 34)
        seed = smoothstep(0.62, 0.85, noise(x * 95, y * 95, 35))
        relief = np.where(which == 1, hammer, np.where(which == 2, 0.45 * ripple, 0.35 * streak + 0.8 * seed))
        relief = relief + 0.2 * grain(x, y, 160, unit / fine, 36, gain=0.4)
        light = 1.02 + 0.30 * noise(x * 7 + here, y * 7, 37) + np.where(which == 0, 0.34, 0.15) * streak
        light += 0.45 * slope_light(relief * (0.006 * unit), (-0.6, -0.8))
        light *= 0.66 + 0.34 * smoothstep(0.0, 0.018, edge - _LEAD / 2)
        light *= 0.84 + 0.55 * np.exp(-np.hypot(x - sun[0], y - sun[1]) * 2.6)
        rgb = colour[here] * light[..., None]
        rgb += (np.clip(light - 0.95, 0, 1) * 150)[..., None]  # where much light comes through, it bleaches
        half = _LEAD / 2 * (1 + 0.85 * smoothstep(2.2, 0.4, solder[rows] / _LEAD))
        lead = smoothstep(half + 0.7 / unit, half - 0.7 / unit, edge)
        dome = np.sqrt(np.clip(1 - (edge / half) ** 2, 0, 1)) * half * unit
        metal = (
            40
            + 95 * slope_light(dome + 0.5 * hammer)
            + 14 * hammer
            + 16 * smoothstep(0.9, 1, dome / (half * unit + 1e-6))
        )
        return np.asarray(rgb + lead[..., None] * (metal[..., None] * palette("#f0f4ff")[0] / 255 - rgb), np.float32)

    return paint_in_bands(width, height, shade, fine, pad=2)


STYLE = HouseStyle(
    "stained-glass", "Stained glass", "Irises before a rising sun, in leaded glass of deep glowing colours.", _render
)
