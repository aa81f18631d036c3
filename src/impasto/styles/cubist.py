"""Cubist facets: a guitar, a bottle and a glass, broken into shaded planes of ochre, umber, grey and blue.

As in the paintings of about 1910: planes overlap and open into each other (each is dense along one edge and fades to
the other), they lean in few directions, are lighter towards the middle of the picture, and are filled with short
brick-like dabs. Over them lie fragments of drawing: strings, a sound hole, curves of the guitar, necks and rims, each
broken off and shifted where it crosses from one plane to the next.
"""

import math
from collections.abc import Iterator

import numpy as np

from impasto.styles.ground import (
    Floats,
    Pixels,
    blend,
    fbm,
    grain,
    hash01,
    noise,
    palette,
    ramp,
    smoothstep,
)  # fmt: skip
from impasto.styles.outlines import curve, ribbon
from impasto.styles.pieces import Pieces, paint_in_bands, slope_light
from impasto.styles.style import HouseStyle

_WARM = palette("#231a12", "#46321f", "#6d4f2c", "#94703d", "#b8935a", "#d3b47c", "#eadcb6")
_COOL = palette("#14181d", "#2b3640", "#465866", "#687d89", "#8d9fa4", "#b4bfba", "#e2e0cc")
_RUST = palette("#2a140d", "#5e2b18", "#8b4a2a", "#a8693f", "#c08e62", "#d6b58c", "#ecdcc0")
_LEANS = (0.22, 0.95, 1.42, 2.05, 2.75)  # the few directions of the edges, in radians
_LINE = palette("#15110e")[0]
_FRAGMENTS = (  # of the drawing: knots as shares of the picture, and breadth in units
    (".4,.3 .32,.36 .31,.46 .37,.52 .29,.6 .28,.74 .4,.84", 0.008),  # the guitar: its sides, the sound hole, the neck
    (".58,.3 .66,.37 .65,.46 .6,.51 .69,.6 .68,.74 .56,.84 .4,.85", 0.009),
    (".53,.26 .6,.29 .63,.36", 0.012),
    (".43,.56 .47,.51 .53,.53 .55,.59 .51,.64 .45,.63", 0.011),
    (".405,.58 .45,.48 .55,.5 .585,.6", 0.005),
    (".455,.05 .45,.28", 0.008),
    (".535,.04 .535,.27", 0.006),
    (".42,.76 .57,.755", 0.014),
    (".4,.7 .585,.69", 0.005),
    *((f"{0.468 + 0.015 * k},.06 {0.47 + 0.012 * k},.45 {0.475 + 0.011 * k},.78", 0.0035) for k in range(5)),  # strings
    (".78,.12 .785,.27 .74,.35 .735,.66", 0.008),  # the bottle
    (".85,.12 .85,.28 .89,.36 .9,.62", 0.007),
    (".77,.12 .815,.105 .86,.12 .815,.14 .77,.125", 0.006),
    (".74,.45 .82,.47 .9,.44", 0.005),
    (".11,.42 .13,.55 .18,.6 .18,.72 .11,.75 .26,.755", 0.007),  # the glass
    (".27,.41 .25,.54 .19,.6", 0.006),
    (".105,.42 .19,.395 .275,.415 .19,.44 .105,.42", 0.005),
    (".02,.88 .35,.93 .98,.86", 0.008),  # the table, and lines that nobody can name
    ("0,.3 .22,.1 .4,.02", 0.006),
    (".99,.72 .8,.78 .72,.97", 0.006),
    (".08,.16 .13,.13 .16,.19 .1,.23 .06,.2 .09,.165", 0.006),
    (".63,.1 .66,.16 .62,.22 .66,.27", 0.007),
)


def _planes(wide: float, high: float) -> Iterator[tuple[Floats, Floats, float, float, float, Floats, float]]:
    """Planes from large to small: middle, half lengths, turn, skew, fade, colours, tone."""
    cells = (
        (i, j, step, size)
        for step, size in ((0.23, 0.21), (0.15, 0.14), (0.11, 0.085), (0.085, 0.05))
        for j in range(-1, int(high / step) + 2)
        for i in range(-1, int(wide / step) + 2)
    )
    for k, (i, j, step, size) in enumerate(cells, 1):
        r = [float(v) for v in hash01(k, np.arange(9), 3)]
        if size < 0.1 and r[8] > 0.62:
            continue
        middle = np.array([(i + r[0]) * step, (j + r[1]) * step], np.float32)
        off = math.hypot(middle[0] / wide - 0.5, middle[1] / high - 0.5)
        turn = _LEANS[int(r[2] * 5)] + 0.16 * (r[3] - 0.5) + np.pi * (r[8] > 0.3)
        half = size * np.array([0.65 + 0.9 * r[4], 0.45 + 0.6 * r[5]], np.float32)
        colours = _RUST if r[6] > 0.93 else _COOL if r[6] + 0.35 * off * (k % 2) > 0.56 else _WARM
        yield middle, half, turn, r[7] - 0.5, 0.35 + r[8], colours, 0.80 - 0.75 * off + 0.85 * (r[7] - 0.5)


