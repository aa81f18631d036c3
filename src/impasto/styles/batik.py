"""Batik: lotus flowers, leaves and dotted fillings on indigo cloth, with veins where the wax cracked.

Cloth is dyed in baths from light to dark, and what keeps a colour is covered with wax before the next bath: cream,
then ochre, madder and brown, and indigo last. Lines drawn with the wax pen wander a little and have soft edges; the
stiff wax breaks into long veins in which the last bath stains the light parts; the weave of the cloth shows all over.
"""

import numpy as np
import scipy

from impasto.styles.ground import Floats, Pixels, blend, grain, hash01, noise, palette, smoothstep, spline
from impasto.styles.outlines import curve, ellipse, place, ribbon, voronoi
from impasto.styles.pieces import Pieces, paint_in_bands
from impasto.styles.style import HouseStyle

_DYES = palette("#18244f", "#f3e4c3", "#d9962f", "#a8391f", "#5a2a1a", "#2f5a94", "#e6bf78")
_INDIGO, _CREAM, _OCHRE, _RED, _BROWN, _BLUE, _SAND = range(7)
_PETAL = curve("0,0 .2,.28 .27,.6 0,1 -.27,.6 -.2,.28 0,0", 36)
_LEAF = curve("0,0 .32,.3 .3,.7 0,1 -.16,.6 -.12,.25 0,0", 36)
_RINGS = (  # a flower's: reach, number of petals, their breadth, dyes from the rim inwards
    (1.0, 12, 1.0, (_CREAM, _RED, _BROWN)),
    (0.78, 12, 1.0, (_CREAM, _OCHRE, _SAND)),
    (0.56, 8, 1.35, (_CREAM, _RED, _OCHRE)),
    (0.34, 8, 1.35, (_BROWN, _CREAM)),
)
_FLOWERS = (  # place and size
    (0.20, 0.42, 0.165), (0.70, 0.26, 0.15), (0.53, 0.74, 0.17), (0.95, 0.66, 0.13),
    (0.07, 0.95, 0.13), (0.36, 0.04, 0.10), (0.99, 0.02, 0.10),
)  # fmt: skip


class _Cloth(Pieces):
    """The drawing in wax: the number of a piece is its dye."""

    def shape(self, outline: Floats, *dyes: int, rim: float = 0.008) -> None:
        """A shape with rims of other dyes, outermost first, each `rim` broad."""
        middle = outline.mean(0)
        reach = np.abs(outline - middle).max()
        for k, dye in enumerate(dyes):
            self.polygon(middle + (outline - middle) * max(0.05, 1 - k * rim / reach), dye)

    def line(self, line: Floats, dye: int, breadth: float = 0.0042) -> None:
        """A line of the wax pen."""
        self.polygon(ribbon(line, breadth), dye)

    def dots(self, at: Floats, radius: float, spacing: float, size: float) -> None:
        """A ring of dots."""
        for dot in ellipse(at, radius, count=round(2 * np.pi * radius / spacing)):
            self.polygon(ellipse(dot, size, count=10), _CREAM)

    def flower(self, at: Floats, size: float, seed: int) -> None:
        """A lotus from above: rings of petals with veins, and a halo with dots."""
        self.shape(ellipse(at, size * 1.13, count=90), _BLUE)
        self.dots(at, size * 1.07, 0.019, 0.0042)
        for ring, (reach, count, broad, dyes) in enumerate(_RINGS):
            for k in range(count):
                angle = 0.4 * seed + 2 * np.pi * (k + 0.5 * (ring % 2)) / count
                self.shape(place(_PETAL * (broad, 1), at, size * reach, angle), *dyes)
                for lean in (-0.1, 0.0, 0.1) if ring < 3 else ():
                    vein = spline(((lean * 0.6, 0.35), (lean * 1.2, 0.55), (lean * 0.7, 0.74)), 8)
                    self.line(place(vein, at, size * reach, angle), _BROWN if (ring + seed) % 2 else _CREAM)
        self.shape(ellipse(at, size * 0.17), _BROWN, _OCHRE, _RED, rim=0.011)
        self.dots(at, size * 0.11, 0.014, 0.0035)

    def leaf(self, at: Floats, size: float, turn: float, way: int, dyes: tuple[int, int]) -> None:
        """A leaf to the left (way 1) or right (-1) of its stem."""
        self.shape(place(_LEAF * (way, 1), at, size, turn), _CREAM, *dyes)
        for part in (0.2, 0.36, 0.52, 0.68):
            rib = spline(((0.02, part), (0.11, part + 0.1), (0.17, part + 0.13)), 6) * (way, 1)
            self.line(place(rib, at, size, turn), _CREAM)
        self.line(place(np.array([(0, 0.05), (0.03, 0.4), (0.04, 0.8)]) * (way, 1), at, size, turn), _CREAM, 0.005)


