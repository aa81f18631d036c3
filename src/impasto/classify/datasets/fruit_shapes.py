"""What ten fruits look like: each is drawn onto many pictures at once, in coordinates of its own.

In them a fruit fills about the circle of radius 1 around (0, 0), and y grows downwards. A shape is a map of distances
in pixels of the picture: negative inside, 0 at its edge.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float32]]
Ends = tuple[tuple[float, float, float], tuple[float, float, float]]
STEM, LEAF = ((0.25, 0.16, 0.08), (0.45, 0.32, 0.15)), ((0.12, 0.35, 0.1), (0.45, 0.65, 0.2))


class Sheet:
    """Pictures that are drawn on together.

    Args:
        pixels: float32, B × 3 × H × W, RGB in 0–1; drawn on in place.
        x, y: B × H × W, where each pixel lies in the fruit's coordinates.
        unit: B × 1 × 1, how many pixels 1 of them is.
        chance: where all that varies comes from.
    """

    def __init__(self, pixels: Array, x: Array, y: Array, unit: Array, chance: np.random.Generator) -> None:
        self.pixels, self.x, self.y, self.unit, self.chance = pixels, x, y, unit, chance

    def between(self, low: float, high: float) -> Array:
        """A number for each picture, B × 1 × 1."""
        return self.chance.uniform(low, high, (len(self.x), 1, 1)).astype(np.float32)

    def colour(self, ends: Ends) -> Array:
        """A colour for each picture, from a range: B × 3 × 1 × 1."""
        first, last = (np.asarray(end, np.float32).reshape(1, 3, 1, 1) for end in ends)
        return first + (last - first) * self.between(0, 1)[:, None]

    def fill(self, distance: Array, colour: Array, opacity: float = 1.0) -> None:
        """Put a colour where a shape is; half of it in a pixel that the edge halves."""
        covered = (opacity * np.clip(0.5 - distance, 0, 1))[:, None]
        self.pixels += covered * (colour - self.pixels)

    def ellipse(self, x: Any, y: Any, width: Any, height: Any) -> Array:
        """Around a middle, with half axes."""
        radius = np.sqrt(((self.x - x) / width) ** 2 + ((self.y - y) / height) ** 2)
        made: Array = (radius - 1) * np.minimum(width, height) * self.unit
        return made

    def line(self, x0: Any, y0: Any, x1: Any, y1: Any, thick: Any) -> Array:
        """From one point to another, with round ends."""
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((self.x - x0) * dx + (self.y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
        far = np.hypot(self.x - x0 - along * dx, self.y - y0 - along * dy)
        made: Array = (far - thick / 2) * self.unit
        return made

    def round(self, shape: Array, colour: Array, depth: float = 0.35) -> None:
        """Fill a shape as a round body: darker towards its edge, and with a light on it."""
        inside = np.clip(-shape / (0.8 * self.unit), 0, 1)[:, None]
        self.fill(shape, colour * (1 - depth + depth * np.sqrt(inside)))
        glint = self.ellipse(self.between(-0.4, 0.4), self.between(-0.5, -0.1), 0.18, 0.12)
        self.fill(np.maximum(glint, shape), np.ones((1, 3, 1, 1), np.float32), 0.35)

    def leaf(self, x: float, y: float) -> None:
        """A leaf that begins at a point, on three quarters of the pictures."""
        side = np.where(self.chance.random((len(self.x), 1, 1)) < 0.5, -1, 1)
        away = np.where(self.chance.random((len(self.x), 1, 1)) < 0.25, 99.0, 0.0)
        shape = self.ellipse(x + side * 0.28, y - 0.06, 0.3, self.between(0.1, 0.16))
        self.fill(shape + away, self.colour(LEAF))


def apple(sheet: Sheet) -> None:
    """Broad above, with a dip for the stem; red, yellow or green."""
    wide = sheet.between(0.42, 0.5)
    body = np.minimum(sheet.ellipse(-0.33, -0.08, wide, 0.66), sheet.ellipse(0.33, -0.08, wide, 0.66))
    body = np.minimum(body, sheet.ellipse(0, 0.1, 0.66, 0.68))
    kind = sheet.between(0, 1)[:, None]
    red, green = (
        sheet.colour(((0.55, 0.05, 0.08), (0.9, 0.25, 0.15))),
        sheet.colour(((0.45, 0.6, 0.1), (0.9, 0.8, 0.3))),
    )
    flush = np.clip(0.5 + 3 * (kind - 0.35) + 0.6 * (sheet.x * sheet.between(-1, 1))[:, None], 0, 1)
    sheet.round(body, green + (red - green) * flush)
    sheet.fill(sheet.ellipse(0, -0.62, 0.2, 0.09), sheet.colour(((0.2, 0.2, 0.05), (0.3, 0.3, 0.1))), 0.7)
    sheet.fill(sheet.line(0, -0.6, sheet.between(-0.15, 0.15), -0.98, 0.1), sheet.colour(STEM))
    sheet.leaf(0, -0.8)


def banana(sheet: Sheet) -> None:
    """A crescent; yellow, or still green, with dark ends and spots."""
    bend, thick = sheet.between(0.85, 1.2), sheet.between(0.3, 0.42)
    far = np.hypot(sheet.x, sheet.y + bend - 0.35)
    angle = np.arctan2(sheet.x, sheet.y + bend - 0.35) / 1.05
    slim = thick * np.sqrt(np.clip(1 - angle**2, 0, 1)) ** 0.8
    body = (np.maximum(np.abs(far - bend) - slim / 1.6, np.abs(angle) - 0.95)) * sheet.unit
    sheet.fill(body, colour := sheet.colour(((0.65, 0.7, 0.2), (0.98, 0.85, 0.25))))
    edge = (np.abs(far - bend - slim / 6) - 0.03) * sheet.unit
    sheet.fill(np.maximum(edge, body), 0.75 * colour)
    for end in (-1, 1):
        tip = sheet.ellipse(end * bend * 0.84, bend * 0.5 - bend + 0.35, 0.13, 0.13)
        sheet.fill(tip, sheet.colour(((0.2, 0.15, 0.08), (0.5, 0.5, 0.2))))
    for _ in range(3):
        spot = sheet.ellipse(sheet.between(-0.6, 0.6), sheet.between(0.1, 0.4), 0.06, 0.04)
        sheet.fill(np.maximum(spot, body), sheet.colour(((0.35, 0.2, 0.08), (0.7, 0.55, 0.2))))


def cherries(sheet: Sheet) -> None:
    """Two small balls whose stems meet; dark red to bright, or yellow."""
    top, size = sheet.between(-0.25, 0.25), sheet.between(0.36, 0.44)
    colour = sheet.colour(((0.35, 0.02, 0.08), (0.9, 0.2, 0.15)))
    lower = sheet.between(0.35, 0.6), sheet.between(0.3, 0.55)
    for side, y in zip((-0.48, 0.45), lower, strict=True):
        sheet.fill(sheet.line(side, y - 0.3, top, -0.92, 0.07), sheet.colour(LEAF))
        sheet.round(sheet.ellipse(side, y, size, size), colour)
    sheet.leaf(0, -0.85)


def grapes(sheet: Sheet) -> None:
    """Many balls in a bunch that tapers; blue, red or green."""
    blue, green = (
        sheet.colour(((0.2, 0.1, 0.3), (0.5, 0.15, 0.4))),
        sheet.colour(((0.45, 0.55, 0.15), (0.75, 0.8, 0.4))),
    )
    colour = np.where(sheet.between(0, 1)[:, None] < 0.6, blue, green)
    sheet.fill(sheet.line(0, -0.6, sheet.between(-0.2, 0.2), -1, 0.1), sheet.colour(STEM))
    for row, count in enumerate((4, 3, 3, 2, 1)):
        for place in range(count):
            x = 0.4 * (place - (count - 1) / 2) + (0.1 if row % 2 else 0) + sheet.between(-0.07, 0.07)
            ball = sheet.ellipse(x, 0.36 * row - 0.55 + sheet.between(-0.05, 0.05), 0.26, 0.26)
            shade = np.clip(0.55 - 1.1 * ball / sheet.unit / 0.26, 0.5, 1.15)[:, None]
            sheet.fill(ball, colour * shade)
    sheet.leaf(0, -0.75)


def kiwi(sheet: Sheet) -> None:
    """Cut through: a brown skin, green flesh, a pale middle with seeds around."""
    wide = sheet.between(0.75, 0.95)
    sheet.fill(sheet.ellipse(0, 0, wide, 0.82), sheet.colour(((0.3, 0.2, 0.1), (0.5, 0.38, 0.2))))
    flesh = sheet.colour(((0.35, 0.5, 0.1), (0.65, 0.75, 0.25)))
    sheet.fill(sheet.ellipse(0, 0, 0.88 * wide, 0.72), flesh)
    sheet.fill(sheet.ellipse(0, 0, 0.3 * wide, 0.22), sheet.colour(((0.75, 0.8, 0.5), (0.95, 0.95, 0.8))))
    turn = sheet.between(0, 6.3)
    for step in range(10):
        angle = turn + step * 2 * np.pi / 10
        seed = sheet.ellipse(0.46 * wide * np.cos(angle), 0.4 * np.sin(angle), 0.075, 0.075)
        sheet.fill(seed, sheet.colour(((0.05, 0.05, 0.02), (0.15, 0.12, 0.05))))


def lemon(sheet: Sheet) -> None:
    """An oval with a tip at both ends; yellow to green."""
    colour = sheet.colour(((0.5, 0.65, 0.12), (0.98, 0.9, 0.3)))
    high = sheet.between(0.5, 0.62)
    ends = sheet.ellipse(-0.78, 0, 0.2, 0.17), sheet.ellipse(0.78, 0, 0.24, 0.17)
    sheet.round(np.minimum(sheet.ellipse(0, 0, 0.8, high), np.minimum(*ends)), colour, 0.3)


def orange(sheet: Sheet) -> None:
    """A ball with pores and a small star where the stem was."""
    colour = sheet.colour(((0.85, 0.4, 0.03), (0.98, 0.65, 0.15)))
    body = sheet.ellipse(0, 0, 0.8, sheet.between(0.72, 0.82))
    sheet.round(body, colour, 0.3)
    for _ in range(12):
        pore = sheet.ellipse(sheet.between(-0.6, 0.6), sheet.between(-0.6, 0.6), 0.045, 0.045)
        sheet.fill(np.maximum(pore, body), 0.75 * colour)
    x, y = sheet.between(-0.4, 0.4), sheet.between(-0.5, 0.2)
    sheet.fill(sheet.ellipse(x, y, 0.12, 0.1), sheet.colour(((0.25, 0.3, 0.08), (0.45, 0.5, 0.15))))


def pear(sheet: Sheet) -> None:
    """A large ball below and a small one above; green, yellow or brown."""
    colour = sheet.colour(((0.5, 0.58, 0.12), (0.85, 0.72, 0.28)))
    flush = np.clip(1.2 * sheet.x * sheet.between(-1, 1), 0, 1)[:, None]
    neck = sheet.between(0.26, 0.34)
    body = np.minimum(sheet.ellipse(0, 0.32, sheet.between(0.56, 0.66), 0.58), sheet.ellipse(0, -0.42, neck, 0.42))
    body = np.minimum(body, sheet.line(0, -0.3, 0, 0.1, 1.9 * neck))
    sheet.round(body, colour + (sheet.colour(((0.7, 0.35, 0.1), (0.8, 0.3, 0.15))) - colour) * flush, 0.3)
    sheet.fill(sheet.line(0, -0.8, sheet.between(-0.15, 0.15), -1.08, 0.1), sheet.colour(STEM))
    sheet.leaf(0, -0.9)


def strawberry(sheet: Sheet) -> None:
    """Broad above and pointed below, with pale seeds and a green cap."""
    wide = sheet.between(0.56, 0.7)
    narrowing = np.clip((sheet.y + 0.75) / 1.7, 0, 1)
    half = wide * np.sqrt(np.clip(1 - narrowing**1.6, 0, 1)) * np.clip(6 * narrowing, 0, 1) ** 0.5
    body = np.maximum(np.abs(sheet.x) - half, np.abs(sheet.y - 0.1) - 0.85) * sheet.unit
    sheet.round(body, sheet.colour(((0.65, 0.03, 0.08), (0.95, 0.25, 0.2))), 0.25)
    pale = sheet.colour(((0.9, 0.75, 0.35), (1.0, 0.9, 0.5)))
    for row in range(5):
        for place in range(3):
            x = 0.36 * (place - 1) + (0.18 if row % 2 else 0)
            seed = sheet.ellipse(x, -0.45 + 0.25 * row, 0.055, 0.08)
            sheet.fill(np.maximum(seed, body + 1), pale, 0.6)
    green = sheet.colour(LEAF)
    for x in (-0.4, 0.0, 0.4):
        sheet.fill(sheet.line(0, -0.75, x, -0.5 - 0.1 * abs(x), 0.2), green)
    sheet.fill(sheet.line(0, -0.75, sheet.between(-0.1, 0.1), -1, 0.1), green)


def watermelon(sheet: Sheet) -> None:
    """A slice: a half disc of red with dark seeds, a pale ring and a green rind."""
    whole = sheet.ellipse(0, -0.45, 1, 1.2)
    flat = (-0.45 - sheet.y) * sheet.unit
    sheet.fill(np.maximum(whole, flat), sheet.colour(((0.08, 0.3, 0.1), (0.35, 0.55, 0.2))))
    sheet.fill(
        np.maximum(sheet.ellipse(0, -0.45, 0.87, 1.05), flat), sheet.colour(((0.75, 0.85, 0.6), (0.9, 0.95, 0.8)))
    )
    flesh = np.maximum(sheet.ellipse(0, -0.45, 0.8, 0.97), flat)
    sheet.fill(flesh, sheet.colour(((0.8, 0.15, 0.2), (0.98, 0.45, 0.4))))
    for x, y in ((-0.5, -0.2), (-0.2, -0.22), (0.18, -0.2), (0.5, -0.22), (-0.3, 0.08), (0.02, 0.05), (0.32, 0.08)):
        seed = sheet.ellipse(x + sheet.between(-0.08, 0.08), y + sheet.between(-0.08, 0.08), 0.05, 0.08)
        sheet.fill(seed, sheet.colour(((0.05, 0.03, 0.03), (0.2, 0.1, 0.08))))


FRUITS: dict[str, Callable[[Sheet], None]] = {
    "apple": apple, "banana": banana, "cherries": cherries, "grapes": grapes, "kiwi": kiwi, "lemon": lemon,
    "orange": orange, "pear": pear, "strawberry": strawberry, "watermelon": watermelon,
}  # fmt: skip
"""The fruits by their names, which are the classes."""
