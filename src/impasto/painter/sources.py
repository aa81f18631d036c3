"""The pictures that a painting is made from, at the size that a scale needs them: photo, styles, and the start."""

import math
from collections.abc import Hashable

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
# Larger ones are not made: where the canvas is larger, its coarser scales have had the large shapes of the brush, and
# what is left for it is finer than a brush that would take gigabytes to make.
HOUSE_STYLE_PIXELS = 16_000_000


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
        self._rendered: dict[int, Bytes] = {}
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
        """A style for a canvas of that many pixels.

        The brush's size is the same share of the canvas at every scale, but for house styles where the canvas is larger
        than those are made.
        """
        return images.resize(self._largest(index), *self._sides_at(index, canvas))

    def style_key(self, index: int, canvas: int) -> Hashable:
        """What names the pixels of :meth:`style_at`: two that are equal have the same key."""
        picture, recipe = self.recipe.styles[index].picture, self.recipe
        digest = picture.digest if isinstance(picture, Picture) else None
        palette = recipe.photo.digest if recipe.settings.keep_colors else None
        return picture.name, digest, palette, self._largest_sides(index), self._sides_at(index, canvas)

    def _sides_at(self, index: int, canvas: int) -> tuple[int, int]:
        """(width, height) of a style for a canvas of that many pixels."""
        width, height = self._largest_sides(index)
        if isinstance(self.recipe.styles[index].picture, HouseStyle):
            share = min(1, canvas * self.recipe.settings.style_scale**2 / (width * height))
        else:
            share = canvas / (self.width * self.height)
        return self._sides(width * height * share, width / height)

    def _largest_sides(self, index: int) -> tuple[int, int]:
        """(width, height) of a style as the whole canvas needs it."""
        picture, scale = self.recipe.styles[index].picture, self.recipe.settings.style_scale
        wanted = self.width * self.height * scale**2
        if isinstance(picture, HouseStyle):
            return self._sides(min(wanted, HOUSE_STYLE_PIXELS), HOUSE_STYLE_RATIO)
        if scale <= 1:
            wanted = min(wanted, picture.width * picture.height)
        return self._sides(wanted, picture.width / picture.height)

    def _sides(self, pixels: float, ratio: float) -> tuple[int, int]:
        """(width, height) of a picture of so many pixels and this ratio of width to height."""
        height = max(self.smallest, round(math.sqrt(pixels / ratio)))
        return max(self.smallest, round(ratio * height)), height

    def _largest(self, index: int) -> Bytes:
        """A style as the whole canvas needs it."""
        if index not in self._rendered:
            picture, sides = self.recipe.styles[index].picture, self._largest_sides(index)
            if isinstance(picture, HouseStyle):
                pixels = render(picture.name, *sides)
            else:
                pixels = images.resize(picture.pixels, *sides)
            if self.recipe.settings.keep_colors:
                pixels = recolor(pixels, Palette.of(self.recipe.photo.pixels))
            self._rendered[index] = pixels
        return self._rendered[index]
