"""HEIF: HEIC, which pillow-heif decodes, and AVIF, which libvips does; colours by numbers in either."""

import re
from typing import Any, BinaryIO, cast

import numpy as np

from impasto.images import coding as codings
from impasto.images.coding import Coding
from impasto.images.from_memory import array_to_vips, with_profile
from impasto.images.libvips import pyvips, source_of
from impasto.images.picture import PictureError
from impasto.images.srgb import PROFILE
from impasto.images.undecoded import Undecoded

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_SEQUENCES = {b"avis", b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}


def brands(head: bytes) -> set[bytes]:
    """The brands in a file's first bytes, where it is of this family: HEIC, AVIF, films too."""
    return {head[start : start + 4] for start in range(8, len(head), 4)} if head[4:8] == b"ftyp" else set()


def undecoded(file: BinaryIO, found: set[bytes], name: str) -> Undecoded | None:
    """The header of an AVIF or a HEIC, by its brands; None where it is neither.

    Raises:
        PictureError: it is packed in a way that can't be read.
    """
    if b"avif" in found or b"avis" in found:
        return _avif(file, found)
    return _heic(file, found, name) if found & _HEIC else None


def _heic(file: BinaryIO, found: set[bytes], name: str) -> Undecoded:
    import pillow_heif  # here, because few pictures need it

    pictures = pillow_heif.open_heif(file.read(), convert_hdr_to_8bit=False)
    picture = pictures[pictures.primary_index]
    profile = cast("bytes | None", picture.info.get("icc_profile"))
    bits = picture.info.get("bit_depth", 8)

    def decode() -> pyvips.Image:
        try:
            pixels = np.asarray(picture)
        except RuntimeError as error:
            if lacks := re.search(r"not been built in: (.+?) \(", str(error)):
                raise PictureError(f"{name} is packed by {lacks[1]}, which is not read: save it as a PNG") from error
            raise
        if pixels.dtype == np.uint16:
            pixels = pixels | pixels >> bits  # they lie in the upper bits: white is all bits
        image = array_to_vips(pixels, name)
        if picture.premultiplied_alpha:
            image = image.unpremultiply().rint().cast(image.format).copy(interpretation=image.interpretation)
        return with_profile(image, profile)

    # the container says how to turn it, and the decoder has done so; EXIF does not count here
    coding = _coding(picture.info, has_profile=profile is not None)
    return Undecoded(*picture.size, 1, None, decode, coding, _notes(found, len(pictures)))


def _avif(file: BinaryIO, found: set[bytes]) -> Undecoded:
    import pillow_heif

    image = pyvips.Image.heifload_source(source_of(file), access="sequential", fail_on="error")
    bits = image.get("bits-per-sample")
    file.seek(0)
    pictures = pillow_heif.open_heif(file.read())  # it decodes no AVIF, but it reads the numbers, and libvips does not
    numbers = pictures[pictures.primary_index].info
    return Undecoded.of(
        image,
        decode=lambda: image if image.format == "uchar" else image | (image >> bits),
        coding=_coding(numbers, has_profile=bool(image.get_typeof(PROFILE))),
        notes=_notes(found, len(pictures)),
    )


def _coding(info: dict[str, Any], *, has_profile: bool) -> Coding | None:
    """By the container's numbers (nclx), which count after a profile, but for HDR, which a profile can't express."""
    numbers = info.get("nclx_profile") or {}
    coding = codings.from_code_points(numbers.get("color_primaries", 2), numbers.get("transfer_characteristics", 2))
    return None if coding is None or (has_profile and not coding.is_hdr) else coding


def _notes(found: set[bytes], pictures: int) -> tuple[str, ...]:
    if pictures > 1:
        return (f"it holds {pictures} pictures; the main one is taken",)
    return ("an animation; its first frame is taken",) if found & _SEQUENCES else ()
