"""What Pillow decodes: BMP, JPEG 2000, PPM, DDS, QOI, and the flat picture in a Photoshop document."""

import struct
import warnings
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from impasto.images.arrays import Array
from impasto.images.from_memory import pil_to_vips, with_profile
from impasto.images.libvips import pyvips
from impasto.images.picture import PictureError
from impasto.images.srgb import held
from impasto.images.undecoded import Undecoded

_READS = ("BMP", "JPEG2000", "PPM", "DDS", "QOI", "PSD")
_PHOTOSHOP_MODES = {0: "bitmap", 1: "grey", 2: "indexed", 3: "RGB", 4: "CMYK", 8: "duotone"}
_MERGED = 1057
"""The image resource that says whether there is a flat picture: Adobe Photoshop File Formats Specification (2019)."""


def undecoded(file: BinaryIO, name: str) -> Undecoded | None:
    """The header of a file that is of one of these kinds; None where it is of none.

    Raises:
        PictureError: it is of one, but of a sort that can't be read.
    """
    photoshop = file.read(26)
    file.seek(0)
    if photoshop.startswith(b"8BPS\0\x01"):
        _check_photoshop(photoshop, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours to check
        try:
            image = Image.open(file, formats=_READS)
        except UnidentifiedImageError:
            return None
        except NotImplementedError as error:  # a texture's
            raise PictureError(f"{name} is packed in a way that is not read: save it as a PNG") from error
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name} is too large for a file of its kind: save it as a TIFF") from error
    if image.format == "PSD":
        _check_flat(image, name)
        return Undecoded(image.width, image.height, 1, None, lambda: _flat(image, name))
    if image.format == "PPM" and image.mode == "I":  # Pillow scales those of more than 8 bits to 16
        return Undecoded(image.width, image.height, 1, None, lambda: held(_grey16(image), "grey16"))
    place = file.tell()
    find = {"JPEG2000": _jpeg2000_profile, "BMP": _bmp_profile}.get(image.format or "")
    profile = find(file) if find else None
    file.seek(place)
    return Undecoded(image.width, image.height, 1, None, lambda: with_profile(pil_to_vips(image, name), profile))


def _grey16(image: Image.Image) -> Array:
    return np.asarray(image).astype(np.uint16)[..., None]


def _check_photoshop(header: bytes, name: str) -> None:
    _, _, bits, mode = struct.unpack(">HIxxxxHH", header[12:26])
    if bits not in (1, 8) or mode not in _PHOTOSHOP_MODES:
        sort = f"{bits} bits" if mode in _PHOTOSHOP_MODES else "Lab or channels of its own"
        raise PictureError(f"{name} is a Photoshop document of {sort}, which is not read: save it as a TIFF")


def _check_flat(image: Any, name: str) -> None:
    """Refuse a document that was saved without its flat picture, in whose place there is a white one."""
    for number, _, data in image.resources:
        if number == _MERGED and len(data) > 4 and not data[4]:
            raise PictureError(
                f"{name} is a Photoshop document of layers alone: save it with maximised compatibility, or as a PNG"
            )


def _flat(image: Image.Image, name: str) -> pyvips.Image:
    """Where a document is transparent, its flat picture lies on white already; a fourth channel may be anything."""
    flat = image.convert("RGB") if image.mode == "RGBA" else image
    return with_profile(pil_to_vips(flat, name), image.info.get("icc_profile"))


def _jpeg2000_profile(file: BinaryIO) -> bytes | None:
    """The ICC profile of a JP2 file, which Pillow passes over: ISO/IEC 15444-1, I.5.3.3."""
    file.seek(0)
    end = file.seek(0, 2)
    at = 0
    while at + 8 <= end:
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        start = at + 8
        if size == 1:
            size, start = int.from_bytes(file.read(8)), at + 16
        stop = at + size if size else end
        if kind == b"jp2h":  # a box of boxes
            end = min(stop, end)
            at = start
            continue
        if kind == b"colr":
            file.seek(start)
            method = file.read(3)[:1]
            if method in (b"\x02", b"\x03"):
                return file.read(max(0, stop - start - 3))
        if kind == b"jp2c" or stop <= at:
            return None
        at = stop
    return None


def _bmp_profile(file: BinaryIO) -> bytes | None:
    """The ICC profile of a BMP of version 5, which Pillow passes over: Microsoft, BITMAPV5HEADER."""
    file.seek(14)
    header = file.read(124)
    if len(header) < 124 or header[:4] != struct.pack("<I", 124) or header[56:60] != b"DEBM":
        return None
    offset, size = struct.unpack("<II", header[112:120])
    file.seek(14 + offset)
    if len(profile := file.read(size)) < size:
        raise ValueError("the profile is cut short")
    return profile
