"""Tapestry: a kilim of diamonds, birds and zigzags, in which every weft thread is seen.

The pattern is a grid of steps, as in all weaving. Weft threads go over one warp and under the next, so that rows of
rounded beads of yarn lie like bricks; each bead has the colour of the step at its middle. Dyes differ from skein to
skein, yarn is twisted and hairy, rows are not beaten quite straight, and the cloth lies in soft waves.
"""

import numpy as np

from impasto.painter.styles.canvas import Floats, Pixels, hash01, noise, palette, smoothstep
from impasto.painter.styles.shapes import Numbers, grain, paint_in_bands, slope_light
from impasto.painter.styles.style import HouseStyle

_BEAD, _ROW = 0.0110, 0.0064  # width of a bead and height of a row of weft, in units
_WOOL = palette("#96241f", "#1c2f57", "#ead9b5", "#d3982b", "#2a6a63", "#251713", "#c75a30", "#cf8f86")
_RED, _INDIGO, _IVORY, _GOLD, _TEAL, _BLACK, _RUST, _ROSE = range(8)
_BIRD = (
    "....22......",
    "...2522.....",
    "..33222....2",
    "....222...22",
    "....2223.222",
    "...223333322",
    "...22333332.",
    "....222222..",
    ".....2222...",
    "......5.5...",
    ".....55.55..",
)
_SIZE = 160  # steps from the middle to every side: beyond any picture


