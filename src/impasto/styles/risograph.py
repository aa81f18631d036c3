"""Risograph: a sunset over hills behind large leaves, in halftone dots of three spot inks on rough paper.

Three separations (coral, teal, yellow) are screened at their own angles and printed one over the other; inks are
transparent, so that overprints make orange, green and aubergine. Each is a little off register, solid areas are
speckled and streaked as the drum leaves them, and where there is no ink the warm paper shows.
"""

import numpy as np

from impasto.styles.ground import Floats, Pixels, grain, hash01, noise, palette, smoothstep, spline
from impasto.styles.outlines import curve, ellipse, ground_below, place, ribbon
from impasto.styles.pieces import Pieces, paint_in_bands
from impasto.styles.style import HouseStyle

_PAPER = palette("#f6efdf")[0]
_INKS = palette("#ff4f52", "#00708f", "#ffcf2e")  # coral, teal, yellow
_ANGLES = (0.26, 1.31, 0.79)
_OFFSETS = ((0.0052, -0.0030), (-0.0040, 0.0036), (0.0010, 0.0052))  # how far off register each ink is, in units
_PITCH = 0.0118  # distance of the dots, in units
_LEAF = curve("0,0 .1,-.16 .32,-.25 .62,-.2 1,0 .62,.2 .32,.25 .1,.16 0,0", 80)
_WING = curve("-1,-.35 -.45,-.5 0,.1 .45,-.5 1,-.25 .45,-.22 .05,.38 -.45,-.22 -1,-.35", 50)
_TREE = np.array([(-0.24, 0), (0, -1), (0.24, 0)])
_RIDGES = (  # far to near: height, swing, pace, shift, tones at the top and at the bottom
    (0.50, 0.075, 5, 0.5, (0.45, 0.55, 0), (0.3, 0.1, 0.2)), (0.57, 0.06, 7, 2.0, (0.75, 0.75, 0), (0.5, 0.1, 0.5)),
    (0.66, 0.05, 6, 4.2, (0.35, 1, 0), (0, 0.35, 0.4)), (0.78, 0.05, 5, 1.2, (1, 0.95, 0), (0.8, 0.25, 0.3)),
    (0.90, 0.03, 8, 3.0, (0, 1, 0.6), (0, 0.6, 0.9)),
)  # fmt: skip
_LEAVES = (  # place, size, turn, kind, bend
    (-0.03, 0.98, 0.52, -0.95, 0, 0.25), (0.02, 1.0, 0.46, -0.35, 1, 0.15), (0.12, 1.08, 0.60, -1.35, 2, -0.2),
    (1.03, 0.95, 0.52, -2.25, 1, -0.25), (0.97, 1.05, 0.50, -1.75, 0, 0.2), (1.04, 0.72, 0.38, -2.75, 2, 0.2),
    (-0.04, 0.55, 0.36, -0.3, 2, 0.3), (0.55, 1.08, 0.30, -1.2, 1, 0.2), (0.46, 1.08, 0.30, -1.95, 0, -0.2),
)  # fmt: skip
_LEAF_TONES = ((0, 0.85, 0.9), (0, 0.45, 1)), ((0.8, 1, 0.1), (0.35, 1, 0.7)), ((0.95, 0.75, 0), (0.6, 0.35, 0))
Tone = tuple[float, float, float]


class _Plate:
    """The drawing that is separated: pieces with the tone of each ink (0..1) at their top and at their bottom."""

    def __init__(self, width: int, height: int) -> None:
        self.pieces = Pieces(width, height)
        self.tones: list[tuple[float, ...]] = [(0, 0, 0, 0, 0, 0, 0, 1)]

    def lay(self, outline: Floats, top: Tone, bottom: Tone | None = None) -> None:
        """A shape over the earlier ones; its tones run from top to bottom."""
        self.pieces.polygon(outline, len(self.tones))
        low, high = float(outline[:, 1].min()), float(min(outline[:, 1].max(), self.pieces.high))
        self.tones.append((*top, *(bottom or top), low, max(high - low, 1e-3)))

    def leaf(self, at: Floats, size: float, turn: float, kind: int, bend: float) -> None:
        """A large leaf: two halves of different tone, a rib, and veins of bare paper or coral bars (kind 1)."""

        def part(shape: Floats, top: Tone, bottom: Tone | None = None) -> None:
            bent = np.stack([shape[:, 0], shape[:, 1] + bend * shape[:, 0] ** 2], 1)
            self.lay(place(bent, at, size, turn), top, bottom)

        light, dark = _LEAF_TONES[kind]
        part(_LEAF[:40], light, dark)
        part(_LEAF[40:], dark, light)
        breadth = np.linspace(0.006, 0.055, 12) if kind == 1 else np.linspace(0.018, 0.004, 12)
        for along in np.linspace(0.12, 0.86, 9).tolist():
            for side in (-0.24, 0.24):
                half = side * np.sin(np.pi * along**0.8)
                vein = spline(((along, 0), (along + 0.09, half * 0.5), (along + 0.17, half * 0.85)), 12)
                part(ribbon(vein, breadth), (0.9, 0, 0.5) if kind == 1 else (0, 0, 0))
        rib = np.linspace(-0.25, 0.98, 30)
        part(ribbon(np.stack([rib, 0 * rib], 1), np.linspace(0.03, 0.006, 30)), (0, 0, 0.15))


