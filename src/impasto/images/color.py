"""From any libvips image to the pixels that we work on: 8-bit sRGB on white."""

import numpy as np

from impasto.images.arrays import empty, strips
from impasto.images.libvips import pyvips
from impasto.images.picture import PictureError, Pixels

PROFILE = "icc-profile-data"
"""libvips' name for the colour profile that a picture carries."""


def to_pixels(image: pyvips.Image, name: str) -> Pixels:
    """Decode, convert to sRGB, composite on white and round to 8 bits: uint8, height x width x 3.

    Raises:
        PictureError: the pixels are of a kind that has no colour (integers of 32 bits, NaN).
        pyvips.Error: the picture can't be decoded.
    """
    if image.format in ("float", "double"):
        image = _linear_light(image, name)
    elif image.format not in ("uchar", "ushort"):
        raise PictureError(f"{name} has pixels of type {image.format}: save it with 8 or 16 bits a channel")
    depth, white = (8, 255) if image.format == "uchar" else (16, 65535)
    image = _to_srgb(image, depth)
    if image.hasalpha():
        # in floating point, because libvips cuts the fractions off when it flattens integers; what follows the
        # first alpha channel are masks that some editors store
        image = image[:4].cast("float").flatten(background=white, max_alpha=white)
    if depth == 16:
        image = image.linear(255 / white, 0)
    if image.format != "uchar":
        image = image.rint().cast("uchar")
    return _computed(image)


def _computed(image: pyvips.Image) -> Pixels:
    """The pixels of an image of three bands of 8 bits, computed some rows at a time."""
    pixels = empty((image.height, image.width, 3), np.uint8)
    region = pyvips.Region.new(image)
    for rows in strips(image.height, image.width):
        fetched = region.fetch(0, rows.start, image.width, rows.stop - rows.start)
        pixels[rows] = np.frombuffer(fetched, np.uint8).reshape(-1, image.width, 3)
    return pixels


def _to_srgb(image: pyvips.Image, depth: int) -> pyvips.Image:
    """Through the picture's own profile where it has one that fits; CMYK without one through a usual one."""
    if image.get_typeof(PROFILE) or image.interpretation == "cmyk":
        try:
            return image.icc_transform(
                "srgb",
                embedded=True,
                intent="relative",
                black_point_compensation=True,
                depth=depth,
            )
        except pyvips.Error:
            pass  # a broken profile, or one for another kind of picture: go by the pixels alone
    return image.colourspace("srgb" if depth == 8 else "rgb16")


def _linear_light(image: pyvips.Image, name: str) -> pyvips.Image:
    """A file of floats: Lab as it is, all else is linear light from 0 to 1, grey too."""
    image = image.copy_memory()  # it is looked at twice
    if not np.isfinite(image.numpy()).all():
        raise PictureError(f"{name} holds NaN or infinity: save it with 8 or 16 bits a channel")
    if image.interpretation == "b-w":
        alpha = [image[1]] if image.hasalpha() else []
        image = image[0].bandjoin([image[0], image[0], *alpha]).copy(interpretation="scrgb")
    return image
