"""Tapestry: a kilim of diamonds, birds and zigzags, in which every weft thread is seen.

The pattern is a grid of steps, as in all weaving. Weft threads go over one warp and under the next, so that rows of
rounded beads of yarn lie like bricks; each bead has the colour of the step at its middle. Dyes differ from skein to
skein, yarn is twisted and hairy, rows are not beaten quite straight, and the cloth lies in soft waves.
"""

import numpy as np

from impasto.styles.ground import Floats, Pixels, grain, hash01, noise, palette, smoothstep
from impasto.styles.pieces import Numbers, fineness, paint_in_bands, slope_light
from impasto.styles.style import HouseStyle

_BEAD, _ROW = 0.0110, 0.0064  # width of a bead and height of a row of weft, in units
_WOOL = palette("#96241f", "#1c2f57", "#ead9b5", "#d3982b", "#2a6a63", "#251713", "#c75a30", "#cf8f86")
_RED, _INDIGO, _IVORY, _GOLD, _TEAL, _BLACK, _RUST, _ROSE = range(8)
_EVEN, _ODD, _STAR, _ZIGZAG, _LOZENGE = (  # wools of diamonds from the middle outwards, and of zigzags
    np.array([int(c) for c in wools])
    for wools in ("5220035444256635", "2005331177524425", "122153", "33442665", "02533544")
)
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
_SIZE = 174  # steps from the middle of the pattern to every side; it is repeated beyond


def _medallions(a: Numbers, b: Numbers) -> Numbers:
    """A row of large stepped diamonds with hooks, 15 steps to each side of its middle (b = 0), and stars between."""
    diamond, u = (a + 16) // 32, np.abs((a + 16) % 32 - 16)
    ring = u + np.abs(b)
    inside = np.minimum(ring, 15)
    out = np.where(diamond % 2 == 0, _EVEN[inside], _ODD[inside])
    out[(ring >= 7) & (ring <= 9) & ((u - np.abs(b)) % 6 == 0)] = _IVORY
    out[ring > 15] = _RED
    out[(ring == 16) & (u % 4 < 2) | (ring == 17) & (u % 4 == 1)] = _GOLD
    star = np.abs(u - 16) + np.abs(np.abs(b) - 13)
    return np.asarray(np.where((ring > 18) & (star < 6), _STAR[np.minimum(star, 5)], out))


def _flock(a: Numbers, row: Numbers) -> Numbers:
    """A row of birds that look left and right in turn; row 0 is the top of their heads."""
    bird = np.array([[_INDIGO if c == "." else int(c) for c in line] for line in _BIRD])
    number, column = (a + 7) // 16, (a + 7) % 16
    column = np.where(number % 2 == 0, column, 15 - column) - 2
    fits = (row >= 0) & (row < len(bird)) & (column >= 0) & (column < 12)
    wool = np.where(fits, bird[np.clip(row, 0, len(bird) - 1), np.clip(column, 0, 11)], _INDIGO)
    wool[(wool == _GOLD) & (number % 3 == 1)] = _RUST
    wool[wool == _BLACK] = _GOLD
    return wool


def _pattern() -> Numbers:
    """The number of the wool for each step (rows x columns), mirrored round its middle."""
    b, a = np.indices((2 * _SIZE, 2 * _SIZE)) - _SIZE
    tall = np.abs(b) % 58  # the bands repeat outwards
    out = _medallions(a, np.minimum(tall, 58 - tall))
    check = np.where((a // 2 + tall) % 2 == 0, _BLACK, _IVORY)
    zigzag = _ZIGZAG[(tall + np.abs(a % 14 - 7)) % 8]
    lozenge = _LOZENGE[np.minimum(np.abs(a % 10 - 5) + np.abs(tall - 47), 7)]
    flock = _flock(a, np.where(b < 0, 35 - tall, tall - 25))
    bands = (out, check, _GOLD + 0 * a, zigzag, flock, check, zigzag, lozenge, check, out)
    number = np.digitize(tall, (16, 18, 19, 24, 37, 39, 43, 52, 54))
    return np.asarray(np.choose(number, bands), np.int32)


def _render(width: int, height: int) -> Pixels:
    unit = float((width * height) ** 0.5)
    wide, high = width / unit, height / unit
    pattern, fine = _pattern(), fineness(width, height)

    def shade(x: Floats, y: Floats, _: slice) -> Floats:
        sag = 0.006 * noise(x * 3, y * 3, 1) + 0.0012 * noise(x * 24, y * 24, 2)
        s, t = (x - wide / 2 + 0.004 * noise(x * 2, y * 4, 3)) / _BEAD, (y - high / 2 + sag) / _ROW
        row = np.floor(t)
        shift = row % 2 * 0.5
        bead = np.floor(s + shift)
        u, v = (s + shift - bead) * 2 - 1, (t - row) * 2 - 1
        step_x = (np.floor(bead - shift + 0.75).astype(int) + _SIZE) % (2 * _SIZE)
        step_y = ((row // 2).astype(int) + _SIZE) % (2 * _SIZE)
        wool = pattern[step_y, step_x]
        i, j = bead.astype(np.int64), row.astype(np.int64)
        dye = 0.71 + 0.22 * hash01(i, j, 4) + 0.22 * hash01(wool, j // 3, 5) + 0.10 * noise(x * 2.5, y * 7, 6)
        twist = np.sin((u * 1.1 + v * 0.9 + 0.8 * hash01(i, j, 7)) * 7)
        hair = grain((x + 0.3 * y) / 3, y, 190, unit, 8)
        body = np.sqrt(np.clip(1 - 0.86 * np.abs(u) ** 2.6, 0, 1)) * np.sqrt(np.clip(1 - 0.97 * v * v, 0, 1))
        relief = (body + 0.05 * twist + 0.05 * hair) * (_ROW * unit * fine * 0.45)
        light = dye * (0.50 + 0.56 * smoothstep(0.15, 0.85, body)) + 0.34 * slope_light(relief)
        light += 0.05 * twist + 0.08 * hair
        light *= 1 + 0.16 * noise(x * 1.6 + 0.8 * y, y * 1.1, 9)  # the waves of the cloth
        return np.asarray(_WOOL[wool] * light[..., None] + (6 * (1 - body) + 7 * hair)[..., None], np.float32)

    return paint_in_bands(width, height, shade, fine, pad=2)


_ABOUT = "A wool kilim of stepped diamonds, birds and zigzags, thread by thread."
STYLE = HouseStyle("tapestry", "Woven tapestry", _ABOUT, _render)