def _plate(width: int, height: int) -> _Plate:
    """The whole drawing, from far to near."""
    plate = _Plate(width, height)
    at, wide, high = plate.pieces.at, plate.pieces.wide, plate.pieces.high
    plate.lay(np.array([(0, 0), (wide, 0), (wide, 0.62 * high), (0, 0.62 * high)]), (0.05, 0.62, 0), (0.55, 0, 0.65))
    sun = at(0.60, 0.36)
    plate.lay(ellipse(sun, 0.30), (0.12, 0.22, 0.2), (0.45, 0, 0.8))
    plate.lay(ellipse(sun, 0.245), (0.35, 0.1, 0.5), (0.6, 0, 0.9))
    plate.lay(ellipse(sun, 0.195), (1, 0, 0.35), (0.75, 0, 1))
    for k in range(5):  # bars of cloud across the sun
        y = 0.035 + 0.036 * k
        bar = sun + np.array([(-0.31 + 0.04 * k, y), (0, y), (0.3 - 0.06 * (k % 2), y)])
        plate.lay(ribbon(bar, [0.004, 0.012 + 0.004 * k, 0.004]), (0.05, 0.05, 0.25))
    t = np.linspace(-0.05, 1.05, 160)
    for y, swing, pace, shift, top, bottom in _RIDGES:
        wave = np.sin(t * pace + shift) + 0.5 * np.abs(np.sin(t * pace * 1.9 + shift)) + 0.1 * noise(t * 30, t * 0, 3)
        plate.lay(ground_below(np.stack([t * wide, (y + swing * wave) * high], 1)), top, bottom)
    for k in range(26):  # trees
        x, y, tall = (float(v) for v in hash01(k, np.arange(3), 4))
        tree = place(_TREE, at(x, 0.74 + 0.10 * y), 0.045 + 0.05 * tall)
        plate.lay(tree, (1, 1, 0.2) if k % 3 else (0, 1, 0), (0.2, 0.9, 0.9))
    for x, y, size, turn, kind, bend in _LEAVES:
        plate.leaf(at(x, y), size, turn, kind, bend)
    for k, (x, y, size) in enumerate(((0.27, 0.17, 0.05), (0.36, 0.11, 0.036), (0.20, 0.27, 0.03), (0.84, 0.13, 0.04))):
        plate.lay(place(_WING, at(x, y), size, 0.15 * k), (1, 1, 0))  # birds
    return plate


def _render(width: int, height: int) -> Pixels:
    plate = _plate(width, height)
    unit, fine = plate.pieces.unit, plate.pieces.fine
    drawn = plate.pieces.numbers()
    tones = np.array(plate.tones, np.float32)
    tall, wide = drawn.shape

    def shade(x: Floats, y: Floats, rows: slice) -> Floats:
        tooth = grain(x, y, 170, unit / fine, 41)  # the paper's; every ink meets it
        patchy = 0.5 * noise(x * 28, y * 28, 42)
        rgb = _PAPER + (5 * tooth)[..., None]
        for ink, (angle, (right, down)) in enumerate(zip(_ANGLES, _OFFSETS, strict=True)):
            row = np.clip(np.arange(rows.start, rows.stop) - round(down * unit), 0, tall - 1)
            column = np.clip(np.arange(wide) - round(right * unit), 0, wide - 1)
            here = drawn[row[:, None], column[None, :]]
            part = (y - down - tones[here, 6]) / tones[here, 7]
            tone = tones[here, ink] * (1 - part) + tones[here, ink + 3] * part
            u, v = (x * np.cos(angle) + y * np.sin(angle)) / _PITCH, (y * np.cos(angle) - x * np.sin(angle)) / _PITCH
            screen = 0.5 + 0.25 * (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v)) + 0.05 * tooth
            dots = smoothstep(-0.10, 0.10, tone * 1.12 - 0.06 - screen)
            drum = 0.88 + 0.09 * noise(x * 3, y * 2, 60 + ink) + 0.05 * noise(x * 70, y * 1.2, 63 + ink)
            specks = smoothstep(0.95, 0.55, noise(x * 210, y * 210, 70 + ink) + patchy)
            cover = np.clip(dots * drum * (0.62 + 0.38 * specks) + 0.05 * tooth * dots, 0, 1)
            rgb = rgb * (1 - cover[..., None] * (1 - _INKS[ink] / 255))
        return np.asarray(rgb, np.float32)

    return paint_in_bands(width, height, shade, fine)


_ABOUT = "A sunset behind large leaves: halftone dots of three inks, a little off register."
STYLE = HouseStyle("risograph", "Risograph", _ABOUT, _render)
