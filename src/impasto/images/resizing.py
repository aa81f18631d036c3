"""Resizing: pictures of any size, some rows at a time."""

import math

import numpy as np
from PIL import Image

from impasto.images.arrays import Array, empty, strips
from impasto.images.picture import Pixels

REACH = 3
"""Source pixels, or pixels of the result where it is smaller, that a pixel is computed from on either side."""


def resize(pixels: Pixels, width: int, height: int, kernel: Image.Resampling = Image.Resampling.LANCZOS) -> Pixels:
    """Resize uint8 pixels (H x W x 3) to `height` x `width` x 3, antialiased where it shrinks.

    Lanczos's kernel keeps a painting's finest strokes, of which the bilinear one loses a third to a half. It overshoots
    beside an edge, which a picture may and a mask may not. Pixels that have that size already are returned as they are.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    resized = empty((height, width, 3), np.uint8)
    needed = math.ceil(pixels.shape[0] * pixels.shape[1] / height)  # source pixels for one row of the result
    for rows in strips(height, max(width, needed)):
        resized[rows] = resample(pixels, width, height, rows, kernel).round().clip(0, 255)
    return resized


def resample(
    pixels: Array, width: int, height: int, rows: slice, kernel: Image.Resampling = Image.Resampling.BICUBIC
) -> Array:
    """Some rows of what pixels (H x W x C, uint8 or floats) are at another size: antialiased, not rounded.

    Channel by channel in float32. Of bytes, Pillow rounds and clips what is between the two directions, and begins with
    either: strips would differ from the whole.

    Returns:
        float32, rows x `width` x C.
    """
    if pixels.shape[:2] == (height, width):
        return pixels[rows].astype(np.float32)
    source, box = _source(pixels, height, rows)
    size = width, rows.stop - rows.start
    resampled = np.empty((size[1], size[0], pixels.shape[2]), np.float32)
    for channel in range(pixels.shape[2]):
        image = Image.fromarray(source[:, :, channel].astype(np.float32))
        resampled[:, :, channel] = image.resize(size, kernel, box)
    return resampled


def _source(pixels: Array, height: int, rows: slice) -> tuple[Array, tuple[float, float, float, float]]:
    """The rows that some rows of the result are computed from, and where in them those are: left, top, right, bottom.

    Pillow computes what it finds in that box, from pixels beyond the box too.
    """
    scale = pixels.shape[0] / height
    first, last = rows.start * scale, rows.stop * scale
    reach = REACH * max(1.0, scale)
    top, bottom = max(0, math.floor(first - reach)), min(pixels.shape[0], math.ceil(last + reach))
    return pixels[top:bottom], (0, first - top, pixels.shape[1], min(last - top, bottom - top))