def _medallions(a: Numbers, b: Numbers) -> Numbers:
    """A row of large stepped diamonds with hooks, 15 steps to each side of its middle (b = 0)."""
    period = 32
    k = (a + period // 2) // period
    u = np.abs((a + period // 2) % period - period // 2)
    ring = u + np.abs(b)
    hook = (ring == 16) & ((u + 20) % 4 < 2) | (ring == 17) & ((u + 20) % 4 == 1)
    even = np.array(
        [
            _BLACK,
            _IVORY,
            _IVORY,
            _RED,
            _RED,
            _GOLD,
            _BLACK,
            _TEAL,
            _TEAL,
            _TEAL,
            _IVORY,
            _BLACK,
            _RUST,
            _RUST,
            _GOLD,
            _BLACK,
        ]
    )
    odd = np.array(
        [
            _IVORY,
            _RED,
            _RED,
            _BLACK,
            _GOLD,
            _GOLD,
            _INDIGO,
            _INDIGO,
            _ROSE,
            _ROSE,
            _BLACK,
            _IVORY,
            _TEAL,
            _TEAL,
            _IVORY,
            _BLACK,
        ]
    )
    inner = np.where(k % 2 == 0, even[np.minimum(ring, 15)], odd[np.minimum(ring, 15)])
    teeth = (ring >= 7) & (ring <= 9) & ((u - np.abs(b)) % 6 == 0)
    inner = np.where(teeth, _IVORY, inner)
    out = np.where(ring <= 15, inner, np.where(hook, _GOLD, _RED))
    star = np.abs(u - 16) + np.abs(np.abs(b) - 13)
    return np.where(
        (ring > 18) & (star < 6), np.array([_INDIGO, _IVORY, _IVORY, _INDIGO, _BLACK, _GOLD])[np.minimum(star, 5)], out
    )


def _pattern() -> Numbers:
    """The number of the wool for each step (rows x columns), mirrored round its middle."""
    a = np.arange(-_SIZE, _SIZE)[None, :] + np.zeros((2 * _SIZE, 1), int)
    b = np.arange(-_SIZE, _SIZE)[:, None] + np.zeros((1, 2 * _SIZE), int)
    tall = np.abs(b) % 58  # the bands repeat outwards
    out = _medallions(a, np.minimum(tall, 58 - tall) * np.sign(b + 0.5).astype(int))
    check = np.where((a // 2 + tall) % 2 == 0, _BLACK, _IVORY)
    zigzag = np.array([_GOLD, _GOLD, _TEAL, _TEAL, _IVORY, _RUST, _RUST, _BLACK])[(tall + np.abs(a % 14 - 7)) % 8]
    bird = np.array([[_INDIGO if c == "." else int(c) for c in line] for line in _BIRD])
    row, column = np.where(b < 0, 35 - tall, tall - 25) - 0, (a + 7) % 16
    column = np.where((a + 7) // 16 % 2 == 0, column, 15 - column) - 2
    fits = (row >= 0) & (row < len(bird)) & (column >= 0) & (column < 12)
    flock = np.where(fits, bird[np.clip(row, 0, len(bird) - 1), np.clip(column, 0, 11)], _INDIGO)
    flock = np.where((flock == _GOLD) & ((a + 7) // 16 % 3 == 1), _RUST, flock)
    flock = np.where((flock == _BLACK), _GOLD, flock)
    small = np.abs(a % 10 - 5) + np.abs(tall - 47)
    lozenge = np.array([_RED, _IVORY, _BLACK, _GOLD, _GOLD, _BLACK, _TEAL, _TEAL])[np.minimum(small, 7)]
    for low, high, band in (
        (16, 18, check),
        (18, 19, _GOLD + 0 * a),
        (19, 24, zigzag),
        (24, 37, flock),
        (37, 39, check),
        (39, 43, zigzag),
        (43, 52, lozenge),
        (52, 54, check),
    ):
        out = np.where((tall >= low) & (tall < high), band, out)
    return out.astype(np.int32)


def _render(width: int, height: int) -> Pixels:
    unit = float((width * height) ** 0.5)
    wide, high = width / unit, height / unit
    pattern = _pattern()

    def shade(x: Floats, y: Floats, _: slice) -> Floats:
        sag = 0.006 * noise(x * 3, y * 3, 1) + 0.0012 * noise(x * 24, y * 24, 2)
        s, t = (x - wide / 2 + 0.004 * noise(x * 2, y * 4, 3)) / _BEAD, (y - high / 2 + sag) / _ROW
        row = np.floor(t)
        shift = row % 2 * 0.5
        bead = np.floor(s + shift)
        u, v = (s + shift - bead) * 2 - 1, (t - row) * 2 - 1
        step_x = np.clip(np.floor(bead - shift + 0.75).astype(int) + _SIZE, 0, 2 * _SIZE - 1)
        step_y = np.clip((row // 2).astype(int) + _SIZE, 0, 2 * _SIZE - 1)
        wool = pattern[step_y, step_x]
        i, j = bead.astype(np.int64), row.astype(np.int64)
        dye = (
            0.93
            + 0.22 * (hash01(i, j, 4).reshape(i.shape) - 0.5)
            + 0.22 * (hash01(wool, j // 3, 5).reshape(i.shape) - 0.5)
        )
        dye = dye + 0.10 * noise(x * 2.5, y * 7, 6)
        twist = np.sin((u * 1.1 + v * 0.9 + 0.8 * hash01(i, j, 7).reshape(i.shape)) * 7)
        hair = grain(x + 0.3 * y, y, 190, unit, 8, stretch=3.0)
        body = np.sqrt(np.clip(1 - 0.86 * np.abs(u) ** 2.6, 0, 1)) * np.sqrt(np.clip(1 - 0.97 * v * v, 0, 1))
        relief = (body + 0.05 * twist + 0.05 * hair) * (_ROW * unit * 0.55)
        light = (
            dye * (0.50 + 0.56 * smoothstep(0.15, 0.85, body)) + 0.34 * slope_light(relief) + 0.05 * twist + 0.08 * hair
        )
        drape = noise(x * 1.6 + 0.8 * y, y * 1.1, 9)
        light = light * (1 + 0.16 * drape)
        return np.asarray(_WOOL[wool] * light[..., None] + (6 * (1 - body) + 7 * hair)[..., None], np.float32)

    return paint_in_bands(width, height, shade, 2 if unit < 700 else 1, pad=2)


STYLE = HouseStyle(
    "tapestry", "Woven tapestry", "A wool kilim of stepped diamonds, birds and zigzags, thread by thread.", _render
)
