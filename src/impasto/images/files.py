"""Opening a picture file: its kind is known and its header read, and nothing is decoded yet."""

import io
import os
import stat
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
from PIL import Image, UnidentifiedImageError

from impasto.images.arrays import IN_MEMORY, scratch_folder
from impasto.images.libvips import pyvips
from impasto.images.memory import array_to_vips, pil_to_vips, with_profile
from impasto.images.picture import PictureError, printable
from impasto.images.settings import XMP

MAX_BYTES = 2_000_000_000
"""Files that are larger are refused, and so is what a pipe or a stream gives beyond. `MAX_PIXELS` in 16 bits, with
alpha, are 1.6 GB."""

_PIECE = 1 << 20
_KNOWN = "give a JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF, SVG or BMP file"
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NOT_PICTURES = ("csv", "matrix", "raw", "vips")
"""Loaders of libvips for tables and for dumps of its memory."""
_PILLOW_READS = ("BMP", "JPEG2000", "PPM")
"""Formats that libvips may have been built without."""


@dataclass(frozen=True)
class Undecoded:
    """A picture of which only the header has been read.

    Attributes:
        width: pixels across, as stored, before it is turned upright.
        height: pixels down, likewise.
        orientation: the EXIF orientation, 1 to 8, to apply to what `decode` gives.
        xmp: its XMP packet, if it has one.
        decode: gives the image, with its colour profile; libvips decodes most kinds only as their pixels are used.
    """

    width: int
    height: int
    orientation: int
    xmp: bytes | None
    decode: Callable[[], pyvips.Image]


@contextmanager
def opened(source: str | os.PathLike[str] | bytes | BinaryIO, name: str) -> Iterator[Undecoded]:
    """Open the picture in a file, in bytes or in a binary stream; messages call it `name`.

    Raises:
        PictureError: nothing is there, it is no picture, or it can't be decoded: that too, in the body of the `with`.
    """
    file = _open_file(source, name) if isinstance(source, str | os.PathLike) else _contents(source, name)
    try:
        yield _header(file, name)
    except PictureError:
        raise
    except Exception as error:  # decoders raise whatever they please when bytes are broken
        raise PictureError(
            f"{name} is damaged, cut short or of a rare kind: get a whole copy of it, or save it anew as a PNG"
        ) from error
    finally:
        file.close()


def _open_file(path: str | os.PathLike[str], name: str) -> BinaryIO:
    try:
        # unbuffered, because libvips takes its descriptor and goes on where that stands
        file = io.FileIO(path)
    except FileNotFoundError as error:
        raise PictureError(f"there is no file {name}: check its name and folder") from error
    except IsADirectoryError as error:
        raise PictureError(f"{name} is a folder: give a picture in it") from error
    except PermissionError as error:
        raise PictureError(f"{name} may not be read by you: change its permissions, or copy it") from error
    except (OSError, ValueError) as error:
        raise PictureError(f"{name} can't be opened ({_reason(error)}): check its name and folder") from error
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES:
        return file
    with file:
        if stat.S_ISREG(found.st_mode):
            raise _too_large(name)
        if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
            raise PictureError(f"{name} is a device: give a file")
        return _contents(file, name)  # a pipe can't be read twice


def _contents(source: Any, name: str) -> BinaryIO:
    """What a stream gives, held in memory, or in a file where it is large."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    held: BinaryIO = io.BytesIO()
    try:
        while piece := source.read(_PIECE):
            if not isinstance(piece, bytes):
                raise PictureError(f"{name} gives {type(piece).__name__}, not bytes: open it in binary mode")
            size = held.tell() + len(piece)
            if size > MAX_BYTES:
                raise _too_large(name)
            if size > IN_MEMORY and isinstance(held, io.BytesIO):
                held = _on_disk(held.getvalue())
            held.write(piece)
    except PictureError:
        held.close()
        raise
    except (OSError, ValueError) as error:
        held.close()
        raise PictureError(f"{name} can't be read: {_reason(error)}") from error
    held.seek(0)
    return held


def _on_disk(data: bytes) -> BinaryIO:
    """A file without a name that begins with so much; unbuffered, as `_open_file` has it."""
    file = tempfile.TemporaryFile(dir=scratch_folder(), buffering=0)  # noqa: SIM115 - `opened` closes it
    file.write(data)
    return cast("BinaryIO", file)


def _too_large(name: str) -> PictureError:
    return PictureError(f"{name} holds more than {MAX_BYTES / 1e9:.0f} GB: make it smaller, or save it as a PNG")


def _header(file: BinaryIO, name: str) -> Undecoded:
    head = file.read(64)
    file.seek(0)
    if not head:
        raise PictureError(f"{name} is empty: give a picture")
    brands = {head[start : start + 4] for start in range(8, len(head), 4)} if head[4:8] == b"ftyp" else set()
    if brands & _HEIC_BRANDS and b"avif" not in brands:
        return _heic(file.read(), name)
    try:
        return _vips(file, is_jpeg=head.startswith(b"\xff\xd8\xff"))
    except pyvips.Error as error:
        file.seek(0)
        if undecoded := _pillow(file, name):
            return undecoded
        if "known format" in str(error) and not head.startswith(_TIFF_STARTS):
            raise PictureError(f"{name} is no picture that Impasto knows: {_KNOWN}") from error
        raise


def _vips(file: BinaryIO, *, is_jpeg: bool) -> Undecoded:
    if isinstance(file, io.BytesIO):
        source = pyvips.Source.new_from_memory(file.getvalue())
    else:
        source = pyvips.Source.new_from_descriptor(file.fileno())
    # a phone's JPEG with a gain map for bright screens is read as any JPEG: finding out is slow, and we have no use
    load = pyvips.Image.jpegload_source if is_jpeg else pyvips.Image.new_from_source
    image = load(source, *([] if is_jpeg else [""]), access="sequential", fail_on="error")
    if image.get("vips-loader").startswith(_NOT_PICTURES):
        raise pyvips.Error("not in a known format")
    return Undecoded(
        width=image.width,
        height=image.height,
        orientation=image.get("orientation") if image.get_typeof("orientation") else 1,
        xmp=image.get(XMP) if image.get_typeof(XMP) else None,
        decode=lambda: image,
    )


def _heic(data: bytes, name: str) -> Undecoded:
    import pillow_heif  # here, because few pictures need it

    file = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
    picture = file[file.primary_index]
    profile = cast("bytes | None", picture.info.get("icc_profile"))

    def decode() -> pyvips.Image:
        image = with_profile(array_to_vips(np.asarray(picture), name), profile)
        return image.unpremultiply() if picture.premultiplied_alpha else image

    # the container says how to turn it, and the decoder has done so; EXIF does not count here
    return Undecoded(picture.size[0], picture.size[1], 1, None, decode)


def _pillow(file: BinaryIO, name: str) -> Undecoded | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours to check
        try:
            image = Image.open(file, formats=_PILLOW_READS)
        except UnidentifiedImageError:
            return None
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name} is too large for a file of its kind: save it as a TIFF") from error
    return Undecoded(image.width, image.height, 1, None, lambda: pil_to_vips(image, name))


def _reason(error: Exception) -> str:
    """What the system says went wrong, in one line."""
    text = error.strerror if isinstance(error, OSError) else None
    return printable(text or error)
