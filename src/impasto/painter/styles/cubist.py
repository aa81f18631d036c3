"""Cubist facets: a guitar, a bottle and a glass, broken into shaded planes of ochre, umber, grey and blue.

As in the paintings of about 1910: planes overlap and open into each other (each is dense along one edge and fades to
the other), they lean in few directions, are lighter towards the middle of the picture, and are filled with short
brick-like dabs. Over them lie fragments of drawing: strings, a sound hole, curves of the guitar, necks and rims, each
broken off and shifted where it crosses from one plane to the next.
"""

from collections.abc import Iterator

import numpy as np

from impasto.painter.styles.canvas import Floats, Pixels, blend, fbm, hash01, noise, palette, ramp, smoothstep, spline
from impasto.painter.styles.shapes import Pieces, fineness, grain, paint_in_bands, ribbon, slope_light
from impasto.painter.styles.style import HouseStyle

_WARM = palette("#231a12", "#46321f", "#6d4f2c", "#94703d", "#b8935a", "#d3b47c", "#eadcb6")
_COOL = palette("#14181d", "#2b3640", "#465866", "#687d89", "#8d9fa4", "#b4bfba", "#e2e0cc")
_RUST = palette("#2a140d", "#5e2b18", "#8b4a2a", "#a8693f", "#c08e62", "#d6b58c", "#ecdcc0")
_LEANS = np.array([0.22, 0.95, 1.42, 2.05, 2.75], np.float32)  # the few directions of the edges, in radians
_LINE = palette("#15110e")[0]
# fragments of drawing: knots in parts of the picture, breadth in units
_FRAGMENTS: tuple[tuple[tuple[tuple[float, float], ...], float], ...] = (
    (((0.40, 0.30), (0.32, 0.36), (0.31, 0.46), (0.37, 0.52), (0.29, 0.60), (0.28, 0.74), (0.40, 0.84)), 0.008),
    (((0.58, 0.30), (0.66, 0.37), (0.65, 0.46), (0.60, 0.51), (0.69, 0.60), (0.68, 0.74), (0.56, 0.84), (0.40, 0.85)), 0.009),
    (((0.53, 0.26), (0.60, 0.29), (0.63, 0.36)), 0.012),
    (((0.43, 0.56), (0.47, 0.51), (0.53, 0.53), (0.55, 0.59), (0.51, 0.64), (0.45, 0.63)), 0.011),
    (((0.405, 0.58), (0.45, 0.48), (0.55, 0.50), (0.585, 0.60)), 0.005),
    (((0.455, 0.05), (0.45, 0.28)), 0.008), (((0.535, 0.04), (0.535, 0.27)), 0.006),
    *((((0.468 + 0.015 * k, 0.06), (0.47 + 0.012 * k, 0.45), (0.475 + 0.011 * k, 0.78)), 0.0035) for k in range(5)),
    (((0.42, 0.76), (0.57, 0.755)), 0.014), (((0.40, 0.70), (0.585, 0.69)), 0.005),
    (((0.78, 0.12), (0.785, 0.27), (0.74, 0.35), (0.735, 0.66)), 0.008), (((0.85, 0.12), (0.85, 0.28), (0.89, 0.36), (0.90, 0.62)), 0.007),
    (((0.77, 0.12), (0.815, 0.105), (0.86, 0.12), (0.815, 0.14), (0.77, 0.125)), 0.006), (((0.74, 0.45), (0.82, 0.47), (0.90, 0.44)), 0.005),
    (((0.11, 0.42), (0.13, 0.55), (0.18, 0.60), (0.18, 0.72), (0.11, 0.75), (0.26, 0.755)), 0.007), (((0.27, 0.41), (0.25, 0.54), (0.19, 0.60)), 0.006),
    (((0.105, 0.42), (0.19, 0.395), (0.275, 0.415), (0.19, 0.44), (0.105, 0.42)), 0.005),
    (((0.02, 0.88), (0.35, 0.93), (0.98, 0.86)), 0.008), (((0.0, 0.30), (0.22, 0.10), (0.40, 0.02)), 0.006), (((0.99, 0.72), (0.80, 0.78), (0.72, 0.97)), 0.006),
    (((0.08, 0.16), (0.13, 0.13), (0.16, 0.19), (0.10, 0.23), (0.06, 0.20), (0.09, 0.165)), 0.006), (((0.63, 0.10), (0.66, 0.16), (0.62, 0.22), (0.66, 0.27)), 0.007),
)  # fmt: skip


def _planes(wide: float, high: float) -> Iterator[tuple[Floats, Floats, float, float, float, Floats, float]]:
    """Planes from large to small: middle, half lengths, turn, skew, fade, colours, tone."""
    k = 0
    for step, size in ((0.23, 0.21), (0.15, 0.14), (0.11, 0.085), (0.085, 0.05)):
        for j in range(-1, int(high / step) + 2):
            for i in range(-1, int(wide / step) + 2):
                k += 1
                r = hash01(k, np.arange(9), 3)
                if size < 0.1 and r[8] > 0.62:
                    continue
                middle = np.array([(i + r[0]) * step, (j + r[1]) * step], np.float32)
                off = np.hypot(middle[0] / wide - 0.5, middle[1] / high - 0.5)
                turn = float(_LEANS[int(r[2] * 5)] + 0.16 * (r[3] - 0.5) + np.pi * (r[8] > 0.3))
                half = size * np.array([0.65 + 0.9 * r[4], 0.45 + 0.6 * r[5]], np.float32)
                colours = _RUST if r[6] > 0.93 else _COOL if (r[6] + 0.35 * off * (k % 2)) > 0.56 else _WARM
                yield (
                    middle,
                    half,
                    turn,
                    float(r[7] - 0.5),
                    float(0.35 + r[8]),
                    colours,
                    float(0.80 - 0.75 * off + 0.85 * (r[7] - 0.5)),
                )


def _drawing(width: int, height: int) -> Floats:
    """The fragments of drawing, 0 to 1, height x width."""
    fine = fineness(width, height)
    pieces = Pieces(width, height, fine)
    for number, (knots, breadth) in enumerate(_FRAGMENTS, 1):
        line = spline(knots, 60) * np.array([pieces.wide, pieces.high], np.float32)
        swell = 0.55 + 0.45 * np.sin(np.linspace(0.3, 2.6, 60) + number)
        pieces.polygon(ribbon(line, breadth * np.abs(swell) + 0.0015), 1)
    return pieces.numbers().reshape(height, fine, width, fine).mean(axis=(1, 3), dtype=np.float32)


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


STYLE = HouseStyle(
    "cubist", "Cubist facets", "A still life broken into shaded planes of ochre, umber, grey and blue.", _render
)
