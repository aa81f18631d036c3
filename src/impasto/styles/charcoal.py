"""Charcoal, red and white chalk: a still life on drapery, hatched on a toned, grained paper.

A tone is worked out per place (fruits, a jug and folds of cloth in light from the upper left); darker places get more
layers of hatching, each in its own direction or (in red) along the form, and lights get white chalk. The strokes only
catch on the teeth of the paper, smudged areas lie under them, and contours are drawn over with a pressed stick.
"""

import numpy as np

from impasto.styles.brush import Brush, Brushwork, Points
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
    to_pixels,
)
from impasto.styles.style import HouseStyle

_PAPER, _COAL, _CHALK, _RED = palette("#b8a283", "#15130f", "#f6f1e6", "#8f3418")
# centre (parts of the width and height), half width and half height (units), from far to near
_FORMS = (
    (0.30, 0.40, 0.150, 0.205), (0.30, 0.145, 0.062, 0.075), (0.82, 0.34, 0.075, 0.235), (0.57, 0.52, 0.130, 0.125),
    (0.76, 0.62, 0.115, 0.108), (0.12, 0.70, 0.105, 0.100), (0.43, 0.74, 0.120, 0.112), (0.91, 0.80, 0.095, 0.090),
    (0.64, 0.84, 0.085, 0.080), (0.24, 0.87, 0.075, 0.070),
)  # fmt: skip
# layers of hatching: direction (None is along the form, in red chalk), the tone below which it is laid, and pressure
_HATCHES = ((0.75, 0.66, 120), (None, 0.60, 215), (-0.6, 0.34, 200), (0.95, 0.22, 225), (0.2, 0.12, 245))
_STICK = Brush(0.070, 0.0042, bristle=35, edge=0, dry=0.35, bend=4)
_CRAYON = Brush(0.034, 0.0080, bristle=40, edge=0, dry=0.5, bend=4)
_CONTOUR = Brush(0.080, 0.0075, bristle=40, edge=0, dry=0.4)


def _scene(x: Floats, y: Floats, wide: float, high: float) -> tuple[Floats, Floats]:
    """Tone (0 black, 1 white) and the direction of the form at (x, y)."""
    bend = x * 0.9 + 0.25 * y + 0.16 * noise(x * 2.2, y * 1.6, 3)
    fold = np.sin(bend * 17 + 2.2 * noise(x * 1.5, y * 2.0, 4)) + 0.5 * np.sin(bend * 31 + 3 * y)
    tone = 0.52 + 0.32 * fold + 0.12 * noise(x * 4, y * 4, 5) - 0.25 * (x / wide - 0.3)
    table = y > high * (0.66 + 0.03 * np.sin(x * 5))
    cloth = np.sin((y * 1.7 - x * 0.5 + 0.12 * noise(x * 2.5, y * 2.5, 6)) * 22)
    tone = np.where(table, 0.60 + 0.22 * cloth + 0.1 * noise(x * 5, y * 5, 7), tone)
    along = np.where(table, 0.35, 1.35) + 0.5 * noise(x * 2, y * 2, 8)
    for fx, fy, rx, ry in _FORMS:
        dx, dy = (x - fx * wide) / rx, (y - fy * high) / ry
        shadow = np.exp(-((dx - 0.75) ** 2) * 0.8 - ((dy - 0.72) ** 2) * 1.8)
        tone = tone * (1 - 0.62 * shadow)
        inside = dx * dx + dy * dy < 1
        up = np.sqrt(np.clip(1 - dx * dx - dy * dy, 0, 1))
        light = -0.58 * dx - 0.55 * dy + 0.60 * up
        body = 0.14 + 0.92 * np.clip(light, 0, 1) ** 1.1 + 0.4 * smoothstep(0.93, 0.99, light)
        body = body + 0.14 * np.clip(dx, 0, 1) * (1 - up) + 0.06 * noise(x * 12, y * 12, 9)
        tone = np.where(inside, body, tone)
        along = np.where(inside, np.arctan2(dx * ry, -dy * rx), along)
    return np.clip(tone, 0, 1).astype(np.float32), along.astype(np.float32)


