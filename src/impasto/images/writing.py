"""Writing: pixels become a file or bytes, whole or not at all."""

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np

from impasto.images.arrays import Array
from impasto.images.libvips import pyvips
from impasto.images.picture import PictureError, printable, shape_in_words
from impasto.images.placing import check_place, placed
from impasto.images.xmp import XMP, to_xmp


@dataclass(frozen=True)
class Format:
    """A format that pictures are written in.

    Attributes:
        name: what it is called, and its usual suffix without the dot.
        bits: the bits a channel that it is written with.
        max_side: the longest side that it can hold, in pixels.
        options: libvips' options for it.
    """

    name: str
    bits: tuple[int, ...]
    max_side: int
    options: Mapping[str, Any]


_JPG = Format("jpg", (8,), 65_500, {"Q": 95, "subsample_mode": "off", "optimize_coding": True})
_PNG = Format("png", (8, 16), 1_000_000, {})
_WEBP = Format("webp", (8,), 16_383, {"Q": 95, "smart_subsample": True})
_AVIF = Format("avif", (8,), 16_384, {"Q": 90, "compression": "av1", "subsample_mode": "off", "effort": 2})
_TIFF = Format("tiff", (8, 16), 1_000_000, {"compression": "deflate", "predictor": "horizontal"})

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".jpg": _JPG,
        ".jpeg": _JPG,
        ".png": _PNG,
        ".webp": _WEBP,
        ".avif": _AVIF,
        ".tif": _TIFF,
        ".tiff": _TIFF,
    }
)
"""Suffix (lower case, with its dot) to the format that `write` gives a file of that name."""

_KEEP = pyvips.enums.ForeignKeep.ICC | pyvips.enums.ForeignKeep.XMP
_DOTS_PER_MM = 72 / 25.4
_OPTIMIZED = 16_000_000
"""Pixels. To shorten a JPEG by its codes, by six hundredths, the encoder holds six bytes for each of them."""

_LONGEST_XMP_IN_JPG = 60_000
"""Bytes. A JPEG's segment ends a little further on, and libvips leaves out what is longer without a word."""


def write(
    target: str | os.PathLike[str] | BinaryIO,
    pixels: Array,
    *,
    format: str | None = None,
    bits: int = 8,
    settings: Mapping[str, Any] | None = None,
    new: bool = False,
) -> None:
    """Write pixels to a file or a binary stream, with an sRGB profile and no metadata but `settings`.

    A file appears whole or not at all: it is written aside in the same folder and then moved into place, and on any
    failure what was there before stays as it was.

    Args:
        target: a path, or a binary stream (which needs `format`).
        pixels: H x W x 3, sRGB: uint8, or floats from 0 to 255, which are rounded and clipped.
        format: one of `FORMATS`, with its dot or without; by default what the path's suffix says.
        bits: bits a channel, 8 or (png and tiff) 16.
        settings: a JSON-able mapping that `read_settings` gives back.
        new: whether a file that is there already is left as it is.

    Raises:
        PictureError: one plain line that names the target, what is wrong and the fix.
        FileExistsError: a `new` file was asked for, and there is one.
    """
    if isinstance(target, str | os.PathLike):
        path = Path(target)
        encoder = _Encoder(pixels, _format_for(path, format), bits, settings)
        with placed(path, new=new) as file:
            if file.seekable():
                encoder.write(file)
            else:
                file.write(encoder.encoded())
        return
    data = encode(pixels, format or "", bits=bits, settings=settings)
    try:
        target.write(data)
        target.flush()
    except OSError as error:
        raise PictureError(f"the picture can't be written ({error.strerror or error}): choose a file for it") from error


def check_target(path: str | os.PathLike[str], *, format: str | None = None, bits: int = 8) -> None:
    """Refuse now what `write` would refuse later, after a long painting: a suffix, bits, a folder, permissions.

    Nothing is left behind, and a file that is there already stays as it is.

    Raises:
        PictureError: as `write`.
    """
    path = Path(path)
    _check_bits(_format_for(path, format), bits)
    check_place(path)


