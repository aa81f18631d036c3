"""A finished painting, painted larger: gone on from at the scales that it has not seen, instead of begun anew."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from impasto import images
from impasto.images import Picture
from impasto.images.arrays import empty, strips
from impasto.images.masks import grey
from impasto.painter.painter import Painter
from impasto.painter.painting import Bytes
from impasto.painter.recipe import Recipe
from impasto.painter.schedule import left
from impasto.painter.sources import Sources


def enlarged(recipe: Recipe, painting: Picture, *, checkpoint: Path | None = None) -> Painter:
    """A painter that goes on from a painting of the same recipe, made at a smaller size.

    Args:
        recipe: what is painted, at the larger size.
        painting: what it became before.
        checkpoint: as a painter takes it.

    Raises:
        SettingsError, NetworkError: what was asked can't be done.
    """
    whole = Painter(recipe)
    scales = whole.scales()
    sources = Sources(recipe, scales[-1].width, scales[-1].height, whole.smallest)
    pixels = grey(painting.pixels) if recipe.settings.luminance else painting.pixels
    begun = Picture(_detailed(pixels, sources.first()), painting.name)
    rest = left(scales, painting.width * painting.height)
    return Painter(replace(recipe, init=begun), scales=rest, checkpoint=checkpoint)


def _detailed(painting: Bytes, first: Bytes) -> Bytes:
    """A painting at the size of a first canvas, with the detail that this has more, as between two scales of a run."""
    (height, width), (down, across) = first.shape[:2], painting.shape[:2]
    missing = empty((down, across, 3), np.float32)
    for rows in strips(down, across):
        missing[rows] = painting[rows] - images.resample(first, across, down, rows)
    detailed = empty(first.shape, np.uint8)
    for rows in strips(height, width):
        detailed[rows] = (first[rows] + images.resample(missing, width, height, rows)).round().clip(0, 255)
    return detailed
