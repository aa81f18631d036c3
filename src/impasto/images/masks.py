"""Masks: pictures that say how much each place counts, in grey, by their transparency, or by a colour."""

from typing import Any

import numpy as np
from PIL import ImageColor

from impasto.images.arrays import empty, strips
from impasto.images.libvips import pyvips
from impasto.images.opening import opened
from impasto.images.picture import MAX_PIXELS, Picture, PictureError, Pixels, check_size, printable
from impasto.images.reading import file_name, read, upright
from impasto.images.srgb import fetched

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
        return Picture(_grey(source.pixels), source.name, source.notes)
    opaque = None if isinstance(source, np.ndarray) else _opacity(source, max_pixels)
    if hasattr(source, "seek"):
        source.seek(0)
    picture = read(source, name=name, max_pixels=max_pixels)
    return Picture(_grey(picture.pixels) if opaque is None else opaque, picture.name, picture.notes)


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


def _opacity(source: Any, max_pixels: int) -> Pixels | None:
    """The alpha channel of a file, where it says anything."""
    if not isinstance(source, str | bytes) and not hasattr(source, "__fspath__") and not hasattr(source, "read"):
        return None
    shown = printable(file_name(source) or "the mask")
    with opened(source, shown) as undecoded:
        check_size(shown, undecoded.width, undecoded.height, max_pixels)
        image = undecoded.decode()
        if not image.hasalpha():
            return None
        alpha = image[image.bands - 1]
        if image.format == "ushort":
            alpha = (alpha / 257).rint()
        try:
            opaque = fetched(alpha.cast("uchar"))
        except pyvips.Error:  # what is wrong is said when it is read as a picture
            return None
        return upright(np.repeat(opaque, 3, 2), undecoded.orientation) if (opaque < 255).any() else None


def _grey(pixels: Pixels) -> Pixels:
    grey = empty(pixels.shape, np.uint8)
    for rows in strips(*pixels.shape[:2]):
        grey[rows] = (pixels[rows] @ LUMA).round()[:, :, None]
    return grey
