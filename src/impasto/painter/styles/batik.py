"""Batik: lotus flowers, birds' wings and dotted fillings on indigo cloth, with veins where the wax cracked.

Cloth is dyed in baths from light to dark, and what keeps a colour is covered with wax before the next bath: cream,
then ochre, madder and brown, and indigo last. Lines drawn with the wax pen wander a little and have soft edges; the
stiff wax breaks into long veins in which the last bath stains the light parts; the weave of the cloth shows all over.
"""

import numpy as np
from scipy import ndimage

from impasto.painter.styles.canvas import Floats, Pixels, blend, hash01, noise, palette, smoothstep, spline
from impasto.painter.styles.shapes import (
    Pieces,
    ellipse,
    fineness,
    grain,
    paint_in_bands,
    place,
    ribbon,
    voronoi,
)
from impasto.painter.styles.style import HouseStyle

_DYES = palette("#18244f", "#f3e4c3", "#d9962f", "#a8391f", "#5a2a1a", "#2f5a94", "#e6bf78")
_INDIGO, _CREAM, _OCHRE, _RED, _BROWN, _BLUE, _SAND = range(7)
_PETAL = spline(((0, 0), (0.2, 0.28), (0.27, 0.6), (0, 1.0), (-0.27, 0.6), (-0.2, 0.28), (0, 0)), 36)
_LEAF = spline(((0, 0), (0.32, 0.3), (0.3, 0.7), (0, 1.0), (-0.16, 0.6), (-0.12, 0.25), (0, 0)), 36)


class _Cloth:
    """The drawing in wax: shapes of one dye, each laid over the earlier ones."""

    def __init__(self, width: int, height: int, fine: int) -> None:
        self.pieces = Pieces(width, height, fine)
        self.size = np.array([self.pieces.wide, self.pieces.high], np.float32)

    def shape(self, outline: Floats, *dyes: int, rim: float = 0.006) -> None:
        """A shape with rims of other dyes, outermost first, each `rim` broad."""
        middle = outline.mean(0)
        reach = np.abs(outline - middle).max()
        for k, dye in enumerate(dyes):
            self.pieces.polygon(middle + (outline - middle) * max(0.05, 1 - k * rim / reach), dye)

    def line(self, line: Floats, dye: int, breadth: float = 0.0055) -> None:
        """A line of the wax pen."""
        self.pieces.polygon(ribbon(line, breadth), dye)

    def dots(self, line: Floats, dye: int, spacing: float, radius: float = 0.004) -> None:
        """A row of dots along a line."""
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        for s in np.arange(spacing / 2, along[-1], spacing):
            at = [np.interp(s, along, line[:, k]) for k in (0, 1)]
            self.pieces.polygon(ellipse(at, radius, count=10), dye)


def _lotus(c: _Cloth, at: Floats, size: float, turn: float, seed: int) -> None:
    """A flower in four rings of petals, with lines, dots and a halo."""
    c.shape(ellipse(at, size * 1.13, count=90), _BLUE)
    c.dots(ellipse(at, size * 1.07, count=90), _CREAM, 0.019, 0.0042)
    for ring, (reach, petals, dyes) in enumerate(
        (
            (1.0, 12, (_CREAM, _RED, _BROWN)),
            (0.78, 12, (_CREAM, _OCHRE, _SAND)),
            (0.56, 8, (_CREAM, _RED, _OCHRE)),
            (0.34, 8, (_BROWN, _CREAM)),
        )
    ):
        for k in range(petals):
            angle = turn + 2 * np.pi * (k + 0.5 * (ring % 2)) / petals
            broad = np.array([1.0 if petals == 12 else 1.35, 1.0])
            c.shape(place(_PETAL * broad, at, size * reach, angle), *dyes, rim=0.008)
            if ring < 3:
                for lean in (-0.1, 0.0, 0.1):
                    vein = spline(((lean * 0.6, 0.35), (lean * 1.2, 0.55), (lean * 0.7, 0.74)), 8)
                    c.line(place(vein, at, size * reach, angle), _CREAM if (ring + seed) % 2 == 0 else _BROWN, 0.0042)
    c.shape(ellipse(at, size * 0.17), _BROWN, _OCHRE, _RED, rim=0.011)
    c.dots(ellipse(at, size * 0.11, count=40), _CREAM, 0.014, 0.0035)


