"""Reading: a file, its bytes, a stream, a PIL image, an array or a tensor becomes a `Picture`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from impasto.images.arrays import empty
from impasto.images.coding import Coding
from impasto.images.damage import rest
from impasto.images.from_memory import array_to_vips, height_and_width, is_tensor, pil_to_vips, tensor_to_array
from impasto.images.libvips import noted, pyvips
from impasto.images.opening import opened
from impasto.images.picture import MAX_PIXELS, Picture, PictureError, Pixels, check_size, printable
from impasto.images.plain import read_plain
from impasto.images.srgb import coding_of, to_pixels
from impasto.images.xmp import from_xmp

Convert = Callable[[pyvips.Image, str, Coding | None], Pixels]
"""From a decoded image, what messages call it, and what its numbers mean, to pixels: uint8, H x W x 3."""

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".hif", ".gif"}
    | {".bmp", ".jp2", ".j2k", ".jpf", ".jpx", ".ppm", ".pgm", ".jxl", ".jls", ".psd", ".dds", ".qoi"}
)
"""Suffixes (lower case) of the files that a folder of photos is searched for."""


def pictures_in(folder: Path, *, deep: bool) -> list[Path]:
    """The files of a folder that have a picture's suffix, in order; `deep` searches its subfolders too."""
    found = (folder.rglob if deep else folder.glob)("*")
    return sorted(path for path in found if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file())


def read(source: Any, *, name: str | None = None, max_pixels: int = MAX_PIXELS, damaged: bool = False) -> Picture:
    """Read a picture: upright, in sRGB, 8 bits, on white where it was transparent; of an animation the first frame.

    What is HDR is brought to SDR (see `converting`); the picture's `notes` say so, and what else was left aside.

    Args:
        source: a path, the bytes of a file, a binary stream, a PIL image, a numpy array (H x W, or H x W x 1, 3 or 4,
            of uint8, uint16 or floats from 0 to 1), a torch tensor (3 x H x W or 1 x 3 x H x W, of uint8 or floats
            from 0 to 1), or a `Picture`, which is returned as it is.
        name: what to call it; by default the file's name without its suffix, or "photo".
        max_pixels: more than these are refused, before anything is decoded.
        damaged: take what there is of a file of which rows are missing.

    Raises:
        DamagedError: rows are missing.
        PictureError: one plain line that names the picture, what is wrong with it and the fix.
    """
    if isinstance(source, Picture):
        return source
    plain = read_plain(source, max_pixels)
    if plain is not None:
        return Picture(plain, name or _stem(source))
    return converted(source, to_pixels, name=name, max_pixels=max_pixels, damaged=damaged)


def converted(
    source: Any, convert: Convert, *, name: str | None = None, max_pixels: int = MAX_PIXELS, damaged: bool = False
) -> Picture:
    """The same for anything but a `Picture`, by another way from what was decoded to pixels."""
    shown = printable(name or _file_name(source) or "the input")
    notes: tuple[str, ...] = ()
    if is_tensor(source):
        pixels = _read_array(tensor_to_array(source, shown), shown, convert, max_pixels)
    elif isinstance(source, np.ndarray):
        pixels = _read_array(source, shown, convert, max_pixels)
    elif isinstance(source, Image.Image):
        pixels = _read_pil(source, shown, convert, max_pixels)
    elif isinstance(source, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(source, "read"):
        pixels, notes = _read_file(source, shown, convert, max_pixels, damaged)
    else:
        raise PictureError(
            f"a {type(source).__name__} is no picture: give a path, bytes, a stream, a PIL image, an array or a tensor"
        )
    return Picture(pixels, name or _stem(source), notes)


def read_settings(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """What `write(..., settings=...)` stored in the picture at `path`, or None where there is nothing of ours.

    Raises:
        PictureError: there is no picture at `path`.
    """
    with opened(path, printable(path)) as undecoded:
        return from_xmp(undecoded.xmp) if undecoded.xmp else None


def _file_name(source: Any) -> str | None:
    """The path that a source is, or knows that it came from."""
    known = source
    if not isinstance(source, str | os.PathLike):
        known = getattr(source, "filename" if isinstance(source, Image.Image) else "name", None)
    if isinstance(known, os.PathLike):
        known = os.fspath(known)
    # standard input calls itself <stdin>, and a pipe is a number
    return known if isinstance(known, str) and known and not known.startswith("<") else None


def _stem(source: Any) -> str:
    """What a picture is called by default."""
    file = _file_name(source)
    return Path(file).stem if file else "photo"


def _read_file(
    source: Any, shown: str, convert: Convert, max_pixels: int, damaged: bool
) -> tuple[Pixels, tuple[str, ...]]:
    with opened(source, shown) as undecoded:
        check_size(shown, undecoded.width, undecoded.height, max_pixels)
        notes, image = list(undecoded.notes), undecoded.decode()
        try:
            noted()
            pixels = convert(image, shown, undecoded.coding)
            if undecoded.remains and (text := noted()):
                raise pyvips.Error("it went on", text)
        except pyvips.Error as error:
            image, note = rest(undecoded, shown, error, take=damaged)
            notes += [note] if note else []
            pixels = convert(image, shown, undecoded.coding)
        coding = coding_of(image, undecoded.coding)
        if coding is not None and coding.is_hdr:
            notes.append(f"an HDR picture ({coding.transfer}); it is brought to SDR, with 203 cd/m² as white (BT.2408)")
        return _upright(pixels, undecoded.orientation), tuple(notes)


def _read_array(array: Any, shown: str, convert: Convert, max_pixels: int) -> Pixels:
    height, width = height_and_width(array, shown)
    check_size(shown, width, height, max_pixels)
    return convert(array_to_vips(array, shown), shown, None)


def _read_pil(image: Image.Image, shown: str, convert: Convert, max_pixels: int) -> Pixels:
    check_size(shown, image.width, image.height, max_pixels)
    try:
        image = ImageOps.exif_transpose(image)
    except Exception as error:  # it decodes here, and decoders raise whatever they please when bytes are broken
        raise PictureError(f"{shown} is damaged or cut short: get a whole copy of it") from error
    return convert(pil_to_vips(image, shown), shown, None)


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror pixels as their EXIF orientation (1 to 8) asks."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if pixels.flags.c_contiguous:
        return pixels
    upright = empty(pixels.shape, np.uint8)
    upright[...] = pixels
    return upright