def encode(pixels: Array, format: str, *, bits: int = 8, settings: Mapping[str, Any] | None = None) -> bytes:
    """The bytes of a picture file; the arguments and errors are those of `write`."""
    return _Encoder(pixels, _format(format, printable(format) or "an empty name"), bits, settings).encoded()


def _format(suffix: str, called: str) -> Format:
    """The format of a suffix, with its dot or without."""
    chosen = FORMATS.get(f".{suffix.lstrip('.')}".lower())
    if chosen is None:
        raise PictureError(f"{called} names no picture format: use one of {' '.join(FORMATS)}")
    return chosen


def _format_for(path: Path, format: str | None) -> Format:
    return _format(path.suffix, printable(path)) if format is None else _format(format, printable(format))


def _check_bits(format: Format, bits: int) -> None:
    if bits not in (8, 16):
        raise PictureError(f"a picture can't have {bits} bits a channel: choose 8 or 16")
    if bits not in format.bits:
        raise PictureError(f"a {format.name} holds 8 bits a channel: for {bits}, write a png or a tiff")


class _Encoder:
    """Encodes pixels in a format; the arguments and errors are those of `write`."""

    def __init__(self, pixels: Array, format: Format, bits: int, settings: Mapping[str, Any] | None) -> None:
        _check_bits(format, bits)
        image = _image(pixels, bits)
        if max(image.width, image.height) > format.max_side:
            raise PictureError(
                f"a {format.name} holds at most {format.max_side} pixels a side, not {image.width} x {image.height}: "
                "write a png or a tiff"
            )
        if settings is not None:
            xmp = to_xmp(settings)
            if format is _JPG and len(xmp) > _LONGEST_XMP_IN_JPG:
                raise PictureError("a jpg can't hold settings that long: write a png or a tiff")
            image.set_type(pyvips.GValue.blob_type, XMP, xmp)
        self._image = image
        self._format = format
        self._options = {"profile": "srgb", "keep": _KEEP, **format.options}
        if format is _JPG and image.width * image.height > _OPTIMIZED:
            self._options["optimize_coding"] = False

    def encoded(self) -> bytes:
        """All at once."""
        file = io.BytesIO()
        self.write(file)
        return file.getvalue()

    def write(self, file: BinaryIO) -> None:
        """Into a file, as they are encoded; libvips goes back in some formats.

        Raises:
            OSError: the file can't be written.
        """
        failures: list[BaseException] = []

        def guarded(act: Callable[..., Any]) -> Callable[..., Any]:
            def acting(*arguments: Any) -> Any:
                try:
                    return act(*arguments)
                except BaseException as error:  # libvips would only print its traceback
                    failures.append(error)
                    return -1

            return acting

        target = pyvips.TargetCustom()
        target.on_write(guarded(file.write))
        target.on_seek(guarded(file.seek))
        target.on_read(guarded(file.read))
        try:
            self._image.write_to_target(target, f".{self._format.name}", **self._options)
        except pyvips.Error as error:
            if failures:
                raise failures[0] from error
            raise PictureError(f"the picture can't be written as {self._format.name}: write a png or a tiff") from error


def _image(pixels: Array, bits: int) -> pyvips.Image:
    """The pixels as a libvips image that rounds and clips them as it is written."""
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise PictureError(f"pixels of {shape_in_words(pixels.shape)} can't be written: give height x width x 3")
    floats = np.issubdtype(pixels.dtype, np.floating)
    if floats:
        pixels = pixels.astype(np.float32, copy=False)
        if not (np.isfinite(pixels.min()) and np.isfinite(pixels.max())):
            raise PictureError("the pixels to write hold NaN or infinity: the painting has diverged, paint it anew")
    elif pixels.dtype != np.uint8:
        raise PictureError(f"pixels of {pixels.dtype} can't be written: give uint8, or floats from 0 to 255")
    height, width = pixels.shape[:2]
    kind = "float" if floats else "uchar"
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(pixels).data, width, height, 3, kind)
    if bits == 16:
        image = image.linear(257, 0)
    if floats:
        image = image.rint()
    image = image.cast("uchar" if bits == 8 else "ushort")  # this clips
    return image.copy(interpretation="srgb" if bits == 8 else "rgb16", xres=_DOTS_PER_MM, yres=_DOTS_PER_MM)