def _cloth(width: int, height: int, fine: int) -> _Cloth:
    """The whole drawing, from the ground's fillings to the flowers."""
    c = _Cloth(width, height, fine)
    step = 0.052
    for j in range(-1, int(c.size[1] / step) + 3):  # the ground: crossed petals in a lattice, and dots
        for i in range(-1, int(c.size[0] / step) + 3):
            at = np.array([(i + 0.5 * (j % 2)) * step, j * step * 0.9])
            for k in range(4):
                c.pieces.polygon(place(_PETAL[::3] * (0.9, 1), at, 0.021, np.pi / 4 + k * np.pi / 2), _BLUE)
            c.pieces.polygon(ellipse(at, 0.0038, count=8), _SAND)
    t = np.linspace(-0.05, 1.05, 140)
    for k, (y, swing, shift) in enumerate(((0.27, 0.11, 0.6), (0.76, 0.11, 2.9))):  # winding stems
        stem = np.stack([t, y + swing * np.sin(t * 8.5 + shift)], 1) * c.size
        for breadth, dye in ((0.034, _CREAM), (0.022, _BROWN), (0.008, _OCHRE)):
            c.line(stem, dye, breadth)
        for m in range(20):
            n = 5 + m * 13 // 2
            way = np.arctan2(*(stem[n + 1] - stem[n])[::-1]) + (0.75 if m % 2 else 2.4) - np.pi / 2
            leaf = 0.13 + 0.07 * float(hash01(k, m, 3)[0])
            mirror = np.array([1 if m % 2 else -1, 1])
            inner = ((_OCHRE, _BROWN), (_RED, _OCHRE), (_BLUE, _INDIGO))[m % 3]
            c.shape(place(_LEAF * mirror, stem[n], leaf, way), _CREAM, *inner, rim=0.0085)
            for part in (0.2, 0.36, 0.52, 0.68):
                rib = spline(((0.02, part), (0.11, part + 0.1), (0.17, part + 0.13)), 6) * mirror
                c.line(place(rib, stem[n], leaf, way), _CREAM, 0.0042)
            c.line(place([(0, 0.05), (0.03, 0.4), (0.04, 0.8)] * mirror, stem[n], leaf, way), _CREAM, 0.005)
    flowers = (
        (0.20, 0.42, 0.165, 0.1),
        (0.70, 0.26, 0.15, 0.3),
        (0.53, 0.74, 0.17, 0.0),
        (0.95, 0.66, 0.13, 0.2),
        (0.07, 0.95, 0.13, 0.15),
        (0.36, 0.04, 0.10, 0.0),
        (0.99, 0.02, 0.10, 0.2),
    )
    for k, (x, y, size, turn) in enumerate(flowers):
        _lotus(c, np.array([x, y]) * c.size, size, turn, k)
    for k in range(26):  # buds and small rosettes between
        x, y = hash01(k, 1, 4)[0], hash01(k, 2, 4)[0]
        if (
            min(np.hypot((x - fx) * c.size[0], (y - fy) * c.size[1]) / (s * 1.16 + 0.03) for fx, fy, s, _ in flowers)
            > 1
        ):
            c.shape(ellipse(np.array([x, y]) * c.size, 0.026), _CREAM, _OCHRE, _RED, rim=0.008)
            c.dots(ellipse(np.array([x, y]) * c.size, 0.036, count=30), _CREAM, 0.016, 0.0038)
    return c


def _render(width: int, height: int) -> Pixels:
    fine = fineness(width, height)
    cloth = _cloth(width, height, fine)
    unit, drawn = cloth.pieces.unit, cloth.pieces.numbers()
    tall, wide = drawn.shape
    waxed = ndimage.gaussian_filter((drawn != _INDIGO).astype(np.float32), 0.0022 * unit)
    corner = np.linspace(-0.1, 1.6, 34)
    sites = np.stack(np.meshgrid(corner, corner), -1).reshape(-1, 2)
    index = np.arange(len(sites))
    sites = sites + 0.09 * (np.stack([hash01(index, 1, 5), hash01(index, 2, 5)], 1) - 0.5)

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        hand_x, hand_y = 0.0022 * noise(x * 28, y * 28, 11), 0.0022 * noise(x * 28, y * 28, 12)
        column = np.clip(((x + hand_x) * unit).astype(int), 0, wide - 1)
        row = np.clip(((y + hand_y) * unit).astype(int), 0, tall - 1)
        rgb = _DYES[drawn[row, column]]
        bath = noise(x * 4, y * 4, 13) + 0.6 * noise(x * 15, y * 15, 14)
        rgb = rgb * (1 + 0.10 * bath)[..., None]
        rgb = blend(rgb, _DYES[_SAND] * 0.8, 0.30 * (1 - np.abs(2 * waxed[row, column] - 1)))  # soft edges
        bend_x, bend_y = x + 0.02 * noise(x * 9, y * 9, 15), y + 0.02 * noise(x * 9, y * 9, 16)
        bend_x, bend_y = bend_x + 0.004 * noise(x * 45, y * 45, 17), bend_y + 0.004 * noise(x * 45, y * 45, 18)
        _, vein = voronoi(bend_x, bend_y, sites)
        long = np.abs(noise(bend_x * 4.2, bend_y * 3.1, 19)) / 5.5
        force = np.clip(0.55 + 0.75 * noise(x * 3.3, y * 3.3, 20), 0, 1)  # how much the cloth was crumpled here
        crack = np.maximum(smoothstep(0.0034, 0.0006, vein) * force, smoothstep(0.0042, 0.0008, long) * np.sqrt(force))
        stain = 0.30 * np.exp(-np.minimum(vein, long) / 0.006) * force
        light = waxed[row, column]
        rgb = blend(rgb, _DYES[_INDIGO] * 0.9, np.clip(0.85 * crack + stain, 0, 0.9) * (0.25 + 0.75 * light))
        rgb = blend(rgb, _DYES[_BLUE] * 1.2, 0.35 * crack * (1 - light))
        weave = np.sin(x * 1150) * np.sin(y * 1150) + 0.7 * grain(x, y, 180, unit / fine, 21)
        return np.asarray(rgb * (1 + 0.055 * weave)[..., None], np.float32)

    return paint_in_bands(width, height, shade, fine)


STYLE = HouseStyle(
    "batik",
    "Batik",
    "Lotus flowers on indigo cloth, in cream, ochre and madder, veined where the wax cracked.",
    _render,
)