def _drawing(width: int, height: int) -> Floats:
    """The fragments of drawing, 0 to 1, height x width."""
    pieces = Pieces(width, height)
    for number, (knots, breadth) in enumerate(_FRAGMENTS, 1):
        swell = 0.55 + 0.45 * np.sin(np.linspace(0.3, 2.6, 60) + number)
        pieces.polygon(ribbon(curve(knots, 60) * pieces.at(1, 1), breadth * swell + 0.0015), 1)
    drawn = pieces.numbers().reshape(height, pieces.fine, width, pieces.fine)
    return np.asarray(drawn.mean(axis=(1, 3), dtype=np.float32))


def _render(width: int, height: int) -> Pixels:
    unit = float((width * height) ** 0.5)
    drawn = _drawing(width, height)
    planes = list(_planes(width / unit, height / unit))
    chance = np.random.default_rng(4).random(8192, dtype=np.float32)  # tones of dabs
    soft = 0.7 / unit

    def shade(x: Floats, y: Floats, _: slice) -> Floats:
        rgb = ramp(_WARM, 0.42 + 0.3 * fbm(x * 3, y * 3, 11, 3))
        wobble = 0.3 * noise(x * 30, y * 30, 12)
        relief = np.zeros((*rgb.shape[:2], 3), np.float32)  # height of the paint; shift of the drawing
        for k, (middle, half, turn, skew, fade, colours, tone) in enumerate(planes):
            reach = float(half.sum()) * 1.25
            left, right = np.searchsorted(x[0], (middle[0] - reach, middle[0] + reach))
            top, bottom = np.searchsorted(y[:, 0], (middle[1] - reach, middle[1] + reach))
            if left >= right or top >= bottom:
                continue
            c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
            u, v = x[:, left:right] - middle[0], y[top:bottom] - middle[1]
            u, v = u * c + v * s, v * c - u * s
            a, b = (u + skew * v) / half[0], v / half[1] + (0.25 * skew / half[0]) * u
            outside = np.maximum((np.abs(a) - 1) * half[0], (np.abs(b) - 1) * half[1])
            row, column = np.nonzero(outside < soft)
            u, v, b, outside = (field[row, column] for field in (u, v, b, outside))
            at = (row + top, column + left)
            cover = smoothstep(soft, -soft, outside)
            dab_v, dab_u = v / np.float32(0.0125), u / np.float32(0.034) + wobble[at]
            dab_row = np.floor(dab_v)
            dab_u += 0.5 * (dab_row % 2)
            dab_column = np.floor(dab_u)
            dab = chance[(dab_row * 61 + dab_column * 17 + 37 * k).astype(np.int32) & 8191]
            hump = (1 - (2 * (dab_v - dab_row) - 1) ** 2) * (1 - (2 * (dab_u - dab_column) - 1) ** 4)
            along = np.clip((b + 1) / 2, 0, 1)
            dense = cover * np.clip((1 - along) ** np.float32(fade) * 1.15 - 0.22 * dab * along, 0, 1)
            ink = ramp(colours, tone - 0.30 * along + 0.20 * (dab - 0.5) + 0.04 * (hump - 0.5))
            edge = cover * np.exp(np.abs(b + 1) * np.float32(-half[1] / 0.0022)) * (0.3 + 0.7 * dab)
            paint = blend(rgb[at], ink, dense)
            rgb[at] = blend(paint, _LINE if k % 3 else colours[6], np.float32(0.75 if k % 3 else 0.6) * edge)
            shift = np.float32(0.020) * (chance[[k, k + 4000]] - 0.5)
            target = np.stack([0.75 * hump + 0.25 * dab, shift[0] + 0 * dab, shift[1] + 0 * dab], 1)
            relief[at] = blend(relief[at], target, dense)
        column = np.clip(((x + relief[..., 1]) * unit).astype(int), 0, width - 1)
        row = np.clip(((y + relief[..., 2]) * unit).astype(int), 0, height - 1)
        worn = smoothstep(-0.75, 0.1, noise(x * 11, y * 11, 15) + 0.3 * noise(x * 60, y * 60, 16))
        rgb = blend(rgb, _LINE, 0.92 * worn * drawn[row, column])
        tooth = grain(x, y, 130, unit, 17)
        light = slope_light((relief[..., 0] + 0.25 * tooth) * (0.0028 * unit))
        return np.asarray(rgb * (1 + 0.5 * light + 0.03 * tooth)[..., None], np.float32)

    return paint_in_bands(width, height, shade, pad=2)


_ABOUT = "A still life broken into shaded planes of ochre, umber, grey and blue."
STYLE = HouseStyle("cubist", "Cubist facets", _ABOUT, _render)
