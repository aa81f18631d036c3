"""Ink wash: mountains in mist, a pine and bamboo, in black ink and water on rice paper.

Each range of mountains is one wash: dark where the loaded brush set down its ridge, running out into white mist that
hides what is behind. Dry strokes model the slopes; bamboo and pine are some hundreds of strokes of full black, pointed
as a brush leaves them. Tones are densities of ink, so that strokes darken washes as ink does.
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

_PAPER, _INK, _SEAL = palette("#efe6d0", "#15161a", "#b3261e")
# height of the ridge and of its peaks (parts of the height), how dark, how soon the wash runs out (units)
_RANGES = ((0.24, 0.16, 0.55, 0.10), (0.45, 0.20, 0.9, 0.15), (0.60, 0.20, 1.5, 0.13), (0.76, 0.18, 2.2, 0.12),
           (0.93, 0.16, 3.2, 0.16))  # fmt: skip
# range, place and half width (parts of the width), height (part of the height)
_CRAGS = ((1, 0.50, 0.075, 0.27), (1, 0.63, 0.05, 0.17), (2, 0.36, 0.05, 0.20), (2, 0.80, 0.06, 0.16),
          (0, 0.20, 0.10, 0.10), (3, 0.60, 0.10, 0.08))  # fmt: skip
_STALKS = ((0.16, 0.05, 0.020, 70), (0.07, -0.02, 0.026, 22), (0.25, -0.10, 0.013, 110))  # x, lean, width, tone
_BOUGHS = ((0.45, 0.17, -0.09), (0.62, -0.21, -0.03), (0.75, 0.15, -0.11), (0.85, -0.15, -0.10), (0.97, 0.07, -0.13),
           (0.3, -0.16, 0.0))  # fmt: skip
_SLOPE = Brush(0.06, 0.005, bristle=40, edge=0, dry=0.66, point=0.6)
_LEAF = Brush(0.13, 0.019, bristle=22, edge=0, dry=0.30, blunt=3, point=0.7)
_BARK = Brush(0.05, 0.034, bristle=45, edge=12, dry=0.5)
_NEEDLE = Brush(0.042, 0.0034, bristle=10, edge=0, dry=0.1, point=0.5)


def _ridge(k: int, x: Floats, wide: float, high: float) -> Floats:
    """The line of range k at x, in units from the top."""
    base, peak, _, _ = _RANGES[k]
    s = x / wide
    peaks = 0.55 * np.abs(noise(s * 3.4 + 3.7 * k, s * 0, 3 + k)) + 0.3 * noise(s * 7, s * 0, 13 + k)
    line = base + peak * (0.25 - peaks - 0.09 * noise(x * 22, x * 0, 23 + k) - 0.045 * noise(x * 60, x * 0, 33 + k))
    for which, place, half, tall in _CRAGS:
        if which == k:
            line = line - tall * np.exp(-(np.abs((s - place) / half + 0.5 * noise(x * 9, x * 0, 24)) ** 3))
    return np.asarray(high * line, np.float32)


def _washes(width: int, height: int, wide: float, high: float) -> Floats:
    """Density of the ink of all washes, height x width."""
    x, y = pixel_grid(width, height)
    soft = max(0.002, 1.2 / (width * height) ** 0.5)  # the softest edge that looks sharp
    moon = np.hypot(x - 0.68 * wide, y - 0.13 * high) - 0.06
    cloud = smoothstep(-0.1, 0.7, fbm(x * 2.2, y * 5, 43, 5)) * smoothstep(0.4 * high, 0.0, y)
    density = (0.03 + 1.1 * cloud + 0.28 * np.exp(-np.abs(moon) * 22)) * smoothstep(-soft, soft, moon)
    bleed = 0.006 * fbm(x * 30, y * 30, 44, 3) * (0.4 + 0.5 * noise(x * 5, y * 5, 46))
    blot = fbm(x * 8, y * 8, 45)
    warped = x + 0.10 * noise(x * 8, y * 5, 48)
    for k, (_, _, dark, run) in enumerate(_RANGES):
        depth = y - _ridge(k, x, wide, high) + bleed
        inside = smoothstep(-soft, soft, depth)
        wet = np.exp(-np.clip(depth, 0, None) / (run * (1 + 0.7 * noise(x * 3, y * 0, 47 + k))))
        cut = noise(warped * 34, y * 9 + x * 5, 49 + k) + 0.7 * noise(warped * 85, y * 20 - x * 9, 54 + k)
        dry = 0.45 + 1.1 * smoothstep(0.05, 0.45, cut * smoothstep(0.0, 0.02, depth) + 0.5 * wet - 0.3)
        pooled = (0.45 + 0.55 * blot) * dry + 0.45 + 0.5 * np.clip(blot, -0.5, 1)
        tone = dark * (wet * pooled + 0.5 * np.exp(-((depth / 0.005) ** 2))) + 0.03
        density = density * (1 - inside) + inside * np.clip(tone, 0.02, None)
    return np.asarray(density, np.float32)


def _stroke(
    work: Brushwork, x: Floats, y: Floats, tone: Floats, brush: Brush, turn: Floats, size: Floats, k: int
) -> None:
    """Strokes at these places, each with a tone, direction and size of its own."""
    n = np.arange(len(x))
    at = Points(x.astype(np.float32), y.astype(np.float32), n, n * 0 + 7, k)
    grey = np.broadcast_to(np.asarray(tone, np.float32)[..., None], (len(x), 3))
    work.strokes(at, grey, brush, lambda x, _: np.broadcast_to(turn, x.shape), size)


def _slopes(work: Brushwork) -> None:
    """Dry strokes that run down the mountains, darkest under the ridges."""
    for k, (_, _, dark, run) in enumerate(_RANGES):
        at = work.points(0.0165, 50 + k)
        lines = [_ridge(m, at.x, work.wide, work.high) for m in range(k, len(_RANGES))]
        depth = at.y - lines[0]
        shown = (depth > 0.004) & (depth < run * 1.3 * at.random(1)) & (noise(at.x * 9, at.y * 9, 60 + k) > -0.25)
        for front in lines[1:]:
            shown &= at.y < front - 0.015
        at = at.take(shown)
        right, left = (_ridge(k, at.x + step, work.wide, work.high) for step in (0.02, -0.02))
        slope = np.arctan2(np.abs(right - left) + 0.05, np.sign(right - left) * 0.035)
        tone = np.clip(255 * np.exp(-dark * (0.35 + 0.9 * at.random(2))), 20, 255)
        turn = slope + 0.5 * noise(at.x * 11, at.y * 11, 70)
        _stroke(work, at.x, at.y, tone, _SLOPE, turn, 0.4 + 1.1 * at.random(3), 50 + k)


def _bamboo(work: Brushwork) -> None:
    """Stalks on the left, in joints, and their leaves in crowds of pointed strokes."""
    n = np.arange(11)
    y = work.high * (1.04 - 0.105 * n)
    for s, (foot, lean, thick, tone) in enumerate(_STALKS):
        x = work.wide * (foot + lean * (1 - y / work.high) + 0.008 * np.sin(n))
        joint = Brush(0.105 * work.high - 0.008, thick, bristle=38, edge=-26, dry=0.52, blunt=12)
        _stroke(work, x, y, np.full(11, tone), joint, np.full(11, lean * 1.2 - np.pi / 2), np.ones(11), 80 + s)
        r = [hash01(np.arange(64 - 12 * s), s, 90 + c) for c in range(6)]
        node, side = (r[0] * 10).astype(int) + 1, np.where(r[1] > 0.38, 1, -1)
        lx, ly = x[node] + side * 0.10 * r[2] ** 1.3, y[node] + 0.05 * (r[3] - 0.7)
        fall = np.pi / 2 - side * (0.35 + 0.95 * r[4])
        _stroke(work, lx, ly, np.clip(tone - 30 + 90 * (r[5] > 0.72), 8, 255), _LEAF, fall, 0.6 + 0.6 * r[5], 84 + s)


def _pine(work: Brushwork) -> None:
    """A leaning pine on the right: a trunk and boughs of rough dark strokes, and fans of needles."""
    t = np.linspace(0, 1, 60)
    x, y = work.wide * (0.93 - 0.20 * t + 0.05 * np.sin(7 * t)), work.high * (1.0 - 0.60 * t)
    parts = [(x, y, 1.15 - t)]
    for start, dx, dy in _BOUGHS:
        at = int(start * 59)
        parts.append((x[at] + dx * t, y[at] + dy * t + 0.03 * np.sin(5 * t), 0.4 * (1.3 - t)))
    for b, (x, y, thick) in enumerate(parts):
        heading = np.arctan2(np.gradient(y), np.gradient(x))
        _stroke(work, x, y, 14 + 70 * hash01(np.arange(60), b, 101), _BARK, heading, thick, 110 + b)
        r = [hash01(np.arange(420 if b else 150), b, 102 + c) for c in range(4)]
        k = (59 - r[0] ** 1.5 * (45 if b else 12)).astype(int) // 6 * 6  # needles come in fans, a few on every bough
        fan, out = 2.3 * (r[1] - 0.5) - np.pi / 2, 0.022 + 0.006 * r[2]
        nx, ny = x[k] + out * np.cos(fan), y[k] + out * np.sin(fan)
        _stroke(work, nx, ny, 8 + 60 * r[3] ** 2, _NEEDLE, fan, np.ones(len(k)), 120 + b)


def _render(width: int, height: int) -> Pixels:
    work = Brushwork(width, height)
    work.fill(np.full(3, 255))
    for paint in (_slopes, _pine, _bamboo):
        paint(work)
    x, y = pixel_grid(width, height)
    fibre = noise(x * 30, y * 160, 120) + noise(x * 170, y * 40, 121) + grain(x, y, 110, (width * height) ** 0.5, 122)
    light = np.exp(-_washes(width, height, work.wide, work.high) * (1 + 0.10 * fibre)) * (work.picture()[..., 0] / 255)
    rgb = blend(np.broadcast_to(_INK, (*light.shape, 3)), _PAPER + 3 * fibre[..., None], light)
    seal = np.maximum(np.abs(x - 0.955 * work.wide), np.abs(y - 0.06 * work.high)) < 0.022
    cut = smoothstep(-0.1, 0.1, np.cos(x * 560) * np.cos(y * 420 + 2 * np.cos(x * 260)) + 0.35)
    return to_pixels(blend(rgb, _SEAL, seal * cut))


STYLE = HouseStyle("ink", "Ink wash", "Mountains in mist, bamboo and pine: black ink and water on rice paper.", _render)
