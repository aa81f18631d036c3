"""The pictures that a painting is made from, at the size that a scale needs them: photo, styles, and the start."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from impasto import images
from impasto.images import Picture
from impasto.images.arrays import empty, strips
from impasto.images.masks import grey
from impasto.painter.balance import OBJECTIVES
from impasto.painter.color import Palette, recolor
from impasto.painter.painting import Bytes, to_bytes
from impasto.painter.recipe import Recipe, Style
from impasto.painter.regions import Share, shared
from impasto.styles import HouseStyle, render

# A house style is painted in the proportions of a landscape, whatever the photo's.
HOUSE_STYLE_RATIO = 4 / 3
# Styles get no larger. A larger house style takes gigabytes to make, and coarser scales of such a canvas have had the
# large shapes of the brush.
STYLE_PIXELS = 16_000_000


@dataclass(frozen=True, eq=False)
class Coat:
    """The styles of one region of a canvas.

    Attributes:
        map: where they hold; None for everywhere.
        styles: their indices in the recipe, each with its share.
    """

    map: Share | None
    styles: Mapping[int, float]


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
        """The photo, H × W × 3; its light, where that alone is painted."""
        photo = images.resize(self.recipe.photo.pixels, width, height, self._kernel)
        return grey(photo) if self.recipe.settings.luminance else photo

    def coats_at(self, width: int, height: int) -> list[Coat]:
        """The styles of each region of a canvas of this size. Where the photo is kept there is less of each style."""
        if not any(style.region for style in self.recipe.styles) and not self.recipe.keep:
            return [Coat(None, dict(enumerate(self.recipe.shares)))] if self.recipe.styles else []
        kept, coats = self.kept_at(width, height), []
        for share, styles in self._regions_at(width, height):
            for rows in strips(height, width):
                share[rows] /= 1 + kept[rows]  # half at a strength of 1
            coats.append(Coat(share, styles))
        return coats

    def _regions_at(self, width: int, height: int) -> list[tuple[Share, dict[int, float]]]:
        """Where styles hold, and which: the maps sum to 1, or to less where no style is.

        Regions whose styles are the same are one, so that no line is drawn between them.
        """
        styles = [(index, style) for index, style in enumerate(self.recipe.styles) if style.weight]
        regions = {_key(style): style.region for _, style in styles if style.region is not None}
        weights: dict[Hashable, float] = {}
        for _, style in styles:
            weights[_key(style)] = weights.get(_key(style), 0.0) + style.weight
        maps = shared(list(regions.values()), [weights[key] for key in regions], width, height)
        by_key = dict(zip(regions, maps, strict=True))
        if None in weights:
            by_key[None] = _rest(maps, width, height)
        found: dict[Hashable, tuple[Share, dict[int, float]]] = {}
        for key, share in by_key.items():
            here = {index: style.weight / weights[key] for index, style in styles if _key(style) == key}
            looks = frozenset((self.recipe.styles[index].look, weight) for index, weight in here.items())
            if looks in found:
                np.add(found[looks][0], share, out=found[looks][0])
            else:
                found[looks] = share, here
        return list(found.values())

    def kept_at(self, width: int, height: int) -> Share:
        """How much the photo is kept: at each place the largest strength there, of each region as much as it holds."""
        kept = empty((height, width), np.float32)
        kept.fill(0)
        for keep in self.recipe.keep:
            held = keep.region.at(width, height)
            np.multiply(held, np.float32(keep.strength), out=held)
            np.maximum(kept, held, out=kept)
        return kept

    def bare_at(self, width: int, height: int) -> Share | None:
        """Where the photo stays as it is, because no style is there; None for nowhere."""
        if not self.recipe.styles or any(style.region is None and style.weight for style in self.recipe.styles):
            return None
        return _rest([share for share, _ in self._regions_at(width, height)], width, height)

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
        coats = self.coats_at(self.width, self.height)
        if coats[0].map is None:  # everywhere, and alone
            return self._in_palette(photo, coats[0])
        begun = empty(photo.shape, np.float32)
        np.copyto(begun, photo)
        for coat in coats:
            painted, share = self._in_palette(photo, coat), coat.map
            assert share is not None  # one that holds everywhere is alone
            for rows in strips(self.height, self.width):
                begun[rows] += share[rows, :, None] * (painted[rows].astype(np.float32) - photo[rows])
        return to_bytes(begun)

    def _in_palette(self, photo: Bytes, coat: Coat) -> Bytes:
        palettes = [Palette.of(self.style_at(index, self.width * self.height)) for index in coat.styles]
        return recolor(photo, Palette.mixed(palettes, list(coat.styles.values())))

    def style_at(self, index: int, canvas: int) -> Bytes:
        """A style for a canvas of that many pixels: as many pixels as the canvas, times the style scale squared.

        So the brush's size is the same share of the canvas at every scale and every size, also where a picture has to
        be enlarged for it. Only above `STYLE_PIXELS` the brush gets smaller.
        """
        picture, sides = self.recipe.styles[index].picture, self.sides_at(index, canvas)
        if isinstance(picture, HouseStyle):
            pixels = images.resize(self._rendered(index), *sides, self._kernel)
        else:
            pixels = images.resize(picture.pixels, *sides, self._kernel)
        if self.recipe.settings.luminance:
            pixels = grey(pixels)
        return recolor(pixels, self._photos_palette) if self._recolors else pixels

    def style_key(self, index: int, canvas: int) -> Hashable:
        """What names the pixels of :meth:`style_at`: two that are equal have the same key."""
        picture, recipe = self.recipe.styles[index].picture, self.recipe
        digest = picture.digest if isinstance(picture, Picture) else self.sides_at(index, self.width * self.height)
        palette = recipe.photo.digest if self._recolors else None
        return picture.name, digest, palette, recipe.settings.luminance, self.sides_at(index, canvas)

    def sides_at(self, index: int, canvas: int) -> tuple[int, int]:
        """(width, height) of a style for a canvas of that many pixels."""
        picture, scale = self.recipe.styles[index].picture, self.recipe.settings.style_scale
        ratio = HOUSE_STYLE_RATIO if isinstance(picture, HouseStyle) else picture.width / picture.height
        height = max(self.smallest, round(math.sqrt(min(canvas * scale**2, STYLE_PIXELS) / ratio)))
        return max(self.smallest, round(ratio * height)), height

    def _rendered(self, index: int) -> Bytes:
        """A house style as the whole canvas needs it."""
        if index not in self._made:
            name = self.recipe.styles[index].picture.name
            self._made[index] = render(name, *self.sides_at(index, self.width * self.height))
        return self._made[index]

    @property
    def _kernel(self) -> Image.Resampling:
        """What photo and styles are resized by."""
        compared = OBJECTIVES[self.recipe.settings.objective].compared
        return Image.Resampling.BILINEAR if compared else Image.Resampling.LANCZOS

    @property
    def _recolors(self) -> bool:
        """Whether styles get the photo's palette: its light alone has one too, a mean and a variance."""
        return self.recipe.settings.keep_colors or self.recipe.settings.luminance

    @cached_property
    def _photos_palette(self) -> Palette:
        photo = self.recipe.photo.pixels
        return Palette.of(grey(photo) if self.recipe.settings.luminance else photo)


def _rest(maps: Sequence[Share], width: int, height: int) -> Share:
    """Where none of the maps holds, and how much."""
    rest = empty((height, width), np.float32)
    rest.fill(1)
    for each in maps:
        np.subtract(rest, each, out=rest)
    return rest


def _key(style: Style) -> Hashable:
    """What names a style's region; None for wherever no region is."""
    return None if style.region is None else style.region.key
