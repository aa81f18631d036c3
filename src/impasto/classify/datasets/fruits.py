"""Pictures of ten fruits, 32 × 32 in colour, drawn by our own code: a data set that needs nothing and no network.

It stands in for CIFAR-10 where that can't be downloaded. Every fruit is drawn anew: turned, stretched, ripe or not, on
a table of any colour, among other things of any colour, partly behind one of them, in bright, dim or tinted light, out
of focus and with a camera's noise. So colour alone says little, and neither does one place.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from impasto.classify.datasets.fruit_shapes import FRUITS, Array, Sheet
from impasto.classify.images import SIDE, LabelledImages, Part
from impasto.download import Progress

COUNTS: dict[Part, int] = {"train": 10_000, "test": 2_000}
SEEDS: dict[Part, int] = {"train": 1, "test": 2}
THINGS, BEFORE = 3, (0.35, 0.75)
"""How many other things lie behind the fruit; and how large the one is that may lie before it. Half a picture is 1."""
SIZES, TURN, SHIFT = (0.6, 0.9), 0.4, 0.18
"""Of the fruit: its half, the deviation of its turn in radians, and how far it is moved. These make it hard: with sizes
from 0.5, a turn of 0.7 and a shift of 0.3 the slide's network gets 54 % in two epochs, with these 72 %."""
DIM, VIVID, NOISE = 0.4, (0.4, 1.1), 0.08
"""The dimmest light, how much of their difference from grey colours keep, and the most noise; of 1."""
AT_ONCE = 100
"""Pictures of one class that are drawn together: as many as the processor keeps near."""
GRID: Array = (np.mgrid[:SIDE, :SIDE].astype(np.float32) + 0.5) / (SIDE / 2) - 1
"""The pixels' middles: y and x, from -1 to 1."""


def load(part: Part, _progress: Progress | None = None) -> LabelledImages:
    """10,000 pictures to train on, or 2,000 to test: as many of each fruit, and always the same ones."""
    count = COUNTS[part]
    labels = np.arange(count) % len(FRUITS)
    pixels = np.zeros((count, 3, SIDE, SIDE), np.uint8)

    def draw(label: int, start: int) -> None:
        chosen = np.flatnonzero(labels == label)[start : start + AT_ONCE]
        chance = np.random.default_rng([SEEDS[part], label, start])
        pixels[chosen] = pictures(tuple(FRUITS)[label], len(chosen), chance)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:  # numpy lets threads run beside each other
        starts = [(label, start) for label in range(len(FRUITS)) for start in range(0, count // len(FRUITS), AT_ONCE)]
        list(threads.map(draw, *zip(*starts, strict=True)))
    return LabelledImages("fruits", tuple(FRUITS), torch.from_numpy(pixels), torch.from_numpy(labels))


def pictures(fruit: str, count: int, chance: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Some pictures of a fruit: uint8, B × 3 × 32 × 32."""
    pixels = _table(count, chance)
    for _ in range(THINGS):
        _thing(pixels, chance, far=0.0, size=(0.1, 0.5))
    size = _between(chance, *SIZES, count, 1, 1)
    x, y = _turned(chance, count, size)
    unit: Array = size * (SIDE / 2)
    FRUITS[fruit](Sheet(pixels, x, y, unit, chance))
    _thing(pixels, chance, far=0.75, size=BEFORE)
    return _photographed(pixels, chance)


def _between(chance: np.random.Generator, low: float, high: float, *shape: int) -> Array:
    return chance.uniform(low, high, shape).astype(np.float32)


def _table(count: int, chance: np.random.Generator) -> Array:
    """What the fruit lies on: stripes, checks or waves of two colours, now bold and now faint."""
    first = _between(chance, 0, 1, count, 3, 1, 1)
    second = np.clip(first + _between(chance, -0.5, 0.5, count, 3, 1, 1), 0, 1)
    waves = []
    for _ in range(2):
        angle, pace = _between(chance, 0, np.pi, count, 1, 1), _between(chance, 1, 12, count, 1, 1)
        along = np.cos(angle) * GRID[1] + np.sin(angle) * GRID[0]
        waves.append(np.sin(pace * along + _between(chance, 0, 6, count, 1, 1)))
    sharp = _between(chance, 0.5, 4, count, 1, 1)
    mixed = np.clip(0.5 + sharp * waves[0] * np.where(chance.random((count, 1, 1)) < 0.5, 1, waves[1]), 0, 1)
    pixels: Array = first + (second - first) * mixed[:, None]
    return pixels.astype(np.float32)


def _turned(chance: np.random.Generator, count: int, size: Array) -> tuple[Array, Array]:
    """Where each pixel lies in the coordinates of something that is turned, stretched and moved."""
    angle = chance.normal(0, TURN, (count, 1, 1)).astype(np.float32)
    x = GRID[1] - _between(chance, -SHIFT, SHIFT, count, 1, 1)
    y = GRID[0] - _between(chance, -SHIFT, SHIFT, count, 1, 1)
    wide = _between(chance, 0.85, 1.15, count, 1, 1)
    cos, sin = np.cos(angle) / size, np.sin(angle) / size
    return (cos * x + sin * y) / wide, (cos * y - sin * x) * wide


def _thing(pixels: Array, chance: np.random.Generator, far: float, size: tuple[float, float]) -> None:
    """Something that is no fruit: an oval or a box of any colour, at least so `far` from the middle."""
    count = len(pixels)
    angle, distance = _between(chance, 0, 2 * np.pi, count, 1, 1), _between(chance, far, 1, count, 1, 1)
    x, y = GRID[1] - distance * np.cos(angle), GRID[0] - distance * np.sin(angle)
    turn = _between(chance, 0, np.pi, count, 1, 1)
    width, height = (_between(chance, *size, count, 1, 1) for _ in range(2))
    x, y = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    oval = (np.hypot(x / width, y / height) - 1) * np.minimum(width, height)
    box = np.maximum(np.abs(x) - width, np.abs(y) - height)
    shape = np.where(chance.random((count, 1, 1)) < 0.5, oval, box) * (SIDE / 2)
    covered = np.clip(0.5 - shape, 0, 1)[:, None]
    pixels += covered * (_between(chance, 0, 1, count, 3, 1, 1) - pixels)


def _photographed(pixels: Array, chance: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Light from a side, tinted, bright or dim; then the lens, and the sensor's noise."""
    from scipy.ndimage import convolve1d

    count = len(pixels)
    angle = _between(chance, 0, 2 * np.pi, count, 1, 1)
    slope = _between(chance, 0, 0.5, count, 1, 1) * (np.cos(angle) * GRID[1] + np.sin(angle) * GRID[0])
    light = _between(chance, DIM, 1.15, count, 1, 1, 1) * _between(chance, 0.8, 1.2, count, 3, 1, 1)
    pixels = pixels * (1 + slope[:, None]) * light
    grey = pixels.mean(1, keepdims=True)
    pixels = grey + (pixels - grey) * _between(chance, *VIVID, count, 1, 1, 1)
    blurred = pixels
    for axis in (2, 3):
        blurred = convolve1d(blurred, [0.25, 0.5, 0.25], axis, mode="nearest")
    pixels = pixels + (blurred - pixels) * _between(chance, 0, 1, count, 1, 1, 1)
    pixels = pixels + chance.standard_normal(pixels.shape, np.float32) * _between(chance, 0, NOISE, count, 1, 1, 1)
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
