"""What is known of a picture when its header has been read, and nothing decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from impasto.images.coding import Coding
from impasto.images.libvips import pyvips
from impasto.images.xmp import XMP

FRAMES = "an animation of {} frames; the first one is taken"
"""What a person is told of any that moves."""


@dataclass(frozen=True)
class Remains:
    """A damaged file, opened anew.

    Attributes:
        strict: ends in an error where the damage begins; its rows come one after another.
        tolerant: puts up with damage.
        coarse: what there is, in words, where such a file holds all of its rows coarsely first.
        finest: whether what makes it fine was begun, at least.
    """

    strict: pyvips.Image
    tolerant: pyvips.Image
    coarse: str | None = None
    finest: bool = True


@dataclass(frozen=True)
class Undecoded:
    """A picture of which only the header has been read.

    Attributes:
        width: pixels across, as stored, before it is turned upright.
        height: pixels down, likewise.
        orientation: the EXIF orientation, 1 to 8, to apply to what `decode` gives.
        xmp: its XMP packet, if it has one.
        decode: gives the image, with its colour profile; libvips decodes most kinds only as their pixels are used.
        coding: what its numbers mean, where the file says so by numbers that count before its colour profile.
        notes: what a person should know of how it is read, each as it follows a colon: "an animation of 3 frames; …".
        remains: opens a file anew that turned out to be damaged; None where nothing can be had of one.
    """

    width: int
    height: int
    orientation: int
    xmp: bytes | None
    decode: Callable[[], pyvips.Image]
    coding: Coding | None = None
    notes: tuple[str, ...] = ()
    remains: Callable[[], Remains] | None = None

    @classmethod
    def of(
        cls,
        image: pyvips.Image,
        *,
        decode: Callable[[], pyvips.Image] | None = None,
        coding: Coding | None = None,
        notes: tuple[str, ...] = (),
        remains: Callable[[], Remains] | None = None,
    ) -> Self:
        """An image that libvips has opened, whose header it has read; without `decode` it is decoded as it is used."""
        orientation = image.get("orientation") if image.get_typeof("orientation") else 1
        xmp = image.get(XMP) if image.get_typeof(XMP) else None
        return cls(image.width, image.height, orientation, xmp, decode or (lambda: image), coding, notes, remains)
