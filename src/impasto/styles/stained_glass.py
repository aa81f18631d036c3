"""Stained glass: flowers before a rising sun, in leaded pieces of streaky, hammered, rippled and seedy glass.

The window is cut like a real one: no piece is larger than a hand, long shapes are cut across, and every border between
two pieces is a lead came, rounded, with solder where three meet. Light falls through the glass: each piece has its own
colour, thickness and kind of texture, is darker along its lead, and glows more the nearer it is to the sun.
"""

from itertools import pairwise

import numpy as np
import scipy

from impasto.styles.ground import Floats, Pixels, blend, grain, hash01, noise, palette, ramp, smoothstep, spline
from impasto.styles.outlines import curve, ellipse, place, ribbon
from impasto.styles.pieces import Pieces, border_distance, joints, nearest, paint_in_bands, slope_light
from impasto.styles.style import HouseStyle

_LEAD = 0.0076  # breadth of the cames, in units
_SKY = palette("#fff3b0", "#ffd94a", "#ff9e2e", "#f0583f", "#c83a78", "#7d3ca8", "#3d48b4", "#174a9c", "#0b2360")
_HILLS = palette("#4aa38f", "#1c7f6a", "#2f9e4f", "#0f6a3c", "#7dba3c", "#0b4a3a")
_WATER = palette("#7fd6e8", "#2fa4d6", "#1570b8", "#bdeef0", "#0d4d94")
_PETALS = palette("#5a2bb0", "#7b3fd0", "#a564e0", "#3b1c86", "#c99af0")
_ROSES = palette("#c4102e", "#e8283c", "#9c0a2c", "#ff5a4a", "#f08098")
_LEAVES = palette("#1f8a3a", "#4fb548", "#0e6432", "#9fd04a", "#147a5a")
_FRAME = palette("#b3122a", "#123c9c", "#e8a020", "#0f7a4c", "#5a2b9c")
_PETAL = curve("0,.02 .16,.2 .34,.5 .36,.8 .12,1 -.1,1.02 -.36,.8 -.33,.48 -.15,.2 0,0")
_TONGUE = curve("0,.05 .09,.3 0,.55 -.09,.3 0,.05", 16)
_SUN = (0.66, 0.33)


class _Window:
    """Pieces of glass in work: each outline is laid over the earlier ones, with a colour of its own."""

    def __init__(self, width: int, height: int) -> None:
        self.pieces = Pieces(width, height)
        self.size = np.array([self.pieces.wide, self.pieces.high], np.float32)
        self.colours: list[Floats] = [palette("#000000")[0]]

    def lay(self, outline: Floats, colour: Floats) -> None:
        """One piece of glass."""
        self.pieces.polygon(outline, len(self.colours))
        self.colours.append(colour)

    def strip(self, above: Floats, below: Floats, cuts: int, heap: Floats, seed: int) -> None:
        """A long shape between two lines (each n x 2), cut across into pieces of different lengths."""
        last = len(above) - 1
        at = (np.arange(cuts + 1) + 0.5 * hash01(np.arange(cuts + 1), 1, seed) - 0.25) * last / cuts
        knots = [0, *np.round(at[1:-1]).astype(int), last]
        for k, (a, b) in enumerate(pairwise(knots)):
            shade = heap[int(hash01(k, 2, seed)[0] * len(heap))]
            self.lay(np.concatenate([above[a : b + 1], below[a : b + 1][::-1]]), shade)

    def flower(self, at: Floats, size: float, turn: float, heap: Floats, seed: int) -> None:
        """A flower: petals round its heart, each with a paler tongue."""
        for k, angle in enumerate((-2.2, 2.2, -1.25, 1.25, 0.0, 3.14)):
            r = hash01(seed, np.arange(3) + 5 * k, 3)
            shape = _PETAL * (1.15 if k != 4 else 0.95, 1)
            petal = place(shape, at, size * (0.85 + 0.3 * r[0]), turn + angle + 0.3 * (r[1] - 0.5))
            middle = place([(0.0, 0.62)], at, size * 0.85, turn + angle)[0]
            self.lay(petal, heap[int(r[2] * len(heap))])
            self.lay(np.concatenate([petal[:20], [middle]]), heap[int(r[2] * 7.7) % len(heap)] * 0.9)
            self.lay(place(_TONGUE, at, size, turn + angle), palette("#ffd23c", "#fff0a0")[k % 2])
        self.lay(ellipse(at, size * 0.14), palette("#f59a1c")[0])


