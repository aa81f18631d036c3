"""The pictures that a painting is made from, at the size that a scale needs them: photo, styles, and the start."""

import math
from collections.abc import Sequence

import numpy as np

from impasto import images
from impasto.images import Picture
from impasto.images.arrays import empty, strips
from impasto.painter.color import Palette, recolor
from impasto.painter.painting import Bytes
from impasto.painter.schedule import canvas_size
from impasto.painter.settings import Settings
from impasto.styles import HouseStyle
from impasto.styles import render as render_house_style

# A house style is painted in the proportions of a landscape, whatever the photo's.
HOUSE_STYLE_RATIO = 4 / 3
# Larger ones are not made: where the canvas is larger, its coarser scales have had the large shapes of the brush, and
# what is left for it is finer than a brush that would take gigabytes to make.
HOUSE_STYLE_PIXELS = 16_000_000


class Sources:
    """What a painting is made from.

    Args:
        photo: the content.
        styles: (style, weight) pairs, the weights summing to 1.
        settings: what is asked.
        init: the first canvas, where `settings.init` is "file".

    Attributes:
        width, height: of the canvas.
    """

    def __init__(
        self,
        photo: Picture,
        styles: Sequence[tuple[Picture | HouseStyle, float]],
        settings: Settings,
        init: Picture | None,
    ) -> None:
        self.photo = photo
        self.styles = styles
        self.settings = settings
        self.width, self.height = canvas_size(photo.width, photo.height, settings.size)
        self._init = init
        self._rendered: dict[int, Bytes] = {}

    def photo_at(self, width: int, height: int) -> Bytes:
        """The photo, H × W × 3."""
        return images.resize(self.photo.pixels, width, height)

    def first(self) -> Bytes:
        """The canvas before the first step, at its full size."""
        if self.settings.init == "noise":
            random, noise = np.random.default_rng(self.settings.seed), empty((self.height, self.width, 3), np.uint8)
            for rows in strips(self.height, self.width):
                drawn = random.normal(128, 40, noise[rows].shape)
                noise[rows] = drawn.round().clip(0, 255)
            return noise
        if self.settings.init == "file" and self._init is not None:
            return images.resize(self._init.pixels, self.width, self.height)
        photo = self.photo_at(self.width, self.height)
        if not self.settings.style_weight or not self.styles:
            return photo
        # In the style's palette from the start, the painting is where it would otherwise be about seven steps later.
        pixels = self.width * self.height
        palettes = [Palette.of(self.style_at(i, pixels)) for i in range(len(self.styles))]
        return recolor(photo, Palette.mixed(palettes, [weight for _, weight in self.styles]))

    def style_at(self, index: int, canvas: int) -> Bytes:
        """A style for a canvas of that many pixels.

        The brush's size is the same share of the canvas at every scale, but for house styles where the canvas is larger
        than those are made.
        """
        style, _ = self.styles[index]
        pixels = self._largest(index)
        height, width = pixels.shape[:2]
        if isinstance(style, HouseStyle):
            share = min(1, canvas * self.settings.style_scale**2 / (width * height))
        else:
            share = canvas / (self.width * self.height)
        return images.resize(pixels, *(max(16, round(side * math.sqrt(share))) for side in (width, height)))

    def _largest(self, index: int) -> Bytes:
        """A style as the whole canvas needs it."""
        if index not in self._rendered:
            style, _ = self.styles[index]
            wanted = self.width * self.height * self.settings.style_scale**2
            if isinstance(style, HouseStyle):
                pixels = render_house_style(style.name, *_sides(min(wanted, HOUSE_STYLE_PIXELS), HOUSE_STYLE_RATIO))
            else:
                if self.settings.style_scale <= 1:
                    wanted = min(wanted, style.width * style.height)
                pixels = images.resize(style.pixels, *_sides(wanted, style.width / style.height))
            if self.settings.keep_colors:
                pixels = recolor(pixels, Palette.of(self.photo.pixels))
            self._rendered[index] = pixels
        return self._rendered[index]


def _sides(pixels: float, ratio: float) -> tuple[int, int]:
    """(width, height) of a picture of so many pixels and this ratio of width to height."""
    height = max(16, round(math.sqrt(pixels / ratio)))
    return max(16, round(ratio * height)), height
