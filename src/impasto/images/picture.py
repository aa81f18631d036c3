"""The picture that the rest of the package works on, its limits, and its error."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
"""Height x width x 3 bytes, sRGB."""

MAX_PIXELS = 200_000_000
"""Pictures of more pixels are refused unless the caller allows them."""

MIN_SIDE = 16
"""A picture with a side shorter than this is refused when it is read: VGG19 halves it four times on its way."""


class PictureError(ValueError):
    """A picture that can't be read or written. The message is one plain line that names the fix."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was read.

    Attributes:
        pixels: uint8, height x width x 3, sRGB.
        name: what to call it, without folder or suffix: `wave` for `photos/wave.jpg`.
        notes: what a person should know of how it was read, each in a few words.
    """

    pixels: Pixels
    name: str = "photo"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise PictureError(
                f"{self.name}: a Picture holds uint8 pixels of height x width x 3, not "
                f"{self.pixels.dtype} of {shape_in_words(self.pixels.shape)}; make it with impasto.images.read()"
            )

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.pixels.shape[0])

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of shape and pixels: the same picture has the same digest, whatever file it came in."""
        digest = hashlib.sha256(f"{self.width}x{self.height}:".encode())
        digest.update(np.ascontiguousarray(self.pixels).data)
        return digest.hexdigest()


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture that is too thin or has too many pixels, before anything is decoded."""
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"{name} is {width} x {height} pixels, which is too small: "
            f"give a picture of at least {MIN_SIDE} x {MIN_SIDE}"
        )
    if width * height > max_pixels:
        raise PictureError(
            f"{name} is {width} x {height}, {in_megapixels(width * height)} megapixels, and the limit is "
            f"{in_megapixels(max_pixels)}: make it smaller, or raise the limit with --max-pixels {width * height}"
        )


def in_megapixels(pixels: int) -> str:
    """A number of pixels in millions, for a message: `500`, `0.25`."""
    return f"{pixels / 1e6:.3g}" if pixels < 1e9 else f"{pixels / 1e6:.0f}"


def shape_in_words(shape: tuple[int, ...]) -> str:
    """The shape of an array for a message: `3 x 20 x 30`."""
    return " x ".join(str(side) for side in shape) or "no size"


def printable(name: object) -> str:
    """A file's name as it can stand in a line of text: what would break the line or can't be encoded becomes `?`."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(name))
