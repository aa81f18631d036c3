"""Masks: pictures that say how much each place counts, in grey, by their transparency, or by a colour."""

from typing import Any

import numpy as np
from PIL import ImageColor

from impasto.images.arrays import empty, strips
from impasto.images.coding import Coding
from impasto.images.libvips import pyvips
from impasto.images.picture import MAX_PIXELS, Picture, PictureError, Pixels, printable
from impasto.images.reading import converted
from impasto.images.srgb import fetched, to_pixels

# Rec. 601 luma, as grey pictures are made of colours everywhere.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# How far a colour may be from the one that is named, in each channel: a JPEG keeps colours about so well.
NEAR = 48


def read_mask(source: Any, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a mask: a picture whose three channels are one, 255 where it holds and 0 where it does not.

    Where a file is transparent in places, it holds where it is opaque, whatever colour that is. Else it holds where it
    is white, and half where it is grey.

    Args:
        source: as :func:`impasto.images.read` takes it, or a boolean array H x W.
        name: what to call it.
        max_pixels: more than these are refused.

    Raises:
        PictureError: as :func:`impasto.images.read`.
    """
    if isinstance(source, np.ndarray) and source.dtype == np.bool_:
        source = source.astype(np.uint8) * 255
    if isinstance(source, Picture):
        return Picture(grey(source.pixels), source.name, source.notes)
    return converted(source, _to_mask, name=name, max_pixels=max_pixels)


def of_colour(picture: Picture, colour: str) -> Picture:
    """The mask that holds where a picture has a colour, as CSS names it: `red`, `#00f`.

    Raises:
        PictureError: there is no such colour, or not in the picture.
    """
    try:
        wanted = np.array(ImageColor.getrgb(colour)[:3], np.int16)
    except ValueError:
        raise PictureError(f"{printable(colour)!r} is no colour: give a name such as red, or #ff0000") from None
    mask = empty(picture.pixels.shape, np.uint8)
    for rows in strips(picture.height, picture.width):
        there = (np.abs(picture.pixels[rows].astype(np.int16) - wanted) <= NEAR).all(2)
        mask[rows] = there[:, :, None] * np.uint8(255)
    if not mask.any():
        raise PictureError(f"{printable(picture.name)} has no {colour} in it: name a colour that it has")
    return Picture(mask, f"{picture.name} {colour}")


def grey(pixels: Pixels) -> Pixels:
    """The light of a picture: H x W x 3 with three equal channels."""
    light = empty(pixels.shape, np.uint8)
    for rows in strips(*pixels.shape[:2]):
        light[rows] = (pixels[rows] @ LUMA).round()[:, :, None]
    return light


def _to_mask(image: pyvips.Image, name: str, coding: Coding | None) -> Pixels:
    """Where an image is opaque, if it is transparent anywhere; else how light it is."""
    if image.hasalpha():
        image = image.copy_memory()  # it may be decoded once only
        alpha = image[image.bands - 1]
        opaque = fetched((alpha / 257).rint().cast("uchar") if image.format == "ushort" else alpha.cast("uchar"))
        if (opaque < 255).any():
            return np.repeat(opaque, 3, 2)
    return grey(to_pixels(image, name, coding))