def _cloth(width: int, height: int) -> _Cloth:
    """The whole drawing, from the ground's filling to the flowers."""
    cloth = _Cloth(width, height)
    step = 0.052
    for j, i in np.ndindex(int(cloth.high / step / 0.9) + 3, int(cloth.wide / step) + 3):  # crossed petals in a lattice
        at = np.array([(i + 0.5 * (j % 2) - 1) * step, (j - 1) * step * 0.9])
        for k in range(4):
            cloth.polygon(place(_PETAL[::3] * (0.9, 1), at, 0.021, np.pi / 4 + k * np.pi / 2), _BLUE)
        cloth.polygon(ellipse(at, 0.0038, count=8), _SAND)
    t = np.linspace(-0.05, 1.05, 140)
    for k, (y, shift) in enumerate(((0.27, 0.6), (0.76, 2.9))):  # winding stems
        stem = np.stack([t, y + 0.11 * np.sin(t * 8.5 + shift)], 1) * cloth.at(1, 1)
        for breadth, dye in ((0.034, _CREAM), (0.022, _BROWN), (0.008, _OCHRE)):
            cloth.line(stem, dye, breadth)
        for m in range(20):
            at, after = stem[5 + m * 13 // 2 : 7 + m * 13 // 2]
            turn = np.arctan2(after[1] - at[1], after[0] - at[0]) + (0.75 if m % 2 else 2.4) - np.pi / 2
            dyes = ((_OCHRE, _BROWN), (_RED, _OCHRE), (_BLUE, _INDIGO))[m % 3]
            cloth.leaf(at, 0.13 + 0.07 * float(hash01(k, m, 3)[0]), turn, 1 if m % 2 else -1, dyes)
    for k, (x, y, size) in enumerate(_FLOWERS):
        cloth.flower(cloth.at(x, y), size, k)
    for k in range(26):  # buds, where no flower is
        bud = cloth.at(*hash01(k, np.arange(2), 4).tolist())
        if all(np.hypot(*(bud - cloth.at(x, y))) > size * 1.16 + 0.03 for x, y, size in _FLOWERS):
            cloth.shape(ellipse(bud, 0.026), _CREAM, _OCHRE, _RED)
            cloth.dots(bud, 0.036, 0.016, 0.0038)
    return cloth


def _render(width: int, height: int) -> Pixels:
    cloth = _cloth(width, height)
    unit, fine, drawn = cloth.unit, cloth.fine, cloth.numbers()
    tall, wide = drawn.shape
    waxed = scipy.ndimage.gaussian_filter((drawn != _INDIGO).astype(np.float32), 0.0022 * unit)
    j, i = np.indices((int(cloth.high / 0.05) + 4, int(cloth.wide / 0.05) + 4))
    jitter = np.stack([hash01(i, j, 5), hash01(i, j, 6)], -1)
    sites = ((np.stack([i, j], -1) - 2 + 1.8 * jitter) * 0.05).reshape(
        -1, 2
    )  # the centres of the cells that the veins part

    def shade(x: Floats, y: Floats, _: slice) -> Floats:
        hand_x, hand_y = 0.0022 * noise(x * 28, y * 28, 11), 0.0022 * noise(x * 28, y * 28, 12)
        column = np.clip(((x + hand_x) * unit).astype(int), 0, wide - 1)
        row = np.clip(((y + hand_y) * unit).astype(int), 0, tall - 1)
        rgb = _DYES[drawn[row, column]]
        bath = noise(x * 4, y * 4, 13) + 0.6 * noise(x * 15, y * 15, 14)
        rgb = rgb * (1 + 0.10 * bath)[..., None]
        rgb = blend(rgb, _DYES[_SAND] * 0.8, 0.30 * (1 - np.abs(2 * waxed[row, column] - 1)))  # soft edges
        bend_x, bend_y = x + 0.02 * noise(x * 9, y * 9, 15), y + 0.02 * noise(x * 9, y * 9, 16)
        bend_x, bend_y = bend_x + 0.004 * noise(x * 45, y * 45, 17), bend_y + 0.004 * noise(x * 45, y * 45, 18)
        vein = voronoi(bend_x, bend_y, sites)[1]
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


_ABOUT = "Lotus flowers on indigo cloth, in cream, ochre and madder, veined where the wax cracked."
STYLE = HouseStyle("batik", "Batik", _ABOUT, _render)