def _window(width: int, height: int) -> _Window:
    """The whole window, from far to near."""
    w = _Window(width, height)
    rings = ((0, 1), (0.075, 10), (0.125, 10), (0.18, 20), (0.25, 20), (0.33, 20), (0.43, 20), (0.55, 40), (0.7, 40))
    for k, ((near, count), (far, _)) in enumerate(pairwise((*rings, (0.88, 0)))):  # rings of the sky, cut into rays
        for m in range(count):
            angle = np.linspace(m, m + 1, 26) * 2 * np.pi / count + 0.16 * k * (k > 4) + 0.1
            rays = np.stack([np.cos(angle), np.sin(angle)], 1)
            rim = rays * (far * (1 + 0.045 * np.sin(5 * angle + k)))[:, None]
            back = rays * (near * (1 + 0.045 * np.sin(5 * angle + k - 1)))[:, None]
            tone = (k + (k > 0) * (0.9 * (m % 2) + 0.9 * hash01(k, m, 1) - 0.4)) / 9.5
            w.lay((np.concatenate([rim, back[::-1]]) if k else rim) + np.array(_SUN) * w.size, ramp(_SKY, tone)[0])
    t = np.linspace(-0.02, 1.02, 120)
    lines = []
    for y, swing, pace in zip((56, 64.5, 73, 80, 87, 102), (5.5, 4, 2.5, 1.8, 1.8, 0), (6, 5, 7, 8, 7, 1), strict=True):
        wave = np.sin(pace * t + y) + 0.3 * np.sin(2.7 * pace * t + 2 * y)
        lines.append(np.stack([t, (y + swing * wave) / 100], 1) * w.size)
    heaps = (_HILLS[:3], _HILLS[1:5], _WATER, _WATER[1:], _WATER[:4])
    for k, (heap, (above, below)) in enumerate(zip(heaps, pairwise(lines), strict=True)):
        w.strip(above, below, 9 + 2 * (k % 3), heap, 20 + k)
    plants = ((0.19, 0.47, 0.155, 0.1), (0.41, 0.70, 0.115, -0.25), (0.65, 0.80, 0.095, 0.2), (0.86, 0.62, 0.135, -0.1))
    for k, (x, y, size, turn) in enumerate(plants):
        for lean, top, broad in ((-0.10, 0.16, 0.075), (0.09, 0.22, 0.07), (0, 0, 0.026)):  # two leaves and the stem
            line = spline(((x - 0.2 * lean, 1.04), (x + 0.2 * lean, 0.4 * y + 0.65), (x + lean, y + top)), 50) * w.size
            edge = ribbon(line, broad * np.linspace(1, 0.08 if lean else 1, 50) ** 0.7)
            w.strip(edge[:50], edge[50:][::-1], 3, _LEAVES, 40 + 9 * k + round(lean * 50))
        w.flower(np.array([x, y], np.float32) * w.size, size, turn + np.pi, (_PETALS, _ROSES)[k % 2], 60 + k)
    for side in range(4):  # the frame
        flat = side % 2 == 0
        (long, deep), count = w.size[:: 1 if flat else -1], 15 if flat else 11
        near, far = (0.0, 0.042) if side < 2 else (deep - 0.042, deep)
        for m in range(count):
            a, b = long * m / count, long * (m + 1) / count
            box = np.array([(a, near), (b, near), (b, far), (a, far)], np.float32)
            w.lay(box if flat else box[:, ::-1], _FRAME[(m * 2 + side + m // 3) % 5])
    return w


def _render(width: int, height: int) -> Pixels:
    window = _window(width, height)
    glass, unit, fine = window.pieces.numbers(), window.pieces.unit, window.pieces.fine
    away = scipy.ndimage.gaussian_filter(border_distance(glass), 0.7) / np.float32(unit)
    solder = nearest(joints(glass))[0] / np.float32(unit)
    number = np.arange(len(window.colours))
    r = [hash01(number, k, 5) for k in range(6)]
    colour = np.array(window.colours, np.float32) * (0.72 + 0.5 * r[0])[:, None] + 26 * (np.stack(r[1:4], 1) - 0.5)
    kind, angle = (r[4] * 4).astype(int), r[5] * np.float32(np.pi)
    sun = np.array(_SUN, np.float32) * window.size

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        here, edge = glass[rows], away[rows]
        c, s, which = np.cos(angle)[here], np.sin(angle)[here], kind[here]
        u, v = x * c + y * s, y * c - x * s
        bend = noise(x * 9, y * 9, 31)
        streak = noise(u * 5 + here * 0.7, v * 34 + 1.5 * bend, 32) + 0.6 * noise(u * 12, v * 90, 33)
        ripple = np.sin((v + 0.02 * bend) * 260)
        hammer = noise(x * 75, y * 75, 34)
        seed = smoothstep(0.62, 0.85, noise(x * 95, y * 95, 35))
        relief = np.where(which == 1, hammer, np.where(which == 2, 0.45 * ripple, 0.35 * streak + 0.8 * seed))
        relief = relief + 0.12 * grain(x, y, 160, unit / fine, 36)
        light = 1.02 + 0.30 * noise(x * 7 + here, y * 7, 37) + np.where(which == 0, 0.34, 0.15) * streak
        light += 0.45 * slope_light(relief * (0.006 * unit), (-0.6, -0.8))
        light *= 0.66 + 0.34 * smoothstep(0.0, 0.018, edge - _LEAD / 2)
        light *= 0.84 + 0.55 * np.exp(-np.hypot(x - sun[0], y - sun[1]) * 2.6)
        rgb = colour[here] * light[..., None]
        rgb += (np.clip(light - 0.95, 0, 1) * 150)[..., None]  # where much light comes through, it bleaches
        half = _LEAD / 2 * (1 + 0.85 * smoothstep(2.2, 0.4, solder[rows] / _LEAD))
        lead = smoothstep(half + 0.7 / unit, half - 0.7 / unit, edge)
        dome = np.sqrt(np.clip(1 - (edge / half) ** 2, 0, 1)) * half * unit
        metal = 42 + 95 * slope_light(dome + 0.5 * hammer) + 16 * hammer
        return np.asarray(blend(rgb, metal[..., None] * palette("#f0f4ff")[0] / 255, lead), np.float32)

    return paint_in_bands(width, height, shade, fine, pad=2)


_ABOUT = "Flowers before a rising sun, in leaded glass of deep glowing colours."
STYLE = HouseStyle("stained-glass", "Stained glass", _ABOUT, _render)
