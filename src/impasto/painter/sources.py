"""The pictures that a painting is made from, at the size that a scale needs them: photo, styles, and the start."""

import math
from collections.abc import Hashable
from functools import cached_property

import numpy as np

from impasto import images
from impasto.images import Picture
from impasto.images.arrays import empty, strips
from impasto.painter.color import Palette, recolor
from impasto.painter.painting import Bytes
from impasto.painter.recipe import Recipe
from impasto.styles import HouseStyle, render

# A house style is painted in the proportions of a landscape, whatever the photo's.
HOUSE_STYLE_RATIO = 4 / 3
# Styles get no larger. A larger house style takes gigabytes to make, and coarser scales of such a canvas have had the
# large shapes of the brush.
STYLE_PIXELS = 16_000_000


class Sources:
    """What a painting is made from. Nothing is resized, recoloured or rendered before somebody asks for it.

    Args:
        recipe: what is painted.
        width: of the canvas, in pixels.
        height: the same.
        smallest: no side of a style gets shorter than so many pixels.
    """

    def __init__(self, recipe: Recipe, width: int, height: int, smallest: int) -> None:
        self.recipe = recipe
        self.width = width
        self.height = height
        self.smallest = smallest
        self._made: dict[int, Bytes] = {}
        self._first: Bytes | None = None

    def photo_at(self, width: int, height: int) -> Bytes:
        """The photo, H × W × 3."""
        return images.resize(self.recipe.photo.pixels, width, height)

    def first(self) -> Bytes:
        """The canvas before the first step, at its full size."""
        if self._first is None:
            self._first = self._begun()
        return self._first

    def _begun(self) -> Bytes:
        init, settings = self.recipe.init, self.recipe.settings
        if isinstance(init, Picture):
            return images.resize(init.pixels, self.width, self.height)
        if init == "noise":
            random, noise = np.random.default_rng(settings.seed), empty((self.height, self.width, 3), np.uint8)
            for rows in strips(self.height, self.width):
                drawn = random.normal(128, 40, noise[rows].shape)
                noise[rows] = drawn.round().clip(0, 255)
            return noise
        photo = self.photo_at(self.width, self.height)
        if not settings.style_weight or not self.recipe.styles:
            return photo
        # In the style's palette from the start, the painting is where it would otherwise be about seven steps later.
        pixels = self.width * self.height
        palettes = [Palette.of(self.style_at(i, pixels)) for i in range(len(self.recipe.styles))]
        return recolor(photo, Palette.mixed(palettes, self.recipe.shares))

    def style_at(self, index: int, canvas: int) -> Bytes:
        """A style for a canvas of that many pixels: as many pixels as the canvas, times the style scale squared.

        So the brush's size is the same share of the canvas at every scale and every size, also where a picture has to
        be enlarged for it. Only above `STYLE_PIXELS` the brush gets smaller.
        """
        picture, sides = self.recipe.styles[index].picture, self._sides_at(index, canvas)
        if isinstance(picture, HouseStyle):
            pixels = images.resize(self._rendered(index), *sides)
        else:
            pixels = images.resize(picture.pixels, *sides)
        return recolor(pixels, self._photos_palette) if self.recipe.settings.keep_colors else pixels

    def style_key(self, index: int, canvas: int) -> Hashable:
        """What names the pixels of :meth:`style_at`: two that are equal have the same key."""
        picture, recipe = self.recipe.styles[index].picture, self.recipe
        digest = picture.digest if isinstance(picture, Picture) else self._sides_at(index, self.width * self.height)
        palette = recipe.photo.digest if recipe.settings.keep_colors else None
        return picture.name, digest, palette, self._sides_at(index, canvas)

    def _sides_at(self, index: int, canvas: int) -> tuple[int, int]:
        """(width, height) of a style for a canvas of that many pixels."""
        picture, scale = self.recipe.styles[index].picture, self.recipe.settings.style_scale
        ratio = HOUSE_STYLE_RATIO if isinstance(picture, HouseStyle) else picture.width / picture.height
        height = max(self.smallest, round(math.sqrt(min(canvas * scale**2, STYLE_PIXELS) / ratio)))
        return max(self.smallest, round(ratio * height)), height

    def _rendered(self, index: int) -> Bytes:
        """A house style as the whole canvas needs it."""
        if index not in self._made:
            name = self.recipe.styles[index].picture.name
            self._made[index] = render(name, *self._sides_at(index, self.width * self.height))
        return self._made[index]

    @cached_property
    def _photos_palette(self) -> Palette:
        return Palette.of(self.recipe.photo.pixels)