def _hatch(work: Brushwork) -> None:
    """All layers of hatching in charcoal, and chalk along the forms where they are light."""
    wide, high = work.wide, work.high
    for k, (turn, limit, press) in enumerate(_HATCHES):

        def direction(x: Floats, y: Floats, turn: float | None = turn) -> Floats:
            sway = 0.14 * noise(x * 3, y * 3, 30)
            return sway + (_scene(x, y, wide, high)[1] if turn is None else np.float32(-turn))

        at = work.points(0.0125, 20 + k)
        at = at.take(_scene(at.x, at.y, wide, high)[0] < limit - 0.12 * (at.random(1) - 0.3))
        ink = press * (0.65 + 0.45 * at.random(2))[:, None] * np.array([0, 0, 1] if turn is None else [1, 0, 0])
        work.strokes(at, ink, _STICK, direction, 0.6 + 0.8 * at.random(3))
    at = work.points(0.011, 40)
    at = at.take(_scene(at.x, at.y, wide, high)[0] > 0.74 + 0.14 * at.random(1))
    chalk = (150 + 100 * at.random(2))[:, None] * np.array([0, 1, 0])
    work.strokes(at, chalk, _CRAYON, lambda x, y: _scene(x, y, wide, high)[1] + 0.15, 0.6 + 0.8 * at.random(3))


def _contours(work: Brushwork) -> None:
    """Searching lines round every form, pressed harder on its shadow side, hidden where a nearer form covers them."""
    n = np.arange(160)
    for k, (fx, fy, rx, ry) in enumerate(_FORMS):
        cx, cy = fx * work.wide, fy * work.high
        turn = 2 * np.pi * hash01(n, k, 50)
        off = 1 + 0.030 * (hash01(n, k, 51) - 0.5)
        at = Points(cx + rx * off * np.cos(turn), cy + ry * off * np.sin(turn), n, n * 0 + k, 60 + k)
        shown = np.ones(len(n), bool)
        for nx, ny, nrx, nry in _FORMS[k + 1 :]:
            shown &= ((at.x - nx * work.wide) / nrx) ** 2 + ((at.y - ny * work.high) / nry) ** 2 > 0.93
        shadow = smoothstep(-0.9, 0.5, np.cos(turn - 0.76))[shown]

        def round_it(x: Floats, y: Floats, cx: float = cx, cy: float = cy, flat: float = ry / rx) -> Floats:
            return np.asarray(np.arctan2((x - cx) * flat, (cy - y) / flat))

        coal = (175 + 80 * shadow)[:, None] * np.array([1, 0, 0])
        work.strokes(at.take(shown), coal, _CONTOUR, round_it, 0.5 + 0.5 * shadow)


def _render(width: int, height: int) -> Pixels:
    work = Brushwork(width, height)
    work.fill(np.zeros(3, np.float32))  # red holds the charcoal, green the white chalk, blue the red one
    _hatch(work)
    _contours(work)
    coal, chalk, red = np.moveaxis(work.picture() / np.float32(255), 2, 0)
    x, y = pixel_grid(width, height)
    tooth = 0.5 + 0.40 * grain(x, y, 110, (width * height) ** 0.5, 70) + 0.12 * noise(x * 45, y * 90, 72)
    tone, _ = _scene(x, y, work.wide, work.high)
    smudge = smoothstep(0.62, 0.0, tone) * (0.50 + 0.25 * fbm(x * 6, y * 6, 73, 3))
    coal = smudge * (0.6 + 0.4 * tooth) + coal * smoothstep(-0.1, 0.35, coal * 1.15 - tooth)
    rgb = blend(_PAPER + (22 * (tooth - 0.5))[..., None], _RED, red * smoothstep(-0.2, 0.3, red - tooth) * 0.9)
    rgb = blend(rgb, _COAL, np.clip(coal, 0, 0.97))
    chalk = chalk * smoothstep(-0.2, 0.25, chalk - tooth) + 0.35 * smoothstep(0.75, 1.0, tone)
    return to_pixels(blend(rgb, _CHALK, np.clip(chalk, 0, 0.96)))


STYLE = HouseStyle(
    "charcoal",
    "Charcoal hatching",
    "A still life hatched in charcoal, with red and white chalk, on toned paper.",
    _render,
)
