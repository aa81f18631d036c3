"""Flat shapes with clean edges: areas, lines that swell, and crowds of discs."""

import numpy as np
from PIL import Image, ImageDraw

from impasto.styles.ground import Floats


class Drawing:
    """Flat shapes on a picture `fine` times finer than the result; coordinates are parts of the width and height."""

    def __init__(self, width: int, height: int, ground: Floats) -> None:
        self.width, self.height = width, height
        self.fine = 3 if width * height < 1_000_000 else 2
        self.unit = float((width * height) ** 0.5) * self.fine
        self.image = Image.new("RGB", (width * self.fine, height * self.fine), _ink(ground))
        self.pen = ImageDraw.Draw(self.image)
        self._size = np.array([width, height], np.float32) * self.fine
        self.wide, self.high = (float(s) / self.unit for s in self._size)

    def _pixels(self, line: Floats) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in np.asarray(line, np.float32) * self._size]

    def area(self, outline: Floats, colour: Floats) -> None:
        """Fill the inside of a closed line."""
        self.pen.polygon(self._pixels(outline), fill=_ink(colour))

    def line(self, line: Floats, colour: Floats, breadth: float, swell: float = 0.0) -> None:
        """A line of this breadth (in units), with `swell` thicker in the middle than at the ends (0 to 1)."""
        p = np.asarray(line, np.float32) * self._size
        along = np.gradient(p, axis=0)
        side = along[:, ::-1] * np.array([-1, 1]) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        s = np.linspace(0, np.pi, len(p))
        half = (1 - swell + swell * np.sin(s))[:, None] * max(breadth * self.unit, 1.0) / 2
        outline = np.concatenate([p - side * half, (p + side * half)[::-1]])
        self.pen.polygon([(float(x), float(y)) for x, y in outline], fill=_ink(colour))

    def discs(self, x: Floats, y: Floats, radius: Floats, colour: Floats) -> None:
        """Filled circles; radii in units."""
        px, py, r = x * self._size[0], y * self._size[1], radius * self.unit
        ink = _ink(colour)
        for a, b, c in zip(px.tolist(), py.tolist(), r.tolist(), strict=True):
            self.pen.ellipse((a - c, b - c, a + c, b + c), fill=ink)

    def picture(self) -> Floats:
        """What is drawn, as float32 of height x width x 3."""
        small = self.image.resize((self.width, self.height), Image.Resampling.BOX)
        return np.asarray(small, np.float32)


def _ink(colour: Floats) -> tuple[int, int, int]:
    r, g, b = (int(np.clip(c, 0, 255)) for c in np.asarray(colour).ravel())
    return r, g, b
